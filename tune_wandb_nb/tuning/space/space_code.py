"""A search space as the Python source that makes it, formatted as ruff and black do."""

from collections.abc import Mapping
from keyword import iskeyword

from tune_wandb_nb.tuning.distributions.base import Choice, Constant, Distribution, Grid, Kept
from tune_wandb_nb.tuning.distributions.code_layout import (
    Brackets,
    Source,
    dictionary,
    render,
    value,
)
from tune_wandb_nb.tuning.distributions.names import nest
from tune_wandb_nb.tuning.distributions.values import SpaceError, literal

__all__ = ["space_source", "to_code"]


def to_code(parameters: Mapping[str, Distribution], *, variable: str, kept_from: str | None) -> str:
    """Write the source, its import included.

    Raises:
        SpaceError: something is kept as it is, and ``kept_from`` does not say where it is found.
    """
    if not variable.isidentifier() or iskeyword(variable):
        raise SpaceError(
            f"the variable must be a name of Python such as param_space, but it is {variable!r}."
        )
    lines = render(f"{variable} = ", space_source(parameters, kept_from))
    uses_tune = any(not isinstance(found, Constant | Kept) for found in parameters.values())
    return "\n".join([*(["from ray import tune", ""] if uses_tune else []), *lines, ""])


def space_source(parameters: Mapping[str, Distribution], kept_from: str | None) -> Source:
    """Return the dictionary of a space as source.

    Raises:
        SpaceError: as for `to_code`.
    """
    return dictionary(nest((n, _call(n, found, kept_from)) for n, found in parameters.items()))


def _call(name: str, found: Distribution, kept_from: str | None) -> Source:
    if isinstance(found, Kept):
        if kept_from is None:
            raise SpaceError(
                f"{found.title} cannot be written as code; say in which dictionary the code finds"
                ' it: to_code(kept_from="my_param_space").',
                parameter=name,
            )
        return kept_from + "".join(f"[{literal(key)}]" for key in name.split("/"))
    if isinstance(found, Constant):
        return value(found.value)
    if isinstance(found, Choice | Grid):
        function = "choice" if isinstance(found, Choice) else "grid_search"
        return Brackets(f"tune.{function}(", (("", value(list(found.values))),), ")")
    arguments = tuple(("", literal(value)) for value in found.arguments().values())
    return Brackets(f"tune.{found.kind}(", arguments, ")")
