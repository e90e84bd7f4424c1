"""The tally: what happened to whom, by the hour, and when each party was last heard and reached; read off the chain.

What it is: the one reader of the chain that adds up, so that no page counts a million rows. What it is not: a figure of
how deep queues were: that is not kept. Called by `oversight`, for the worker `tallier`.

Theory of operation. Records are in the chain in order of commit, without gaps, so a number says how far the counting
has come. A page is read and summed up without any lock; then one transaction moves that number on from where the page
began and adds the sums. Where the number has moved meanwhile, another counted the page, and nothing is written.
Which party a record counts for is in its facts; older ones of submissions name none, and their row says it.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from gateway.audit.events import AuditCode, Fact
from gateway.oversight.views import Measure
from gateway.records import DeliveryState
from gateway.store.engine import CHUNK, Database
from gateway.store.rows import Value
from gateway.store.tables import audit_records, submissions
from gateway.store.tables_oversight import activities, cursors
from gateway.store.watch_partners import hour_of

CURSOR: Final = "tallies"
_OF_RECIPIENT: Final = {
    AuditCode.DELIVERY_HANDED_OVER: Measure.HANDED_OVER,
    AuditCode.DELIVERY_DELAYED: Measure.DELAYED,
    AuditCode.DELIVERY_DELIVERED: Measure.DELIVERED,
    AuditCode.DELIVERY_APPLIED: Measure.APPLIED,
    AuditCode.DELIVERY_NOT_APPLIED: Measure.NOT_APPLIED,
    AuditCode.DELIVERY_REFUSED: Measure.REJECTED,
    AuditCode.DELIVERY_SET_ASIDE: Measure.SET_ASIDE,
    AuditCode.DELIVERY_RETRIED: Measure.RETRIED,
    AuditCode.DELIVERY_DISCARDED: Measure.DISCARDED,
}
_OF_SENDER: Final = (AuditCode.SUBMISSION_ACCEPTED, AuditCode.SUBMISSION_REFUSED, AuditCode.SUBMISSION_DUPLICATE)
_READ: Final = frozenset(code.value for code in (*_OF_RECIPIENT, *_OF_SENDER))
_REACHED: Final = (Measure.DELIVERED, Measure.APPLIED, Measure.NOT_APPLIED)
_FAILED: Final = (Measure.DELAYED, Measure.SET_ASIDE)

_PAGE = (
    select(audit_records.c.sequence, audit_records.c.code, audit_records.c.at, audit_records.c.subject, audit_records.c.facts)
    .where(audit_records.c.sequence > bindparam("after"))
    .order_by(audit_records.c.sequence)
    .limit(bindparam("at_most"))
)
_SENDERS = select(submissions.c.submission_id, submissions.c.sender).where(submissions.c.submission_id.in_(bindparam("wanted", expanding=True)))
_COME = select(cursors.c.sequence).where(cursors.c.name == CURSOR)
_MOVE = update(cursors).where(cursors.c.name == CURSOR, cursors.c.sequence == bindparam("come")).values(sequence=bindparam("gone"))
_ADD = text(
    "INSERT INTO tallies (hour, party, measure, count) VALUES (:hour, :party, :measure, :count) "
    "ON CONFLICT (hour, party, measure) DO UPDATE SET count = tallies.count + excluded.count"
)
_KEEP = text(
    "INSERT INTO activities (party, last_accepted_at, last_delivered_at, last_failed_at, failures) "
    "VALUES (:party, :accepted, :delivered, :failed, :failures) ON CONFLICT (party) DO UPDATE SET last_accepted_at = excluded.last_accepted_at, "
    "last_delivered_at = excluded.last_delivered_at, last_failed_at = excluded.last_failed_at, failures = excluded.failures"
)


class _Read(NamedTuple):
    """One record, as far as it is counted."""

    sequence: int
    code: str
    at: int
    subject: str
    facts: str


@dataclass(slots=True)
class _Activity:
    """When one party was heard and reached, after the records read so far."""

    accepted: int | None = None
    delivered: int | None = None
    failed: int | None = None
    failures: int = 0
    """Since the last success, as far as these records know."""
    succeeded: bool = False
    """Then what had failed before these records is over."""


_NEVER: Final = {"last_accepted_at": None, "last_delivered_at": None, "last_failed_at": None, "failures": 0}


@dataclass(slots=True)
class _Sums:
    """What one page of the chain comes to."""

    counts: Counter[tuple[int, str, Measure]] = field(default_factory=Counter)
    activity: dict[str, _Activity] = field(default_factory=dict)

    def note(self, measure: Measure, party: str, at: int, times: int = 1) -> None:
        """It happened to this party, so often."""
        if times < 1:
            return
        self.counts[hour_of(at), party, measure] += times
        if party:
            _note_activity(self.activity.setdefault(party, _Activity()), measure, at)


def _note_activity(known: _Activity, measure: Measure, at: int) -> None:
    if measure is Measure.ACCEPTED:
        known.accepted = max(at, known.accepted or at)
    elif measure in _FAILED:
        known.failed = max(at, known.failed or at)
        known.failures += 1
    elif measure in _REACHED:
        known.delivered = max(at, known.delivered or at)
    if measure in _REACHED or measure is Measure.HANDED_OVER:
        known.failures, known.succeeded = 0, True


def tally_page(database: Database, limit: int) -> int:
    """Count one page; how many records were counted, 0 also where another counted them."""
    with database.reading() as connection:
        come = connection.execute(_COME).scalar_one_or_none()
        rows = connection.execute(_PAGE, {"after": come or 0, "at_most": limit}).all()
        sums = _sum_up(connection, [_Read(*row) for row in rows])
    if not rows:
        return 0
    return len(rows) if _add(database, come, rows[-1].sequence, sums) else 0


def _add(database: Database, come: int | None, gone: int, sums: _Sums) -> bool:
    try:
        with database.writing() as connection:
            if not _move(connection, come, gone):
                return False
            if sums.counts:
                connection.execute(_ADD, [{"hour": hour, "party": party, "measure": measure.value, "count": n} for (hour, party, measure), n in _ordered(sums)])
            _keep_activity(connection, sums.activity)
    except IntegrityError:
        # Another counted the very first page in this moment.
        return False
    return True


def _ordered(sums: _Sums) -> Sequence[tuple[tuple[int, str, Measure], int]]:
    return sorted(sums.counts.items())


def _move(connection: Connection, come: int | None, gone: int) -> bool:
    if come is None:
        connection.execute(insert(cursors), [{"name": CURSOR, "sequence": gone}])
        return True
    return connection.execute(_MOVE, {"come": come, "gone": gone}).rowcount == 1


def _keep_activity(connection: Connection, found: Mapping[str, _Activity]) -> None:
    if not found:
        return
    kept = {row.party: row for row in connection.execute(select(activities).where(activities.c.party.in_(sorted(found))))}
    connection.execute(_KEEP, [_merged(party, found[party], kept.get(party)) for party in sorted(found)])


def _merged(party: str, new: _Activity, old: Row[tuple[Value, ...]] | None) -> dict[str, str | int | None]:
    before: dict[str, Any] = dict(old._mapping) if old is not None else dict(_NEVER)
    return {
        "party": party,
        "accepted": _later(before["last_accepted_at"], new.accepted),
        "delivered": _later(before["last_delivered_at"], new.delivered),
        "failed": _later(before["last_failed_at"], new.failed),
        "failures": new.failures if new.succeeded else before["failures"] + new.failures,
    }


def _later(one: int | None, other: int | None) -> int | None:
    return max((time for time in (one, other) if time is not None), default=None)


def _sum_up(connection: Connection, rows: Sequence[_Read]) -> _Sums:
    counted = [(row, json.loads(row.facts)) for row in rows if row.code in _READ]
    senders = _senders(connection, [row.subject for row, facts in counted if row.code in _OF_SENDER and "sender" not in facts])
    sums = _Sums()
    for row, facts in counted:
        code = AuditCode(row.code)
        if code in _OF_SENDER:
            _count_submission(sums, code, row.at, facts, str(facts.get("sender", senders.get(row.subject, ""))))
        elif _is_counted(code, facts):
            sums.note(_OF_RECIPIENT[code], str(facts.get("recipient", "")), row.at)
            sums.note(Measure.REACHED, str(facts.get("recipient", "")), row.at, int(_is_first_word(code, facts)))
    return sums


def _senders(connection: Connection, subjects: Sequence[str]) -> Mapping[str, str]:
    wanted = list(dict.fromkeys(subjects))
    chunks = (wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK))
    return {submission: sender for chunk in chunks for submission, sender in connection.execute(_SENDERS, {"wanted": chunk})}


def _count_submission(sums: _Sums, code: AuditCode, at: int, facts: Mapping[str, Fact], sender: str) -> None:
    match code:
        case AuditCode.SUBMISSION_ACCEPTED:
            sums.note(Measure.ACCEPTED, sender, at, int(facts.get("messages", 1)))
            sums.note(Measure.REFUSED, sender, at, int(facts.get("refused", 0)))
        case AuditCode.SUBMISSION_REFUSED:
            sums.note(Measure.REFUSED, sender, at)
        case _:
            sums.note(Measure.DUPLICATE, sender, at)


def _is_counted(code: AuditCode, facts: Mapping[str, Fact]) -> bool:
    """An open breaker delays without an attempt; a change between courier and shelf retries without a person."""
    if code is AuditCode.DELIVERY_DELAYED:
        return facts.get("breaker") != "open"
    return code is not AuditCode.DELIVERY_RETRIED or "by" in facts


def _is_first_word(code: AuditCode, facts: Mapping[str, Fact]) -> bool:
    """The recipient has it, and nothing said so before. Older records do not say what was before: there, delivered counts."""
    if _OF_RECIPIENT[code] not in _REACHED:
        return False
    return facts["before"] != DeliveryState.DELIVERED.value if "before" in facts else code is AuditCode.DELIVERY_DELIVERED
