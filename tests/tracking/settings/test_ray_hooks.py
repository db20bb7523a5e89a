"""Ray's hooks: called by their dotted names, and refused with the name where that fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tune_wandb_nb.tracking.settings.ray_hooks import populate_run_location, run_info_hook
from tune_wandb_nb.tracking.settings.settings import SettingsError

LOCATION, RUN_INFO = "WANDB_POPULATE_RUN_LOCATION_HOOK", "WANDB_PROCESS_RUN_INFO_HOOK"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], str]:
    """Put a function into a module; returns its dotted name."""

    def put(function: Callable[..., Any]) -> str:
        module = ModuleType("platform_hooks")
        module.hook = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "platform_hooks", module)
        return "platform_hooks.hook"

    return put


def test_without_hooks_nothing_is_called() -> None:
    populate_run_location({LOCATION: ""})
    assert run_info_hook({}) is None
    assert run_info_hook({RUN_INFO: ""}) is None


def test_the_location_hook_is_called_without_arguments(install: Any) -> None:
    calls: list[tuple[Any, ...]] = []
    populate_run_location({LOCATION: install(lambda *args: calls.append(args))})
    assert calls == [()]


def test_the_run_hook_is_returned_and_not_called(install: Any) -> None:
    def hook(run: Any) -> None:
        raise AssertionError(run)

    assert run_info_hook({RUN_INFO: install(hook)}) is hook


def test_a_location_hook_that_fails_is_named_with_its_error(install: Any) -> None:
    def fail() -> None:
        raise ValueError(f"key {'a' * 40}")

    with pytest.raises(SettingsError, match=rf"{LOCATION}='platform_hooks.hook' failed") as caught:
        populate_run_location({LOCATION: install(fail)})
    assert "key ***" in str(caught.value)
    assert "function without arguments" in str(caught.value)


@pytest.mark.parametrize("name", ["no_such_module.hook", "sys.no_such_function", "not a name"])
def test_a_hook_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"{LOCATION}='{name}' failed"):
        populate_run_location({LOCATION: name})
    with pytest.raises(SettingsError, match=rf"{RUN_INFO}='{name}' cannot be found.*a W&B run"):
        run_info_hook({RUN_INFO: name})
