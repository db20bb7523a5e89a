"""HTTP/1.1 as W&B's clients use it: kept-alive connections, gzip and chunked bodies."""

from __future__ import annotations

import gzip
import json
import select
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. None in place of a reply closes the connection without one."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    retry_after: float | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Reply:
        """Answer with a JSON document."""
        return cls(json.dumps(value).encode(), status)


class Server(ThreadingHTTPServer):
    """One listening socket. `close` also ends the connections that are still open."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(
        self,
        port: int,
        answer: Callable[[Handler, bytes], Reply | None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.answer = answer
        self._failed = failed
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        super().__init__(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, name="wire", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            self._closed = True
            connections = list(self._connections)
        for connection in connections:
            _cut(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `close` finds it."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what went wrong in a handler, except for clients that hung up."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError) and not self._closed:
            self._failed(error)


class Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection and writes the answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    # Clients keep what they do not use open for ever; whoever serves W&B does not.
    timeout = 60

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def client_has_gone(self) -> bool:
        """Whether the client closed its end while its request waited."""
        try:
            # Not select: it fails with more than a thousand connections.
            waiting = select.poll()
            waiting.register(self.connection, select.POLLIN)
            return bool(waiting.poll(0)) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _handle(self) -> None:
        reply = cast("Server", self.server).answer(self, self._body())
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.retry_after is not None:
            self.send_header("Retry-After", f"{reply.retry_after:g}")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815 - the names http.server calls

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return body

    def _chunks(self) -> list[bytes]:
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return chunks


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # its handler was faster
