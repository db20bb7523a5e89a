"""Board snapshots as messages for the front end."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tune_wandb_nb.search_space.space.params import ParamType
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, Perturbation, TrialView
from tune_wandb_nb.tuning.chart_data.curve_feed import CurveFeed, inline, pack, points_each
from tune_wandb_nb.tuning.chart_data.json_values import json_number, json_value
from tune_wandb_nb.tuning.chart_data.param_columns import ParamColumns
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext, search_header

__all__ = ["Message", "StateEncoder", "compressed"]

_POINTS = 28_000
_LASTING_POINTS = 30_000
_MOST_DETAILED = 24
_UNPACKED_TRIALS = 300
_COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class Message:
    content: dict[str, Any]
    buffers: list[bytes]

    @property
    def size(self) -> int:
        """In bytes, about."""
        return len(json.dumps(self.content)) + sum(map(len, self.buffers))


@dataclass(frozen=True, slots=True)
class _Sent:
    view: TrialView
    url: str | None
    is_on_front: bool


class StateEncoder:
    """Not thread-safe."""

    def __init__(self) -> None:
        self._params = ParamColumns({})
        self._types: Mapping[str, ParamType] = {}
        self._curves = CurveFeed()
        self._sent: dict[str, _Sent] = {}
        self._without_url: dict[str, None] = {}
        self._header: dict[str, Any] = {}
        self._perturbation: Perturbation | None = None
        self._revision = 0
        self._folder = ""

    def state(self, snapshot: BoardSnapshot, context: SearchContext) -> Message:
        content = self._full(snapshot, context)
        parts = self._all_curves(snapshot, _POINTS)
        if len(snapshot.trials) > _UNPACKED_TRIALS:
            content["curves"] = inline(parts)
            packed = {"kind": "packed", "revision": self._revision}
            return Message(packed, [compressed(content)])
        content["curves"], buffers = pack(parts)
        return Message(content, buffers)

    def change(self, snapshot: BoardSnapshot, context: SearchContext) -> Message | None:
        """None if nothing has changed since the last message."""
        front = snapshot.front()
        self._use_types(snapshot)
        changed = self._changed(snapshot, context, front)
        removed = self._removed(snapshot)
        perturbations = self._new_perturbations(snapshot.perturbations)
        trials = [self._row(trial, context, front) for trial in changed]
        parts = self._curves.changes(changed, points_each(snapshot, _POINTS))
        header = self._search(snapshot, context)
        is_same = {**header, "now": None} == {**self._header, "now": None}
        if is_same and not (trials or removed or perturbations or parts):
            return None
        self._header = header
        self._revision += 1
        curves, buffers = pack(parts)
        content = {
            "kind": "change",
            "revision": self._revision,
            "search": header,
            "trials": trials,
            "removed": removed,
            "curves": curves,
            "perturbations": [_perturbation(each) for each in perturbations],
        }
        return Message(content, buffers)

    def lasting(self, snapshot: BoardSnapshot, context: SearchContext) -> bytes:
        # A new encoder, since this one remembers what was sent.
        encoder = StateEncoder()
        content = encoder._full(snapshot, context)
        content["curves"] = inline(encoder._all_curves(snapshot, _LASTING_POINTS))
        return compressed(content)

    def _full(self, snapshot: BoardSnapshot, context: SearchContext) -> dict[str, Any]:
        self._sent.clear()
        self._without_url.clear()
        self._use_types(snapshot)
        self._revision += 1
        front = snapshot.front()
        trials = [self._row(trial, context, front) for trial in snapshot.trials]
        self._header = self._search(snapshot, context)
        self._perturbation = snapshot.perturbations[-1] if snapshot.perturbations else None
        return {
            "kind": "state",
            "revision": self._revision,
            "search": self._header,
            "trials": trials,
            "removed": [],
            "curves": [],
            "perturbations": [_perturbation(each) for each in snapshot.perturbations],
        }

    def _all_curves(self, snapshot: BoardSnapshot, total: int) -> Any:
        best = [trial.trial_id for trial in snapshot.ranked()[:_MOST_DETAILED]]
        return self._curves.all(snapshot, points_each(snapshot, total), best)

    def _changed(
        self, snapshot: BoardSnapshot, context: SearchContext, front: frozenset[str]
    ) -> list[TrialView]:
        sent = self._sent
        ask = context.url_of
        found = {each for each in self._without_url if ask and ask(each) is not None}
        changed = []
        for trial in snapshot.trials:
            known = sent.get(trial.trial_id)
            if (
                known is None
                or known.view.version != trial.version
                or known.is_on_front != (trial.trial_id in front)
                or trial.trial_id in found
            ):
                changed.append(trial)
            elif known.view is not trial:
                # The board has dropped curves, which only the front end keeps.
                sent[trial.trial_id] = replace(known, view=trial)
        return changed

    def _removed(self, snapshot: BoardSnapshot) -> list[str]:
        if len(self._sent) <= len(snapshot.trials) and snapshot.total == len(snapshot.trials):
            return []
        kept = {trial.trial_id for trial in snapshot.trials}
        removed = [trial_id for trial_id in self._sent if trial_id not in kept]
        for trial_id in removed:
            self._curves.forget(self._sent.pop(trial_id).view)
            self._without_url.pop(trial_id, None)
        return removed

    def _row(
        self, trial: TrialView, context: SearchContext, front: frozenset[str]
    ) -> dict[str, Any]:
        known = self._sent.get(trial.trial_id)
        before = known.view if known else None
        url = known.url if known else None
        if url is None and context.url_of is not None:
            url = context.url_of(trial.trial_id)
        is_on_front = trial.trial_id in front
        self._sent[trial.trial_id] = _Sent(trial, url, is_on_front)
        if url is None and context.url_of is not None:
            self._without_url[trial.trial_id] = None
        else:
            self._without_url.pop(trial.trial_id, None)
        row: dict[str, Any] = {"id": trial.trial_id}
        if before is None:
            row |= {"name": trial.name, "number": trial.number, "experiment": trial.experiment}
            row["folder"] = self._inside(trial.folder)
        row |= {"state": trial.state, "iteration": trial.iteration}
        row |= {"seconds": round(trial.seconds, 3), "last": _last(trial)}
        if before is None or before.params is not trial.params:
            self._params.add(trial.params)
            row["params"] = self._params.values_of(trial.params)
        if before is None or before.error != trial.error:
            row |= {"error": trial.error, "errorTooLong": trial.error_is_cut}
        if before is None or before.spans is not trial.spans:
            row["spans"] = [_span(span.start, span.end, span.worker) for span in trial.spans]
        if known is None or known.url != url:
            row["url"] = url
        if known is None or known.is_on_front != is_on_front:
            row["front"] = is_on_front
        return row

    def _use_types(self, snapshot: BoardSnapshot) -> None:
        if self._types is not snapshot.types:
            self._types = snapshot.types
            self._params = ParamColumns(snapshot.types)
            for trial in snapshot.trials:
                self._params.add(trial.params)

    def _inside(self, folder: str | None) -> str | None:
        """Return the path in the search's folder, which is sent once."""
        if folder is not None and not self._folder:
            self._folder = folder.rpartition("/")[0]
        inside = self._folder and folder is not None and folder.startswith(f"{self._folder}/")
        return folder[len(self._folder) + 1 :] if inside and folder else folder

    def _search(self, snapshot: BoardSnapshot, context: SearchContext) -> dict[str, Any]:
        return search_header(snapshot, self._params, context) | {"folder": self._folder}

    def _new_perturbations(self, every: Sequence[Perturbation]) -> list[Perturbation]:
        new: list[Perturbation] = []
        for each in reversed(every):
            if each is self._perturbation:
                break
            new.append(each)
        if every:
            self._perturbation = every[-1]
        return new[::-1]


def compressed(content: Mapping[str, Any]) -> bytes:
    """The same bytes for the same content."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), _COMPRESSION, mtime=0)


def _last(trial: TrialView) -> dict[str, Any]:
    numbers = {**trial.metrics, **trial.steps}
    return {name: json_number(value) for name, value in numbers.items()} | dict(trial.texts)


def _span(start: float, end: float | None, worker: str) -> list[Any]:
    return [round(start, 2), None if end is None else round(end, 2), worker]


def _perturbation(each: Perturbation) -> dict[str, Any]:
    return {
        "id": each.trial_id,
        "iteration": each.iteration,
        "seconds": round(each.seconds, 3),
        "before": _changed_params(each.before, each.params),
        "params": _changed_params(each.params, each.before),
        "from": each.copied_from,
    }


def _changed_params(params: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json_value(value)
        for name, value in params.items()
        if name not in other or other[name] != value
    }
