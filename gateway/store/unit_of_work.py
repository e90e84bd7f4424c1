"""The unit of work: the one writer of messages and audit.

What it is: `gateway.contract.UnitOfWork`. A whole batch goes into one transaction under the lock of the
chain's head: find what is stale, leave it out, write the rest kind by kind, draw numbers, link the events.
What it is not: a judge: it compares keys and versions and nothing else. Called by the pipeline and operations.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.exc import DBAPIError

from gateway.changes import Changes, Committed
from gateway.records import Delivery, DuplicateKey, SubmissionRecord, Verdict
from gateway.store.bulk import insert_rows, update_versions
from gateway.store.cases import write_cases
from gateway.store.crosswalk import read_awaited, read_known, write_crosswalk
from gateway.store.engine import CHUNK, Database, translated
from gateway.store.head import Head, digest_at, lock_head
from gateway.store.rows import (
    Values,
    attempt_values,
    delivery_document,
    delivery_progress,
    delivery_values,
    key_digest,
    message_values,
    outbox_values,
    receipt_values,
    submission_values,
)
from gateway.store.tables import attempts, deliveries, duplicate_keys, messages, outbox, receipts, submissions

_HOLDERS = select(duplicate_keys).where(duplicate_keys.c.key_digest.in_(bindparam("wanted", expanding=True)))
_VERSIONS = select(deliveries.c.delivery_id, deliveries.c.version, deliveries.c.document_wrapped).where(
    deliveries.c.delivery_id.in_(bindparam("wanted", expanding=True))
)
Written = Callable[[Sequence[Changes], datetime, datetime], None]
"""Told what became durable, when its commit began, and when it ended."""
_RELEASE = delete(duplicate_keys).where(duplicate_keys.c.key_digest == bindparam("of_key"))


def nobody(_written: Sequence[Changes], _began: datetime, _ended: datetime) -> None:
    """Nobody is told."""


class SqlUnitOfWork:
    """Keeps `gateway.contract.UnitOfWork`."""

    def __init__(self, database: Database, written: Written = nobody) -> None:
        self._database, self._written = database, written

    def commit(self, changes: Sequence[Changes]) -> Committed:
        """See the port. Raises ValueError for changes that no correct rule makes."""
        for item in changes:
            _check(item)
        if not changes:
            return Committed()
        began = datetime.now(UTC)
        with translated(), self._database.connect() as connection:
            transaction = connection.begin()
            head = lock_head(connection)
            fresh, stale = _divide(changes, _load_facts(connection, changes))
            if not fresh:
                transaction.rollback()
                return Committed(stale)
            _write(connection, head, fresh)
            try:
                transaction.commit()
            except DBAPIError:
                # The answer to COMMIT may have been lost, not the commit: the chain knows.
                if not self._holds(head):
                    raise
        self._database.tell(record.event for record in head.records)
        self._written(fresh.items, began, datetime.now(UTC))
        return Committed(stale)

    def _holds(self, head: Head) -> bool:
        """True where our last record became durable after all. Waits for the head, and so for our own end."""
        with self._database.connect() as connection, connection.begin():
            lock_head(connection)
            return digest_at(connection, head.chain.sequence) == head.chain.digest


def _check(item: Changes) -> None:
    ids = [delivery.delivery_id for delivery in item.deliveries]
    if len(ids) != len(set(ids)):
        raise ValueError("one item updates a delivery twice")
    if item.supersedes is not None and (item.submission is None or item.submission.key != item.supersedes):
        raise ValueError("an item supersedes a key that its submission does not take")
    if not item.events and item != Changes(lane=item.lane):
        raise ValueError("changes without an audit event")


@dataclass(slots=True)
class _Facts:
    """What the database says about a batch, kept up to date with the items before the one in hand."""

    keys: dict[DuplicateKey, str] = field(default_factory=dict)
    """The digest of each key that the batch wants."""
    verdicts: dict[str, str] = field(default_factory=dict)
    """Of the submission that holds a key, by the key's digest."""
    versions: dict[str, int] = field(default_factory=dict)
    own_ids: set[str] = field(default_factory=set)
    """Keys of own ids that are known or awaited."""
    documents: dict[str, bytes | None] = field(default_factory=dict)
    """The wrapped key of the stored document: no two sealings have the same one."""


def _load_facts(connection: Connection, changes: Sequence[Changes]) -> _Facts:
    facts = _Facts({item.submission.key: key_digest(item.submission.key) for item in changes if item.submission})
    for chunk in _chunks(sorted(set(facts.keys.values()))):
        for row in connection.execute(_HOLDERS, {"wanted": chunk}):
            facts.verdicts[row.key_digest] = row.verdict
    awaited = [one.own.key for item in changes for one in item.awaited_ids]
    if awaited:
        facts.own_ids |= {*read_known(connection, awaited), *read_awaited(connection, awaited)}
    wanted_deliveries = {delivery.delivery_id for item in changes for delivery in item.deliveries}
    for chunk in _chunks(sorted(wanted_deliveries)):
        for delivery_id, version, wrapped in connection.execute(_VERSIONS, {"wanted": chunk}):
            facts.versions[delivery_id] = version
            facts.documents[delivery_id] = wrapped
    return facts


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


@dataclass(frozen=True, slots=True)
class _Update:
    """One delivery as it becomes, and whether its document changes with it."""

    delivery: Delivery
    with_document: bool


@dataclass(slots=True)
class _Fresh:
    """What is written: the items that are not stale, with what the facts said about them."""

    items: list[Changes] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    """Digests of keys that a refusal held."""
    holders: dict[str, SubmissionRecord] = field(default_factory=dict)
    """By digest of the key. Within a batch a refusal may be superseded too: the last one holds it."""
    updates: list[_Update] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(item.events for item in self.items)


def _divide(changes: Sequence[Changes], facts: _Facts) -> tuple[_Fresh, frozenset[int]]:
    """Which items are written and which are handed back; an earlier item counts for a later one."""
    fresh, stale, fallen = _Fresh(), set[int](), set[str]()
    for place, item in enumerate(changes):
        if item.lane in fallen or _is_stale(item, facts):
            stale.add(place)
            if item.lane is not None:
                fallen.add(item.lane)
            continue
        fresh.items.append(item)
        _take(item, facts, fresh)
    return fresh, frozenset(stale)


def _is_stale(item: Changes, facts: _Facts) -> bool:
    if any(facts.versions.get(delivery.delivery_id) != delivery.version for delivery in item.deliveries):
        return True
    if any(one.own.key in facts.own_ids for one in item.awaited_ids):
        return True
    if item.submission is None:
        return False
    holder = facts.verdicts.get(facts.keys[item.submission.key])
    return not (holder is None or (holder == Verdict.REFUSED and item.supersedes is not None))


def _take(item: Changes, facts: _Facts, fresh: _Fresh) -> None:
    """Note what the item changes of the facts."""
    if item.submission is not None:
        key = facts.keys[item.submission.key]
        if key in facts.verdicts:
            fresh.released.append(key)
        fresh.holders[key] = item.submission
        facts.verdicts[key] = item.submission.verdict.value
    facts.own_ids |= {one.own.key for one in item.awaited_ids}
    for delivery in item.new_deliveries:
        facts.versions[delivery.delivery_id] = delivery.version
        facts.documents[delivery.delivery_id] = _wrapped(delivery)
    for delivery in item.deliveries:
        fresh.updates.append(_Update(delivery, facts.documents.get(delivery.delivery_id) != _wrapped(delivery)))
        facts.versions[delivery.delivery_id] = delivery.version + 1
        facts.documents[delivery.delivery_id] = _wrapped(delivery)


def _wrapped(delivery: Delivery) -> bytes | None:
    return delivery.document.wrapped_key if delivery.document else None


def _write(connection: Connection, head: Head, fresh: _Fresh) -> None:
    """Everything that is not stale, kind by kind: as few statements as there are kinds."""
    items = fresh.items
    insert_rows(connection, submissions, [submission_values(item.submission) for item in items if item.submission])
    if fresh.released:
        connection.execute(_RELEASE, [{"of_key": key} for key in fresh.released])
    insert_rows(connection, duplicate_keys, [_key_values(key, record) for key, record in fresh.holders.items()])
    insert_rows(connection, messages, [message_values(record) for item in items for record in item.messages])
    insert_rows(connection, deliveries, [delivery_values(record, head.draw_delivery()) for item in items for record in item.new_deliveries])
    _write_updates(connection, fresh.updates)
    write_cases(connection, items)
    write_crosswalk(connection, items)
    insert_rows(connection, attempts, [attempt_values(record) for item in items for record in item.attempts])
    insert_rows(connection, receipts, [receipt_values(record, head.draw_receipt()) for item in items for record in item.receipts])
    insert_rows(connection, outbox, [outbox_values(entry, head.draw_outbox()) for item in items for entry in item.outbox])
    for item in items:
        head.append(item.events)
    head.save(connection)


def _key_values(key: str, record: SubmissionRecord) -> Values:
    return {"key_digest": key, "submission_id": record.submission_id, "verdict": record.verdict.value}


def _write_updates(connection: Connection, updates: Sequence[_Update]) -> None:
    """In order, in runs of one shape: a document that did not change is not written again."""
    run: list[Values] = []
    for place, change in enumerate(updates):
        run.append(_update_values(change))
        if place + 1 == len(updates) or updates[place + 1].with_document != change.with_document:
            written = update_versions(connection, deliveries, "delivery_id", run)
            if written != len(run):
                raise RuntimeError(f"{len(run) - written} deliveries changed under the lock of the head")
            run = []


def _update_values(change: _Update) -> Values:
    delivery = change.delivery
    values: Values = {"of_key": delivery.delivery_id, "of_version": delivery.version, "version": delivery.version + 1}
    values.update(delivery_progress(delivery))
    if change.with_document:
        values.update(delivery_document(delivery))
    return values
