"""Which worker of Ray Train a process is, by either API of Ray; test_setup_wandb has real ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tune_wandb_nb.compat.ray_trial import TuneSession
from tune_wandb_nb.tracking.worker import train_context
from tune_wandb_nb.tracking.worker.train_context import train_experiment, train_rank


def test_outside_of_a_training_there_is_rank_zero_and_no_name() -> None:
    assert (train_rank(), train_experiment()) == (0, None)


def test_the_context_of_the_current_api_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(get_world_rank=lambda: 3, get_experiment_name=lambda: "training")
    monkeypatch.setattr(train_context, "train_context", lambda: context)
    monkeypatch.setattr(train_context, "tune_session", lambda: TuneSession(rank=1))
    assert (train_rank(), train_experiment()) == (3, "training")


def test_the_older_apis_session_has_the_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    session = TuneSession(experiment="older", rank=2)
    monkeypatch.setattr(train_context, "train_context", lambda: None)
    monkeypatch.setattr(train_context, "tune_session", lambda: session)
    assert (train_rank(), train_experiment()) == (2, None)
