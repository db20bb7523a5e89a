"""Snapshots as messages: the changes add up to the state, within the promised sizes."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import numpy as np
import pytest

from tests.boards import result, search
from tests.widgets.evil import EVIL
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.tuning.chart_data.state_encoder import Message, StateEncoder

NOTHING = SearchContext()


def lasting(board: TrialBoard) -> dict[str, Any]:
    packed = StateEncoder().lasting(board.snapshot(), NOTHING)
    found: dict[str, Any] = json.loads(gzip.decompress(packed))
    return found


def change(encoder: StateEncoder, board: TrialBoard, context: SearchContext = NOTHING) -> Message:
    message = encoder.change(board.snapshot(), context)
    assert message is not None
    return message


def test_a_trial_is_complete_the_first_time_and_then_has_what_changed() -> None:
    board, encoder = TrialBoard("m", "max"), StateEncoder()
    encoder.state(board.snapshot(), NOTHING)
    board.add("a", name="train_a", params={"lr": 0.1}, folder="/results/exp/train_a_1")
    (first,) = change(encoder, board).content["trials"]
    assert first == {
        "id": "a",
        "name": "train_a",
        "number": 1,
        "experiment": None,
        "folder": "train_a_1",
        "state": "pending",
        "iteration": 0,
        "seconds": 0.0,
        "last": {},
        "params": {"lr": 0.1},
        "error": None,
        "errorTooLong": False,
        "spans": [],
        "url": None,
        "front": False,
    }
    board.record("a", result(1, m=1.0))
    message = change(encoder, board)
    assert message.content["search"]["folder"] == "/results/exp"
    (second,) = message.content["trials"]
    assert set(second) == {"id", "state", "iteration", "seconds", "last", "spans"}
    assert encoder.change(board.snapshot(), NOTHING) is None


def test_what_is_no_finite_number_is_text_and_every_message_is_json() -> None:
    board = TrialBoard("m", "max")
    odd = {"lr": math.inf, "seed": 2**60, "f": None, "flag": True, "__proto__": "x"}
    board.add("a", name=EVIL, params=odd)
    board.record("a", result(1, m=math.nan, low=-math.inf, constructor=1.0, text=EVIL))
    message = StateEncoder().state(board.snapshot(), NOTHING)
    text = json.dumps(message.content, allow_nan=False)
    (trial,) = json.loads(text)["trials"]
    assert trial["params"] == odd | {"lr": "inf", "seed": str(2**60)}
    assert trial["last"] == {"m": "nan", "low": "-inf", "constructor": 1, "text": EVIL}
    (kept,) = lasting(board)["trials"]
    assert kept["last"]["m"] == "nan"
    nan = next(curve for curve in lasting(board)["curves"] if curve["metric"] == "m")
    assert nan["values"] == ["nan"]


def test_hyperparameters_have_the_types_of_the_search_space() -> None:
    from ray import tune

    from tune_wandb_nb.search_space.space.params import param_types

    board = TrialBoard("m", "max")
    space = {
        "batch": tune.choice([16, 32, 64]),
        "opt": {"lr": tune.loguniform(1e-5, 1e-1)},
        "layers": tune.randint(1, 5),
        "epochs": 10,
    }
    board.use_types(param_types(space))
    for i, batch in enumerate((64, 16)):
        params = {"batch": batch, "opt": {"lr": 0.1 / (i + 1)}, "layers": i + 1, "epochs": 10}
        board.add(f"t{i}", name=f"t{i}", params=params)
    header = StateEncoder().state(board.snapshot(), NOTHING).content["search"]
    found = {param["name"]: param for param in header["params"]}
    assert found["batch"]["type"] == "category"
    assert found["batch"]["values"] == [16, 32, 64]
    assert (found["opt/lr"]["type"], found["opt/lr"]["log"]) == ("number", True)
    assert (found["layers"]["integer"], found["layers"]["varies"]) == (True, True)
    assert found["epochs"]["varies"] is False


def test_without_a_search_space_the_values_decide() -> None:
    header = StateEncoder().state(search(30), NOTHING).content["search"]
    found = {param["name"]: param for param in header["params"]}
    assert (found["lr"]["type"], found["lr"]["log"]) == ("number", True)
    assert found["noise"]["log"] is False
    assert (found["act"]["type"], found["act"]["values"]) == ("category", ["gelu", "relu", "tanh"])
    assert found["constant"]["varies"] is False


def test_hundreds_of_hyperparameters_are_cut_and_many_words_are_text() -> None:
    board = TrialBoard()
    board.add("a", name="a", params={f"p{i}": i for i in range(300)})
    message = StateEncoder().state(board.snapshot(), NOTHING)
    assert len(message.content["search"]["params"]) == 100
    assert len(message.content["trials"][0]["params"]) == 100
    words = TrialBoard()
    for i in range(80):
        words.add(f"t{i}", name="t", params={"prompt": f"word {i}"})
    (param,) = StateEncoder().state(words.snapshot(), NOTHING).content["search"]["params"]
    assert (param["type"], param["values"]) == ("text", None)


def test_urls_are_asked_for_until_they_are_known() -> None:
    board, encoder = TrialBoard("m", "max"), StateEncoder()
    urls: dict[str, str] = {}
    context = SearchContext(url_of=urls.get)
    board.record("a", result(1, m=1.0))
    encoder.state(board.snapshot(), context)
    urls["a"] = "https://wandb.example.com/runs/a"
    (trial,) = change(encoder, board, context).content["trials"]
    assert trial["url"] == urls["a"]
    assert encoder.change(board.snapshot(), context) is None


def test_only_new_perturbations_are_sent_and_only_what_changed_of_them() -> None:
    board, encoder = TrialBoard("m", "max"), StateEncoder()
    for i, lr in enumerate((0.1, 0.2, 0.4), start=1):
        if i > 1:
            board.copied("a", "b")
        board.record("a", result(i, m=1.0, config={"lr": lr, "wd": 1.0}))
        message = encoder.change(board.snapshot(), NOTHING)
    assert message is not None
    assert message.content["perturbations"] == [
        {
            "id": "a",
            "iteration": 3,
            "seconds": 1.5,
            "before": {"lr": 0.2},
            "params": {"lr": 0.4},
            "from": "b",
        }
    ]
    assert len(lasting(board)["perturbations"]) == 2


def test_the_front_is_marked_and_unmarked() -> None:
    board, encoder = TrialBoard(["loss", "time"], ["min", "min"]), StateEncoder()
    board.record("a", result(1, loss=2.0, time=2.0))
    (first,) = change(encoder, board).content["trials"]
    assert first["front"] is True
    board.record("b", result(1, loss=1.0, time=1.0))
    rows = {trial["id"]: trial for trial in change(encoder, board).content["trials"]}
    assert (rows["a"]["front"], rows["b"]["front"]) == (False, True)


def test_trials_that_are_only_counted_are_removed() -> None:
    board, encoder = TrialBoard("m", "max", trials=20), StateEncoder()
    shown: set[str] = set()
    for i in range(60):
        board.record(f"t{i}", result(1, m=float(i)))
        board.change(f"t{i}", "done")
        content = change(encoder, board).content
        shown |= {trial["id"] for trial in content["trials"]}
        shown -= set(content["removed"])
    snapshot = board.snapshot()
    assert shown == {trial.trial_id for trial in snapshot.trials}
    assert content["search"]["dropped"] == 60 - len(snapshot.trials)


def test_dropped_curves_send_nothing() -> None:
    board, encoder = TrialBoard("m", "max", curves=20), StateEncoder()
    for i in range(40):
        board.record(f"t{i}", result(1, m=float(i), other=1.0))
        board.change(f"t{i}", "done")
        assert len(change(encoder, board).content["trials"]) == 1


@pytest.mark.parametrize("trials", [40, 1000])
def test_curves_keep_their_ends_minimum_and_maximum(trials: int) -> None:
    board = TrialBoard("m", "max")
    random = np.random.default_rng(0)
    values = random.normal(size=(trials, 60))
    for i in range(trials):
        for step in range(60):
            board.record(f"t{i}", result(step + 1, m=float(values[i, step])))
    content = lasting(board)
    for row, curve in zip(values, content["curves"], strict=True):
        kept = curve["values"]
        assert (curve["iterations"][0], curve["iterations"][-1]) == (1, 60)
        ends = [row[0], row[-1], row.min(), row.max()]
        assert [kept[0], kept[-1], min(kept), max(kept)] == pytest.approx(ends, rel=1e-6)
    assert len(content["curves"]) == trials
    assert sum(curve["n"] for curve in content["curves"]) <= 40_000


def test_values_that_lie_close_together_are_sent_with_64_bits() -> None:
    board = TrialBoard("m", "max")
    for step in range(4):
        board.record("a", result(step, m=0.99999999 + step * 1e-10, far=step * 1.0))
    message = StateEncoder().state(board.snapshot(), NOTHING)
    close, far = message.content["curves"]
    assert (close["f64"], close["at64"], "f64" in far) == (True, 0, False)
    assert np.frombuffer(message.buffers[1], "<f8").tolist() == [
        0.99999999 + step * 1e-10 for step in range(4)
    ]


def test_a_long_trial_does_not_grow_in_the_browser() -> None:
    board, encoder = TrialBoard("m", "max"), StateEncoder()
    points = 0
    for step in range(2000):
        board.record("a", result(step, m=float(step)))
        (curve,) = change(encoder, board).content["curves"]
        points = curve["from"] + curve["n"]
        assert points <= 192


def test_the_sizes_of_a_thousand_trials() -> None:
    snapshot = search(1000, results=100)
    message = StateEncoder().state(snapshot, NOTHING)
    assert message.content["kind"] == "packed"
    assert message.size < 1_000_000
    assert len(StateEncoder().lasting(snapshot, NOTHING)) < 500_000
