import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, TypeVar, cast

from tune_wandb_nb.tracking.history.tune_experiment import (
    ExperimentCopy,
    copied_experiment,
    experiment_name,
)
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.recorded.recorded_search import RecordedSearch

__all__ = [
    "beside_method",
    "follow_experiment",
    "load_experiments",
    "location_of",
    "recall_experiment",
]

_T = TypeVar("_T")
_LOCAL_EVERY, _REMOTE_EVERY = 2.0, 15.0
_QUIET = 30.0


class _BesideMethod:
    def __init__(self, method: Any, on_class: Any) -> None:
        self._method, self._on_class = method, on_class
        self.__doc__ = on_class.__doc__

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._on_class.__get__(None, owner)
        return self._method.__get__(instance, owner)


def beside_method(method: Any) -> Callable[[_T], _T]:
    """Instances keep the inherited method of that name."""
    return cast("Callable[[_T], _T]", partial(_BesideMethod, method))


def location_of(given: Any) -> str:
    """Raises SettingsError, as other functions here do."""
    path = getattr(given, "experiment_path", given)
    if not isinstance(path, str | os.PathLike):
        raise SettingsError(
            "an experiment is opened by the path or URI of its folder, or by the ResultGrid of"
            f" Tuner.fit(), but it is a {type(given).__name__}."
        )
    filesystem = getattr(given, "filesystem", None)
    located = os.fspath(path)
    if filesystem is not None and "://" not in located:
        from tune_wandb_nb.tracking.results.checkpoints import storage_uri

        located = storage_uri(filesystem.type_name, located) or located
    return located


def load_experiments(board: TrialBoard, locations: Iterable[str]) -> None:
    listed = list(locations)
    names = _distinct([experiment_name(location) for location in listed])
    searches = []
    with ExitStack() as copies:
        for location, name in zip(listed, names, strict=True):
            copy = copies.enter_context(copied_experiment(location))
            search = RecordedSearch(board, copy.folder, location, name if len(listed) > 1 else None)
            search.update()
            searches.append(search)
        starts = [search.started for search in searches if search.started is not None]
    board.call_it(", ".join(names))
    board.begin(at=min(starts, default=None))
    if not all(search.is_over for search in searches):
        board.describe("some trials have not ended, according to Tune's files")
    lasts = [search.last_result for search in searches if search.last_result is not None]
    board.end(at=max(lasts, default=None))


def recall_experiment(board: TrialBoard, location: str) -> None:
    """Leave a folder that cannot be read to Tune."""
    if board.snapshot().trials:
        return
    with suppress(SettingsError), copied_experiment(location) as copy:
        search = RecordedSearch(board, copy.folder, location)
        search.update()
        board.call_it(experiment_name(location))
        board.begin(at=search.started)


def follow_experiment(
    board: TrialBoard, location: str, stop: threading.Event, complain: Callable[[str], None]
) -> None:
    """Go on in a thread until all trials have ended and nothing has changed for half a minute."""
    with ExitStack() as stack:
        copy = stack.enter_context(copied_experiment(location))
        search = RecordedSearch(board, copy.folder, location)
        search.update()
        copies = stack.pop_all()
    board.call_it(experiment_name(location))
    board.begin(at=search.started)
    every = _REMOTE_EVERY if "://" in location else _LOCAL_EVERY

    def follow() -> None:
        with copies:
            for problem in _until_over(search, copy, stop, every):
                complain(problem)
            board.end(at=search.last_result)

    threading.Thread(target=follow, name="follow-experiment", daemon=True).start()


def _until_over(
    search: RecordedSearch, copy: ExperimentCopy, stop: threading.Event, every: float
) -> Iterator[str]:
    quiet = 0.0
    while quiet < _QUIET and not stop.wait(every):
        try:
            copy.refresh()
            changed = search.update()
        except SettingsError as error:
            yield str(error)
            continue
        quiet = 0.0 if changed or not search.is_over else quiet + every


def _distinct(names: Iterable[str]) -> list[str]:
    taken: list[str] = []
    for name in names:
        number = 2
        free = name
        while free in taken:
            free, number = f"{name} ({number})", number + 1
        taken.append(free)
    return taken
