"""`upload_experiment`: W&B has what Tune has, whoever tracked the search."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, own_values
from tests.wire import WireServer
from tests.wire.fixtures import StartRun
from tune_wandb_nb.tracking.auth.graphql import AccountError

Upload = Callable[..., pd.DataFrame]
START = 1_700_000_000


@pytest.fixture
def upload(wire_server: WireServer, wandb_core: None, wandb_home: Path) -> Upload:
    """`upload_experiment` to the wire server, without a bar."""

    def upload(path: Any, project: str | None = "p", **given: Any) -> pd.DataFrame:
        own = {"host": wire_server.url, "api_key": wire_server.api_key, "progress": False}
        return tw.upload_experiment(path, project, **own | given)

    return upload


class Folder:
    """An experiment's folder, written as Tune writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.states: dict[str, str] = {}
        path.mkdir()

    def report(self, trial: str, iterations: range, *, shift: float = 0.0) -> Path:
        home = self.path / f"train_{trial}_0_a=1_2026-01-01_00-00-00"
        home.mkdir(exist_ok=True)
        (home / "params.json").write_text(json.dumps({"a": 1, "wandb": {"project": "p"}}))
        with (home / "result.json").open("a") as file:
            for i in iterations:
                row = {"value": i + shift, "training_iteration": i, "timestamp": START + i}
                file.write(json.dumps(row | {"trial_id": trial}) + "\n")
        return home

    def ended(self, **states: str) -> None:
        self.states |= states
        trials = [
            [json.dumps({"trial_id": trial, "status": status}), "{}"]
            for trial, status in self.states.items()
        ]
        state = {"trial_data": trials}
        (self.path / "experiment_state-2026-01-01_00-00-00.json").write_text(json.dumps(state))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "digits")


def states(table: pd.DataFrame) -> dict[str, tuple[str, int, int]]:
    columns = (table[name] for name in ("trial_id", "state", "rows", "uploaded"))
    return {trial: (state, rows, new) for trial, state, rows, new in zip(*columns, strict=True)}


def values(server: WireServer, run_id: str) -> list[tuple[int, float]]:
    return [(row["training_iteration"], row["value"]) for row in server.runs[run_id].rows]


def test_a_search_that_nobody_tracked(
    run_search: RunSearch, upload: Upload, wire_server: WireServer
) -> None:
    def train(config: dict[str, Any]) -> None:
        for i in range(3):
            tune.report({"value": config["a"] * i, "nested": {"x": i}, "text": f"epoch {i}"})
        if config["a"] == 2:
            raise ValueError("no such value")

    results = run_search(train, {"a": tune.grid_search([1, 2]), "b": {"c": 3}})
    table = upload(results.experiment_path, excludes=["time_*"], best={"value": "max"})
    assert list(table["note"]) == ["", ""]
    assert set(states(table).values()) == {("uploaded", 3, 3)}
    for result in results:
        run = wire_server.runs[result.metrics["trial_id"]]
        a = run.config["a"]
        rows = [own_values(row) for row in run.rows]
        assert rows == [{"value": a * i, "nested/x": i} for i in range(3)]
        stamps = [row["_timestamp"] for row in run.rows]
        assert stamps == [row["timestamp"] for row in run.rows], "the result's time"
        assert [row["training_iteration"] for row in run.rows] == [1, 2, 3]
        assert not any(key.startswith("time_") for row in run.rows for key in row)
        assert (run.name, run.group) == (f"train_{run.run_id}", "experiment")
        assert run.config["b"] == {"c": 3}
        assert run.config["trial_id"] == run.run_id
        assert run.summary["text"] == "epoch 2"
        assert run.summary["best/value"] == 2 * a
        assert run.exit_code == (1 if a == 2 else 0)
        assert run.summary["tune/status"] == ("failed" if a == 2 else "ended")
        assert ("no such value" in run.summary.get("tune/error", "")) == (a == 2)

    before = len(wire_server.requests)
    again = upload(results.experiment_path)
    assert set(states(again).values()) == {("already in W&B", 3, 0)}
    operations = {request.operation for request in wire_server.requests[before:]}
    assert operations <= {"Viewer", "RunResumeStatus", "RunSampledHistory"}, "it only asks"


def test_it_repairs_what_a_logger_has_lost(
    run_search: RunSearch, upload: Upload, wire_server: WireServer
) -> None:
    def train(config: dict[str, Any]) -> None:
        for i in range(1, 4):
            tune.report({"value": i})

    key = {"host": wire_server.url, "api_key": wire_server.api_key}
    results = run_search(train, {"a": 1}, logger=tw.WandbLogger(project="p", **key))
    (run_id,) = wire_server.runs
    assert values(wire_server, run_id) == [(1, 1), (2, 2), (3, 3)]
    (home,) = Path(results.experiment_path).glob("*/result.json")
    last = json.loads(home.read_text().splitlines()[-1])
    with home.open("a") as file:
        for i in (4, 5):
            file.write(json.dumps(last | {"training_iteration": i, "value": i}) + "\n")
    table = upload(results.experiment_path)
    assert states(table) == {run_id: ("uploaded", 5, 2)}
    assert values(wire_server, run_id) == [(i, i) for i in range(1, 6)]
    assert wire_server.runs[run_id].exit_code == 0


def test_one_that_is_still_growing(folder: Folder, upload: Upload, wire_server: WireServer) -> None:
    home = folder.report("x_1", range(1, 4))
    folder.ended(x_1="RUNNING", x_2="PENDING")
    folder.report("x_2", range(0))
    # Tune is about to write the rest of a line.
    with (home / "result.json").open("a") as file:
        file.write('{"value": 4, "training_it')
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 3, 3), "x_2": ("waiting", 0, 0)}
    assert wire_server.runs["x_1"].summary["tune/status"] == "running"
    assert set(wire_server.runs) == {"x_1"}
    assert states(upload(folder.path))["x_1"] == ("already in W&B", 3, 0)

    with (home / "result.json").open("a") as file:
        file.write(f'eration": 4, "timestamp": {START}}}\n')
    folder.report("x_2", range(1, 2))
    folder.ended(x_1="ERROR", x_2="TERMINATED")
    (home / "error.txt").write_text("Traceback\nValueError: at last")
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 4, 1), "x_2": ("uploaded", 1, 1)}
    assert values(wire_server, "x_1") == [(i, i) for i in range(1, 5)]
    assert wire_server.runs["x_1"].exit_code == 1
    assert wire_server.runs["x_1"].summary["tune/error"].endswith("ValueError: at last")

    # A trial that fails without another row is failed in W&B too.
    folder.ended(x_2="ERROR")
    assert states(upload(folder.path))["x_2"] == ("uploaded", 1, 0)
    assert wire_server.runs["x_2"].exit_code == 1


def test_of_iterations_that_tune_repeats_the_newest_counts(
    folder: Folder, upload: Upload, wire_server: WireServer
) -> None:
    folder.report("x_1", range(1, 5))
    folder.report("x_1", range(3, 7), shift=100)
    folder.ended(x_1="TERMINATED")
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 6, 6)}
    assert values(wire_server, "x_1") == [
        (1, 1), (2, 2), (3, 103), (4, 104), (5, 105), (6, 106),
    ]  # fmt: skip


@pytest.mark.parametrize("gap", [range(1, 3), range(3, 5), range(5, 7), range(1, 7)])
def test_rows_that_are_missing_anywhere_are_filled_in(
    folder: Folder, upload: Upload, start_run: StartRun, wire_server: WireServer, gap: range
) -> None:
    run = start_run("x_1")
    for i in range(1, 7):
        if i not in gap:
            run.log({"value": i, "training_iteration": i}, step=2 * i)
            run.log({"own": i}, step=2 * i + 1)
    run.finish()
    folder.report("x_1", range(1, 7))
    folder.ended(x_1="TERMINATED")
    assert states(upload(folder.path, best={"value": "min"})) == {"x_1": ("uploaded", 6, len(gap))}
    tunes = [row for row in wire_server.runs["x_1"].rows if "value" in row]
    assert sorted((row["training_iteration"], row["value"]) for row in tunes) == [
        (i, i) for i in range(1, 7)
    ]
    summary = wire_server.runs["x_1"].summary
    assert (summary["value"], summary["training_iteration"], summary["best/value"]) == (6, 6, 1)
    assert states(upload(folder.path)) == {"x_1": ("already in W&B", 6, 0)}


def test_a_gap_in_a_long_run_is_found(
    folder: Folder, upload: Upload, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("x_1")
    for i in range(1, 2501):
        if i not in (700, 1700):
            run.log({"value": i, "training_iteration": i}, step=i)
    run.finish()
    folder.report("x_1", range(1, 2501))
    folder.ended(x_1="TERMINATED")
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 2500, 2)}
    assert [row["value"] for row in wire_server.runs["x_1"].rows[-2:]] == [700, 1700]
    assert wire_server.runs["x_1"].summary["value"] == 2500


def test_steps_may_be_far_apart(
    folder: Folder, upload: Upload, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("x_1")
    for i in (1, 3):
        run.log({"value": i, "training_iteration": i}, step=i * 10_000_000)
    run.finish()
    folder.report("x_1", range(1, 4))
    folder.ended(x_1="TERMINATED")
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 3, 1)}
    asked = [r for r in wire_server.requests if r.operation == "RunSampledHistory"]
    assert len(asked) == 1


def test_without_iterations_the_step_tells_what_is_there(
    folder: Folder, upload: Upload, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("x_1")
    for i in (1, 2):
        run.log({"value": i}, step=i)
    run.finish()
    folder.report("x_1", range(1, 4))
    folder.ended(x_1="TERMINATED")
    left_out = {"excludes": ["training_iteration"]}
    assert states(upload(folder.path, **left_out)) == {"x_1": ("uploaded", 3, 1)}
    assert [row["value"] for row in wire_server.runs["x_1"].rows] == [1, 2, 3]
    assert states(upload(folder.path, **left_out)) == {"x_1": ("already in W&B", 3, 0)}


def test_a_history_that_cannot_be_read_makes_no_row_twice(
    folder: Folder, upload: Upload, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("x_1")
    for i in range(1, 1501):
        if i != 700:
            run.log({"value": i, "training_iteration": i}, step=i)
    run.finish()
    folder.report("x_1", range(1, 1502))
    folder.ended(x_1="TERMINATED")
    wire_server.faults.malformed("RunSampledHistory", times=1)
    table = upload(folder.path)
    assert list(table["state"]) == ["failed"]
    assert "did not show which rows the run has" in table["note"][0]
    assert len(wire_server.runs["x_1"].rows) == 1499
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 1501, 2)}
    assert [row["value"] for row in wire_server.runs["x_1"].rows[-2:]] == [700, 1501]


def test_after_a_repair_the_summary_is_that_of_the_last_rows(
    folder: Folder, upload: Upload, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("x_1")
    for i in (1, 3, 4):
        run.log({"value": i, "training_iteration": i}, step=i)
    run.finish()
    home = folder.report("x_1", range(1, 2))
    with (home / "result.json").open("a") as file:
        for i in (2, 3, 4):
            row = {"value": i, "training_iteration": i, "timestamp": START + i, "trial_id": "x_1"}
            file.write(json.dumps(row | ({"seldom": i} if i < 4 else {})) + "\n")
    folder.ended(x_1="TERMINATED")
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 4, 1)}
    summary = wire_server.runs["x_1"].summary
    assert (summary["value"], summary["seldom"], summary["training_iteration"]) == (4, 3, 4)
    # The run's last row is that of the second iteration now.
    with (home / "result.json").open("a") as file:
        file.write(json.dumps(row | {"value": 5, "training_iteration": 5}) + "\n")
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 5, 1)}
    assert [v for _, v in values(wire_server, "x_1")] == [1, 3, 4, 2, 5]


def test_a_run_of_the_trials_own_rows_gets_tunes(
    folder: Folder, upload: Upload, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("x_1")
    for i in range(10):
        run.log({"own": i})
    run.finish()
    folder.report("x_1", range(1, 4))
    folder.ended(x_1="TERMINATED")
    assert states(upload(folder.path)) == {"x_1": ("uploaded", 3, 3)}
    tunes = [row["value"] for row in wire_server.runs["x_1"].rows if "value" in row]
    assert tunes == [1, 2, 3]


def test_rows_that_the_server_refuses_are_named_and_brought_later(
    folder: Folder, upload: Upload, wire_server: WireServer
) -> None:
    for trial in ("x_1", "x_2"):
        folder.report(trial, range(1, 4))
    folder.ended(x_1="TERMINATED", x_2="TERMINATED")
    wire_server.faults.fail(403, path_contains="/p/x_1/")
    table = upload(folder.path)
    assert list(table["state"]) == ["failed", "uploaded"]
    assert table["note"][0] == "W&B has not taken all of its rows"
    wire_server.faults.clear()
    assert states(upload(folder.path)) == {
        "x_1": ("uploaded", 3, 3), "x_2": ("already in W&B", 3, 0),
    }  # fmt: skip
    assert values(wire_server, "x_1") == [(1, 1), (2, 2), (3, 3)]


def test_from_another_file_system(folder: Folder, upload: Upload, wire_server: WireServer) -> None:
    folder.report("x_1", range(1, 4))
    folder.ended(x_1="TERMINATED")
    assert states(upload(f"file://{folder.path}")) == {"x_1": ("uploaded", 3, 3)}
    assert wire_server.runs["x_1"].group == "digits"
    with pytest.raises(tw.SettingsError, match=r"'file:///no/such' cannot be read: "):
        upload("file:///no/such")


def test_bad_input(
    folder: Folder, upload: Upload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(tw.SettingsError, match="there is no folder 'nowhere'"):
        upload("nowhere")
    with pytest.raises(tw.SettingsError, match=r"no trials of a Tune experiment\.$"):
        upload(folder.path)
    folder.report("x_1", range(2))
    folder.ended(x_1="TERMINATED")
    with pytest.raises(tw.SettingsError, match="it holds the experiments digits: give one of them"):
        upload(tmp_path)
    with pytest.raises(tw.SettingsError, match="no W&B project was given"):
        upload(folder.path, None)
    with pytest.raises(tw.SettingsError, match="takes a W&B API key, and none was found"):
        upload(folder.path, api_key=None)
    with pytest.raises(AccountError, match="refuses the key"):
        upload(folder.path, api_key="f" * 40)


def test_new_runs_join_a_sweep_and_others_stay_in_theirs(
    upload: Upload, wire_server: WireServer, tmp_path: Path
) -> None:
    folder = Folder(tmp_path / "experiment")
    folder.report("ab_00000", range(1, 3))
    folder.ended(ab_00000="TERMINATED")
    assert list(upload(folder.path, sweep="sweep1")["state"]) == ["uploaded"]
    folder.report("ab_00000", range(3, 5))
    assert list(upload(folder.path)["uploaded"]) == [2]
    (run,) = wire_server.runs.values()
    assert (run.sweep, len(run.rows)) == ("sweep1", 4)
