"""The tallier: adds up what happened, by the hour, from the audit chain.

What it is: the one process that counts (a lease keeps it one; the store counts each record once whoever counts). What
it is not: an alarm, nor a metric of this process. An old store's history is counted page by page, with a rest between.
"""

import threading
from datetime import datetime, timedelta

from gateway.contract import Clock, Store

_LEASE = "tallier"
_REST_SECONDS = 0.02
"""Between full pages: others write too."""
_FORGET_EVERY = timedelta(minutes=10)


class Tallier:
    """Any number may run; the lease keeps one active."""

    name = "tallier"

    def __init__(self, store: Store, clock: Clock, *, holder: str, lease_seconds: float = 15.0, interval_seconds: float = 1.0, items: int = 2000) -> None:
        self._store, self._clock, self._holder = store, clock, holder
        self._interval_seconds, self._items = interval_seconds, items
        self._lease_seconds = max(lease_seconds, 2 * interval_seconds)
        self._forgot_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Count until told to stop."""
        try:
            while not stop.is_set():
                counted = self.look() if self._store.leases.acquire(_LEASE, self._holder, self._clock(), self._lease_seconds) else 0
                stop.wait(_REST_SECONDS if counted == self._items else self._interval_seconds)
        finally:
            self._store.leases.release(_LEASE, self._holder)

    def look(self) -> int:
        """One page of the chain, and now and then whatever of people's sessions is long over; how many records were counted."""
        now = self._clock()
        if self._forgot_at is None or now - self._forgot_at >= _FORGET_EVERY:
            self._store.oversight.forget(now)
            self._forgot_at = now
        return self._store.oversight.tally(self._items)
