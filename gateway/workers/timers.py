"""Timers: what is done by the clock alone.

What it is: used-up caller tokens are forgotten, and the head of the audit chain is signed, so that a
rewritten chain cannot agree with its checkpoints. What it is not: the retry schedule (that is the sweeper).
"""

import threading
from collections.abc import Callable
from datetime import timedelta

from gateway.audit.chain import Checkpoint, encode_checkpoint
from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import Clock, Store
from gateway.exchange.means import Means
from gateway.trust.checkpoints import sign_checkpoint as sign

_LEASE = "timers"


class Timers:
    """One active; the lease keeps it so."""

    name = "timers"

    def __init__(self, store: Store, clock: Clock, means: Means, *, holder: str, interval_seconds: float, level: Callable[[str, float], None]) -> None:
        self._store, self._clock, self._means = store, clock, means
        self._holder, self._interval_seconds, self._level = holder, interval_seconds, level

    def run(self, stop: threading.Event) -> None:
        """Tick until told to stop."""
        try:
            while not stop.is_set():
                now = self._clock()
                if self._store.leases.acquire(_LEASE, self._holder, now, 2 * self._interval_seconds + 10):
                    self.tick()
                stop.wait(self._interval_seconds)
        finally:
            self._store.leases.release(_LEASE, self._holder)

    def tick(self) -> None:
        """All of it, once."""
        now = self._clock()
        self._store.leases.forget_tokens(now - timedelta(seconds=300))
        sign_checkpoint(self._store, self._means, self._clock)
        for figures in self._store.queries.queues():
            for state, count in figures.counts.items():
                self._level(f"queue.{figures.recipient}.{state.value}", float(count))
        self._level("outbox.depth", float(self._store.outbox.depth()))


def sign_checkpoint(store: Store, means: Means, clock: Clock) -> bool:
    """Sign the head of the chain, unless it is signed already; True where a checkpoint was made."""
    head, latest, now = store.checkpoints.head(), store.checkpoints.latest(), clock()
    # The checkpoint's own event is the record after the head that it signs: alone, it is no news.
    if latest is not None and head.sequence <= latest.sequence + 1:
        return False
    claims = encode_checkpoint(Checkpoint(issuer=means.issuer, issued_at=int(now.timestamp()), head=head))
    jws = sign(claims, means.message_signer)
    event = AuditEvent(AuditCode.CHECKPOINT_SIGNED, now, f"chain:{head.sequence}", {"head": head.digest, "sequence": head.sequence})
    store.checkpoints.put(jws, head.sequence, event)
    return True
