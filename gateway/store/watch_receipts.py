"""Watching receipts: whose last word is awaited, is late, or was no.

What it is: figures and lists of messages by how things stand with their recipient's word. What it is not: the receipts
themselves (`queries`), nor a judge of what a recipient can say: the terms come from outside. Called by `watch`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, func, select, union_all

from gateway.audit.chain import microseconds
from gateway.oversight.views import ReceiptFigures, ReceiptRow, ReceiptStanding, ReceiptTerms
from gateway.records import DeliveryKind, DeliveryState
from gateway.store.rows import to_optional_time
from gateway.store.tables import deliveries
from gateway.store.watch_rows import in_order, indexed_states, read_letters
from schemas.identifiers import PartyCode

_MESSAGES: Final = deliveries.c.kind == DeliveryKind.MESSAGE.value
_NO: Final = (DeliveryState.NOT_APPLIED, DeliveryState.REFUSED)


@dataclass(slots=True)
class _Sum:
    """What was counted for one party."""

    expected: int = 0
    late: int = 0
    negative: int = 0
    oldest: int | None = None


def read_figures(connection: Connection, terms: Sequence[ReceiptTerms]) -> Sequence[ReceiptFigures]:
    """In the order asked for; parties that owe nothing have zeros."""
    if not terms:
        return []
    sums = {one.party: _Sum() for one in terms}
    applying = [one for one in terms if one.applies]
    for state, asked in ((DeliveryState.HANDED_OVER, terms), (DeliveryState.DELIVERED, applying)):
        if asked:
            _add_expected(connection, state, asked, sums)
    for row in connection.execute(_negative(terms)):
        sums[row.recipient].negative = row.how_many
    return [_to_figures(one, sums[one.party]) for one in terms]


def read_receipts(connection: Connection, standing: ReceiptStanding, terms: Sequence[ReceiptTerms], after: int, limit: int) -> Sequence[ReceiptRow]:
    """Oldest first, after this sequence. Each party's own are found by its index; only of the oldest of all is more read."""
    chosen = [_oldest(one, condition, after, limit) for one in terms for condition in _standing(standing, one)]
    if not chosen:
        return []
    together = union_all(*(select(arm.c.sequence) for arm in chosen)).subquery("together")
    rows = read_letters(connection, select(together.c.sequence).order_by(together.c.sequence).limit(limit))
    return [ReceiptRow(delivery=row.delivery, type=row.type, control_reference=row.control_reference, since=row.delivery.updated_at) for row in rows]


def _oldest(terms: ReceiptTerms, condition: ColumnElement[bool], after: int, limit: int) -> Subquery:
    here = select(deliveries.c.sequence).where(condition, _MESSAGES, deliveries.c.recipient == terms.party, deliveries.c.sequence > after)
    return here.order_by(in_order()).limit(limit).subquery()


def _add_expected(connection: Connection, state: DeliveryState, terms: Sequence[ReceiptTerms], sums: dict[PartyCode, _Sum]) -> None:
    for row in connection.execute(_expected(state, terms)):
        found = sums[row.recipient]
        found.expected += row.how_many
        found.late += row.late
        found.oldest = min(row.oldest, found.oldest) if found.oldest is not None else row.oldest


def _expected(state: DeliveryState, terms: Sequence[ReceiptTerms]) -> Select[tuple[str, int, int, int]]:
    limits = _by_party(terms, [one.late_before for one in terms])
    late = func.sum(case((deliveries.c.updated_at < limits, 1), else_=0)).label("late")
    columns = (deliveries.c.recipient, func.count().label("how_many"), late, func.min(deliveries.c.updated_at).label("oldest"))
    return select(*columns).where(indexed_states([state]), _MESSAGES, _to(terms)).group_by(deliveries.c.recipient)


def _negative(terms: Sequence[ReceiptTerms]) -> Select[tuple[str, int]]:
    since = _by_party(terms, [one.negative_since for one in terms])
    earliest = microseconds(min(one.negative_since for one in terms))
    made = (deliveries.c.created_at >= earliest, deliveries.c.created_at >= since)
    return (
        select(deliveries.c.recipient, func.count().label("how_many")).where(indexed_states(_NO), _MESSAGES, _to(terms), *made).group_by(deliveries.c.recipient)
    )


def _by_party(terms: Sequence[ReceiptTerms], times: Sequence[datetime]) -> ColumnElement[int]:
    return case({one.party: microseconds(time) for one, time in zip(terms, times, strict=True)}, value=deliveries.c.recipient)


def _to(terms: Sequence[ReceiptTerms]) -> ColumnElement[bool]:
    return deliveries.c.recipient.in_([one.party for one in terms])


def _standing(standing: ReceiptStanding, terms: ReceiptTerms) -> Sequence[ColumnElement[bool]]:
    """Conditions, each of which one index serves."""
    match standing:
        case ReceiptStanding.NEGATIVE:
            return [indexed_states(_NO) & (deliveries.c.created_at >= microseconds(terms.negative_since))]
        case ReceiptStanding.EXPECTED | ReceiptStanding.LATE:
            states = [DeliveryState.HANDED_OVER, *([DeliveryState.DELIVERED] if terms.applies else [])]
            late = [deliveries.c.updated_at < microseconds(terms.late_before)] if standing is ReceiptStanding.LATE else []
            return [and_(indexed_states([state]), *late) for state in states]
        case _:
            raise ValueError("positive receipts are not listed: search by state")


def _to_figures(terms: ReceiptTerms, found: _Sum) -> ReceiptFigures:
    return ReceiptFigures(
        party=terms.party, expected=found.expected, late=found.late, negative=found.negative, oldest_expected_at=to_optional_time(found.oldest)
    )
