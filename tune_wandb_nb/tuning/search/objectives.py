"""Several objectives in a ``TuneConfig``, which Tune itself takes in a search algorithm only."""

import copy
from typing import Any

from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.objectives import objectives_of

__all__ = ["without_objectives"]


def without_objectives(tune_config: Any) -> Any:
    """Drop ``metric`` and ``mode`` of several objectives; raises SettingsError."""
    objectives = objectives_of(
        getattr(tune_config, "metric", None), getattr(tune_config, "mode", None)
    )
    if len(objectives) < 2:  # noqa: PLR2004 - one objective is what Tune takes
        return tune_config
    algorithm = tune_config.search_alg
    # An algorithm without a metric of its own would wait for Tune to give one.
    if algorithm is not None and getattr(algorithm, "metric", ()) is None:
        metrics, modes = [o.metric for o in objectives], [o.mode for o in objectives]
        raise SettingsError(
            f"with several metrics the search algorithm needs them, too, but this"
            f" {type(algorithm).__name__} has none; write"
            f" {type(algorithm).__name__}(metric={metrics}, mode={modes})."
        )
    plain = copy.copy(tune_config)
    plain.metric = plain.mode = None
    return plain
