"""Watching the chain: audit records by subject, code, person and time, newest first.

What it is: the search of auditors. What it is not: the check of the chain (`integrity`). Called by `watch`.

Theory of operation. Records are in order of commit, so a time is found among them by bisection: some twenty looks by
number. An event is made shortly before it is linked, and clocks of several machines differ: the bounds leave room for
that, and the times themselves decide.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, literal_column, or_, select

from gateway.audit.chain import microseconds
from gateway.audit.events import AuditCode, AuditRecord
from gateway.oversight.views import AuditSearch, RefusedRow
from gateway.store.rows import Value, to_audit_record, to_time
from gateway.store.tables import FREQUENT, audit_records, submissions, uncommon

_ROOM: Final = timedelta(minutes=10)
_MOST_REFUSED: Final = 5000
_LAST = select(func.max(audit_records.c.sequence))
_TIME = select(audit_records.c.at).where(audit_records.c.sequence >= bindparam("place")).order_by(audit_records.c.sequence).limit(1)


def search_audit(connection: Connection, wanted: AuditSearch, before: int | None, limit: int) -> Sequence[AuditRecord]:
    """Newest first, before this place in the chain."""
    codes = _codes(wanted.code)
    if codes is not None and not codes:
        return []
    conditions = [*_equal(wanted, codes), *_bounds(connection, wanted)]
    if before is not None:
        conditions.append(audit_records.c.sequence < before)
    statement = select(audit_records).where(*conditions).order_by(audit_records.c.sequence.desc()).limit(limit)
    return [to_audit_record(row) for row in connection.execute(statement)]


def find_refused(connection: Connection, reference: str, since: datetime, until: datetime | None, limit: int) -> Sequence[RefusedRow]:
    """Refused submissions that their sender called so. They are few, and nothing leads from a reference to them but the
    chain: the newest refusals of the time are looked through, up to a bound."""
    wanted = AuditSearch(since=since, until=until, code=AuditCode.SUBMISSION_REFUSED)
    conditions = [*_equal(wanted, _codes(wanted.code)), *_bounds(connection, wanted)]
    newest = select(audit_records.c.subject, audit_records.c.sequence).where(*conditions).order_by(audit_records.c.sequence.desc()).limit(_MOST_REFUSED)
    refusals, table = newest.subquery("refusals"), submissions.c
    shown: list[Any] = [table.submission_id, table.organisation, table.sender, table.control_reference, table.fault, table.received_at]
    statement = (
        select(*shown)
        .join(refusals, refusals.c.subject == table.submission_id)
        .where(or_(table.control_reference == reference, table.key_reference == reference))
        .order_by(refusals.c.sequence.desc())
        .limit(limit)
    )
    return [_to_refused(row) for row in connection.execute(statement)]


def _to_refused(row: Row[tuple[Value, ...]]) -> RefusedRow:
    return RefusedRow(
        submission_id=row.submission_id,
        organisation=row.organisation,
        sender=row.sender,
        control_reference=row.control_reference,
        fault=row.fault or "",
        received_at=to_time(row.received_at),
    )


def _codes(wanted: str | None) -> Sequence[AuditCode] | None:
    """The codes that a search names: one, or all that begin so."""
    if wanted is None:
        return None
    return [code for code in AuditCode if code.value == wanted or (wanted.endswith(".") and code.value.startswith(wanted))]


def _equal(wanted: AuditSearch, codes: Sequence[AuditCode] | None) -> Iterator[ColumnElement[bool]]:
    if wanted.subject is not None:
        yield audit_records.c.subject == wanted.subject
    if wanted.by is not None:
        yield audit_records.c.person == wanted.by
    if codes is not None:
        yield audit_records.c.code.in_([literal_column(f"'{code.value}'") for code in codes])
        if not set(codes) & set(FREQUENT):
            yield uncommon(audit_records.c.code)


def _bounds(connection: Connection, wanted: AuditSearch) -> Iterator[ColumnElement[bool]]:
    last: int | None = connection.execute(_LAST).scalar_one()
    if wanted.since is not None:
        yield audit_records.c.at >= microseconds(wanted.since)
        yield audit_records.c.sequence >= _place(connection, last or 0, wanted.since - _ROOM)
    if wanted.until is not None:
        yield audit_records.c.at < microseconds(wanted.until)
        yield audit_records.c.sequence <= _place(connection, last or 0, wanted.until + _ROOM)


def _place(connection: Connection, last: int, time: datetime) -> int:
    """About where the chain was at this time."""

    def time_of(place: int) -> int:
        found: int | None = connection.execute(_TIME, {"place": place}).scalar_one_or_none()
        return microseconds(time) if found is None else found

    return bisect_left(range(last + 1), microseconds(time), key=time_of)
