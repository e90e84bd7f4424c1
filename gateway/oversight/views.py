"""What the store answers to those who watch: figures and rows, without anything that is sealed.

What it is: frozen types of `gateway.oversight.ports.Watch`. What it is not: records: nothing of this is written back.
Times are aware and UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.records import Delivery, DeliveryState, MessageRecord
from schemas.identifiers import DeliveryId, OrganisationId, PartyCode


class Measure(StrEnum):
    """What is counted by the hour. `party` is the sender for the first three, the recipient for the rest."""

    ACCEPTED = "accepted"
    """Messages, not submissions."""
    REFUSED = "refused"
    """Submissions refused at the door, and messages refused within an accepted one."""
    DUPLICATE = "duplicate"
    HANDED_OVER = "handed-over"
    DELAYED = "delayed"
    """Attempts that failed and will be made again."""
    DELIVERED = "delivered"
    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    REJECTED = "rejected"
    """Deliveries that the recipient refused, or that cannot be translated for it."""
    SET_ASIDE = "set-aside"
    RETRIED = "retried"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Tally:
    """How often, in one hour."""

    hour: datetime
    party: PartyCode
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
    last_at: datetime
    sample: DeliveryId


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which dead letters. What is None does not restrict."""

    fault: str | None = None
    recipient: PartyCode | None = None
    type: str | None = None
    assigned_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """One dead letter in a list."""

    delivery: Delivery
    type: str
    control_reference: str
    assigned_to: str = ""
    """Name of the operator; empty where nobody has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSearch:
    """What operators search by. All given parts must match; `since` always restricts."""

    since: datetime
    until: datetime | None = None
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
    """At least one delivery of the message is in one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message in a list, with its legs."""

    message: MessageRecord
    deliveries: tuple[Delivery, ...]


class ReceiptStanding(StrEnum):
    """How things stand with the last word of a recipient."""

    EXPECTED = "expected"
    """Handed over or delivered, and the recipient can still say more."""
    LATE = "late"
    """The same, for longer than its threshold."""
    NEGATIVE = "negative"
    """It said no: not applied, or refused."""
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFigures:
    """Receipts of one recipient."""

    party: PartyCode
    expected: int
    late: int
    negative: int
    """In the last seven days."""
    oldest_expected_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """One delivery whose last word is awaited, late or negative."""

    delivery: Delivery
    type: str
    control_reference: str
    since: datetime
    """When it was handed over or delivered, or when the negative word came."""


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
    """When a party was last heard and reached."""

    party: PartyCode
    last_accepted_at: datetime | None = None
    last_delivered_at: datetime | None = None
    last_failed_at: datetime | None = None
    failures_since_success: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """Which audit records. What is None does not restrict."""

    since: datetime | None = None
    until: datetime | None = None
    subject: str | None = None
    code: str | None = None
    """An event's code, or its beginning up to a dot: `delivery.`."""
    by: str | None = None
    """The operator's subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a whole look at the gateway needs, read in as few statements as there are kinds."""

    at: datetime
    queues: tuple[QueueView, ...]
    receipts: tuple[ReceiptFigures, ...]
    activity: tuple[Activity, ...]
    outbox_depth: int
    last_confirmed_at: datetime | None
    audit_sequence: int
    open_breakers: frozenset[OrganisationId] = field(default_factory=frozenset)
