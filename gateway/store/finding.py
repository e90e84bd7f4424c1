"""Finding: the operators' search, by any part of a filter, in pages.

What it is: one statement per combination of parts, newest first, with a keyset for the next page so that
page 1,000 costs what page 1 does. What it is not: a search in content: that is sealed. Called by `queries`.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, exists, or_, select, tuple_

from gateway.audit.chain import microseconds
from gateway.contract import MessageFilter
from gateway.records import DeliveryState, MessageRecord
from gateway.store.rows import to_message
from gateway.store.tables import RARE, deliveries, in_states, messages
from schemas.identifiers import MessageId


def find_messages(connection: Connection, wanted: MessageFilter, limit: int, after: MessageId | None) -> Sequence[MessageRecord]:
    """Newest first; ids decide between messages of one moment."""
    statement = select(messages).where(*_conditions(wanted))
    if after is not None:
        place = connection.execute(select(messages.c.accepted_at).where(messages.c.message_id == after)).scalar_one_or_none()
        if place is None:
            return []
        statement = statement.where(tuple_(messages.c.accepted_at, messages.c.message_id) < (place, after))
    ordered = statement.order_by(messages.c.accepted_at.desc(), messages.c.message_id.desc()).limit(limit)
    return [to_message(row) for row in connection.execute(ordered)]


def _conditions(wanted: MessageFilter) -> Iterator[ColumnElement[bool]]:
    equal = {
        messages.c.message_id: wanted.message_id,
        messages.c.sender_message_id: wanted.sender_message_id,
        messages.c.control_reference: wanted.control_reference,
        messages.c.case_lookup: wanted.case_lookup,
        messages.c.type: wanted.type,
    }
    yield from (column == value for column, value in equal.items() if value is not None)
    if wanted.after is not None:
        yield messages.c.accepted_at >= microseconds(wanted.after)
    if wanted.before is not None:
        yield messages.c.accepted_at < microseconds(wanted.before)
    if wanted.party is not None:
        sent_to = exists().where(deliveries.c.message_id == messages.c.message_id, deliveries.c.recipient == wanted.party)
        yield or_(messages.c.sender == wanted.party, sent_to)
    if wanted.state is not None:
        yield _in_state(wanted.state)


def _in_state(state: DeliveryState) -> ColumnElement[bool]:
    """Some delivery of the message is in this state."""
    chosen = in_states(deliveries.c.state, (state,))
    if state in RARE:
        return messages.c.message_id.in_(select(deliveries.c.message_id).where(chosen, in_states(deliveries.c.state, RARE)))
    # Nearly every message: walking the newest finds a page at once, listing them all would not.
    return exists().where(deliveries.c.message_id == messages.c.message_id, chosen)
