"""The counts that a trial's process sends: added up over its processes."""

from __future__ import annotations

import pickle

from tune_wandb_nb.tracking.broker.messages import WorkerReport


def test_rows_of_earlier_processes_are_added_and_nothing_else() -> None:
    now = WorkerReport("running", "t", "online", logged=2, dropped=1, lost=1, note="now", url="u")
    earlier = WorkerReport("failed", "t", "offline", logged=3, dropped=4, note="then", path="p")
    both = now.plus(earlier)
    assert (both.logged, both.dropped) == (5, 5)
    assert (both.state, both.mode, both.lost, both.note) == ("running", "online", 1, "now")
    assert (both.url, both.path) == ("u", None)
    assert now.plus(None) is now


def test_ray_can_send_it() -> None:
    report = WorkerReport("finished", logged=1, reasons={"full": 2}, left_out={("a", "set"): 3})
    assert pickle.loads(pickle.dumps(report)) == report
