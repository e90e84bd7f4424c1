"""The metrics listener: a small HTTP server for processes that have no door of their own.

What it is: `GET /metrics` and `GET /health/live`, for the networks of the settings, in a thread. What it is not: a way
in: it reads no body and knows no other path. Called by `bootstrap` where `metrics_port` is set.
"""

import ipaddress
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_READ_SECONDS = 5.0
_PLAIN = "text/plain; charset=utf-8"

Render = Callable[[], tuple[bytes, str]]


class ListenerNotStarted(Exception):
    """The port is taken, or the address is none of this machine."""


class MetricsListener:
    """Listens from its start to its stop. Port 0 takes a free one."""

    def __init__(self, host: str, port: int, networks: tuple[str, ...], render: Render) -> None:
        self._host = host
        allowed = [ipaddress.ip_network(network) for network in networks]
        try:
            self._server = _server_at(host, port, _handler(render, lambda address: _within(address, allowed)))
        except OSError as error:
            raise ListenerNotStarted(f"cannot listen at {host}:{port} for metrics ({error.strerror})") from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="metrics", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join(_READ_SECONDS)
        self._server.server_close()


def _server_at(host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    class _Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever hangs up in the middle is no news."""

    return _Server((host, port), handler)


def _within(address: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return any(found in network for network in networks)


def _handler(render: Render, allowed: Callable[[str], bool]) -> type[BaseHTTPRequestHandler]:
    class _Handler(BaseHTTPRequestHandler):
        timeout = _READ_SECONDS
        server_version, sys_version = "gateway", ""

        def do_GET(self) -> None:
            """Answer, and close."""
            if not allowed(self.client_address[0]):
                self._answer(HTTPStatus.NOT_FOUND, b"", _PLAIN)
            elif self.path == "/metrics":
                self._answer(HTTPStatus.OK, *render())
            elif self.path == "/health/live":
                self._answer(HTTPStatus.OK, b'{"status":"live"}', "application/json")
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"", _PLAIN)

        def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Every fifteen seconds somebody reads: no news."""

    return _Handler
