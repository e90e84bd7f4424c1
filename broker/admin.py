"""Makes a RabbitMQ as the topology says, over its management HTTP API.

What it is: an idempotent builder (a wiped broker is rebuilt by calling `apply` again) and a reader of queue
figures. What it is not: a browser of messages: those are looked at in the store. Called by `bootstrap`, the
sweeper and the command line. Follows the RabbitMQ management HTTP API.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import httpx

from broker.contract import BrokerUnavailable
from broker.topology import EVERYTHING, GATEWAY, PARTNERS, Binding, Exchange, Permission, Queue, Topology, User

VHOSTS: Mapping[str, str] = {GATEWAY: GATEWAY, PARTNERS: PARTNERS}
"""Logical names to real ones where nothing else is configured."""
TIMEOUT_SECONDS = 20.0


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
