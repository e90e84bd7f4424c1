"""Integrity of the whole store: `gateway audit verify`.

What it is: streams the chain and the tables, page by page and as of one moment, through the pure checks of
`gateway.audit`. What it is not: those checks, nor the signature of a checkpoint, whose reader is handed in.
Both ways: every row has its event, and every event that made something durable has its row.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sqlalchemy import BindParameter, Column, Connection, Row, Select, bindparam, func, select

from gateway.audit.chain import ChainHead, Finding, Flaw, Verifier
from gateway.audit.events import AuditCode, AuditEvent, AuditRecord
from gateway.audit.integrity import (
    Disagreement,
    Doubt,
    IntegrityReport,
    StatedReceipt,
    check_delivery,
    check_receipt,
    check_submission,
    issues,
    moves_delivery,
)
from gateway.contract import CheckpointReader
from gateway.records import DeliveryState, Verdict
from gateway.store.engine import CHUNK, Database
from gateway.store.head import HEAD_ID
from gateway.store.rows import Value, person_of, to_audit_record
from gateway.store.tables import audit_head, audit_records, checkpoints, dead_letters, deliveries, messages, receipts, submissions

_CODES: Final = {Verdict.ACCEPTED.value: AuditCode.SUBMISSION_ACCEPTED, Verdict.REFUSED.value: AuditCode.SUBMISSION_REFUSED}
_WANTED: BindParameter[Value] = bindparam("wanted", expanding=True)
_ABOUT = select(audit_records).where(audit_records.c.subject.in_(_WANTED)).order_by(audit_records.c.sequence)
_CHECKPOINTS = select(checkpoints).where(checkpoints.c.sequence > bindparam("after"), checkpoints.c.sequence <= bindparam("until"))
_RECEIPTS_OF = (
    select(deliveries.c.delivery_id, receipts.c.digest)
    .join(receipts, receipts.c.submission_id == deliveries.c.submission_id)
    .where(deliveries.c.delivery_id.in_(_WANTED))
)


def verify_database(database: Database, read_checkpoint: CheckpointReader) -> IntegrityReport:
    """Everything that is wrong, as of one moment. Raises StoreUnavailable."""
    report = IntegrityReport()
    with database.snapshot() as connection:
        _verify_chain(connection, read_checkpoint, report)
        _verify_submissions(connection, report)
        _verify_receipts(connection, report)
        _verify_deliveries(connection, report)
        report.note(_check_counters(connection))
    return report


def _verify_chain(connection: Connection, read_checkpoint: CheckpointReader, report: IntegrityReport) -> None:
    head = connection.execute(select(audit_head).where(audit_head.c.head_id == HEAD_ID)).one()
    verifier = Verifier()
    for rows in _pages(connection, select(audit_records), audit_records.c.sequence):
        verifier.known = _known(connection, verifier.at.sequence, rows[-1].sequence, read_checkpoint, report)
        records = _read(rows, verifier, report)
        for record in records:
            report.note(verifier.feed(record))
        report.note(_lost(connection, [record.event for record in records]))
    verifier.known = _known(connection, verifier.at.sequence, 2**62, read_checkpoint, report)
    report.note(verifier.finish())
    report.note(_check_head(ChainHead(head.sequence, head.digest), verifier.at))
    report.records = verifier.checked


def _check_head(head: ChainHead, last: ChainHead) -> list[Finding]:
    """The head says what the last record is."""
    if head.sequence > last.sequence:
        return [Finding(Flaw.TRUNCATED, head.sequence, f"the chain ends at {last.sequence}")]
    if head.sequence < last.sequence:
        return [Finding(Flaw.MISPLACED, head.sequence + 1, "stands after the head of the chain")]
    return [] if head == last else [Finding(Flaw.FORKED, head.sequence, "not the record that the head names")]


def _read(rows: Sequence[Row[tuple[Value, ...]]], verifier: Verifier, report: IntegrityReport) -> list[AuditRecord]:
    """The records of a page; a row that is no record any more was altered."""
    records = []
    for row in rows:
        try:
            records.append(to_audit_record(row))
        except (ValueError, TypeError, AttributeError, OverflowError):
            report.note([Finding(Flaw.ALTERED, row.sequence, "cannot be read")])
            continue
        if row.person != person_of(records[-1].event):
            report.note([Finding(Flaw.ALTERED, row.sequence, "is not found by who did it")])
    verifier.checked += len(rows) - len(records)
    return records


def _known(connection: Connection, after: int, until: int, read: CheckpointReader, report: IntegrityReport) -> dict[int, str]:
    """Places between two records that checkpoints name, by the word of their signature."""
    known = {}
    for row in connection.execute(_CHECKPOINTS, {"after": after, "until": until}):
        checkpoint = read(row.jws)
        report.checkpoints += 1
        if checkpoint is None or checkpoint.head.sequence != row.sequence:
            report.note([Disagreement(Doubt.CHECKPOINT_UNPROVEN, str(row.sequence))])
        else:
            known[row.sequence] = checkpoint.head.digest
    return known


def _lost(connection: Connection, events: Sequence[AuditEvent]) -> Iterator[Disagreement]:
    """What these events made durable and is not there."""
    subjects = {
        submissions.c.submission_id: {event.subject for event in events if event.code is AuditCode.SUBMISSION_ACCEPTED},
        messages.c.message_id: {event.subject for event in events if event.code is AuditCode.MESSAGE_ACCEPTED},
        deliveries.c.delivery_id: {event.subject for event in events if moves_delivery(event)},
        dead_letters.c.letter_id: {event.subject for event in events if event.code is AuditCode.DEAD_LETTER_STORED},
    }
    for column, expected in subjects.items():
        there = {value for chunk in _chunks(expected) for value in connection.scalars(select(column).where(column.in_(chunk)))}
        yield from (Disagreement(Doubt.LOST, subject, f"not in {column.table}") for subject in sorted(expected - there))
    issued = {(event.subject, str(issues(event))) for event in events if moves_delivery(event) and issues(event)}
    kept = {(row[0], row[1]) for chunk in _chunks({subject for subject, _ in issued}) for row in connection.execute(_RECEIPTS_OF, {"wanted": chunk})}
    yield from (Disagreement(Doubt.LOST, digest, f"receipt of {subject}") for subject, digest in sorted(issued - kept))


def _verify_submissions(connection: Connection, report: IntegrityReport) -> None:
    columns = (submissions.c.submission_id, submissions.c.verdict, submissions.c.receipt, submissions.c.receipt_digest)
    for rows in _pages(connection, select(*columns), submissions.c.submission_id):
        events = _events_about(connection, (row.submission_id for row in rows))
        for row in rows:
            receipt = StatedReceipt((row.submission_id,), row.receipt, row.receipt_digest)
            code = _CODES.get(row.verdict, AuditCode.SUBMISSION_ACCEPTED)
            report.note(check_submission(row.submission_id, code, receipt, events[row.submission_id]))
        report.submissions += len(rows)


def _verify_receipts(connection: Connection, report: IntegrityReport) -> None:
    for rows in _pages(connection, select(receipts), receipts.c.receipt_number):
        stated = [StatedReceipt(_subjects(row), row.jws, row.digest) for row in rows]
        events = _events_about(connection, (subject for receipt in stated for subject in receipt.subjects))
        for receipt in stated:
            report.note(check_receipt(receipt, (event for subject in receipt.subjects for event in events[subject])))
        report.receipts += len(rows)


def _verify_deliveries(connection: Connection, report: IntegrityReport) -> None:
    statement = select(deliveries.c.sequence, deliveries.c.delivery_id, deliveries.c.state)
    for rows in _pages(connection, statement, deliveries.c.sequence):
        events = _events_about(connection, (row.delivery_id for row in rows))
        for row in rows:
            report.note(check_delivery(row.delivery_id, row.state, events[row.delivery_id], first=DeliveryState.WAITING.value))
        report.deliveries += len(rows)


def _check_counters(connection: Connection) -> list[Disagreement]:
    """Numbers that the head has not drawn yet must not be in use: the next one would be drawn twice."""
    head = connection.execute(select(audit_head).where(audit_head.c.head_id == HEAD_ID)).one()
    used = {
        "delivery_sequence": connection.execute(select(func.max(deliveries.c.sequence))).scalar_one(),
        "receipt_number": connection.execute(select(func.max(receipts.c.receipt_number))).scalar_one(),
    }
    drawn = head._mapping
    return [Disagreement(Doubt.COUNTERS_DIFFER, name, f"{drawn[name]} behind {last}") for name, last in used.items() if last is not None and last > drawn[name]]


def _subjects(row: Row[tuple[Value, ...]]) -> tuple[str, ...]:
    return tuple(subject for subject in (row.submission_id, row.message_id, row.delivery_id) if subject is not None)


def _events_about(connection: Connection, subjects: Iterable[str]) -> defaultdict[str, list[AuditEvent]]:
    """In order of the chain. What cannot be read was reported with the chain, and proves nothing here."""
    found: defaultdict[str, list[AuditEvent]] = defaultdict(list)
    for chunk in _chunks(set(subjects)):
        for row in connection.execute(_ABOUT, {"wanted": chunk}):
            try:
                found[row.subject].append(to_audit_record(row).event)
            except (ValueError, TypeError, AttributeError, OverflowError):
                continue
    return found


def _chunks(values: set[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))


def _pages(connection: Connection, statement: Select[tuple[Value, ...]], key: Column[int] | Column[str]) -> Iterator[Sequence[Row[tuple[Value, ...]]]]:
    """All rows in order of their primary key, some at a time."""
    page = statement.order_by(key).limit(CHUNK)
    rows = connection.execute(page).all()
    while rows:
        yield rows
        rows = connection.execute(page.where(key > rows[-1]._mapping[key.name])).all()
