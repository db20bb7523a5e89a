import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tune_wandb_nb.search_space.distributions.names import RESERVED
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.inspection.detect import hyperparameters, reported_metrics
from tune_wandb_nb.tuning.board.trial import unreported

__all__ = ["start_warnings"]

_CALL = re.compile(r"\s*(tune\.)?(\w+)\s*\(.*\)\s*")
_DISTRIBUTIONS = {*KINDS, "grid_search", "sample_from"} - {"grid", "constant"}
"""Functions of ``ray.tune``; a kind has the name of its function."""


def start_warnings(
    trainable: Any, param_space: Mapping[str, Any], metrics: Iterable[str]
) -> list[str]:
    """Return what looks wrong; a search with all of it can start all the same."""
    return [
        *_missing(trainable, param_space),
        *_texts(param_space),
        *_unreported(trainable, metrics),
    ]


def _missing(trainable: Any, space: Mapping[str, Any]) -> Iterator[str]:
    known = [name for name in space if name not in RESERVED]
    for read in hyperparameters(trainable):
        if not read.has_default and read.name.split("/")[0] not in (*space, *RESERVED):
            yield (
                f"the training function reads {read.name!r}, which param_space does not"
                f" have{_closest(read.name, known)}: a trial that gets there ends with a KeyError."
            )


def _texts(space: Mapping[str, Any]) -> Iterator[str]:
    for name, value in space.items():
        call = _CALL.fullmatch(value) if isinstance(value, str) else None
        if call and call[2] in _DISTRIBUTIONS:
            written = value.strip().removeprefix("tune.")
            yield (
                f"param_space[{name!r}] is the text {value!r}, which every trial would get as it"
                f" is; without the quotation marks, tune.{written} draws values."
            )


def _unreported(trainable: Any, metrics: Iterable[str]) -> Iterator[str]:
    reported = reported_metrics(trainable)
    for metric in unreported(metrics, reported):
        yield (
            f"the metric is {metric!r}, but the training function's source reports"
            f" {', '.join(map(repr, reported))}{_closest(metric, reported)}."
        )


def _closest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (there is {close[0]!r})" if close else ""
