"""Watching queues: what is unfinished for each recipient, and what needs a person.

What it is: figures and lists of unfinished deliveries and of dead letters. What it is not: a search among what is
done (`watch_finding`). Called by `watch`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, select

from gateway.oversight.views import LetterFilter, LetterGroup, LetterRow, QueueView
from gateway.records import DeliveryState
from gateway.store.rows import to_optional_time, to_time
from gateway.store.tables import SWEPT, UNFINISHED, deliveries, in_states, messages
from gateway.store.tables_oversight import assignments
from gateway.store.watch_rows import about_delivery, in_order, indexed_states, read_letters
from schemas.identifiers import DeliveryId, PartyCode

Column = TypeVar("Column")
DEAD: Final = (DeliveryState.REFUSED, DeliveryState.SET_ASIDE)
"""A person is needed."""
LISTED: Final = frozenset({*UNFINISHED, DeliveryState.REFUSED})
"""What stands in a queue."""

_FAULT, _TYPE = func.coalesce(deliveries.c.fault, ""), func.coalesce(messages.c.type, "")
_UNFINISHED = (
    select(deliveries.c.recipient, deliveries.c.state, func.count().label("how_many"), func.min(deliveries.c.created_at).label("oldest"))
    .where(in_states(deliveries.c.state, UNFINISHED))
    .group_by(deliveries.c.recipient, deliveries.c.state)
)
_REFUSED = select(deliveries.c.recipient, func.count().label("how_many")).where(indexed_states([DeliveryState.REFUSED])).group_by(deliveries.c.recipient)
_NEXT = (
    select(deliveries.c.recipient, func.min(deliveries.c.next_attempt_at).label("soonest"))
    .where(indexed_states([DeliveryState.RETRYING]))
    .group_by(deliveries.c.recipient)
)
_GROUPS = (
    select(
        _FAULT.label("fault"),
        deliveries.c.recipient,
        _TYPE.label("type"),
        func.count().label("how_many"),
        func.min(deliveries.c.updated_at).label("first_at"),
        func.max(deliveries.c.updated_at).label("last_at"),
        func.min(deliveries.c.sequence).label("first"),
    )
    .select_from(deliveries)
    .outerjoin(messages, messages.c.message_id == deliveries.c.message_id)
    .where(indexed_states(DEAD))
    .group_by(_FAULT, deliveries.c.recipient, _TYPE)
)
_IDS = select(deliveries.c.sequence, deliveries.c.delivery_id).where(deliveries.c.sequence.in_(bindparam("wanted", expanding=True)))


def read_queues(connection: Connection) -> Sequence[QueueView]:
    """In order of recipient."""
    counts: dict[str, dict[DeliveryState, int]] = defaultdict(dict)
    oldest: dict[str, int] = {}
    for row in connection.execute(_UNFINISHED):
        counts[row.recipient][DeliveryState(row.state)] = row.how_many
        if row.state in SWEPT:
            oldest[row.recipient] = min(row.oldest, oldest.get(row.recipient, row.oldest))
    for row in connection.execute(_REFUSED):
        counts[row.recipient][DeliveryState.REFUSED] = row.how_many
    soonest = {row.recipient: row.soonest for row in connection.execute(_NEXT)}
    return [
        QueueView(
            recipient=PartyCode(recipient),
            counts=counts[recipient],
            oldest_at=to_optional_time(oldest.get(recipient)),
            next_attempt_at=to_optional_time(soonest.get(recipient)),
        )
        for recipient in sorted(counts)
    ]


def read_items(connection: Connection, recipient: PartyCode, states: frozenset[DeliveryState], after: int, limit: int) -> Sequence[LetterRow]:
    """Oldest first: the first of what each index knows, in one order."""
    found: list[LetterRow] = []
    for kind in (states & frozenset(UNFINISHED), states & {DeliveryState.REFUSED}):
        if kind:
            chosen = select(deliveries.c.sequence).where(indexed_states(kind), deliveries.c.recipient == recipient, deliveries.c.sequence > after)
            found += read_letters(connection, chosen.order_by(in_order()).limit(limit))
    return sorted(found, key=lambda row: row.delivery.sequence)[:limit]


def read_groups(connection: Connection) -> Sequence[LetterGroup]:
    """The largest first; names decide between equals."""
    rows = connection.execute(_GROUPS).all()
    samples: dict[int, str] = {row.sequence: row.delivery_id for row in connection.execute(_IDS, {"wanted": [row.first for row in rows]})}
    groups = [
        LetterGroup(
            fault=row.fault,
            recipient=PartyCode(row.recipient),
            type=row.type,
            count=row.how_many,
            first_at=to_time(row.first_at),
            last_at=to_time(row.last_at),
            sample=DeliveryId(samples[row.first]),
        )
        for row in rows
        if row.first in samples
    ]
    return sorted(groups, key=lambda group: (-group.count, group.recipient, group.fault, group.type))


def read_dead(connection: Connection, wanted: LetterFilter, after: int, limit: int) -> Sequence[LetterRow]:
    """Oldest first, after this sequence."""
    chosen = _chosen(select(deliveries.c.sequence), wanted).where(deliveries.c.sequence > after)
    return read_letters(connection, chosen.order_by(in_order()).limit(limit))


def read_dead_ids(connection: Connection, wanted: LetterFilter, limit: int) -> Sequence[DeliveryId]:
    """Oldest first."""
    chosen = _chosen(select(deliveries.c.delivery_id), wanted).order_by(in_order()).limit(limit)
    return [DeliveryId(found) for found in connection.scalars(chosen)]


def count_dead(connection: Connection, wanted: LetterFilter) -> int:
    """All of them."""
    count: int = connection.execute(_chosen(select(func.count()).select_from(deliveries), wanted)).scalar_one()
    return count


def _chosen(statement: Select[Column], wanted: LetterFilter) -> Select[Column]:
    if wanted.type is not None:
        statement = statement.outerjoin(messages, messages.c.message_id == deliveries.c.message_id)
    if wanted.assigned_to is not None:
        statement = statement.outerjoin(assignments, assignments.c.about == about_delivery())
    return statement.where(indexed_states(DEAD), *_conditions(wanted))


def _conditions(wanted: LetterFilter) -> Iterator[ColumnElement[bool]]:
    given = (
        (_FAULT, wanted.fault),
        (deliveries.c.recipient, wanted.recipient),
        (_TYPE, wanted.type),
        (case((assignments.c.operator.is_(None), ""), else_=assignments.c.operator), wanted.assigned_to),
    )
    return (column == value for column, value in given if value is not None)
