"""Rows for people: deliveries and messages without anything that is sealed.

What it is: the columns that lists need, and how a delivery finds what stands beside it in a list. What it is not:
a choice of rows: that is `watch_queues`, `watch_receipts` and `watch_finding`. Called by these.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Connection, Row, Select, and_, func, literal, null, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

from gateway.oversight.views import LetterRow
from gateway.records import DeliveryState
from gateway.store.rows import Value, to_delivery
from gateway.store.tables import NEGATIVE, RARE, SETTLED, UNFINISHED, deliveries, in_states, messages, submissions
from gateway.store.tables_oversight import assignments

_SEALED: Final = ("document_key", "document_wrapped", "document")
DELIVERY: Final[list[Any]] = [*(column for column in deliveries.c if column.name not in _SEALED), null().label("document_key")]
"""Everything but the document, which then reads as none."""
_INDEXED: Final = (SETTLED, UNFINISHED, NEGATIVE, RARE)


class _Known(FunctionElement[bool]):
    """The predicate of a partial index, said again for a planner that does not see that a narrower one implies it."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: OperatorType | None = None) -> "_Known":  # noqa: ARG002 - asked for by SQLAlchemy
        """As it stands: `... = 1`, as SQLite compares what it takes for a column, is not the predicate any more."""
        return self


@compiles(_Known)
def _left_out(_element: _Known, _compiler: SQLCompiler, **_more: object) -> str:
    # PostgreSQL sees it by itself, and said twice it takes what is looked for to be rarer than it is.
    return "true"


@compiles(_Known, "sqlite")
def _said_again(element: _Known, compiler: SQLCompiler, **more: object) -> str:
    return compiler.process(element.clauses, **more)


def indexed_states(states: Iterable[DeliveryState], indexes: Sequence[Sequence[DeliveryState]] = _INDEXED) -> ColumnElement[bool]:
    """`state IN (...)` for states of one class, in the words that the partial index for them knows."""
    chosen = frozenset(states)
    predicate = next(index for index in indexes if chosen <= frozenset(index))
    return and_(in_states(deliveries.c.state, sorted(chosen)), _Known(in_states(deliveries.c.state, predicate)))


def rarely_in(state: DeliveryState) -> ColumnElement[bool]:
    """The same for a rare state of whichever recipient."""
    return indexed_states([state], [RARE])


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
