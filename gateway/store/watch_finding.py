"""Finding for people: messages by any part of a search, in pages, each with its legs.

What it is: the search of the console. What it is not: a search in content: that is sealed. Called by `watch`.

Theory of operation. Walking messages from the newest finds a page at once, unless what is looked for is rare or long
ago. So a search that names no id and no type, but a recipient or a state, is made from the side of the deliveries:
one arm for each class of states that an index knows, each walked from the newest and cut at the page's length, and
merged here. It rests on a delivery being made in the moment in which its message is accepted.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, exists, literal, or_, select, tuple_

from gateway.audit.chain import microseconds
from gateway.oversight.views import MessageRow, MessageSearch
from gateway.records import Delivery, DeliveryState
from gateway.store.rows import Value, to_delivery, to_message
from gateway.store.tables import SETTLED, deliveries, in_states, messages
from gateway.store.watch_rows import CLASSES, DELIVERY, indexed_states
from schemas.identifiers import MessageId

_SEALED: Final = ("canonical_key", "canonical_wrapped", "canonical")
_HEADS: Final[list[Any]] = [
    *(column for column in messages.c if column.name not in _SEALED),
    literal("").label("canonical_key"),
    *(literal(b"").label(name) for name in _SEALED[1:]),
]
_Place = tuple[int, str]
"""When a message was accepted, and its id: their order."""


@dataclass(frozen=True, slots=True)
class _Page:
    """How many, and from where: the newest of all, or those next to a place, on its older or its newer side."""

    limit: int
    place: _Place | None = None
    newer: bool = False

    def order(self, time: Column[int], identity: Column[str] | Column[str | None]) -> tuple[ColumnElement[int], ColumnElement[str] | ColumnElement[str | None]]:
        """The nearest to the place first."""
        return (time.asc(), identity.asc()) if self.newer else (time.desc(), identity.desc())

    def bounds(self, time: Column[int], identity: Column[str] | Column[str | None]) -> Iterator[ColumnElement[bool]]:
        if self.place is not None:
            # The first part alone bounds the walk along an index that ends with the time.
            yield time >= self.place[0] if self.newer else time <= self.place[0]
            yield tuple_(time, identity) > self.place if self.newer else tuple_(time, identity) < self.place


def find_rows(connection: Connection, wanted: MessageSearch, limit: int, after: MessageId | None, newer_than: MessageId | None = None) -> Sequence[MessageRow]:
    """Newest first; ids decide between messages of one moment."""
    mark, page = newer_than or after, _Page(limit)
    if mark is not None:
        found = connection.execute(select(messages.c.accepted_at).where(messages.c.message_id == mark)).scalar_one_or_none()
        if found is None:
            return []
        page = _Page(limit, (found, mark), newer=newer_than is not None)
    places = {(at, message_id) for arm in _arms(wanted, page) for at, message_id in connection.execute(arm)}
    nearest = sorted(places, reverse=not page.newer)[:limit]
    return _read(connection, [message_id for _, message_id in sorted(nearest, reverse=True)])


def _read(connection: Connection, ids: Sequence[str]) -> Sequence[MessageRow]:
    if not ids:
        return []
    legs: defaultdict[str, list[Delivery]] = defaultdict(list)
    for row in connection.execute(select(*DELIVERY).where(deliveries.c.message_id.in_(ids)).order_by(deliveries.c.sequence)):
        legs[row.message_id].append(to_delivery(row))
    heads = {row.message_id: row for row in connection.execute(select(*_HEADS).where(messages.c.message_id.in_(ids)))}
    return [_to_row(heads[message_id], legs[message_id]) for message_id in ids if message_id in heads]


def _to_row(row: Row[tuple[Value, ...]], legs: Sequence[Delivery]) -> MessageRow:
    return MessageRow(message=to_message(row), deliveries=tuple(legs))


def _arms(wanted: MessageSearch, page: _Page) -> Iterator[Select[int, str]]:
    """Statements that together name the page, each the nearest places of its kind."""
    states = wanted.states or frozenset(DeliveryState)
    named = any((wanted.message_id, wanted.sender_message_id, wanted.control_reference, wanted.case_lookup, wanted.type))
    if named or (wanted.recipient is None and wanted.party is None and not wanted.states) or (wanted.recipient is not None and wanted.sender is not None):
        yield _of_messages(wanted, states, page)
        return
    whole = wanted.recipient is None and wanted.party is None
    for kind in CLASSES:
        chosen = states & frozenset(kind)
        if chosen and not (whole and chosen <= frozenset(SETTLED)):
            yield _of_deliveries(wanted, chosen, page)
    settled = states & frozenset(SETTLED)
    if settled and (whole or wanted.party is not None):
        # Nearly every message: of a sender, or of everybody, these are found from the newest.
        yield _of_messages(wanted, settled, page, as_sender=True)


def _of_messages(wanted: MessageSearch, states: frozenset[DeliveryState], page: _Page, *, as_sender: bool = False) -> Select[int, str]:
    """From the side of the messages."""
    table = messages.c
    conditions = [*_equal(wanted), *_between(wanted, table.accepted_at), *page.bounds(table.accepted_at, table.message_id)]
    leg = [deliveries.c.message_id == table.message_id]
    if wanted.recipient is not None:
        leg.append(deliveries.c.recipient == wanted.recipient)
    if wanted.party is not None and as_sender:
        conditions.append(table.sender == wanted.party)
    elif wanted.party is not None:
        conditions.append(or_(table.sender == wanted.party, exists().where(*leg, deliveries.c.recipient == wanted.party)))
    if wanted.states:
        leg.append(in_states(deliveries.c.state, sorted(states)))
    if len(leg) > 1:
        conditions.append(exists().where(*leg))
    found = select(table.accepted_at, table.message_id).where(*conditions)
    return found.order_by(*page.order(table.accepted_at, table.message_id)).limit(page.limit)


def _of_deliveries(wanted: MessageSearch, states: frozenset[DeliveryState], page: _Page) -> Select[int, str]:
    """From the side of the deliveries."""
    table = deliveries.c
    conditions = [
        indexed_states(states),
        table.message_id.is_not(None),
        *_between(wanted, table.created_at),
        *page.bounds(table.created_at, table.message_id),
    ]
    if wanted.recipient is not None:
        conditions.append(table.recipient == wanted.recipient)
    if wanted.sender is not None:
        conditions.append(table.sender == wanted.sender)
    if wanted.party is not None:
        to_it = table.recipient == wanted.party
        conditions.append(to_it if states <= frozenset(SETTLED) else or_(to_it, table.sender == wanted.party))
    found = select(table.created_at, table.message_id).where(*conditions)
    # One message has one delivery to one recipient: then the walk along the index may stop with the page.
    pinned = wanted.recipient is not None or (wanted.party is not None and states <= frozenset(SETTLED))
    return (found if pinned else found.distinct()).order_by(*page.order(table.created_at, table.message_id)).limit(page.limit)


def _equal(wanted: MessageSearch) -> Iterator[ColumnElement[bool]]:
    given = (
        (messages.c.message_id, wanted.message_id),
        (messages.c.sender_message_id, wanted.sender_message_id),
        (messages.c.control_reference, wanted.control_reference),
        (messages.c.case_lookup, wanted.case_lookup),
        (messages.c.sender, wanted.sender),
        (messages.c.type, wanted.type),
    )
    return (column == value for column, value in given if value is not None)


def _between(wanted: MessageSearch, time: Column[int]) -> Iterator[ColumnElement[bool]]:
    yield time >= microseconds(wanted.since)
    if wanted.until is not None:
        yield time < microseconds(wanted.until)
