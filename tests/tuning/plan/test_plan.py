"""The plan of a search."""

from __future__ import annotations

from tests.forms import SPACE, plan
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Choice, Kept
from tune_wandb_nb.search_space.distributions.ranges import LogUniform, RandInt
from tune_wandb_nb.tuning.plan.plan import StopAt


def test_a_metric_to_be_minimized_ends_a_trial_below_its_target() -> None:
    stop = plan(mode="min", target="0.1", iterations="5").stop
    assert stop == StopAt({"training_iteration": 5}, {"accuracy": 0.1})
    assert isinstance(stop, StopAt)
    assert stop("t", {"accuracy": 0.1, "training_iteration": 1})
    assert stop("t", {"accuracy": 0.2, "training_iteration": 5})
    assert not stop("t", {"accuracy": 0.2, "training_iteration": 1})
    assert not stop("t", {"other": 0})
    assert StopAt(at_most={"val/loss": 1})("t", {"val": {"loss": 1}})
    assert StopAt(at_most={"val/loss": 1})("t", {"val/loss": 1})


def test_what_population_based_training_changes() -> None:
    space = SearchSpace({**SPACE, "act": Choice(["a", "b"]), "kept": Kept(print)})
    assert list(plan(space, scheduler="pbt").perturbed) == ["lr", "act"]
    some = plan(space, scheduler="pbt", **{"pbt.perturbed": "act"})
    assert list(some.perturbed) == ["act"]
    assert "perturbed" not in some.scheduler.arguments()


def test_samples_are_the_first_trials() -> None:
    made = plan(samples="4", **{"random.random_state": "3"})
    shown = made.samples_shown(5)
    assert shown == made.space.sample(5, seed=3)
    assert len(plan(samples="1").samples_shown(20)) == 2
    nested = plan(SearchSpace({"opt/lr": RandInt(1, 2)}))
    assert nested.samples_shown(1) == [{"opt/lr": 1}]


def test_samples_and_grids_multiply() -> None:
    made = plan(samples="3")
    assert (made.samples, made.space.size, made.trials) == (3, 2, 6)


def test_a_seed_belongs_to_random_draws() -> None:
    assert plan(**{"random.random_state": "7"}).seed == 7
    space = SearchSpace({"lr": LogUniform(1e-4, 0.1)})
    assert plan(space, algorithm="optuna", **{"optuna.seed": "7"}).seed is None
