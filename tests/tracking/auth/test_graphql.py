"""Whose key it is, asked of a server on the wire."""

from __future__ import annotations

import socket

import pytest

from tests.wire import WireServer
from tests.wire.fixtures import StartRun
from tune_wandb_nb.tracking.auth.graphql import (
    Account,
    AccountError,
    authorize_page,
    default_host,
    look_up_account,
    look_up_projects,
)
from tune_wandb_nb.tracking.settings.api_key import ApiKey

WRONG = "f" * 40


def test_the_server_says_whose_key_it_is(wire_server: WireServer) -> None:
    found = look_up_account(wire_server.url, ApiKey(wire_server.api_key))
    assert found == Account(wire_server.entity)
    assert look_up_account(f"{wire_server.url}/", ApiKey(wire_server.api_key)) == found


def test_projects_are_those_of_the_entity(wire_server: WireServer, start_run: StartRun) -> None:
    start_run("one", project="digits").finish()
    key = ApiKey(wire_server.api_key)
    assert look_up_projects(wire_server.url, key, wire_server.entity) == ("digits",)
    assert look_up_projects(wire_server.url, key, "somebody") == ()


def test_a_refused_key_is_said_to_be_and_not_shown(wire_server: WireServer) -> None:
    with pytest.raises(AccountError, match="refuses the key: copy it anew from") as caught:
        look_up_account(wire_server.url, ApiKey(WRONG))
    assert WRONG not in str(caught.value)


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(AccountError, match="cannot be reached") as caught:
            look_up_account(host, ApiKey(WRONG), timeout=2)
    assert WRONG not in str(caught.value)
    with pytest.raises(AccountError, match="cannot be reached"):
        look_up_account("http://[", ApiKey(WRONG), timeout=2)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"data": null}'])
def test_what_is_no_wandb_server(wire_server: WireServer, body: bytes) -> None:
    wire_server.faults.malformed("Viewer", body=body)
    with pytest.raises(AccountError, match="does not answer as a W&B server does"):
        look_up_account(wire_server.url, ApiKey(wire_server.api_key))


def test_an_error_of_the_server(wire_server: WireServer) -> None:
    wire_server.faults.fail(404, operation="Viewer")
    with pytest.raises(AccountError, match=r"\(status 404\): check the address"):
        look_up_account(wire_server.url, ApiKey(wire_server.api_key))


def test_a_server_that_knows_nobody(wire_server: WireServer) -> None:
    wire_server.faults.malformed("Viewer")
    with pytest.raises(AccountError, match="refuses the key"):
        look_up_account(wire_server.url, ApiKey(wire_server.api_key))


def test_where_a_key_is_to_be_had() -> None:
    assert default_host({"WANDB_BASE_URL": "https://my.server/"}) == "https://my.server"
    assert default_host({"WANDB_BASE_URL": " "}) == "https://api.wandb.ai"
    assert authorize_page(default_host({})) == "https://wandb.ai/authorize"
