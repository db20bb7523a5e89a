import os
from collections.abc import Mapping, Sequence
from typing import Any

from tune_wandb_nb.search_space.inspection.detect import reported_metrics
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tracking.broker.login import login
from tune_wandb_nb.tracking.settings.config_entry import entry_of
from tune_wandb_nb.tuning.form.setup_fields import (
    DEFAULTS,
    WANDB_TEXTS,
    WANDB_TICKS,
    likely_mode,
)
from tune_wandb_nb.tuning.plan.parse import split_names
from tune_wandb_nb.widgets.experiment import key_of_entry

__all__ = ["as_texts", "initial_space", "initial_texts", "likely_modes"]

_FROM_ENTRY = (*WANDB_TEXTS, *WANDB_TICKS)


def initial_space(trainable: Any, param_space: Mapping[str, Any] | None) -> SearchSpace:
    if param_space is not None:
        return SearchSpace.from_param_space(param_space)
    return SearchSpace() if trainable is None else SearchSpace.from_trainable(trainable)


def initial_texts(trainable: Any, param_space: Mapping[str, Any] | None) -> dict[str, str]:
    """A key in the ``wandb`` entry goes to `login`."""
    projects = [os.environ.get(name) for name in ("WANDB_PROJECT", "WANDB_PROJECT_NAME")]
    texts = as_texts({"project": next(filter(None, projects), None)})
    metrics = reported_metrics(trainable) if trainable is not None else ()
    if metrics:
        texts |= {"metric": metrics[0], "mode": likely_mode(metrics[0])}
    entry = entry_of(param_space) if param_space is not None else None
    if isinstance(entry, Mapping):
        # Tune may sample a value for each trial.
        fixed = {name: entry.get(name) for name in _FROM_ENTRY}
        texts |= as_texts(
            {n: v for n, v in fixed.items() if isinstance(v, str | list | tuple | bool)}
        )
        if entry.get("mode") == "offline":
            texts["offline"] = "yes"
        key = key_of_entry(entry)
        if key is not None:
            login(key.reveal(), host=entry.get("host"))
    return texts


def likely_modes(metric: str | Sequence[str] | None) -> list[str] | None:
    """None without a metric."""
    if metric is None:
        return None
    names = split_names(metric if isinstance(metric, str) else ", ".join(metric))
    return [likely_mode(name) for name in names] or None


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Raises TypeError."""
    for name in values:
        if name not in DEFAULTS:
            hint = " A key is given to tw.login()." if "key" in name else ""
            raise TypeError(
                f"SetupPanel has no field {name!r:.60}; it has {', '.join(DEFAULTS)}.{hint}"
            )
    return {name: _as_text(value) for name, value in values.items() if value is not None}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
