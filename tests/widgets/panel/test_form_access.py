from __future__ import annotations

import pytest
from ray import tune

from tests.widgets.panels import (
    train,
)
from tune_wandb_nb import SetupPanel
from tune_wandb_nb.search_space.distributions.base import Constant
from tune_wandb_nb.search_space.distributions.values import SpaceError

pytestmark = pytest.mark.usefixtures("no_key")


def test_a_parameter_is_set_from_code() -> None:
    panel = SetupPanel(train)
    panel.set_parameter("lr", tune.choice([1, 2]))
    panel.set_parameter("net", {"n": 3})
    assert list(panel.search_space) == ["lr", "momentum", "net/n"]
    assert panel.search_space["net/n"] == Constant(3)
    with pytest.raises(SpaceError, match="lr"):
        panel.set_parameter("lr", tune.uniform(1, 0))


def test_fields_are_set_by_name_and_none_leaves_a_field_as_it_is() -> None:
    panel = SetupPanel(train, samples=4)
    panel.set(samples=None, project="digits", **{"asha.max_t": 20})
    assert panel.fields["samples"].text == "4"
    assert panel.fields["asha.max_t"].text == "20"
    assert panel.plan.wandb["project"] == "digits"
    with pytest.raises(TypeError, match="has no field 'sampels'"):
        panel.set(sampels=4)
