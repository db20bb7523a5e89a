import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.results.media import is_number
from tune_wandb_nb.tracking.results.rows import Row, TrialRows, with_timestamp

__all__ = ["RESULTS", "Replayed", "newest_results", "replay"]

RESULTS = "result.json"


def newest_results(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the newest result of each iteration.

    The files, the oldest first, are read twice: the results of a long trial need much memory.
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
    reported: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    last_values: dict[str, Any] = field(default_factory=dict)
    is_out_of_order: bool = False


def replay(
    results: Iterable[Mapping[str, Any]],
    rows: TrialRows,
    *,
    is_recorded: Callable[[int], bool],
    write: Callable[[Row], None],
    before: int | None = None,
) -> Replayed:
    """Write the rows that a run lacks, up to the iteration ``before``; ``rows`` must be new."""
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
