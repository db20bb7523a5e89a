"""The objectives and types of a search, in a file beside Tune's."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tune_wandb_nb.search_space.space.params import ParamType
from tune_wandb_nb.tracking.history.tune_experiment import DESCRIPTION
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot

__all__ = ["read_description", "write_description"]


def write_description(snapshot: BoardSnapshot, folder: str) -> None:
    described = {
        "objectives": [[objective.metric, objective.mode] for objective in snapshot.objectives],
        "params": {name: asdict(kind) for name, kind in snapshot.types.items()},
    }
    with suppress(OSError, ValueError):
        Path(folder, DESCRIPTION).write_text(json.dumps(described), encoding="utf-8")


def read_description(board: TrialBoard, folder: Path) -> None:
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        pairs = [(str(metric), mode) for metric, mode in described["objectives"]]
        types = {str(name): _type_of(kind) for name, kind in described["params"].items()}
        modes = [mode for _, mode in pairs if mode is not None]
        board.judge_by([metric for metric, _ in pairs], modes)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, SettingsError):
        return
    board.use_types(types)


def _type_of(kind: Mapping[str, Any]) -> ParamType:
    values = kind["values"]
    return ParamType(
        None if values is None else tuple(values), bool(kind["log"]), bool(kind["integer"])
    )
