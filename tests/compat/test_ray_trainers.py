"""What the forms of older Rays use of Ray without its promise, in the Ray that is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import ray.train
from ray.tune.logger import TBXLoggerCallback

from tune_wandb_nb.compat.ray import adapt_tensorboard
from tune_wandb_nb.compat.ray_trial import (
    filesystem_of,
    function_wrappers,
    has_train_v2,
    in_tune_session,
    trainer_class,
    trial_paths_of,
    with_settings,
)

needs_v2 = pytest.mark.skipif(not has_train_v2(), reason="Ray Train V2 is newer, or switched off")
ASK = "from tune_wandb_nb.compat.ray_trial import has_train_v2; print(has_train_v2())"


@pytest.mark.parametrize("switch", ["0", "1"])
def test_the_switch_of_ray_train_is_seen(switch: str) -> None:
    environ = {**os.environ, "RAY_TRAIN_V2_ENABLED": switch}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environ, text=True, stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.split()[-1] == str(switch == "1")


def test_tune_makes_trainables_of_functions_by_these_modules() -> None:
    assert all(callable(module.wrap_function) for module in function_wrappers())


@needs_v2
def test_a_copy_of_a_trainer_has_other_settings_and_an_id_of_its_own() -> None:
    def loop() -> None:
        """Trains nothing."""

    trainer = trainer_class()(loop, train_loop_config={"a": 1})
    copied = with_settings(trainer, train_loop_config={"a": 2})
    assert (trainer.train_loop_config, copied.train_loop_config) == ({"a": 1}, {"a": 2})
    assert copied.train_loop_per_worker is loop
    context, before = copied.train_run_context, trainer.train_run_context
    assert (context.train_loop_config, before.train_loop_config) == ({"a": 2}, {"a": 1})
    assert context.run_id != before.run_id
    assert isinstance(copied.run_config, ray.train.RunConfig)
    with pytest.raises(AttributeError, match="params"):
        with_settings(trainer, params=1)


def test_outside_of_tune_there_is_neither_a_session_nor_a_storage() -> None:
    assert not in_tune_session()
    assert trial_paths_of(None) == (None, None)
    assert filesystem_of(None) == "local"


def test_the_tensorboard_logger_gets_the_first_version_that_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got: list[Any] = []

    def picky(self: Any, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        if "bad" in result:
            raise TypeError("no")
        got.append((iteration, trial, result))

    monkeypatch.setattr(TBXLoggerCallback, "log_trial_result", picky)
    adapt_tensorboard(dict, lambda result: {"a": result["a"]})
    adapt_tensorboard(dict)
    logger = TBXLoggerCallback.__new__(TBXLoggerCallback)
    reported = {"a": 1, "bad": 2}
    logger.log_trial_result(1, "trial", reported)  # type: ignore[arg-type]
    logger.log_trial_result(2, "trial", {"a": 3})  # type: ignore[arg-type]
    assert got == [(1, "trial", {"a": 1}), (2, "trial", {"a": 3})]
    assert reported == {"a": 1, "bad": 2}, "what others see stays"
