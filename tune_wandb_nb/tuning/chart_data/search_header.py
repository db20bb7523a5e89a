from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.importance import ImportanceData
from tune_wandb_nb.tuning.chart_data.param_columns import ParamColumns

__all__ = ["SearchContext", "search_header"]

_ERROR_LONGEST = 4000
_MOST_IMPORTANCES = 30


@dataclass(frozen=True, slots=True)
class SearchContext:
    can_stop: bool = False
    can_stop_trials: bool = False
    is_stopping: bool = False
    importance: ImportanceData | None = None
    links: tuple[tuple[str, str], ...] = ()
    url_of: Callable[[str], str | None] | None = None


def search_header(
    snapshot: BoardSnapshot, params: ParamColumns, context: SearchContext
) -> dict[str, Any]:
    is_running = snapshot.is_running
    importance = context.importance
    rows = importance.rows[:_MOST_IMPORTANCES] if importance else ()
    return {
        "name": snapshot.name,
        "objectives": [
            {"metric": objective.metric, "mode": objective.mode}
            for objective in snapshot.objectives
            if objective.mode is not None
        ],
        "metrics": list(snapshot.metrics),
        "params": params.header(),
        "counts": dict(snapshot.counts),
        "expected": snapshot.expected,
        "started": snapshot.started,
        "ended": snapshot.ended,
        "now": snapshot.now,
        "canStop": context.can_stop and is_running,
        "canStopTrials": context.can_stop_trials and is_running,
        "stopping": context.is_stopping and is_running,
        "note": snapshot.note,
        "error": snapshot.error[:_ERROR_LONGEST] if snapshot.error is not None else None,
        "dropped": snapshot.total - len(snapshot.trials),
        "importance": [{"name": row.name, "value": round(row.share, 4)} for row in rows],
        "importanceNote": _importance_note(importance),
        "columns": list(snapshot.steps),
        "links": [{"text": text, "url": url} for text, url in context.links],
    }


def _importance_note(importance: ImportanceData | None) -> str:
    if importance is None:
        return "Importance appears when four trials have finished."
    mark = "preliminary, " if importance.preliminary else ""
    return f"{mark}{importance.method} over {importance.trials} trials"
