import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import TypeAlias

from tune_wandb_nb.tracking.driver.remote_trials import RemoteTrial
from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.waiting_rows import StoredRow, WaitingRows

__all__ = ["HandOver", "Item", "Opening", "RunWriter"]


_ITEMS_AT_ONCE = 100
_LATE_AT_ONCE = 64
"""Runs of ended trials that are open at once: each costs wandb-core several open files."""


class Opening:
    """The first item of a run: open it."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The last item of a run that another process goes on with once ``release`` was called."""

    ending: Ending
    release: Callable[[], None]


AnyRun: TypeAlias = TrialRun | RemoteTrial
_Job: TypeAlias = Opening | SavedCheckpoint | Ending | HandOver
Item: TypeAlias = _Job | Callable[[], Row | None]
_Ready: TypeAlias = _Job | StoredRow


@dataclass(slots=True, eq=False)
class _RunQueue:
    run: AnyRun
    items: deque[_Ready] = field(default_factory=deque)
    is_busy: bool = False
    is_opening: bool = False
    opened_late: bool = False
    """Whether its trial had ended before the run was opened."""


class _Workers:
    """Does jobs in their order, in daemon threads."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0

    def do(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def grow(self, most: int) -> None:
        """Begin threads for the jobs that wait, up to ``most`` in all."""
        for _ in range(min(self._jobs.qsize(), most - self._threads)):
            name = f"{self._name}-{self._threads}"
            try:
                threading.Thread(target=self._work, name=name, daemon=True).start()
            except RuntimeError:
                return  # The interpreter ends, and begins no more threads.
            self._threads += 1

    def stop(self) -> None:
        """End the threads after the jobs that are queued."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


class RunWriter:
    """Takes results from Tune's thread in microseconds, makes rows of them and writes the rows.

    One thread makes and writes rows; ``workers`` open runs and as many end them, ``closers`` from
    `stop` on, which wait for the network. More would slow Tune's thread. The items of a run are
    handled in order. Rows gather for ``linger`` seconds: two threads must not take turns at every
    row.
    """

    def __init__(
        self,
        *,
        workers: int = 8,
        closers: int = 50,
        linger: float = 0.5,
        rows: WaitingRows | None = None,
    ) -> None:
        self._workers = workers
        self._closers = closers
        self._linger = linger
        self._inbox: deque[tuple[AnyRun, Item | None] | threading.Event] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._stopping = threading.Event()
        self._rows = rows or WaitingRows()
        self._queues: dict[AnyRun, _RunQueue] = {}
        self._ready: deque[_RunQueue] = deque()
        self._openings: deque[_RunQueue] = deque()
        self._opening = self._opened_late = 0
        self._openers = _Workers("tune-wandb-opener")
        self._others = _Workers("tune-wandb-worker")
        self._thread: threading.Thread | None = None
        # Counted, since a trial may start again while its run still ends.
        self._unfinished: Counter[AnyRun] = Counter()
        self._changed = threading.Condition()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="tune-wandb-writer", daemon=True)
        self._thread.start()

    def send(self, run: AnyRun, item: Item) -> None:
        if isinstance(item, Opening):
            with self._changed:
                self._unfinished[run] += 1
        self._inbox.append((run, item))
        if not self._wake.is_set():
            self._wake.set()

    def catch_up(self, timeout: float) -> bool:
        """Wait until the results sent so far are rows."""
        if self._thread is None or not self._thread.is_alive():
            return not self._inbox
        caught_up = threading.Event()
        self._inbox.append(caught_up)
        self._hurry.set()
        self._wake.set()
        return caught_up.wait(timeout)

    def unfinished(self) -> list[AnyRun]:
        with self._changed:
            return list(self._unfinished)

    def wait(self, timeout: float) -> bool:
        """Stop, and wait until every run has ended."""
        self.stop()
        with self._changed:
            return self._changed.wait_for(lambda: not self._unfinished, timeout)

    def stop(self) -> None:
        """End all threads once they have handled every item."""
        self._stopping.set()
        self._hurry.set()
        self._wake.set()

    def _loop(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(self._linger)
            if not self._stopping.is_set():
                self._hurry.clear()
            while self._inbox or self._ready:
                self._take_all()
                if self._ready:
                    self._advance(self._ready.popleft())
                self._open_runs()
            self._add_workers()
            if self._stopping.is_set() and not self._queues:
                self._openers.stop()
                self._others.stop()
                self._rows.delete()
                return

    def _take_all(self) -> None:
        while self._inbox:
            sent = self._inbox.popleft()
            if isinstance(sent, threading.Event):
                sent.set()
            else:
                self._take(*sent)

    def _take(self, run: AnyRun, item: Item | None) -> None:
        queue = self._queues.get(run) or self._queues.setdefault(run, _RunQueue(run))
        had_items = bool(queue.items)
        if item is None:
            self._opening -= queue.is_opening
            queue.is_busy = queue.is_opening = had_items = False
            if queue.opened_late and not queue.items:
                queue.opened_late = False
                self._opened_late -= 1
        elif isinstance(item, _Job):
            queue.items.append(item)
        elif isinstance(run, TrialRun) and (row := run.prepare(item)) is not None:
            queue.items.append(self._rows.put(row))
        if not queue.is_busy and not had_items:
            self._ready.append(queue)

    def _advance(self, queue: _RunQueue) -> None:
        """Other runs wait meanwhile."""
        for _ in range(_ITEMS_AT_ONCE):
            if not queue.items or queue.is_busy:
                break
            item = queue.items.popleft()
            if isinstance(item, StoredRow):
                self._write(queue, item)
            else:
                self._start(queue, item)
        if queue.is_busy:
            return
        if queue.items:
            self._ready.append(queue)
        elif not queue.run.is_open:
            self._queues.pop(queue.run, None)

    def _open_runs(self) -> None:
        while self._openings and self._opening < self._workers:
            queue = self._openings[0]
            is_late = bool(queue.items) and isinstance(queue.items[-1], Ending)
            if is_late and not queue.opened_late:
                if self._opened_late >= _LATE_AT_ONCE:
                    return  # Those that are open end before, whatever their trials do.
                queue.opened_late = True
                self._opened_late += 1
            self._openings.popleft()
            queue.is_opening = True
            self._opening += 1
            self._openers.do(partial(self._perform, queue.run, Opening()))
            self._add_workers()

    def _write(self, queue: _RunQueue, stored: StoredRow) -> None:
        run = queue.run
        assert isinstance(run, TrialRun)
        try:
            row = self._rows.take(stored)
        except Exception as error:
            # This thread must not end.
            run.stats.lose(f"its temporary file cannot be read ({type(error).__name__})")
            return
        if not run.write(row, may_wait=False):
            self._start(queue, row)

    def _start(self, queue: _RunQueue, item: _Job | Row) -> None:
        queue.is_busy = True
        if isinstance(item, Opening):
            self._openings.append(queue)
        else:
            self._others.do(partial(self._perform, queue.run, item))
            self._add_workers()

    def _add_workers(self) -> None:
        # Opening takes the processor's time: more threads would open fewer runs a second.
        self._openers.grow(self._workers)
        self._others.grow(self._closers if self._stopping.is_set() else self._workers)

    def _perform(self, run: AnyRun, item: _Job | Row) -> None:
        try:
            if isinstance(item, Ending):
                run.end(item)
            elif isinstance(item, HandOver):
                run.end(item.ending)
            elif isinstance(item, Opening):
                run.open()
            elif isinstance(run, TrialRun):
                run.write(item) if isinstance(item, Row) else run.save(item)
        except Exception as error:
            # None of these should raise; nothing may hold up the other runs.
            run.stats.add_note(f"unexpected {type(error).__name__}")
        finally:
            if isinstance(item, HandOver):
                item.release()
            if isinstance(item, Ending | HandOver):
                self._count_as_finished(run)
            self._inbox.append((run, None))
            self._wake.set()

    def _count_as_finished(self, run: AnyRun) -> None:
        with self._changed:
            self._unfinished[run] -= 1
            if self._unfinished[run] <= 0:
                del self._unfinished[run]
            self._changed.notify_all()
