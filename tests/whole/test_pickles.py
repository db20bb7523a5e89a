"""What Tune pickles is pickled under public names, which outlive the modules' private paths."""

from __future__ import annotations

import json
import os
import pickletools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray import tune

import tune_wandb_nb as tw
from tune_wandb_nb.tuning.board.callback import BoardCallback
from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter

PACKAGE = Path(tw.__file__).parent
RESTORE = """
import json, pathlib, pickle, sys
from ray import tune

def train(config):
    tune.report({"loss": 1.0})

tune.Tuner.restore(sys.argv[1], trainable=train)
state = pickle.loads(pathlib.Path(sys.argv[1], "tuner.pkl").read_bytes())
run_config = state["_run_config"]
kept = (*run_config.callbacks, run_config.progress_reporter, run_config.stop)
kinds = [type(each) for each in kept]
# What a dataclass generates belongs to no module.
methods = [kind.__dict__.get("__call__", kind.__init__) for kind in kinds]
print(json.dumps([[k.__name__, m.__module__] for k, m in zip(kinds, methods)]))
"""
"""Restores a search, and prints the classes of what it had and the modules of their methods."""
MOVED = {
    "tracking/driver/logger": "tracking/driver/wandb_logger",
    "tuning/board/callback": "tuning/search/board_callback",
    "tuning/search/html_reporter": "tuning/board/reporter",
    "tuning/plan/plan": "tuning/plan/checked",
}
"""Modules of the next version: their old paths -> their new ones."""


def train(config: dict[str, float]) -> None:
    tune.report({"loss": config["x"]})


@pytest.fixture(scope="module")
def experiment(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search with everything that Tune pickles of ours."""
    folder = tmp_path_factory.mktemp("experiment")
    run_config = tune.RunConfig(
        name="search",
        storage_path=str(folder),
        callbacks=[tw.WandbLogger("p", mode="offline", dir=str(folder)), BoardCallback()],
        progress_reporter=HtmlReporter(print),
        stop=tw.StopAt(at_most={"loss": 0.0}),
        verbose=0,
    )
    tune.Tuner(
        tw.wandb_mixin(train),
        param_space={"x": 1.0, "wandb": {"project": "p"}},
        run_config=run_config,
    ).fit()
    return folder / "search"


def texts(pickled: bytes) -> Iterator[str]:
    """Yield all texts in a pickle, also of the pickles inside it."""
    for _, argument, _ in pickletools.genops(pickled):
        if isinstance(argument, str):
            yield argument
        elif isinstance(argument, bytes) and argument.startswith(b"\x80"):
            yield from texts(argument)


def test_an_experiments_folder_names_no_private_path(experiment: Path) -> None:
    pickled = (experiment / "tuner.pkl").read_bytes()
    modules = {text for text in texts(pickled) if text.startswith("tune_wandb_nb")}
    assert modules == {"tune_wandb_nb"}
    for file in experiment.rglob("*.pkl"):
        assert b"tune_wandb_nb." not in file.read_bytes(), file


def test_the_next_version_restores_a_search_though_its_modules_have_moved(
    experiment: Path, tmp_path: Path
) -> None:
    copy = tmp_path / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for old, new in MOVED.items():
        (copy / f"{old}.py").rename(copy / f"{new}.py")
    for file in copy.rglob("*.py"):
        text = file.read_text()
        for old, new in MOVED.items():
            text = text.replace(old.replace("/", "."), new.replace("/", "."))
        file.write_text(text)
    command = [sys.executable, "-c", RESTORE, str(experiment)]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    modules = [f"tune_wandb_nb.{new.replace('/', '.')}" for new in MOVED.values()]
    names = ["WandbLogger", "BoardCallback", "HtmlReporter", "StopAt"]
    found = json.loads(done.stdout.splitlines()[-1])
    assert [pair for pair in found if pair[0] in names] == [
        list(pair) for pair in zip(names, modules, strict=True)
    ]
