from collections.abc import Mapping
from keyword import iskeyword

from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Distribution, Grid, Kept
from tune_wandb_nb.search_space.distributions.code_layout import (
    Brackets,
    Source,
    dictionary,
    render,
    value,
)
from tune_wandb_nb.search_space.distributions.names import nest
from tune_wandb_nb.search_space.distributions.values import SpaceError, literal

__all__ = ["space_source", "to_code"]


def to_code(parameters: Mapping[str, Distribution], *, variable: str, kept_from: str | None) -> str:
    if not variable.isidentifier() or iskeyword(variable):
        raise SpaceError(
            f"the variable must be a name of Python such as param_space, but it is {variable!r}."
        )
    lines = render(f"{variable} = ", space_source(parameters, kept_from))
    uses_tune = any(
        not isinstance(distribution, Constant | Kept) for distribution in parameters.values()
    )
    return "\n".join([*(["from ray import tune", ""] if uses_tune else []), *lines, ""])


def space_source(parameters: Mapping[str, Distribution], kept_from: str | None) -> Source:
    return dictionary(
        nest((n, _call(n, distribution, kept_from)) for n, distribution in parameters.items())
    )


def _call(name: str, distribution: Distribution, kept_from: str | None) -> Source:
    if isinstance(distribution, Kept):
        if kept_from is None:
            raise SpaceError(
                f"{distribution.title} cannot be written as code; say in which dictionary the code"
                ' finds it: to_code(kept_from="my_param_space").',
                parameter=name,
            )
        return kept_from + "".join(f"[{literal(key)}]" for key in name.split("/"))
    if isinstance(distribution, Constant):
        return value(distribution.value)
    if isinstance(distribution, Choice | Grid):
        function = "choice" if isinstance(distribution, Choice) else "grid_search"
        return Brackets(f"tune.{function}(", (("", value(list(distribution.values))),), ")")
    arguments = tuple(("", literal(value)) for value in distribution.arguments().values())
    return Brackets(f"tune.{distribution.kind}(", arguments, ")")
