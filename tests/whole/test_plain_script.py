"""Searches in a plain script: Tune's usual progress, the runs' addresses, the audit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wire import WireServer

TRAIN = """
import sys
import tune_wandb_nb as tw
from ray import tune
from tests.joining import join_ray

join_ray()
HOST, KEY, STORAGE = sys.argv[1:]
ACCESS = {"host": HOST, "api_key": KEY} if HOST else {"mode": "offline"}
WANDB = {"project": "digits", **ACCESS}

def train(config):
    for i in range(3):
        tune.report({"score": config["x"] * i})

SPACE = {"x": tune.grid_search([1, 2])}
TUNE = tune.TuneConfig(metric="score", mode="max")
"""
WITH_EXPERIMENT = """
experiment = tw.Experiment(
    train, param_space=SPACE, tune_config=TUNE, wandb=WANDB,
    run_config=tune.RunConfig(name="mine", storage_path=STORAGE),
)
experiment.start()
results = experiment.wait()
"""
WITH_DASHBOARD = """
logger = tw.WandbLogger(**WANDB)
dashboard = tw.Dashboard(logger, metric="score", mode="max")
run_config = tune.RunConfig(
    name="mine", storage_path=STORAGE,
    callbacks=[logger, dashboard.callback], progress_reporter=dashboard.reporter,
)
results = tune.Tuner(train, param_space=SPACE, tune_config=TUNE, run_config=run_config).fit()
dashboard.save("report.html")
"""
WITH_PANEL = """
panel = tw.SetupPanel(
    train, SPACE, metric="score", mode="max", project="digits",
    offline=True, storage=STORAGE, name="mine", samples=1,
)
panel.start()
results = panel.wait()
"""
END = """
print("best", results.get_best_result().config["x"])
"""


def run(folder: Path, script: str, environ: dict[str, str], host: str = "", key: str = "") -> str:
    """Run a script to its end and return all that it printed."""
    (folder / "script.py").write_text(TRAIN + script + END)
    done = subprocess.run(
        [sys.executable, "script.py", host, key, str(folder / "results")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={
            **{k: v for k, v in os.environ.items() if k != "WANDB_SERVICE"},
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TUNE_WANDB_NB_STATE_DIR": "",
            **environ,
        },
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "best 2" in done.stdout
    return done.stdout


def rows_of(printed: str) -> list[list[str]]:
    """Return the lines of the audit, each split into words."""
    _, _, audit = printed.partition("what became of the rows of each trial:\n")
    assert audit, printed
    return [line.split() for line in audit.splitlines()[:3]]


@pytest.mark.parametrize("script", [WITH_EXPERIMENT, WITH_DASHBOARD], ids=["experiment", "plain"])
def test_online_the_page_the_progress_and_every_run_are_printed(
    script: str, tmp_path: Path, wire_server: WireServer, ray_environ: dict[str, str]
) -> None:
    printed = run(tmp_path, script, ray_environ, wire_server.url, wire_server.api_key)
    page = f"{wire_server.url}/{wire_server.entity}/digits/groups/mine/workspace"
    assert printed.count(f"this search in W&B: {page}\n") == 1
    assert "Trial status: 2 TERMINATED" in printed
    head, *trials = rows_of(printed)
    assert head == ["name", "state", "reported", "logged", "dropped", "run"]
    urls = {f"{wire_server.url}/{wire_server.entity}/digits/runs/{run}" for run in wire_server.runs}
    assert {trial[-1] for trial in trials} == urls
    assert [trial[2:5] for trial in trials] == [["3", "3", "0"]] * 2
    # Nothing is complained of that a person cannot change.
    for word in ("Traceback", "ProgressReporter", "JupyterNotebookReporter", "<IPython"):
        assert word not in printed
    assert wire_server.api_key not in printed


def test_offline_the_folders_are_printed_and_no_server_is_asked(
    tmp_path: Path, wire_server: WireServer, ray_environ: dict[str, str]
) -> None:
    printed = run(tmp_path, WITH_DASHBOARD, {**ray_environ, "WANDB_BASE_URL": wire_server.url})
    assert not wire_server.requests
    _, *trials = rows_of(printed)
    folders = {Path(trial[-1]) for trial in trials}
    assert {(tmp_path / folder).is_dir() for folder in folders} == {True}
    assert "this search in W&B" not in printed
    assert "Trial status: 2 TERMINATED" in printed


def test_the_form_can_be_used_from_a_script(tmp_path: Path, ray_environ: dict[str, str]) -> None:
    printed = run(tmp_path, WITH_PANEL, ray_environ)
    assert len(rows_of(printed)) == 3
    assert "Traceback" not in printed
