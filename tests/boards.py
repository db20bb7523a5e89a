"""Boards of searches that never ran, for tests of what is shown of a search."""

from __future__ import annotations

import math

import numpy as np

from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot


def result(iteration: int, **metrics: object) -> dict[str, object]:
    return {"training_iteration": iteration, "time_total_s": iteration * 0.5, **metrics}


WORDS = ("relu", "tanh", "gelu")


def search(trials: int, results: int = 3, mode: str = "max") -> BoardSnapshot:
    """A search in which lr matters most, act somewhat and noise not at all."""
    random = np.random.default_rng(0)
    board = TrialBoard("score", mode)
    for i in range(trials):
        params = {
            "lr": float(10 ** random.uniform(-5, -1)),
            "act": WORDS[i % 3],
            "noise": float(random.uniform()),
            "constant": 7,
        }
        board.add(f"t{i}", name=f"trial_{i}", params=params)
        score = -abs(math.log10(params["lr"]) + 2) + 0.2 * (i % 3)
        for step in range(1, results + 1):
            board.record(
                f"t{i}",
                {"training_iteration": step, "time_total_s": step / 2, "score": score * 3 / step},
            )
        board.change(f"t{i}", "done")
    return board.snapshot()
