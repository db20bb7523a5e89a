"""The destination: the entity of the key or another one, and what the server has of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tune_wandb_nb as tw
from tests.tracking.upload.tables import Sync, steps
from tests.wire import WireServer
from tests.wire.fixtures import StartRun
from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.upload.destination import Destination, find_destination


def test_other_entities_and_projects(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    record("one")
    for _ in range(2):
        sync(project="other", entity="team")
        for mark in Path().rglob("*.synced"):
            mark.unlink()
    (run,) = wire_server.runs.values()
    assert (run.entity, run.project, run.run_id) == ("team", "other", "one")
    assert steps(wire_server, "one") == list(range(5))


@pytest.fixture
def destination(wire_server: WireServer) -> Destination:
    return Destination(wire_server.url, ApiKey(wire_server.api_key), wire_server.entity)


OWN: dict[str, str | None] = {"entity": None, "project": "p"}


def test_the_server_is_asked_whose_the_key_is(
    wire_server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The mode of the environment is that of searches.
    monkeypatch.setenv("WANDB_MODE", "offline")
    given = {"host": wire_server.url, "api_key": wire_server.api_key, "project": "digits"}
    destination, settings = find_destination(given, "team")
    assert destination.default_entity == wire_server.entity
    assert (destination.entity, destination.project) == ("team", "digits")
    assert settings.project == "digits"
    assert wire_server.api_key not in repr(destination)


def test_a_project_of_the_environment_moves_no_run(
    wire_server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    destination, settings = find_destination(
        {"host": wire_server.url, "api_key": wire_server.api_key}
    )
    assert (destination.project, settings.project) == (None, "mine")


def test_without_a_key_there_is_no_destination(
    wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(tw.SettingsError, match=r"to upload runs to https://w\.example\.com ta"):
        find_destination({"host": "https://w.example.com"})


def test_a_run_is_looked_up_under_its_own_names_or_the_destinations(
    destination: Destination, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("one", project="p")
    run.log({"value": 1})
    run.finish()
    assert destination.run("one", **OWN).look_up_settled().last_step == 0
    assert (
        destination.run("one", entity=wire_server.entity, project="p").look_up_settled().last_step
        == 0
    )
    assert destination.run("one", entity=None, project="q").look_up_settled().state is None
    moved = Destination(destination.host, destination.key, destination.default_entity, project="p")
    assert moved.run("one", entity=None, project="q").look_up_settled().last_step == 0


def test_iterations_are_those_of_the_rows(destination: Destination, start_run: StartRun) -> None:
    run = start_run("one")
    for iteration in (1, 2, 4):
        run.log({"training_iteration": iteration})
    run.finish()
    known = destination.run("one", **OWN).look_up_settled()
    found = destination.run("one", **OWN).iterations(known)
    assert [iteration in found for iteration in (1, 2, 3, 4, 5)] == [True, True, False, True, False]


def test_a_row_that_is_there_is_waited_for_and_found(
    destination: Destination, start_run: StartRun
) -> None:
    run = start_run("one")
    for value in range(3):
        run.log({"value": value})
    run.finish()
    assert destination.run("one", **OWN).has(2)
    assert destination.run("none", **OWN).has(None), "a run without rows lacks none"


def test_a_row_that_does_not_arrive_is_not_waited_for_without_end(
    destination: Destination, start_run: StartRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_run("one").finish()
    monkeypatch.setattr("tune_wandb_nb.tracking.history.server_run.SETTLES_WITHIN", 0)
    assert not destination.run("one", **OWN).has(2)
    wrong = Destination(destination.host, ApiKey("f" * 40), destination.default_entity)
    assert not wrong.run("one", **OWN).has(2), "a server that cannot be asked"
    with pytest.raises(AccountError, match="refuses the key"):
        wrong.run("one", **OWN).look_up_settled()
