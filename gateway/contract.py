"""What the store and the clock owe the pipeline.

What it is: the ports that `gateway.store` keeps, proved by `tests/contract` on SQLite and PostgreSQL. What
it is not: SQL. `UnitOfWork` is the one writer of messages and audit; `Queries` reads; `Outbox`, `Leases`
and `Partners` are what workers and operators need besides.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.audit.chain import ChainHead, Checkpoint
from gateway.audit.events import AuditEvent, AuditRecord
from gateway.audit.integrity import IntegrityReport
from gateway.changes import Changes, Committed
from gateway.oversight.ports import Oversight, Watch
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.history import DirectoryChanges, ProfileVersion
from gateway.partners.party import Organisation, Party
from gateway.records import (
    Attempt,
    AwaitedId,
    CaseParties,
    CheckpointRecord,
    DeadLetter,
    DeadLetterState,
    Delivery,
    DeliveryState,
    DuplicateKey,
    KnownId,
    MessageRecord,
    OutboxEntry,
    ReceiptRecord,
    SubmissionRecord,
    Takeover,
)
from gateway.trust.keyring import KeyRecord
from schemas.identifiers import DeliveryId, KeyId, MessageId, OrganisationId, PartyCode, SubmissionId


class StoreUnavailable(Exception):
    """The store is not there or not writable now (locked, down, disk full). Retried."""


class Clock(Protocol):
    """Tells the time, UTC, aware."""

    def __call__(self) -> datetime: ...


class UnitOfWork(Protocol):
    """The one writer."""

    def commit(self, changes: Sequence[Changes]) -> Committed:
        """Write all of a batch in one transaction and link its events into the audit chain, under the lock
        of the chain's head; draw delivery sequences and outbox ids under the same lock. Items that are stale
        (a taken duplicate key, an outdated delivery version), and later items of their lane, are left out
        whole and named in the answer. Durable when it returns. Raises StoreUnavailable: then nothing is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """What an operator may search by. All given parts must match."""

    message_id: str | None = None
    sender_message_id: str | None = None
    control_reference: str | None = None
    case_lookup: str | None = None
    party: str | None = None
    type: str | None = None
    state: DeliveryState | None = None
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """What waits for one recipient, counted in the store."""

    recipient: PartyCode
    counts: Mapping[DeliveryState, int]
    oldest_unfinished: datetime | None


class Queries(Protocol):
    """Reads. Each answers for many at once; what does not exist is absent from the answer."""

    def submissions_by_key(self, keys: Sequence[DuplicateKey]) -> Mapping[DuplicateKey, SubmissionRecord]: ...

    def submissions(self, ids: Sequence[SubmissionId]) -> Mapping[SubmissionId, SubmissionRecord]: ...

    def messages(self, ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]: ...

    def messages_of(self, submission: SubmissionId) -> Sequence[MessageRecord]:
        """In order of reference."""

    def deliveries(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, Delivery]: ...

    def deliveries_by_sequence(self, sequences: Sequence[int]) -> Mapping[int, Delivery]: ...

    def deliveries_of_messages(self, ids: Sequence[MessageId]) -> Mapping[MessageId, Sequence[Delivery]]:
        """Of kind message, in order of sequence."""

    def deliveries_of_submissions(self, ids: Sequence[SubmissionId]) -> Mapping[SubmissionId, Sequence[Delivery]]:
        """Of kind message, in order of sequence."""

    def lanes(self, recipient: PartyCode, lanes: Sequence[str], states: frozenset[DeliveryState], limit_per_lane: int) -> Mapping[str, Sequence[Delivery]]:
        """The first deliveries of each lane that are in one of these states, in order of sequence."""

    def due(self, now: datetime, limit: int, without: Collection[PartyCode] = ()) -> Sequence[Delivery]:
        """Deliveries, to others than these, in state waiting, retrying or handed-over whose `next_attempt_at` has come and which have
        no earlier waiting, retrying or set-aside one in their lane; oldest first."""

    def shelf(self, recipients: Sequence[PartyCode], after: int, limit: int) -> Sequence[Delivery]:
        """Waiting deliveries of these parties, heads of their lanes first, in order of sequence."""

    def cases(self, lookups: Sequence[str]) -> Mapping[str, CaseParties]:
        """Who has to do with each case, named by its lookup. A case that nobody ever named is absent."""

    def takeovers(self, messages: Sequence[MessageId]) -> Mapping[MessageId, Takeover]:
        """Those of these messages that say that their sender takes a case over."""

    def known_ids(self, own_keys: Sequence[str]) -> Mapping[str, KnownId]:
        """Partners' own ids of which the record is known, by key."""

    def known_records(self, record_keys: Sequence[str]) -> Mapping[str, KnownId]:
        """Records of which a partner's own id is known, by key."""

    def awaited_ids(self, own_keys: Sequence[str]) -> Mapping[str, AwaitedId]:
        """Own ids of which the record is awaited, by key."""

    def awaited_of(self, messages: Sequence[MessageId]) -> Mapping[MessageId, AwaitedId]:
        """Own ids that these messages wait for."""

    def crosswalk(self, organisation: OrganisationId, after: str, limit: int) -> Sequence[KnownId]:
        """What is known of one organisation's ids, in order of key, after this key."""

    def awaiting(self, organisation: OrganisationId, after: str, limit: int) -> Sequence[AwaitedId]:
        """Own ids of one organisation of which the record is awaited, in order of key, after this key."""

    def attempts(self, delivery: DeliveryId) -> Sequence[Attempt]: ...

    def receipts_of_submission(self, submission: SubmissionId) -> Sequence[ReceiptRecord]:
        """Every receipt about it and its messages, in order of making."""

    def receipts_for(self, organisation: OrganisationId, after: int, limit: int) -> Sequence[tuple[int, ReceiptRecord]]:
        """Receipts that an organisation may collect, each with its cursor."""

    def find(self, wanted: MessageFilter, limit: int, after_message: MessageId | None = None) -> Sequence[MessageRecord]:
        """Newest first; the next page starts after `after_message`."""

    def queues(self) -> Sequence[QueueFigures]: ...

    def audit(self, after: int, limit: int) -> Sequence[AuditRecord]:
        """In order of the chain."""

    def audit_about(self, subjects: Sequence[str], limit: int = 1000) -> Sequence[AuditRecord]: ...


class Outbox(Protocol):
    """What is owed to the broker."""

    def pending(self, now: datetime, limit: int) -> Sequence[OutboxEntry]:
        """In order, without those put off until later."""

    def published(self, ids: Sequence[int], now: datetime) -> None:
        """Confirmed: forget them, and remember when the last confirm came."""

    def put_off(self, ids: Sequence[int], until: datetime) -> None: ...

    def enqueue(self, entries: Sequence[tuple[OutboxEntry, Delivery]], next_look: datetime) -> None:
        """Sweeper: owe these again, and name their deliveries in `due` not before `next_look`; skips a delivery that
        changed meanwhile. No audit event: nothing happened to the message."""

    def last_confirmed(self) -> datetime | None: ...

    def depth(self) -> int: ...


class Leases(Protocol):
    """One active holder of a name at a time, and tokens seen once."""

    def acquire(self, name: str, holder: str, now: datetime, seconds: float) -> bool:
        """Take or renew; False while another holds it."""

    def release(self, name: str, holder: str) -> None: ...

    def remember_token(self, organisation: OrganisationId, token_id: str, expires: datetime) -> bool:
        """False where it was seen before."""

    def forget_tokens(self, now: datetime) -> int: ...


class Partners(Protocol):
    """The directory as rows. Each write is audited in the same transaction."""

    def version(self) -> int: ...

    def directory(self) -> Directory: ...

    def put_organisation(self, organisation: Organisation, event: AuditEvent) -> None: ...

    def put_party(self, party: Party, event: AuditEvent) -> None: ...

    def put_agreement(self, agreement: Agreement, event: AuditEvent) -> None: ...

    def put_key(self, key: KeyRecord, event: AuditEvent) -> None: ...

    def revoke_key(self, key_id: KeyId, at: datetime, event: AuditEvent) -> None: ...

    def apply(self, changes: DirectoryChanges, version: int) -> bool:
        """Write all of it in one transaction; False, and nothing is written, where the directory is no longer of
        this version: whoever planned it has to look again."""

    def profiles(self, organisation: OrganisationId) -> Sequence[ProfileVersion]:
        """Every profile that was applied for it, oldest first."""

    def latest_profiles(self, organisations: Sequence[OrganisationId]) -> Mapping[OrganisationId, ProfileVersion]:
        """The newest of each; who never had one is absent."""


class Checkpoints(Protocol):
    """Signed heads of the audit chain: what a rewritten chain cannot agree with."""

    def head(self) -> ChainHead:
        """The end of the chain now: what the next checkpoint signs."""

    def put(self, jws: str, sequence: int, event: AuditEvent) -> None:
        """Keep a checkpoint of the record with this number; the first one where there is one already."""

    def latest(self) -> CheckpointRecord | None: ...

    def all(self) -> Sequence[CheckpointRecord]:
        """In order of the chain."""


class DeadLetters(Protocol):
    """What hit the broker's backstop. Each write is audited in the same transaction."""

    def put(self, letter: DeadLetter, event: AuditEvent) -> bool:
        """Keep it; False, and nothing is written, where one by this id is kept already."""

    def settle(self, letter_id: str, state: DeadLetterState, event: AuditEvent) -> None:
        """What came of it. Its body is erased, unless a person needs it."""

    def list(self, after: int, limit: int, state: DeadLetterState | None = None) -> Sequence[DeadLetter]:
        """In order of arrival, after this number; without bodies."""

    def get(self, letter_id: str) -> DeadLetter | None:
        """With its body, where that is kept."""


CheckpointReader = Callable[[str], Checkpoint | None]
"""Opens a checkpoint's JWS; None where its signature does not hold under a key of ours."""


class Store(Protocol):
    """All of it, over one database."""

    @property
    def unit_of_work(self) -> UnitOfWork: ...

    @property
    def queries(self) -> Queries: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def leases(self) -> Leases: ...

    @property
    def partners(self) -> Partners: ...

    @property
    def checkpoints(self) -> Checkpoints: ...

    @property
    def dead_letters(self) -> DeadLetters: ...

    @property
    def watch(self) -> Watch: ...

    @property
    def oversight(self) -> Oversight: ...

    def verify(self, read_checkpoint: CheckpointReader) -> IntegrityReport:
        """Check the whole chain with its checkpoints, and submissions, receipts and deliveries against it, as of
        one moment and in bounded memory."""

    def ready(self) -> bool:
        """True when a write would succeed now."""

    def close(self) -> None: ...
