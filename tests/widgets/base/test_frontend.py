from __future__ import annotations

from types import SimpleNamespace

import pytest

from tune_wandb_nb.widgets.base.frontend import OVERRIDE, Frontend, detect_frontend, user_names


def test_override(monkeypatch: pytest.MonkeyPatch) -> None:
    assert detect_frontend({OVERRIDE: "colab"}) == Frontend("colab")
    with pytest.raises(ValueError, match=r"must be one of jupyterlab, .*, but got 'emacs'"):
        detect_frontend({OVERRIDE: "emacs"})


@pytest.mark.parametrize(
    ("environ", "modules", "names", "expected"),
    [
        ({}, set(), {}, "jupyterlab"),
        ({}, {"google.colab"}, {}, "colab"),
        ({"VSCODE_PID": "1"}, set(), {}, "vscode"),
        ({}, set(), {"__vsc_ipynb_file__": "x"}, "vscode"),
    ],
)
def test_detection(
    environ: dict[str, str], modules: set[str], names: dict[str, str], expected: str
) -> None:
    class Shell:
        kernel = object()
        user_ns = names

    assert detect_frontend(environ, modules, Shell()).name == expected


def test_a_terminal_shows_nothing() -> None:
    frontend = detect_frontend({}, set(), object())
    assert (frontend.name, frontend.shows_widgets, frontend.shows_iframes) == (
        "plain",
        False,
        False,
    )


def test_user_names_are_the_notebooks_else_the_main_scripts() -> None:
    shell = SimpleNamespace(user_ns={"train": 1})
    assert user_names(shell) == {"train": 1}
    assert "__name__" in user_names(object())
