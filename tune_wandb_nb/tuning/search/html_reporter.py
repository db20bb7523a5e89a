import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ray.tune import JupyterNotebookReporter

from tune_wandb_nb.compat.ray import assume_notebook, without_display
from tune_wandb_nb.tuning.search.ipython_shell import has_kernel, running_shell

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["HtmlReporter"]

_SECONDS_BETWEEN_REPORTS = 2
_MOST_ROWS, _LONGEST_CELL = 200, 80


class HtmlReporter(JupyterNotebookReporter):
    """Pickled without ``show``; Tune prints its usual progress where this is not ``seen``."""

    __module__ = "tune_wandb_nb"  # The path under which Tune pickles it: see `_HOME` there.

    def __init__(self, show: Callable[[str], None], *, seen: bool = True) -> None:
        self._show: Callable[[str], None] | None = show
        self._seen = seen
        if has_kernel(running_shell()):
            assume_notebook()
        with warnings.catch_warnings():
            # Outside a notebook, where Tune ignores the reporter, the base class warns.
            warnings.simplefilter("ignore")
            super().__init__(
                overwrite=False,
                max_progress_rows=_MOST_ROWS,
                max_error_rows=_MOST_ROWS,
                max_column_length=_LONGEST_CELL,
                max_report_frequency=_SECONDS_BETWEEN_REPORTS,
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**without_display(self.__dict__), "_show": None}

    def __bool__(self) -> bool:
        # Tune uses its own in the place of one that is false.
        return self._seen and self._show is not None

    def report(self, trials: list["Trial"], done: bool, *sys_info: str) -> None:
        """The last report's table is unlimited and can overload a notebook."""
        del done
        super().report(trials, False, *sys_info)

    def display(self, string: str) -> None:
        if self._show is not None:
            self._show(string)
