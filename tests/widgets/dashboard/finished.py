"""A dashboard of a finished search, and a stand-in for its logger."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tune_wandb_nb import Dashboard
from tune_wandb_nb.tuning.board.board import TrialBoard


class Tracker:
    """The part of a `WandbLogger` that a dashboard uses."""

    host: str | None = None

    def __init__(self, mode: str | None, path: str = "some where/wandb/offline-run-1-a") -> None:
        self.mode = mode
        self.path = path
        base = "http://127.0.0.1:1/e/p" if mode == "online" else None
        self.project_url = base
        self.group_url = base and f"{base}/groups/g/workspace"

    def run_url(self, trial_id: str) -> str | None:
        return self.project_url and f"{self.project_url}/runs/{trial_id}"

    def audit(self) -> pd.DataFrame:
        return pd.DataFrame({"path": [self.path], "mode": [self.mode], "state": ["finished"]})


def filled(tracker: Any = None, trials: int = 5) -> Dashboard:
    board = TrialBoard("m", "max")
    board.begin(expected=trials)
    for i in range(trials):
        board.add(f"t{i}", name=f"trial_{i}", params={"lr": 0.1 * i})
        board.record(f"t{i}", {"training_iteration": 1, "m": float(i)})
        board.change(f"t{i}", "done")
    board.end()
    return Dashboard(tracker, board=board)
