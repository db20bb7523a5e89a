"""Every argument of `wandb.init` is decided in one place."""

from __future__ import annotations

from typing import Any

from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.server_check import ServerCheck
from tune_wandb_nb.tracking.runs.init_plan import InitPlan, TrialNames, make_init_plan
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import WandbSettings

KEY = ApiKey("a" * 40)
TRIAL = TrialNames("ab_00000", "train_ab_00000", "experiment")


def plan(given: dict[str, Any], **more: Any) -> InitPlan:
    settings = WandbSettings.resolve({"project": "digits", **given})
    defaults: dict[str, Any] = {"folder": "/files", "config": {"lr": 0.1}}
    return make_init_plan(settings, Access("offline"), TRIAL, **defaults | more)


def test_tunes_names_are_those_of_the_run() -> None:
    arguments = plan({}).arguments
    assert (arguments["id"], arguments["name"]) == ("ab_00000", "train_ab_00000")
    assert (arguments["group"], arguments["project"]) == ("experiment", "digits")
    assert (arguments["dir"], arguments["config"]) == ("/files", {"lr": 0.1})
    assert arguments["resume"] == "allow"


def test_names_in_the_settings_win_and_an_id_that_is_given_wins_over_both() -> None:
    given = {"run_id": "mine", "run_name": "my run", "group": "my group", "tags": ["a"]}
    arguments = plan(given).arguments
    assert [arguments[name] for name in ("id", "name", "group")] == ["mine", "my run", "my group"]
    assert arguments["tags"] == ["a"]
    assert plan(given, run_id="another").arguments["id"] == "another"


def test_the_users_config_is_below_the_trials() -> None:
    config = plan({"config": {"lr": 1, "seed": 3}}).arguments["config"]
    assert config == {"lr": 0.1, "seed": 3}


def test_the_users_wandb_settings_are_kept_apart_and_without_the_key() -> None:
    made = plan({"settings": {"console": "wrap", "api_key": "b" * 40}, "reinit": True})
    assert made.settings == {"console": "wrap"}
    assert "settings" not in made.arguments
    assert "reinit" not in made.arguments
    assert "b" * 40 not in repr(made)


def test_access_and_host_are_taken_over() -> None:
    check = ServerCheck("https://w", KEY)
    settings = WandbSettings.resolve({"project": "p", "host": "https://w"})
    made = make_init_plan(
        settings, Access("online", KEY, check), TRIAL, folder=".", config={}, hook=print
    )
    assert (made.mode, made.key, made.check, made.host) == ("online", KEY, check, "https://w")
    assert made.hook is print
    assert "a" * 40 not in repr(made)


def test_training_iteration_is_the_step_unless_it_is_excluded() -> None:
    assert plan({}).define_step
    assert not plan({"excludes": ["training_*"]}).define_step


def test_only_one_run_of_a_search_records_the_environment() -> None:
    assert not plan({}).records_environment
    assert plan({}, records_environment=True).records_environment
