"""Administering the broker: who makes vhosts, queues and users as the topology says.

What it is: the management API as the settings name it, and the same for the broker inside the process. What it is not:
the topology (`broker.topology`), nor the plan of changes. Called by `bootstrap` and by the commands.
"""

from collections.abc import Callable, Collection
from urllib.parse import unquote, urlsplit, urlunsplit

from broker.admin import RabbitAdmin
from broker.contract import Broker
from broker.memory import MemoryBroker
from broker.topology import GATEWAY, PARTNERS, Topology
from gateway.config import Settings

_MANAGEMENT_PORT = 15672


def administrator(settings: Settings) -> RabbitAdmin | None:
    """The management API as configured, or None."""
    if settings.broker_management_url is None:
        return None
    parts = urlsplit(settings.broker_management_url.get_secret_value())
    host = parts.hostname or "localhost"
    netloc = f"[{host}]" if ":" in host else host
    address = urlunsplit((parts.scheme, f"{netloc}:{parts.port or _MANAGEMENT_PORT}", parts.path.rstrip("/"), "", ""))
    return RabbitAdmin(address, unquote(parts.username or ""), unquote(parts.password or ""), vhosts=vhosts(settings))


def vhosts(settings: Settings) -> dict[str, str]:
    """Logical names to the real ones of the AMQP URLs; an empty path is the vhost of the logical name."""
    urls = {GATEWAY: settings.broker_url, PARTNERS: settings.broker_partners_url}
    named = {logical: unquote(urlsplit(url.get_secret_value()).path[1:]) for logical, url in urls.items() if url is not None}
    return {logical: named.get(logical) or logical for logical in (GATEWAY, PARTNERS)}


class MemoryAdmin:
    """The broker in this process is made by the same values."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._made: set[tuple[str, str]] = set()

    def apply(self, topology: Topology) -> None:
        """Make it."""
        self._broker.apply(topology)
        self._made |= {(queue.vhost, queue.name) for queue in topology.queues}

    def queue_names(self) -> Collection[tuple[str, str]]:
        """Vhost and name of each."""
        return self._made


class TopologyAdmin:
    """RabbitMQ's management API; without one, topology is somebody else's work."""

    def __init__(self, admin: RabbitAdmin | None, wanted: Callable[[], Topology]) -> None:
        self._admin, self._wanted = admin, wanted

    def apply(self, topology: Topology) -> None:
        """Make it, where that is ours to do."""
        if self._admin is not None:
            self._admin.apply(topology)

    def queue_names(self) -> Collection[tuple[str, str]]:
        """Vhost and name of each."""
        if self._admin is None:
            return {(queue.vhost, queue.name) for queue in self._wanted().queues}
        return {(figures.vhost, figures.queue) for figures in self._admin.queue_figures()}


def topology_admin(settings: Settings, broker: Broker, wanted: Callable[[], Topology]) -> MemoryAdmin | TopologyAdmin:
    """Whoever makes the topology of this installation's broker."""
    return MemoryAdmin(broker) if isinstance(broker, MemoryBroker) else TopologyAdmin(administrator(settings), wanted)
