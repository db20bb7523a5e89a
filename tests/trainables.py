"""Trainables as people write them, whose source is read; none of them runs."""
# ruff: noqa: ANN001, ANN201, ANN202, ANN204, C408

import functools
from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import numpy as np
import wandb
from ray import tune
from ray.tune import report

RATE = "learning_rate"
ARRAY = np.zeros(3)
DEFAULTS = {"lr": 0.1}


def plain(config):
    lr = config["lr"]
    momentum = config.get("momentum", 0.9)
    for _ in range(config.get("epochs", 10)):
        config["not_read"] = 1
        loss = lr * momentum
        wandb.log({"not_reported": loss})
        tune.report({"loss": loss, "val": {"loss": loss}})


def nested(hp):
    opt = hp["opt"]
    size = hp.get("model", {}).get("size", 128)
    return {"score": opt["lr"] * opt.get("eps", 1e-8) * size * hp["model"]["depth"]}


def renamed(parameters):
    cfg = {**DEFAULTS, **parameters}
    other = dict(cfg)
    third = deepcopy(other) or {}
    fourth = third | DEFAULTS
    (a, b) = fourth["a"], parameters.pop("b", -1)
    parameters = check(parameters)
    if (c := parameters.setdefault("c", "x")) and parameters[RATE]:
        return {"score": a + b, c: 1}
    parameters = SimpleNamespace()
    return parameters["gone"]


def check(config):
    return config


def helped(config):
    model = build(config["model"], config=config)
    spread(1, **config["fit"])
    Holder(config)
    metrics = dict(loss=1)
    metrics["accuracy"] = 2
    metrics.update({"f1": 3})
    train(metrics)
    report({**metrics, "time": 1}, checkpoint=None)
    return model


def build(model, config):
    return model["width"] * config["seed"]


def spread(first, lr, *, batch_size=32):
    return first * lr * batch_size


def train(metrics):
    tune.report(metrics | {"helper": 1})


class Holder:
    def __init__(self, config):
        self.conf = config

    def use(self):
        return self.conf["held"]


def inner_functions(config):
    def layer(cfg, config):
        return cfg["width"] * config["hidden"]

    def closure():
        return config["depth"]

    pick = lambda key: config["picked"]  # noqa: E731
    return {"score": layer(config, {}) + closure() + pick(1)}


def reports(config):
    metrics: dict = {"a": 1}
    tune.report(metrics=metrics)
    tune.report(b=2, checkpoint=None)
    session = wandb
    session.report({"c": 3})
    classification_report({"no": 1})

    def callback():
        report({"d": 4})
        return {"not_returned": 1}

    yield {"e": callback, "done": True}


def classification_report(_):
    return ""


class Method(tune.Trainable):
    def setup(self, config):
        self.lr = config["lr"]
        self.opt = config["opt"]

    def step(self):
        score = self.lr * self.config.get("momentum", 0.9) * self.opt["eps"]
        return {"score": score, "done": self._help(self.config)}

    def _help(self, given):
        result = {"no": 1}
        return given["helped"] or result


class Derived(Method):
    def setup(self, config, data=None):
        super().setup(config)
        self.more = config["more"]


class Called:
    def __call__(self, config):
        return {"score": config["called"]}

    def method(self, config):
        return {"score": config["method"]}


def with_data(data, config, flag=False):
    return {"score": config["lr"] * data}


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def unmarked(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(config: Any) -> Any:
        return function(config)

    return wrapper


@wrapped
@wrapped
def decorated(config):
    return {"score": config["lr"]}


@unmarked
def decorated_unmarked(config):
    return {"score": config["lr"]}


def odd(config):
    return (
        config["a/b"],
        config["wandb"],
        config[""],
        config[1],
        config.get(),
        config.get("fine", []),
    )


def defaults(config):
    config.get("none", None)
    config.get("list", [1, (2,)])
    config.get("dict", {"a": 1, "b": {"c": 2}})
    config.get("computed", 1 / 3)
    config.get("set", {1})
    config.get("array", ARRAY)
    config.get("constant", RATE)
    config.get("negative", -1e-3)
    config["twice"]
    config.get("twice", 5)


def recursive(config):
    return recursive(config["a"]) or recursive(config)


LAMBDA = lambda config: {"score": config["lr"]}  # noqa: E731
