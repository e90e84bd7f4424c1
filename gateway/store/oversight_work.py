"""Operators' work in the store: notes, who looks after what, and what a worker with the keys is asked to do.

What it is: notes, assignments and orders as rows. What it is not: what an order does, nor the audit events, which
`oversight` links in the same transaction. Called by `oversight`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, text, update

from gateway.audit.chain import microseconds
from gateway.oversight.records import Assignment, Note, Operator, Order, OrderKind, OrderState
from gateway.store.engine import CHUNK
from gateway.store.rows import Value, Values, to_optional_time, to_time
from gateway.store.tables_oversight import WAITING, assignments, notes, orders

_ASSIGN = text(
    "INSERT INTO assignments (about, operator, operator_name, given_by, given_by_name, at) "
    "VALUES (:about, :operator, :operator_name, :given_by, :given_by_name, :at) "
    "ON CONFLICT (about) DO UPDATE SET operator = excluded.operator, operator_name = excluded.operator_name, "
    "given_by = excluded.given_by, given_by_name = excluded.given_by_name, at = excluded.at"
)
_ORDER = text(
    "INSERT INTO orders (order_id, kind, subject, facts, operator, operator_name, asked_at, state, done_at, outcome) "
    "VALUES (:order_id, :kind, :subject, :facts, :operator, :operator_name, :asked_at, :state, :done_at, :outcome) ON CONFLICT DO NOTHING"
)


def read_notes(connection: Connection, about: str) -> Sequence[Note]:
    """Oldest first."""
    rows = connection.execute(select(notes).where(notes.c.about == about).order_by(notes.c.at, notes.c.note_id))
    return [Note(note_id=row.note_id, about=row.about, text=row.text, by=Operator(row.operator, row.operator_name), at=to_time(row.at)) for row in rows]


def add_note(connection: Connection, note: Note) -> None:
    """A new one."""
    values: Values = {"note_id": note.note_id, "about": note.about, "text": note.text, "at": microseconds(note.at)}
    connection.execute(insert(notes), [values | {"operator": note.by.subject, "operator_name": note.by.name}])


def read_assignments(connection: Connection, about: Sequence[str]) -> Mapping[str, Assignment]:
    """What nobody looks after is absent."""
    rows = (row for chunk in _chunks(about) for row in connection.execute(select(assignments).where(assignments.c.about.in_(chunk))))
    return {row.about: _to_assignment(row) for row in rows}


def write_assignment(connection: Connection, assignment: Assignment) -> None:
    """In the place of the one before."""
    values: Values = {"about": assignment.about, "operator": assignment.to.subject, "operator_name": assignment.to.name}
    connection.execute(_ASSIGN, values | {"given_by": assignment.by.subject, "given_by_name": assignment.by.name, "at": microseconds(assignment.at)})


def remove_assignment(connection: Connection, about: str) -> bool:
    """False where nobody looked after it."""
    return connection.execute(delete(assignments).where(assignments.c.about == about)).rowcount == 1


def add_orders(connection: Connection, asked: Sequence[Order]) -> Sequence[Order]:
    """Those that were not waiting already."""
    return [one for one in asked if connection.execute(_ORDER, _order_values(one)).rowcount == 1]


def read_waiting(connection: Connection, limit: int) -> Sequence[Order]:
    """Oldest first."""
    rows = connection.execute(select(orders).where(WAITING).order_by(orders.c.asked_at, orders.c.order_id).limit(limit))
    return [_to_order(row) for row in rows]


def read_orders(connection: Connection, subjects: Sequence[str], kind: OrderKind | None) -> Sequence[Order]:
    """Oldest first."""
    wanted = select(orders) if kind is None else select(orders).where(orders.c.kind == kind.value)
    found = [_to_order(row) for chunk in _chunks(subjects) for row in connection.execute(wanted.where(orders.c.subject.in_(chunk)))]
    return sorted(found, key=lambda order: (order.asked_at, order.order_id))


def close_order(connection: Connection, order_id: str, state: OrderState, outcome: str, now: datetime) -> bool:
    """False where it was settled already. Raises ValueError for a state that settles nothing."""
    if state is OrderState.WAITING:
        raise ValueError("an order is settled as done or refused")
    values = {"state": state.value, "outcome": outcome, "done_at": microseconds(now)}
    return connection.execute(update(orders).where(orders.c.order_id == order_id, WAITING).values(values)).rowcount == 1


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    distinct = list(dict.fromkeys(values))
    return (distinct[start : start + CHUNK] for start in range(0, len(distinct), CHUNK))


def _to_assignment(row: Row[tuple[Value, ...]]) -> Assignment:
    to, by = Operator(row.operator, row.operator_name), Operator(row.given_by, row.given_by_name)
    return Assignment(about=row.about, to=to, by=by, at=to_time(row.at))


def _order_values(order: Order) -> Values:
    return {
        "order_id": order.order_id,
        "kind": order.kind.value,
        "subject": order.subject,
        "facts": json.dumps(dict(order.facts), sort_keys=True),
        "operator": order.by.subject,
        "operator_name": order.by.name,
        "asked_at": microseconds(order.asked_at),
        "state": OrderState.WAITING.value,
        "done_at": None,
        "outcome": "",
    }


def _to_order(row: Row[tuple[Value, ...]]) -> Order:
    return Order(
        order_id=row.order_id,
        kind=OrderKind(row.kind),
        subject=row.subject,
        facts=json.loads(row.facts),
        by=Operator(row.operator, row.operator_name),
        asked_at=to_time(row.asked_at),
        state=OrderState(row.state),
        done_at=to_optional_time(row.done_at),
        outcome=row.outcome,
    )
