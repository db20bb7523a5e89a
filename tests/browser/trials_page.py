"""The front end's bundle in an empty page, with a model that stands for the kernel's."""

import base64
import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

import tune_wandb_nb

__all__ = ["TrialsPage", "search", "state", "trial"]

_STATIC = Path(tune_wandb_nb.__file__).parent / "widgets" / "dashboard" / "static"
_START = """async (source) => {
    const values = new Map(), listeners = new Map();
    window.sent = [];
    window.model = {
        get: (name) => values.get(name),
        set: (name, value) => {
            values.set(name, value);
            window.model.emit(`change:${name}`);
        },
        save_changes: () => undefined,
        send: (content) => window.sent.push(content),
        on: (event, f) => listeners.set(event, [...(listeners.get(event) ?? []), f]),
        off: (event, f) => listeners.set(event, listeners.get(event).filter((g) => g !== f)),
        emit: (event, ...args) => (listeners.get(event) ?? []).forEach((f) => f(...args)),
    };
    const address = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
    window.bundle = await import(address);
}"""
_RENDER = """() => {
    // As anywidget does: the view is made before its element is in the page.
    const el = document.createElement("div");
    window.end = window.bundle.default.render({model: window.model, el});
    document.body.append(el);
}"""


class TrialsPage:
    """A page that shows a search, and what its view sends."""

    def __init__(self, page: Page) -> None:
        self.page = page
        style = (_STATIC / "trials_view.css").read_text("utf-8")
        page.set_content(f"<!doctype html><style>{style}</style><body></body>")
        page.evaluate(_START, (_STATIC / "trials_view.js").read_text("utf-8"))

    def show(self) -> None:
        """Show the view as anywidget does."""
        self.page.evaluate(_RENDER)

    def render(self, message: dict[str, Any]) -> None:
        """Show the view as anywidget does, and answer with a state."""
        self.show()
        self.send(message)

    def mount(self, message: dict[str, Any]) -> None:
        """Show a saved state, as the report does."""
        saved = base64.b64encode(gzip.compress(json.dumps(message).encode())).decode()
        self.page.evaluate("(saved) => window.bundle.mount(document.body, saved)", saved)

    def send(self, message: dict[str, Any]) -> None:
        # As text: Playwright would lose a key such as __proto__.
        script = "(text) => window.model.emit('msg:custom', JSON.parse(text), [])"
        self.page.evaluate(script, json.dumps(message))

    def send_packed(self, message: dict[str, Any], *then: dict[str, Any]) -> None:
        """Send a compressed state, and others before the page can have unpacked it."""
        packed = base64.b64encode(gzip.compress(json.dumps(message).encode())).decode()
        script = """([packed, then]) => {
            const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
            window.model.emit("msg:custom", {kind: "packed"}, [new DataView(bytes.buffer)]);
            for (const text of then) window.model.emit("msg:custom", JSON.parse(text), []);
        }"""
        self.page.evaluate(script, [packed, [json.dumps(other) for other in then]])

    def sent(self) -> list[dict[str, Any]]:
        """Return the messages of the view."""
        sent: list[dict[str, Any]] = self.page.evaluate("window.sent")
        return sent

    def await_selected(self, ids: Iterable[str]) -> None:
        """Wait until exactly these trials are what Python is told of."""
        script = "(ids) => JSON.stringify(window.model.get('selected')) === JSON.stringify(ids)"
        self.page.wait_for_function(script, arg=list(ids))

    def names(self) -> list[str]:
        """Return the names of the trials in sight, from the top."""
        script = """() => [...document.querySelectorAll(".twn-row:not([hidden])")]
            .sort((a, b) => a.getAttribute("aria-rowindex") - b.getAttribute("aria-rowindex"))
            .map((row) => row.querySelector(".twn-trial").textContent)"""
        names: list[str] = self.page.evaluate(script)
        return names


def trial(number: int, **more: Any) -> dict[str, Any]:
    steps = list(range(1, 6))
    return {
        "id": f"t{number}",
        "name": f"trial {number}",
        "number": number,
        "experiment": None,
        "state": "running",
        "params": {"lr": 10 ** -(number % 5), "optimizer": ["adam", "sgd"][number % 2]},
        "iteration": len(steps),
        "seconds": 60.0 * number,
        "last": {"loss": float(number)},
        "error": None,
        "errorTooLong": False,
        "url": None,
        "folder": None,
        "spans": [[10 * number, 10 * number + 5, f"worker {number % 2}"]],
        "front": False,
        **more,
    }


def search(**more: Any) -> dict[str, Any]:
    number = {"type": "number", "integer": False, "values": None, "varies": True}
    return {
        "name": "search",
        "objectives": [{"metric": "loss", "mode": "min"}],
        "metrics": ["loss"],
        "params": [
            {"name": "lr", "log": True, **number},
            {**number, "name": "optimizer", "type": "category", "log": False},
        ],
        "counts": {"running": 3},
        "expected": 3,
        "started": 0,
        "ended": None,
        "now": 100,
        "canStop": True,
        "stopping": False,
        "note": "",
        "error": None,
        "dropped": 0,
        "importance": [],
        "importanceNote": "",
        "columns": [],
        **more,
    }


def state(trials: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    curves = [
        {
            "id": one["id"],
            "metric": "loss",
            "from": 0,
            "n": 5,
            "iterations": [1, 2, 3, 4, 5],
            "seconds": [1, 2, 3, 4, 5],
            "values": [one["number"] + 5 / step for step in range(1, 6)],
        }
        for one in trials
    ]
    return {
        "kind": "state",
        "revision": 1,
        "search": search(),
        "trials": trials,
        "removed": [],
        "curves": curves,
        "perturbations": [],
        **more,
    }
