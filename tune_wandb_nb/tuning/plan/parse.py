"""What a person types, as numbers and values."""

import ast
import math
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from tune_wandb_nb.search_space.distributions.values import (
    NotPlainError,
    SpaceError,
    literal,
    plain,
    whole,
)

__all__ = [
    "format_values",
    "parse_integer",
    "parse_number",
    "parse_value",
    "parse_values",
    "split_names",
]

_MAX_LENGTH = 200_000  # enough for a choice of ten thousand floats
_QUOTES = "'\""
_OPENING, _CLOSING = "([{", ")]}"
# Text in quotes, a word (which may hold an apostrophe), or any other character.
_PART = re.compile(
    r"""[bru]{0,2}(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|[^\s,:'"()[\]{}][^\s,:()[\]{}]*|.""",
    re.DOTALL | re.IGNORECASE,
)
_LOOKALIKES = {"true": "True", "false": "False", "none": "None", "null": "None"}
_NON_FINITE = ("nan", "inf", "infinity")


def parse_number(text: str, field: str = "value") -> float:
    """Raises SpaceError, as all parsers here do."""
    typed = _required_text(text, field, "a number such as 0.001 or 1e-3")
    try:
        number = float(typed)
    except ValueError:
        has_comma = re.fullmatch(r"-?\d+,\d+", typed)
        hint = "write the point as in 0.1" if has_comma else "write one such as 64 or 1e-3"
        raise SpaceError(
            f"{field} must be a number, but it is {typed!r:.80}; {hint}.", field=field
        ) from None
    if not math.isfinite(number):
        raise SpaceError(
            f"{field} must be a finite number, but it is {typed!r:.80}; write one between -1.7e308"
            " and 1.7e308.",
            field=field,
        )
    return number


def parse_integer(text: str, field: str = "value") -> int:
    """Such as "64", "1_000", "1e3"."""
    number = parse_number(text, field)
    try:
        return int(text)  # a float loses digits of a large number
    except ValueError:
        return whole(field, number)


def parse_value(text: str, field: str = "value") -> Any:
    """A Python literal, or a bare word."""
    typed = _required_text(text, field, "a value, '' for an empty text")
    pieces = list(_split_at_commas(typed, field))
    if len(pieces) > 1 and _literal(typed) is None:
        raise SpaceError(
            f"{field} must be one value, but it is {typed!r:.80}; put quotes around a text with"
            " commas.",
            field=field,
        )
    return _value(typed, field)


def parse_values(text: str, field: str = "values") -> tuple[Any, ...]:
    """Such as "relu, 'a, b', 1e-3"; brackets around it are optional."""
    typed = _required_text(text, field, "at least one value, with commas between them")
    pieces = list(_split_at_commas(typed, field))
    if len(pieces) == 1 and pieces[0].startswith("[") and pieces[0].endswith("]"):
        pieces = list(
            _split_at_commas(_required_text(typed[1:-1], field, "at least one value"), field)
        )
    if len(pieces) > 1 and not pieces[-1]:
        pieces.pop()  # after a trailing comma
    return tuple(
        _value(_required_text(p, field, "something between two commas"), field) for p in pieces
    )


def format_values(values: Iterable[Any]) -> str:
    """Return what `parse_values` reads."""
    literals = [literal(value) for value in values]
    # The brackets of a single list would be read as those of the list of values.
    is_single_list = len(literals) == 1 and literals[0].startswith("[")
    return f"[{literals[0]}]" if is_single_list else ", ".join(literals)


def split_names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _required_text(text: str, field: str, wanted: str) -> str:
    typed = text.strip()
    if not typed:
        raise SpaceError(f"{field} is empty; write {wanted}.", field=field)
    if len(typed) > _MAX_LENGTH:
        raise SpaceError(
            f"{field} must have at most {_MAX_LENGTH} characters, but it has {len(typed)}; give"
            " long lists by param_space.",
            field=field,
        )
    return typed


def _split_at_commas(text: str, field: str) -> Iterator[str]:
    """Outside of quotes and brackets."""
    start, unclosed = 0, ""
    for match in _PART.finditer(text):
        part = match[0]
        if part in _OPENING:
            unclosed += part
        elif part in _CLOSING:
            if unclosed[-1:] != _OPENING[_CLOSING.index(part)]:
                raise _unbalanced(text, part, field)
            unclosed = unclosed[:-1]
        elif part in _QUOTES:  # one without a partner
            raise _unbalanced(text, part, field)
        elif part[-1] in _QUOTES and re.match(r"\s+[bru]{0,2}['\"]", text[match.end() :]):
            raise SpaceError(
                f"{field} must have commas between its values, but one is missing behind"
                f" {part!r:.80}; add it.",
                field=field,
            )
        elif part == "," and not unclosed:
            yield text[start : match.start()].strip()
            start = match.end()
    if unclosed:
        raise _unbalanced(text, unclosed[-1], field)
    yield text[start:].strip()


def _unbalanced(text: str, character: str, field: str) -> SpaceError:
    return SpaceError(
        f"quotes and brackets must come in pairs, but in {text!r:.80} {character} has no partner;"
        " add it, or put the text in quotes.",
        field=field,
    )


def _literal(typed: str) -> tuple[Any] | None:
    try:
        with warnings.catch_warnings():
            # Python warns of "\d" and "1is".
            warnings.simplefilter("ignore")
            return (ast.literal_eval(typed),)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _value(typed: str, field: str) -> Any:
    parsed = _literal(typed)
    if parsed is not None:
        try:
            return plain(parsed[0], field=field)
        except NotPlainError as error:
            raise SpaceError(f"{error.message} Typed was {typed!r:.80}.", field=field) from None
    word = typed.lower().lstrip("+-")
    suggestion = _LOOKALIKES.get(word, "a finite number" if word in _NON_FINITE else None)
    if suggestion is not None:
        raise SpaceError(
            f"{field} must be Python's values or plain words, but {typed!r} is neither; write"
            f" {suggestion}, or {literal(typed)} for the text.",
            field=field,
        )
    if typed[0] in _QUOTES or set(typed) & set(_OPENING + _CLOSING) or not typed.isprintable():
        raise SpaceError(
            f"{field} must be Python's values or plain words, but {typed!r:.80} is neither; put"
            " quotes around a text.",
            field=field,
        )
    return typed
