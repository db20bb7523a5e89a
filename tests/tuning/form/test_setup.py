"""The form of a search without widgets: what is typed, what is wrong with it, what it plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.spaces import spaces
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.tuning.distributions.base import Choice, Constant, Grid, Kept
from tune_wandb_nb.tuning.distributions.ranges import LogUniform, RandInt
from tune_wandb_nb.tuning.distributions.registry import KINDS, field_names
from tune_wandb_nb.tuning.distributions.values import SpaceError
from tune_wandb_nb.tuning.form.advice import advice
from tune_wandb_nb.tuning.form.setup import FieldProblem, Setup, read_setup
from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS, LABELS, parse_duration
from tune_wandb_nb.tuning.form.setup_json import setup_from_json, setup_to_json
from tune_wandb_nb.tuning.form.space_rows import Row, rows_of
from tune_wandb_nb.tuning.plan.plan import Plan, StopAt

KEY = "0123456789abcdef" * 2 + "01234567"
SPACE = SearchSpace({"lr": LogUniform(1e-4, 0.1), "batch": Grid([16, 32]), "epochs": Constant(3)})


def setup(space: SearchSpace = SPACE, **fields: str) -> Setup:
    return Setup({"metric": "accuracy", **fields}, rows_of(space))


def plan(space: SearchSpace = SPACE, **fields: str) -> Plan:
    reading = read_setup(setup(space, **fields))
    assert reading.problems == ()
    assert reading.plan is not None
    return reading.plan


def problems(space: SearchSpace = SPACE, **fields: str) -> dict[str, str]:
    reading = read_setup(setup(space, **fields))
    assert (reading.plan is None) == bool(reading.problems)
    return {problem.field: problem.message for problem in reading.problems}


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


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("asha.max_t", "0", "must be at least 1"),
        ("asha.grace_period", "200", "must not be above the longest trial (100)"),
        ("asha.reduction_factor", "1", "must be above 1"),
        ("hyperband.max_t", "x", "must be a number"),
        ("median.grace_period", "-1", "must be at least 1"),
        ("pbt.quantile_fraction", "0.6", "must be from 0 to 0.5"),
        ("pbt.perturbed", "lr, batch", "'batch' is not drawn in the search space"),
        ("random.random_state", "-1", "must be at least 0"),
    ],
)
def test_settings_are_checked_while_they_count(field: str, text: str, message: str) -> None:
    strategy = field.partition(".")[0]
    of = "algorithm" if strategy == "random" else "scheduler"
    assert message in problems(**{of: strategy, field: text})[field]
    if of == "scheduler":
        assert problems(**{of: "none", field: text}) == {}


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


def test_storage_must_be_a_folder_or_an_address(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert problems(storage=str(tmp_path / "new" / "folder")) == {}
    assert problems(storage="s3://bucket/path") == {}
    assert "is a file" in problems(storage=str(tmp_path / "file"))["storage"]
    assert "is a file" in problems(storage=str(tmp_path / "file" / "below"))["storage"]
    assert "is a file" in problems(storage=str(tmp_path), name="file")["name"]
    assert problems(storage="x" * 5000)["storage"].startswith("is no path that can be used")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90 s", 90), ("10min", 600), ("1.5 h", 5400), ("2 D", 172800), ("1e2", 100)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


def test_a_metric_to_be_minimized_ends_a_trial_below_its_target() -> None:
    stop = plan(mode="min", target="0.1", iterations="5").stop
    assert stop == StopAt({"training_iteration": 5}, {"accuracy": 0.1})
    assert isinstance(stop, StopAt)
    assert stop("t", {"accuracy": 0.1, "training_iteration": 1})
    assert stop("t", {"accuracy": 0.2, "training_iteration": 5})
    assert not stop("t", {"accuracy": 0.2, "training_iteration": 1})
    assert not stop("t", {"other": 0})
    assert StopAt(at_most={"val/loss": 1})("t", {"val": {"loss": 1}})
    assert StopAt(at_most={"val/loss": 1})("t", {"val/loss": 1})


def test_what_population_based_training_changes() -> None:
    space = SearchSpace({**SPACE, "act": Choice(["a", "b"]), "kept": Kept(print)})
    assert list(plan(space, scheduler="pbt").perturbed) == ["lr", "act"]
    some = plan(space, scheduler="pbt", **{"pbt.perturbed": "act"})
    assert list(some.perturbed) == ["act"]
    assert "perturbed" not in some.scheduler.arguments()


def test_samples_are_the_first_trials() -> None:
    made = plan(samples="4", **{"random.random_state": "3"})
    shown = made.samples_shown(5)
    assert shown == made.space.sample(5, seed=3)
    assert len(plan(samples="1").samples_shown(20)) == 2
    nested = plan(SearchSpace({"opt/lr": RandInt(1, 2)}))
    assert nested.samples_shown(1) == [{"opt/lr": 1}]


def test_advice(tmp_path: Path) -> None:
    def said(made: Plan, **known: Any) -> dict[str, str]:
        return {warning.field: warning.message for warning in advice(made, **known)}

    assert said(plan()) == {}
    assert said(plan(), reported=["accuracy"], available={"CPU": 2.0}) == {}
    assert "source reports: loss" in said(plan(), reported=["loss"])["metric"]
    found = said(plan(cpus="4", gpus="0.5"), available={"CPU": 2.0, "GPU": 0.0})
    assert "asks for 4, but there are 2" in found["cpus"]
    assert "asks for 0.5, but there are 0" in found["gpus"]
    assert said(plan(cpus="4")) == {}
    assert said(plan(gpus="4"), available={"CPU": 2.0}) == {}
    (tmp_path / "digits").mkdir()
    taken = said(plan(storage=str(tmp_path), name="digits"))
    assert "will be named 'digits_2'" in taken["name"]
    assert "makes 2,000,000 trials" in said(plan(samples="1000000"))["samples"]
    short = said(plan(iterations="5", scheduler="asha"))
    assert "trials end after 5 iterations anyway" in short["asha.max_t"]


# JSON


@settings(deadline=None)
@given(spaces(), st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.text(max_size=20)))
def test_a_setup_comes_back_from_its_json(space: SearchSpace, fields: dict[str, str]) -> None:
    before = Setup(fields, rows_of(space))
    after, missing = setup_from_json(setup_to_json(before), {})
    assert missing == ()
    assert {name: after[name] for name in DEFAULTS} == {name: before[name] for name in DEFAULTS}
    assert after.rows == before.rows


def test_no_key_gets_into_the_json() -> None:
    row = Row(KEY, "constant", {"value": KEY})
    text = setup_to_json(Setup({"project": KEY, "notes": f"key={KEY}"}, (row,)))
    assert KEY not in text


def test_objects_come_back_if_they_are_given() -> None:
    kept = Kept(print)
    text = setup_to_json(Setup({}, (Row("f", "kept", kept=kept), Row("lr"))))
    back, missing = setup_from_json(text, {"f": kept})
    assert back.rows[0].kept is kept
    assert missing == ()
    less, missing = setup_from_json(text, {})
    assert [row.name for row in less.rows] == ["lr"]
    assert missing == ("f",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not"),
        ("[" * 100_000, "is not"),
        ("[]", "the version here is None"),
        ('{"version": 2}', "the version here is 2"),
        ('{"version": 1}', '"fields" must be an object of texts'),
        ('{"version": 1, "fields": {"x": "1"}, "rows": []}', "has no field 'x'"),
        ('{"version": 1, "fields": {"samples": 1}, "rows": []}', "must be an object of texts"),
        ('{"version": 1, "fields": {}, "rows": {}}', '"rows" must be a list'),
        ('{"version": 1, "fields": {}, "rows": [1]}', 'each of "rows" must have the texts'),
        (
            '{"version": 1, "fields": {}, "rows": [{"name": "a", "kind": "x", "texts": {}}]}',
            "a saved row has no kind 'x'",
        ),
        (
            '{"version": 1, "fields": {}, "rows": [{"name": "a", "kind": "grid"}]}',
            '"texts" must be an object of texts',
        ),
    ],
)
def test_what_is_no_saved_setup_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message.replace("[", r"\[")):
        setup_from_json(text, {})


# Whatever is typed

TYPED = st.text(max_size=12) | st.text(
    alphabet="0123456789.,-+e naif/\\'\"()[]<>\x00\n", max_size=12
)
ROWS = st.builds(
    Row,
    TYPED | st.sampled_from(["lr", "opt/lr", "wandb"]),
    st.sampled_from([*KINDS, "nonsense"]),
    st.dictionaries(
        st.sampled_from(sorted({name for kind in KINDS for name in field_names(kind)})), TYPED
    ),
)


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
        advice(reading.plan, ["loss"], {"CPU": 1.0})
        reading.plan.samples_shown(3)
    setup_from_json(setup_to_json(typed), {}) if all(r.kind in KINDS for r in rows) else None
