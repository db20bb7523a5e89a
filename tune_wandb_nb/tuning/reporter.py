"""`HtmlReporter`: Tune's own progress table, handed to whoever shows it."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ray.tune import JupyterNotebookReporter

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["HtmlReporter"]

_EVERY = 2


class HtmlReporter(JupyterNotebookReporter):
    """Gives Tune's HTML to ``show`` instead of printing it; pickles without it.

    Example:
        >>> shown = []
        >>> reporter = HtmlReporter(shown.append)
        >>> run_config = tune.RunConfig(progress_reporter=reporter)
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show: Callable[[str], None] | None = show
        with warnings.catch_warnings():
            # It warns outside a notebook, where Tune does not use it anyway.
            warnings.simplefilter("ignore")
            super().__init__(overwrite=False, max_report_frequency=_EVERY)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_show": None, "_display_handle": None}

    def report(self, trials: list["Trial"], done: bool, *sys_info: str) -> None:
        """Report without the last report's unlimited table, whose size is a notebook's end."""
        del done
        super().report(trials, False, *sys_info)

    def display(self, string: str) -> None:
        """Hand over the HTML."""
        if self._show is not None:
            self._show(string)
