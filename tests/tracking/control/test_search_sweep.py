"""A search is a sweep in W&B: registered from its space, steered from its page."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.error import TuneError

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireServer
from tests.wire.sync import sync
from tune_wandb_nb.tracking.control import search_sweep

CHECKOUT = Path(tw.__file__).parent.parent
MANY = 3000
SPACE = {
    "lr": tune.loguniform(1e-4, 1e-1),
    "optimizer": {"name": tune.grid_search(["sgd", "adam"])},
    "layers": 3,
    "other": tune.sample_from(lambda _: 1),
}


def report(config: dict[str, Any]) -> None:
    for i in range(2):
        tune.report({"loss": config["lr"] * i})


def decorated() -> Any:
    return tw.wandb_mixin(report)


def report_until_stopped(config: dict[str, Any]) -> None:
    for i in range(MANY if config["a"] == 1 else 2):
        tune.report({"loss": i})
        if config["a"] == 1:
            time.sleep(0.05)


@pytest.fixture
def _asks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_sweep, "_ASKED_EVERY", 0.1)


def logger_for(server: WireServer, **given: Any) -> tw.WandbLogger:
    return tw.WandbLogger(
        project="p", host=server.url, **{"api_key": server.api_key, "sweep": True} | given
    )


@pytest.mark.parametrize("own_runs", [False, True], ids=["logger", "mixin"])
def test_every_run_belongs_to_the_sweep_of_the_search(
    run_search: RunSearch, wire_server: WireServer, capsys: Any, own_runs: bool
) -> None:
    logger = logger_for(wire_server)
    trainable = decorated() if own_runs else report
    tune_config = {"metric": "loss", "mode": "min"}
    run_search(trainable, SPACE, logger=logger, tune_config=tune_config)
    (sweep,) = wire_server.sweeps.values()
    assert sweep.config == {
        "name": "experiment",
        "method": "random",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {
            "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1},
            "optimizer": {"parameters": {"name": {"values": ["sgd", "adam"]}}},
            "layers": {"value": 3},
        },
        "controller": {"type": "local"},
    }
    assert (sweep.display_name, sweep.project) == ("experiment", "p")
    assert sweep.states == ["RUNNING", "FINISHED"]
    assert [run.sweep for run in wire_server.runs.values()] == [sweep.sweep_id] * 2
    assert logger.sweep_url == f"{wire_server.url}/test-entity/p/sweeps/{sweep.sweep_id}"
    said = capsys.readouterr().out
    assert said.count("left out of the W&B sweep: other:") == 1
    assert list(logger.audit()["logged"]) == [2, 2]


class OnResult(tune.Callback):
    """Does something at the first trial's results."""

    def __init__(self, act: Any) -> None:
        self.act = act

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any
    ) -> None:
        self.act(trial, result)

    def __reduce__(self) -> Any:
        return (tune.Callback, ())


@pytest.mark.usefixtures("_asks_often")
def test_a_cancelled_sweep_ends_the_search(
    run_search: RunSearch, wire_server: WireServer, capsys: Any
) -> None:
    def cancel(trial: Any, result: dict[str, Any]) -> None:
        wire_server.sweeps["sweep1"].state = "CANCELED"

    logger = logger_for(wire_server)
    results = run_search(
        report_until_stopped,
        {"a": tune.grid_search([1, 2])},
        callbacks=[logger, OnResult(cancel)],
    )
    assert results.num_errors == 0
    (run,) = wire_server.runs.values()
    assert (run.summary["tune/status"], run.exit_code) == ("stopped in W&B", 0)
    assert 0 < len(run.rows) < MANY
    assert wire_server.sweeps["sweep1"].states == ["RUNNING"]
    assert "the sweep was cancelled in W&B" in capsys.readouterr().out


def short(config: dict[str, Any]) -> None:
    for i in range(40):
        tune.report({"loss": i})
        time.sleep(0.02)


@pytest.mark.usefixtures("_asks_often")
def test_a_stopped_sweep_lets_the_running_trial_end(
    run_search: RunSearch, wire_server: WireServer, capsys: Any
) -> None:
    def stop(trial: Any, result: dict[str, Any]) -> None:
        wire_server.sweeps["sweep1"].state = "FINISHED"

    callbacks = [logger_for(wire_server), OnResult(stop)]
    run_search(short, {"a": tune.grid_search([1, 2, 3])}, callbacks=callbacks)
    (run,) = wire_server.runs.values()
    assert (run.summary["tune/status"], len(run.rows)) == ("completed", 40)
    assert "the sweep was stopped in W&B" in capsys.readouterr().out


@pytest.mark.usefixtures("_asks_often")
def test_a_paused_sweep_starts_no_trial_until_it_goes_on(
    run_search: RunSearch, wire_server: WireServer, capsys: Any
) -> None:
    ended: list[float] = []
    began: list[float] = []

    class Paused(tune.Callback):
        def on_trial_result(self, *_: Any, trial: Any, **__: Any) -> None:
            if not ended:
                wire_server.sweeps["sweep1"].state = "PAUSED"

        def on_trial_complete(self, *_: Any, trial: Any, **__: Any) -> None:
            ended.append(time.monotonic())

        def on_step_end(self, *_: Any, **__: Any) -> None:
            if len(ended) == 1 and time.monotonic() > ended[0] + 1:
                wire_server.sweeps["sweep1"].state = "RUNNING"

        def on_trial_start(self, *_: Any, trial: Any, **__: Any) -> None:
            began.append(time.monotonic())

        def __reduce__(self) -> Any:
            return (tune.Callback, ())

    callbacks = [logger_for(wire_server), Paused()]
    run_search(short, {"a": tune.grid_search([1, 2])}, callbacks=callbacks)
    assert len(wire_server.runs) == 2
    assert began[1] >= ended[0] + 1
    said = capsys.readouterr().out
    assert said.count("the sweep was paused in W&B") == said.count("was resumed in W&B") == 1


def test_a_restored_search_goes_on_in_its_sweep(
    run_search: RunSearch,
    wire_server: WireServer,
    wandb_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(config: dict[str, Any]) -> None:
        tune.report({"loss": 1})
        if not Path(config["mark"]).exists():
            Path(config["mark"]).touch()
            raise ValueError("once")

    space = {"lr": tune.uniform(0, 1), "mark": str(wandb_home / "mark")}
    run_search(fails, space, logger=logger_for(wire_server))
    # The key is on no disk.
    monkeypatch.setenv("WANDB_API_KEY", wire_server.api_key)
    folder = str(wandb_home / "ray" / "experiment")
    tune.Tuner.restore(folder, fails, resume_errored=True).fit()
    (sweep,) = wire_server.sweeps.values()
    assert sweep.states == ["RUNNING", "FINISHED"] * 2
    (run,) = wire_server.runs.values()
    assert (run.sweep, len(run.rows), run.starts) == (sweep.sweep_id, 2, 2)


class Raises(tune.Callback):
    """Raises in one of Tune's hooks."""

    def __init__(self, hook: str, error: BaseException) -> None:
        setattr(self, hook, self.throw)
        self.error = error

    def throw(self, *_: Any, **__: Any) -> None:
        raise self.error

    def __reduce__(self) -> Any:
        return (tune.Callback, ())


@pytest.mark.parametrize("hook", ["setup", "on_trial_result", "on_experiment_end"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_search_that_is_left_by_an_error_leaves_no_sweep_that_runs(
    run_search: RunSearch, wire_server: WireServer, hook: str, error: type[BaseException]
) -> None:
    callbacks = [Raises(hook, error("theirs")), logger_for(wire_server)]
    if hook == "setup":
        callbacks.reverse()
    # Tune wraps the errors of some hooks.
    with pytest.raises((error, TuneError), match="theirs"):
        run_search(report, SPACE, callbacks=callbacks)
    wire_server.wait_for(lambda s: s.sweeps["sweep1"].states == ["RUNNING", "FINISHED"])
    wire_server.wait_for(lambda s: all(run.complete for run in s.runs.values()))
    # Tune frees the CPUs of a search that it has left when Python frees Tune's loop.
    gc.collect()


def test_a_script_that_ends_early_ends_its_sweep(
    ray_environ: dict[str, str], wire_server: WireServer, wandb_home: Path
) -> None:
    script = """
from ray import tune
from ray.tune.error import TuneError
from tests.joining import join_ray
import tune_wandb_nb as tw

class Raises(tune.Callback):
    def on_trial_result(self, **_):
        raise KeyboardInterrupt("theirs")

if __name__ == "__main__":
    join_ray()
    callbacks = [Raises(), tw.WandbLogger(project="p", sweep=True)]
    run_config = tune.RunConfig(callbacks=callbacks, storage_path=STORAGE, verbose=0)
    space = {"lr": tune.uniform(0, 1)}
    tune.Tuner(lambda _: tune.report({"loss": 1}), param_space=space, run_config=run_config).fit()
""".replace("STORAGE", repr(str(wandb_home / "ray")))
    (wandb_home / "script.py").write_text(script)
    environ = {**os.environ, **ray_environ, **wire_server.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=wandb_home,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "KeyboardInterrupt: theirs" in done.stderr, done.stderr
    assert wire_server.sweeps["sweep1"].states == ["RUNNING", "FINISHED"]


def test_a_run_that_was_recorded_offline_is_uploaded_into_its_sweep(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    # As the runs of a search with a sweep are opened.
    logger = tw.WandbLogger(project="p", mode="offline", settings={"sweep_id": "sweep1"})
    run_search(report, {"lr": tune.uniform(0, 1)}, logger=logger)
    sync(wire_server, *logger.audit()["path"])
    (run,) = wire_server.runs.values()
    assert (run.sweep, len(run.rows)) == ("sweep1", 2)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"mode": "offline"}, "it is tracked offline"),
        ({"api_key": "f" * 40}, "refuses the API key"),
    ],
)
def test_what_is_in_the_way_of_a_sweep_is_one_line(
    run_search: RunSearch, wire_server: WireServer, capsys: Any, given: dict[str, Any], why: str
) -> None:
    logger = logger_for(wire_server, **given)
    run_search(report, {"lr": tune.uniform(0, 1)}, logger=logger)
    assert list(logger.audit()["logged"]) == [2]
    assert logger.sweep_url is None
    (line,) = [x for x in capsys.readouterr().out.splitlines() if "no W&B sweep" in x]
    assert why in line


@pytest.mark.parametrize("status", [400, 500, 403])
def test_a_server_without_sweeps_costs_one_line(
    run_search: RunSearch, wire_server: WireServer, capsys: Any, status: int
) -> None:
    wire_server.faults.fail(status, operation="UpsertSweep")
    logger = logger_for(wire_server)
    run_search(report, {"lr": tune.uniform(0, 1)}, logger=logger)
    assert [run.sweep for run in wire_server.runs.values()] == [None]
    assert capsys.readouterr().out.count("no W&B sweep for this search") == 1


def test_a_space_that_only_the_algorithm_has_is_no_sweep_and_a_config_of_ones_own_is(
    run_search: RunSearch, wire_server: WireServer, capsys: Any
) -> None:
    own = {"method": "random", "parameters": {"lr": {"min": 0.0, "max": 1.0}}}
    none = {"fixed": tune.sample_from(lambda _: 1)}
    for given in (True, own):
        logger = logger_for(wire_server, sweep=given)
        run_search(lambda _: tune.report({"loss": 1}), none, logger=logger)
    assert "holds nothing that a sweep can express" in capsys.readouterr().out
    (sweep,) = wire_server.sweeps.values()
    assert sweep.config["parameters"] == own["parameters"]
