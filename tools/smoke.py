"""Try the installed package where there is nothing but it: in any folder but the checkout.

python tools/smoke.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import ray
from ray import tune

import tune_wandb_nb as tw

TRIALS, RESULTS = 2, 3


def train(config: dict[str, float]) -> None:
    for step in range(RESULTS):
        tune.report({"loss": config["lr"] * (step + 1)})


def main() -> None:
    assert Path(sys.prefix) in Path(tw.__file__).parents, f"this is a checkout's: {tw.__file__}"
    check_names()
    space = check_space()
    check_classic_names()
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    check_search(space)
    tw.doctor(timeout=1.0)
    ray.shutdown()


def check_names() -> None:
    """Load every public name."""
    for name in tw.__all__:
        assert getattr(tw, name) is not None, name
    assert Path(tw.__file__).with_name("py.typed").exists()


def check_space() -> tw.SearchSpace:
    """Take a search space to JSON and to Python, and back."""
    space = tw.SearchSpace.from_param_space({"lr": tune.loguniform(1e-4, 1e-1), "epochs": 2})
    assert tw.SearchSpace.from_json(space.to_json()) == space
    names: dict[str, dict[str, object]] = {}
    exec(space.to_code(), names)  # noqa: S102 - it is the package's own code that is tried
    assert tw.SearchSpace.from_param_space(names["param_space"]) == space
    return space


def check_classic_names() -> None:
    """Import what the documentation of Ray 1.x imports."""
    tw.legacy.enable()
    from ray.tune.integration.wandb import WandbLogger, WandbTrainableMixin, wandb_mixin
    from ray.tune.logger import DEFAULT_LOGGERS

    assert issubclass(WandbLogger, tw.WandbLoggerCallback)
    assert WandbTrainableMixin is tw.WandbTrainableMixin
    assert callable(wandb_mixin)
    assert DEFAULT_LOGGERS is not None
    tw.legacy.disable()


def check_search(space: tw.SearchSpace) -> None:
    """Record a search offline, every row of it."""
    folder = Path.cwd()
    logger = tw.WandbLogger(project="smoke", mode="offline", dir=folder)
    tuner = tune.Tuner(
        train,
        param_space=space.to_param_space(),
        tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=TRIALS),
        run_config=tune.RunConfig(
            name="smoke", storage_path=str(folder / "results"), callbacks=[logger], verbose=0
        ),
    )
    assert tuner.fit().num_errors == 0
    audit = logger.audit()
    assert list(audit["logged"]) == [RESULTS] * TRIALS, audit
    assert list(audit["dropped"]) == [0] * TRIALS, audit
    assert len(list((folder / "wandb").glob("offline-run-*/*.wandb"))) == TRIALS


if __name__ == "__main__":
    main()
