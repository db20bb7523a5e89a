import math

from tune_wandb_nb.search_space.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    Kept,
    Randn,
)
from tune_wandb_nb.search_space.distributions.ranges import Range, Steps
from tune_wandb_nb.tuning.chart_data.wording import number, shorten
from tune_wandb_nb.widgets.base.markup import escape

__all__ = ["preview_html"]

_WIDTH, _HEIGHT = 110, 20
_MOST_BARS = 22
_BELL_SDS = 3


def preview_html(distribution: Distribution) -> str:
    picture, caption = _picture_and_caption(distribution)
    svg = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        f' preserveAspectRatio="none" aria-hidden="true">{picture}</svg>'
    )
    return (
        f'<div class="twp-preview" title="{escape(caption)}">{svg}'
        f"<div>{escape(shorten(caption, 22))}</div></div>"
    )


def _picture_and_caption(shown: Distribution) -> tuple[str, str]:
    if isinstance(shown, Range):
        return _range(shown)
    if isinstance(shown, Randn):
        low, high = shown.mean - _BELL_SDS * shown.sd, shown.mean + _BELL_SDS * shown.sd
        return _bell(), f"{number(low)} … {number(high)}"
    if isinstance(shown, Choice | Grid):
        picture = _bars(len(shown.values), dots=isinstance(shown, Grid))
        return picture, ", ".join(map(number, shown.values))
    if isinstance(shown, Constant):
        return _block(_WIDTH / 2 - 1, 2, 1), number(shown.value)
    return "", shown.title if isinstance(shown, Kept) else ""


def _range(shown: Range) -> tuple[str, str]:
    last = shown.upper - 1 if shown.integer and not isinstance(shown, Steps) else shown.upper
    caption = f"{number(shown.lower)} … {number(last)}" + (" · log" if shown.log else "")
    if isinstance(shown, Steps):
        multiples = _separate_bars(shown.first, shown.last)
        return _steps([k * shown.q for k in multiples], shown.log), caption
    if shown.integer:
        return _steps(_separate_bars(int(shown.lower), int(last)), shown.log), caption
    return _area(shown), caption


def _separate_bars(first: int, last: int) -> list[float]:
    """Return none if there are too many."""
    if last - first < _MOST_BARS:
        return [float(k) for k in range(first, last + 1)]
    return []


def _steps(values: list[float], log: bool) -> str:
    if not values:
        return _block(0, _WIDTH)
    positions = [math.log(v) for v in values] if log else values
    low, high = positions[0], positions[-1]
    span = (high - low) or 1.0
    width = max(1.5, min(6.0, _WIDTH / len(values) * 0.6))
    return "".join(_block((x - low) / span * (_WIDTH - width), width) for x in positions)


def _area(shown: Range) -> str:
    """Draw a notch at each power of ten of a log scale."""
    block = _block(0, _WIDTH)
    if not shown.log:
        return block
    low, high = math.log10(shown.lower), math.log10(shown.upper)
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
    return "".join(_block((i + 0.5) * pitch - width / 2, width) for i in range(shown))


def _block(x: float, width: float, share: float = 0.85) -> str:
    height = _HEIGHT * share
    return (
        f'<rect x="{x:.1f}" y="{_HEIGHT - height:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )
