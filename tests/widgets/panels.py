"""Helpers of the tests of the setup panel and of its form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ipywidgets
from ray import tune

from tune_wandb_nb import SetupPanel

KEY = "abcdef0123" * 4


def train(config: dict[str, Any]) -> dict[str, float]:
    return {"val_loss": config["lr"] * config.get("momentum", 0.9), "accuracy": 1.0}


def space(**more: Any) -> dict[str, Any]:
    return {"x": tune.grid_search([1, 2]), **more}


def messages(panel: SetupPanel) -> dict[str, str]:
    """Return the HTML of the problems below the fields: field -> HTML."""
    said = {name: one.message.value for name, one in panel.fields.items()}
    return {name: html for name, html in said.items() if 'class="twp-said bad"' in html}


def widgets(root: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    yield root
    for child in getattr(root, "children", ()):
        yield from widgets(child)


def every_html(panel: SetupPanel) -> str:
    found = (w.value for w in widgets(panel) if isinstance(w, ipywidgets.HTML))
    return "\n".join(found)


def start_button(panel: SetupPanel) -> ipywidgets.Button:
    return next(w for w in widgets(panel) if getattr(w, "description", "").startswith("Start"))


def button(panel: SetupPanel, title: str) -> ipywidgets.Button:
    return next(w for w in widgets(panel) if getattr(w, "description", "") == title)
