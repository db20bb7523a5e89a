"""WandbLogger against a W&B server: runs, pages and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tests.searches import RunSearch
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file
from tests.wire.sync import sync
from tune_wandb_nb import WandbLogger


def count_to(config: dict[str, Any]) -> None:
    for i in range(5):
        tune.report({"value": config["a"] * i})


def logger_for(server: WireServer, **given: Any) -> WandbLogger:
    return WandbLogger(project="p", host=server.url, **{"api_key": server.api_key} | given)


def test_every_row_arrives_and_the_pages_are_known(
    run_search: RunSearch, wire_server: WireServer, capsys: Any
) -> None:
    logger = logger_for(wire_server, group="g 1/x", entity="team")
    run_search(count_to, {"a": tune.grid_search([1, 2, 3, 4, 5, 6])}, logger=logger)
    assert logger.mode == "online"
    assert logger.project_url == f"{wire_server.url}/team/p"
    assert logger.group_url == f"{wire_server.url}/team/p/groups/g%201%2Fx/workspace"
    audit = logger.audit()
    assert list(audit["logged"]) == [5] * 6
    for row in audit.itertuples():
        run = wire_server.runs[row.run_id]
        assert [r["value"] for r in run.rows] == [run.config["a"] * i for i in range(5)]
        assert [r["_step"] for r in run.rows] == [1, 2, 3, 4, 5]
        assert (run.gaps, run.complete, run.exit_code, run.group) == ((), True, 0, "g 1/x")
        assert run.summary["tune/status"] == "completed"
        assert (
            logger.run_url(row.trial_id) == row.url == f"{wire_server.url}/team/p/runs/{row.run_id}"
        )
    assert "6 trials, 30 rows, all in W&B." in capsys.readouterr().out


def test_a_refused_key_is_said_once_and_nothing_is_lost(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path, capsys: Any
) -> None:
    wrong = "f" * 40
    logger = logger_for(wire_server, api_key=wrong)
    run_search(count_to, {"a": tune.grid_search([1, 2, 3])}, logger=logger)
    assert logger.mode == "offline"
    assert logger.group_url is None
    audit = logger.audit()
    assert list(audit["logged"]) == [5, 5, 5]
    assert all("refuses the API key" in note for note in audit["note"])
    said = capsys.readouterr().out
    assert said.count("runs go on offline") == 1
    assert wrong not in said
    sync(wire_server, *audit["path"])
    assert sorted(len(run.rows) for run in wire_server.runs.values()) == [5, 5, 5]


def test_a_server_that_is_away_costs_no_row(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path
) -> None:
    wire_server.stop()
    logger = logger_for(wire_server)
    run_search(count_to, {"a": tune.grid_search([1, 2])}, logger=logger)
    wire_server.start()
    audit = logger.audit()
    assert list(audit["logged"]) == [5, 5]
    assert list(audit["mode"]) == ["offline", "offline"]
    assert {len(run.rows) for run in offline_runs_only(tmp_path)} == {5}


def save_twice(config: dict[str, Any]) -> None:
    for i in range(2):
        folder = Path(config["folder"], str(i))
        folder.mkdir(parents=True)
        (folder / "weights").write_text(f"weights {i}")
        tune.report({"value": i}, checkpoint=tune.Checkpoint.from_directory(folder))


def test_checkpoints_are_artifacts_of_their_run(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path
) -> None:
    class UntilItIsThere(tune.Callback):
        """Holds the search: of those that wait, only the newest would be logged."""

        saved = 0

        def on_trial_save(self, *args: Any, **info: Any) -> None:
            self.saved += 1
            wire_server.wait_for(lambda s: len(s.artifacts) == self.saved)

        def __reduce__(self) -> Any:
            return (tune.Callback, ())

    logger = logger_for(wire_server, upload_checkpoints=True)
    run_search(save_twice, {"folder": str(tmp_path / "made")}, callbacks=[logger, UntilItIsThere()])
    (run,) = wire_server.runs.values()
    first, second = run.artifacts
    assert first.name == second.name == f"checkpoint_{run.name}"
    assert [a.files["weights"] for a in (first, second)] == [b"weights 0", b"weights 1"]
    assert (set(first.aliases), set(second.aliases)) == ({"iter-1"}, {"iter-2", "latest"})
    assert [a.metadata["value"] for a in (first, second)] == [0, 1]
    assert len(run.rows) == 2


@pytest.mark.parametrize(("which", "iteration"), [("best", 1), ("last", 2)])
def test_one_checkpoint_of_a_trial_is_enough(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path, which: str, iteration: int
) -> None:
    logger = logger_for(wire_server, upload_checkpoints=which, best={"value": "min"})
    run_search(save_twice, {"folder": str(tmp_path / "made")}, logger=logger)
    (run,) = wire_server.runs.values()
    (artifact,) = run.artifacts
    assert artifact.files["weights"] == f"weights {iteration - 1}".encode()
    best = {"best"} if which == "best" else set()
    assert set(artifact.aliases) == {"latest", f"iter-{iteration}"} | best


def test_a_checkpoint_that_is_gone_is_named_and_stops_nothing(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path, capsys: Any
) -> None:
    logger = logger_for(wire_server, upload_checkpoints="best", best={"value": "min"})
    run_search(
        save_twice,
        {"folder": str(tmp_path / "made")},
        logger=logger,
        # Tune deletes the first one when the second is saved.
        checkpoint_config=tune.CheckpointConfig(num_to_keep=1),
    )
    (run,) = wire_server.runs.values()
    assert len(run.rows) == 2
    assert run.artifacts == []
    assert "checkpoint 1 not logged" in logger.audit()["note"][0]
    assert "checkpoint 1 not logged" in capsys.readouterr().out


def offline_runs_only(folder: Path) -> list[Any]:
    files = [f for f in find_wandb_files(folder) if f.parent.name.startswith("offline-run-")]
    return [read_ended_wandb_file(f) for f in files]
