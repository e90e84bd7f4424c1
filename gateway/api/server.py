"""The HTTP server: uvicorn, started by program, with TLS and the peer certificate handed to the application.

What it is: TLS 1.2 or later, client certificates by the partners' CA, bounds on heads, connections and time.
What it is not: authentication: `caller` decides whether a certificate is pinned. Called by `bootstrap`,
which runs it in a thread. uvicorn passes no peer certificate by itself (ASGI TLS extension).
"""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.api.app import stop_waiting
from gateway.api.caller import PEER_CERTIFICATE
from gateway.api.faults import FAULT_NAMESPACE, PROBLEM_TYPE
from gateway.config import ClientCertificates, Settings
from schemas.faults import Fault, FaultCode
from schemas.telling import members

MAX_HEAD_BYTES = 32 * 1024
"""Request line and headers; nginx allows the same by default (large_client_header_buffers)."""
_VERIFY = {
    ClientCertificates.REQUIRED: ssl.CERT_REQUIRED,
    ClientCertificates.OPTIONAL: ssl.CERT_OPTIONAL,
    ClientCertificates.NONE: ssl.CERT_NONE,
}


class ServerNotStarted(Exception):
    """The server did not come up: the port is taken, or a certificate cannot be read."""


def tls_context(settings: Settings) -> ssl.SSLContext:
    """What we present and whom we ask for a certificate."""
    if settings.tls_certificate is None:
        raise ServerNotStarted("there is no certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(settings.tls_certificate, settings.tls_private_key)
    context.set_alpn_protocols(["http/1.1"])
    context.verify_mode = _VERIFY[settings.client_certificates]
    if settings.tls_client_ca is not None:
        context.load_verify_locations(settings.tls_client_ca)
    return context


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the peer certificate in the scope and with bounds on the head: httptools has none."""

    head_timeout_seconds = 20.0
    _certificate: bytes | None = None
    _head_bytes = 0
    _in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self._certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            # a first piece of body may come with the head: one read at most
            if self._head_bytes > MAX_HEAD_BYTES + _ONE_READ:
                self.send_400_response("")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        if self._head_timer is None:
            self._watch_head()
        if self._certificate is not None:
            self.scope["extensions"] = {PEER_CERTIFICATE: self._certificate}  # type: ignore[dict-item]

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        self._stop_watching()
        super().on_headers_complete()

    def send_400_response(self, _msg: str) -> None:
        """What is not HTTP gets a problem too."""
        self._stop_watching()
        if not self.transport.is_closing():
            self.transport.write(_NOT_HTTP)
            self.transport.close()

    def _watch_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_timeout_seconds, self._too_slow)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()


def protocol_for(settings: Settings) -> type[asyncio.Protocol]:
    """The protocol with this installation's time-out: uvicorn makes one per connection and passes no more."""

    class _Protocol(GuardedProtocol):
        head_timeout_seconds = settings.head_timeout_seconds

    return _Protocol


_ONE_READ = 256 * 1024
"""asyncio's largest read."""


def _not_http() -> bytes:
    fault = Fault(FaultCode.MALFORMED)
    around = {"type": f"{FAULT_NAMESPACE}:{fault.code.value}", "status": 400, "retry": fault.row.retry}
    body = json.dumps({**members(fault), **around}).encode()
    head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: {PROBLEM_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


_NOT_HTTP = _not_http()


class _Server(uvicorn.Server):
    """Sends waiting callers home before it waits for running requests."""

    def __init__(self, config: uvicorn.Config, stop_waiting: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop_waiting = stop_waiting

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Graceful: no new connections, waiters answered, running requests finished."""
        self._stop_waiting()
        await super().shutdown(sockets)


class BackgroundServer:
    """The server in a thread of its own. Port 0 takes a free one. `leave` ends what waits for something to happen."""

    def __init__(self, app: FastAPI, settings: Settings, leave: Callable[[FastAPI], None] = stop_waiting) -> None:
        self._settings = settings
        self._app = app
        self._leave = leave
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.port = settings.http_port

    @property
    def url(self) -> str:
        """Where it listens, once started."""
        host = f"[{self._settings.http_host}]" if ":" in self._settings.http_host else self._settings.http_host
        return f"{'https' if self._settings.tls else 'http'}://{host}:{self.port}"

    @property
    def alive(self) -> bool:
        """True while it serves."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, timeout_seconds: float = 15.0) -> None:
        """Listen and serve. Raises ServerNotStarted."""
        self._server = _Server(_config(self._app, self._settings), partial(self._leave, self._app))
        self._socket = self._bind()
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="http", daemon=True)
        self._thread.start()
        if not self._came_up(timeout_seconds):
            self.stop()
            raise ServerNotStarted("the application did not start")

    def stop(self) -> None:
        """Finish what runs, at most `stop_seconds`, then end the thread."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(self._settings.stop_seconds + 5.0)
        if self._socket is not None:
            self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._settings.http_host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self._settings.http_host, self._settings.http_port))
        except OSError as error:
            listening.close()
            raise ServerNotStarted(f"cannot listen at {self._settings.http_host}:{self._settings.http_port} ({error.strerror})") from error
        return listening

    def _came_up(self, timeout_seconds: float) -> bool:
        waiting = threading.Event()
        for _ in range(int(timeout_seconds / _GLANCE_SECONDS)):
            if self._server is not None and self._server.started:
                return True
            if not self.alive:
                return False
            waiting.wait(_GLANCE_SECONDS)
        return False


_GLANCE_SECONDS = 0.02


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    try:
        context = tls_context(settings) if settings.tls else None
    except (OSError, ssl.SSLError) as error:
        raise ServerNotStarted(f"the certificate, its key or the client CA cannot be read ({type(error).__name__})") from error
    return uvicorn.Config(
        app,
        http=protocol_for(settings),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a forwarded address is anybody's word
        limit_concurrency=settings.max_connections,
        backlog=settings.connection_backlog,
        timeout_keep_alive=int(settings.keep_alive_seconds),
        timeout_graceful_shutdown=int(settings.stop_seconds),
        ssl_context_factory=(lambda _config, _default: context) if context is not None else None,
    )
