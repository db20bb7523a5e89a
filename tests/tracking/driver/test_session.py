"""One search being tracked: its settings are checked once, its trials opened by them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb.tracking.driver.session import Session
from tune_wandb_nb.tracking.driver.shutdown import close_session
from tune_wandb_nb.tracking.driver.trials import TrackedTrial
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames
from tune_wandb_nb.tracking.settings.settings import SettingsError

pytestmark = pytest.mark.usefixtures("wandb_core", "wandb_home")
FINISHED = Ending("finished")


class Searches:
    """Starts sessions, and ends them after the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Session] = []

    def start(self, environ: dict[str, str] | None = None, **arguments: Any) -> Session:
        given = {"project": "p", "dir": str(self._folder), "host": None, **arguments}
        session = Session(given, {"NETRC": "/nowhere"} | (environ or {}))
        session.start()
        self._started.append(session)
        return session

    def end(self) -> None:
        for session in self._started:
            session.writer.stop()
            session.close()


@pytest.fixture
def searches(tmp_path: Path) -> Iterator[Searches]:
    made = Searches(tmp_path)
    yield made
    made.end()


def open_trial(session: Session, number: int = 0, **config: Any) -> TrackedTrial:
    names = TrialNames(f"ab_{number:05}", f"train_ab_{number:05}", "experiment")
    return session.open_trial(names, {"lr": 0.1, **config}, TrialSource())


@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        ({"api_key_file": "none"}, {}, "'none' does not exist"),
        ({"dir": "/proc/none"}, {}, "cannot be written"),
        ({}, {"WANDB_PROCESS_RUN_INFO_HOOK": "no.such.hook"}, "cannot be found"),
        ({"project": "a/b"}, {}, "W&B refuses the project name"),
    ],
)
def test_what_can_be_checked_is_checked_before_the_first_trial(
    searches: Searches, arguments: dict[str, Any], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        searches.start(environ, **arguments)


def test_a_trial_without_a_project_is_an_error(searches: Searches) -> None:
    session = searches.start(project=None)
    with pytest.raises(SettingsError, match="no W&B project was given"):
        open_trial(session)
    assert session.trials.stats == []


def test_a_trial_is_opened_by_its_own_entry(searches: Searches, tmp_path: Path) -> None:
    session = searches.start()
    open_trial(session, 0)
    open_trial(session, 1, wandb={"project": "other", "tags": ["a"], "excludes": ["lr"]})
    assert session.trials.mode == "offline"
    for tracked in session.trials.all():
        session.end_trial(tracked, FINISHED)
    close_session(session)
    first, second = sorted(
        map(read_ended_wandb_file, find_wandb_files(tmp_path)), key=lambda run: run.run_id
    )
    assert [run.run_id for run in (first, second)] == ["ab_00000", "ab_00001"]
    assert (first.project, first.group, first.config["lr"]) == ("p", "experiment", 0.1)
    assert (second.project, second.tags) == ("other", ("a",))
    assert "lr" not in second.config


def test_a_run_id_for_the_whole_search_is_the_first_trials(
    searches: Searches, capsys: pytest.CaptureFixture[str]
) -> None:
    session = searches.start(mode="disabled", id="mine")
    ids = [open_trial(session, number).stats.run_id for number in range(3)]
    assert ids == ["mine", "ab_00001", "ab_00002"]
    session.notices.flush()
    assert capsys.readouterr().out.count("run_id='mine' was given for the whole search") == 1


def test_a_restored_trial_goes_on_with_its_state_and_its_earlier_folder(
    searches: Searches,
) -> None:
    session = searches.start(mode="disabled", best={"loss": "min"})
    state = {"best": {"loss": 0.5}, "initial": {}, "exploits": [], "folder": "/earlier"}
    session.restored = {"ab_00000": state}
    tracked = open_trial(session)
    assert tracked.source.earlier == "/earlier"
    assert tracked.rows.row({"loss": 0.7, "training_iteration": 3}).summary == {}
    assert tracked.rows.row({"loss": 0.3}).summary["best/loss"] == 0.3


def test_a_trial_that_starts_again_is_opened_again(searches: Searches) -> None:
    session = searches.start(mode="disabled")
    tracked = open_trial(session)
    session.end_trial(tracked, FINISHED)
    assert tracked.ended
    session.reopen_trial(tracked)
    assert not tracked.ended
    session.end_trial(tracked, FINISHED)
    assert session.writer.wait(30)
    assert [run.trial_id for run in session.trials.stats] == ["ab_00000"]


def test_the_pages_are_those_of_the_first_run_online(
    searches: Searches, wire_server: WireServer
) -> None:
    session = searches.start(host=wire_server.url, api_key=wire_server.api_key, group="my group")
    assert session.trials.project_url is None
    tracked = open_trial(session)
    session.end_trial(tracked, FINISHED)
    assert session.writer.wait(60)
    page = f"{wire_server.url}/{wire_server.entity}/p"
    assert session.trials.project_url == page
    assert session.trials.group_url == f"{page}/groups/my%20group/workspace"
    assert (session.trials.mode, session.trials.trouble) == ("online", None)


def test_trouble_is_what_is_offline_though_it_should_not_be(
    searches: Searches, wire_server: WireServer
) -> None:
    session = searches.start(host=wire_server.url, api_key="f" * 40)
    tracked = open_trial(session)
    session.end_trial(tracked, FINISHED)
    assert session.writer.wait(60)
    refused = f"{wire_server.url} refuses the API key"
    assert session.trials.trouble == f"1 run recorded offline: {refused}"
    assert session.trials.mode == "offline"
