"""The schedulers and search algorithms that a form offers."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from tests.forms import problems
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.plan.strategies import (
    ALGORITHMS,
    SCHEDULERS,
    Strategy,
    at_least,
    installed,
)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("asha.max_t", "0", "must be at least 1"),
        ("asha.grace_period", "200", "must not be above the longest trial (100)"),
        ("asha.reduction_factor", "1", "must be above 1"),
        ("hyperband.max_t", "x", "must be a number"),
        ("median.grace_period", "-1", "must be at least 1"),
        ("pbt.quantile_fraction", "0.6", "must be from 0 to 0.5"),
        ("pbt.perturbed", "lr, batch", "'batch' is not drawn in the search space"),
        ("random.random_state", "-1", "must be at least 0"),
    ],
)
def test_settings_are_checked_while_they_count(field: str, text: str, message: str) -> None:
    strategy = field.partition(".")[0]
    of = "algorithm" if strategy == "random" else "scheduler"
    assert message in problems(**{of: strategy, field: text})[field]
    if of == "scheduler":
        assert problems(**{of: "none", field: text}) == {}


STRATEGIES = [s for s in (*SCHEDULERS.values(), *ALGORITHMS.values()) if s.path]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy.name)
def test_settings_are_arguments_of_rays_class(strategy: Strategy) -> None:
    if not installed(strategy):
        pytest.skip(f"{strategy.needs} is not installed")
    module, _, name = strategy.path.rpartition(".")
    accepted = inspect.signature(getattr(import_module(module), name)).parameters
    ours = {setting.name for setting in strategy.settings} | set(strategy.fixed)
    assert ours - {"perturbed"} <= set(accepted)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy.name)
def test_every_default_can_be_read(strategy: Strategy) -> None:
    for setting in strategy.settings:
        setting.read(setting.default, strategy.field_of(setting))
    assert strategy.kinds


def test_a_missing_module_is_not_installed() -> None:
    assert installed(SCHEDULERS["asha"])
    assert not installed(Strategy("x", "X", "", needs="no_such_module_of_ours"))


def test_at_least() -> None:
    with pytest.raises(SpaceError, match="samples must be at least 1, but it is 0") as caught:
        at_least(1)("0", "samples")
    assert caught.value.field == "samples"
