"""The relay: from the outbox to the broker, in order, with confirms.

What it is: the one active publisher of parcels and of receipts (a lease in the store keeps it one). What it
is not: a decision. What the broker confirmed is forgotten; what it did not take is put off and tried again.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from broker.contract import Broker, Confirm, Publication
from gateway.contract import Clock, Store
from gateway.exchange.receipts import LINES_MEDIA_TYPE
from gateway.records import OutboxEntry
from gateway.telemetry_facts import Window

_LEASE = "relay"
_PUT_OFF_SECONDS = 2.0
_MOST_LINES, _MOST_BYTES = 100, 256 * 1024
"""Of one bundle of receipts."""


class Relay:
    """One active in the whole installation."""

    name = "relay"

    def __init__(
        self,
        store: Store,
        broker: Broker,
        clock: Clock,
        *,
        holder: str,
        lease_seconds: float = 15.0,
        idle_seconds: float = 0.01,
        items: int = 500,
        published: Callable[[Window], None] = lambda _: None,
    ) -> None:
        self._store, self._broker, self._clock = store, broker, clock
        self._holder, self._lease_seconds = holder, lease_seconds
        self._idle_seconds, self._items, self._published = idle_seconds, items, published

    def run(self, stop: threading.Event) -> None:
        """Relay until told to stop."""
        publisher = self._broker.publisher()
        try:
            lease_until = self._clock()
            while not stop.is_set():
                now = self._clock()
                if now >= lease_until - timedelta(seconds=self._lease_seconds / 2):
                    if not self._store.leases.acquire(_LEASE, self._holder, now, self._lease_seconds):
                        stop.wait(min(1.0, self._lease_seconds / 4))
                        continue
                    lease_until = now + timedelta(seconds=self._lease_seconds)
                entries = self._store.outbox.pending(now, self._items)
                if not entries:
                    stop.wait(self._idle_seconds)
                    continue
                letters, began = bundled(entries), self._clock()
                self._settle(letters, publisher.publish([_publication(letter) for letter in letters]), began)
        finally:
            publisher.close()
            self._store.leases.release(_LEASE, self._holder)

    def _settle(self, letters: Sequence[Sequence[OutboxEntry]], confirms: Sequence[Confirm], began: datetime) -> None:
        now = self._clock()
        taken = [entry for letter, confirm in zip(letters, confirms, strict=True) if confirm is Confirm.CONFIRMED for entry in letter]
        left = [entry for letter, confirm in zip(letters, confirms, strict=True) if confirm is not Confirm.CONFIRMED for entry in letter]
        if taken:
            self._store.outbox.published([entry.outbox_id for entry in taken], now)
        if left:
            # Full or not yet declared: the others go on, these come again.
            self._store.outbox.put_off([entry.outbox_id for entry in left], now + timedelta(seconds=_PUT_OFF_SECONDS))
        self._published(Window(began=began, ended=now, confirmed=taken, left=left))


def bundled(entries: Sequence[OutboxEntry]) -> list[list[OutboxEntry]]:
    """Letters to publish: each entry alone, but receipts of one address together where its agreement allows."""
    letters: list[list[OutboxEntry]] = []
    open_letters: dict[tuple[str, str, str], list[OutboxEntry]] = {}
    for entry in entries:
        address = (entry.vhost, entry.exchange, entry.routing_key)
        letter = open_letters.get(address) if entry.content_type == LINES_MEDIA_TYPE else None
        if letter is not None and len(letter) < _MOST_LINES and sum(len(one.body) for one in letter) < _MOST_BYTES:
            letter.append(entry)
            continue
        letters.append([entry])
        if entry.content_type == LINES_MEDIA_TYPE:
            open_letters[address] = letters[-1]
    return letters


def _publication(letter: Sequence[OutboxEntry]) -> Publication:
    first, body = letter[0], b"\n".join(entry.body for entry in letter)
    return Publication(first.vhost, first.exchange, first.routing_key, body, first.message_id, first.content_type)
