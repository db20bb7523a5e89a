"""The form of a search without widgets: what is typed, what is wrong with it, what it plans."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.forms import KEY, ROWS, SPACE, TYPED, plan, problems, setup
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Grid
from tune_wandb_nb.search_space.distributions.ranges import LogUniform
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.tuning.form.setup import Setup, advice, read_setup
from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS, LABELS, FieldProblem
from tune_wandb_nb.tuning.form.setup_json import setup_from_json, setup_to_json
from tune_wandb_nb.tuning.form.space_rows import Row, rows_of


def test_what_is_right_is_a_plan() -> None:
    made = plan(
        SPACE,
        project=" digits ",
        entity="my-team",
        tags="a, b, a",
        notes="first line\nsecond",
        samples="8",
        concurrency="2",
        cpus="2",
        gpus="0.5",
        time_budget="1.5 h",
        iterations="20",
        target="0.99",
        scheduler="asha",
        algorithm="random",
        **{"asha.max_t": "20", "random.random_state": "7"},
    )
    assert made.space == SPACE
    assert dict(made.wandb) == {
        "project": "digits",
        "entity": "my-team",
        "tags": ["a", "b"],
        "notes": "first line\nsecond",
    }
    assert (made.samples, made.trials, made.concurrency) == (8, 16, 2)
    assert made.resources == {"cpu": 2, "gpu": 0.5}
    assert made.time_budget == 5400
    assert made.stop == {"training_iteration": 20, "accuracy": 0.99}
    assert made.scheduler.arguments() == {
        "max_t": 20,
        "grace_period": 1,
        "reduction_factor": 4,
        "brackets": 1,
    }
    assert made.seed == 7


def test_what_is_left_alone_is_tunes_default() -> None:
    made = plan()
    assert made.resources == {}
    assert (made.concurrency, made.time_budget, made.stop, made.name) == (None, None, None, None)
    assert (made.scheduler.is_plain, made.algorithm.is_plain) == (True, True)
    assert dict(made.wandb) == {"project": "uncategorized"}
    assert plan(offline="yes").wandb["mode"] == "offline"


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("metric", " ", "is empty; write what the training function reports"),
        ("metric", "a\x00b", "must not hold control or invisible characters"),
        ("mode", "best", "must be 'min' or 'max'"),
        ("samples", "", "is empty"),
        ("samples", "0", "must be at least 1, but it is 0"),
        ("samples", "-3", "must be at least 1, but it is -3"),
        ("samples", "2.5", "must be a whole number, but it is 2.5"),
        ("samples", "many", "must be a number, but it is 'many'"),
        ("samples", "1e400", "must be a finite number"),
        ("samples", "1e300", "must be at most 1000000000"),
        ("concurrency", "0", "must be at least 1"),
        ("cpus", "-1", "must be 0 or more"),
        ("cpus", "1.5", "must be a whole number or a part of one"),
        ("gpus", "nan", "must be a finite number"),
        ("time_budget", "0.5", "must be at least 1 s, but it is 0.5 s"),
        ("time_budget", "0 h", "must be at least 1 s"),
        ("time_budget", "soon", "must be a time such as 90 s"),
        ("time_budget", "1e308 d", "must be a finite number"),
        ("iterations", "0", "must be at least 1"),
        ("target", "high", "must be a number"),
        ("project", "a/b", "W&B refuses the project name 'a/b'"),
        ("project", "p" * 129, "W&B refuses project names over 128 characters; this has 129"),
        ("project", KEY, "looks like an API key"),
        ("notes", f"my key: {KEY}", "looks like an API key"),
        ("entity", "a b", "must be the name of a user or a team"),
        ("group", "g" * 129, "must have at most 128 characters"),
        ("tags", "t" * 65, "must have at most 64 characters each"),
        ("host", "wandb.example.com", "must be the address of a W&B server"),
        ("name", "a/b", "names a folder"),
        ("name", "..", "names a folder"),
        ("scheduler", "best", "must be one of none, asha, hyperband, median, pbt"),
        ("algorithm", "", "must be one of random, optuna"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(field: str, text: str, message: str) -> None:
    found = problems(**{field: text})
    assert message in found[field]
    assert KEY not in found[field]
    assert list(found) == [field]


def test_parts_that_do_not_go_together() -> None:
    fixed = SearchSpace({"batch": Grid([1, 2])})
    assert "needs a hyperparameter that is drawn" in problems(fixed, scheduler="pbt")["scheduler"]
    found = problems(scheduler="pbt", algorithm="optuna")
    assert "changes hyperparameters itself" in found["algorithm"]
    reading = read_setup(setup(algorithm="bayesopt"))
    wrong = {(p.row, p.field): p.message for p in reading.problems if p.row is not None}
    assert "cannot work with loguniform; it takes uniform, constant" in wrong[0, "kind"]
    assert set(wrong) == {(0, "kind"), (1, "kind")}


def test_an_algorithm_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tune_wandb_nb.tuning.plan.strategies.find_spec", lambda name: None)
    space = SearchSpace({"lr": LogUniform(1e-4, 0.1)})
    assert "pip install optuna" in problems(space, algorithm="optuna")["algorithm"]


def test_a_row_that_is_wrong_is_named_with_its_place() -> None:
    reading = read_setup(Setup({"metric": "m"}, (*rows_of(SPACE), Row("lr"))))
    assert reading.space is None
    assert {(p.row, p.field) for p in reading.problems} >= {(0, "name"), (3, "name"), (3, "lower")}
    assert str(reading.problems[0]).startswith("search space, row 1: names must differ")
    assert str(FieldProblem("samples", "is empty.")) == "samples: is empty."


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(st.sampled_from(sorted(DEFAULTS)), TYPED),
    st.lists(ROWS, max_size=3),
    st.sampled_from(["none", "asha", "hyperband", "median", "pbt"]),
    st.sampled_from(["random", "optuna", "hyperopt", "bayesopt"]),
)
@example({"time_budget": "1e999"}, [], "none", "random")
@example({"samples": "\ud800", "storage": "\ud800"}, [], "none", "random")
def test_nothing_that_is_typed_raises(
    fields: dict[str, str], rows: list[Row], scheduler: str, algorithm: str
) -> None:
    typed = Setup({**fields, "scheduler": scheduler, "algorithm": algorithm}, tuple(rows))
    reading = read_setup(typed)
    for problem in reading.problems:
        assert problem.field in LABELS or problem.row is not None
        assert len(problem.message) < 600
    if reading.plan is not None:
        list(advice(reading.plan, ["loss"], {"CPU": 1.0}))
        reading.plan.samples_shown(3)
    setup_from_json(setup_to_json(typed), {}) if all(r.kind in KINDS for r in rows) else None


def test_several_metrics_go_with_what_can_work_with_several() -> None:
    two = {"metric": "loss, latency", "mode": "min, max"}
    assert plan(**two).objectives == (("loss", "min"), ("latency", "max"))
    assert plan(metric="loss", mode="min").objectives == (("loss", "min"),)
    found = problems(**two, algorithm="bayesopt", scheduler="asha")
    assert "ASHA works with one metric, but there are 2 (loss, latency)" in found["scheduler"]
    assert "take random and grid or Optuna" in found["algorithm"]
    assert "there are 2 metrics and 1 of them" in problems(metric="loss, latency")["mode"]
    assert "1 metrics and 2" in problems(mode="min, max")["mode"]
    assert "'best'" in problems(metric="loss, latency", mode="min, best")["mode"]
    assert "each metric once" in problems(metric="loss, loss", mode="min, min")["metric"]
    assert "value of one metric" in problems(**two, target="0.5")["target"]
