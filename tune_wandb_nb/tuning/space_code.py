"""A search space as the Python source that makes it, formatted as ruff and black do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, TypeAlias, Union

from tune_wandb_nb.tuning.distributions import Choice, Constant, Distribution, Grid, Kept
from tune_wandb_nb.tuning.names import nest
from tune_wandb_nb.tuning.values import SpaceError, literal

__all__ = ["to_code"]

_WIDTH = 88
_INDENT = "    "


def to_code(parameters: Mapping[str, Distribution], *, variable: str, kept_from: str | None) -> str:
    """Write the source, its import included.

    Raises:
        SpaceError: something is kept as it is, and ``kept_from`` does not say where it is found.
    """
    if not variable.isidentifier() or iskeyword(variable):
        raise SpaceError(
            f"the variable must be a name of Python such as param_space, but it is {variable!r}."
        )
    entries = nest((name, _call(name, found, kept_from)) for name, found in parameters.items())
    lines = _render(f"{variable} = ", _dictionary(entries), "", "")
    uses_tune = any(not isinstance(found, Constant | Kept) for found in parameters.values())
    return "\n".join([*(["from ray import tune", ""] if uses_tune else []), *lines, ""])


@dataclass(frozen=True, slots=True)
class _Brackets:
    """Source in brackets that may be broken into lines; each part has a label such as '"lr": '."""

    opening: str
    parts: "tuple[tuple[str, _Source], ...]"
    closing: str
    always_broken: bool = False

    @property
    def is_call(self) -> bool:
        return self.closing == ")" and self.opening != "("

    def __str__(self) -> str:
        end = "," if self.opening == "(" and len(self.parts) == 1 else ""
        return f"{self.opening}{_joined(self.parts)}{end}{self.closing}"


_Source: TypeAlias = Union[str, _Brackets]  # noqa: UP007


def _call(name: str, found: Distribution, kept_from: str | None) -> _Source:
    if isinstance(found, Kept):
        if kept_from is None:
            raise SpaceError(
                f"{found.title} cannot be written as code; say in which dictionary the code finds"
                ' it: to_code(kept_from="my_param_space").',
                parameter=name,
            )
        return kept_from + "".join(f"[{literal(key)}]" for key in name.split("/"))
    if isinstance(found, Constant):
        return _value(found.value)
    if isinstance(found, Choice | Grid):
        function = "choice" if isinstance(found, Choice) else "grid_search"
        return _Brackets(f"tune.{function}(", (("", _value(list(found.values))),), ")")
    arguments = tuple(("", literal(value)) for value in found.arguments().values())
    return _Brackets(f"tune.{found.kind}(", arguments, ")")


def _value(value: Any) -> _Source:
    if isinstance(value, dict) and value:
        return _Brackets("{", tuple((f"{literal(k)}: ", _value(v)) for k, v in value.items()), "}")
    if isinstance(value, list | tuple) and value:
        opening, closing = "[]" if isinstance(value, list) else "()"
        return _Brackets(opening, tuple(("", _value(item)) for item in value), closing)
    return literal(value)


def _dictionary(entries: Mapping[str, Any]) -> _Source:
    parts = tuple(
        (f"{literal(key)}: ", _dictionary(entry) if isinstance(entry, dict) else entry)
        for key, entry in entries.items()
    )
    return _Brackets("{", parts, "}", always_broken=True) if parts else "{}"


def _joined(parts: "tuple[tuple[str, _Source], ...]") -> str:
    return ", ".join(f"{label}{part}" for label, part in parts)


def _render(label: str, source: _Source, indent: str, end: str) -> Iterable[str]:
    """Yield the lines of a piece of source, with what stands before and behind it."""
    if isinstance(source, str) or (
        len(f"{indent}{label}{source}{end}") <= _WIDTH and not source.always_broken
    ):
        yield f"{indent}{label}{source}{end}"
        return
    yield f"{indent}{label}{source.opening}"
    deeper = indent + _INDENT
    together = deeper + _joined(source.parts)
    if source.is_call and len(together) <= _WIDTH:
        yield together
    else:
        comma = "" if source.is_call and len(source.parts) == 1 else ","
        for inner_label, part in source.parts:
            yield from _render(inner_label, part, deeper, comma)
    yield f"{indent}{source.closing}{end}"
