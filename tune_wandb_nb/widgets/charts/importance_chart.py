"""The importance of the hyperparameters as a table of bars."""

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
    """Rates the hyperparameters again whenever a tenth more trials have finished.

    A forest takes longer to grow than a refresh may, and its library longer to import, so this
    happens in a thread of its own; `wait` returns when it is done.
    """

    def __init__(self) -> None:
        super().__init__(_text(None))
        self._thread: threading.Thread | None = None
        self._rated: tuple[str | None, int] = (None, 0)

    def show(self, snapshot: BoardSnapshot, metric: str | None) -> int:
        """Rate if it is time to; return 0, since what goes to the browser is small."""
        finished = snapshot.counts["done"] + snapshot.counts["stopped"]
        due = metric != self._rated[0] or finished >= self._rated[1] * _GROWTH + 1
        over = snapshot.ended is not None and finished != self._rated[1]
        if (due or over) and not (self._thread and self._thread.is_alive()):
            self._rated = (metric, finished)
            self._thread = threading.Thread(
                target=self._rate, args=(snapshot, metric), name="importance", daemon=True
            )
            self._thread.start()
        return 0

    def wait(self) -> None:
        """Wait for a rating that is going on."""
        if self._thread is not None:
            self._thread.join()

    def _rate(self, snapshot: BoardSnapshot, metric: str | None) -> None:
        self.value = _text(importance_data(snapshot, metric))


def _text(data: ImportanceData | None) -> str:
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
