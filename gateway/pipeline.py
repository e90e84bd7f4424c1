"""READ THIS FIRST: what messages make us do.

What it is: the road, one method per step; each is the same four beats over a batch: load the facts of all,
decide each with a pure rule, (only when handing over: act, then decide again), commit the `Changes` of all
at once. What it is not: I/O of its own: it holds the objects that do. Called by every door and worker.

    submit       verify > parse > route > accept: receipt, and one delivery per recipient;
                 or, where it is a recipient's statement: settle > receipt to the sender
    deliver      translate > fix > seal > hand over > settle
    collect      the shelf: what waits for an organisation, signed for it
    acknowledge  the shelf: the organisation has it > settle
    detail       what an event points at, fetched by its recipient; settles nothing
"""

from collections.abc import Sequence

from adapters.agencies.ndelius.answers import interchange_response
from adapters.contract import WireMessage
from broker.parcel import Parcel
from gateway.exchange.results import Declined, ShelfItem, SubmitResult
from gateway.exchange.submission import Submission
from gateway.steps.base import Parts
from gateway.steps.collect import CollectStep
from gateway.steps.deliver import DeliverStep
from gateway.steps.detail import DetailStep
from gateway.steps.submit import SubmitStep
from gateway.trust.contract import SealOrder
from gateway.trust.soap import content_type, wrap
from schemas.identifiers import DeliveryId, OrganisationId, PartyCode


class Pipeline:
    """The road. Every method may be called from any thread; a recipient has one courier at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._submit = SubmitStep(parts)
        self._deliver = DeliverStep(parts)
        self._collect = CollectStep(parts, self._deliver)
        self._detail = DetailStep(parts)

    def submit(self, batch: Sequence[Submission]) -> Sequence[SubmitResult]:
        """Take, refuse or settle each; durable when it returns. Raises StoreUnavailable: then nothing was taken."""
        return self._submit.submit(batch)

    def deliver(self, recipient: PartyCode, parcels: Sequence[Parcel]) -> None:
        """Hand over what is due; afterwards the parcels may be acknowledged. Raises StoreUnavailable."""
        self._deliver.deliver(recipient, parcels)

    def collect(self, organisation: OrganisationId, after: int, limit: int) -> Sequence[ShelfItem]:
        """What waits on the shelf. Looking takes nothing away."""
        return self._collect.collect(organisation, after, limit)

    def acknowledge(self, organisation: OrganisationId, delivery_id: DeliveryId) -> SubmitResult:
        """The organisation has it."""
        return self._collect.acknowledge(organisation, delivery_id)

    def detail(self, organisation: OrganisationId, delivery_id: DeliveryId) -> WireMessage | Declined:
        """What an event pointed the organisation at. Raises StoreUnavailable, SignerUnavailable."""
        return self._detail.fetch(organisation, delivery_id)

    def soap_answer(self, status: int, soap_version: str, bare: bool) -> WireMessage:
        """The synchronous SPGInterchangeResponse, signed unless the caller's agreement wants it bare."""
        document, now = interchange_response(status), self._parts.clock()
        if bare:
            return WireMessage(wrap(document, soap_version), content_type(soap_version))
        order = SealOrder(document=document, kind="interchange-response", audience="", now=now, soap_version=soap_version)
        return self._parts.packagings["wss"].seal(order, self._parts.means.wss_signer)
