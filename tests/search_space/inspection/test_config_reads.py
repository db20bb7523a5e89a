"""The values that a trainable reads from its config."""

from __future__ import annotations

from typing import Any

from tests import trainables as t
from tune_wandb_nb.search_space.inspection.config_reads import Read, reads_of
from tune_wandb_nb.search_space.inspection.detect import hyperparameters
from tune_wandb_nb.search_space.inspection.source import layers


def test_they_come_in_the_order_of_the_source() -> None:
    assert [h.name for h in hyperparameters(t.plain)] == ["lr", "momentum", "epochs"]


def test_plain_defaults_are_found() -> None:
    found = {h.name: h.default for h in hyperparameters(t.defaults) if h.has_default}
    assert found == {
        "none": None,
        "list": [1, (2,)],
        "dict/a": 1,
        "dict/b/c": 2,
        "negative": -0.001,
        "twice": 5,
        "constant": "learning_rate",
    }
    without = {h.name for h in hyperparameters(t.defaults) if not h.has_default}
    assert without == {"computed", "set", "array"}
    spread = {h.name: h.default for h in hyperparameters(t.helped) if h.has_default}
    assert spread == {"fit/batch_size": 32}


def reads(trainable: Any) -> list[Read]:
    return reads_of(next(layers(trainable)))


def test_every_read_is_recorded_with_its_path_and_default() -> None:
    def train(config: Any) -> Any:
        opt = config["opt"]
        config["written"] = 1
        return config.get("a", 0.1), opt.pop("b"), config["a"], opt.get("c", len(opt))

    assert reads(train) == [
        Read(("opt",)),
        Read(("a",), has_default=True, default=0.1),
        Read(("opt", "b")),
        Read(("a",)),
        Read(("opt", "c")),
    ]


def test_a_parameter_of_an_inner_function_hides_the_config() -> None:
    def train(config: Any) -> Any:
        def inner(config: Any) -> Any:
            return config["other"]

        return inner({"other": 1}), config["lr"]

    assert Read(("other",)) not in reads(train)
    assert Read(("lr",)) in reads(train)


def test_keyword_arguments_from_the_config_are_reads() -> None:
    def train(config: Any) -> Any:
        def fit(lr: float, epochs: int = 3) -> float:
            return lr * epochs

        return fit(**config)

    assert reads(train) == [Read(("lr",)), Read(("epochs",), has_default=True, default=3)]
