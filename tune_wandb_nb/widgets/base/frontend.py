import os
import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from tune_wandb_nb.tuning.search.ipython_shell import has_kernel, running_shell

__all__ = ["OVERRIDE", "Frontend", "FrontendName", "allow_widgets", "detect_frontend", "user_names"]

FrontendName: TypeAlias = Literal["jupyterlab", "notebook", "colab", "vscode", "plain"]

OVERRIDE = "TUNE_WANDB_NB_FRONTEND"
"""The environment variable that names the frontend."""


@dataclass(frozen=True, slots=True)
class Frontend:
    name: FrontendName

    @property
    def shows_widgets(self) -> bool:
        return self.name != "plain"

    @property
    def shows_iframes(self) -> bool:
        return self.name not in ("plain", "vscode")


def detect_frontend(
    environ: Mapping[str, str] | None = None,
    modules: Container[str] | None = None,
    shell: object = None,
) -> Frontend:
    """A kernel cannot tell Notebook 7 from "jupyterlab"."""
    environ = os.environ if environ is None else environ
    modules = sys.modules if modules is None else modules
    if named := environ.get(OVERRIDE):
        if named not in get_args(FrontendName):
            raise ValueError(
                f"{OVERRIDE} must be one of {', '.join(get_args(FrontendName))}, but got {named!r}."
            )
        return Frontend(cast("FrontendName", named))
    shell = running_shell() if shell is None else shell
    if not has_kernel(shell):
        return Frontend("plain")
    if "google.colab" in modules:
        return Frontend("colab")
    notebook_names = getattr(shell, "user_ns", {})
    if "VSCODE_PID" in environ or "__vsc_ipynb_file__" in notebook_names:
        return Frontend("vscode")
    return Frontend("jupyterlab")


def allow_widgets() -> None:
    """Colab shows widgets of other packages only when asked to."""
    if detect_frontend().name == "colab":
        from google.colab import output

        output.enable_custom_widget_manager()


def user_names(shell: object = None) -> Mapping[str, object]:
    """Outside of a notebook the main script's."""
    shell = running_shell() if shell is None else shell
    names = getattr(shell, "user_ns", None) or vars(sys.modules["__main__"])
    return cast("Mapping[str, object]", names)
