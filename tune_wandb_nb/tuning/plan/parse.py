"""What a person types into a field, read: numbers, values, choices and names, and written back."""

import ast
import math
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from tune_wandb_nb.tuning.distributions.names import check_name
from tune_wandb_nb.tuning.distributions.number_checks import whole
from tune_wandb_nb.tuning.distributions.values import NotPlainError, SpaceError, literal, plain

__all__ = [
    "format_number",
    "format_value",
    "format_values",
    "parse_integer",
    "parse_name",
    "parse_number",
    "parse_value",
    "parse_values",
]

_LONGEST = 200_000  # a choice of ten thousand floats
_QUOTES = "'\""
_OPENING, _CLOSING = "([{", ")]}"
# Text in quotes, a word (which may hold an apostrophe), or a single other character.
_PIECE = re.compile(
    r"""[bru]{0,2}(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|[^\s,:'"()[\]{}][^\s,:()[\]{}]*|.""",
    re.DOTALL | re.IGNORECASE,
)
# Words that mean a value elsewhere: taken as text they would mislead without a sign.
_LOOKALIKES = {"true": "True", "false": "False", "none": "None", "null": "None"}
_NO_NUMBERS = ("nan", "inf", "infinity")


def parse_name(text: str) -> str:
    """Read a name.

    Raises:
        SpaceError: in words, if no hyperparameter can have it.

    Example:
        >>> parse_name(" optimizer/lr ")
        'optimizer/lr'
    """
    name = text.strip()
    check_name(name)
    return name


def parse_number(text: str, field: str = "value") -> float:
    """Read a number as Python writes it: "1e-4", "0.1", "1_000".

    Raises:
        SpaceError: in words, for text, NaN, infinity, and what is beyond a float.

    Example:
        >>> parse_number("1e-4")
        0.0001
    """
    typed = _typed(text, field, "a number such as 0.001 or 1e-3")
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
    """Read a whole number: "64", "1_000", "1e3".

    Raises:
        SpaceError: in words, for all that `parse_number` refuses, and for fractions.

    Example:
        >>> parse_integer("1e3")
        1000
    """
    number = parse_number(text, field)
    try:
        return int(text)  # exact, where a float has lost the last digits
    except ValueError:
        return whole(field, number)


def parse_value(text: str, field: str = "value") -> Any:
    """Read one value: a Python literal, or a bare word, which is text.

    Raises:
        SpaceError: in words, for what is neither, and for NaN and infinity.

    Example:
        >>> parse_value("(64, 64)"), parse_value("relu")
        ((64, 64), 'relu')
    """
    typed = _typed(text, field, "a value, '' for an empty text")
    pieces = list(_pieces(typed, field))
    if len(pieces) > 1 and not _is_literal(typed):
        raise SpaceError(
            f"{field} must be one value, but it is {typed!r:.80}; put quotes around a text with"
            " commas.",
            field=field,
        )
    return _value(typed, field)


def parse_values(text: str, field: str = "values") -> tuple[Any, ...]:
    """Read a list of values with commas between them: Python literals or bare words.

    Brackets around the whole list may be there or not.

    Raises:
        SpaceError: in words, for an empty list and for what `parse_value` refuses.

    Example:
        >>> parse_values("relu, 'a, b', 1e-3, None, (64, 64)")
        ('relu', 'a, b', 0.001, None, (64, 64))
    """
    typed = _typed(text, field, "at least one value, with commas between them")
    pieces = list(_pieces(typed, field))
    if len(pieces) == 1 and pieces[0].startswith("[") and pieces[0].endswith("]"):
        pieces = list(_pieces(_typed(typed[1:-1], field, "at least one value"), field))
    if len(pieces) > 1 and not pieces[-1]:
        pieces.pop()  # a comma at the end
    return tuple(_value(_typed(p, field, "something between two commas"), field) for p in pieces)


def format_number(number: float) -> str:
    """Write a number as `parse_number` and `parse_integer` read it."""
    return repr(number)


def format_value(value: Any) -> str:
    """Write a value as `parse_value` reads it."""
    return literal(value)


def format_values(values: Iterable[Any]) -> str:
    """Write values as `parse_values` reads them.

    Example:
        >>> print(format_values(["relu", None, [1, 2]]))
        "relu", None, [1, 2]
    """
    pieces = [literal(value) for value in values]
    alone = len(pieces) == 1 and pieces[0].startswith("[")
    return f"[{pieces[0]}]" if alone else ", ".join(pieces)


def _typed(text: str, field: str, wanted: str) -> str:
    typed = text.strip()
    if not typed:
        raise SpaceError(f"{field} is empty; write {wanted}.", field=field)
    if len(typed) > _LONGEST:
        raise SpaceError(
            f"{field} must have at most {_LONGEST} characters, but it has {len(typed)}; give long"
            " lists by param_space.",
            field=field,
        )
    return typed


def _pieces(text: str, field: str) -> Iterator[str]:
    """Yield what stands between commas, but not those inside quotes and brackets."""
    start, unclosed = 0, ""
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in _OPENING:
            unclosed += piece
        elif piece in _CLOSING:
            if unclosed[-1:] != _OPENING[_CLOSING.index(piece)]:
                raise _unbalanced(text, piece, field)
            unclosed = unclosed[:-1]
        elif piece in _QUOTES:  # alone: what a pair of quotes encloses is one piece
            raise _unbalanced(text, piece, field)
        elif piece[-1] in _QUOTES and re.match(r"\s+[bru]{0,2}['\"]", text[match.end() :]):
            raise SpaceError(
                f"{field} must have commas between its values, but one is missing behind"
                f" {piece!r:.80}; add it.",
                field=field,
            )
        elif piece == "," and not unclosed:
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


def _is_literal(typed: str) -> bool:
    return _literal(typed) is not None


def _literal(typed: str) -> tuple[Any] | None:
    """Return a Python literal's value in a tuple, None for what is none."""
    try:
        with warnings.catch_warnings():
            # "\d" and "1is" are warned of; they are read or refused all the same.
            warnings.simplefilter("ignore")
            return (ast.literal_eval(typed),)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _value(typed: str, field: str) -> Any:
    found = _literal(typed)
    if found is not None:
        try:
            return plain(found[0], field=field)
        except NotPlainError as error:
            raise SpaceError(f"{error.message} Typed was {typed!r:.80}.", field=field) from None
    word = typed.lower().lstrip("+-")
    meant = _LOOKALIKES.get(word, "a finite number" if word in _NO_NUMBERS else None)
    if meant is not None:
        raise SpaceError(
            f"{field} must be Python's values or plain words, but {typed!r} is neither; write"
            f" {meant}, or {literal(typed)} for the text.",
            field=field,
        )
    if typed[0] in _QUOTES or set(typed) & set(_OPENING + _CLOSING) or not typed.isprintable():
        raise SpaceError(
            f"{field} must be Python's values or plain words, but {typed!r:.80} is neither; put"
            " quotes around a text.",
            field=field,
        )
    return typed
