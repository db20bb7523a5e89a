import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.driver.session import Session
from tune_wandb_nb.tracking.notices import count
from tune_wandb_nb.tracking.results.payload import Excludes
from tune_wandb_nb.tracking.results.trial_end import Ending, interrupted_ending
from tune_wandb_nb.tracking.runs.audit import closing_line
from tune_wandb_nb.tracking.views.search_run import TrialEntry

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["close_session"]

_PROGRESS_EVERY = 5.0
_LEFT = partial(interrupted_ending, is_left=True)


def close_session(session: Session, ending: Callable[["Trial"], Ending] = _LEFT) -> None:
    """End the runs that are still open, each as ``ending`` says, and wait for them."""
    for trial in session.tune_trials:
        tracked = session.trials.get(trial.trial_id)
        if tracked is not None and not tracked.ended:
            session.end_trial(tracked, tracked.with_output(ending(trial), trial))
    try:
        with _interruptible():
            _conclude(session)
            _wait(session)
            session.remote.poll_last()
            session.poll_pages()
            session.pages.wait()
    finally:
        unfinished = [run.stats for run in session.writer.unfinished()]
        trials = session.trials
        own = [session.pages.run.stats] if session.pages.run is not None else []
        line = closing_line(trials.stats, unfinished, _repair(session), trials.group or "", own)
        _say(session, line)
        session.close()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt: Tune's handler, still set, would only end the search."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _wait(session: Session) -> None:
    """Wait for the uploads; while only files are written, as long as they grow."""
    timeout = session.base.upload_timeout
    end = time.monotonic() + timeout
    done = _progress(session)

    def left() -> float:
        return max(0.0, end - time.monotonic())

    while not session.writer.wait(min(_PROGRESS_EVERY, left())):
        unfinished = session.writer.unfinished()
        if all(run.stats.mode == "offline" for run in unfinished):
            done, before = _progress(session), done
            end = time.monotonic() + timeout if done != before else end
        if not left():
            return
        _say(session, f"closing W&B runs: {len(unfinished)} of {len(session.trials)} left ...")
    offline = session.reconnect.waiting()
    if offline:
        _say(session, f"asking W&B again for {count(len(offline), 'run')} recorded offline ...")
        session.reconnect.finish(left())


def _progress(session: Session) -> tuple[int, int]:
    logged = sum(stats.logged for stats in session.trials.stats)
    return logged, len(session.writer.unfinished())


def _conclude(session: Session) -> None:
    try:
        session.pages.conclude(session.tune_trials, _entries(session), _experiment(session))
    except Exception as error:
        # A value of the user's may raise anything when it is shown.
        session.notices.say(f"W&B has no table of this search's trials: {type(error).__name__}.")


def _entries(session: Session) -> list[TrialEntry]:
    excludes, entries = Excludes(session.base.excludes), []
    for trial in session.tune_trials if session.base.search_run or session.base.view else ():
        tracked = session.trials.get(trial.trial_id)
        run_id = tracked.stats.run_id if tracked is not None else trial.trial_id
        status = (tracked.status if tracked is not None else "") or trial.status.lower()
        names = run_id, str(trial), status
        entries.append(TrialEntry.of(names, trial.config, trial.last_result or {}, excludes))
    return entries


def _experiment(session: Session) -> str | None:
    first = session.trials.first
    return first.source.experiment or None if first is not None else None


def _repair(session: Session) -> str:
    experiment, first = _experiment(session), session.trials.first
    if experiment is None or first is None:
        return ""
    project = first.run.plan.arguments["project"]
    return f"tune_wandb_nb.upload_experiment({experiment!r}, {project!r})"


def _say(session: Session, text: str) -> None:
    session.notices.say(text)
    session.notices.flush()
