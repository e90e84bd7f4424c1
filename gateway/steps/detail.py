"""Detail: a recipient fetches the message that an event of ours pointed it at.

What it is: load, decide, seal, and commit that it was fetched. What it is not: a settlement: fetching says nothing of
what the recipient does with it; nor a translation: what is given out was fixed together with the event.
"""

from adapters.contract import WireMessage
from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.exchange.enclosure import detail_in
from gateway.exchange.results import Declined
from gateway.exchange.translate import fixed_for
from gateway.records import Delivery, DeliveryState
from gateway.steps.base import Step
from gateway.trust.contract import SealOrder, SignerUnavailable
from gateway.trust.sealing import Unsealable, unseal
from schemas.faults import Fault, FaultCode
from schemas.identifiers import DeliveryId, OrganisationId

_PACKAGING = "jws"
_DISCARDED = Fault(FaultCode.DISCARDED_BY_OPERATOR, "The delivery was ended; its detail is not given out any more.")


class DetailStep(Step):
    """Details, for whom they were written."""

    def fetch(self, organisation: OrganisationId, delivery_id: DeliveryId) -> WireMessage | Declined:
        """The detail, freshly signed; the same document every time. It is in the audit chain before it is given out."""
        delivery = self._parts.store.queries.deliveries([delivery_id]).get(delivery_id)
        detail = self._detail_of(delivery) if delivery is not None and self._its(delivery, organisation) else None
        if delivery is None or detail is None:
            return Declined(fault=Fault(FaultCode.NOT_FOUND))
        if delivery.state is DeliveryState.DISCARDED:
            return Declined(fault=_DISCARDED)
        sealed = self._seal(detail, organisation)
        facts = {"message": delivery.message_id or "", "recipient": delivery.recipient, "organisation": organisation}
        self._commit([Changes(events=(AuditEvent(AuditCode.DETAIL_FETCHED, self._now(), delivery_id, facts),))])
        return sealed

    def _its(self, delivery: Delivery, organisation: OrganisationId) -> bool:
        """It stands behind the code now, and the event was for it: a code that was routed elsewhere takes nothing along."""
        return delivery.recipient in self._directory().parties_of(organisation) and fixed_for(delivery, organisation)

    def _detail_of(self, delivery: Delivery) -> bytes | None:
        if delivery.document is None:
            return None
        try:
            return detail_in(unseal(delivery.document, self._parts.means.archive, delivery.delivery_id.encode()))
        except Unsealable as error:
            raise SignerUnavailable("the detail cannot be opened now") from error

    def _seal(self, detail: bytes, organisation: OrganisationId) -> WireMessage:
        order = SealOrder(document=detail, kind="message", audience=organisation, now=self._now())
        return self._parts.packagings[_PACKAGING].seal(order, self._parts.means.message_signer)
