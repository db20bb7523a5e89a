"""Patches: applied once, undone in turn, and modern calls pass through them unchanged."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
import ray.tune

import tune_wandb_nb as tw
from tune_wandb_nb.tracking.legacy.forms import older_forms
from tune_wandb_nb.tracking.legacy.patches import Age, Patch, apply_patches, undo_patches

MODULE = "ray.tune.integration.wandb"


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    undo_patches()
    yield
    undo_patches()


def test_an_attribute_is_replaced_and_restored() -> None:
    owner = SimpleNamespace(old=1)
    assert (
        len(apply_patches([Patch(owner, "old", 2, Age.RAY_1), Patch(owner, "new", 3, Age.RAY_1)]))
        == 2
    )
    assert vars(owner) == {"old": 2, "new": 3}
    undo_patches()
    assert vars(owner) == {"old": 1}


def test_patches_of_one_attribute_are_undone_in_turn() -> None:
    owner = SimpleNamespace(name=1)

    def patches() -> Iterator[Patch]:
        yield Patch(owner, "name", 2, Age.RAY_1)
        yield Patch(owner, "name", 3, Age.RAY_1)

    apply_patches(patches())
    assert owner.name == 3
    undo_patches()
    assert owner.name == 1, "the patch that was applied first is undone last"


def test_a_process_is_patched_once() -> None:
    owner = SimpleNamespace(name=1)
    apply_patches([Patch(owner, "name", 2, Age.RAY_1)])
    assert apply_patches([Patch(owner, "name", 3, Age.RAY_1)]) == []
    assert owner.name == 2


def test_the_classic_module_exists_while_the_patches_are_applied() -> None:
    apply_patches(older_forms())
    module = import_module(MODULE)
    names = "WandbLogger WandbLoggerCallback WandbTrainableMixin setup_wandb wandb_mixin"
    assert module.__all__ == names.split()
    assert [getattr(module, name) for name in module.__all__] == [
        getattr(tw, name) for name in module.__all__
    ]
    with pytest.raises(AttributeError, match=f"module '{MODULE}' has no attribute 'Logger'"):
        module.Logger  # noqa: B018 - the access is what is tested
    undo_patches()
    assert MODULE not in sys.modules


@pytest.mark.parametrize(
    ("args", "kwargs", "reported"),
    [
        pytest.param(({"loss": 1},), {}, {"loss": 1}, id="dictionary"),
        pytest.param((), {"loss": 1, "acc": 2}, {"loss": 1, "acc": 2}, id="keywords"),
        pytest.param((0.5,), {}, {"_metric": 0.5}, id="number"),
        pytest.param((0.5,), {"acc": 2}, {"_metric": 0.5, "acc": 2}, id="number-and-keyword"),
        pytest.param(({"loss": 1},), {"acc": 2}, {"loss": 1, "acc": 2}, id="both"),
        pytest.param((), {"metrics": {"loss": 1}}, {"loss": 1}, id="by-todays-name"),
    ],
)
def test_report_takes_both_forms(
    monkeypatch: pytest.MonkeyPatch, args: Any, kwargs: Any, reported: dict[str, Any]
) -> None:
    calls: list[tuple[Any, Any]] = []
    monkeypatch.setattr(
        ray.tune, "report", lambda metrics, *, checkpoint: calls.append((metrics, checkpoint))
    )
    apply_patches(older_forms())
    ray.tune.report(*args, **kwargs, checkpoint="c")
    assert calls == [(reported, "c")]
    undo_patches()


def test_run_without_loggers_is_tunes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(ray.tune, "run", lambda *args, **kwargs: calls.append((args, kwargs)))
    apply_patches(older_forms())
    ray.tune.run("train", "name", config={"wandb": {"project": "p"}}, verbose=0)
    named = {"name": "name", "config": {"wandb": {"project": "p"}}, "verbose": 0}
    expected = (("train",), named)
    assert calls == [expected]
    undo_patches()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param({"api_key": "short"}, "api_key does not look like", id="key"),
        pytest.param({"api_key_file": "none"}, "api_key_file 'none' does not exist", id="file"),
        pytest.param({"settings": {"api_key": "short"}}, "the api_key in settings", id="settings"),
    ],
)
def test_run_with_a_credential_in_the_config_goes_through_ours(
    entry: dict[str, Any], message: str
) -> None:
    apply_patches(older_forms())
    # `tune_wandb_nb.run` refuses these before Tune is called.
    with pytest.raises(tw.SettingsError, match=message):
        ray.tune.run("train", config={"wandb": entry})
