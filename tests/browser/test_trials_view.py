"""What a person does with the trials view: the committed bundle, in Chromium."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.trials_page import TrialsPage, search, state, trial


@pytest.fixture
def view(page: Page) -> TrialsPage:
    return TrialsPage(page)


def test_trials_are_sorted_by_the_tuned_metric_and_by_any_column(view: TrialsPage) -> None:
    view.render(state([trial(1), trial(3), trial(2)]))
    assert view.sent() == [{"kind": "ready"}]
    assert view.names() == ["trial 1", "trial 2", "trial 3"]
    view.page.get_by_role("button", name="time").click()
    assert view.names() == ["trial 1", "trial 2", "trial 3"]
    view.page.get_by_role("button", name="time").click()
    assert view.names() == ["trial 3", "trial 2", "trial 1"]


def test_a_question_that_got_lost_is_asked_again(view: TrialsPage) -> None:
    view.show()
    view.send({**state([trial(1)]), "kind": "change"})
    expect(view.page.get_by_text("Waiting for the search")).to_be_visible()
    view.page.wait_for_function("() => window.sent.length > 1")
    assert view.sent()[:2] == [{"kind": "ready"}, {"kind": "ready", "again": True}]
    view.send(state([trial(1)]))
    assert view.names() == ["trial 1"]


def test_the_filter_takes_texts_comparisons_and_states(view: TrialsPage) -> None:
    view.render(state([trial(1), trial(2, state="failed"), trial(3)]))
    box = view.page.get_by_role("searchbox", name="Filter trials")
    box.fill("lr < 0.1 and optimizer = sgd")
    assert view.names() == ["trial 3"]
    expect(view.page.get_by_text("1 of 3 trials")).to_be_visible()
    box.fill("lrr > 1")
    expect(view.page.get_by_text('There is no column "lrr".')).to_be_visible()
    box.fill("nothing")
    view.page.get_by_role("button", name="Clear the filter").click()
    assert len(view.names()) == 3
    view.page.get_by_role("button", name="failed: show only these").click()
    assert view.names() == ["trial 2"]


def test_a_row_opens_with_all_that_is_known_and_stops_its_trial(view: TrialsPage) -> None:
    error = "Traceback: <b>no memory</b>"
    one = trial(1, url="https://wandb.ai/x/y/runs/t1", folder="/results/t1", error=error)
    view.render(state([one, trial(2, url="javascript:alert(1)")]))
    view.page.get_by_role("gridcell", name="trial 1", exact=True).click()
    details = view.page.get_by_role("region", name="Trial trial 1")
    expect(details.get_by_text(error)).to_be_visible()
    expect(details.get_by_text("/results/t1")).to_be_visible()
    link = details.get_by_role("link", name="W&B run")
    expect(link).to_have_attribute("href", "https://wandb.ai/x/y/runs/t1")
    details.get_by_role("button", name="Stop this trial").click()
    assert view.sent()[-1] == {"kind": "stop-trial", "id": "t1"}
    expect(details.get_by_role("button", name="Stopping")).to_be_disabled()
    view.page.get_by_text("trial 2", exact=True).click()
    assert view.page.get_by_role("link").count() == 0


def test_single_trials_can_be_stopped_where_the_search_cannot(view: TrialsPage) -> None:
    view.render(state([trial(1)], search=search(canStop=False, canStopTrials=True)))
    assert view.page.get_by_role("button", name="Stop", exact=True).count() == 0
    view.page.get_by_role("gridcell", name="trial 1", exact=True).click()
    view.page.get_by_role("button", name="Stop this trial").click()
    assert view.sent()[-1] == {"kind": "stop-trial", "id": "t1"}


def test_pages_of_the_search_are_links_if_they_are_pages(view: TrialsPage) -> None:
    links = [
        {"text": "In W&B", "url": "https://wandb.ai/x/y"},
        {"text": "Bad", "url": "javascript:alert(1)"},
    ]
    view.render(state([trial(1)], search=search(links=links)))
    link = view.page.get_by_role("link")
    expect(link).to_have_text("In W&B")
    expect(link).to_have_attribute("href", "https://wandb.ai/x/y")


def test_the_whole_search_is_stopped_once(view: TrialsPage) -> None:
    view.render(state([trial(1)]))
    view.page.get_by_role("button", name="Stop", exact=True).click()
    assert view.sent()[-1] == {"kind": "stop"}
    expect(view.page.get_by_role("button", name="Stopping")).to_be_disabled()


def test_keys_move_select_and_open(view: TrialsPage) -> None:
    view.render(state([trial(1), trial(2), trial(3)]))
    table = view.page.get_by_role("grid", name="Trials")
    table.focus()
    for key in ("ArrowDown", "ArrowDown", "Space"):
        view.page.keyboard.press(key)
    view.await_selected(["t2"])
    active = view.page.locator(f"id={table.get_attribute('aria-activedescendant')}")
    expect(active).to_contain_text("trial 2")
    expect(active).to_have_attribute("aria-selected", "true")
    view.page.keyboard.press("Enter")
    expect(view.page.get_by_role("region", name="Trial trial 2")).to_be_visible()
    view.page.keyboard.press("Escape")
    view.await_selected([])


def test_a_selection_on_an_axis_is_in_the_table_in_the_curves_and_in_python(
    view: TrialsPage,
) -> None:
    view.render(state([trial(number) for number in range(1, 9)]))
    assert _drawn(view.page, ".twn-slot:first-child .twn-layer-picked") == 0
    chart = view.page.locator(".twn-parallel")
    box = chart.bounding_box()
    assert box is not None
    # The last axis has the loss; its lower half has the trials 1 to 4.
    x, middle, end = box["x"] + box["width"] - 64, box["y"] + 0.5 * box["height"], box["y"]
    view.page.mouse.move(x, middle)
    view.page.mouse.down()
    view.page.mouse.move(x, end + box["height"] - 20, steps=4)
    view.page.mouse.up()
    view.await_selected(["t1", "t2", "t3", "t4"])
    assert view.page.locator(".twn-row.twn-selected").count() == 4
    assert _drawn(view.page, ".twn-slot:first-child .twn-layer-picked") > 100
    view.page.get_by_role("button", name="Compare", exact=True).click()
    expect(view.page.get_by_role("columnheader", name="trial 3")).to_be_visible()
    row = view.page.get_by_role("row", name="loss 1")
    assert "twn-differs" in (row.get_attribute("class") or "")


def test_an_axis_is_dragged_by_its_name(view: TrialsPage) -> None:
    view.render(state([trial(number) for number in range(1, 5)]))
    box = view.page.locator(".twn-parallel").bounding_box()
    assert box is not None
    first, last = box["x"] + 58, box["x"] + box["width"] - 64
    # The loss comes first now, so that its lower half is selected there.
    view.page.mouse.move(last, box["y"] + 18)
    view.page.mouse.down()
    view.page.mouse.move(first - 30, box["y"] + 18, steps=4)
    view.page.mouse.up()
    view.page.mouse.move(first, box["y"] + 0.5 * box["height"])
    view.page.mouse.down()
    view.page.mouse.move(first, box["y"] + box["height"] - 20, steps=4)
    view.page.mouse.up()
    view.await_selected(["t1", "t2"])


def test_a_notebooks_keys_stay_away(view: TrialsPage) -> None:
    view.render(state([trial(1)]))
    view.page.evaluate("() => { document.onkeydown = (event) => window.sent.push(event.key) }")
    view.page.get_by_role("grid", name="Trials").focus()
    view.page.keyboard.press("d")
    assert view.sent() == [{"kind": "ready"}]
    # Lumino, which JupyterLab is made of, listens before the page does.
    assert view.page.locator("[data-lm-suppress-shortcuts] .twn-table").count() == 1


def test_a_hovered_curve_is_hovered_in_the_table(view: TrialsPage) -> None:
    view.render(state([trial(1), trial(50)]))
    chart = view.page.locator(".twn-surface").first
    box = chart.bounding_box()
    assert box is not None
    view.page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 26)
    expect(view.page.locator(".twn-row.twn-hovered")).to_contain_text("trial 50")
    expect(view.page.get_by_role("tooltip")).to_contain_text("trial 50")
    view.page.mouse.click(box["x"] + box["width"] - 20, box["y"] + 26)
    view.await_selected(["t50"])


def test_a_selection_made_in_python_is_shown(view: TrialsPage) -> None:
    view.render(state([trial(1), trial(2)]))
    view.page.evaluate("window.model.set('selected', ['t2', 'gone'])")
    expect(view.page.locator(".twn-row.twn-selected")).to_contain_text("trial 2")


def test_a_change_keeps_the_open_row_where_it_is(view: TrialsPage) -> None:
    trials = [trial(number) for number in range(1, 101)]
    view.render(state(trials))
    view.page.get_by_text("trial 4", exact=True).click()
    row = view.page.locator(".twn-row.twn-open")
    before = row.bounding_box()
    better = [trial(number, last={"loss": -float(number)}) for number in range(50, 60)]
    view.send({**state(better), "kind": "change", "revision": 2})
    expect(row).to_contain_text("trial 4")
    assert row.bounding_box() == before
    expect(view.page.locator(".twn-best")).to_contain_text("trial 59")


def test_changes_wait_for_a_state_that_is_being_unpacked(view: TrialsPage) -> None:
    change = {**state([]), "kind": "change"}
    view.render({**change, "trials": [trial(9)]})
    assert view.names() == []
    renamed = {**change, "trials": [{"id": "t2", "name": "renamed"}]}
    view.send_packed(state([trial(1), trial(2)]), renamed)
    expect(view.page.get_by_role("gridcell", name="renamed", exact=True)).to_be_visible()
    assert view.names() == ["trial 1", "renamed"]


def test_ten_thousand_trials_are_a_few_elements(view: TrialsPage) -> None:
    view.render(state([trial(number) for number in range(10_000)], curves=[]))
    assert view.page.locator(".twn-row").count() < 60
    view.page.evaluate("document.querySelector('.twn-table').scrollTop = 1e9")
    expect(view.page.get_by_text("trial 9999", exact=True)).to_be_visible()
    assert view.page.locator(".twn-row").count() < 60


def test_the_report_shows_the_same_without_a_kernel(view: TrialsPage) -> None:
    view.mount(state([trial(1, last={"loss": "nan"}), trial(2)]))
    expect(view.page.get_by_text("trial 2", exact=True).first).to_be_visible()
    expect(view.page.get_by_role("gridcell", name="NaN")).to_be_visible()
    assert view.page.get_by_role("button", name="Stop", exact=True).count() == 0
    assert _drawn(view.page, ".twn-slot:first-child .twn-layer-marks:not(.twn-back)") > 100


def test_a_report_that_cannot_be_read_says_so(view: TrialsPage) -> None:
    view.page.evaluate("window.bundle.mount(document.body, 'no base64!')")
    expect(view.page.get_by_role("alert").first).to_contain_text("cannot be read")


def test_the_theme_follows_the_page(view: TrialsPage) -> None:
    view.render(state([trial(1)]))
    root = view.page.locator(".twn")
    expect(root).not_to_have_class("twn twn-dark twn-wide")
    view.page.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    expect(root).to_have_class("twn twn-wide twn-dark")


def test_colours_are_there_although_the_view_is_made_before_it_is_in_the_page(
    view: TrialsPage,
) -> None:
    view.render(state([trial(1), trial(2)]))
    color = "() => document.querySelector('.twn-row').style.getPropertyValue('--twn-own')"
    view.page.wait_for_function(f"({color})().startsWith('rgb')")


@pytest.mark.parametrize("width", [700, 1000, 1600])
def test_nothing_is_wider_than_the_page(view: TrialsPage, width: int) -> None:
    view.page.set_viewport_size({"width": width, "height": 900})
    view.render(_hostile())
    assert view.page.evaluate("document.documentElement.scrollWidth") == width


def test_text_is_text(view: TrialsPage) -> None:
    asked: list[str] = []
    view.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    view.render(_hostile())
    page = view.page
    page.get_by_text("<img src=x onerror=alert(0)>").first.click()
    page.locator(".twn-surface").first.hover()
    page.locator(".twn-mark").first.click()
    for tab in page.get_by_role("tab").all():
        tab.click()
    assert page.locator(".twn :is(script, img, b b, iframe)").count() == 0
    assert asked == []


def test_a_search_without_trials_or_hyperparameters_says_what_is_missing(view: TrialsPage) -> None:
    view.render(state([], search=search(params=[], metrics=[], objectives=[], counts={})))
    expect(view.page.get_by_text("No trials yet")).to_be_visible()
    for tab in view.page.get_by_role("tab").all():
        tab.click()
    view.send(state([trial(1, params={}, last={})], search=search(params=[]), curves=[]))
    expect(view.page.get_by_text("No loss reported yet")).to_be_visible()


def test_what_has_ended_listens_no_more(view: TrialsPage) -> None:
    view.render(state([trial(1)]))
    view.page.evaluate("() => window.end()")
    view.send(state([trial(1), trial(2)]))
    assert view.names() == ["trial 1"]


def _hostile() -> dict[str, Any]:
    names = ["<script>alert(1)</script>", "__proto__", "constructor", "متغير", "🚀", "n" * 500]
    params = dict.fromkeys(names, f"<b>{'x' * 300}</b>")
    column = {"type": "category", "integer": False, "log": False, "values": None, "varies": True}
    lasts = ["nan", "inf", "-inf", None, "text", 0.99996]
    return state(
        [
            trial(
                i,
                name=f"<img src=x onerror=alert({i})>{'long ' * (50 * (i % 2))}",
                params=params,
                last={"loss": last, "__proto__": i},
                error="<script>alert(2)</script>",
            )
            for i, last in enumerate(lasts)
        ],
        search=search(
            name="<svg onload=alert(3)>" + "long " * 100,
            params=[{"name": name, **column} for name in names],
            metrics=["loss", "__proto__"],
            error="<script>alert(4)</script>",
            importance=[{"name": name, "value": 0.2} for name in names],
        ),
    )


def _drawn(page: Page, layer: str) -> int:
    """Return how many pixels of a canvas are not empty, once it has come to rest."""
    script = """async (layer) => {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const canvas = document.querySelector(layer);
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
    }"""
    drawn: int = page.evaluate(script, layer)
    return drawn
