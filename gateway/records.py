"""What the store keeps, as frozen types without rules.

What it is: rows in the words of the architecture. What it is not: SQL (`gateway.store`), nor the rules
that change them (`gateway.exchange`). Times are aware and UTC. Digests are `schemas.identifiers.Digest`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.identifiers import DeliveryId, Digest, MessageId, OrganisationId, PartyCode, SubmissionId


@dataclass(frozen=True, slots=True)
class Sealed:
    """Bytes at rest: AES-256-GCM under a key of their own, which is wrapped by a named key."""

    key_name: str
    wrapped_key: bytes
    ciphertext: bytes
    """Nonce (12 bytes), ciphertext, tag (16 bytes)."""


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    """What makes two submissions the same: SPG (sender, receiver, control reference); JSON (sender, id)."""

    scheme: str
    sender: PartyCode
    receiver: str
    """Empty for JSON."""
    reference: str


class Verdict(StrEnum):
    """What became of a submission as a whole."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRecord:
    """One authenticated thing handed in, accepted or refused."""

    submission_id: SubmissionId
    organisation: OrganisationId
    sender: PartyCode
    channel: str
    packaging: str
    content_type: str
    key: DuplicateKey
    content_digest: Digest
    control_reference: str
    verdict: Verdict
    fault: str | None
    """Fault code of a refusal."""
    received_at: datetime
    archive: Sealed
    """The bytes exactly as received."""
    receipt: str
    """Our acceptance or refusal receipt, a compact JWS, byte for byte as the sender got it."""
    receipt_digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """One business message of a submission."""

    message_id: MessageId
    submission_id: SubmissionId
    reference: int
    sender: PartyCode
    sender_message_id: str
    type: str
    action: str
    version: str
    control_reference: str
    case_lookup: str | None
    """HMAC of the CRN, hexadecimal."""
    in_reply_to: str | None
    test: bool
    prepared_at: datetime
    accepted_at: datetime
    canonical: Sealed
    """`schemas.catalogue.dump` of the Message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """A party has to do with a case: it is among those that a broadcast about the case goes to."""

    case_lookup: str
    party: PartyCode
    since: datetime
    why: str
    """`sent`, `received` or `responsible`."""
    message_id: MessageId
    """The first message that made it so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility:
    """Who was last told to be responsible for a case."""

    case_lookup: str
    party: PartyCode
    since: datetime
    """When the message that says so was accepted; an older one changes nothing."""
    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """A message in which a party says that it takes a case over, until its recipient has agreed."""

    message_id: MessageId
    case_lookup: str
    party: PartyCode
    """Who takes over: the sender."""
    giver: PartyCode
    """Who gives it away, as the message says."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnId:
    """What one organisation's system calls a record."""

    organisation: OrganisationId
    kind: str
    own_id: str

    @property
    def key(self) -> str:
        """One text; neither an organisation's id nor a kind holds a slash."""
        return f"{self.organisation}/{self.kind}/{self.own_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownId:
    """Which record of nDelius an own id stands for. Once known it never changes."""

    own: OwnId
    record_id: str
    since: datetime
    source: str
    """The message that it was learned from, or the operator."""

    @property
    def record_key(self) -> str:
        """The other side, as one text."""
        return f"{self.own.organisation}/{self.own.kind}/{self.record_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedId:
    """An insert that named its record by an own id, until its recipient says which number the record got."""

    own: OwnId
    message_id: MessageId
    case_lookup: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class CaseParties:
    """Who has to do with a case, as far as this gateway was told."""

    responsible: PartyCode | None = None
    interested: frozenset[PartyCode] = frozenset()


class DeliveryKind(StrEnum):
    """What a delivery carries."""

    MESSAGE = "message"
    NOTICE = "notice"
    """A receipt or InterchangeStatusNotification on its way back to the sender's endpoint."""


class DeliveryState(StrEnum):
    """Where a delivery stands. Which state may follow which: the table in `gateway.exchange.delivery`."""

    WAITING = "waiting"
    """Accepted; nothing handed over yet, or waiting for its turn in its lane."""
    RETRYING = "retrying"
    """At least one attempt failed; `next_attempt_at` says when the next is."""
    HANDED_OVER = "handed-over"
    """Published for the recipient; only its own receipt can say more."""
    DELIVERED = "delivered"
    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    REFUSED = "refused"
    SET_ASIDE = "set-aside"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One leg to one recipient: message x recipient."""

    delivery_id: DeliveryId
    kind: DeliveryKind
    message_id: MessageId | None
    """None for a notice about a whole submission."""
    submission_id: SubmissionId
    sender: PartyCode
    recipient: PartyCode
    lane: str
    """Order is kept within one recipient and lane. Opaque: never a CRN."""
    sequence: int = 0
    """Drawn by the store at commit, in order of acceptance; 0 until then. Also our control reference."""
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    failures: int = 0
    """Bugs met while working on it: a few make it poison."""
    next_attempt_at: datetime | None = None
    document: Sealed | None = None
    sent_digest: Digest | None = None
    """Content digest of the document: the same at every attempt, for ever."""
    left_out: str = "[]"
    """JSON array of {pointer, reason}."""
    fixed_for: str | None = None
    """Organisation, dialect and packaging that the document was fixed for; None for one of before this was kept."""
    last_receipt: Digest | None = None
    """Digest of the last receipt of this delivery: the `previous` of the next one."""
    fault: str | None = None
    fault_detail: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1
    """Optimistic lock: an update names the version that it read; the store writes version + 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to hand over."""

    delivery_id: DeliveryId
    number: int
    at: datetime
    outcome: str
    """`handed-over`, `delivered`, `try-later`, `refused`, `error`."""
    fault: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRecord:
    """A receipt as it was signed."""

    digest: Digest
    submission_id: SubmissionId
    message_id: MessageId | None
    delivery_id: DeliveryId | None
    organisation: OrganisationId
    """Audience: whose receipt it is to collect."""
    stage: str
    jws: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One publication owed to the broker (transactional outbox, EIP Guaranteed Delivery)."""

    vhost: str
    exchange: str
    routing_key: str
    body: bytes
    message_id: str
    content_type: str
    outbox_id: int = 0
    """Drawn by the store at commit; ascending in commit order."""


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """A signed head of the audit chain."""

    sequence: int
    """The record that was the last when it was signed."""
    jws: str
    """Compact JWS, typ `checkpoint+jws`; its claims: `gateway.audit.chain.Checkpoint`."""


class DeadLetterState(StrEnum):
    """What became of something that the broker gave up on."""

    STORED = "stored"
    """Kept, and being handed in once more."""
    IN_STORE = "in-store"
    """The gateway's own work: the store has it, and goes on by itself."""
    TAKEN = "taken"
    """Handed in once more and taken: it had been innocent."""
    DECLINED = "declined"
    """Handed in once more and refused, as it would have been at first."""
    NEEDS_A_PERSON = "needs-a-person"
    """It met a mistake of ours again, or nobody can say whose it was. Its body stays, sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that hit the broker's backstop (EIP Dead Letter Channel)."""

    letter_id: str
    """Made from the death itself, so that a letter that comes twice is one."""
    vhost: str
    """Logical name."""
    queue: str
    """Where it died; empty where the broker does not say."""
    reason: str
    """The broker's word: `rejected`, `delivery_limit`."""
    message_id: str
    content_type: str
    size: int
    digest: Digest
    at: datetime
    state: DeadLetterState
    body: Sealed | None = None
    """Only while it may still be needed."""
    number: int = 0
    """Drawn by the store, in order of arrival."""
