"""Folders of experiments as Tune writes them, without a search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

START = 1_700_000_000


def write_trial(
    folder: Path, trial_id: str, *results: dict[str, Any], error: str = "", **config: Any
) -> Path:
    """Write the folder of a trial; a result's time is its iteration unless it has its own."""
    home = folder / f"train_{trial_id}_x"
    home.mkdir(parents=True, exist_ok=True)
    (home / "params.json").write_text(json.dumps(config))
    rows = [
        {
            "trial_id": trial_id,
            "timestamp": START + result["training_iteration"],
            "time_this_iter_s": 1.0,
            "time_total_s": float(result["training_iteration"]),
            "pid": 7,
            "node_ip": "10.0.0.1",
            "config": config,
            **result,
        }
        for result in results
    ]
    (home / "result.json").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    if error:
        (home / "error.txt").write_text(error)
    return home


def write_state(
    folder: Path,
    *,
    metric: str | None = "loss",
    tags: Mapping[str, str] = MappingProxyType({}),
    **statuses: str,
) -> Path:
    """Write the state of a search: trial id -> status, and its tag where it has one."""
    folder.mkdir(parents=True, exist_ok=True)
    trials = [
        {"trial_id": name, "status": status, "experiment_tag": tags.get(name)}
        for name, status in statuses.items()
    ]
    state = {
        "trial_data": [[json.dumps(trial), "{}"] for trial in trials],
        "runner_data": {"_metric": metric},
        "stats": {"start_time": START - 5.0},
    }
    file = folder / "experiment_state-2026-01-01_00-00-00.json"
    file.write_text(json.dumps(state))
    return file


def losses(*values: float, first: int = 1) -> list[dict[str, Any]]:
    return [{"training_iteration": i, "loss": v} for i, v in enumerate(values, start=first)]
