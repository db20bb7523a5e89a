from __future__ import annotations

import pytest
from ray import tune

from tests.widgets.panels import (
    every_html,
    space,
    train,
)
from tune_wandb_nb import SetupPanel
from tune_wandb_nb.search_space.distributions.values import SpaceError

pytestmark = pytest.mark.usefixtures("no_key")


def test_trials_samples_code_and_sweep_are_up_to_date() -> None:
    panel = SetupPanel(train, space(lr=tune.uniform(0, 1)), samples=3)
    html = every_html(panel)
    assert "6 trials: 3 samples x 2 (grid of x)" in html
    assert ">lr</th>" in html
    assert "tune.grid_search([1, 2])" in html
    assert "the grid" in html or "a grid" in html
    with pytest.raises(SpaceError, match="make the grid a choice"):
        panel.sweep()
    panel.set_parameter("x", 1)
    assert "distribution: uniform" in panel.sweep()
    assert "run_cap: 3" in panel.sweep()
    assert "3 trials" in every_html(panel)
    assert "num_samples=3" in panel.code()


def test_while_something_is_wrong_its_problems_are_shown_instead() -> None:
    panel = SetupPanel(train, samples=0)
    overview = panel.form.overview
    assert "1 thing is to be put right first" in overview.trials.value
    assert "must be at least 1" in overview.trials.value
    for tab in (overview.code, overview.sweep):
        assert "as soon as nothing is wrong" in tab.value
    panel.set(samples=2)
    assert "2 trials" in overview.trials.value
    assert "<pre>" in overview.code.value
