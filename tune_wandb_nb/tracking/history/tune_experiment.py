import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tune_wandb_nb.compat.ray import EXPERIMENT_STATES, recorded_start, recorded_trials
from tune_wandb_nb.tracking.history.pbt import POLICIES
from tune_wandb_nb.tracking.history.tune_results import RESULTS, newest_results
from tune_wandb_nb.tracking.results.trial_end import last_lines
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import SettingsError

__all__ = [
    "DESCRIPTION",
    "ExperimentCopy",
    "RecordedTrial",
    "copied_experiment",
    "experiment_name",
    "find_trial",
    "local_copy",
    "read_experiment",
    "search_start",
]

_CONFIG, _ERROR = "params.json", "error.txt"
DESCRIPTION = "tune_wandb_nb.json"
"""This package's file in an experiment's folder."""


@dataclass(frozen=True, slots=True)
class RecordedTrial:
    trial_id: str
    name: str
    folder: Path
    config: Mapping[str, Any]
    status: str
    """Tune's own, or "UNKNOWN"."""
    tag: str = ""
    """Tune's tag of the trial at first, such as "0_lr=0.01"."""
    newer: Path | None = None
    """A folder from which Tune copies results to ``folder`` now and then."""

    @property
    def is_over(self) -> bool:
        return self.status in ("TERMINATED", "ERROR")

    def results(self) -> Iterator[dict[str, Any]]:
        return newest_results([each / RESULTS for each in (self.folder, self.newer) if each])

    def error(self) -> str:
        try:
            return last_lines(self.folder / _ERROR)
        except OSError:
            return ""


def read_experiment(folder: Path) -> list[RecordedTrial]:
    states = _states(folder)
    folders = {file.parent for name in (RESULTS, _CONFIG) for file in folder.glob(f"*/{name}")}
    trials = [_read_trial(trial_folder, states) for trial_folder in folders]
    found = sorted((trial for trial in trials if trial is not None), key=lambda t: t.trial_id)
    if not found and not states:
        inner = sorted({str(file.parent.name) for file in folder.glob(f"*/{EXPERIMENT_STATES}")})
        hint = f"; it holds the experiments {', '.join(inner)}: give one of them" if inner else ""
        raise SettingsError(f"{show(str(folder))} holds no trials of a Tune experiment{hint}.")
    return found


def find_trial(trials: Sequence[RecordedTrial], folder: str, trial_id: str) -> RecordedTrial | None:
    newer = Path(folder) if folder and Path(folder).is_dir() else None
    found = next((trial for trial in trials if trial.trial_id == trial_id), None)
    if found is not None:
        return replace(found, newer=newer)
    return _read_trial(newer, {trial_id: {"trial_id": trial_id}}) if newer else None


class ExperimentCopy:
    """An experiment's folder; a remote one (s3://, gs://) is downloaded, without checkpoints."""

    def __init__(self, path: str, folder: Path) -> None:
        self.folder = folder
        self._path = path
        self._copied: dict[str, tuple[int, int]] = {}

    def refresh(self) -> None:
        if "://" in self._path:
            _fetch(self._path, self.folder, self._copied)
        elif not self.folder.is_dir():
            raise SettingsError(f"there is no folder {show(self._path)} of an experiment.")


@contextmanager
def copied_experiment(path: str) -> Iterator[ExperimentCopy]:
    is_remote = "://" in path
    scratch = tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") if is_remote else None
    with scratch or nullcontext(path) as folder:
        copy = ExperimentCopy(path, Path(folder).expanduser())
        copy.refresh()
        yield copy


@contextmanager
def local_copy(path: str) -> Iterator[Path]:
    with copied_experiment(path) as copy:
        yield copy.folder


def search_start(folder: Path) -> tuple[str | None, float | None]:
    starts = [recorded_start(file) for file in sorted(folder.glob(EXPERIMENT_STATES))]
    metrics = [metric for metric, _ in starts if metric]
    times = [time for _, time in starts if time is not None]
    return (metrics[-1] if metrics else None), (min(times) if times else None)


def _fetch(uri: str, target: Path, copied: dict[str, tuple[int, int]]) -> None:
    import pyarrow.fs

    try:
        remote, root = pyarrow.fs.FileSystem.from_uri(uri)
        files = remote.get_file_info(pyarrow.fs.FileSelector(root, recursive=False))
        folders = {info.path for info in files if info.type == pyarrow.fs.FileType.Directory}
        if not folders:
            # In Google's storage pyarrow sees only folders that it has made itself.
            below = remote.get_file_info(pyarrow.fs.FileSelector(root, recursive=True))
            paths = (Path(info.path).relative_to(root) for info in below if info.is_file)
            folders = {f"{root}/{path.parts[0]}" for path in paths if path.parent.name}
        patterns = (DESCRIPTION, EXPERIMENT_STATES, POLICIES)
        wanted = [f for f in files if any(fnmatchcase(f.base_name, each) for each in patterns)]
        candidates = [f"{path}/{name}" for path in folders for name in (RESULTS, _CONFIG, _ERROR)]
        wanted += [info for info in remote.get_file_info(candidates) if info.is_file]
        for info in wanted:
            version = (info.size, info.mtime_ns)
            if copied.get(info.path) != version:
                copy = target / Path(info.path).relative_to(root)
                copy.parent.mkdir(exist_ok=True)
                pyarrow.fs.copy_files(info.path, str(copy), remote, pyarrow.fs.LocalFileSystem())
                copied[info.path] = version
    except (OSError, ValueError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        shown = _without_credentials(uri)
        # pyarrow's error may quote credentials in the URI.
        reason = lines[0].replace(uri, shown)
        for part in re.findall(r"\w+", uri.partition("://")[2].rpartition("@")[0]):
            reason = reason.replace(part, "***")
        raise SettingsError(f"{show(shown)} cannot be read: {reason}.") from None


def experiment_name(path: str) -> str:
    folder = path.partition("?")[0] if "://" in path else path
    return folder.rstrip("/").rpartition("/")[2]


def _without_credentials(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    # A secret may contain "/", at which urlsplit would end the host's name.
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _states(folder: Path) -> dict[str, dict[str, Any]]:
    states: dict[str, dict[str, Any]] = {}
    # A restored search has several, sorted by the time of the start.
    for file in sorted(folder.glob(EXPERIMENT_STATES)):
        try:
            trials = recorded_trials(file)
        except (OSError, ValueError, LookupError, TypeError):
            continue  # Tune may be replacing the file.
        states |= {str(trial.get("trial_id")): trial for trial in trials}
    return states


def _read_trial(folder: Path, states: Mapping[str, Mapping[str, Any]]) -> RecordedTrial | None:
    trial_id = _trial_id(folder, states)
    if trial_id is None:
        return None
    state = states.get(trial_id, {})
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = {}
    # The folder's name starts with the trial's name, which ends with its id.
    before, found, _ = folder.name.partition(trial_id)
    name = state.get("custom_trial_name") or (before + found if found else folder.name)
    status = str(state.get("status") or "UNKNOWN")
    config = config if isinstance(config, dict) else {}
    # Population based training adds to the tag.
    tag = str(state.get("experiment_tag") or "").partition("@perturbed")[0]
    return RecordedTrial(trial_id, name, folder, config, status, tag)


def _trial_id(folder: Path, states: Mapping[str, Any]) -> str | None:
    # The longest: an id chosen by a user may be the start of another.
    named = [trial_id for trial_id in states if f"_{trial_id}" in folder.name]
    if named:
        return max(named, key=len)
    unnamed = RecordedTrial("", "", folder, {}, "")
    first = next(unnamed.results(), {})
    return str(first["trial_id"]) if "trial_id" in first else None
