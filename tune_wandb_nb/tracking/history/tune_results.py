"""Reads a trial's results from Tune's ``result.json``, which has one line for each report."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.results.media import is_number
from tune_wandb_nb.tracking.results.rows import Row, TrialRows, with_timestamp

__all__ = ["RESULTS", "Replayed", "newest_results", "replay"]

RESULTS = "result.json"
"""The name of the results file in a trial's folder."""


def newest_results(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the results of a trial, each iteration once; the newest if an iteration was repeated.

    Incomplete lines and missing files are skipped. The files are read twice, so that the results of
    a long trial need not be held in memory.

    Args:
        files: The files of one trial, the oldest first. A restored search writes a new file.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / RESULTS
        >>> with file.open("w") as lines:
        ...     for i, loss in [(1, 0.5), (2, 0.4), (2, 0.3)]:
        ...         print(json.dumps({"training_iteration": i, "loss": loss}), file=lines)
        >>> [result["loss"] for result in newest_results([file])]
        [0.5, 0.3]
    """
    newest: dict[Any, int] = {}
    for number, result in enumerate(_lines(files)):
        newest[result.get("training_iteration", number)] = number
    chosen = set(newest.values())
    for number, result in enumerate(_lines(files)):
        if number in chosen:
            yield result


def _lines(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        try:
            file = path.open(encoding="utf-8", errors="replace")
        except OSError:
            continue
        with file:
            for line in file:
                try:
                    result = json.loads(line)
                except ValueError:
                    continue
                if isinstance(result, dict):
                    yield result


@dataclass(slots=True)
class Replayed:
    """What `replay` has seen: the results it was given come to this config and summary."""

    reported: int = 0
    """How many results there were."""
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    last_values: dict[str, Any] = field(default_factory=dict)
    """The last number of each metric."""
    is_out_of_order: bool = False
    """Whether a row was written that comes before one that was recorded already."""


def replay(
    results: Iterable[Mapping[str, Any]],
    rows: TrialRows,
    *,
    is_recorded: Callable[[int], bool],
    write: Callable[[Row], None],
    before: int | None = None,
) -> Replayed:
    """Turn Tune's results into rows once more, and write those that a run lacks.

    Args:
        results: The results of one trial from the first on, as `newest_results` yields them.
        rows: Turns the trial's results into rows; new, since every result passes through it.
        is_recorded: Tells of an iteration whether the run has its row.
        write: Writes a missing row, which has the time of its result.
        before: The iteration at which to stop; None for all.
    """
    replayed = Replayed()
    has_written = False
    for number, result in enumerate(results, start=1):
        row = with_timestamp(rows.row(result), result)
        iteration = number if row.step is None else row.step
        if before is not None and iteration >= before:
            continue
        replayed.reported = number
        replayed.config |= row.config
        replayed.summary |= row.summary
        replayed.last_values |= {k: value for k, value in row.metrics.items() if is_number(value)}
        if is_recorded(iteration):
            replayed.is_out_of_order = replayed.is_out_of_order or has_written
        else:
            has_written = True
            write(row)
    return replayed
