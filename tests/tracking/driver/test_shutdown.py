"""The end of a search: it waits as long as it may, and says where the rows are."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tune_wandb_nb.tracking.driver.session import Session
from tune_wandb_nb.tracking.driver.shutdown import close_session
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames

pytestmark = pytest.mark.usefixtures("wandb_core", "wandb_home")
NO_SOURCE = TrialSource()


def session_with_a_trial(
    folder: Path, hold: Callable[[], object], timeout: float, source: TrialSource = NO_SOURCE
) -> Session:
    """A session whose one run is closed once ``hold`` returns."""
    session = Session(
        {"project": "p", "mode": "offline", "dir": str(folder), "upload_timeout": timeout},
        {"NETRC": "/nowhere"},
    )
    session.start()
    add_trial(session, hold, 0, source)
    return session


def add_trial(
    session: Session, hold: Callable[[], object], number: int, source: TrialSource = NO_SOURCE
) -> None:
    names = TrialNames(f"ab_{number:05}", f"train_ab_{number:05}", "experiment")
    tracked = session.open_trial(names, {}, source)
    end = tracked.run.end

    def held_end(ending: Ending) -> None:
        hold()
        end(ending)

    tracked.run.end = held_end  # type: ignore[method-assign]
    session.end_trial(tracked, Ending("finished"))


def test_it_says_where_the_rows_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    close_session(session_with_a_trial(tmp_path, lambda: None, 60))
    said = capsys.readouterr().out
    assert "1 trial, 0 rows, all on disk, offline. Upload with: wandb sync" in said


def test_it_does_not_wait_longer_than_it_may(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = threading.Event()
    try:
        close_session(session_with_a_trial(tmp_path, gate.wait, 0))
        assert "1 trial, 0 rows; not uploaded in time: train_ab_00000." in capsys.readouterr().out
    finally:
        gate.set()


def test_one_ctrl_c_ends_the_wait_and_the_line_is_printed_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = threading.Event()

    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)
        gate.wait()

    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with pytest.raises(KeyboardInterrupt):
            close_session(session_with_a_trial(tmp_path, interrupt, 300))
        assert callable(signal.getsignal(signal.SIGINT))
        assert "not uploaded in time: train_ab_00000" in capsys.readouterr().out
    finally:
        signal.signal(signal.SIGINT, before)
        gate.set()


def test_offline_it_waits_as_long_as_more_and_more_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_at_a_time = threading.Lock()

    def slow_disk() -> None:
        with one_at_a_time:
            threading.Event().wait(0.4)

    timeout = 1.0
    session = session_with_a_trial(tmp_path, slow_disk, timeout)
    for number in range(1, 6):
        add_trial(session, slow_disk, number)
    close_session(session)
    assert "6 trials, 0 rows, all on disk, offline." in capsys.readouterr().out


def test_the_last_line_names_what_brings_rows_that_were_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = threading.Event()
    source = TrialSource("/experiment/train", "/experiment")
    try:
        session = session_with_a_trial(tmp_path, gate.wait, 0, source)
        for stats in session.trials.stats:
            stats.reported = 3
        close_session(session)
        said = capsys.readouterr().out
        assert "not uploaded in time: train_ab_00000. 3 rows of theirs were not written yet" in said
        assert "tune_wandb_nb.upload_experiment('/experiment', 'p')" in said
        assert "on disk" not in said
    finally:
        gate.set()
