"""A browser, a JupyterLab and a page in it, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.lab import jupyter_lab
from tests.browser.server import launch

_NOT_OURS = (
    # Notebook 7.6 reports this of its own settings, even with an empty notebook.
    "Cannot read properties of undefined (reading 'schema')",
    # Voila 0.5 reports this of JupyterLab's extensions, even with an empty notebook.
    "Error: The getter for the shared module is not a function.",
    # ipywidgets 7 reports this of a box that is removed while its children are being drawn: the
    # charts, if the tab of the W&B page is selected before the charts have been drawn.
    "p: Could not add child view to box",
    "Could not add child view to box",
)
"""The beginnings of errors that frontends report about themselves."""


@pytest.fixture(autouse=True)
def _kernels_can_join_ray(ray_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ray_environ.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    """The servers of a page, which are stopped after the page has been closed."""
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
    # pytest shows this output of the kernel if the test fails.
    print(*page.locator("pre").all_inner_texts(), sep="\n")
    page.close()
    assert [error for error in errors if not error.startswith(_NOT_OURS)] == []


def _is_ours(message: ConsoleMessage) -> bool:
    """Return whether a message is an error of this page and not a resource of the internet."""
    url, text = message.location["url"], message.text
    is_elsewhere = url.startswith("https://") and text.startswith("Failed to load resource")
    return message.type == "error" and not is_elsewhere


@pytest.fixture
def lab(servers: ExitStack, tmp_path: Path) -> str:
    return servers.enter_context(jupyter_lab(tmp_path))
