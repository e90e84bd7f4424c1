"""The sweeper: puts back on the road whatever the store calls unfinished and due.

What it is: why the broker may be wiped and a retry is a row, not a message. What it is not: a courier: it
only owes a parcel (a claim check) to the outbox and looks again later.
"""

import threading
from datetime import timedelta

from gateway.contract import Clock, Store
from gateway.exchange.accept import parcel_entry
from gateway.exchange.means import Means
from gateway.partners.directory import Directory
from gateway.partners.pausing import paused_parties

_LEASE = "sweeper"


class Sweeper:
    """Any number may run; the lease keeps one active."""

    name = "sweeper"

    def __init__(
        self, store: Store, clock: Clock, means: Means, *, holder: str, lease_seconds: float = 15.0, interval_seconds: float = 1.0, items: int = 500
    ) -> None:
        self._store, self._clock, self._means = store, clock, means
        self._holder, self._interval_seconds = holder, interval_seconds
        self._items = items
        self._directory = Directory(version=-1)
        self._lease_seconds = max(lease_seconds, 2 * interval_seconds)

    def run(self, stop: threading.Event) -> None:
        """Sweep until told to stop."""
        try:
            while not stop.is_set():
                swept = self.sweep() if self._store.leases.acquire(_LEASE, self._holder, self._clock(), self._lease_seconds) else 0
                if swept < self._items:
                    stop.wait(self._interval_seconds)
        finally:
            self._store.leases.release(_LEASE, self._holder)

    def sweep(self) -> int:
        """One look; answers how many were put back."""
        now = self._clock()
        due = self._store.queries.due(now, self._items, paused_parties(self._known(), now))
        if due:
            entries = [(parcel_entry(delivery, None, self._means), delivery) for delivery in due]
            self._store.outbox.enqueue(entries, now + timedelta(seconds=self._means.sweep_seconds))
        return len(due)

    def _known(self) -> Directory:
        """Who is who; read again only where somebody changed it."""
        if self._directory.version != self._store.partners.version():
            self._directory = self._store.partners.directory()
        return self._directory
