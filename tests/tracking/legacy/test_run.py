"""The classic call, `tw.run(..., loggers=...)`, as the documentation of Ray 1.x writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, offline_runs, own_values
from tests.wire import WireServer

KEY = "abcdef0123456789" * 3


def train_fn(config: dict[str, Any]) -> None:
    for _ in range(3):
        tune.report({"loss": config["a"] + config["b"]})


def space(**entry: Any) -> dict[str, Any]:
    return {
        "a": tune.grid_search([1, 2]),
        "b": tune.choice([4]),
        "wandb": {"project": "Optimization_Project", **entry},
    }


@pytest.fixture
def quiet(run_search: RunSearch, tmp_path: Path) -> dict[str, Any]:
    """What keeps ``tune.run`` quiet and in the test's folder; `run_search` starts Ray."""
    return {
        "verbose": 0,
        "storage_path": str(tmp_path / "ray"),
        "name": "classic",
        "reuse_actors": True,
    }


def files_with(text: str, folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


@pytest.mark.parametrize("ready", [False, True], ids=["classes", "objects"])
def test_the_classic_example_runs(tmp_path: Path, quiet: dict[str, Any], ready: bool) -> None:
    loggers: Any = (*tw.DEFAULT_LOGGERS, tw.WandbLogger)
    if ready:
        loggers = [tw.WandbLogger(tags=["ready"])]
    analysis = tw.run(train_fn, config=space(log_config=True), loggers=loggers, **quiet)
    runs = offline_runs(tmp_path)
    assert len(runs) == len(analysis.trials) == 2
    for run, a in zip(runs.values(), (1, 2), strict=True):
        assert (run.project, run.group) == ("Optimization_Project", "classic")
        assert [own_values(row)["loss"] for row in run.rows] == [a + 4] * 3
        assert {row["config/a"] for row in run.rows} == {a}
        assert run.tags == (("ready",) if ready else ())
    # Tune's own loggers are there, named or not.
    assert len(list(tmp_path.rglob("result.json"))) == 2


@pytest.mark.parametrize("way", ["api_key", "api_key_file"])
def test_the_key_is_used_and_stays_off_every_disk(
    tmp_path: Path, quiet: dict[str, Any], wire_server: WireServer, way: str
) -> None:
    wire_server.accepted_keys = {KEY}
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "key"
    file.write_text(f"  {KEY}\n")
    entry = {"api_key": KEY} if way == "api_key" else {"api_key_file": str(file)}
    config = space(**entry, host=wire_server.url)
    tw.run(train_fn, config=config, loggers=[tw.WandbLogger], **quiet)
    assert config["wandb"][way] == entry[way], "the caller's config is left as it is"
    runs = wire_server.runs
    assert [len(run.rows) for run in runs.values()] == [3, 3]
    assert all(run.complete and run.exit_code == 0 for run in runs.values())
    file.unlink()
    assert files_with(KEY, tmp_path) == []
    assert not any(request.mentions(KEY) for request in wire_server.requests)


@pytest.mark.parametrize(
    ("config", "loggers", "message"),
    [
        ({"wandb": {"mode": "sometimes"}}, None, "mode must be 'online', 'offline' or"),
        ({"wandb": {"api_key": KEY, "api_key_file": "f"}}, None, "both api_key and api_key_file"),
        ({"wandb": {"api_key": "short"}}, None, "does not look like a W&B API key"),
        ({"wandb": {"api_key_file": "nowhere"}}, None, "'nowhere' does not exist"),
        ({}, ["WandbLogger"], "each of loggers must be a logger class"),
    ],
)
def test_bad_input_is_refused_before_tune_is_called(
    config: dict[str, Any], loggers: Any, message: str
) -> None:
    with pytest.raises(tw.SettingsError, match=message) as caught:
        tw.run(None, config=config, loggers=loggers)
    assert KEY not in str(caught.value)
