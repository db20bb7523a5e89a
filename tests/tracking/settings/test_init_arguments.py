"""The arguments of `wandb.init`: Tune's names where the user has none, unknown names refused."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import wandb

from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments, init_arguments
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings


def built(**settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is built of some settings for a trial of Tune."""
    return init_arguments(
        WandbSettings.resolve(settings),
        trial_id="t1",
        name="train_t1",
        group="experiment",
        folder="/folder",
        config={"lr": 0.1},
    )


def test_tunes_names_are_used_where_the_settings_have_none() -> None:
    arguments, settings = built(project="digits")
    assert arguments == {
        "id": "t1",
        "name": "train_t1",
        "resume": "allow",
        "project": "digits",
        "group": "experiment",
        "dir": "/folder",
        "config": {"lr": 0.1},
    }
    assert settings == {}


def test_the_users_names_win_over_tunes() -> None:
    arguments, _ = built(project="p", group="g", run_id="mine", run_name="n", resume="never")
    chosen = {"id": "mine", "name": "n", "group": "g", "resume": "never"}
    assert {name: arguments[name] for name in chosen} == chosen


def test_folder_and_config_are_always_the_trials() -> None:
    arguments, _ = built(dir="/elsewhere", config={"lr": 5, "note": "kept"})
    assert (arguments["dir"], arguments["config"]) == ("/folder", {"lr": 0.1, "note": "kept"})


def test_settings_of_wandb_are_apart_and_reinit_is_left_out() -> None:
    arguments, settings = built(settings={"console": "off"}, reinit=True, tags=["a"])
    assert settings == {"console": "off"}
    assert not {"settings", "reinit"} & arguments.keys()
    assert arguments["tags"] == ["a"]


def test_every_argument_of_ours_and_of_wandb_init_is_known() -> None:
    check_init_arguments(["project", "excludes", "log_config", "best", "run_id", "run_name"])
    check_init_arguments(inspect.signature(wandb.init).parameters)
    check_init_arguments([])


@pytest.mark.parametrize(
    ("given_names", "says"),
    [
        pytest.param(["projet"], r"'projet'.*did you mean 'project'\?", id="one-of-ours"),
        pytest.param(["exclude"], r"'exclude'.*did you mean 'excludes'\?", id="singular"),
        pytest.param(["tgas"], r"'tgas'.*did you mean 'tags'\?", id="one-of-wandb's"),
        pytest.param(["runid"], r"'runid'.*did you mean 'run_id'\?", id="a-classic-one"),
        pytest.param(["notes", "tags", "grup"], r"'grup'.*did you mean 'group'\?", id="last"),
        pytest.param(["qqqqqq"], r"'qqqqqq'.*see help\(wandb\.init\)", id="nothing-close"),
        pytest.param(["init"], "unknown argument 'init'", id="our-own-inner-name"),
    ],
)
def test_an_unknown_argument_is_refused_with_the_closest_name(
    given_names: list[str], says: str
) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        check_init_arguments(given_names)
    assert "neither WandbLogger nor wandb.init has it" in str(caught.value)


def test_a_name_that_is_no_string_is_refused() -> None:
    with pytest.raises(SettingsError, match="unknown argument 5"):
        check_init_arguments([5])
