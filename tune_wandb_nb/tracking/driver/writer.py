"""Every W&B run of a search, written in this one process behind one queue."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.trial_run import TrialRun

__all__ = ["Opening", "RunWriter"]


class Opening:
    """The first thing that a run is sent: open it."""


_Item = Opening | Callable[[], Row | None] | SavedCheckpoint | Ending
_Ready = Opening | Row | SavedCheckpoint | Ending


class _Lane:
    """What waits for one run, in order, and whether a worker is opening or ending it."""

    __slots__ = ("busy", "run", "waiting")

    def __init__(self, run: TrialRun) -> None:
        self.run = run
        self.waiting: deque[_Ready] = deque()
        self.busy = False

    def replace_checkpoint(self, checkpoint: SavedCheckpoint) -> None:
        """Let a checkpoint wait, and none that is older: uploads may be slower than training."""
        older = [item for item in self.waiting if isinstance(item, SavedCheckpoint)]
        for item in older:
            self.waiting.remove(item)
            self.run.skipped_checkpoints += 1
        self.waiting.append(checkpoint)


class RunWriter:
    """Takes results from Tune's thread in microseconds, makes rows of them and writes those.

    One thread makes and writes rows, a few others open and end runs, since those wait on the
    network. What is sent to a run arrives in order. All threads are daemons: none keeps the
    interpreter alive.

    Args:
        workers: How many runs are opened or ended at once while the search runs. More would take
            Tune's thread too much of its time.
        closers: The same from `close` on: the last trials may all end at once.
        linger: Seconds for which rows gather before they are written, so that the two threads do
            not take turns at every row; wandb itself sends rows every few seconds.
    """

    def __init__(self, *, workers: int = 8, closers: int = 50, linger: float = 0.5) -> None:
        self._workers = workers
        self._closers = closers
        self._linger = linger
        self._inbox: deque[tuple[TrialRun, _Item | None] | threading.Event] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._closing = threading.Event()
        self._lanes: dict[TrialRun, _Lane] = {}
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._started_workers = 0
        # How often each was opened and not ended: one may be opened again while it still ends.
        self._unfinished: Counter[TrialRun] = Counter()
        self._changed = threading.Condition()

    def start(self) -> None:
        """Start the writing thread; workers start when there is work for them."""
        self._thread = threading.Thread(target=self._loop, name="tune-wandb-writer", daemon=True)
        self._thread.start()

    def send(self, run: TrialRun, item: _Item) -> None:
        """Hand something to a run: an `Opening` first, what makes its rows, at last an `Ending`."""
        if isinstance(item, Opening):
            with self._changed:
                self._unfinished[run] += 1
        self._inbox.append((run, item))
        if not self._wake.is_set():
            self._wake.set()

    def catch_up(self, timeout: float) -> bool:
        """Wait until a row was made of everything sent so far, written or not."""
        if self._thread is None or not self._thread.is_alive():
            return not self._inbox
        caught_up = threading.Event()
        self._inbox.append(caught_up)
        self._hurry.set()
        self._wake.set()
        return caught_up.wait(timeout)

    def unfinished(self) -> list[TrialRun]:
        """Return the runs that have not ended yet."""
        with self._changed:
            return list(self._unfinished)

    def wait(self, timeout: float) -> bool:
        """Close, and wait until every run has ended; False if some have not in time (seconds)."""
        self.close()
        with self._changed:
            return self._changed.wait_for(lambda: not self._unfinished, timeout)

    def close(self) -> None:
        """Let all threads go as soon as they have done what they were sent."""
        self._closing.set()
        self._hurry.set()
        self._wake.set()

    def _loop(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(self._linger)
            if not self._closing.is_set():
                self._hurry.clear()
            while self._inbox:
                sent = self._inbox.popleft()
                if isinstance(sent, threading.Event):
                    sent.set()
                else:
                    self._take(*sent)
            self._add_workers()
            if self._closing.is_set() and not self._lanes:
                for _ in range(self._started_workers):
                    self._jobs.put(None)
                return

    def _take(self, run: TrialRun, item: _Item | None) -> None:
        lane = self._lanes.get(run) or self._lanes.setdefault(run, _Lane(run))
        if item is None:
            lane.busy = False
        elif isinstance(item, SavedCheckpoint):
            lane.replace_checkpoint(item)
        elif isinstance(item, Opening | Ending):
            lane.waiting.append(item)
        elif (row := run.prepare(item)) is not None:
            lane.waiting.append(row)
        self._advance(lane)

    def _advance(self, lane: _Lane) -> None:
        while lane.waiting and not lane.busy:
            item = lane.waiting.popleft()
            if isinstance(item, Row):
                lane.run.write(item)
            else:
                lane.busy = True
                self._jobs.put(partial(self._perform, lane.run, item))
                self._add_workers()
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

    def _add_workers(self) -> None:
        most = self._closers if self._closing.is_set() else self._workers
        for _ in range(min(self._jobs.qsize(), most - self._started_workers)):
            self._started_workers += 1
            name = f"tune-wandb-worker-{self._started_workers}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
