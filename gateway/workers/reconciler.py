"""The reconciler: the broker has what the directory says, always.

What it is: a thread that makes exchanges, queues, users and permissions when the directory changes and when
the broker has lost them (a wiped disk). What it is not: a remover: it never deletes a queue.
"""

import threading
from collections.abc import Callable, Collection
from typing import Protocol

from broker.topology import Topology


class Admin(Protocol):
    """What makes topology: RabbitMQ's management API, or the broker in this process."""

    def apply(self, topology: Topology) -> None: ...

    def queue_names(self) -> Collection[tuple[str, str]]:
        """(vhost, queue) of what exists now."""


class Reconciler:
    """One per process that holds the administrator's credentials."""

    name = "reconciler"

    def __init__(self, admin: Admin, wanted: Callable[[], Topology], version: Callable[[], int], *, interval_seconds: float = 2.0) -> None:
        self._admin, self._wanted, self._version = admin, wanted, version
        self._interval_seconds = interval_seconds
        self._applied = -1

    def run(self, stop: threading.Event) -> None:
        """Look and mend until told to stop."""
        while not stop.is_set():
            self.look()
            stop.wait(self._interval_seconds)

    def look(self) -> bool:
        """Apply where something is missing or the directory changed; True where it did. Raises BrokerUnavailable."""
        version, topology = self._version(), self._wanted()
        missing = {(queue.vhost, queue.name) for queue in topology.queues} - set(self._admin.queue_names())
        if version == self._applied and not missing:
            return False
        # until all of it is there: users are made last, and a broker that dies half-way shows its queues but not them
        self._applied = -1
        self._admin.apply(topology)
        self._applied = version
        return True
