"""Notebooks in a kernel with Colab's shell and a stand-in of its modules."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.colab.kernel import colab_environ
from tests.kernels import new_kernel
from tests.wire import WireServer

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
VIEW = "application/vnd.jupyter.widget-view+json"
MARKED = {"colab": {"custom_widget_manager": {"url": "stand-in"}}}

SEARCH = """
import tune_wandb_nb as tw
from ray import tune
from tests.joining import join_ray
join_ray()

def train(config):
    for i in range(3):
        tune.report({"score": config["x"] * i})

experiment = tw.Experiment(
    train,
    param_space={"x": tune.grid_search([1, 2])},
    tune_config=tune.TuneConfig(metric="score", mode="max"),
    run_config=tune.RunConfig(name="mine", storage_path=STORAGE),
    wandb={"project": "digits", "host": HOST},
)
experiment.start()
results = experiment.wait()
"""
TOLD = """
from google.colab import output
from tune_wandb_nb.widgets.base.frontend import detect_frontend
dashboard = experiment.dashboard
print(detect_frontend().name, experiment.logger.mode, results.num_errors)
print("Trial name" in dashboard.tune.output.value, list(experiment.logger.audit()["logged"]))
"""


def run(folder: Path, cells: list[str], **environ: str) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    where = {"metadata": {"path": str(folder)}}
    with TemporaryDirectory(prefix="kernel-") as sockets:
        client = NotebookClient(notebook, km=new_kernel(sockets), timeout=300, resources=where)
        client.execute(env={**colab_environ(folder / "ipython"), **environ})
    return notebook


def text_of(cell: Any) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def install_cell(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    source: str = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "# NBVAL_TEST_NAME: install" in source
    return source


def test_a_search_with_a_secret_and_a_dashboard(
    tmp_path: Path,
    wire_server: WireServer,
    ray_environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WANDB_SERVICE", raising=False)
    given = f"HOST, STORAGE = {wire_server.url!r}, {str(tmp_path / 'results')!r}"
    notebook = run(
        tmp_path,
        [install_cell(NOTEBOOKS[0]), f"{given}\n{SEARCH}", TOLD],
        STAND_IN_SECRET_WANDB_API_KEY=wire_server.api_key,
        **ray_environ,
    )
    searched, told = notebook.cells[1:]
    assert text_of(told).splitlines() == ["colab online 0", "True [3, 3]"]
    assert wire_server.api_key not in nbformat.writes(notebook)
    views = [out for out in searched.outputs if VIEW in out.get("data", {})]
    assert [view.metadata[VIEW] for view in views] == [MARKED]
    # Tune's table is in the dashboard, not below the cell again and again.
    assert "Trial name" not in text_of(searched)
    assert "in W&B" in text_of(searched)
    lasting = [out for out in searched.outputs if "image/png" in out.get("data", {})]
    assert len(lasting) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.stem))
def test_every_notebook_begins_by_turning_on_widgets_of_other_packages(
    path: Path, tmp_path: Path
) -> None:
    show = "from ipywidgets import Label\nfrom IPython.display import display\ndisplay(Label('a'))"
    notebook = run(tmp_path, [install_cell(path), show])
    assert text_of(notebook.cells[0]) == "", "nothing is installed where the package is there"
    (view,) = notebook.cells[1].outputs
    assert view.metadata[VIEW] == MARKED
