"""The run that the user has open gives a search its project and entity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wandb

from tune_wandb_nb.tracking.settings.open_run_defaults import with_open_run


@pytest.mark.parametrize(
    ("given", "mode", "expected"),
    [
        pytest.param({}, "offline", {"project": "mine", "entity": "team"}, id="both"),
        pytest.param(
            {"project": None}, "offline", {"project": "mine", "entity": "team"}, id="none"
        ),
        pytest.param({"project": "p"}, "offline", {"project": "p", "entity": "team"}, id="given"),
        pytest.param({}, "disabled", {}, id="disabled"),
    ],
)
def test_project_and_entity_are_those_of_the_open_run(
    tmp_path: Path, given: dict[str, Any], mode: Any, expected: dict[str, Any]
) -> None:
    with wandb.init(project="mine", entity="team", mode=mode, dir=tmp_path):
        assert with_open_run(given) == expected
    assert with_open_run(given) == given
