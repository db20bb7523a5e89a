import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["with_open_run"]

_NO_PROJECT = "uncategorized"


def with_open_run(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a logger's arguments, with project and entity of ``wandb.run`` where it has none.

    Whoever has called ``wandb.init(project="p")`` in the notebook expects the search beside it.
    """
    run = getattr(sys.modules.get("wandb"), "run", None)
    if run is None or run.disabled:
        return arguments
    project = None if run.project == _NO_PROJECT else run.project
    found = {"project": project, "entity": run.entity}
    missing = {name: value for name, value in found.items() if value and not arguments.get(name)}
    return {**arguments, **missing}
