"""Rows for people: deliveries and messages without anything that is sealed.

What it is: the columns that lists need, and how a delivery finds what stands beside it in a list. What it is not:
a choice of rows: that is `watch_queues`, `watch_receipts` and `watch_finding`. Called by these.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, null, select

from gateway.oversight.views import LetterRow
from gateway.records import DeliveryState
from gateway.store.rows import Value, to_delivery
from gateway.store.tables import NEGATIVE, RARE, SETTLED, UNFINISHED, deliveries, in_states, messages, submissions
from gateway.store.tables_oversight import assignments

_SEALED: Final = ("document_key", "document_wrapped", "document")
DELIVERY: Final[list[Any]] = [*(column for column in deliveries.c if column.name not in _SEALED), null().label("document_key")]
"""Everything but the document, which then reads as none."""
CLASSES: Final = ((SETTLED[0],), (SETTLED[1],), UNFINISHED, (DeliveryState.REFUSED, DeliveryState.NOT_APPLIED), (DeliveryState.DISCARDED,))
"""All states, in sets that one walk along an index serves each."""
_INDEXED: Final = (SETTLED, UNFINISHED, NEGATIVE, RARE)


def indexed_states(states: Iterable[DeliveryState]) -> ColumnElement[bool]:
    """`state IN (...)` for states of one class, in the words that the partial index for them knows."""
    chosen = frozenset(states)
    predicate = next(index for index in _INDEXED if chosen <= frozenset(index))
    return and_(in_states(deliveries.c.state, sorted(chosen)), in_states(deliveries.c.state, predicate))


def in_order() -> ColumnElement[int]:
    """By sequence; as an expression, so that no planner walks the whole table along its key in the hope of meeting enough."""
    return deliveries.c.sequence + 0


def about_delivery() -> ColumnElement[str]:
    """What notes and assignments call it."""
    return literal("delivery:") + deliveries.c.delivery_id


def read_letters(connection: Connection, chosen: Select[int]) -> list[LetterRow]:
    """The deliveries with these sequences, in order, each with its type, its reference and who has it."""
    wanted = chosen.subquery("wanted")
    reference = func.coalesce(messages.c.control_reference, submissions.c.control_reference, "")
    beside = [func.coalesce(messages.c.type, "").label("type"), reference.label("control_reference"), assignments.c.operator_name]
    statement = (
        select(*[*DELIVERY, *beside])
        .join(wanted, wanted.c.sequence == deliveries.c.sequence)
        .outerjoin(messages, messages.c.message_id == deliveries.c.message_id)
        .outerjoin(submissions, and_(submissions.c.submission_id == deliveries.c.submission_id, deliveries.c.message_id.is_(None)))
        .outerjoin(assignments, assignments.c.about == about_delivery())
        .order_by(deliveries.c.sequence)
    )
    return [_to_letter(row) for row in connection.execute(statement)]


def _to_letter(row: Row[tuple[Value, ...]]) -> LetterRow:
    return LetterRow(delivery=to_delivery(row), type=row.type, control_reference=row.control_reference, assigned_to=row.operator_name or "")
