"""Watching partners: what happened with each by the hour, its last attempts, and when it was last heard and reached.

What it is: reads of the tallies and of the attempts. What it is not: the counting (`oversight_tally`). Called by `watch`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Row, Select, select

from gateway.audit.chain import microseconds
from gateway.oversight.views import Activity, AttemptRow, Measure, Tally
from gateway.records import DeliveryState
from gateway.store.rows import Value, to_optional_time, to_time
from gateway.store.tables import SETTLED, UNFINISHED, attempts, deliveries
from gateway.store.tables_oversight import activities, tallies
from gateway.store.watch_rows import indexed_states
from schemas.identifiers import DeliveryId, PartyCode

HOUR_MICROSECONDS: Final = 3_600_000_000
_CANDIDATES: Final = 100
"""Deliveries in each state whose attempts are looked at."""
_LOOKED_AT: Final = 1000
"""Unfinished ones of each state among which those are sought that changed last."""
_TRIED: Final = UNFINISHED
_SENT: Final = (*SETTLED, DeliveryState.REFUSED, DeliveryState.NOT_APPLIED)


def hour_of(at: int) -> int:
    """The hour in which a time lies."""
    return at - at % HOUR_MICROSECONDS


def read_tallies(connection: Connection, since: datetime, until: datetime, party: PartyCode | None) -> Sequence[Tally]:
    """In order of hour, party and measure."""
    first, last = hour_of(microseconds(since)), hour_of(microseconds(until))
    statement = select(tallies).where(tallies.c.hour >= first, tallies.c.hour <= last)
    if party is not None:
        statement = statement.where(tallies.c.party == party)
    rows = connection.execute(statement.order_by(tallies.c.hour, tallies.c.party, tallies.c.measure))
    return [Tally(to_time(hour), PartyCode(code), Measure(measure), count) for hour, code, measure, count in rows]


def read_activity(connection: Connection, parties: Sequence[PartyCode]) -> Mapping[PartyCode, Activity]:
    """Who never was heard or reached is absent."""
    rows = connection.execute(select(activities).where(activities.c.party.in_(parties)))
    return {PartyCode(row.party): _to_activity(row) for row in rows}


def _to_activity(row: Row[tuple[Value, ...]]) -> Activity:
    return Activity(
        party=PartyCode(row.party),
        last_accepted_at=to_optional_time(row.last_accepted_at),
        last_delivered_at=to_optional_time(row.last_delivered_at),
        last_failed_at=to_optional_time(row.last_failed_at),
        failures_since_success=row.failures,
    )


def read_attempts(connection: Connection, recipient: PartyCode, limit: int) -> Sequence[AttemptRow]:
    """Newest first."""
    found = {row.delivery_id: row for statement in _candidates(recipient) for row in connection.execute(statement)}
    # as an expression, so that no planner walks every attempt ever made in the hope of meeting enough of these
    newest = (attempts.c.attempt_id + 0).desc()
    wanted = select(attempts).where(attempts.c.delivery_id.in_(list(found))).order_by(newest).limit(limit)
    return [_to_attempt(row, found[row.delivery_id]) for row in connection.execute(wanted)]


def _candidates(recipient: PartyCode) -> Iterator[Select[tuple[Value, ...]]]:
    """What is unfinished and changed last, and what was sent last."""
    columns = select(deliveries.c.delivery_id, deliveries.c.message_id, deliveries.c.recipient, deliveries.c.next_attempt_at)
    for state in _TRIED:
        newest = _newest(recipient, state, _LOOKED_AT).subquery("newest")
        tried = columns.join(newest, newest.c.sequence == deliveries.c.sequence).where(deliveries.c.attempts > 0)
        yield tried.order_by(deliveries.c.updated_at.desc()).limit(_CANDIDATES)
    for state in _SENT:
        sent = _newest(recipient, state, _CANDIDATES).subquery("newest")
        yield columns.join(sent, sent.c.sequence == deliveries.c.sequence)


def _newest(recipient: PartyCode, state: DeliveryState, limit: int) -> Select[int]:
    """From an index alone: the rows, which are wide, are read afterwards."""
    found = select(deliveries.c.sequence).where(indexed_states([state]), deliveries.c.recipient == recipient)
    return found.order_by(deliveries.c.created_at.desc()).limit(limit)


def _to_attempt(row: Row[tuple[Value, ...]], delivery: Row[tuple[Value, ...]]) -> AttemptRow:
    return AttemptRow(
        delivery_id=DeliveryId(row.delivery_id),
        message_id=delivery.message_id or "",
        recipient=PartyCode(delivery.recipient),
        number=row.number,
        at=to_time(row.at),
        outcome=row.outcome,
        fault=row.fault or "",
        detail=row.detail,
        next_attempt_at=to_optional_time(delivery.next_attempt_at),
    )
