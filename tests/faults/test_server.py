"""The server's trouble: the search goes on, and in the end W&B has every row exactly once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ray import tune

from tests.faults.conftest import (
    AfterFirstTrial,
    At,
    assert_all_there,
    sync,
    wait_until_offline,
)
from tests.searches import RunSearch
from tests.trainable_functions import count_up
from tests.wire import WireServer
from tune_wandb_nb import WandbLogger, sync_runs

MakeLogger = Callable[..., WandbLogger]
SPACE = {"a": tune.grid_search([1, 2, 3]), "rows": 12}


def test_away_at_the_start_and_back_while_the_search_runs(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger, capsys: Any
) -> None:
    def come_back(first: str) -> None:
        wait_until_offline(logger)
        assert "1 run recorded offline" in (logger.trouble or "")
        wire_server.start()
        # Uploaded while the search is held here, so it still runs.
        wire_server.wait_for(lambda s: s.runs[first].complete, timeout=60)

    wire_server.stop()
    logger = logger_for()
    results = run_search(
        count_up,
        SPACE,
        logger=logger,
        callbacks=[AfterFirstTrial(come_back)],
        tune_config={"max_concurrent_trials": 1},
    )
    assert_all_there(wire_server, results)
    audit = logger.audit()
    assert set(audit["mode"]) == {"online"}
    assert "was recorded offline" in audit["note"][0]
    assert list(audit["note"][1:]) == ["", ""]
    assert audit["url"][0] == f"{wire_server.url}/{wire_server.entity}/p/runs/{audit['run_id'][0]}"
    assert logger.trouble is None
    said = capsys.readouterr().out
    assert "cannot be reached" in said
    assert "3 trials, 36 rows, all in W&B." in said


def test_away_at_the_start_and_back_at_the_end(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    wire_server.stop()
    logger = logger_for()
    results = run_search(count_up, SPACE, logger=logger, callbacks=[At({12}, wire_server.start)])
    assert_all_there(wire_server, results)
    assert set(logger.audit()["mode"]) == {"online"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"api_key": "f" * 40}, "refuses the API key"),
        ({"host": "http://wandb.invalid"}, "cannot be reached"),
        ({"host": "https://{netloc}"}, "cannot be reached (SSLError)"),
    ],
    ids=["the key is refused", "no such name", "no TLS"],
)
def test_never_let_in(
    run_search: RunSearch,
    wire_server: WireServer,
    logger_for: MakeLogger,
    given: dict[str, str],
    reason: str,
) -> None:
    netloc = wire_server.url.removeprefix("http://")
    logger = logger_for(**{name: value.format(netloc=netloc) for name, value in given.items()})
    results = run_search(count_up, SPACE, logger=logger)
    audit = logger.audit()
    assert set(audit["mode"]) == {"offline"}
    assert all(reason in note for note in audit["note"]), list(audit["note"])
    assert wire_server.runs == {}
    sync(logger, wire_server)
    assert_all_there(wire_server, results)


def test_errors_now_and_then(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    faults = [
        wire_server.faults.fail(status, probability=0.2, seed=status, retry_after=1)
        for status in (500, 502, 429)
    ]
    # Its answer is lost, so that the client sends again what is there already.
    faults.append(wire_server.faults.fail(500, operation="file_stream", times=2, after=True))
    logger = logger_for()
    results = run_search(count_up, SPACE, logger=logger)
    assert_all_there(wire_server, results)
    assert sum(fault.hits for fault in faults) > 0
    assert set(logger.audit()["mode"]) == {"online"}


def test_hanging_from_the_start(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    wire_server.faults.hang()
    logger = logger_for()
    results = run_search(count_up, SPACE, logger=logger)
    audit = logger.audit()
    assert set(audit["mode"]) == {"offline"}
    assert list(audit["logged"]) == [12, 12, 12]
    wire_server.faults.release()
    sync(logger, wire_server)
    assert_all_there(wire_server, results)


def test_hanging_when_a_run_is_opened(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    wire_server.faults.fail(500, operation="UpsertBucket")
    logger = logger_for()
    results = run_search(count_up, SPACE, logger=logger)
    assert set(logger.audit()["mode"]) == {"offline"}
    wire_server.faults.clear()
    sync(logger, wire_server)
    assert_all_there(wire_server, results)


def test_hanging_for_a_while(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    def hang() -> None:
        wire_server.faults.hang("/file_stream")
        wire_server.wait_for(lambda s: s.faults.hanging)

    logger = logger_for()
    results = run_search(
        count_up,
        SPACE,
        logger=logger,
        callbacks=[At({5}, hang), At({12}, wire_server.faults.release)],
    )
    wire_server.faults.release()
    assert_all_there(wire_server, results)


def test_dying_and_coming_back(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    def die() -> None:
        wire_server.wait_for(lambda s: any(run.rows for run in s.runs.values()))
        wire_server.stop()

    logger = logger_for()
    results = run_search(
        count_up,
        {**SPACE, "a": 7},
        logger=logger,
        callbacks=[At({5}, die), AfterFirstTrial(lambda _: wire_server.start())],
    )
    assert_all_there(wire_server, results)
    assert list(logger.audit()["note"]) == [""]


def test_dying_until_after_the_end(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger, capsys: Any
) -> None:
    def die() -> None:
        wire_server.wait_for(lambda s: any(run.rows for run in s.runs.values()))
        wire_server.stop()

    logger = logger_for(upload_timeout=1)
    results = run_search(count_up, {**SPACE, "a": 7}, logger=logger, callbacks=[At({5}, die)])
    assert "not uploaded in time" in capsys.readouterr().out
    wire_server.start()
    # This process still tries, and there is nothing for anyone else to do.
    table = sync_runs(logger, host=wire_server.url, api_key=wire_server.api_key, progress=False)
    assert set(table["state"]) <= {"synced so far", "synced"}
    wire_server.wait_for(lambda s: all(run.complete for run in s.runs.values()))
    assert_all_there(wire_server, results)


def test_answers_that_make_wandb_core_crash(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    nonsense = wire_server.faults.malformed("CreateRunFiles")
    logger = logger_for()
    results = run_search(count_up, SPACE, logger=logger)
    assert nonsense.hits > 0
    audit = logger.audit()
    assert list(audit["logged"]) == [12, 12, 12]
    wire_server.faults.clear()
    sync(logger, wire_server)
    assert_all_there(wire_server, results)
