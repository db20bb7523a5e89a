"""Lays out what a benchmark has measured, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

__all__ = ["markdown_table"]


def markdown_table(
    head: str, columns: Iterable[str], rows: Sequence[tuple[str, Callable[[str], str]]]
) -> str:
    """Write a heading and a table: a row is its label, and what it has in a column of a name."""
    names = list(columns)
    lines = [head, "", "| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    lines += [f"| {label} | " + " | ".join(map(value, names)) + " |" for label, value in rows]
    return "\n".join(lines)
