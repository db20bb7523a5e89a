"""Whether a page can be shown in a frame, as the server says it."""

from __future__ import annotations

import pytest

from tests.wire import WireServer
from tune_wandb_nb.tracking.auth.page_check import frame_refusal

FORBIDDEN = "the server lets no other page show it"
CSP = "Content-Security-Policy"
FRAME = "X-Frame-Options"


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, None),
        ({FRAME: "deny"}, FORBIDDEN),
        ({FRAME: "SAMEORIGIN"}, FORBIDDEN),
        ({CSP: "default-src *; frame-ancestors 'self'"}, FORBIDDEN),
        ({CSP: "frame-ancestors 'none'"}, FORBIDDEN),
        ({CSP: "frame-ancestors https://docs.example.com"}, FORBIDDEN),
        ({CSP: "default-src 'self';;"}, None),
        ({CSP: "frame-ancestors *", FRAME: "DENY"}, None),
        ({"Location": "/login/e/p"}, "the server asks for a login"),
        ({"Location": "/e/other"}, None),
    ],
)
def test_what_the_page_is_sent_with(
    wire_server: WireServer, headers: dict[str, str], refusal: str | None
) -> None:
    wire_server.page_headers = headers
    assert frame_refusal(f"{wire_server.url}/e/p?jupyter=true") == refusal
    assert all("Authorization" not in request.headers for request in wire_server.requests)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (404, "the server answers it with status 404"),
        (500, "the server answers it with status 500"),
        (403, "the server asks for a login"),
    ],
)
def test_a_page_that_is_refused(wire_server: WireServer, status: int, refusal: str) -> None:
    wire_server.faults.fail(status, path_contains="/e/p")
    assert frame_refusal(f"{wire_server.url}/e/p") == refusal


def test_a_server_that_only_the_browser_may_reach_is_not_called_one_that_refuses(
    wire_server: WireServer,
) -> None:
    wire_server.stop()
    assert frame_refusal(f"{wire_server.url}/e/p", timeout=1) is None
    wire_server.start()
