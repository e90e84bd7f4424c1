"""HTTPS connections that are kept alive, and sockets that keep a deadline.

What it is: the standard library's client with a small pool per host and port. What it is not: aware of what is
sent. Called by `https_push` alone. RFC 9112 §9.3 (persistence). The standard client costs a fraction of httpx.
"""

import http.client
import select
import socket
import ssl
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

IDLE_SECONDS = 20.0
"""Kept connections older than this are closed: many servers close theirs after 30 s or more, some proxies after 20."""
CONNECT_SECONDS = 10.0


class Target(NamedTuple):
    """Where a connection leads."""

    host: str
    port: int


class DeadlineSocket(ssl.SSLSocket):
    """A TLS socket whose reads and writes share one deadline, so that a peer cannot drip bytes for ever."""

    deadline: float | None = None

    def recv_into(self, buffer: memoryview, nbytes: int | None = None, flags: int = 0) -> int:  # type: ignore[override]
        """As the base class, within the deadline."""
        self._arm()
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: memoryview, flags: int = 0) -> int:  # type: ignore[override]
        """As the base class, within the deadline. `sendall` goes through here."""
        self._arm()
        return super().send(data, flags)

    def _arm(self) -> None:
        if self.deadline is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        self.settimeout(left)


@dataclass(slots=True)
class Connection:
    """One connection of the pool, in the hands of one thread."""

    target: Target
    http: http.client.HTTPSConnection
    idle_since: float = 0.0
    uses: int = 0

    def set_deadline(self, seconds: float) -> None:
        """From now on, everything on this connection has to be over by then."""
        if isinstance(self.http.sock, DeadlineSocket):
            self.http.sock.deadline = time.monotonic() + seconds

    def is_stale(self) -> bool:
        """True when it was idle too long, or when an idle connection has something to read: its end."""
        if time.monotonic() - self.idle_since > IDLE_SECONDS:
            return True
        watch = select.poll()
        watch.register(self.http.sock, select.POLLIN)
        return bool(watch.poll(0))


class ConnectionPool:
    """Idle connections by target, at most `limit` each. Any thread may call."""

    def __init__(self, context: ssl.SSLContext, limit: int) -> None:
        self._context = context
        self._limit = limit
        self._lock = threading.Lock()
        self._idle: defaultdict[Target, list[Connection]] = defaultdict(list)

    def take(self, target: Target) -> Connection | None:
        """A kept connection that still looks alive, or None."""
        while True:
            with self._lock:
                if not self._idle[target]:
                    return None
                connection = self._idle[target].pop()
            if not connection.is_stale():
                return connection
            connection.http.close()

    def make(self, target: Target, timeout_seconds: float) -> Connection:
        """Connect, with the TLS handshake. Raises OSError."""
        made = http.client.HTTPSConnection(target.host, target.port, timeout=min(timeout_seconds, CONNECT_SECONDS), context=self._context)
        made.connect()
        return Connection(target, made)

    def put_back(self, connection: Connection, *, reusable: bool) -> None:
        """Keep it if its last exchange ended cleanly and the peer means to keep it open; else close it."""
        connection.idle_since = time.monotonic()
        connection.uses += 1
        with self._lock:
            keep = reusable and connection.http.sock is not None and len(self._idle[connection.target]) < self._limit
            if keep:
                self._idle[connection.target].append(connection)
        if not keep:
            connection.http.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = [one for every in self._idle.values() for one in every], defaultdict(list)
        for connection in idle:
            connection.http.close()


def kind_of(error: Exception) -> str:
    """A failure in words, without host, address or content."""
    match error:
        case ssl.SSLCertVerificationError():
            return "its certificate was not accepted"
        case ssl.SSLError():
            return "TLS failed"
        case TimeoutError():
            return "timeout"
        case ConnectionRefusedError():
            return "connection refused"
        case socket.gaierror():
            return "its name was not found"
        case http.client.RemoteDisconnected() | ConnectionError() | http.client.IncompleteRead():
            return "the connection broke"
        case http.client.HTTPException():
            return "what it answered was not HTTP"
        case _:
            return "no connection"
