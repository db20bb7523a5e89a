"""Locators of the parts of the form and of the dashboard on a page, in every frontend."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SLOW = 120_000
"""Milliseconds for what starts a Ray or a search."""
KEY = "abcdef0123" * 4
SETUP = """
import os, time
from tests.joining import join_ray
from ray import tune
import tune_wandb_nb as tw
join_ray()

def train(config):
    for i in range(int(config.get("epochs", 3))):
        tune.report({"accuracy": config["lr"] * i})
        time.sleep(0.2)
"""
"""The first cell of a notebook: a training function for the form."""


def field(page: Page, label: str) -> Locator:
    """Return the control below a label."""
    named = page.locator(".twp-label", has_text=re.compile(f"^{label}$"))
    return page.locator(".twp-field", has=named).locator("input, select, textarea").first


def cell_of(page: Page, row: int, place: int) -> Locator:
    """Return an input of a row of the table: the name first, then the fields of its kind."""
    return page.locator(".twp-row").nth(row).locator("input").nth(place)


def button(page: Page, name: str) -> Locator:
    # The icon is part of the button's accessible name.
    return page.locator(".twp-start").get_by_role("button", name=re.compile(f"{name}$"))


def badge(page: Page, word: str) -> Locator:
    """Return the word that says how the search stands."""
    return page.locator(".twn-badge", has_text=re.compile(f"^{word}$")).first


def trial_rows(page: Page) -> Locator:
    """Return the rows of the trials' table that are on the page."""
    return page.locator(".twn-body .twn-row:visible")


def tab(page: Page, name: str) -> Locator:
    """Return the first tab with a title; in ipywidgets 7 tabs have no role."""
    return page.locator(".lm-TabBar-tab, .p-TabBar-tab", has_text=re.compile(f"^{name}$")).first
