"""A distribution as a small picture on its own scale, with the ends that it can draw."""

import math

from tune_wandb_nb.tuning.chart_data.wording import number, shorten
from tune_wandb_nb.tuning.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    Kept,
    Randn,
)
from tune_wandb_nb.tuning.distributions.ranges import Range, Steps
from tune_wandb_nb.widgets.base.markup import escape

__all__ = ["preview_html"]

_WIDTH, _HEIGHT = 110, 20
_MOST_BARS = 22
_BELL_SDS = 3


def preview_html(found: Distribution | None) -> str:
    """Draw a distribution; nothing for a row that is not right yet.

    Example:
        >>> from tune_wandb_nb.tuning.distributions.ranges import RandInt
        >>> "1 … 4" in preview_html(RandInt(1, 5))
        True
    """
    if found is None:
        return ""
    picture, caption = _drawn(found)
    svg = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        f' preserveAspectRatio="none" aria-hidden="true">{picture}</svg>'
    )
    return (
        f'<div class="twn-preview" title="{escape(caption)}">{svg}'
        f"<div>{escape(shorten(caption, 22))}</div></div>"
    )


def _drawn(found: Distribution) -> tuple[str, str]:
    if isinstance(found, Range):
        return _range(found)
    if isinstance(found, Randn):
        low, high = found.mean - _BELL_SDS * found.sd, found.mean + _BELL_SDS * found.sd
        return _bell(), f"{number(low)} … {number(high)}"
    if isinstance(found, Choice | Grid):
        picture = _bars(len(found.values), dots=isinstance(found, Grid))
        return picture, ", ".join(map(number, found.values))
    if isinstance(found, Constant):
        return _line(), number(found.value)
    return "", found.title if isinstance(found, Kept) else ""


def _range(found: Range) -> tuple[str, str]:
    last = found.upper - 1 if found.integer and not isinstance(found, Steps) else found.upper
    caption = f"{number(found.lower)} … {number(last)}" + (" · log" if found.log else "")
    if isinstance(found, Steps):
        return _steps([k * found.q for k in _few(found.first, found.last)], found.log), caption
    if found.integer:
        return _steps(_few(int(found.lower), int(last)), found.log), caption
    return _area(found), caption


def _few(first: int, last: int) -> list[float]:
    """Return the whole numbers of a range, or as many of them as can be told apart."""
    if last - first < _MOST_BARS:
        return [float(k) for k in range(first, last + 1)]
    return []


def _steps(values: list[float], log: bool) -> str:
    if not values:
        return _block(0, _WIDTH, 0.85)
    places = [math.log(v) for v in values] if log else values
    low, high = places[0], places[-1]
    span = (high - low) or 1.0
    width = max(1.5, min(6.0, _WIDTH / len(values) * 0.6))
    return "".join(_block((place - low) / span * (_WIDTH - width), width, 0.85) for place in places)


def _area(found: Range) -> str:
    """Draw an even area; on a log scale with a notch at each power of ten."""
    block = _block(0, _WIDTH, 0.85)
    if not found.log:
        return block
    low, high = math.log10(found.lower), math.log10(found.upper)
    decades = range(math.ceil(low), math.floor(high) + 1)
    if len(decades) > _MOST_BARS:
        return block
    return block + "".join(
        f'<rect class="notch" x="{(d - low) / (high - low) * _WIDTH - 0.5:.1f}" y="0"'
        f' width="1" height="{_HEIGHT}"/>'
        for d in decades
    )


def _bell() -> str:
    points = []
    for i in range(45):
        z = (i / 44 * 2 - 1) * _BELL_SDS
        points.append(f"{i / 44 * _WIDTH:.1f},{_HEIGHT * (1 - 0.95 * math.exp(-z * z / 2)):.1f}")
    return f'<polygon points="0,{_HEIGHT} {" ".join(points)} {_WIDTH},{_HEIGHT}"/>'


def _bars(count: int, *, dots: bool) -> str:
    shown = min(count, _MOST_BARS)
    pitch = _WIDTH / shown
    if dots:
        radius = min(3.5, pitch / 2.5)
        return "".join(
            f'<circle cx="{(i + 0.5) * pitch:.1f}" cy="{_HEIGHT / 2}" r="{radius:.1f}"/>'
            for i in range(shown)
        )
    width = min(pitch * 0.7, 16)
    return "".join(_block((i + 0.5) * pitch - width / 2, width, 0.85) for i in range(shown))


def _line() -> str:
    return _block(_WIDTH / 2 - 1, 2, 1)


def _block(x: float, width: float, share: float) -> str:
    height = _HEIGHT * share
    return (
        f'<rect x="{x:.1f}" y="{_HEIGHT - height:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )
