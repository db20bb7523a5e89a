"""What the front end takes in Chromium with 10,000 trials: first draw, hover, selection, scrolling.

    make frontend && (cd frontend && npm run dev) && python benchmarks/frontend_speed.py

Prints the median of 20 for hover and selection, each from the event to the frame that shows it.
"""

import functools
import http.server
import shutil
import statistics
import sys
import threading
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
TIMES = 20
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Two frames: the first draws what the event changed, the second comes after it was shown.
SHOWN = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"
HOVER = f"""async ([x, y, wanted]) => {{
    const target = document.querySelectorAll(".twn-surface")[wanted];
    const box = target.getBoundingClientRect();
    const clientX = box.left + x * box.width, clientY = box.top + y * box.height;
    const start = performance.now();
    target.dispatchEvent(new PointerEvent("pointermove", {{clientX, clientY, bubbles: true}}));
    {SHOWN}
    return performance.now() - start;
}}"""
SELECT = f"""async (index) => {{
    const marks = [...document.querySelectorAll(".twn-row:not([hidden]) .twn-mark")];
    const start = performance.now();
    marks[index].click();
    {SHOWN}
    return performance.now() - start;
}}"""
BRUSH = f"""async (share) => {{
    const target = document.querySelector(".twn-parallel");
    const box = target.getBoundingClientRect();
    const at = (y) => ({{clientX: box.left + 58, clientY: box.top + y * box.height,
                        bubbles: true, button: 0, pointerId: 1}});
    target.setPointerCapture = () => undefined;
    target.dispatchEvent(new PointerEvent("pointerdown", at(0.3)));
    const start = performance.now();
    target.dispatchEvent(new PointerEvent("pointermove", at(0.3 + share)));
    {SHOWN}
    const spent = performance.now() - start;
    target.dispatchEvent(new PointerEvent("pointerup", at(0.3 + share)));
    return spent;
}}"""
SCROLL = """async () => {
    const table = document.querySelector(".twn-table");
    let frames = 0;
    const start = performance.now();
    while (performance.now() - start < 2000) {
        table.scrollTop += 137;
        await new Promise(requestAnimationFrame);
        frames += 1;
    }
    return frames / ((performance.now() - start) / 1000);
}"""
SORT = f"""async (index) => {{
    const button = document.querySelectorAll(".twn-head button")[index];
    const start = performance.now();
    button.click();
    {SHOWN}
    return performance.now() - start;
}}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    state = sys.argv[1] if len(sys.argv) > 1 else "tenthousand"
    handler = functools.partial(_Quiet, directory=str(ROOT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/frontend/dev/index.html?state={state}"
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1600, "height": 960})
        page.goto(address)
        page.wait_for_function("document.documentElement.dataset.drawn")
        first = float(page.evaluate("document.documentElement.dataset.drawn"))
        page.wait_for_timeout(3000)
        _print(page, first)
        browser.close()
    server.shutdown()


def _print(page: Page, first: float) -> None:
    print(f"first draw           {first:7.0f} ms")
    for name, chart in (("curves", 0), ("parallel", 1)):
        spent = [page.evaluate(HOVER, [0.1 + 0.04 * i, 0.5, chart]) for i in range(TIMES)]
        _line(f"hover, {name}", spent)
    _line("selection in table", [page.evaluate(SELECT, i) for i in range(TIMES)])
    _line("selection on an axis", [page.evaluate(BRUSH, 0.01 + 0.02 * i) for i in range(TIMES)])
    spent = [page.evaluate(HOVER, [0.1 + 0.04 * i, 0.5, 1]) for i in range(TIMES)]
    _line("hover, many selected", spent)
    _line("sort", [page.evaluate(SORT, 2 + i % 3) for i in range(TIMES)])
    # The charts draw the last selection to its end.
    page.wait_for_timeout(4000)
    print(f"scrolling            {page.evaluate(SCROLL):7.0f} frames/s")


def _line(name: str, spent: list[float]) -> None:
    print(f"{name:20} {statistics.median(spent):7.0f} ms, median of {len(spent)}")


if __name__ == "__main__":
    main()
