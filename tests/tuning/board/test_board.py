"""The board of a search: it counts everything and keeps what fits."""

from __future__ import annotations

import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

import tune_wandb_nb
from tests.boards import result
from tune_wandb_nb.tuning.board.board import TrialBoard


@pytest.mark.parametrize("module", ["board", "curve", "snapshot", "trial"])
def test_pure_modules_import_nothing_heavy(module: str) -> None:
    code = (
        f"import sys, tune_wandb_nb.tuning.board.{module};"
        "print({'ray', 'wandb', 'ipywidgets', 'anywidget', 'matplotlib'} & set(sys.modules))"
    )
    # From the checkout, so that the package under test is the one imported.
    checkout = Path(tune_wandb_nb.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=checkout
    )
    assert done.stdout.strip() == "set()"


class TestTrialBoard:
    def test_follows_a_trial_from_its_start_to_its_end(self) -> None:
        board = TrialBoard("loss", "min")
        board.begin(expected=2)
        board.add("a", name="train_a", params={"lr": 0.1})
        assert board.snapshot().counts["pending"] == 1
        board.change("a", "running")
        board.record("a", result(1, loss=0.5))
        board.record("a", result(2, loss=0.25))
        board.change("a", "done")
        snapshot = board.snapshot()
        assert snapshot.counts["done"] == snapshot.total == 1
        (trial,) = snapshot.trials
        assert (trial.name, trial.state, trial.iteration, trial.seconds) == (
            "train_a",
            "done",
            2,
            1,
        )
        assert trial.metrics == {"loss": 0.25}
        assert trial.curves["loss"].values.tolist() == [0.5, 0.25]

    def test_the_tuned_metric_comes_first_and_tunes_own_are_no_metrics(self) -> None:
        board = TrialBoard()
        board.record("a", result(1, accuracy=0.5, nested={"a/b c%": 1}, text="x", timestamp=5))
        board.judge_by("accuracy", "max")
        board.judge_by("other", "min")
        snapshot = board.snapshot()
        assert snapshot.metrics == ("accuracy", "nested/a/b c%", "text")
        assert (snapshot.metric, snapshot.mode) == ("accuracy", "max")

    def test_a_search_of_no_trials(self) -> None:
        board = TrialBoard("m", "max")
        assert board.snapshot().elapsed == 0
        board.begin(expected=0)
        board.end()
        snapshot = board.snapshot()
        assert (snapshot.total, snapshot.best, snapshot.trials) == (0, None, ())

    def test_the_end_stops_what_still_ran_and_keeps_the_reason(self) -> None:
        board = TrialBoard()
        for trial in "abc":
            board.add(trial, name=trial)
        board.change("a", "done")
        board.change("b", "failed", error="x" * 10_000)
        board.end(error="boom")
        snapshot = board.snapshot()
        assert {t.trial_id: t.state for t in snapshot.trials} == {
            "a": "done",
            "b": "failed",
            "c": "stopped",
        }
        assert snapshot.error == "boom"
        assert len(snapshot.trials[1].error or "") == 4000
        board.begin()
        assert board.snapshot().error is None

    def test_a_changed_hyperparameter_is_a_perturbation(self) -> None:
        board = TrialBoard("m", "max")
        board.add("a", name="a", params={"lr": 0.1})
        board.record("a", result(1, m=1.0, config={"lr": 0.1}))
        board.copied("a", "b")
        board.record("a", result(2, m=1.0, config={"lr": 0.2}))
        board.record("a", result(3, m=1.0, config={"lr": 0.2}))
        (change,) = board.snapshot().perturbations
        assert (change.iteration, change.params, change.copied_from) == (2, {"lr": 0.2}, "b")
        assert board.snapshot().trials[0].params == {"lr": 0.2}

    def test_thousands_of_metrics_are_counted_not_kept(self) -> None:
        board = TrialBoard("tuned", "max", metrics=10)
        board.record("a", result(1, **{f"m{i}": i for i in range(3000)}, tuned=1))
        snapshot = board.snapshot()
        assert len(snapshot.metrics) == 10
        assert snapshot.metrics[0] == "tuned"
        assert snapshot.more_metrics == 3001 - 10
        assert snapshot.trials[0].metrics["tuned"] == 1

    def test_the_worst_finished_trials_give_up_their_curves_first(self) -> None:
        board = TrialBoard("m", "max", curves=20)
        for i in range(30):
            board.record(f"t{i}", result(1, m=float(i), other=0.0))
            board.change(f"t{i}", "done")
        trials = board.snapshot().trials
        assert sum(len(t.curves) for t in trials) <= 20
        assert set(trials[-1].curves) == {"m", "other"}
        assert not trials[0].curves
        assert trials[0].metrics == {"m": 0.0, "other": 0.0}

    def test_past_the_limit_trials_are_only_counted(self) -> None:
        board = TrialBoard("m", "max", trials=50)
        for i in range(200):
            board.record(f"t{i}", result(1, m=float(-i)))
            board.change(f"t{i}", "done")
        board.change("t199", "failed")
        snapshot = board.snapshot()
        assert len(snapshot.trials) <= 50
        assert (snapshot.total, snapshot.counts["failed"]) == (200, 1)
        assert snapshot.best is not None
        assert snapshot.best.trial_id == "t0"

    def test_memory_is_bounded_however_long_trials_run(self) -> None:
        def grow(results: int) -> int:
            tracemalloc.start()
            board = TrialBoard("m", "max")
            for i in range(results):
                board.record(f"t{i % 20}", result(i, m=float(i), other=1.0))
            board.snapshot()
            size = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
            return size

        assert grow(20_000) < 1.5 * grow(4_000)

    def test_reads_while_others_write(self) -> None:
        board = TrialBoard("m", "max")

        def write(name: str) -> None:
            for i in range(500):
                board.record(f"{name}{i % 7}", result(i, m=float(i)))

        writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            snapshot = board.snapshot()
            assert snapshot.total == len(snapshot.trials)
        assert board.snapshot().counts["running"] == 21


def test_the_end_is_told_with_all_that_is_known() -> None:
    told: list[tuple[bool, str | None]] = []
    board = TrialBoard("m", "max")

    def listener() -> None:
        snapshot = board.snapshot()
        told.append((snapshot.ended is not None, snapshot.error))

    board.on_end(listener)
    board.begin()
    assert told == []
    board.end(error="ValueError: no")
    board.begin()
    board.end()
    assert told == [(True, "ValueError: no"), (True, None)]


def test_the_begin_is_told_at_once_if_the_search_runs_already() -> None:
    told: list[str] = []
    board = TrialBoard()
    board.on_begin(lambda: told.append("before"))
    board.begin()
    board.on_begin(lambda: told.append("while it runs"))
    board.end()
    board.on_begin(lambda: told.append("after its end"))
    assert told == ["before", "while it runs"]
    board.begin()
    assert told[2:] == ["before", "while it runs", "after its end"]


class TestValues:
    def test_a_metric_that_turns_to_text_is_no_number_any_more(self) -> None:
        board = TrialBoard("m", "max")
        board.record("a", result(1, m=1.0))
        board.record("a", result(2, m="diverged" * 100))
        (trial,) = board.snapshot().trials
        assert "m" not in trial.metrics
        assert trial.texts["m"].startswith("diverged")
        assert len(trial.texts["m"]) == 300
        assert board.snapshot().best is None
        board.record("a", result(3, m=2.0))
        (trial,) = board.snapshot().trials
        assert (trial.metrics, trial.texts) == ({"m": 2.0}, {})

    def test_tunes_counters_are_steps_with_curves_and_no_metrics(self) -> None:
        board = TrialBoard()
        for i in (1, 2):
            board.record("a", result(i, m=1.0, timesteps_total=i * 1000, episodes_total=None))
        snapshot = board.snapshot()
        assert snapshot.steps == ("timesteps_total",)
        assert snapshot.metrics == ("m",)
        (trial,) = snapshot.trials
        assert trial.steps == {"timesteps_total": 2000}
        assert trial.curves["timesteps_total"].values.tolist() == [1000, 2000]

    def test_a_trial_that_goes_on_from_a_checkpoint_has_each_iteration_once(self) -> None:
        board = TrialBoard("m", "max")
        for iteration, value in [(1, 1.0), (2, 2.0), (3, 3.0), (2, 2.5), (3, 3.5)]:
            board.record("a", result(iteration, m=value))
        curve = board.snapshot().trials[0].curves["m"]
        assert curve.iterations.tolist() == [1, 2, 3]
        assert curve.values.tolist() == [1.0, 2.5, 3.5]
        assert curve.rewinds == 1


class TestSpans:
    def test_a_trial_has_the_times_in_which_it_ran_and_its_workers(self) -> None:
        now = [0.0]
        board = TrialBoard(clock=lambda: now[0])
        board.add("a", name="a")
        for at, state in [(1.0, "running"), (3.0, "paused"), (5.0, "running")]:
            now[0] = at
            board.change("a", state)  # type: ignore[arg-type]
        now[0] = 6.0
        board.record("a", result(1, node_ip="10.0.0.1", pid=7))
        now[0] = 8.0
        board.record("a", result(2, node_ip="10.0.0.2", pid=7))
        now[0] = 9.0
        board.change("a", "done")
        spans = board.snapshot().trials[0].spans
        assert [(span.start, span.end, span.worker) for span in spans] == [
            (1, 3, ""),
            (5, 8, "10.0.0.1 7"),
            (8, 9, "10.0.0.2 7"),
        ]

    def test_the_times_of_a_trial_that_pauses_often_are_joined(self) -> None:
        board = TrialBoard()
        board.add("a", name="a")
        for i in range(500):
            board.change("a", "running", at=2.0 * i)
            board.change("a", "paused", at=2.0 * i + 1)
        spans = board.snapshot().trials[0].spans
        assert len(spans) == 40
        assert (spans[0].start, spans[-1].end) == (0, 999)


class TestSeveralObjectives:
    def test_the_front_ranks_first_and_is_kept_longest(self) -> None:
        board = TrialBoard(["loss", "latency"], ["min", "min"], trials=20)
        for i in range(40):
            board.record(f"t{i}", result(1, loss=float(i), latency=float(abs(i - 5))))
            board.change(f"t{i}", "done")
        snapshot = board.snapshot()
        assert snapshot.metrics[:2] == ("loss", "latency")
        assert len(snapshot.trials) <= 20
        assert snapshot.front() == {f"t{i}" for i in range(6)}
        assert snapshot.best is not None
        assert snapshot.best.trial_id == "t0"
