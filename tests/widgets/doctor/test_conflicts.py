"""The known problems of a machine, from its facts."""

from __future__ import annotations

from typing import Any

import pytest

from tune_wandb_nb.widgets.doctor.conflicts import Folder, Machine, find_conflicts, is_older

GOOD: dict[str, Any] = {
    "versions": {
        "ray": "2.60.0",
        "wandb": "0.31.0",
        "protobuf": "7.36.2",
        "ipywidgets": "8.1.9",
        "jupyterlab": "4.6.6",
    },
    "requirements": ("ray[tune]>=2.44", "wandb>=0.22", "pytest>=8; extra == 'test'"),
    "frontend": "jupyterlab",
    "environ": {"WANDB_MODE": "offline", "RAY_TMPDIR": "/tmp"},
    "folders": (Folder("Tune's results", "/home/me/ray_results", 2**40, 2**41),),
}


def told(**changed: Any) -> list[str]:
    """Return the problems of a good machine with one thing changed."""
    return [found.problem for found in find_conflicts(Machine(**GOOD | changed))]


def with_versions(**versions: str) -> dict[str, Any]:
    return {"versions": GOOD["versions"] | versions}


def place(**given: Any) -> dict[str, Any]:
    return {"folders": (Folder("the folder", "/data", **given),)}


def test_a_good_machine_has_none() -> None:
    assert told() == []
    assert find_conflicts(Machine()) == ()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        pytest.param(
            with_versions(wandb="0.22.3"),
            "wandb 0.22.3 cannot be imported with protobuf 7.36.2.",
            id="protobuf",
        ),
        pytest.param(
            with_versions(ray="2.43.1"),
            "ray 2.43.1 is too old: 2.44 is the oldest that will do.",
            id="too-old",
        ),
        pytest.param(
            with_versions(**{"rfc3987-syntax": "1.1.0"}),
            "rfc3987-syntax takes more than half of the time in which a process of Ray, and so a"
            " trial, starts.",
            id="slow-import",
        ),
        pytest.param(
            {"uncompiled": "/site-packages"},
            "PYTHONDONTWRITEBYTECODE is set, and the installed packages are not compiled: every"
            " process of Ray, and so every trial, compiles them again and starts seconds later.",
            id="no-bytecode",
        ),
        pytest.param(
            {"requirements": ("anywidget>=0.9",)}, "anywidget is not installed.", id="missing"
        ),
        pytest.param(
            {"broken": {"anywidget": "ImportError: 'no'"}},
            "anywidget cannot be imported: ImportError: 'no'",
            id="broken",
        ),
        pytest.param(
            {"shadowed": {"wandb": "/here/wandb"}, "broken": {"wandb": "AttributeError"}},
            "import wandb finds /here/wandb, which is not the package of that name.",
            id="shadowed",
        ),
        pytest.param(
            {"shadowed": {"ray": "/here/ray.py"}, "broken": {"ray.tune": "ImportError"}},
            "import ray finds /here/ray.py, which is not the package of that name.",
            id="shadowed-parent",
        ),
        pytest.param(
            with_versions(ipywidgets="7.7.1"),
            "jupyterlab 4.6.6 shows no widgets of ipywidgets 7.7.1.",
            id="widgets-7-in-lab-4",
        ),
        pytest.param(
            with_versions(ipywidgets="7.8.0", jupyterlab="3.6.8", notebook="7.0.0"),
            "notebook 7.0.0 shows no widgets of ipywidgets 7.8.0.",
            id="widgets-7-in-notebook-7",
        ),
        pytest.param(
            {"server_lacks": ("ipywidgets", "anywidget")},
            "Jupyter runs in another environment than this kernel, and has no ipywidgets and no"
            " anywidget there: widgets stay blank.",
            id="other-environment",
        ),
        pytest.param(
            {"core": "wandb-core may not be executed"},
            "wandb-core may not be executed: wandb cannot record anything.",
            id="core",
        ),
        pytest.param(
            {"service_is_gone": True},
            "WANDB_SERVICE names a wandb-core that does not answer: wandb.init fails.",
            id="service",
        ),
        pytest.param(
            {"environ": {"WANDB_MODE": "disabled"}},
            "WANDB_MODE=disabled: nothing is recorded, not even offline.",
            id="disabled",
        ),
        pytest.param(
            {"environ": {"TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1"}},
            "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS=1: Tune writes no result.json, from which"
            " upload_experiment makes good what W&B lost.",
            id="no-result-json",
        ),
        pytest.param(
            {"environ": {"RAY_AIR_LOCAL_CACHE_DIR": "/x"}},
            "RAY_AIR_LOCAL_CACHE_DIR is set: Tune starts no search.",
            id="removed-variable",
        ),
        pytest.param(place(writable=False), "the folder /data cannot be written.", id="read-only"),
        pytest.param(
            place(free=2**30 - 1), "less than 1 GiB is free where the folder is (/data).", id="full"
        ),
        pytest.param(
            place(free=2**34, total=2**40, holds_sockets=True),
            "the disk of the folder (/data) is over 95 % full: Ray moves no objects there.",
            id="full-for-ray",
        ),
    ],
)
def test_what_goes_wrong_is_said_once(changed: dict[str, Any], what: str) -> None:
    assert told(**changed) == [what]
    [found] = find_conflicts(Machine(**GOOD | changed))
    assert found.remedy.endswith(".")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(with_versions(wandb="0.23.0"), id="newer-wandb"),
        pytest.param(with_versions(wandb="0.22.3", protobuf="6.33.1"), id="older-protobuf"),
        pytest.param(with_versions(ray="2.44.0rc1"), id="just-old-enough"),
        pytest.param(with_versions(ipywidgets="7.7.1") | {"frontend": "colab"}, id="colab"),
        pytest.param(with_versions(ipywidgets="7.7.1", jupyterlab="3.6.8"), id="lab-3"),
        pytest.param({"server_lacks": ("anywidget",), "frontend": "vscode"}, id="vscode"),
        pytest.param({"environ": {"RAY_AIR_LOCAL_CACHE_DIR": ""}}, id="empty-variable"),
        pytest.param(place(free=2**34, total=2**40), id="full-but-not-rays"),
    ],
)
def test_what_is_well_is_not_complained_of(changed: dict[str, Any]) -> None:
    assert told(**changed) == []


def test_a_path_that_is_too_long_for_sockets() -> None:
    def complaints(path: str) -> list[str]:
        return told(folders=(Folder("Ray's folder", path, 2**40, 2**40, holds_sockets=True),))

    assert complaints("/tmp/ray") == []
    [found] = complaints("/" + "x" * 60)
    assert "too long for Ray's sockets" in found


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("0.9", "0.22", True),
        ("2.44", "2.44.0", False),
        ("2.44.0", "2.44", False),
        ("2.43.9", "2.44", True),
        ("8.0.0a1", "8", False),
        ("", "1", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, than: str, older: bool) -> None:
    assert is_older(version, than) is older
