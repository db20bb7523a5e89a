"""What is imported stays light: in a fresh interpreter, nothing heavy comes along."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

HEAVY = {"ray", "wandb", "pandas", "ipywidgets"}


def fresh(code: str) -> Any:
    """Run code in an interpreter of its own; returns what it leaves in `answer`."""
    script = f"import json, sys, time\n{code}\nprint(json.dumps(answer))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "module",
    [
        "tune_wandb_nb",
        *(
            f"tune_wandb_nb.tracking.{name}"
            for name in (
                *("settings.api_key", "settings.settings", "settings.config_entry"),
                *("settings.init_arguments", "auth.credentials", "results.payload"),
                *("results.rows", "runs.audit", "notices", "results.trial_end"),
            )
        ),
        *(
            f"tune_wandb_nb.compat.{name}"
            for name in (
                *("ray", "ray_trial", "wandb", "wandb_core", "wandb_log", "wandb_folders"),
                *("wandb_names", "wandb_sync", "graphql"),
            )
        ),
        "tune_wandb_nb.widgets.doctor.conflicts",
    ],
)
def test_a_pure_module_imports_nothing_heavy(module: str) -> None:
    loaded = set(fresh(f"import {module}\nanswer = list(sys.modules)"))
    assert module in loaded
    assert loaded & HEAVY == set()


def test_the_package_itself_is_quick_and_light() -> None:
    code = (
        "start = time.perf_counter()\nimport tune_wandb_nb\nseconds = time.perf_counter() - start"
    )
    seconds, loaded = fresh(f"{code}\nanswer = [seconds, list(sys.modules)]")
    assert seconds < 0.3
    assert "numpy" not in loaded


def test_the_package_lists_its_public_names_and_no_other() -> None:
    listed, public = fresh("import tune_wandb_nb as tw\nanswer = [dir(tw), tw.__all__]")
    assert listed == sorted(public)
    assert {"WandbLogger", "WandbLoggerCallback", "run", "DEFAULT_LOGGERS"} <= set(public)


def test_a_light_name_does_not_load_what_is_heavy() -> None:
    code = "import tune_wandb_nb as tw\nanswer = [issubclass(tw.SettingsError, ValueError)]"
    is_error, *loaded = fresh(f"{code} + list(sys.modules)")
    assert is_error
    assert set(loaded) & HEAVY == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    import tune_wandb_nb

    with pytest.raises(AttributeError, match="'tune_wandb_nb' has no attribute 'WandbLoger'"):
        tune_wandb_nb.WandbLoger  # noqa: B018


def test_our_own_arguments_are_checked_without_wandb() -> None:
    code = "from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments\n"
    code += "check_init_arguments(['project', 'excludes', 'run_id'])"
    assert set(fresh(f"{code}\nanswer = list(sys.modules)")) & HEAVY == set()
