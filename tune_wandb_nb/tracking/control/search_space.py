from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from tune_wandb_nb.search_space.distributions.base import Constant
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.space.space import SearchSpace

__all__ = ["sweep_config", "varied_params"]


def sweep_config(
    param_space: Mapping[str, Any],
    metric: str | None,
    mode: str,
    *,
    say: Callable[[str], None],
) -> dict[str, Any] | None:
    """Return None where a sweep can express nothing of the space."""

    def leave_out(text: str) -> None:
        say(f"left out of the W&B sweep: {text}")

    goal = cast("Literal['min', 'max']", mode if mode in ("min", "max") else "min")
    try:
        space = SearchSpace.from_param_space(param_space)
        return space.to_sweep_config(metric, goal, leave_out=leave_out)
    except SpaceError:
        # The space may be in the search algorithm only.
        return None


def varied_params(param_space: Mapping[str, Any]) -> dict[str, bool]:
    """Return name -> whether it varies logarithmically."""
    try:
        space = SearchSpace.from_param_space(param_space)
    except SpaceError:
        return {}
    varied = {name: each for name, each in space.items() if not isinstance(each, Constant)}
    return {name: bool(getattr(each, "log", False)) for name, each in varied.items()}
