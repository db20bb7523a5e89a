"""The importance of each hyperparameter, as a table with bars."""

import threading

import ipywidgets

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.importance import ImportanceData, importance_data
from tune_wandb_nb.tuning.chart_data.wording import number
from tune_wandb_nb.widgets.base.markup import escape, name_tag

__all__ = ["ImportanceChart"]

_GROWTH = 1.1
_MOST_ROWS = 8


class ImportanceChart(ipywidgets.HTML):
    """Computes the importances again whenever a tenth more trials have finished.

    To import scikit-learn and to fit a random forest takes longer than a refresh may, so a thread
    does both; `wait` returns when that thread has finished.
    """

    def __init__(self) -> None:
        super().__init__(_html(None))
        self._thread: threading.Thread | None = None
        self._computed_for: tuple[str | None, int] = (None, 0)

    def show(self, snapshot: BoardSnapshot, metric: str | None) -> int:
        """Start a computation if one is due; return 0, since the table is small."""
        finished = snapshot.counts["done"] + snapshot.counts["stopped"]
        last_metric, last_finished = self._computed_for
        due = metric != last_metric or finished >= last_finished * _GROWTH + 1
        final = snapshot.ended is not None and finished != last_finished
        if (due or final) and not (self._thread and self._thread.is_alive()):
            self._computed_for = (metric, finished)
            self._thread = threading.Thread(
                target=self._compute, args=(snapshot, metric), name="importance", daemon=True
            )
            self._thread.start()
        return 0

    def wait(self) -> None:
        """Wait for a running computation."""
        if self._thread is not None:
            self._thread.join()

    def _compute(self, snapshot: BoardSnapshot, metric: str | None) -> None:
        self.value = _html(importance_data(snapshot, metric))


def _html(data: ImportanceData | None) -> str:
    if data is None:
        return '<div class="twn soft">Importance appears when four trials have finished.</div>'
    rows = "".join(
        f"<tr><td>{name_tag(row.name, 22)}</td>"
        f'<td><span class="share" style="width:{row.share * 64:.0f}px"></span></td>'
        f'<td class="num">{escape(number(row.share))}</td>'
        f'<td class="num soft">{_signed(row.correlation)}</td></tr>'
        for row in data.rows[:_MOST_ROWS]
    )
    mark = "preliminary, " if data.preliminary else ""
    return (
        f'<div class="twn"><table><thead><tr><th>hyperparameter</th><th>importance</th><th></th>'
        f'<th class="num">correlation</th></tr></thead><tbody>{rows}</tbody></table>'
        f'<div class="soft">{mark}{data.method} over {data.trials} trials</div></div>'
    )


def _signed(correlation: float | None) -> str:
    return "-" if correlation is None else f"{correlation:+.2f}"
