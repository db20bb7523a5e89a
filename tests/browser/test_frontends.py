"""The form and the dashboard in the other frontends: Notebook 7, Notebook 6, Voila, VS Code."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.classic import classic_notebook, open_classic, run_classic_cell
from tests.browser.lab import (
    jupyter_lab,
    notebook_7,
    open_in_notebook_7,
    open_notebook,
    run_cell,
)
from tests.browser.locators import (
    KEY,
    SETUP,
    SLOW,
    badge,
    button,
    cell_of,
    field,
    tab,
    trial_rows,
)
from tests.browser.pictures import take_picture
from tests.browser.server import write_notebook
from tests.browser.voila import open_app, voila
from tests.wire import WireServer

pytestmark = pytest.mark.timeout(900)

IS_CLASSIC = version("notebook").startswith("6.")
"""Colab's frontend and versions, or today's."""

PANEL = "tw.SetupPanel(train, samples=2, project='digits', storage=os.path.abspath('results'))"


def search_by_form(page: Page, server: WireServer, name: str) -> None:
    """Type a key, start a search, watch it to its end."""
    expect(page.locator(".twp-row").first).to_be_visible(timeout=3 * SLOW)  # Ray starts
    expect(cell_of(page, 0, 0)).to_have_value("epochs")
    field(page, "server").fill(server.url)
    field(page, "API key").fill(KEY)
    field(page, "API key").press("Enter")
    status = page.locator(".twp-status")
    expect(status).to_contain_text(f"Logged in as {server.entity}", timeout=SLOW)
    field(page, "name").fill("mygroup")
    cell_of(page, 0, 1).fill("2")
    cell_of(page, 1, 1).fill("wrong")
    expect(button(page, "Start")).to_be_disabled()
    cell_of(page, 1, 1).fill("0.01")
    expect(button(page, "Start")).to_be_enabled()
    take_picture(page, f"{name}-form")

    button(page, "Start").click()
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    tab(page, "W&B").click()
    group = f"/{server.entity}/digits/groups/mygroup/workspace?jupyter=true"
    shown = page.frame_locator("iframe[title='W&B']").locator("code")
    expect(shown).to_have_text(group, timeout=SLOW)
    take_picture(page, f"{name}-page")
    tab(page, "Live").click()
    expect(badge(page, "Finished")).to_be_visible(timeout=SLOW)
    expect(trial_rows(page)).to_have_count(2)
    expect(page.locator("[class^=twp-lasting]:visible")).to_have_count(0)
    take_picture(page, f"{name}-live")
    assert len(server.runs) == 2


@pytest.mark.skipif(IS_CLASSIC, reason="this environment has Notebook 6")
def test_notebook_7(
    page: Page, servers: ExitStack, tmp_path: Path, wire_server: WireServer
) -> None:
    wire_server.accepted_keys = {KEY}
    write_notebook(tmp_path / "search.ipynb", [SETUP, PANEL])
    url = servers.enter_context(notebook_7(tmp_path))
    open_in_notebook_7(page, url, "search.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    search_by_form(page, wire_server, "notebook-7")


@pytest.mark.skipif(not IS_CLASSIC, reason="this environment has no Notebook 6")
def test_notebook_6(
    page: Page, servers: ExitStack, tmp_path: Path, wire_server: WireServer
) -> None:
    wire_server.accepted_keys = {KEY}
    write_notebook(tmp_path / "search.ipynb", [SETUP, PANEL])
    url = servers.enter_context(classic_notebook(tmp_path))
    open_classic(page, url, "search.ipynb")
    run_classic_cell(page, 0)
    run_classic_cell(page, 1)
    search_by_form(page, wire_server, "notebook-6")


@pytest.mark.skipif(IS_CLASSIC, reason="this environment has no Voila")
def test_voila(page: Page, servers: ExitStack, tmp_path: Path, wire_server: WireServer) -> None:
    wire_server.accepted_keys = {KEY}
    write_notebook(tmp_path / "search.ipynb", [SETUP, PANEL])
    url = servers.enter_context(voila(tmp_path))
    open_app(page, url, "search.ipynb")
    search_by_form(page, wire_server, "voila")


@pytest.mark.skipif(IS_CLASSIC, reason="this environment has no Voila")
def test_the_setup_notebook_is_an_app(page: Page, servers: ExitStack, tmp_path: Path) -> None:
    notebook = Path(__file__).parents[2] / "notebooks" / "widget_setup.ipynb"
    shutil.copy(notebook, tmp_path / "app.ipynb")
    url = servers.enter_context(
        voila(tmp_path, "--TagRemovePreprocessor.remove_cell_tags=not-in-app")
    )
    open_app(page, url, "app.ipynb")
    expect(page.locator(".twp-row").first).to_be_visible(timeout=SLOW)
    expect(page.locator(".twp-row")).to_have_count(5)
    expect(page.get_by_text("The same from code")).to_have_count(0)
    expect(page.get_by_text("import ray")).to_have_count(0)
    take_picture(page, "app-form")
    page.get_by_text("work offline").click()
    button(page, "Start").click()
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    expect(trial_rows(page).first).to_be_visible(timeout=SLOW)
    take_picture(page, "app-running")
    button(page, "Stop").click()
    expect(badge(page, "Stopped")).to_be_visible(timeout=SLOW)


@pytest.mark.skipif(IS_CLASSIC, reason="this environment has no JupyterLab")
def test_in_vs_code_a_link_stands_for_the_page(
    page: Page, servers: ExitStack, tmp_path: Path, wire_server: WireServer
) -> None:
    """VS Code itself cannot run here: this is JupyterLab with VS Code's environment variable."""
    wire_server.accepted_keys = {KEY}
    login = f"tw.login({KEY!r}, host={wire_server.url!r})"
    settings = {"project": "digits", "host": wire_server.url}
    start = (
        f"{login}\ne = tw.Experiment(train, param_space={{'lr': tune.grid_search([1, 2])}},"
        f" tune_config=tune.TuneConfig(metric='accuracy', mode='max'), wandb={settings!r},"
        " run_config=tune.RunConfig(name='mygroup', storage_path=os.path.abspath('results')))\n"
        "e.start()"
    )
    write_notebook(tmp_path / "search.ipynb", [SETUP, start])
    url = servers.enter_context(jupyter_lab(tmp_path, environ={"VSCODE_PID": "1"}))
    open_notebook(page, url, "search.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    group = f"{wire_server.url}/{wire_server.entity}/digits/groups/mygroup/workspace"
    expect(badge(page, "Finished")).to_be_visible(timeout=SLOW)
    take_picture(page, "vscode-live")
    tab(page, "W&B").click()
    expect(page.get_by_role("link", name=group).first).to_be_visible(timeout=SLOW)
    assert page.locator("iframe[title='W&B']").count() == 0
    take_picture(page, "vscode-page")
