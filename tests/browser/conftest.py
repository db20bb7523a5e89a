"""A browser, a JupyterLab and a page in it, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.lab import jupyter_lab
from tests.browser.server import launch

_OF_NOTEBOOK_7 = "Cannot read properties of undefined (reading 'schema')"
"""What Notebook 7.6 says of its own settings, with an empty notebook as well."""
_OF_VOILA = "Error: The getter for the shared module is not a function."
"""What Voila 0.5 says of JupyterLab's extensions, with an empty notebook as well."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    """Takes what serves a page, and ends it when the page is closed."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def page(browser: Browser, servers: ExitStack) -> Iterator[Page]:
    """A page whose console must stay free of errors."""
    page = browser.new_page(viewport={"width": 1600, "height": 1200})
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if _is_ours(message) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert [error for error in errors if error != _OF_NOTEBOOK_7] == []


def _is_ours(message: ConsoleMessage) -> bool:
    """Tell an error of this page from a part that was to come from a server in the internet."""
    url, text = message.location["url"], message.text
    is_elsewhere = url.startswith("https://") and text.startswith("Failed to load resource")
    return message.type == "error" and not is_elsewhere and not text.startswith(_OF_VOILA)


@pytest.fixture
def lab(servers: ExitStack, tmp_path: Path) -> str:
    return servers.enter_context(jupyter_lab(tmp_path))
