"""Changes: what one item of a step wants written, woken and remembered, all or nothing.

What it is: the only thing that rules hand to the store. What it is not: a transaction: the store commits
the `Changes` of a whole batch in one, and hands back those that were stale.
"""

from dataclasses import dataclass

from gateway.audit.events import AuditEvent
from gateway.records import (
    Attempt,
    AwaitedId,
    Delivery,
    DuplicateKey,
    Interest,
    KnownId,
    MessageRecord,
    OutboxEntry,
    OwnId,
    ReceiptRecord,
    Responsibility,
    SubmissionRecord,
    Takeover,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything about one item. Nothing of it is written unless all of it is."""

    lane: str | None = None
    """When this item is stale, every later item of the same lane in the batch is handed back with it."""
    submission: SubmissionRecord | None = None
    """Takes its duplicate key too: stale when another submission holds the key. A key that only a refusal
    holds may be taken over by an accepted submission with other content."""
    supersedes: DuplicateKey | None = None
    """Set when the submission takes over the key of an earlier refusal."""
    messages: tuple[MessageRecord, ...] = ()
    new_deliveries: tuple[Delivery, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    """Updates; stale unless `version` is the stored one."""
    interests: tuple[Interest, ...] = ()
    """Known ones are left as they are."""
    takeovers: tuple[Takeover, ...] = ()
    responsibilities: tuple[Responsibility, ...] = ()
    """The newest by `since` stands, in whatever order they are written."""
    awaited_ids: tuple[AwaitedId, ...] = ()
    """Stale where the own id is known or awaited already."""
    known_ids: tuple[KnownId, ...] = ()
    """What is known stands: a second word changes nothing. Ends the waiting for it."""
    given_up_ids: tuple[OwnId, ...] = ()
    """No longer awaited."""
    attempts: tuple[Attempt, ...] = ()
    receipts: tuple[ReceiptRecord, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()
    events: tuple[AuditEvent, ...] = ()
    """No event, no write: a Changes without events is refused by the store as a bug."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a batch: the places of those items that were stale and not written."""

    stale: frozenset[int] = frozenset()
