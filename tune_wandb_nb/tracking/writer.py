"""Every W&B run of a search, written in this one process behind one queue."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from tune_wandb_nb.tracking.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.rows import Row
from tune_wandb_nb.tracking.trial_run import Ending, TrialRun

__all__ = ["Opening", "RunWriter"]


class Opening:
    """The first thing that a run is sent: open it."""


_Item = Opening | Row | SavedCheckpoint | Ending


class _Lane:
    """What waits for one run, in order, and whether a worker is opening or ending it."""

    __slots__ = ("busy", "run", "waiting")

    def __init__(self, run: TrialRun) -> None:
        self.run = run
        self.waiting: deque[_Item] = deque()
        self.busy = False


class RunWriter:
    """Takes rows from Tune's thread in microseconds and writes them from its own.

    One thread writes rows, a few others open and end runs, since those wait on the network. What
    is sent to a run arrives in order. All threads are daemons: none keeps the interpreter alive.

    Args:
        workers: How many runs are opened or ended at once.
        linger: Seconds for which rows gather before they are written, so that the two threads do
            not take turns at every row.
    """

    def __init__(self, *, workers: int = 8, linger: float = 0.05) -> None:
        self._workers = workers
        self._linger = linger
        self._inbox: deque[tuple[TrialRun, _Item | None]] = deque()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._lanes: dict[TrialRun, _Lane] = {}
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._started_workers = 0
        # How often each was opened and not ended: one may be opened again while it still ends.
        self._unfinished: Counter[TrialRun] = Counter()
        self._changed = threading.Condition()

    def start(self) -> None:
        """Start the writing thread; workers start when there is work for them."""
        threading.Thread(target=self._loop, name="tune-wandb-writer", daemon=True).start()

    def send(self, run: TrialRun, item: _Item) -> None:
        """Hand something to a run: an `Opening` first, rows, at last an `Ending`."""
        if isinstance(item, Opening):
            with self._changed:
                self._unfinished[run] += 1
        self._inbox.append((run, item))
        if not self._wake.is_set():
            self._wake.set()

    def unfinished(self) -> list[TrialRun]:
        """Return the runs that have not ended yet."""
        with self._changed:
            return list(self._unfinished)

    def wait(self, timeout: float) -> bool:
        """Wait until every run has ended; False if some have not after ``timeout`` seconds."""
        self._closing.set()
        with self._changed:
            return self._changed.wait_for(lambda: not self._unfinished, timeout)

    def close(self) -> None:
        """Let all threads go as soon as they have done what they were sent."""
        self._closing.set()
        self._wake.set()

    def _loop(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._closing.wait(self._linger)
            while self._inbox:
                run, item = self._inbox.popleft()
                lane = self._lanes.get(run) or self._lanes.setdefault(run, _Lane(run))
                if item is None:
                    lane.busy = False
                else:
                    lane.waiting.append(item)
                self._advance(lane)
            if self._closing.is_set() and not self._lanes:
                for _ in range(self._started_workers):
                    self._jobs.put(None)
                return

    def _advance(self, lane: _Lane) -> None:
        while lane.waiting and not lane.busy:
            item = lane.waiting.popleft()
            if isinstance(item, Row):
                lane.run.write(item)
            else:
                lane.busy = True
                self._jobs.put(partial(self._perform, lane.run, item))
                self._add_worker()
        if not lane.waiting and not lane.busy and not lane.run.is_open:
            del self._lanes[lane.run]

    def _perform(self, run: TrialRun, item: Opening | SavedCheckpoint | Ending) -> None:
        if isinstance(item, Ending):
            run.end(item)
            with self._changed:
                self._unfinished[run] -= 1
                if self._unfinished[run] <= 0:
                    del self._unfinished[run]
                self._changed.notify_all()
        elif isinstance(item, SavedCheckpoint):
            run.save(item)
        else:
            run.open()
        self._inbox.append((run, None))
        self._wake.set()

    def _add_worker(self) -> None:
        if self._started_workers < self._workers:
            self._started_workers += 1
            name = f"tune-wandb-worker-{self._started_workers}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
