"""Rows that were under way when wandb-core was killed, and arrive when its run is open again."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable

from ray import tune

from tests.faults.conftest import At, assert_all_there, kill_core
from tests.searches import RunSearch
from tests.trainable_functions import count_up
from tests.wire import WireServer
from tune_wandb_nb import WandbLogger


def test_they_are_not_written_over(
    run_search: RunSearch, wire_server: WireServer, logger_for: Callable[..., WandbLogger]
) -> None:
    def openings(server: WireServer) -> int:
        return sum(request.operation == "UpsertBucket" for request in server.requests)

    def kill_with_rows_under_way() -> None:
        wire_server.faults.hang("/file_stream")
        wire_server.wait_for(lambda server: server.faults.hanging)
        late = [r for r in wire_server.requests if r.path.endswith("/file_stream")][-1]
        before = openings(wire_server)
        kill_core()
        wire_server.faults.release()

        def arrive() -> None:
            wire_server.wait_for(lambda server: openings(server) > before)
            post = urllib.request.Request(
                wire_server.url + late.path, late.body, dict(late.headers), method="POST"
            )
            with urllib.request.urlopen(post) as answer:
                assert answer.status == 200

        arrivals.append(threading.Thread(target=arrive))
        arrivals[-1].start()

    arrivals: list[threading.Thread] = []
    logger = logger_for()
    results = run_search(
        count_up,
        {"a": tune.grid_search([7]), "rows": 30},
        logger=logger,
        callbacks=[At({3}, kill_with_rows_under_way)],
    )
    arrivals[0].join()
    assert list(logger.audit()["logged"]) == [30]
    assert_all_there(wire_server, results)
