"""Collect and acknowledge: the shelf, where a partner fetches its own messages.

What it is: the beats of the mailbox. What it is not: consumption by looking: a message stays on the shelf,
the same at every look, until its recipient acknowledges it or sends its receipt.
"""

from collections.abc import Sequence
from itertools import groupby

from gateway.exchange import settle
from gateway.exchange.accept import Decision
from gateway.exchange.delivery import Event, may_follow
from gateway.exchange.results import Declined, Settled, ShelfItem, SubmitResult
from gateway.partners.agreement import DeliveryMode
from gateway.records import Delivery, DeliveryState
from gateway.steps.base import Parts, Step
from gateway.steps.deliver import DeliverStep, leg_to, seal_document
from schemas.faults import Fault, FaultCode
from schemas.identifiers import DeliveryId, OrganisationId
from schemas.receipts import Basis, Stage


class CollectStep(Step):
    """The shelf."""

    def __init__(self, parts: Parts, deliver: DeliverStep) -> None:
        super().__init__(parts)
        self._deliver = deliver

    def collect(self, organisation: OrganisationId, after: int, limit: int) -> list[ShelfItem]:
        """What waits for an organisation, each freshly signed, in order of acceptance."""
        directory = self._directory()
        codes = [code for code in directory.parties_of(organisation) if (a := directory.outbound(code)) is not None and a.mode is DeliveryMode.SHELF]
        waiting = self._parts.store.queries.shelf(codes, after, limit) if codes else ()
        items: list[ShelfItem] = []
        for recipient, some in groupby(sorted(waiting, key=lambda d: d.recipient), key=lambda d: d.recipient):
            leg = leg_to(recipient, directory, self._now())
            if leg is None:
                continue
            ready, _ = self._deliver.prepare(list(some), leg, {})
            now = self._now()
            items += [ShelfItem(d.sequence, d.delivery_id, d.message_id, d.recipient, seal_document(d, leg, self._parts, now)) for d in ready]
        return sorted(items, key=lambda item: item.sequence)

    def acknowledge(self, organisation: OrganisationId, delivery_id: DeliveryId) -> SubmitResult:
        """The caller says, without a signed receipt, that it has it: `delivered`, on the mailbox's word."""
        return self._until_committed([delivery_id], lambda some, _: [self._acknowledge(organisation, one) for one in some])[0].result

    def _acknowledge(self, organisation: OrganisationId, delivery_id: DeliveryId) -> Decision:
        directory = self._directory()
        delivery = self._parts.store.queries.deliveries([delivery_id]).get(delivery_id)
        if delivery is None or not self._its(delivery, organisation):
            return Decision(Declined(fault=Fault(FaultCode.NOT_FOUND)))
        ids = (delivery.message_id,) if delivery.message_id else ()
        if delivery.state in (DeliveryState.DELIVERED, DeliveryState.APPLIED, DeliveryState.NOT_APPLIED):
            return Decision(Settled(message_ids=ids, repeated=True))
        if delivery.document is None or not may_follow(delivery.state, Event.DELIVER):
            return Decision(Declined(fault=Fault(FaultCode.RECEIPT_STAGE_INVALID, f"The delivery is {delivery.state.value}.")))
        around = self._around([delivery], directory).of(delivery)
        word = settle.Word(stage=Stage.DELIVERED, basis=Basis.MAILBOX)
        return Decision(Settled(message_ids=ids), settle.say(delivery, word, around, self._parts.means, self._now()))

    def _its(self, delivery: Delivery, organisation: OrganisationId) -> bool:
        directory: Sequence[str] = self._directory().parties_of(organisation)
        return delivery.recipient in directory
