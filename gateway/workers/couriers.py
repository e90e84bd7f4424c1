"""Couriers: one per recipient, from `outbound.<party>` to the partner's system.

What it is: a thread and a consumer per party that we push to or queue for. What it is not: the hand-over
rules (`Pipeline.deliver`). A single active consumer per queue keeps a recipient's order across processes.
"""

import threading
from collections.abc import Sequence

from broker.contract import Broker, Consumer, Outcome, Received
from broker.parcel import Parcel, ParcelUnreadable, decode
from gateway.pipeline import Pipeline
from gateway.workers.loop import UNAVAILABLE
from schemas.identifiers import PartyCode

_WAIT_SECONDS = 0.5


class Courier:
    """The courier of one party."""

    def __init__(self, recipient: PartyCode, broker: Broker, pipeline: Pipeline, *, items: int = 100, linger_seconds: float = 0.005) -> None:
        self._recipient, self._broker, self._pipeline = recipient, broker, pipeline
        self._items, self._linger_seconds = items, linger_seconds

    @property
    def name(self) -> str:
        """Thread name."""
        return f"courier.{self._recipient}"

    def run(self, stop: threading.Event) -> None:
        """Carry until told to stop."""
        consumer = self._broker.consumer("gateway", f"outbound.{self._recipient}", prefetch=4 * self._items)
        try:
            while not stop.is_set():
                received = consumer.receive(self._items, _WAIT_SECONDS, self._linger_seconds)
                if received:
                    self._carry(consumer, received)
        finally:
            consumer.close()

    def _carry(self, consumer: Consumer, received: Sequence[Received]) -> None:
        parcels, unreadable = read_parcels(received)
        if unreadable:
            consumer.settle(unreadable, Outcome.POISON)
        good = [item for item in received if item not in unreadable]
        if not good:
            return
        try:
            self._pipeline.deliver(self._recipient, parcels)
        except UNAVAILABLE:
            consumer.settle(good, Outcome.AGAIN)
            raise
        consumer.settle(good, Outcome.DONE)


def read_parcels(received: Sequence[Received]) -> tuple[list[Parcel], list[Received]]:
    """Parcels, and what is none of ours."""
    parcels: list[Parcel] = []
    unreadable: list[Received] = []
    for item in received:
        try:
            parcels.append(decode(item.body))
        except ParcelUnreadable:
            unreadable.append(item)
    return parcels, unreadable
