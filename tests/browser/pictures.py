"""Pictures of pages, for a person who asks for them."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page


def take_picture(page: Page, name: str) -> None:
    """Save a picture of the page if the environment names a folder for pictures."""
    if folder := os.environ.get("TUNE_WANDB_NB_PICTURES"):
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
