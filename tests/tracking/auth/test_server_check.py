"""Whether the server takes a key: asked once, and again only where the answer may have changed."""

from __future__ import annotations

import pytest

from tests.wire import WireServer
from tune_wandb_nb.tracking.auth.server_check import ServerCheck
from tune_wandb_nb.tracking.settings.api_key import ApiKey

WRONG = ApiKey("f" * 40)


def viewers(server: WireServer) -> int:
    return sum(request.operation == "Viewer" for request in server.requests)


def test_a_server_that_takes_the_key_is_asked_once(wire_server: WireServer) -> None:
    check = ServerCheck(wire_server.url, ApiKey(wire_server.api_key))
    assert [check.refusal(), check.refusal(), check.ask_again()] == [None, None, None]
    assert viewers(wire_server) == 1
    assert not check.is_final


def test_a_refused_key_is_final_and_not_shown(wire_server: WireServer) -> None:
    check = ServerCheck(wire_server.url, WRONG)
    assert check.refusal() == f"{wire_server.url} refuses the API key"
    assert check.is_final
    wire_server.accepted_keys = None
    assert check.ask_again() == check.refusal(), "nobody asks again"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": null}'])
def test_a_server_of_another_kind_is_final(wire_server: WireServer, body: bytes) -> None:
    wire_server.faults.malformed("Viewer", body=body)
    check = ServerCheck(wire_server.url, ApiKey(wire_server.api_key))
    assert check.refusal() == f"{wire_server.url} does not answer as a W&B server"
    assert check.is_final


def test_a_server_that_fails_is_asked_again(wire_server: WireServer) -> None:
    wire_server.faults.fail(503, operation="Viewer", times=1)
    check = ServerCheck(wire_server.url, ApiKey(wire_server.api_key), timeout=0.9)
    assert check.refusal() == f"{wire_server.url} answers 503"
    assert check.refusal() == f"{wire_server.url} answers 503", "the answer is kept"
    assert not check.is_final
    assert check.ask_again() is None
    assert check.refusal() is None


def test_a_server_that_comes_up_in_time_is_waited_for(wire_server: WireServer) -> None:
    wire_server.faults.fail(503, operation="Viewer", times=1)
    check = ServerCheck(wire_server.url, ApiKey(wire_server.api_key), timeout=30)
    assert check.refusal() is None
    assert viewers(wire_server) == 2


def test_a_server_that_is_down_can_come_back(wire_server: WireServer) -> None:
    wire_server.stop()
    check = ServerCheck(wire_server.url, ApiKey(wire_server.api_key), timeout=0.9)
    assert check.refusal() == f"{wire_server.url} cannot be reached (ConnectionError)"
    wire_server.start()
    assert check.ask_again() is None


def test_a_run_that_could_not_be_opened_keeps_others_offline_until_it_is_asked_again(
    wire_server: WireServer,
) -> None:
    check = ServerCheck(wire_server.url, ApiKey(wire_server.api_key))
    assert check.refusal() is None
    check.refuse("CommError: the project is full")
    check.refuse("a later reason")
    assert check.refusal() == "CommError: the project is full"
    assert check.ask_again() is None


def test_an_identity_token_is_not_checked(wire_server: WireServer) -> None:
    check = ServerCheck(wire_server.url, None)
    assert check.refusal() is None
    check.refuse("a run could not be opened")
    assert check.ask_again() == "a run could not be opened"
    assert wire_server.requests == []
