"""Voila, which shows a notebook as a web app: all cells are run, their code is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.server import serve

if TYPE_CHECKING:
    from playwright.sync_api import Page


@contextmanager
def voila(folder: Path, *flags: str) -> Iterator[str]:
    """Serve the notebooks of a folder as apps."""
    with serve(folder, "voila", str(folder), *flags) as url:
        yield url


def open_app(page: Page, url: str, name: str) -> None:
    """Open a notebook's app; Voila answers when the last cell is done."""
    page.goto(f"{url}/voila/render/{name}", timeout=240_000)
