"""The runs of a search leave a notebook's displays alone, in a real kernel."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

import tune_wandb_nb

SEARCH = """
import os
from ray import tune
from tests.joining import join_ray
import tune_wandb_nb as tw

join_ray()
publisher = get_ipython().display_pub
seen = set()

class Looks(tune.Callback):
    def on_trial_result(self, *_, **__):
        seen.update({"publish", "_orig_publish"} & set(vars(publisher)))

    def __reduce__(self):
        return (tune.Callback, ())

def train(config):
    for i in range(3):
        tune.report({"score": config["x"] * i})

logger = tw.WandbLogger(project="p", mode="offline")
tune.Tuner(
    train,
    param_space={"x": tune.grid_search([1, 2, 3, 4])},
    run_config=tune.RunConfig(callbacks=[logger, Looks()], storage_path=os.getcwd(), verbose=0),
).fit()
"""
TOLD = 'print(sorted(seen), *logger.audit()["logged"])'
OWN_RUN = """
import wandb
run = wandb.init(project="p", mode="offline", settings=wandb.Settings(silent=True))
print(hasattr(publisher, "_orig_publish"))
run.finish()
"""


def test_a_search_sets_no_hooks_and_a_run_of_ones_own_does(
    tmp_path: Path, ray_environ: dict[str, str]
) -> None:
    cells = [nbformat.v4.new_code_cell(cell) for cell in (SEARCH, TOLD, OWN_RUN)]
    # From such a name wandb knows that it is in Jupyter.
    kernel = AsyncKernelManager(
        kernel_name="python3", connection_file=str(tmp_path / "jupyter-kernel.json")
    )
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        km=kernel,
        timeout=300,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    checkout = Path(tune_wandb_nb.__file__).parents[1]
    own = {"PYTHONPATH": str(checkout), "RAY_AIR_NEW_OUTPUT": "0"}
    client.execute(env={**os.environ, **ray_environ, **own})
    said = ["".join(o.get("text", "") for o in cell.outputs) for cell in client.nb.cells]
    assert "[] 3 3 3 3" in said[1]
    assert "True" in said[2]
