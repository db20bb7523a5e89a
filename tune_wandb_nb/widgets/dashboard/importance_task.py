import threading

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.importance import ImportanceData, importance_data

__all__ = ["ImportanceTask"]

_GROWTH = 1.1


class ImportanceTask:
    """Works whenever a tenth more trials have finished.

    To import scikit-learn and to fit a random forest takes longer than a refresh may.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._computed_for: tuple[str | None, int] = (None, 0)
        self._result: ImportanceData | None = None

    @property
    def result(self) -> ImportanceData | None:
        return self._result

    def update(self, snapshot: BoardSnapshot) -> None:
        metric = snapshot.metric or next(iter(snapshot.metrics), None)
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

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _compute(self, snapshot: BoardSnapshot, metric: str | None) -> None:
        self._result = importance_data(snapshot, metric)
