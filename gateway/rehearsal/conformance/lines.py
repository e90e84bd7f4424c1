"""Lines: how the kit reaches a partner, as its agreement says: by a channel of the gateway's, or by its mailbox.

What it is: one way to hand over a signed message, whatever the channel. What it is not: a channel (`adapters.channels`),
nor what comes back later (`door`). Called by the stand.
"""

import threading
from typing import Protocol

from adapters.contract import Address, Channel, HandedOver, Handover, WireMessage
from broker.contract import BrokerUnavailable, Consumer, Outcome
from gateway.partners.agreement import Agreement
from gateway.rehearsal.conformance.door import ProvingDoor
from gateway.rehearsal.gateway_link import JOSE
from schemas.identifiers import OrganisationId

BATCH = 50
WAIT_SECONDS = 0.05


class Line(Protocol):
    """One way to a partner."""

    def hand_over(self, wire: WireMessage, message_id: str) -> Handover:
        """Hand one message over. Never raises for what the partner does."""

    def close(self) -> None: ...


class ChannelLine:
    """By a channel of the gateway's own."""

    def __init__(self, channel: Channel, agreement: Agreement, organisation: OrganisationId) -> None:
        self._channel, self._agreement, self._organisation = channel, agreement, organisation
        self._places: dict[str, int] = {}

    def hand_over(self, wire: WireMessage, message_id: str) -> Handover:
        """As a courier would."""
        address = Address(
            organisation=self._organisation,
            recipient=self._agreement.party,
            url=self._agreement.endpoint,
            timeout_seconds=self._agreement.timeout_seconds,
            message_id=message_id,
            sequence=self._places.setdefault(message_id, len(self._places) + 1),
        )
        return self._channel.hand_over([(wire, address)])[0]

    def close(self) -> None:
        """Close its connections."""
        self._channel.close()


class ShelfLine:
    """By the mailbox of the proving door."""

    def __init__(self, door: ProvingDoor) -> None:
        self._door = door

    def hand_over(self, wire: WireMessage, message_id: str) -> Handover:
        """Lay it out; whether it is collected is another question."""
        self._door.shelve(message_id, wire)
        return HandedOver()

    def close(self) -> None:
        """Nothing is held."""


class Intake:
    """What a partner publishes, brought to the proving door: a thread over its own queue."""

    def __init__(self, consumer: Consumer, door: ProvingDoor) -> None:
        self._consumer, self._door = consumer, door
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proving-intake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                batch = self._consumer.receive(BATCH, WAIT_SECONDS)
                for received in batch:
                    for line in received.body.split(b"\n"):
                        self._door.take(WireMessage(line, JOSE))
                if batch:
                    self._consumer.settle(batch, Outcome.DONE)
            except BrokerUnavailable:
                self._stopping.wait(WAIT_SECONDS)
        self._consumer.close()
