"""A `.wandb` file that lacks rows is made whole from what Tune has recorded."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tests.searches import RunSearch
from tests.wire import WireServer, find_wandb_files
from tune_wandb_nb import WandbLogger, sync_runs
from tune_wandb_nb.tracking.history.run_origin import read_origin, write_origin

Damage = Callable[[bytes], bytes]


def count_up(config: dict[str, Any]) -> None:
    for i in range(400):
        tune.report({"value": config["a"] * 1000 + i})


@pytest.fixture
def files(run_search: RunSearch, wandb_home: Path) -> list[Path]:
    """The files of a search of two trials whose process is gone."""
    run_search(
        count_up,
        {"a": tune.grid_search([1, 2])},
        logger=WandbLogger(project="p", mode="offline", tags=["t"]),
    )
    with subprocess.Popen(["true"]) as gone:
        pass
    files = sorted(find_wandb_files(wandb_home))
    for file in files:
        origin = read_origin(file.parent)
        assert origin is not None
        assert not origin.is_abandoned
        write_origin(file.parent, replace(origin, pid=str(gone.pid)))
    return files


def sync(server: WireServer, path: Path) -> dict[str, Any]:
    table = sync_runs(path, host=server.url, api_key=server.api_key, progress=False)
    return {Path(row["path"]).name: row for row in table.to_dict("records")}


def rows(server: WireServer, file: Path) -> list[tuple[int, int]]:
    run = server.runs[file.stem.removeprefix("run-")]
    assert (run.complete, run.exit_code) == (True, 0)
    return [(row["training_iteration"], row["value"] % 1000) for row in run.rows]


EVERY_ROW = [(i + 1, i) for i in range(400)]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:7], id="empty"),
        pytest.param(lambda content: content[: len(content) // 2], id="cut off"),
        pytest.param(
            lambda content: content[:20_000] + b"x" * 100 + content[20_100:], id="damaged"
        ),
    ],
)
def test_what_a_file_lacks_is_taken_from_tune(
    files: list[Path], wire_server: WireServer, wandb_home: Path, damage: Damage
) -> None:
    bad, good = files
    bad.write_bytes(damage(bad.read_bytes()))
    told = sync(wire_server, wandb_home / "wandb")
    assert told[good.name]["state"] == "synced"
    assert told[bad.name]["state"] == "rebuilt", told[bad.name]
    assert rows(wire_server, bad) == rows(wire_server, good) == EVERY_ROW
    assert sync(wire_server, wandb_home / "wandb")[bad.name]["state"] == "already synced"
    assert rows(wire_server, bad) == EVERY_ROW


def test_tunes_own_folder_is_enough_where_the_experiments_is_gone(
    files: list[Path], wire_server: WireServer, wandb_home: Path
) -> None:
    bad = files[0]
    bad.write_bytes(b"")
    shutil.rmtree(wandb_home / "ray" / "experiment")
    assert sync(wire_server, bad)[bad.name]["state"] == "rebuilt"
    assert rows(wire_server, bad) == EVERY_ROW


def test_without_either_it_is_named_with_what_helps(
    files: list[Path], wire_server: WireServer, wandb_home: Path
) -> None:
    bad, good = files
    bad.write_bytes(b"nonsense")
    (bad.parent / "tune-trial.json").write_text("{}")
    told = sync(wire_server, wandb_home / "wandb")
    assert told[good.name]["state"] == "synced"
    assert told[bad.name]["state"] == "broken"
    assert "tune_wandb_nb.upload_experiment(" in told[bad.name]["note"]


def test_a_rebuilt_run_stays_in_its_sweep(
    run_search: RunSearch, wire_server: WireServer, wandb_home: Path
) -> None:
    # As the runs of a search with a sweep are opened.
    settings = {"sweep_id": "sweep1"}
    logger = WandbLogger(project="p", mode="offline", settings=settings)
    run_search(lambda _: tune.report({"value": 1}), {}, logger=logger)
    (file,) = find_wandb_files(wandb_home)
    with subprocess.Popen(["true"]) as gone:
        pass
    origin = read_origin(file.parent)
    assert origin is not None
    assert origin.sweep == "sweep1"
    write_origin(file.parent, replace(origin, pid=str(gone.pid)))
    file.write_bytes(file.read_bytes()[:7])
    assert sync(wire_server, wandb_home)[file.name]["state"] == "rebuilt"
    (run,) = wire_server.runs.values()
    assert (run.sweep, len(run.rows)) == ("sweep1", 1)
