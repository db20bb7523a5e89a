"""One trial's run is brought up to what Tune has recorded, and not beyond."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wire import WireServer
from tune_wandb_nb.tracking.history.tune_experiment import RecordedTrial
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import WandbSettings
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.tune_trial import TrialOutcome, TrialUpload

pytestmark = pytest.mark.usefixtures("wandb_core", "wandb_home")


class Uploads:
    """Uploads one trial whose results grow."""

    def __init__(self, server: WireServer, folder: Path, **settings: Any) -> None:
        self._folder = folder / "trial_ab_00000"
        self._folder.mkdir()
        (folder / "scratch").mkdir()
        to = Destination(server.url, ApiKey(server.api_key), server.entity)
        given = WandbSettings.resolve({"project": "p", "group": "g", **settings})
        self._upload = TrialUpload(to, given, scratch=str(folder / "scratch"))

    def add(self, *iterations: int) -> None:
        with (self._folder / "result.json").open("a") as file:
            for i in iterations:
                result = {"training_iteration": i, "loss": 10 - i, "timestamp": 1000 + i}
                file.write(json.dumps(result) + "\n")

    def upload(self, status: str) -> TrialOutcome:
        trial = RecordedTrial("ab_00000", "train", self._folder, {"lr": 0.1}, status)
        return self._upload.upload(trial)


@pytest.fixture
def uploads(wire_server: WireServer, tmp_path: Path) -> Uploads:
    return Uploads(wire_server, tmp_path)


def test_a_trial_without_results_waits_for_its_first(
    uploads: Uploads, wire_server: WireServer
) -> None:
    assert uploads.upload("RUNNING").state == "waiting"
    assert wire_server.runs == {}


def test_only_what_is_missing_is_uploaded(uploads: Uploads, wire_server: WireServer) -> None:
    uploads.add(1, 2)
    first = uploads.upload("RUNNING")
    assert (first.state, first.rows, first.uploaded) == ("uploaded", 2, 2)
    uploads.add(3)
    second = uploads.upload("TERMINATED")
    assert (second.state, second.rows, second.uploaded) == ("uploaded", 3, 1)
    assert uploads.upload("TERMINATED").state == "already in W&B"
    run = wire_server.runs["ab_00000"]
    assert [row["training_iteration"] for row in run.rows] == [1, 2, 3]
    assert [row["_timestamp"] for row in run.rows] == [1001, 1002, 1003]
    assert (run.group, run.config["lr"], run.exit_code) == ("g", 0.1, 0)


def test_a_failed_trial_is_a_failed_run(uploads: Uploads, wire_server: WireServer) -> None:
    uploads.add(1)
    assert uploads.upload("ERROR").state == "uploaded"
    run = wire_server.runs["ab_00000"]
    assert (run.exit_code, run.summary["tune/status"]) == (1, "failed")


def test_a_server_that_cannot_be_asked_is_a_failure_and_not_an_exception(
    uploads: Uploads, wire_server: WireServer
) -> None:
    uploads.add(1)
    wire_server.accepted_keys = set()
    outcome = uploads.upload("TERMINATED")
    assert outcome.state == "failed"
    assert "refuses the key" in outcome.note
