"""The channel `push`: one HTTPS POST per message to the partner's endpoint.

What it is: bounded in time, size, concurrency and reach, with our client certificate and the partner's CA pinned;
redirects are never followed. What it is not: a reader of answers: they go back unread. Called by the couriers.
RFC 9110 status codes; TLS 1.2 or later.
"""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from adapters.channels.connections import Connection, ConnectionPool, DeadlineSocket, Target, kind_of
from adapters.contract import Address, HandedOver, Handover, Refused, TryLater, WireMessage
from schemas.faults import Fault, FaultCode
from schemas.identifiers import OrganisationId

ANSWER_LIMIT_BYTES = 1024 * 1024
CONCURRENCY = 8
HTTPS_PORT = 443
AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Client errors that a resend can change."""
USER_AGENT = "interagency-gateway"

MayCall = Callable[[str, int], bool]
"""The egress allow-list: host in lower case, and port. Asked before any name is looked up."""


class _Unreachable(Exception):
    """No exchange took place; the text holds no part of the address."""


def client_context(authorities: Path, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """A TLS context that trusts these authorities and no others, and shows our certificate where there is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=authorities)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def allow_list(patterns: Iterable[str]) -> MayCall:
    """Places as an operator writes them: `host` (port 443), `host:port`, `*.example.org`; `host:*` for any port,
    `*` for anywhere. Nothing written, nowhere to call."""
    places = [_place(pattern.lower()) for pattern in patterns]

    def may_call(host: str, port: int) -> bool:
        return any(_covers(name, host.lower()) and ports in ("*", str(port)) for name, ports in places)

    return may_call


def _place(pattern: str) -> tuple[str, str]:
    if pattern == "*":
        return "*", "*"
    # an IPv6 address stands in brackets: [::1]:8443
    host, separator, ports = pattern.rpartition(":")
    if not separator or ports.endswith("]"):
        host, ports = pattern, str(HTTPS_PORT)
    return host.removeprefix("[").removesuffix("]"), ports


def _covers(name: str, host: str) -> bool:
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) >= len(name)
    return name in ("*", host)


class HttpsPushChannel:
    """A batch goes in parallel and its outcomes come in order. See `adapters.contract.Channel`."""

    def __init__(self, context: ssl.SSLContext, may_call: MayCall, *, concurrency: int = CONCURRENCY, answer_limit_bytes: int = ANSWER_LIMIT_BYTES) -> None:
        """`context` must verify the peer; it is given sockets that keep a deadline for a whole exchange."""
        if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
            raise ValueError("the TLS context must verify the peer and its name")
        context.sslsocket_class = DeadlineSocket
        self._may_call = may_call
        self._answer_limit = answer_limit_bytes
        self._concurrency = concurrency
        self._connections = ConnectionPool(context, limit=concurrency)
        self._lock = threading.Lock()
        self._threads: dict[OrganisationId, ThreadPoolExecutor] = {}

    @property
    def name(self) -> str:
        """As agreements call it."""
        return "push"

    def hand_over(self, items: Sequence[tuple[WireMessage, Address]]) -> Sequence[Handover]:
        """See `adapters.contract.Channel`. Items of one batch may arrive in any order."""
        down: set[Target] = set()
        if len(items) == 1:
            return [self._hand_over_one(*items[0], down)]
        answers = [self._pool(address.organisation).submit(self._hand_over_one, message, address, down) for message, address in items]
        return [answer.result() for answer in answers]

    def close(self) -> None:
        """Wait for what is under way, then close every connection."""
        with self._lock:
            pools, self._threads = list(self._threads.values()), {}
        for pool in pools:
            pool.shutdown()
        self._connections.close()

    def _pool(self, organisation: OrganisationId) -> ThreadPoolExecutor:
        """Threads per organisation: one that hangs holds up nobody else."""
        with self._lock:
            if organisation not in self._threads:
                self._threads[organisation] = ThreadPoolExecutor(self._concurrency, thread_name_prefix="https-push")
            return self._threads[organisation]

    def _hand_over_one(self, message: WireMessage, address: Address, down: set[Target]) -> Handover:
        """`down` collects, for one batch, where no connection could be made: the rest need not wait for it."""
        try:
            target, path = self._where(address)
            status, answer = self._post(self._connect(target, address, down), path, message, address)
        except _Unreachable as error:
            return _later(str(error))
        except (OSError, http.client.HTTPException) as error:
            return _later(f"The exchange with the recipient's endpoint failed: {kind_of(error)}.")
        return _outcome(status, answer, self._answer_limit)

    def _where(self, address: Address) -> tuple[Target, str]:
        """Host, port and path of an address, if it may be called at all."""
        try:
            url = urlsplit(address.url or "")
            host, port = url.hostname or "", url.port or HTTPS_PORT
        except ValueError:
            raise _Unreachable("The recipient's endpoint is not a URL.") from None
        if url.scheme != "https" or not host or url.username is not None:
            raise _Unreachable("The recipient's endpoint is not a plain https URL.")
        if not self._may_call(host, port):
            raise _Unreachable("The recipient's endpoint is not on the list of places that may be called.")
        return Target(host, port), (url.path or "/") + (f"?{url.query}" if url.query else "")

    def _connect(self, target: Target, address: Address, down: set[Target]) -> Connection:
        kept = self._connections.take(target)
        if kept is not None:
            return kept
        if target in down:
            raise _Unreachable("The recipient's endpoint could not be reached a moment ago.")
        try:
            return self._connections.make(target, address.timeout_seconds)
        except OSError as error:
            down.add(target)
            raise _Unreachable(f"The recipient's endpoint could not be reached: {kind_of(error)}.") from error

    def _post(self, connection: Connection, path: str, message: WireMessage, address: Address) -> tuple[int, WireMessage | None]:
        """Post once; once more on a new connection where a kept one turned out to be closed."""
        if connection.uses == 0:
            return self._exchange(connection, path, message, address)
        try:
            return self._exchange(connection, path, message, address)
        except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
            # closed while idle: nobody answered, and the same message twice is the same message
            fresh = self._connections.make(connection.target, address.timeout_seconds)
            return self._exchange(fresh, path, message, address)

    def _exchange(self, connection: Connection, path: str, message: WireMessage, address: Address) -> tuple[int, WireMessage | None]:
        complete = False
        try:
            connection.set_deadline(address.timeout_seconds)
            connection.http.request("POST", path, body=message.body, headers=_headers(message, address))
            response = connection.http.getresponse()
            body = response.read(self._answer_limit + 1)
            complete = response.isclosed()
            if not complete and len(body) <= self._answer_limit:
                raise http.client.IncompleteRead(b"")
            headers = {name.lower(): value for name, value in response.getheaders()}
        finally:
            self._connections.put_back(connection, reusable=complete)
        answer = WireMessage(body, headers.get("content-type", ""), headers) if body else None
        return response.status, answer


def _headers(message: WireMessage, address: Address) -> dict[str, str]:
    own = {"user-agent": USER_AGENT, "accept-encoding": "identity", "content-type": message.content_type}
    return {**message.headers, **own, **({"message-id": address.message_id} if address.message_id else {})}


def _outcome(status: int, answer: WireMessage | None, limit: int) -> Handover:
    """What a status code means. A SOAP fault comes with a 500: the answer goes along for whoever can read it."""
    if answer is not None and len(answer.body) > limit:
        return _later(f"The recipient's endpoint answered {status} with more than {limit} bytes.")
    said = f"The recipient's endpoint answered {status}."
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return HandedOver(answer)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in AGAIN:
        return Refused(Fault(FaultCode.RECIPIENT_REFUSED, said), answer)
    return _later(said, answer)


def _later(sentence: str, answer: WireMessage | None = None) -> TryLater:
    return TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, sentence), answer)
