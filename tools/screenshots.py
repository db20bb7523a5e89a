"""Pictures of the dashboard for the README, light and dark.

    python tools/screenshots.py [FOLDER]

Runs the search of ``notebooks/embedded_dashboard.ipynb`` in a real JupyterLab and Chromium. A
selection, a Pareto front and population based training are those of the made-up searches in
``frontend/dev``, which `npm run dev` has to have built: `make screenshots` does both.
"""

from __future__ import annotations

import functools
import http.server
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

import nbformat  # noqa: E402 - the checkout comes first
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

from tests.browser.lab import jupyter_lab, open_notebook, run_cell  # noqa: E402
from tests.browser.server import launch, write_notebook  # noqa: E402

PATIENCE = 300_000
HALF = re.compile(r"^(8|9|10|11|12) of 16 trials")
DASHBOARD = "[class*=twp-live]"
MADE = {"selection": "failures", "pareto": "pareto", "pbt": "pbt"}


def search_cells() -> list[str]:
    """Return the notebook's code up to the start of the search."""
    notebook = nbformat.read(CHECKOUT / "notebooks" / "embedded_dashboard.ipynb", as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    start = next(i for i, source in enumerate(code) if "experiment.start()" in source)
    # Trials as short as these are over before a picture is taken.
    slow = code[1].replace("tune.report", "__import__('time').sleep(0.4); tune.report")
    return ["\n".join([code[0], slow, *code[2:start]]), code[start]]


def take(browser: Browser, folder: Path, theme: str) -> None:
    """Take the pictures of one theme."""
    with tempfile.TemporaryDirectory() as home, jupyter_lab(Path(home), theme) as url:
        write_notebook(Path(home) / "search.ipynb", search_cells())
        page = browser.new_page(viewport={"width": 1600, "height": 1300})
        open_notebook(page, url, "search.ipynb")
        run_cell(page, 0)
        run_cell(page, 1)
        ended = page.get_by_role("progressbar", name=HALF)
        expect(ended).to_be_attached(timeout=PATIENCE)
        shoot(page, folder / f"dashboard-running-{theme}.png", DASHBOARD)
        expect(page.locator(".twn-badge")).to_have_text("Finished", timeout=PATIENCE)
        shoot(page, folder / f"dashboard-finished-{theme}.png", DASHBOARD)
        page.close()


@contextmanager
def made_searches() -> Iterator[str]:
    """Serve the pages of ``frontend/dev``."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(CHECKOUT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/frontend/dev/index.html"
        server.shutdown()


def take_made(browser: Browser, address: str, folder: Path, theme: str) -> None:
    """Take the pictures of the made-up searches."""
    for name, state in MADE.items():
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"{address}?state={state}&theme={theme}")
        expect(page.locator(".twn-row").first).to_be_visible()
        if name == "selection":
            for number in range(3):
                page.get_by_role("checkbox", name=re.compile("^Select")).nth(number).click()
            page.get_by_role("tab", name="Compare").last.click()
        # The charts are drawn in slices, one an animation frame.
        page.wait_for_timeout(1000)
        shoot(page, folder / f"dashboard-{name}-{theme}.png", ".twn")
        page.close()


def shoot(page: Page, file: Path, part: str) -> None:
    """Take a picture of the dashboard; of 256 colours, since it stays in the repository."""
    page.locator(part).first.screenshot(path=file)
    with Image.open(file) as picture:
        # Octree: the others give rare colours away, which are those of the curves.
        picture.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=0).save(file)


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, made_searches() as address:
        browser = launch(playwright)
        for theme in ("light", "dark"):
            take_made(browser, address, folder, theme)
            take(browser, folder, theme)
        browser.close()


if __name__ == "__main__":
    main()
