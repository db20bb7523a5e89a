from __future__ import annotations

from pathlib import Path

import pytest

from tests.widgets.panels import train
from tune_wandb_nb import SearchSpace, WandbLogger
from tune_wandb_nb.search_space.distributions.base import Constant
from tune_wandb_nb.search_space.distributions.ranges import Uniform
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.widgets.panel.launcher import experiment_of, summary_of

SPACE = SearchSpace({"lr": Uniform(0, 1), "epochs": Constant(3)})
pytestmark = pytest.mark.usefixtures("no_key")


def test_an_experiment_is_made_and_not_started(tmp_path: Path) -> None:
    plan = Plan(SPACE, "loss", "min", samples=4, storage=str(tmp_path), wandb={"project": "digits"})
    experiment = experiment_of(plan, train, height=500)
    assert (experiment.status, experiment.path) == ("new", None)
    assert isinstance(experiment.logger, WandbLogger)
    assert experiment.dashboard is not None
    snapshot = experiment.dashboard.board.snapshot()
    assert (snapshot.metric, snapshot.mode) == ("loss", "min")
    assert list(tmp_path.iterdir()) == []


def test_a_summary_names_what_varies() -> None:
    plan = Plan(SPACE, "acc", "max", samples=1, wandb={"project": "digits"})
    assert summary_of(plan) == ["digits", "1 trial", "lr", "highest acc"]
    many = SearchSpace({f"x{i}": Uniform(0, 1) for i in range(6)})
    assert "x0, x1, x2, x3 and 2 more" in summary_of(Plan(many, "acc", "max", samples=1))
