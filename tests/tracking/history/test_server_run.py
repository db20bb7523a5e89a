"""What the server has of a run: its last row, its state, the iterations of its rows."""

from __future__ import annotations

import pytest
import wandb

from tests.wire import WireServer
from tests.wire.fixtures import StartRun
from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.history.server_run import KnownRun, ServerRun
from tune_wandb_nb.tracking.settings.api_key import ApiKey


def on_server(server: WireServer, run_id: str) -> ServerRun:
    return ServerRun(server.url, ApiKey(server.api_key), server.entity, "p", run_id)


def look_up(server: WireServer, run_id: str) -> KnownRun:
    return on_server(server, run_id).look_up()


def log(run: wandb.Run, *iterations: int) -> None:
    for iteration in iterations:
        run.log({"training_iteration": iteration}, step=iteration)


def test_a_run_that_does_not_exist_has_nothing(wire_server: WireServer) -> None:
    assert look_up(wire_server, "none") == KnownRun()


def test_a_finished_run(wire_server: WireServer, start_run: StartRun) -> None:
    run = start_run("one")
    log(run, 1, 2, 5)
    run.finish()
    known = look_up(wire_server, "one")
    assert (known.last_step, known.iteration, known.tail, known.rows) == (5, 5, 5, 3)
    assert known.state == "finished"


def test_a_run_without_rows(wire_server: WireServer, start_run: StartRun) -> None:
    start_run("empty").finish(exit_code=1)
    known = look_up(wire_server, "empty")
    assert (known.last_step, known.iteration, known.rows, known.state) == (None, None, 0, "failed")


def test_the_iterations_of_a_run_with_gaps(wire_server: WireServer, start_run: StartRun) -> None:
    run = start_run("gaps")
    log(run, 1, 2, 7, 2000)
    run.finish()
    asked = on_server(wire_server, "gaps")
    found = asked.iterations(asked.look_up())
    assert [i for i in range(2001) if i in found] == [1, 2, 7, 2000]
    assert 5 not in asked.iterations(KnownRun())


def test_a_refused_key_is_an_error(wire_server: WireServer) -> None:
    run = ServerRun(wire_server.url, ApiKey("f" * 40), wire_server.entity, "p", "one")
    with pytest.raises(AccountError, match="refuses the key"):
        run.look_up()
