"""The writer: each run gets what it was sent, in order, and nobody waits for anybody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tune_wandb_nb.tracking.driver.writer import Opening, RunWriter
from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.waiting_rows import WaitingRows, size_of

SOON = 30.0
"""Seconds after which a test has failed; no test waits for them to pass."""
FINISHED = Ending("finished")

Seen = tuple[object, str]
"""What a run was told, and the name of the thread that told it."""


def row(number: int) -> Row:
    return Row({"x": number}, {}, {}, number)


class RecordingRun(TrialRun):
    """A run that writes down what it is told; opening, writing and ending can be held up."""

    def __init__(
        self,
        name: str = "run",
        *,
        opening: Callable[[], object] = lambda: None,
        ending: Callable[[], object] = lambda: None,
        can_open: bool = True,
        needs_reopening: int | None = None,
        reopening: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(name, name, InitPlan("offline", {"id": name}), say=print)
        self.seen: list[Seen] = []
        self.opened = threading.Event()
        self._wrote, self._ended = threading.Semaphore(0), threading.Semaphore(0)
        self._opening, self._ending = opening, ending
        self._can_open = can_open
        self._needs_reopening, self._reopening = needs_reopening, reopening
        self._open = False

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def told(self) -> list[object]:
        return [what for what, _ in self.seen]

    def wrote(self) -> bool:
        """Wait for one row more to be written."""
        return self._wrote.acquire(timeout=SOON)

    def ended(self) -> bool:
        """Wait for the run to be ended, once more."""
        return self._ended.acquire(timeout=SOON)

    def threads(self, what: object) -> set[str]:
        return {thread for told, thread in self.seen if told == what}

    def _note(self, what: object) -> None:
        self.seen.append((what, threading.current_thread().name))

    def open(self) -> None:
        self._note("open")
        self._opening()
        self._open = self._can_open
        self._note("opened")
        self.opened.set()

    def write(self, row: Row, *, may_wait: bool = True) -> bool:
        if self._needs_reopening == row.step and not may_wait:
            return False
        self._note(row.step)
        if self._needs_reopening == row.step:
            self._reopening()
        self._wrote.release()
        return True

    def end(self, ending: Ending) -> None:
        self._note(ending)
        self._ending()
        self._open = False
        self._note("ended")
        self._ended.release()


def life(*rows: int) -> list[object]:
    """What a run is told that was opened, got some rows, and was ended."""
    return ["open", "opened", *rows, FINISHED, "ended"]


def own_threads(before: set[threading.Thread]) -> set[threading.Thread]:
    return {t for t in set(threading.enumerate()) - before if t.name.startswith("tune-wandb-")}


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a run can be made to hang on; open at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def writer() -> Iterator[RunWriter]:
    writer = RunWriter(linger=0)
    writer.start()
    yield writer
    writer.stop()


def send_life(writer: RunWriter, run: TrialRun, rows: range) -> None:
    writer.send(run, Opening())
    for number in rows:
        writer.send(run, partial(row, number))
    writer.send(run, FINISHED)


def test_a_run_is_opened_written_and_ended_in_order(writer: RunWriter) -> None:
    run = RecordingRun()
    send_life(writer, run, range(50))
    assert writer.wait(SOON)
    assert run.told == life(*range(50))


def test_two_hundred_runs_with_fifty_rows_each(writer: RunWriter) -> None:
    runs = [RecordingRun(f"run-{n}") for n in range(200)]
    for run in runs:
        writer.send(run, Opening())
    for number in range(50):
        for run in runs:
            writer.send(run, partial(row, number))
    for run in runs:
        writer.send(run, FINISHED)
    assert all(run.ended() for run in runs)  # without the closers
    assert writer.wait(SOON)
    assert [run for run in runs if run.told != life(*range(50))] == []
    writing = {thread for run in runs for n in range(50) for thread in run.threads(n)}
    opening = {thread for run in runs for thread in run.threads("open")}
    ending = {thread for run in runs for thread in run.threads(FINISHED)}
    assert len(writing) == 1
    assert 1 <= len(opening) <= 8
    assert 1 <= len(ending) <= 8
    assert not (writing | {threading.current_thread().name}) & (opening | ending)


def test_runs_of_ended_trials_are_not_all_open_at_once() -> None:
    lock = threading.Lock()
    open_at_once = [0]

    def change(by: int) -> None:
        with lock:
            open_at_once.append(open_at_once[-1] + by)

    writer = RunWriter(linger=0)
    runs = [
        RecordingRun(f"run-{n}", opening=partial(change, 1), ending=partial(change, -1))
        for n in range(500)
    ]
    for run in runs:
        send_life(writer, run, range(2))
    writer.start()
    assert writer.wait(SOON)
    assert [run for run in runs if run.told != life(*range(2))] == []
    assert max(open_at_once) <= 64


def test_rows_wait_for_their_run_and_for_no_other(writer: RunWriter, gate: threading.Event) -> None:
    slow, quick = RecordingRun("slow", opening=gate.wait), RecordingRun("quick")
    send_life(writer, slow, range(10))
    send_life(writer, quick, range(10))
    assert quick.ended()
    assert quick.told == life(*range(10))
    assert slow.told in ([], ["open"])
    assert writer.unfinished() == [slow]
    gate.set()
    assert writer.wait(SOON)
    assert slow.told == life(*range(10))


def test_the_end_of_a_run_holds_up_no_other(writer: RunWriter, gate: threading.Event) -> None:
    slow, quick = RecordingRun("slow", ending=gate.wait), RecordingRun("quick")
    send_life(writer, slow, range(10))
    assert slow.opened.wait(SOON)
    send_life(writer, quick, range(10))
    assert quick.ended()
    assert "ended" not in slow.told
    assert writer.unfinished() == [slow]
    gate.set()
    assert writer.wait(SOON)
    assert writer.unfinished() == []
    assert slow.told == life(*range(10))


def test_wait_gives_up_on_a_run_that_hangs(writer: RunWriter, gate: threading.Event) -> None:
    hanging, other = RecordingRun("hanging", ending=gate.wait), RecordingRun("other")
    send_life(writer, hanging, range(3))
    send_life(writer, other, range(3))
    assert other.ended()
    assert not writer.wait(0.01)
    assert not writer.wait(0)
    assert hanging in writer.unfinished()
    gate.set()
    assert writer.wait(SOON)
    assert (writer.unfinished(), hanging.told) == ([], life(*range(3)))


def test_a_run_is_unfinished_until_it_has_ended(writer: RunWriter) -> None:
    assert writer.wait(0)
    run = RecordingRun()
    writer.send(run, Opening())
    assert writer.unfinished() == [run]
    assert run.opened.wait(SOON)
    writer.send(run, partial(row, 1))
    assert writer.unfinished() == [run]
    assert not writer.wait(0)
    writer.send(run, FINISHED)
    assert writer.wait(SOON)
    assert run.told == life(1)


def test_a_run_may_be_opened_again(writer: RunWriter) -> None:
    run = RecordingRun()
    send_life(writer, run, range(5))
    assert run.ended()
    send_life(writer, run, range(5, 9))
    assert run.ended()
    assert writer.wait(SOON)
    assert run.told == life(*range(5)) + life(*range(5, 9))


def test_what_is_sent_at_once_is_done_in_order(writer: RunWriter, gate: threading.Event) -> None:
    run = RecordingRun(opening=gate.wait)
    send_life(writer, run, range(3))
    send_life(writer, run, range(3, 6))
    gate.set()
    assert run.ended()
    assert run.ended()
    assert run.told == life(*range(3)) + life(*range(3, 6))


def test_wait_waits_for_a_run_that_was_opened_again(
    writer: RunWriter, gate: threading.Event
) -> None:
    ending_once, first_end, reopening = (threading.Event() for _ in range(3))

    def opening() -> None:
        if ending_once.is_set():
            reopening.set()

    def ending() -> None:
        if reopening.is_set():
            gate.wait()
        else:
            ending_once.set()
            first_end.wait()

    run = RecordingRun(opening=opening, ending=ending)
    send_life(writer, run, range(3))
    assert ending_once.wait(SOON)
    send_life(writer, run, range(3, 6))  # sent before the first end is done
    first_end.set()
    assert reopening.wait(SOON)
    assert writer.unfinished() == [run]
    assert not writer.wait(0)


def test_a_row_after_the_end_reaches_the_run_after_its_end(
    writer: RunWriter, gate: threading.Event
) -> None:
    run = RecordingRun(ending=gate.wait)
    send_life(writer, run, range(2))
    writer.send(run, partial(row, 2))
    gate.set()
    assert all(run.wrote() for _ in range(3))
    assert run.told == [*life(0, 1), 2]


def test_a_run_that_never_opens_still_gets_everything(writer: RunWriter) -> None:
    run = RecordingRun(can_open=False)
    writer.send(run, Opening())
    assert run.opened.wait(SOON)
    for number in range(3):
        writer.send(run, partial(row, number))
    writer.send(run, FINISHED)
    assert writer.wait(SOON)
    assert run.told == life(*range(3))


def test_as_many_runs_as_there_are_workers_open_at_once() -> None:
    lock, both = threading.Lock(), threading.Barrier(2)
    now = most = 0

    def opening() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        both.wait(SOON)  # passes only when two are here
        with lock:
            now -= 1

    writer = RunWriter(workers=2, linger=0)
    writer.start()
    runs = [RecordingRun(f"run-{n}", opening=opening) for n in range(20)]
    for run in runs:
        send_life(writer, run, range(1))
    assert all(run.ended() for run in runs)  # without the closers
    assert writer.wait(SOON)
    writer.stop()
    assert most == 2
    assert [run for run in runs if run.told != life(0)] == []


def test_more_runs_end_at_once_when_the_search_is_over() -> None:
    all_of_them = threading.Barrier(20)
    writer = RunWriter(workers=2, closers=20, linger=0)
    writer.start()
    # Each ends only when all of them do.
    runs = [RecordingRun(f"run-{n}", ending=partial(all_of_them.wait, SOON)) for n in range(20)]
    for run in runs:
        send_life(writer, run, range(1))
    assert writer.wait(SOON)
    writer.stop()
    assert [run for run in runs if run.told != life(0)] == []


def test_nothing_runs_before_the_start() -> None:
    before = set(threading.enumerate())
    writer, run = RunWriter(linger=0), RecordingRun()
    send_life(writer, run, range(3))
    assert (own_threads(before), run.told) == (set(), [])
    assert not writer.wait(0)
    writer.start()
    assert writer.wait(SOON)
    writer.stop()
    assert run.told == life(*range(3))


def test_no_thread_keeps_the_interpreter_alive(gate: threading.Event) -> None:
    before = set(threading.enumerate())
    writer, run = RunWriter(linger=0), RecordingRun(ending=gate.wait)
    writer.start()
    send_life(writer, run, range(1))
    assert run.wrote()
    threads = own_threads(before)
    assert len(threads) in (2, 3)  # the writer, and a worker or two
    assert all(thread.daemon for thread in threads)
    writer.stop()


def test_all_threads_are_gone_after_close() -> None:
    before = set(threading.enumerate())
    writer = RunWriter(linger=0)
    writer.start()
    for number in range(20):
        send_life(writer, RecordingRun(f"run-{number}"), range(3))
    assert writer.wait(SOON)
    writer.stop()
    for thread in own_threads(before):
        thread.join(SOON)
    assert own_threads(before) == set()


def test_close_lets_the_threads_do_what_they_were_sent(gate: threading.Event) -> None:
    before = set(threading.enumerate())
    writer, runs = RunWriter(linger=0), [RecordingRun(f"{n}", opening=gate.wait) for n in range(20)]
    writer.start()
    for run in runs:
        send_life(writer, run, range(3))
    writer.stop()
    gate.set()
    threads = own_threads(before)
    for thread in threads:
        thread.join(SOON)
    for thread in own_threads(before):  # workers that started since
        thread.join(SOON)
    assert own_threads(before) == set()
    assert [run for run in runs if run.told != life(*range(3))] == []


def test_an_idle_writer_is_gone_after_close() -> None:
    before = set(threading.enumerate())
    writer = RunWriter()
    writer.start()
    (thread,) = own_threads(before)
    writer.stop()
    thread.join(SOON)
    assert not thread.is_alive()


def test_wait_does_not_wait_for_rows_to_gather() -> None:
    writer, run = RunWriter(linger=2 * SOON), RecordingRun()
    writer.start()
    send_life(writer, run, range(3))
    assert writer.wait(SOON)
    writer.stop()
    assert run.told == life(*range(3))


def test_catching_up_is_to_have_made_every_row_that_was_sent() -> None:
    writer = RunWriter(linger=SOON)  # which catching up does not wait for
    writer.start()
    hold = threading.Event()
    run, made = RecordingRun(opening=partial(hold.wait, SOON)), []

    def make(number: int) -> Row:
        made.append(number)
        return row(number)

    writer.send(run, Opening())
    for number in range(3):
        writer.send(run, partial(make, number))
    assert writer.catch_up(SOON)
    assert made == [0, 1, 2]
    assert not run.threads(0)  # made, though the run is not open yet
    hold.set()
    writer.stop()
    assert all(run.wrote() for _ in range(3))


def test_a_result_that_makes_no_row_is_counted(writer: RunWriter) -> None:
    run = RecordingRun()

    def make() -> Row:
        raise ValueError("a dictionary inside itself")

    writer.send(run, Opening())
    writer.send(run, make)
    writer.send(run, partial(row, 2))
    assert run.wrote()
    assert (run.stats.dropped, dict(run.stats.reasons)) == (
        1,
        {"ValueError: a dictionary inside itself": 1},
    )


@pytest.mark.parametrize("when", ["opening", "ending"])
def test_an_unexpected_error_of_a_run_holds_up_nobody(writer: RunWriter, when: str) -> None:
    def fail() -> None:
        raise LookupError("never thought of")

    broken = RecordingRun("broken", **{when: fail})
    fine = RecordingRun("fine")
    for run in (broken, fine):
        send_life(writer, run, range(2))
    assert writer.wait(SOON)
    assert fine.told == life(0, 1)
    assert broken.stats.note == "unexpected LookupError"
    assert writer.unfinished() == []


def test_each_checkpoint_is_logged_however_slow_the_first_one_is(writer: RunWriter) -> None:
    run = RecordingRun()
    first, logged = threading.Event(), []

    class Slow(SavedCheckpoint):
        def log(self, _: object, name: str) -> None:
            first.wait(SOON)
            logged.append((self.iteration, name))

    run.save = lambda checkpoint: checkpoint.log(None, run.stats.name)  # type: ignore[method-assign]
    writer.send(run, Opening())
    for number in range(5):
        writer.send(run, Slow("path", "local", number))
    writer.send(run, FINISHED)
    first.set()
    assert writer.wait(SOON)
    assert logged == [(number, "run") for number in range(5)]


def test_a_run_that_is_opened_again_for_a_row_holds_up_no_other(
    writer: RunWriter, gate: threading.Event
) -> None:
    dead = RecordingRun("dead", needs_reopening=1, reopening=gate.wait)
    other = RecordingRun("other")
    send_life(writer, dead, range(3))
    send_life(writer, other, range(3))
    assert other.ended(), "while the first one is still opened again"
    assert dead.told == ["open", "opened", 0, 1], "in order: its later rows wait"
    gate.set()
    assert dead.ended()
    assert dead.told == life(0, 1, 2)
    assert dead.threads(1).isdisjoint(dead.threads(0)), "not on the thread that writes all rows"


def test_rows_that_wait_for_a_run_go_to_files_past_the_bound(gate: threading.Event) -> None:
    rows = WaitingRows(bound=3 * size_of({"x": 0}) + 2 * size_of({}))
    writer = RunWriter(linger=0, rows=rows)
    writer.start()
    run = RecordingRun(opening=gate.wait)
    send_life(writer, run, range(20))
    assert writer.catch_up(SOON)
    gate.set()
    assert writer.wait(SOON)
    assert run.told == life(*range(20))
