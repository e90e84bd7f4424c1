"""Queries: every read of messages, deliveries, receipts and audit.

What it is: `gateway.contract.Queries`. What it is not: the search of operators (`finding`), nor locks: a
read never waits for a writer. Called by the pipeline, the doors and operations.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import BindParameter, Connection, Row, Select, and_, bindparam, exists, func, select

from gateway.audit.chain import microseconds
from gateway.audit.events import AuditRecord
from gateway.contract import MessageFilter, QueueFigures
from gateway.records import (
    Attempt,
    AwaitedId,
    CaseParties,
    Delivery,
    DeliveryKind,
    DeliveryState,
    DuplicateKey,
    KnownId,
    MessageRecord,
    ReceiptRecord,
    SubmissionRecord,
    Takeover,
)
from gateway.store.cases import read_cases, read_takeovers
from gateway.store.crosswalk import list_awaited, list_known, read_awaited, read_awaited_of, read_known, read_records
from gateway.store.engine import CHUNK, Database
from gateway.store.finding import find_messages
from gateway.store.rows import Value, key_digest, to_attempt, to_audit_record, to_delivery, to_message, to_receipt, to_submission, to_time
from gateway.store.tables import SWEPT, UNFINISHED, attempts, audit_records, deliveries, duplicate_keys, in_states, messages, receipts, submissions
from schemas.identifiers import DeliveryId, MessageId, OrganisationId, PartyCode, SubmissionId

Record = TypeVar("Record")
BLOCKING = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.SET_ASIDE)
"""An earlier delivery in one of these holds back the rest of its lane."""
OFF_THE_SHELF = (DeliveryState.RETRYING, DeliveryState.SET_ASIDE)
"""Unfinished, but not to be collected: nothing behind it may be collected either."""

_earlier = deliveries.alias("earlier")
_WANTED: BindParameter[Value] = bindparam("wanted", expanding=True)
_SUBMISSIONS = select(submissions).where(submissions.c.submission_id.in_(_WANTED))
_BY_KEY = (
    select(duplicate_keys.c.key_digest, submissions)
    .join(submissions, submissions.c.submission_id == duplicate_keys.c.submission_id)
    .where(duplicate_keys.c.key_digest.in_(_WANTED))
)
_MESSAGES = select(messages).where(messages.c.message_id.in_(_WANTED))
_MESSAGES_OF = select(messages).where(messages.c.submission_id == bindparam("submission")).order_by(messages.c.reference)
_DELIVERIES = select(deliveries).where(deliveries.c.delivery_id.in_(_WANTED))
_BY_SEQUENCE = select(deliveries).where(deliveries.c.sequence.in_(_WANTED))
_OF_KIND_MESSAGE = select(deliveries).where(deliveries.c.kind == DeliveryKind.MESSAGE.value).order_by(deliveries.c.sequence)
_OF_MESSAGES = _OF_KIND_MESSAGE.where(deliveries.c.message_id.in_(_WANTED))
_OF_SUBMISSIONS = _OF_KIND_MESSAGE.where(deliveries.c.submission_id.in_(_WANTED))
_DUE = (
    select(deliveries)
    .where(
        in_states(deliveries.c.state, SWEPT),
        deliveries.c.look_at <= bindparam("now"),
        ~exists().where(
            _earlier.c.recipient == deliveries.c.recipient,
            _earlier.c.lane == deliveries.c.lane,
            _earlier.c.sequence < deliveries.c.sequence,
            in_states(_earlier.c.state, BLOCKING),
        ),
    )
    .order_by(deliveries.c.look_at, deliveries.c.sequence)
    .limit(bindparam("at_most"))
)
_DUE_BUT_FOR = _DUE.where(deliveries.c.recipient.not_in(bindparam("without", expanding=True)))
_SHELF = (
    select(deliveries)
    .where(
        deliveries.c.recipient.in_(bindparam("recipients", expanding=True)),
        in_states(deliveries.c.state, (DeliveryState.WAITING,)),
        in_states(deliveries.c.state, UNFINISHED),
        deliveries.c.sequence > bindparam("after"),
        ~exists().where(
            _earlier.c.recipient == deliveries.c.recipient,
            _earlier.c.lane == deliveries.c.lane,
            _earlier.c.sequence < deliveries.c.sequence,
            in_states(_earlier.c.state, OFF_THE_SHELF),
        ),
    )
    .order_by(deliveries.c.sequence)
    .limit(bindparam("at_most"))
)
_ATTEMPTS = select(attempts).where(attempts.c.delivery_id == bindparam("delivery")).order_by(attempts.c.attempt_id)
_RECEIPTS_OF = select(receipts).where(receipts.c.submission_id == bindparam("submission")).order_by(receipts.c.receipt_number)
_RECEIPTS_FOR = (
    select(receipts)
    .where(receipts.c.organisation == bindparam("audience"), receipts.c.receipt_number > bindparam("after"))
    .order_by(receipts.c.receipt_number)
    .limit(bindparam("at_most"))
)
_QUEUES = (
    select(deliveries.c.recipient, deliveries.c.state, func.count().label("waiting"), func.min(deliveries.c.created_at).label("oldest"))
    .where(in_states(deliveries.c.state, UNFINISHED))
    .group_by(deliveries.c.recipient, deliveries.c.state)
    .order_by(deliveries.c.recipient)
)
_AUDIT = select(audit_records).where(audit_records.c.sequence > bindparam("after")).order_by(audit_records.c.sequence).limit(bindparam("at_most"))
_AUDIT_ABOUT = select(audit_records).where(audit_records.c.subject.in_(_WANTED)).order_by(audit_records.c.sequence).limit(bindparam("at_most"))


class SqlQueries:
    """Keeps `gateway.contract.Queries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submissions_by_key(self, keys: Sequence[DuplicateKey]) -> Mapping[DuplicateKey, SubmissionRecord]:
        """The submission that holds each key now."""
        digests = {key_digest(key): key for key in keys}
        with self._database.reading() as connection:
            return {digests[row.key_digest]: to_submission(row) for row in _each(connection, _BY_KEY, digests)}

    def submissions(self, ids: Sequence[SubmissionId]) -> Mapping[SubmissionId, SubmissionRecord]:
        """By id."""
        return {record.submission_id: record for record in self._all(_SUBMISSIONS, ids, to_submission)}

    def messages(self, ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]:
        """By id."""
        return {record.message_id: record for record in self._all(_MESSAGES, ids, to_message)}

    def messages_of(self, submission: SubmissionId) -> Sequence[MessageRecord]:
        """In order of reference."""
        with self._database.reading() as connection:
            return [to_message(row) for row in connection.execute(_MESSAGES_OF, {"submission": submission})]

    def deliveries(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, Delivery]:
        """By id."""
        return {record.delivery_id: record for record in self._all(_DELIVERIES, ids, to_delivery)}

    def deliveries_by_sequence(self, sequences: Sequence[int]) -> Mapping[int, Delivery]:
        """By the number that was drawn for them."""
        return {record.sequence: record for record in self._all(_BY_SEQUENCE, sequences, to_delivery)}

    def deliveries_of_messages(self, ids: Sequence[MessageId]) -> Mapping[MessageId, Sequence[Delivery]]:
        """Of kind message, in order of sequence."""
        found: dict[MessageId, list[Delivery]] = defaultdict(list)
        for record in self._all(_OF_MESSAGES, ids, to_delivery):
            if record.message_id is not None:
                found[record.message_id].append(record)
        return dict(found)

    def deliveries_of_submissions(self, ids: Sequence[SubmissionId]) -> Mapping[SubmissionId, Sequence[Delivery]]:
        """Of kind message, in order of sequence."""
        found: dict[SubmissionId, list[Delivery]] = defaultdict(list)
        for record in self._all(_OF_SUBMISSIONS, ids, to_delivery):
            found[record.submission_id].append(record)
        return dict(found)

    def lanes(self, recipient: PartyCode, lanes: Sequence[str], states: frozenset[DeliveryState], limit_per_lane: int) -> Mapping[str, Sequence[Delivery]]:
        """The first deliveries of each lane that are in one of these states, in order of sequence."""
        found: dict[str, list[Delivery]] = defaultdict(list)
        statement = _first_of_lanes(states)
        with self._database.reading() as connection:
            for row in _each(connection, statement, lanes, recipient=recipient, per_lane=limit_per_lane):
                found[row.lane].append(to_delivery(row))
        return dict(found)

    def due(self, now: datetime, limit: int, without: Collection[PartyCode] = ()) -> Sequence[Delivery]:
        """Longest overdue first. A delivery without `next_attempt_at` is never due: it waits for an event, not for a clock."""
        with self._database.reading() as connection:
            wanted = {"now": microseconds(now), "at_most": limit}
            rows = connection.execute(_DUE_BUT_FOR, {**wanted, "without": sorted(without)}) if without else connection.execute(_DUE, wanted)
            return [to_delivery(row) for row in rows]

    def shelf(self, recipients: Sequence[PartyCode], after: int, limit: int) -> Sequence[Delivery]:
        """In order of sequence, so that the head of a lane comes before the rest of it. What stands behind a
        retrying or set-aside one of its lane is left out."""
        with self._database.reading() as connection:
            return [to_delivery(row) for row in connection.execute(_SHELF, {"recipients": list(recipients), "after": after, "at_most": limit})]

    def cases(self, lookups: Sequence[str]) -> Mapping[str, CaseParties]:
        """Who has to do with each."""
        with self._database.reading() as connection:
            return read_cases(connection, lookups)

    def takeovers(self, messages: Sequence[MessageId]) -> Mapping[MessageId, Takeover]:
        """Those of these messages that say that their sender takes a case over."""
        with self._database.reading() as connection:
            return read_takeovers(connection, messages)

    def known_ids(self, own_keys: Sequence[str]) -> Mapping[str, KnownId]:
        """Own ids of which the record is known, by key."""
        with self._database.reading() as connection:
            return read_known(connection, own_keys)

    def known_records(self, record_keys: Sequence[str]) -> Mapping[str, KnownId]:
        """Records of which the own id is known, by key."""
        with self._database.reading() as connection:
            return read_records(connection, record_keys)

    def awaited_ids(self, own_keys: Sequence[str]) -> Mapping[str, AwaitedId]:
        """Own ids of which the record is awaited, by key."""
        with self._database.reading() as connection:
            return read_awaited(connection, own_keys)

    def awaited_of(self, messages: Sequence[MessageId]) -> Mapping[MessageId, AwaitedId]:
        """What these messages wait for."""
        with self._database.reading() as connection:
            return read_awaited_of(connection, messages)

    def crosswalk(self, organisation: OrganisationId, after: str, limit: int) -> Sequence[KnownId]:
        """Of one organisation, in order of key."""
        with self._database.reading() as connection:
            return list_known(connection, organisation, after, limit)

    def awaiting(self, organisation: OrganisationId, after: str, limit: int) -> Sequence[AwaitedId]:
        """Of one organisation, in order of key."""
        with self._database.reading() as connection:
            return list_awaited(connection, organisation, after, limit)

    def attempts(self, delivery: DeliveryId) -> Sequence[Attempt]:
        """In order of writing."""
        with self._database.reading() as connection:
            return [to_attempt(row) for row in connection.execute(_ATTEMPTS, {"delivery": delivery})]

    def receipts_of_submission(self, submission: SubmissionId) -> Sequence[ReceiptRecord]:
        """Every receipt about it and its messages, in order of making."""
        with self._database.reading() as connection:
            return [to_receipt(row) for row in connection.execute(_RECEIPTS_OF, {"submission": submission})]

    def receipts_for(self, organisation: OrganisationId, after: int, limit: int) -> Sequence[tuple[int, ReceiptRecord]]:
        """Receipts that an organisation may collect, each with its cursor."""
        with self._database.reading() as connection:
            rows = connection.execute(_RECEIPTS_FOR, {"audience": organisation, "after": after, "at_most": limit})
            return [(row.receipt_number, to_receipt(row)) for row in rows]

    def find(self, wanted: MessageFilter, limit: int, after_message: MessageId | None = None) -> Sequence[MessageRecord]:
        """Newest first; the next page starts after `after_message`."""
        with self._database.reading() as connection:
            return find_messages(connection, wanted, limit, after_message)

    def queues(self) -> Sequence[QueueFigures]:
        """Unfinished deliveries per recipient; finished ones are history, and are not counted."""
        counts: dict[str, dict[DeliveryState, int]] = defaultdict(dict)
        oldest: dict[str, int] = {}
        with self._database.reading() as connection:
            for row in connection.execute(_QUEUES):
                counts[row.recipient][DeliveryState(row.state)] = row.waiting
                oldest[row.recipient] = min(row.oldest, oldest.get(row.recipient, row.oldest))
        return [QueueFigures(PartyCode(recipient), states, to_time(oldest[recipient])) for recipient, states in counts.items()]

    def audit(self, after: int, limit: int) -> Sequence[AuditRecord]:
        """In order of the chain."""
        with self._database.reading() as connection:
            return [to_audit_record(row) for row in connection.execute(_AUDIT, {"after": after, "at_most": limit})]

    def audit_about(self, subjects: Sequence[str], limit: int = 1000) -> Sequence[AuditRecord]:
        """In order of the chain."""
        with self._database.reading() as connection:
            rows = list(_each(connection, _AUDIT_ABOUT, subjects, at_most=limit))
        return sorted(map(to_audit_record, rows), key=lambda record: record.sequence)[:limit]

    def _all(
        self, statement: Select[tuple[Value, ...]], wanted: Iterable[str] | Iterable[int], make: Callable[[Row[tuple[Value, ...]]], Record]
    ) -> list[Record]:
        with self._database.reading() as connection:
            return [make(row) for row in _each(connection, statement, wanted)]


def _each(
    connection: Connection, statement: Select[tuple[Value, ...]], wanted: Iterable[str] | Iterable[int], **parameters: str | int
) -> Iterator[Row[tuple[Value, ...]]]:
    """The rows for all of `wanted`, each asked for once, in IN lists of bounded length."""
    values = list(dict.fromkeys(wanted))
    for start in range(0, len(values), CHUNK):
        yield from connection.execute(statement, parameters | {"wanted": values[start : start + CHUNK]})


def _first_of_lanes(states: frozenset[DeliveryState]) -> Select[tuple[Value, ...]]:
    # Ranked inside the index (recipient, lane, state, sequence); only the winners' rows are fetched, by
    # sequence: a lane that waits for days is long, and its documents are large.
    rank = func.row_number().over(partition_by=deliveries.c.lane, order_by=deliveries.c.sequence).label("place")
    ranked = (
        select(deliveries.c.sequence, rank)
        .where(deliveries.c.recipient == bindparam("recipient"), deliveries.c.lane.in_(_WANTED), in_states(deliveries.c.state, sorted(states)))
        .subquery("ranked")
    )
    return (
        select(deliveries)
        .join(ranked, and_(ranked.c.sequence == deliveries.c.sequence, ranked.c.place <= bindparam("per_lane")))
        .order_by(deliveries.c.lane, deliveries.c.sequence)
    )
