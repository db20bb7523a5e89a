"""Which worker of a distributed training this process is."""

import sys
from typing import Any

__all__ = ["older_session", "train_experiment", "train_rank"]


def train_rank() -> int:
    """Return the rank of this worker of Ray Train; 0 for every other process.

    Asks Ray Train's current API (a worker knows its context) and the older one (it has a session).
    Nothing is imported: a worker of Ray Train has its modules already.
    """
    context = _current_context()
    if context is not None:
        return int(context.get_world_rank())
    return int(getattr(older_session(), "world_rank", None) or 0)


def train_experiment() -> str | None:
    """Return the name of the Ray Train run that this process is a worker of, or None."""
    context = _current_context()
    return str(context.get_experiment_name()) if context is not None else None


def older_session() -> Any:
    """Return the session that Tune's functions have, and the workers of the older Ray Train."""
    module = sys.modules.get("ray.train._internal.session")
    return module.get_session() if module is not None else None


def _current_context() -> Any:
    module = sys.modules.get("ray.train.v2._internal.execution.context")
    if module is None:
        return None
    try:
        return module.get_train_context()
    except RuntimeError:
        # So it says outside of a training.
        return None
