"""Each recipe of docs/frameworks.md: one run a trial, with what it reports and what it logs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.searches import offline_runs, own_values
from tests.wire import OfflineRun

PAGE = Path(__file__).parents[2] / "docs" / "frameworks.md"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a recipe of the page leaves, by its title."""

    title: str
    hyperparameter: str
    reported: str
    logged: str | None
    """A metric that only the framework's own logger writes; None where there is no such logger."""
    rows: int = 3
    search: bool = True


RECIPES = [
    Recipe("Lightning", "lr", "loss", "val_loss"),
    Recipe("Transformers", "learning_rate", "eval_loss", None),
    Recipe("XGBoost", "eta", "rmse", "valid-rmse"),
    Recipe("LightGBM", "lr", "l2", "valid_l2"),
    Recipe("Keras", "lr", "loss", "epoch/loss"),
    Recipe("RLlib", "lr", "env_runners/episode_return_mean", None, rows=2),
]
TITLES = [recipe.title for recipe in RECIPES]


def blocks() -> dict[str, str]:
    """Return the code of the page by the title above it."""
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"^## (\w+)\n.*?```python\n(.*?)```", text, re.MULTILINE | re.DOTALL))


@pytest.fixture(autouse=True)
def _offline(
    ray_session: None, wandb_core: None, wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("RAY_AIR_NEW_OUTPUT", "0")


def values(run: OfflineRun, metric: str) -> list[float]:
    """Return every value of a metric in the rows of a run, in their order."""
    return [row[metric] for row in map(flat, run.rows) if metric in row]


def flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a row with the names that W&B shows."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}/")
        else:
            found[f"{prefix}{name}"] = value
    return found


def reported_in(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what Tune has recorded: trial id -> its results."""
    results: dict[str, list[dict[str, Any]]] = {}
    for file in folder.rglob("result.json"):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        results[rows[0]["trial_id"]] = rows
    return results


def test_every_block_of_the_page_is_a_recipe() -> None:
    assert list(blocks()) == TITLES
    assert PAGE.read_text().count("```python") == len(TITLES)


@pytest.mark.parametrize("recipe", RECIPES, ids=TITLES)
def test_a_recipe_leaves_one_run_a_trial(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ray has looked up the home when it was imported.
    for module in ("ray.train.constants", "ray.tune.experiment.experiment"):
        monkeypatch.setattr(f"{module}.DEFAULT_STORAGE_PATH", str(tmp_path / "results"))
    code = blocks()[recipe.title]
    exec(compile(code, f"{PAGE}: {recipe.title}", "exec"), {"__name__": "__main__"})
    runs, reported = offline_runs(tmp_path), reported_in(tmp_path)
    assert set(runs) == set(reported)
    assert len(runs) == 2
    assert len({run.config[recipe.hyperparameter] for run in runs.values()}) == 2
    for run_id, run in runs.items():
        assert run.exit_code == 0
        expected = [flat(result)[recipe.reported] for result in reported[run_id]]
        assert len(expected) == recipe.rows
        assert values(run, recipe.reported) == pytest.approx(expected)
        if recipe.logged is not None:
            assert values(run, recipe.logged) == pytest.approx(expected, rel=1e-4)
        assert own_values(run.rows[0])
