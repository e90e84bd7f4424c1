"""A partner's own HTTPS endpoint: a small TLS server that can go down and come back on the same port.

What it is: what a case system stands behind. What it is not: a server for the gateway's doors. Called by the
simulated partners that are pushed to. HTTP/1.1 with keep-alive (RFC 9112), one thread per connection.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

MAX_BODY_BYTES = 20 * 1024 * 1024
READ_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """What came in over the endpoint; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    content_type: str = "text/plain"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


CUT = Answer(0)
"""No answer: the connection is closed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and by which name callers know it."""

    port: int = 0
    """0: a free one is drawn at the first start."""
    address: str = "127.0.0.1"
    host: str = "localhost"


Handle = Callable[[Request], Answer]


class Listener:
    """One endpoint. Its port is drawn once and kept over every stop and start."""

    def __init__(self, handle: Handle, tls: ssl.SSLContext | None, place: Place | None = None) -> None:
        self._handle = handle
        self._tls = tls
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._place = place or Place()
        self.port = self._place.port

    def url(self, path: str) -> str:
        """Where the gateway reaches this endpoint."""
        return f"{'http' if self._tls is None else 'https'}://{self._place.host}:{self.port}{path}"

    def start(self) -> None:
        """Listen; the first time on a free port."""
        self._server = _Server((self._place.address, self.port), self._handle, self._tls)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"listener-{self.port}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every open connection, as a machine that is switched off does."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.close_connections()
        self._server.server_close()
        self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handle: Handle, tls: ssl.SSLContext | None) -> None:
        handler = type("Handler", (_Handler,), {"handle_request": staticmethod(handle)})
        super().__init__(address, handler)
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """The handshake happens in the connection's own thread: a silent caller must not stop the others."""
        connection, peer = super().get_request()
        connection.settimeout(READ_SECONDS)
        wrapped = connection if self._tls is None else self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._open.add(wrapped)
        return wrapped, peer

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget a connection that ended."""
        if isinstance(request, socket.socket):
            with self._guard:
                self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Cut whoever is still connected."""
        with self._guard:
            still_open = tuple(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that breaks off (or is not trusted) is its own affair."""
        del request, client_address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    """An answer goes out in one piece: in two, the second would wait for the other end's delayed acknowledgement."""
    handle_request: ClassVar[Handle]

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("content-length") or 0)
        if length > MAX_BODY_BYTES:
            self.send_error(413)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._write(type(self).handle_request(Request(self.path, headers, self.rfile.read(length), method)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        del format, args

    def _write(self, answer: Answer) -> None:
        if answer.status == 0:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
