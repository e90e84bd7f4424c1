"""Makes a RabbitMQ as the topology says, over its management HTTP API.

What it is: an idempotent builder (a wiped broker is rebuilt by calling `apply` again) and a reader of what is there.
What it is not: a browser of messages: those are looked at in the store. It removes only what it is told to, and never
a queue in which something lies. Called by `bootstrap` and the command line. Follows the RabbitMQ management HTTP API.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypedDict
from urllib.parse import quote

import httpx

from broker.contract import BrokerUnavailable
from broker.differences import FoundExchange, FoundQueue, FoundUser, Present
from broker.topology import EVERYTHING, GATEWAY, PARTNERS, Argument, Binding, Exchange, Permission, Queue, Topology, User

VHOSTS: Mapping[str, str] = {GATEWAY: GATEWAY, PARTNERS: PARTNERS}
"""Logical names to real ones where nothing else is configured."""
TIMEOUT_SECONDS = 20.0
SETTLE_SECONDS = 11.0
"""A quorum queue tells its figures every five seconds, and they are gathered every five seconds."""
_BUILT_IN = "amq."


class _Named(TypedDict):
    name: str


class _Row(TypedDict, total=False):
    """What the management API says of one thing, as far as it is read here."""

    name: str
    vhost: str
    type: str
    durable: bool
    arguments: dict[str, Argument]
    source: str
    destination: str
    destination_type: str
    routing_key: str
    properties_key: str
    password_hash: str
    tags: list[str] | str
    queue: _Named
    user: str
    configure: str
    write: str
    read: str


class TopologyConflict(Exception):
    """Something of that name exists and is different; it has to be drained and deleted by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """What the broker says about one queue; a few seconds old."""

    vhost: str
    """The logical name."""
    queue: str
    ready: int
    unacknowledged: int
    consumers: int
    body_bytes: int


class RabbitAdmin:
    """Acts as an administrator of the broker. Safe to share between threads."""

    def __init__(self, management_url: str, user: str, password: str, *, vhosts: Mapping[str, str] = VHOSTS) -> None:
        self._user = user
        self._vhosts = dict(vhosts)
        self._http = httpx.Client(base_url=management_url, auth=(user, password), timeout=TIMEOUT_SECONDS, trust_env=False)

    def apply(self, topology: Topology) -> None:
        """Make everything that the topology names, leave everything else. May be called again at any time.

        Raises BrokerUnavailable, and TopologyConflict where a queue or exchange exists with other arguments.
        """
        for vhost in topology.vhosts:
            self._make_vhost(vhost)
        for exchange in topology.exchanges:
            self._make_exchange(exchange)
        for queue in topology.queues:
            self._make_queue(queue)
        for binding in topology.bindings:
            self._make_binding(binding)
        # users last: whoever can log in finds everything in place
        for user in topology.users:
            self._make_user(user)

    @property
    def user(self) -> str:
        """Who this administrator is."""
        return self._user

    def present(self) -> Present:
        """All that is there now, without what every vhost has of itself. Raises BrokerUnavailable."""
        logical = {real: name for name, real in self._vhosts.items()}
        # A vhost that somebody is deleting right now is listed without its name.
        there = [logical[row["name"]] for row in self._rows("/api/vhosts") if row.get("name") in logical]
        exchanges = ((vhost, row) for vhost in there for row in self._rows(f"/api/exchanges/{self._path(vhost)}"))
        queues = ((vhost, row) for vhost in there for row in self._rows(f"/api/queues/{self._path(vhost)}"))
        return Present(
            vhosts=frozenset(there),
            exchanges={(vhost, row["name"]): _exchange(row) for vhost, row in exchanges if row["name"] and not row["name"].startswith(_BUILT_IN)},
            queues={(vhost, row["name"]): _queue(row) for vhost, row in queues},
            bindings=dict(pair for vhost in there for pair in self._bindings(vhost)),
            users={row["name"]: FoundUser(password_hash=row["password_hash"], tags=_tags(row["tags"])) for row in self._rows("/api/users")},
            permissions=frozenset(_permission(row, logical) for row in self._rows("/api/permissions") if row["vhost"] in logical),
        )

    def grant(self, permission: Permission) -> None:
        """Give exactly this right, in place of any other of the user in the vhost."""
        self._make_permission(permission)

    def remove(self, surplus: Binding | Permission | Exchange, key: str = "") -> None:
        """Take away one thing; nothing where it is gone already. A binding goes by its `key`."""
        match surplus:
            case Binding():
                place = f"{self._path(surplus.vhost)}/e/{quote(surplus.exchange, safe='')}/q/{quote(surplus.queue, safe='')}/{quote(key, safe='')}"
                self._call("DELETE", f"/api/bindings/{place}", missing_is_fine=True)
            case Permission():
                self._call("DELETE", f"/api/permissions/{self._path(surplus.vhost)}/{quote(surplus.user, safe='')}", missing_is_fine=True)
            case Exchange():
                self._call("DELETE", f"/api/exchanges/{self._path(surplus.vhost, surplus.name)}", missing_is_fine=True)

    def remove_empty_queues(self, queues: Sequence[Queue]) -> tuple[Queue, ...]:
        """Delete those in which nothing lies and from which nobody reads; those are left and returned in which or from
        which something or somebody does. Figures lag, so they are read after a while, and a message is asked for."""
        if queues:
            time.sleep(SETTLE_SECONDS)
        read = {(vhost, row["queue"]["name"]) for vhost in {queue.vhost for queue in queues} for row in self._rows(f"/api/consumers/{self._path(vhost)}")}
        kept = tuple(queue for queue in queues if (queue.vhost, queue.name) in read or not self._is_idle(queue))
        for queue in queues:
            if queue not in kept:
                self._call("DELETE", f"/api/queues/{self._path(queue.vhost, queue.name)}", missing_is_fine=True)
        return kept

    def remove_user(self, name: str) -> None:
        """Delete a broker user; its open connections are closed by the broker."""
        self._call("DELETE", f"/api/users/{quote(name, safe='')}", missing_is_fine=True)

    def remove_vhosts(self) -> None:
        """Delete all vhosts of this administrator's mapping with everything in them. For tests and rehearsals."""
        for vhost in self._vhosts:
            self._call("DELETE", f"/api/vhosts/{self._path(vhost)}", missing_is_fine=True)

    def queue_figures(self) -> tuple[QueueFigures, ...]:
        """Every queue of our vhosts."""
        return tuple(figures for vhost in self._vhosts for figures in self._figures(vhost))

    def close(self) -> None:
        """Close the HTTP connections."""
        self._http.close()

    def _make_vhost(self, vhost: str) -> None:
        self._call("PUT", f"/api/vhosts/{self._path(vhost)}", {})
        # declaring over HTTP needs rights in the vhost, which the tag of an administrator does not give
        self._make_permission(Permission(self._user, vhost, EVERYTHING, EVERYTHING, EVERYTHING))

    def _make_user(self, user: User) -> None:
        self._call("PUT", f"/api/users/{quote(user.name, safe='')}", {"password_hash": user.password_hash, "tags": ""})
        for permission in user.permissions:
            self._make_permission(permission)

    def _make_permission(self, permission: Permission) -> None:
        rights = {"configure": permission.configure, "write": permission.write, "read": permission.read}
        self._call("PUT", f"/api/permissions/{self._path(permission.vhost)}/{quote(permission.user, safe='')}", rights)

    def _make_exchange(self, exchange: Exchange) -> None:
        self._call("PUT", f"/api/exchanges/{self._path(exchange.vhost, exchange.name)}", {"type": exchange.kind, "durable": True})

    def _make_queue(self, queue: Queue) -> None:
        self._call("PUT", f"/api/queues/{self._path(queue.vhost, queue.name)}", {"durable": True, "arguments": dict(queue.arguments)})

    def _make_binding(self, binding: Binding) -> None:
        place = f"{self._path(binding.vhost)}/e/{quote(binding.exchange, safe='')}/q/{quote(binding.queue, safe='')}"
        self._call("POST", f"/api/bindings/{place}", {"routing_key": binding.routing_key})

    def _figures(self, vhost: str) -> list[QueueFigures]:
        rows = self._call("GET", f"/api/queues/{self._path(vhost)}", missing_is_fine=True).json()
        # a vhost that does not exist answers with an object, not a list
        return [_figures(vhost, row) for row in rows if isinstance(row, dict)]

    def _is_idle(self, queue: Queue) -> bool:
        place = f"/api/queues/{self._path(queue.vhost, queue.name)}"
        found = self._call("GET", place, missing_is_fine=True)
        if found.status_code == HTTPStatus.NOT_FOUND:
            return True
        figures = _figures(queue.vhost, found.json())
        if figures.ready or figures.unacknowledged or figures.consumers:
            return False
        # what the figures do not show yet; a quorum queue cannot be deleted on the condition that it is empty
        asked = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "base64", "truncate": 1}
        return not self._call("POST", f"{place}/get", asked).json()

    def _bindings(self, vhost: str) -> Iterator[tuple[Binding, str]]:
        for row in self._rows(f"/api/bindings/{self._path(vhost)}"):
            # every queue is bound to the exchange without a name
            if row["source"] and row["destination_type"] == "queue":
                yield Binding(vhost, row["source"], row["destination"], row["routing_key"]), row["properties_key"]

    def _rows(self, path: str) -> list[_Row]:
        rows: list[_Row] = self._call("GET", path).json()
        return rows

    def _path(self, vhost: str, *names: str) -> str:
        return "/".join(quote(name, safe="") for name in (self._vhosts[vhost], *names))

    def _call(self, method: str, path: str, content: Mapping[str, object] | None = None, *, missing_is_fine: bool = False) -> httpx.Response:
        try:
            response = self._http.request(method, path, json=content)
        except httpx.HTTPError as error:
            raise BrokerUnavailable(f"management API: {type(error).__name__}") from error
        if response.is_success or (missing_is_fine and response.status_code == HTTPStatus.NOT_FOUND):
            return response
        if response.status_code == HTTPStatus.BAD_REQUEST and "inequivalent" in response.text:
            raise TopologyConflict(f"{path} exists with other arguments")
        raise BrokerUnavailable(f"management API: {method} {path} was answered with {response.status_code}")


def _exchange(row: _Row) -> FoundExchange:
    return FoundExchange(kind=row["type"], durable=row["durable"])


def _queue(row: _Row) -> FoundQueue:
    figures = _figures("", row)
    messages = figures.ready + figures.unacknowledged
    return FoundQueue(durable=row["durable"], arguments=row["arguments"], messages=messages, consumers=figures.consumers)


def _tags(said: list[str] | str) -> tuple[str, ...]:
    # one text with commas up to RabbitMQ 3.8
    return tuple(tag for tag in (said.split(",") if isinstance(said, str) else said) if tag)


def _permission(row: _Row, logical: Mapping[str, str]) -> Permission:
    return Permission(row["user"], logical[row["vhost"]], row["configure"], row["write"], row["read"])


def _figures(vhost: str, row: Mapping[str, object]) -> QueueFigures:
    def count(name: str) -> int:
        # a queue just declared has no figures yet
        value = row.get(name, 0)
        return value if isinstance(value, int) else 0

    return QueueFigures(
        vhost=vhost,
        queue=str(row["name"]),
        ready=count("messages_ready"),
        unacknowledged=count("messages_unacknowledged"),
        consumers=count("consumers"),
        body_bytes=count("message_bytes"),
    )
