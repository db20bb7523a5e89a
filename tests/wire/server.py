"""A W&B server in this process: real HTTP, W&B's wire protocol, everything kept in memory."""

from __future__ import annotations

import base64
import html
import json
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, final
from urllib.parse import unquote

from tests.wire.faults import Fault, Faults
from tests.wire.graphql import GraphQL, UnknownOperationError, operation_of
from tests.wire.http import Handler, Reply, Server
from tests.wire.records import Request, WireArtifact, WireRun, WireSweep
from tests.wire.store import Store


@final
class WireServer:
    """W&B on 127.0.0.1, as far as runs, files and artifacts go.

        with WireServer() as server:
            ...  # wandb.init(settings=wandb.Settings(base_url=server.url, api_key=server.api_key))
            server.wait_for(lambda s: s.runs["my-run"].complete)
            assert server.runs["my-run"].rows[0]["loss"] == 0.5

    A test should end with `assert_clean`, which the fixture `wire_server` does.
    """

    def __init__(self, *, entity: str = "test-entity", api_key: str = "0123456789" * 4) -> None:
        self.entity = entity
        self.api_key = api_key
        self.accepted_keys: set[str] | None = {api_key}
        """Every other key is answered with 401; None takes any key."""
        self.counts_on_upsert = True
        """Whether UpsertBucket's answer tells how many rows an existing run has.

        W&B's does. It makes wandb-core 0.31 append to a run that it opens again, even without
        `resume`, and even when the rows come from a second sync of the same file. With False
        such rows overwrite those that are there, from the first row on.
        """
        self.is_stopped: Callable[[WireRun], bool] = lambda _: False
        """Whether someone has pressed "Stop run" on a run's page: told with its next rows."""
        self.page_headers: dict[str, str] = {}
        """What a page is sent with, such as `X-Frame-Options`; with a `Location` it redirects."""
        self.takes_telemetry = False
        """Whether wandb may send its OpenTelemetry logs and counters, as W&B's server lets it."""
        self.requests: list[Request] = []
        self.unknown_operations: list[str] = []
        """GraphQL operations that a client sent and the server does not know."""
        self.errors: list[BaseException] = []
        """What went wrong in the server itself."""
        self._store = Store(entity)
        self._changed = self._store.changed
        self._graphql = GraphQL(self._store, lambda: self.url, lambda: self.counts_on_upsert)
        self.faults = Faults(self._store.touch)
        self._http: Server | None = None
        self._reserved: socket.socket | None = None
        self._port = 0
        self._stopped = threading.Event()

    # Life

    @property
    def url(self) -> str:
        """The address for `wandb.Settings(base_url=...)`."""
        if not self._port:
            raise RuntimeError("the server has no address yet; start() it first")
        return f"http://127.0.0.1:{self._port}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which wandb finds the server and the key."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": self.api_key}

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        if self._http is not None:
            raise RuntimeError(f"the server already listens at {self.url}")
        self._stopped = threading.Event()
        self._http = Server(self._port, self._answer, self._failed)
        self._port = self._http.server_port
        self._release_port()

    def stop(self) -> None:
        """Refuse connections and cut those that are open. What is stored stays."""
        if self._http is None:
            return
        self._stopped.set()
        self._http.close()
        self._http = None
        # Bound and not listening: connections are refused, and nobody else gets the port.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", self._port))

    def restart(self) -> None:
        """Come back on the same port with everything that was stored."""
        self.stop()
        self.start()

    def __enter__(self) -> WireServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self.faults.clear()
        self._release_port()

    def _release_port(self) -> None:
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    # Reading

    @property
    def runs(self) -> dict[str, WireRun]:
        """Run id -> the run as it is now. Ids must be unique over projects: see `run`."""
        by_id: dict[str, WireRun] = {}
        for key, run in self._store.snapshots().items():
            if run.run_id in by_id:
                raise LookupError(
                    f"run id {run.run_id!r} is in several projects, one of them {key[1]!r}; "
                    "read it with server.run(run_id, project)"
                )
            by_id[run.run_id] = run
        return by_id

    def run(self, run_id: str, project: str, entity: str | None = None) -> WireRun:
        """One run of one project."""
        return self._store.snapshots()[self._store.key(entity, project, run_id)]

    @property
    def artifacts(self) -> list[WireArtifact]:
        """All artifact versions in the order of their creation."""
        return self._store.artifact_snapshots()

    @property
    def sweeps(self) -> dict[str, WireSweep]:
        """All sweeps by their ids."""
        return self._store.sweeps

    @property
    def views(self) -> list[dict[str, Any]]:
        """All saved views."""
        return self._store.views

    def wait_for(self, predicate: Callable[[WireServer], object], timeout: float = 30) -> None:
        """Return as soon as the predicate holds; it is asked again at every change.

        A KeyError or IndexError counts as "not yet", so `s.runs["id"].rows[3]` may be written.
        """

        def holds() -> object:
            try:
                return predicate(self)
            except (KeyError, IndexError):
                return False

        with self._changed:
            if not self._changed.wait_for(holds, timeout):
                raise TimeoutError(f"not so after {timeout} s; the server has\n{self.describe()}")

    def describe(self) -> str:
        """All that is there, in a few lines for a failing test."""
        lines = [
            f"run {'/'.join(key)}: {len(run.rows)} rows, {len(run.files)} files, "
            f"{len(run.artifacts)} artifacts, complete={run.complete}, exit_code={run.exit_code}"
            for key, run in self._store.snapshots().items()
        ]
        last = [f"{r.method} {r.path} {r.operation}" for r in self.requests[-5:]]
        return "\n".join(
            [
                *(lines or ["no runs"]),
                f"unknown operations: {self.unknown_operations}",
                f"errors: {self.errors}",
                f"{len(self.requests)} requests, {self.faults.hanging} of them hang; the last: "
                + ", ".join(last),
            ]
        )

    def assert_clean(self) -> None:
        """Raise if a client asked for what the server does not know, or the server failed."""
        assert not self.unknown_operations, self.describe()
        assert not self.errors, self.describe()

    # Answering

    def _answer(self, handler: Handler, body: bytes) -> Reply | None:
        stopped = self._stopped
        path = handler.path
        operation = _operation(handler.command, path, body)
        headers = dict(handler.headers)
        with self._changed:
            self.requests.append(Request(handler.command, path, headers, body, operation))
            self._changed.notify_all()
        stopped.wait(self.faults.latency)
        self.faults.wait_if_hanging(path)
        if stopped.is_set() or handler.client_has_gone():
            return None
        fault = self.faults.pick(path, operation)
        if fault is not None and not fault.after:
            return _broken(fault)
        if not self._allowed(operation, headers.get("Authorization", "")):
            return Reply.json({"errors": [{"message": "user is not logged in"}]}, 401)
        reply = self._handle(operation, path, body)
        return reply if fault is None else _broken(fault)

    def _allowed(self, operation: str, authorization: str) -> bool:
        # Uploads go to signed URLs, telemetry and pages are open.
        if self.accepted_keys is None or operation in {"upload", "telemetry", "page"}:
            return True
        scheme, _, token = authorization.partition(" ")
        if scheme != "Basic":
            return False
        return base64.b64decode(token).decode().partition(":")[2] in self.accepted_keys

    def _handle(self, operation: str, path: str, body: bytes) -> Reply:
        if operation == "page":
            return _page(path, self.page_headers)
        if operation == "telemetry":
            return Reply.json({}, 200 if self.takes_telemetry else 404)
        try:
            with self._changed:
                return Reply.json(self._execute(operation, path, body))
        except UnknownOperationError:
            self.unknown_operations.append(operation)
            message = f"the wire server does not know the operation {operation}"
            return Reply.json({"errors": [{"message": message}], "data": None})
        except Exception as error:
            self._failed(error)
            return Reply.json({"errors": [{"message": repr(error)}]}, 400)

    def _execute(self, operation: str, path: str, body: bytes) -> dict[str, Any]:
        parts = [unquote(part) for part in path.split("/")[2:]]
        if path == "/graphql":
            return {"data": self._graphql.execute(json.loads(body))}
        if operation == "file_stream":
            key = (parts[0], parts[1], parts[2])
            self._store.stream(key, json.loads(body))
            stopped = self.is_stopped(self._store.snapshots()[key])
            return {"exitcode": None, "limits": {}, "stopped": stopped}
        if operation == "upload":
            self._store.upload(parts, body)
        else:
            raise LookupError(f"the wire server does not know the path {path}")
        return {}

    def _failed(self, error: BaseException) -> None:
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()


def _operation(method: str, path: str, body: bytes) -> str:
    if path == "/graphql":
        return operation_of(json.loads(body))
    if path.startswith("/sdk/otel/"):
        return "telemetry"
    if method == "PUT" and path.startswith("/upload/"):
        return "upload"
    if method == "POST" and path.startswith("/files/") and path.endswith("/file_stream"):
        return "file_stream"
    return "page" if method in {"GET", "HEAD"} else "unknown"


def _broken(fault: Fault) -> Reply:
    body: Any = fault.body
    if body is None:
        body = json.dumps({"errors": [{"message": f"injected {fault.status}"}]}).encode()
    return Reply(body, fault.status, retry_after=fault.retry_after)


def _page(path: str, headers: dict[str, str]) -> Reply:
    if headers.get("Location", path) != path:
        return Reply(b"", 302, "text/plain", headers=tuple(headers.items()))
    parts = [html.escape(unquote(part)) for part in path.partition("?")[0].strip("/").split("/")]
    if len(parts) < 2:
        return Reply(b"not found", 404, "text/plain")
    entity, project, *rest = parts
    text = (
        f"<!doctype html><title>{project}</title>"
        f"<h1>{entity} / {project}</h1><p>{' / '.join(rest)}</p>"
        f"<code>{html.escape(path)}</code>"
    )
    return Reply(text.encode(), 200, "text/html; charset=utf-8", headers=tuple(headers.items()))
