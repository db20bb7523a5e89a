"""A stand-in for the page of a `TrialsView`: it takes the messages, as the browser would."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pytest

from tune_wandb_nb.widgets.dashboard.trials_view import TrialsView


class Page:
    """Keeps the state that the messages of a view add up to."""

    def __init__(self, view: TrialsView, monkeypatch: pytest.MonkeyPatch) -> None:
        self.view = view
        self.messages: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.search: dict[str, Any] = {}
        self.trials: dict[str, dict[str, Any]] = {}
        self.curves: dict[tuple[str, str], np.ndarray] = {}
        monkeypatch.setattr(view, "send", self.take)

    def ask(self) -> None:
        self.say({"kind": "ready"})

    def say(self, content: object) -> None:
        self.view._handle_custom_msg(content, [])

    def take(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        buffers = buffers or []
        self.messages.append(content)
        self.sizes.append(len(json.dumps(content)) + sum(map(len, buffers)))
        if content["kind"] == "packed":
            content, buffers = json.loads(gzip.decompress(buffers[0])), []
        if content["kind"] == "state":
            self.trials, self.curves = {}, {}
        self.search = content["search"]
        for trial_id in content["removed"]:
            del self.trials[trial_id]
        for trial in content["trials"]:
            self.trials[trial["id"]] = self.trials.get(trial["id"], {}) | trial
        singles = np.frombuffer(buffers[0], "<f4") if buffers else np.zeros(0)
        doubles = np.frombuffer(buffers[1], "<f8") if len(buffers) > 1 else np.zeros(0)
        for curve in content["curves"]:
            key = (curve["id"], curve["metric"])
            before = self.curves.get(key, np.zeros((0, 3)))[: curve["from"]]
            assert len(before) == curve["from"], "there is no gap"
            self.curves[key] = np.concatenate([before, _points(curve, singles, doubles)])


def _points(curve: dict[str, Any], singles: np.ndarray, doubles: np.ndarray) -> np.ndarray:
    n = curve["n"]
    if "values" in curve:
        columns = [curve["iterations"], curve["seconds"], curve["values"]]
        return np.array([[float(value) for value in column] for column in columns]).T
    at = curve["at"]
    parts = [singles[at + i * n : at + (i + 1) * n] for i in range(3)]
    if curve.get("f64"):
        parts[2] = doubles[curve["at64"] : curve["at64"] + n]
    return np.array(parts, dtype=float).T
