"""Agreements: per party and direction, what was agreed (CPA, P-Mode).

What it is: data, one of each axis: dialect, packaging, channel with delivery mode. What it is not: code:
adding a partner with a known dialect and channel is rows only.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.partners.filters import ContentFilter
from gateway.partners.hours import WorkingHours
from gateway.partners.watching import Thresholds
from gateway.trust.policy import STRICT, SecurityPolicy
from schemas.identifiers import PartyCode


class Direction(StrEnum):
    """As the gateway sees it."""

    INBOUND = "inbound"
    """The party sends, we receive."""
    OUTBOUND = "outbound"
    """We send, the party receives."""


class DeliveryMode(StrEnum):
    """Who moves."""

    PUSH = "push"
    """We call its endpoint."""
    QUEUE = "queue"
    """It consumes its own queue in our broker."""
    SHELF = "shelf"
    """It collects from its mailbox here."""
    DROP = "drop"
    """We leave files for it in a folder that it takes them from."""


UNSEEN = frozenset({DeliveryMode.QUEUE, DeliveryMode.DROP})
"""Nobody sees the recipient take what lies there: only its own signed word settles a delivery."""


CARRY_OWN_IDS = frozenset({"canonical", "caseflow", "flatfile", "domain-events"})
"""Dialects in code in which a partner's own id of a record can be said; of domain events, in the details and in receipts.
A described one can where its mapping has a place for it."""


class LastStage(StrEnum):
    """The last stage that the recipient's system can reach."""

    DELIVERED = "delivered"
    APPLIED = "applied"


class OrderUntil(StrEnum):
    """When the next message of a case may go."""

    HANDED_OVER = "handed-over"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When to try again: exponential, bounded, with a number of attempts after which a person is told."""

    first_seconds: float = 5.0
    factor: float = 2.0
    longest_seconds: float = 900.0
    attempts: int = 400
    """After these the delivery is set aside, never dropped. With the defaults about four days."""
    resend_seconds: float = 900.0
    """Queue and drop: how long to wait for the recipient's receipt before handing over again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was agreed with one party for one direction."""

    party: PartyCode
    direction: Direction
    dialect: str
    version: str
    packaging: str
    """`jws`, `detached` or `wss`."""
    policy: SecurityPolicy = STRICT
    mode: DeliveryMode = DeliveryMode.PUSH
    endpoint: str | None = None
    receipt_endpoint: str | None = None
    """Push mode, JSON: where later-stage receipts are posted; None: the sender asks for them."""
    receipt_stages: frozenset[str] = frozenset({"delivered", "applied", "not-applied", "discarded"})
    """Later stages that the sender wants to be told of."""
    bundle_receipts: bool = False
    """Queue mode: receipts that are ready together may come in one AMQP message, a line each."""
    bare_response: bool = False
    """SPG: the caller expects the synchronous SPGInterchangeResponse without a signature."""
    last_stage: LastStage = LastStage.APPLIED
    order: OrderUntil = OrderUntil.HANDED_OVER
    types: frozenset[str] | None = None
    """Message types agreed; None for all that exist."""
    test_allowed: bool = True
    absorb: bool = False
    """Inbound: the sender is disabled. What it sends is verified and archived, refused with a receipt that says so,
    and delivered to nobody."""
    broadcast_types: frozenset[str] = frozenset()
    """Inbound: messages of these types that name nobody go to everybody with an interest, and not only to whoever is
    responsible."""
    broadcast_reference_data: bool = True
    """Outbound: it is among those that reference data is broadcast to."""
    broadcast_offender_data: bool = True
    """Outbound: it is among those that a case's data is broadcast to, where it has an interest in the case."""
    filters: ContentFilter = field(default_factory=ContentFilter)
    """Outbound: which messages it takes, by type, action and codes."""
    own_ids: bool = False
    """Its system knows records by ids of its own: inbound it may name them so, outbound we do."""
    metadata_updates: bool = True
    """Outbound: it takes messages about documents in the document store. There are none among the message types yet:
    it is kept and shown, and steers nothing until there are."""
    working_hours: WorkingHours | None = None
    """Outbound: outside them a system that is down is tried at the longest interval, and at once when they begin."""
    partial: bool = False
    """Inbound: take the good messages of an interchange although others are refused. By default the whole is
    refused: a sender that cannot read entries per message would believe that all were taken, and a later
    message of a case may rest on an earlier one that was not."""
    message_statuses: bool = False
    """Outbound, SPG: a status notification has an entry per message besides the worst code of them all."""
    reduced_deletes: bool = False
    """Outbound, SPG: a delete goes out as its key alone."""
    detail_dialect: str | None = None
    """Outbound, for dialects that only point at a message: the language that it is fetched in."""
    name_case: bool = True
    """Outbound, for the same: what points at a message names its case (the CRN) too."""
    max_messages: int = 10_000
    """Inbound: messages in one interchange; the dialects read no more than this whatever is agreed."""
    max_bytes: int = 20 * 1024 * 1024
    max_age_seconds: int = 7 * 24 * 3600
    """Oldest message still accepted; longer than any outage that it must survive."""
    timeout_seconds: float = 30.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    thresholds: Thresholds = field(default_factory=Thresholds)
    """Outbound: from when on a person is told."""
    breaker_failures: int = 5
    """Consecutive failed attempts after which the endpoint is left alone for a while."""
    breaker_seconds: float = 30.0
    soap_version: str = "1.2"
