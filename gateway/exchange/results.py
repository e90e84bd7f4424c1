"""What the pipeline answers to a door, per submission.

What it is: three outcomes, closed. What it is not: HTTP or SOAP: the doors dress it.
"""

from dataclasses import dataclass

from adapters.contract import WireMessage
from schemas.faults import Fault
from schemas.identifiers import DeliveryId, MessageId, OrganisationId, PartyCode, SubmissionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Durable. The receipt is the sender's proof."""

    submission_id: SubmissionId
    message_ids: tuple[MessageId, ...]
    receipt: str
    """Compact JWS, byte for byte the first one where this is a duplicate."""
    duplicate: bool = False
    later_receipts: tuple[str, ...] = ()
    """For a duplicate: every later receipt so far, in order of making."""
    sender: PartyCode | None = None
    """Whose inbound agreement says how a door dresses the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Refused. With a signed negative receipt where the sender was authenticated, else without."""

    fault: Fault
    also: tuple[Fault, ...] = ()
    receipt: str | None = None
    submission_id: SubmissionId | None = None
    duplicate: bool = False
    proven: bool = True
    """False where the signature was not believed: then nothing of it is kept in the archive."""
    organisation: OrganisationId | None = None
    """Who proved to have sent it, where there is no receipt that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A partner's receipt or status notification was taken; nothing more is owed for it."""

    message_ids: tuple[MessageId, ...]
    repeated: bool = False
    """True where the same statement had been taken before."""
    sender: PartyCode | None = None
    """The party that made the statement; its inbound agreement says how a door dresses the answer."""


SubmitResult = Accepted | Declined | Settled


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """One message that waits in a mailbox, sealed for its recipient at this collection."""

    sequence: int
    """Of the delivery: the cursor of a mailbox."""
    delivery_id: DeliveryId
    message_id: MessageId | None
    recipient: PartyCode
    wire: WireMessage
