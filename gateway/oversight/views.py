"""What the store answers to those who watch: figures and rows, without anything that is sealed.

What it is: frozen types of `gateway.oversight.ports.Watch`. What it is not: records: nothing of this is written back.
Times are aware and UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.records import Delivery, DeliveryState, MessageRecord
from schemas.identifiers import DeliveryId, OrganisationId, PartyCode, SubmissionId


class Measure(StrEnum):
    """What is counted by the hour. `party` is the sender for the first three, the recipient for the rest."""

    ACCEPTED = "accepted"
    """Messages, not submissions."""
    REFUSED = "refused"
    """Submissions refused at the door, and messages refused within an accepted one."""
    DUPLICATE = "duplicate"
    HANDED_OVER = "handed-over"
    DELAYED = "delayed"
    """Attempts that failed and will be made again; an open breaker makes none."""
    REACHED = "reached"
    """Deliveries whose recipient has the message, each once, whatever it said first: delivered, applied or not applied."""
    DELIVERED = "delivered"
    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    REJECTED = "rejected"
    """Deliveries that the recipient refused, or that cannot be translated for it."""
    SET_ASIDE = "set-aside"
    RETRIED = "retried"
    """By a person."""
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Tally:
    """How often, in one hour."""

    hour: datetime
    party: PartyCode
    """Empty where a refusal names no party: its signature proved nothing."""
    measure: Measure
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """What is unfinished for one recipient. Parties without anything unfinished are absent."""

    recipient: PartyCode
    counts: Mapping[DeliveryState, int]
    """Of waiting, retrying, handed-over, set-aside and refused."""
    oldest_at: datetime | None
    """When the oldest that is waiting, retrying or handed over was made."""
    next_attempt_at: datetime | None
    """The earliest planned attempt of one that is retrying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterGroup:
    """Dead letters of one cause: deliveries refused or set aside."""

    fault: str
    """Fault code; empty where none is known."""
    recipient: PartyCode
    type: str
    """Message type; empty for a notice."""
    count: int
    first_at: datetime
    """When the one that was left alone longest was refused or set aside."""
    last_at: datetime
    sample: DeliveryId
    """The oldest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which dead letters. What is None does not restrict; what is empty asks for those without."""

    fault: str | None = None
    recipient: PartyCode | None = None
    type: str | None = None
    assigned_to: str | None = None
    """The operator's subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """One delivery in a list: a dead letter, or an item of a queue."""

    delivery: Delivery
    """Without its document."""
    type: str
    """Message type; empty for a notice."""
    control_reference: str
    """The sender's; of a notice, that of the submission that it answers."""
    assigned_to: str = ""
    """Name of the operator; empty where nobody has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSearch:
    """What operators search by. All given parts must match; `since` always restricts."""

    since: datetime
    """Accepted at this time or later."""
    until: datetime | None = None
    """Accepted before this time."""
    message_id: str | None = None
    sender_message_id: str | None = None
    control_reference: str | None = None
    case_lookup: str | None = None
    sender: PartyCode | None = None
    recipient: PartyCode | None = None
    party: PartyCode | None = None
    """Sender or recipient."""
    type: str | None = None
    states: frozenset[DeliveryState] = frozenset()
    """At least one delivery of the message is in one of these: that to the recipient, where one is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message in a list, with its legs. Nothing sealed is read for it."""

    message: MessageRecord
    """Its `canonical` is empty here."""
    deliveries: tuple[Delivery, ...]
    """Without documents; in order of sequence. Of a status notification: the notice that carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A submission that was refused at the door: nothing of it became a message."""

    submission_id: SubmissionId
    organisation: OrganisationId
    sender: PartyCode
    control_reference: str
    fault: str
    received_at: datetime


class ReceiptStanding(StrEnum):
    """How things stand with the last word of a recipient."""

    EXPECTED = "expected"
    """Handed over or delivered, and the recipient can still say more."""
    LATE = "late"
    """The same, for longer than its threshold."""
    NEGATIVE = "negative"
    """It said no: not applied, or refused."""
    POSITIVE = "positive"
    """Nothing more can come, and it is good. Never listed: the search by state finds these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTerms:
    """What is asked about the receipts of one recipient."""

    party: PartyCode
    applies: bool
    """True where its last word is `applied`; False where `delivered` is the last that it can say."""
    late_before: datetime
    """What is expected and last changed before this is late."""
    negative_since: datetime
    """Deliveries made since this are looked through for a no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFigures:
    """Receipts of one recipient."""

    party: PartyCode
    expected: int
    late: int
    negative: int
    """Made since the time that was asked for, and refused or not applied by now."""
    oldest_expected_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """One delivery whose last word is awaited, late or negative."""

    delivery: Delivery
    type: str
    control_reference: str
    since: datetime
    """When it last changed: was handed over or delivered, or when the negative word came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One try to hand over, with what it was for."""

    delivery_id: DeliveryId
    message_id: str
    recipient: PartyCode
    number: int
    at: datetime
    outcome: str
    fault: str
    detail: str
    next_attempt_at: datetime | None
    """Of the delivery, as it stands now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """When a party was last heard and reached, as far as the chain is counted."""

    party: PartyCode
    last_accepted_at: datetime | None = None
    last_delivered_at: datetime | None = None
    """Its system had a message, or said what became of one."""
    last_failed_at: datetime | None = None
    """An attempt failed, or the last one did."""
    failures_since_success: int = 0
    """A success is also that its queue took something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """Which audit records. What is None does not restrict."""

    since: datetime | None = None
    until: datetime | None = None
    """Before this time."""
    subject: str | None = None
    code: str | None = None
    """An event's code, or its beginning up to a dot: `delivery.`."""
    by: str | None = None
    """The operator's subject."""
