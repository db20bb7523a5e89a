"""Reads what an upload has done: the table of `sync_runs`, and the rows on the wire server."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tests.wire import WireServer

__all__ = ["Sync", "states", "steps"]

Sync = Callable[..., pd.DataFrame]


def steps(server: WireServer, run_id: str) -> list[int]:
    run = next(run for run in server.runs.values() if run.run_id == run_id)
    assert [row["value"] for row in run.rows] == [row["_step"] * 0.5 for row in run.rows]
    return [row["_step"] for row in run.rows]


def states(table: pd.DataFrame) -> dict[str, str]:
    return dict(zip(table["run_id"], table["state"], strict=True))
