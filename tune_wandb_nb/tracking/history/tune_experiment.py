"""Reads what Tune has written of an experiment: the rows, configs and ends of its trials."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tune_wandb_nb.compat.ray import EXPERIMENT_STATES, recorded_trials
from tune_wandb_nb.tracking.history.tune_results import RESULTS, newest_results
from tune_wandb_nb.tracking.results.trial_end import last_lines
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import SettingsError

__all__ = ["RecordedTrial", "experiment_name", "find_trial", "local_copy", "read_experiment"]

_CONFIG, _ERROR = "params.json", "error.txt"


@dataclass(frozen=True, slots=True)
class RecordedTrial:
    """One trial as its folder has it."""

    trial_id: str
    name: str
    folder: Path
    config: Mapping[str, Any]
    status: str
    """Tune's: "TERMINATED", "ERROR", "RUNNING", "PENDING", "PAUSED"; "UNKNOWN" if not recorded."""
    newer: Path | None = None
    """Where there may be newer results: Tune copies them into the folder now and then."""

    @property
    def is_over(self) -> bool:
        """Whether Tune says that the trial has ended."""
        return self.status in ("TERMINATED", "ERROR")

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield what was reported, each iteration once: of those that Tune repeats, the newest."""
        folders = [self.folder, *([self.newer] if self.newer else [])]
        return newest_results([folder / RESULTS for folder in folders])

    def error(self) -> str:
        """Return the last lines of what the trial raised; empty where nothing is recorded."""
        try:
            return last_lines(self.folder / _ERROR)
        except OSError:
            return ""


def read_experiment(folder: Path) -> list[RecordedTrial]:
    """Return the trials of an experiment's folder, in the order of their ids.

    Raises:
        SettingsError: it is no folder of an experiment.
    """
    states = _states(folder)
    homes = {file.parent for name in (RESULTS, _CONFIG) for file in folder.glob(f"*/{name}")}
    trials = [_read_trial(home, states) for home in homes]
    found = sorted((trial for trial in trials if trial is not None), key=lambda t: t.trial_id)
    if not found and not states:
        inner = sorted({str(file.parent.name) for file in folder.glob(f"*/{EXPERIMENT_STATES}")})
        hint = f"; it holds the experiments {', '.join(inner)}: give one of them" if inner else ""
        raise SettingsError(f"{show(str(folder))} holds no trials of a Tune experiment{hint}.")
    return found


def find_trial(trials: Sequence[RecordedTrial], folder: str, trial_id: str) -> RecordedTrial | None:
    """Return one trial; None where nothing of it is left.

    Args:
        trials: Those of its experiment; none where that is unknown or gone.
        folder: Where Tune has written the trial's files while it ran.
        trial_id: Its id.
    """
    newer = Path(folder) if folder and Path(folder).is_dir() else None
    found = next((trial for trial in trials if trial.trial_id == trial_id), None)
    if found is not None:
        return replace(found, newer=newer)
    return _read_trial(newer, {trial_id: {"trial_id": trial_id}}) if newer else None


@contextmanager
def local_copy(path: str) -> Iterator[Path]:
    """Have an experiment's folder on this machine; from s3://, gs:// and the like it is fetched.

    Checkpoints stay where they are.

    Raises:
        SettingsError: there is no such folder, or it cannot be read.
    """
    if "://" not in path:
        local = Path(path).expanduser()
        if not local.is_dir():
            raise SettingsError(f"there is no folder {show(path)} to upload an experiment from.")
        yield local
        return
    with tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") as scratch:
        _fetch(path, Path(scratch))
        yield Path(scratch)


def _fetch(uri: str, target: Path) -> None:
    import pyarrow.fs

    try:
        # As Tune itself reads a storage_path.
        remote, root = pyarrow.fs.FileSystem.from_uri(uri)
        files = remote.get_file_info(pyarrow.fs.FileSelector(root, recursive=False))
        homes = [info.path for info in files if info.type == pyarrow.fs.FileType.Directory]
        wanted = [info.path for info in files if fnmatchcase(info.base_name, EXPERIMENT_STATES)]
        asked = [f"{home}/{name}" for home in homes for name in (RESULTS, _CONFIG, _ERROR)]
        wanted += [info.path for info in remote.get_file_info(asked) if info.is_file]
        for source in wanted:
            copy = target / Path(source).relative_to(root)
            copy.parent.mkdir(exist_ok=True)
            pyarrow.fs.copy_files(source, str(copy), remote, pyarrow.fs.LocalFileSystem())
    except (OSError, ValueError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        place = _without_credentials(uri)
        # pyarrow quotes what it cannot use, whole or in parts.
        reason = lines[0].replace(uri, place)
        for part in re.findall(r"\w+", uri.partition("://")[2].rpartition("@")[0]):
            reason = reason.replace(part, "***")
        raise SettingsError(f"{show(place)} cannot be read: {reason}.") from None


def experiment_name(path: str) -> str:
    """Return an experiment's name, which is that of its folder.

    Example:
        >>> experiment_name("~/ray_results/digits/"), experiment_name("s3://bucket/a@2?scheme=http")
        ('digits', 'a@2')
    """
    folder = path.partition("?")[0] if "://" in path else path
    return folder.rstrip("/").rpartition("/")[2]


def _without_credentials(uri: str) -> str:
    """Return a URI without a user and a password, and without its options.

    Example:
        >>> _without_credentials("s3://key:sec/ret@bucket/digits?region=eu")
        's3://bucket/digits'
    """
    scheme, _, rest = uri.partition("://")
    # Not parsed: a secret may hold what ends a host's name.
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _states(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the newest state of each trial: trial id -> what Tune has recorded of it."""
    states: dict[str, dict[str, Any]] = {}
    # A restored search has several files, and the names sort by the time of the start.
    for file in sorted(folder.glob(EXPERIMENT_STATES)):
        try:
            trials = recorded_trials(file)
        except (OSError, ValueError, LookupError, TypeError):
            # Tune replaces it while it is read; the next one, or the folders, tell the same.
            continue
        states |= {str(trial.get("trial_id")): trial for trial in trials}
    return states


def _read_trial(home: Path, states: Mapping[str, Mapping[str, Any]]) -> RecordedTrial | None:
    trial_id = _trial_id(home, states)
    if trial_id is None:
        return None
    state = states.get(trial_id, {})
    try:
        config = json.loads((home / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = {}
    # The folder's name begins with the trial's, which ends with its id.
    before, found, _ = home.name.partition(trial_id)
    name = state.get("custom_trial_name") or (before + found if found else home.name)
    status = str(state.get("status") or "UNKNOWN")
    return RecordedTrial(trial_id, name, home, config if isinstance(config, dict) else {}, status)


def _trial_id(home: Path, states: Mapping[str, Any]) -> str | None:
    # The longest: a user's own ids may begin with one another.
    named = [trial_id for trial_id in states if f"_{trial_id}" in home.name]
    if named:
        return max(named, key=len)
    unnamed = RecordedTrial("", "", home, {}, "")
    first = next(unnamed.results(), {})
    return str(first["trial_id"]) if "trial_id" in first else None
