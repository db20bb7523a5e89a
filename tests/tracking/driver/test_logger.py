"""WandbLogger on a real Ray, offline: what is in the `.wandb` files is what Tune reported."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb
from ray import tune
from ray.tune.schedulers import FIFOScheduler, PopulationBasedTraining, TrialScheduler

from tests.searches import RunSearch, offline_runs, own_values
from tests.wire import OfflineRun, WireServer
from tests.wire.sync import sync
from tune_wandb_nb import SettingsError, WandbLogger

KEY = "0123456789abcdef" * 3


def count_to(config: dict[str, Any]) -> None:
    for i in range(config["n"]):
        tune.report({"value": config["a"] * i})


def only(tmp_path: Path) -> OfflineRun:
    (run,) = offline_runs(tmp_path).values()
    return run


class SearchFailsError(Exception):
    pass


def report_all_kinds(config: dict[str, Any]) -> None:
    for i in range(3):
        tune.report(
            {
                "int": i,
                "float": i / 3,
                "bool": i == 1,
                "numpy": np.float32(0.5),
                "one": np.array([[7]]),
                "config_like": {"lr": config["lr"]},
                "nan": math.nan if i else math.inf,
                "deep": {"er": {"x": -i}, "name with/slash": 1},
                "text": f"step {i // 2}",
                "list": [1, 2],
                "object": object(),
            }
        )


def test_rows_steps_and_config_are_those_that_tune_reported(
    run_search: RunSearch, tmp_path: Path, wire_server: WireServer, capsys: Any
) -> None:
    logger = WandbLogger(project="p", tags=["t"], job_type="search")
    results = run_search(
        report_all_kinds, {"lr": tune.grid_search([0.1, 0.2]), "net": {"layers": [1, 2]}},
        logger=logger,
    )  # fmt: skip
    assert results.num_errors == 0
    runs = offline_runs(tmp_path)
    assert [run.config["lr"] for run in runs.values()] == [0.1, 0.2]
    for trial_id, run in runs.items():
        assert [row["_step"] for row in run.rows] == [1, 2, 3]
        assert [row["training_iteration"] for row in run.rows] == [1, 2, 3]
        for i, row in enumerate(run.rows):
            nan = row.pop("nan")
            assert math.isnan(nan) if i else nan == math.inf
            assert own_values(row) == {
                "int": i,
                "float": i / 3,
                "bool": i == 1,
                "numpy": 0.5,
                "one": 7,
                "config_like/lr": run.config["lr"],
                "deep/er/x": -i,
                "deep/name with/slash": 1,
            }
        assert run.name == f"report_all_kinds_{trial_id}"
        assert (run.group, run.project, run.exit_code) == ("experiment", "p", 0)
        assert (run.tags, run.job_type) == (("t",), "search")
        assert run.config["net"] == {"layers": [1, 2]}
        assert run.config["trial_id"] == trial_id
        assert {"node_ip", "hostname", "pid", "date"} <= run.config.keys()
        assert not {"wandb", "done", "should_checkpoint"} & run.config.keys()
        assert (run.summary["text"], run.summary["tune/status"]) == ("step 1", "completed")
        assert run.metrics == {"*": "training_iteration"}
    # Read once more by wandb's own tools, as W&B would.
    sync(wire_server, *logger.audit()["path"])
    for trial_id, run in runs.items():
        assert len(wire_server.runs[trial_id].rows) == 3
        assert wire_server.runs[trial_id].config == run.config
    said = capsys.readouterr().out
    assert said.count("'list' cannot be logged") == 1
    assert said.count("'object' cannot be logged to W&B (object)") == 1
    assert "2 trials, 6 rows, all on disk, offline. Upload with: wandb sync" in said


def test_the_audit_accounts_for_every_row(run_search: RunSearch, tmp_path: Path) -> None:
    logger = WandbLogger(project="p")
    assert logger.audit().empty
    assert logger.mode is None
    run_search(report_all_kinds, {"lr": tune.grid_search([1, 2])}, logger=logger)
    audit = logger.audit()
    assert list(audit["reported"]) == list(audit["logged"]) == [3, 3]
    assert list(audit["dropped"]) == [0, 0]
    assert set(audit["state"]) == {"finished"}
    assert set(audit["mode"]) == {"offline"}
    assert logger.mode == "offline"
    assert all("3 values of 'list' left out (list)" in note for note in audit["note"])
    assert set(audit["run_id"]) == set(audit["trial_id"]) == set(offline_runs(tmp_path))
    assert all(Path(path).is_dir() for path in audit["path"])
    assert (logger.project_url, logger.group_url) == (None, None)


def report_media(config: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    tune.report(
        {
            "array": rng.integers(0, 255, (4, 5, 3)).astype(np.uint8),
            "batch": rng.integers(0, 255, (2, 4, 5, 3)).astype(np.uint8),
            "image": wandb.Image(np.zeros((2, 2, 3), np.uint8)),
            "images": [wandb.Image(np.zeros((2, 2, 3), np.uint8))] * 2,
            "histogram": wandb.Histogram([1, 2, 3]),
            "table": wandb.Table(columns=["a"], data=[[1]]),
            "loss": 1,
        }
    )


def test_arrays_and_wandb_types_are_logged_as_what_they_are(
    run_search: RunSearch, tmp_path: Path, wire_server: WireServer
) -> None:
    logger = WandbLogger(project="p", image_kwargs={"caption": "digit"})
    run_search(report_media, {}, logger=logger)
    (row,) = only(tmp_path).rows
    assert row["array"]["_type"] == row["image"]["_type"] == "image-file"
    assert (row["array"]["width"], row["array"]["height"]) == (5, 4)
    assert row["array"]["caption"] == "digit"
    assert (row["batch"]["count"], row["images"]["count"]) == (2, 2)
    assert row["histogram"]["_type"] == "histogram"
    assert row["table"]["_type"] == "table-file"
    assert row["loss"] == 1
    (audit,) = logger.audit().itertuples()
    sync(wire_server, audit.path)
    files = wire_server.runs[audit.run_id].files
    assert files[row["array"]["path"]].startswith(b"\x89PNG")


def test_excludes_hold_for_metrics_config_and_automatic_keys(
    run_search: RunSearch, tmp_path: Path
) -> None:
    excludes = ["int", "deep/er", "time_*", "pid", "secret", "net/layers"]
    run_search(
        report_all_kinds,
        {"secret": 1, "net": {"layers": 3, "width": 4}, "lr": 0.1},
        logger=WandbLogger(project="p", excludes=excludes, log_config=True),
    )
    run = only(tmp_path)
    for row in run.rows:
        assert not {"int", "deep/er/x", "time_total_s", "config/secret"} & row.keys()
        assert {"float", "deep/name with/slash", "config/lr", "config/net/width"} <= row.keys()
    assert not {"secret", "pid"} & run.config.keys()
    assert run.config["net"] == {"width": 4}
    assert "hostname" in run.config


def test_the_best_value_and_its_iteration_are_in_the_summary(
    run_search: RunSearch, tmp_path: Path
) -> None:
    def up_and_down(config: dict[str, Any]) -> None:
        for value in (0.2, 0.9, 0.4):
            tune.report({"accuracy": value, "loss": -value})

    logger = WandbLogger(project="p", best={"accuracy": "max", "loss": "min"})
    run_search(up_and_down, {}, logger=logger)
    summary = only(tmp_path).summary
    assert (summary["best/accuracy"], summary["best/accuracy_iteration"]) == (0.9, 2)
    assert (summary["best/loss"], summary["best/loss_iteration"]) == (-0.9, 2)
    assert summary["accuracy"] == 0.4


@pytest.mark.parametrize("place", ["wandb", "logger_config"])
def test_the_entry_of_the_config_wins_key_by_key(
    run_search: RunSearch, tmp_path: Path, place: str
) -> None:
    entry = {"project": "from-entry", "run_name": "named", "notes": "n", "excludes": ["value"]}
    space = {"wandb": entry} if place == "wandb" else {"logger_config": {"wandb": entry}}
    logger = WandbLogger(project="from-argument", group="g", tags=["kept"])
    run_search(count_to, {"a": 1, "n": 2, **space}, logger=logger)
    run = only(tmp_path)
    assert (run.project, run.group, run.name, run.notes) == ("from-entry", "g", "named", "n")
    assert run.tags == ("kept",)
    assert "value" not in run.rows[0]
    assert not {"wandb", "logger_config"} & run.config.keys()


def test_one_run_id_for_a_search_is_used_once(
    run_search: RunSearch, tmp_path: Path, capsys: Any
) -> None:
    logger = WandbLogger(project="p", run_id="mine")
    run_search(count_to, {"a": tune.grid_search([1, 2, 3]), "n": 2}, logger=logger)
    runs = offline_runs(tmp_path)
    assert len(runs) == 3
    assert "mine" in runs
    assert capsys.readouterr().out.count("run_id='mine' was given for the whole search") == 1


def test_the_environment_is_the_last_resort(
    run_search: RunSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_PROJECT_NAME", "classic")
    monkeypatch.setenv("WANDB_RUN_GROUP", "env-group")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "elsewhere"))
    run_search(count_to, {"a": 1, "n": 1}, logger=WandbLogger())
    run = only(tmp_path / "elsewhere" / "wandb")
    assert (run.project, run.group) == ("classic", "env-group")


class Counts(tune.Trainable):
    def setup(self, config: dict[str, Any]) -> None:
        self.total = 0

    def step(self) -> dict[str, Any]:
        self.total += self.config["a"]
        return {"total": self.total}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        Path(checkpoint_dir, "total").write_text(str(self.total))

    def load_checkpoint(self, checkpoint_dir: str) -> None:
        self.total = int(Path(checkpoint_dir, "total").read_text())


def test_class_trainables_stop_by_a_criterion(run_search: RunSearch, tmp_path: Path) -> None:
    run_search(Counts, {"a": 3}, logger=WandbLogger(project="p"), stop={"training_iteration": 4})
    run = only(tmp_path)
    assert [row["total"] for row in run.rows] == [3, 6, 9, 12]
    assert run.summary["tune/status"] == "stopped by stop criterion"


class StopsThird(FIFOScheduler):
    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        third = result["training_iteration"] == 3 and trial.config["a"] == 1
        return TrialScheduler.STOP if third else TrialScheduler.CONTINUE


def fail_if_two(config: dict[str, Any]) -> None:
    for i in range(5):
        if config["a"] == 2 and i == 2:
            raise SearchFailsError("it broke at <b>two</b>")
        tune.report({"value": i})


def test_states_tell_how_trials_ended(run_search: RunSearch, tmp_path: Path) -> None:
    logger = WandbLogger(project="p", tags=["mine"])
    run_search(
        fail_if_two,
        {"a": tune.grid_search([0, 1, 2])},
        logger=logger,
        tune_config={"scheduler": StopsThird()},
    )
    done, stopped, failed = offline_runs(tmp_path).values()
    assert [len(run.rows) for run in (done, stopped, failed)] == [5, 3, 2]
    assert [run.exit_code for run in (done, stopped, failed)] == [0, 0, 1]
    assert done.summary["tune/status"] == "completed"
    assert stopped.summary["tune/status"] == "stopped by scheduler"
    assert failed.summary["tune/status"] == "failed"
    assert failed.summary["tune/error"].endswith("SearchFailsError: it broke at <b>two</b>")
    assert {run.tags for run in (done, stopped, failed)} == {("mine",)}
    assert list(logger.audit()["state"]) == ["finished", "finished", "failed"]


def fail_once(config: dict[str, Any]) -> None:
    marker = Path(config["marker"])
    for i in range(4):
        if i == 2 and not marker.exists():
            marker.touch()
            raise SearchFailsError("once")
        tune.report({"value": i})


def test_a_run_that_wandb_complains_of_at_its_end_has_lost_nothing_if_its_file_is_whole(
    run_search: RunSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = wandb.Run.finish

    def complain(run: wandb.Run, **given: Any) -> None:
        finish(run, **given)
        raise RuntimeError("nothing to print on")

    monkeypatch.setattr(wandb.Run, "finish", complain)
    logger = WandbLogger(project="p")
    run_search(count_to, {"n": 3, "a": 1}, logger=logger)
    assert [row["value"] for row in only(tmp_path).rows] == [0, 1, 2]
    [audit] = logger.audit().to_dict("records")
    assert (audit["logged"], audit["dropped"], audit["note"]) == (3, 0, "")


def test_a_retried_trial_goes_on_in_its_run(run_search: RunSearch, tmp_path: Path) -> None:
    logger = WandbLogger(project="p")
    run_search(
        fail_once,
        {"marker": str(tmp_path / "failed")},
        logger=logger,
        failure_config=tune.FailureConfig(max_failures=1),
    )
    run = only(tmp_path)
    # Without a checkpoint Tune begins anew: both attempts are there, in the order of time.
    assert [row["value"] for row in run.rows] == [0, 1, 0, 1, 2, 3]
    assert [row["training_iteration"] for row in run.rows] == [1, 2, 1, 2, 3, 4]
    steps = [row["_step"] for row in run.rows]
    assert steps == sorted(set(steps))
    assert (run.exit_code, run.summary["tune/status"]) == (0, "completed")
    assert list(logger.audit()["logged"]) == [6]


class Perturbed(tune.Trainable):
    def setup(self, config: dict[str, Any]) -> None:
        self.score = 0.0

    def step(self) -> dict[str, Any]:
        self.score += self.config["lr"]
        return {"score": self.score}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        Path(checkpoint_dir, "score").write_text(str(self.score))

    def load_checkpoint(self, checkpoint_dir: str) -> None:
        self.score = float(Path(checkpoint_dir, "score").read_text())

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.config = new_config
        return True


@pytest.mark.parametrize("log_config", [True, False])
def test_pbt_leaves_the_history_of_its_hyperparameters(
    run_search: RunSearch, tmp_path: Path, log_config: bool
) -> None:
    scheduler = PopulationBasedTraining(
        metric="score",
        mode="max",
        time_attr="training_iteration",
        perturbation_interval=2,
        hyperparam_mutations={"lr": [1.0, 2.0]},
        quantile_fraction=0.5,
        resample_probability=1.0,
        synch=True,
    )
    logger = WandbLogger(project="p", log_config=log_config)
    run_search(
        Perturbed,
        {"lr": tune.grid_search([0.01, 1.0]), "fixed": 5},
        logger=logger,
        tune_config={"scheduler": scheduler},
        stop={"training_iteration": 8},
    )
    exploiter, donor = offline_runs(tmp_path).values()
    assert [row["training_iteration"] for row in exploiter.rows][-1] == 8
    exploits = exploiter.summary["tune/exploited"].split("; ")
    assert all(exploit.startswith(f"{donor.run_id} after iteration ") for exploit in exploits)
    first_exploit = int(exploits[0].rpartition(" ")[2])
    assert exploiter.config["initial/lr"] == 0.01
    if log_config:
        series = [row["config/lr"] for row in exploiter.rows]
        assert set(series[:first_exploit]) == {0.01}
        assert series[first_exploit] in (1.0, 2.0)
        assert series[-1] == exploiter.config["lr"]
        assert {row["config/fixed"] for row in exploiter.rows} == {5}
        first = next(i for i, row in enumerate(exploiter.rows) if "tune/exploits" in row)
        assert first == first_exploit
    else:
        assert not any("config/lr" in row for row in exploiter.rows)


def test_disabled_writes_nothing(run_search: RunSearch, tmp_path: Path, capsys: Any) -> None:
    logger = WandbLogger(mode="disabled")
    run_search(count_to, {"a": 1, "n": 3}, logger=logger)
    assert not list(tmp_path.rglob("*.wandb"))
    assert not (tmp_path / "wandb").exists()
    (row,) = logger.audit().itertuples()
    assert (row.reported, row.logged, row.note) == (3, 0, "mode is 'disabled'")
    assert "1 trial, 3 rows, none tracked (mode is 'disabled')." in capsys.readouterr().out


def test_the_users_own_run_is_left_alone(run_search: RunSearch, tmp_path: Path) -> None:
    mine = wandb.init(project="mine", mode="offline", id="mine", dir=tmp_path)
    run_search(count_to, {"a": 1, "n": 2}, logger=WandbLogger(project="p"))
    assert wandb.run is mine
    wandb.log({"x": 1})
    mine.finish()
    runs = offline_runs(tmp_path)
    assert own_values(runs.pop("mine").rows[0]) == {"x": 1}
    assert len(runs) == 1


class EndsAll(tune.Stopper):
    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        self.seen = getattr(self, "seen", 0) + 1
        return False

    def stop_all(self) -> bool:
        return getattr(self, "seen", 0) >= 6


def forever(config: dict[str, Any]) -> None:
    i = 0
    while True:
        tune.report({"value": i})
        i += 1


def test_runs_cut_off_with_the_search_are_closed(run_search: RunSearch, tmp_path: Path) -> None:
    logger = WandbLogger(project="p")
    run_search(forever, {"a": tune.grid_search([1, 2])}, logger=logger, stop=EndsAll())
    runs = offline_runs(tmp_path)
    assert {run.exit_code for run in runs.values()} == {0}
    assert {run.summary["tune/status"] for run in runs.values()} == {"stopped by user"}
    audit = logger.audit()
    assert set(audit["state"]) == {"finished"}
    assert list(audit["reported"]) == list(audit["logged"])


class Scaling(WandbLogger):
    """A logger as people write it: with arguments and attributes of its own."""

    def __init__(self, factor: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.factor = factor


def test_a_subclass_keeps_its_own_attributes_when_tune_pickles_it(tmp_path: Path) -> None:
    logger = Scaling(0.3, project="p", api_key="0123456789" * 4, dir=str(tmp_path))
    logger.setup()
    try:
        data = pickle.dumps(logger)
    finally:
        logger.on_experiment_end([])
    assert b"0123456789" not in data
    again = pickle.loads(data)
    assert (type(again), again.factor, again.mode) == (Scaling, 0.3, None)


def test_the_pickled_logger_holds_neither_key_nor_thread_and_works_again(
    run_search: RunSearch, tmp_path: Path
) -> None:
    logger = WandbLogger(project="p", api_key=KEY, mode="offline", excludes=["value"])
    run_search(count_to, {"a": 1, "n": 2}, logger=logger)
    data = pickle.dumps(logger)
    assert KEY.encode() not in data
    for file in (tmp_path / "ray").rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()
    again: WandbLogger = pickle.loads(data)
    assert again.audit().empty
    run_search(count_to, {"a": 1, "n": 3}, logger=again, name="second")
    (run,) = (run for run in offline_runs(tmp_path).values() if run.group == "second")
    assert len(run.rows) == 3
    assert "value" not in run.rows[0]


def stop_on_file(config: dict[str, Any]) -> None:
    start = 0
    if checkpoint := tune.get_checkpoint():
        start = int(Path(checkpoint.path, "i").read_text()) + 1
    for i in range(start, 6):
        folder = Path(config["folder"], f"c{i}")
        folder.mkdir(exist_ok=True)
        (folder / "i").write_text(str(i))
        tune.report({"value": 10 - i}, checkpoint=tune.Checkpoint.from_directory(folder))
        if i == 2 and not Path(config["folder"], "go").exists():
            raise SearchFailsError("stop here")


def test_a_restored_search_goes_on_in_its_runs(run_search: RunSearch, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    space = {"folder": str(folder), "a": tune.grid_search([1])}
    run_search(
        stop_on_file, space, logger=WandbLogger(project="p", best={"value": "max"}), name="r"
    )
    (before,) = offline_runs(tmp_path / "wandb").values()
    (folder / "go").touch()
    tuner = tune.Tuner.restore(
        str(tmp_path / "ray" / "r"), trainable=stop_on_file, resume_errored=True
    )
    assert tuner.fit().num_errors == 0
    first, second = sorted((tmp_path / "wandb").glob("offline-run-*"))
    (after,) = offline_runs(second).values()
    assert first != second
    assert before.run_id == after.run_id
    assert [row["training_iteration"] for row in before.rows] == [1, 2, 3]
    assert [row["training_iteration"] for row in after.rows] == [4, 5, 6]
    assert before.exit_code == 1
    assert after.summary["tune/status"] == "completed"
    # The best came before, and is known from what Tune has recorded.
    assert (after.summary["best/value"], after.summary["best/value_iteration"]) == (10, 1)


def example_key_hook() -> str:
    return KEY


def example_location_hook() -> None:
    import os

    os.environ["WANDB_PROJECT_NAME"] = "from-hook"
    os.environ["WANDB_GROUP_NAME"] = "hook-group"


def example_run_hook(run: wandb.Run) -> None:
    run.config["hooked"] = run.id


def test_rays_hooks_are_called(
    run_search: RunSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WANDB_PROJECT_NAME", "WANDB_GROUP_NAME"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("WANDB_POPULATE_RUN_LOCATION_HOOK", f"{__name__}.example_location_hook")
    monkeypatch.setenv("WANDB_PROCESS_RUN_INFO_HOOK", f"{__name__}.example_run_hook")
    run_search(count_to, {"a": 1, "n": 1}, logger=WandbLogger(mode="offline"))
    run = only(tmp_path)
    assert (run.project, run.group) == ("from-hook", "hook-group")
    assert run.config["hooked"] == run.run_id


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, r"no W&B project was given; pass WandbLogger\(project='my-project'\)"),
        ({"wandb": "p"}, "no W&B project was given"),
        ({"wandb": {"project": "p", "mode": "on"}}, "mode must be 'online', 'offline' or"),
        ({"wandb": {"project": "a/b"}}, "W&B refuses the project name 'a/b'"),
        ({"wandb": {"project": "p", "tag": 1}}, "unknown argument 'tag'.*did you mean 'tags'"),
        ({"wandb": {"project": "p", "api_key_file": "none"}}, "'none' does not exist"),
    ],
)
def test_a_bad_entry_is_refused_before_any_trial_starts(
    run_search: RunSearch, tmp_path: Path, space: dict[str, Any], message: str
) -> None:
    def leave_a_trace(config: dict[str, Any]) -> None:
        (tmp_path / "started").touch()

    with pytest.raises(SettingsError, match=message):
        run_search(leave_a_trace, space, logger=WandbLogger())
    assert not (tmp_path / "started").exists()


def test_a_folder_that_cannot_be_written_is_refused(run_search: RunSearch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    logger = WandbLogger(project="p", dir=str(tmp_path / "file" / "sub"))
    with pytest.raises(SettingsError, match=r"cannot be written.*leave it out for ./wandb"):
        run_search(count_to, {"a": 1, "n": 1}, logger=logger)


def test_an_unknown_argument_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match=r"unknown argument 'projct'.*did you mean 'project'"):
        WandbLogger(projct="p")
