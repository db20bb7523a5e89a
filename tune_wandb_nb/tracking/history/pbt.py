"""Population based training: which trial has copied which."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["POLICIES", "RecordedCopy", "copied_from", "recorded_copies"]

POLICIES = "pbt_policy_*.txt"
"""In an experiment's folder, Tune's files of what each trial has copied."""
_FIELDS = 6


def copied_from(trial: "Trial", trials: Sequence["Trial"]) -> str | None:
    """Return the id of the other trial in whose folder the checkpoint lies: no hook reports it."""
    if trial.checkpoint is None:
        return None
    folder = PurePath(trial.checkpoint.path).parent.name
    if folder == PurePath(trial.path or "").name:
        return None
    return next((t.trial_id for t in trials if t.path and PurePath(t.path).name == folder), None)


@dataclass(frozen=True, slots=True)
class RecordedCopy:
    source_id: str
    config: Mapping[str, Any]


def recorded_copies(folder: Path, tags: Mapping[str, str]) -> dict[str, list[RecordedCopy]]:
    """Return trial id -> what the trial has copied, in the order of time; ``tags`` are tag -> id.

    A file begins with the lines of the copied trial's own file.
    """
    copies: dict[str, list[RecordedCopy]] = {}
    for trial_id in tags.values():
        for line in _lines(folder / POLICIES.replace("*", trial_id)):
            # The last ones: both iterations, the copied and the new config.
            target, source, _, _, _, config = line
            if tags.get(str(target)) == trial_id and str(source) in tags:
                copies.setdefault(trial_id, []).append(RecordedCopy(tags[str(source)], config))
    return copies


def _lines(file: Path) -> Iterator[list[Any]]:
    try:
        texts = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for text in texts:
        with suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, list) and len(line) == _FIELDS and isinstance(line[-1], dict):
                yield line
