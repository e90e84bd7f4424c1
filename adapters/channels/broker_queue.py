"""The channel `queue`: a partner's own queue in our broker.

What it is: signed messages published to `to.<org>` in the partners' vhost, confirmed by the broker. What it is
not: proof that the partner has them: only its signed receipt is. Called by the couriers. AMQP 0-9-1.
"""

from collections.abc import Sequence

from adapters.contract import Address, HandedOver, Handover, TryLater, WireMessage
from broker.contract import BrokerUnavailable, Confirm, Publication, Publisher
from broker.topology import PARTNERS, TO
from schemas.faults import Fault, FaultCode

DETAILS = {
    Confirm.RETURNED: "The recipient has no queue in the broker.",
    Confirm.REJECTED: "The recipient's queue is full.",
}


class BrokerQueueChannel:
    """Publishes a batch in one window of confirms. See `adapters.contract.Channel`."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    @property
    def name(self) -> str:
        """As agreements call it."""
        return "queue"

    def hand_over(self, items: Sequence[tuple[WireMessage, Address]]) -> Sequence[Handover]:
        """One outcome each. When the broker is not there, nobody knows of any: all are tried again."""
        try:
            confirms = self._publisher.publish([_publication(message, address) for message, address in items])
        except BrokerUnavailable:
            return [_later("The broker is not available.") for _ in items]
        return [HandedOver() if confirm is Confirm.CONFIRMED else _later(DETAILS[confirm]) for confirm in confirms]

    def close(self) -> None:
        """Close the publisher."""
        self._publisher.close()


def _publication(message: WireMessage, address: Address) -> Publication:
    return Publication(PARTNERS, TO, address.organisation, message.body, address.message_id, message.content_type)


def _later(detail: str) -> TryLater:
    return TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, detail))
