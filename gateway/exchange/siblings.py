"""Siblings: all message deliveries of one interchange, as a batch of decisions leaves them one after the other.

What it is: the two questions that telling an SPG sender asks, each answered without looking at all of them: have the
others ended, and which of them is written with this one. What it is not: I/O, nor the store's word: what was changed
meanwhile makes the item stale. Called by `notices`; filled by the steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.exchange.stages import reached_last_stage
from gateway.partners.directory import Directory
from gateway.records import Delivery
from schemas.identifiers import DeliveryId


@dataclass(slots=True)
class Siblings:
    """Of one interchange. Empty where nobody asks."""

    _held: dict[DeliveryId, Delivery] = field(default_factory=dict)
    _first: tuple[DeliveryId, ...] = ()
    """The first two in the order of acceptance."""
    _open: set[DeliveryId] = field(default_factory=set)
    """Those whose recipient can still say more."""

    @classmethod
    def of(cls, deliveries: Sequence[Delivery], directory: Directory) -> "Siblings":
        """As last read."""
        first = sorted(deliveries, key=lambda delivery: delivery.sequence)[:2]
        siblings = cls({one.delivery_id: one for one in deliveries}, tuple(one.delivery_id for one in first))
        for delivery in deliveries:
            siblings.put(delivery, directory)
        return siblings

    def put(self, delivery: Delivery, directory: Directory) -> None:
        """One of them stands so now."""
        self._held[delivery.delivery_id] = delivery
        ended = reached_last_stage(delivery, directory.outbound(delivery.recipient))
        (self._open.discard if ended else self._open.add)(delivery.delivery_id)

    def get(self, delivery_id: DeliveryId) -> Delivery | None:
        """One of them, as it stands."""
        return self._held.get(delivery_id)

    def first_besides(self, delivery: Delivery) -> Delivery | None:
        """The first of the others."""
        return next((self._held[one] for one in self._first if one != delivery.delivery_id), None)

    def others_ended(self, delivery: Delivery) -> bool:
        """True where no later stage of any other can come."""
        return self._open <= {delivery.delivery_id}

    def all_with(self, delivery: Delivery) -> tuple[Delivery, ...]:
        """All of them, this one as given."""
        return (delivery, *(one for one in self._held.values() if one.delivery_id != delivery.delivery_id))
