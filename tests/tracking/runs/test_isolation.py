"""A search's runs and the user's own: neither sees or ends the other, in script and notebook."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune
from ray.tune import Callback

import tune_wandb_nb
from tests.kernels import run_cells
from tests.searches import RunSearch
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb import WandbLogger

ROWS = 4

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


def run_notebook(folder: Path, ray_environ: dict[str, str], *sources: str) -> list[str]:
    """Run cells in a kernel that wandb takes for Jupyter's; returns what each has printed."""
    checkout = Path(tune_wandb_nb.__file__).parents[1]
    own = {"PYTHONPATH": str(checkout), "RAY_AIR_NEW_OUTPUT": "0"}
    cells = run_cells(folder, *sources, environ={**os.environ, **ray_environ, **own})
    return ["".join(o.get("text", "") for o in cell.outputs) for cell in cells]


def test_a_search_sets_no_hooks_and_a_run_of_ones_own_does(
    tmp_path: Path, ray_environ: dict[str, str]
) -> None:
    said = run_notebook(tmp_path, ray_environ, SEARCH, TOLD, OWN_RUN)
    assert "[] 3 3 3 3" in said[1]
    assert "True" in said[2]


# The user's own runs


def train(config: dict[str, Any]) -> None:
    for i in range(ROWS):
        tune.report({"score": config["x"] * i})


class Acts(Callback):
    """Does something once, while the second trial's run has rows and goes on."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._trials: set[str] = set()

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        self._trials.add(trial.trial_id)
        if len(self._trials) == 2 and result["training_iteration"] == 2:
            self._act()

    def __reduce__(self) -> Any:
        return (Callback, ())


def users_run(**how: Any) -> wandb.Run:
    # wandb has read its environment and folder when it was first used, maybe in another test.
    names = {"mode": "WANDB_MODE", "base_url": "WANDB_BASE_URL", "api_key": "WANDB_API_KEY"}
    given = {name: os.environ[each] for name, each in names.items() if each in os.environ}
    settings = wandb.Settings(silent=True, **given)
    return wandb.init(project="mine", dir=str(Path.cwd()), settings=settings, **how)


def own(**how: Any) -> Callable[[], None]:
    def act() -> None:
        run = users_run(**how)
        assert wandb.run is run
        assert run.project == "mine", "it is no run of the search"
        run.log({"mine": 1})
        run.finish()
        assert wandb.run is None

    return act


def with_statement() -> None:
    with users_run():
        wandb.log({"mine": 1})


def log_without_a_run() -> None:
    with pytest.raises(wandb.Error, match=r"wandb\.init\(\) before wandb\.log"):
        wandb.log({"mine": 1})


ACTS: dict[str, Callable[[], None]] = {
    "plain": own(),
    "reinit": own(reinit=True),
    "finish_previous": own(reinit="finish_previous"),
    "return_previous": own(reinit="return_previous"),
    "create_new": lambda: users_run(reinit="create_new").finish(),
    "with": with_statement,
    "finish": wandb.finish,
    "log without a run": log_without_a_run,
    "teardown": wandb.teardown,
}


def rows_by_project(folder: Path) -> dict[str, list[int]]:
    """Return how many rows each run has, by project; a run may have several files."""
    rows: dict[tuple[str, str], int] = defaultdict(int)
    for file in find_wandb_files(folder):
        run = read_ended_wandb_file(file)
        rows[run.project, run.run_id] += len(run.rows)
    projects: dict[str, list[int]] = defaultdict(list)
    for (project, _), count in rows.items():
        projects[project].append(count)
    return projects


@pytest.mark.parametrize("how", ACTS)
def test_a_script_uses_wandb_while_a_search_runs_offline(
    run_search: RunSearch, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    logger = WandbLogger(project="search")
    run_search(train, {"x": tune.grid_search([1, 2])}, logger=logger, callbacks=[Acts(ACTS[how])])
    assert rows_by_project(tmp_path)["search"] == [ROWS, ROWS]
    assert list(logger.audit()["logged"]) == [ROWS, ROWS]
    own_rows = rows_by_project(tmp_path).get("mine", [])
    expected = {"create_new": [0], "finish": [], "log without a run": [], "teardown": []}
    assert own_rows == expected.get(how, [1])


@pytest.mark.parametrize("how", ["plain", "reinit", "finish", "teardown"])
def test_a_script_uses_wandb_while_a_search_runs_online(
    run_search: RunSearch,
    wire_server: WireServer,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    for name, value in wire_server.environ.items():
        monkeypatch.setenv(name, value)
    logger = WandbLogger(project="search")
    run_search(train, {"x": tune.grid_search([1, 2])}, logger=logger, callbacks=[Acts(ACTS[how])])
    runs = [run for run in wire_server.runs.values() if run.project == "search"]
    steps = [[row["training_iteration"] for row in run.rows] for run in runs]
    assert steps == [list(range(1, ROWS + 1))] * 2
    assert list(logger.audit()["logged"]) == [ROWS, ROWS]
    assert set(logger.audit()["mode"]) == {"online"}


IN_BACKGROUND = """
import os
from ray import tune
from tests.joining import join_ray
import tune_wandb_nb as tw

join_ray()

def train(config):
    for i in range(4):
        # The cell below lets the search go on.
        while i == 2 and not os.path.exists(config["go"]):
            pass
        tune.report({"score": config["x"] * i})

search = tw.Experiment(
    train,
    param_space={"x": tune.grid_search([1, 2]), "go": os.path.abspath("go")},
    wandb={"project": "search", "mode": "offline"},
    run_config=tune.RunConfig(storage_path=os.getcwd(), verbose=0),
)
search.start(show=False)
while search.logger.audit()["logged"].sum() < 2:
    pass
"""
USERS_CELL = """
import pathlib, wandb
run = wandb.init(project="mine", mode="offline", settings=wandb.Settings(silent=True))
run.log({"mine": 1})
pathlib.Path("go").touch()
search.wait(timeout=200)
run.log({"mine": 2})
wandb.finish()
print(*search.logger.audit()["logged"])
"""


def test_a_cell_opens_a_run_while_a_search_runs(
    tmp_path: Path, ray_environ: dict[str, str]
) -> None:
    said = run_notebook(tmp_path, ray_environ, IN_BACKGROUND, USERS_CELL)
    assert "4 4" in said[1]
    assert rows_by_project(tmp_path) == {"search": [4, 4], "mine": [2]}
