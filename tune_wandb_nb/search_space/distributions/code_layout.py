"""Python source with the line breaks of ruff and black."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

from tune_wandb_nb.search_space.distributions.values import literal

__all__ = ["Brackets", "Source", "call", "dictionary", "render", "value"]

_WIDTH = 88
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Brackets:
    """A part has a label, such as '"lr": '."""

    opening: str
    parts: "tuple[tuple[str, Source], ...]"
    closing: str
    always_broken: bool = False

    @property
    def is_call(self) -> bool:
        return self.closing == ")" and self.opening != "("

    @property
    def must_break(self) -> bool:
        return self.always_broken or any(
            isinstance(part, Brackets) and part.must_break for _, part in self.parts
        )

    def __str__(self) -> str:
        end = "," if self.opening == "(" and len(self.parts) == 1 else ""
        return f"{self.opening}{_joined(self.parts)}{end}{self.closing}"


Source: TypeAlias = Union[str, Brackets]  # noqa: UP007


def value(data: Any) -> Source:
    if isinstance(data, dict) and data:
        return Brackets("{", tuple((f"{literal(k)}: ", value(v)) for k, v in data.items()), "}")
    if isinstance(data, list | tuple) and data:
        opening, closing = "[]" if isinstance(data, list) else "()"
        return Brackets(opening, tuple(("", value(item)) for item in data), closing)
    return literal(data)


def call(function: str, *positional: Source, **named: Source) -> Brackets:
    parts = [("", part) for part in positional]
    parts += [(f"{name}=", part) for name, part in named.items()]
    return Brackets(f"{function}(", tuple(parts), ")")


def dictionary(entries: Mapping[str, Any]) -> Source:
    parts = tuple(
        (f"{literal(key)}: ", dictionary(entry) if isinstance(entry, dict) else entry)
        for key, entry in entries.items()
    )
    return Brackets("{", parts, "}", always_broken=True) if parts else "{}"


def render(label: str, source: Source, indent: str = "", end: str = "") -> Iterator[str]:
    if isinstance(source, str) or (
        len(f"{indent}{label}{source}{end}") <= _WIDTH and not source.must_break
    ):
        yield f"{indent}{label}{source}{end}"
        return
    yield f"{indent}{label}{source.opening}"
    deeper = indent + _INDENT
    parts_on_one_line = deeper + _joined(source.parts)
    if source.is_call and len(parts_on_one_line) <= _WIDTH and not source.must_break:
        yield parts_on_one_line
    else:
        # The only argument of a call gets no trailing comma.
        comma = "" if source.is_call and len(source.parts) == 1 else ","
        for inner_label, part in source.parts:
            yield from render(inner_label, part, deeper, comma)
    yield f"{indent}{source.closing}{end}"


def _joined(parts: Iterable[tuple[str, Source]]) -> str:
    return ", ".join(f"{label}{part}" for label, part in parts)
