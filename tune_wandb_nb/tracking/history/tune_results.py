"""Reads the results that Tune has written of a trial: its ``result.json``, a line a report."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["RESULTS", "newest_results"]

RESULTS = "result.json"
"""What Tune calls the file in a trial's folder."""


def newest_results(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield what was reported, each iteration once: of those that Tune repeats, the newest.

    What is no whole line yet, and a file that is not there, is left out. The files are read twice,
    so that a long trial's results need not be held in memory.

    Args:
        files: The files of one trial, the oldest first: a restored search writes a new one.

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
