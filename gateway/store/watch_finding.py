"""Finding for people: messages by any part of a search, in pages, each with its legs.

What it is: the search of the console. What it is not: a search in content: that is sealed. Called by `watch`.

Theory of operation. No one index serves every search, so a search is made of arms: statements that each walk one index
from the newest and end with the page. What one arm found bounds the next: once there is a page, an arm looks no
further back than its last place, so that whoever has very much that is rare costs no more than a page of it. Messages
of a sender or a type are walked on their own side, all else on the side of the deliveries, by recipient and state: it
rests on a delivery being made in the moment in which its message is accepted. A party is a sender or a recipient: two
searches, of which the nearest count.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, CompoundSelect, Connection, Row, Select, UnaryExpression, and_, exists, func, literal, select, tuple_, union_all

from gateway.audit.chain import microseconds
from gateway.oversight.views import MessageRow, MessageSearch
from gateway.records import Delivery, DeliveryState
from gateway.store.rows import Value, to_delivery, to_message
from gateway.store.tables import RARE, SETTLED, deliveries, in_states, messages
from gateway.store.watch_rows import DELIVERY, indexed_states, rarely_in
from schemas.identifiers import MessageId, PartyCode

_SEALED: Final = ("canonical_key", "canonical_wrapped", "canonical")
_HEADS: Final[list[Any]] = [
    *(column for column in messages.c if column.name not in _SEALED),
    literal("").label("canonical_key"),
    *(literal(b"").label(name) for name in _SEALED[1:]),
]
_ANY: Final = frozenset(DeliveryState)
_ABREAST: Final = 50
"""Recipients in one statement."""
_Place = tuple[int, str]
"""When a message was accepted, and its id: their order."""
_Identity = Column[str] | Column[str | None]


@dataclass(frozen=True, slots=True)
class _Page:
    """How many, and from where: the newest of all, or those next to a place, on its older or its newer side."""

    limit: int
    since: int
    until: int | None
    place: _Place | None = None
    newer: bool = False

    def next_to(self, place: _Place, *, newer: bool) -> "_Page":
        """On one side of it."""
        return replace(self, place=place, newer=newer)._between(*((place[0], None) if newer else (None, place[0] + 1)))

    def no_further_than(self, place: _Place) -> "_Page":
        """What is further from its beginning need not be looked at."""
        return self._between(*((None, place[0] + 1) if self.newer else (place[0], None)))

    def _between(self, since: int | None, until: int | None) -> "_Page":
        untils = [time for time in (self.until, until) if time is not None]
        return replace(self, since=max(self.since, since or 0), until=min(untils, default=None))

    def nearest(self, places: set[_Place]) -> Sequence[_Place]:
        """Of these, as many as there is room for; the nearest first."""
        return sorted(places, reverse=not self.newer)[: self.limit]

    def cut(self, found: Select[int, str], time: Column[int], identity: _Identity) -> Select[int, str]:
        """The nearest first, and no more."""
        found = found.where(time >= self.since)
        if self.until is not None:
            found = found.where(time < self.until)
        if self.place is not None:
            found = found.where(tuple_(time, identity) > self.place if self.newer else tuple_(time, identity) < self.place)
        return found.order_by(*self._order(time, identity)).limit(self.limit)

    def _order(self, time: Column[int], identity: _Identity) -> tuple[UnaryExpression[Any], UnaryExpression[Any]]:
        return (time.asc(), identity.asc()) if self.newer else (time.desc(), identity.desc())


_Found = Select[int, str] | CompoundSelect[int, str]
_Arm = Callable[[_Page], _Found]


def find_rows(connection: Connection, wanted: MessageSearch, limit: int, after: MessageId | None, newer_than: MessageId | None = None) -> Sequence[MessageRow]:
    """Newest first; ids decide between messages of one moment."""
    page = _Page(limit, microseconds(wanted.since), None if wanted.until is None else microseconds(wanted.until))
    mark = newer_than or after
    if mark is not None:
        found = connection.execute(select(messages.c.accepted_at).where(messages.c.message_id == mark)).scalar_one_or_none()
        if found is None:
            return []
        page = page.next_to((found, mark), newer=newer_than is not None)
    places = _walk(connection, wanted, page)
    return _read(connection, [message_id for _, message_id in sorted(places, reverse=True)])


def _walk(connection: Connection, wanted: MessageSearch, page: _Page) -> Sequence[_Place]:
    nearest: Sequence[_Place] = []
    for role in _roles(wanted):
        for arm in _arms(connection, role):
            found = {(at, message_id) for at, message_id in connection.execute(arm(page))}
            nearest = page.nearest(found.union(nearest))
            if len(nearest) == page.limit:
                page = page.no_further_than(nearest[-1])
    return nearest


def _roles(wanted: MessageSearch) -> Iterator[MessageSearch]:
    """A party's messages: those that it sent, and those that it gets."""
    if wanted.party is None:
        yield wanted
        return
    if wanted.sender in (None, wanted.party):
        yield replace(wanted, party=None, sender=wanted.party)
    if wanted.recipient in (None, wanted.party):
        yield replace(wanted, party=None, recipient=wanted.party)


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


def _arms(connection: Connection, wanted: MessageSearch) -> Iterator[_Arm]:
    """Statements that together name the page, those that find it at once first."""
    named = any((wanted.message_id, wanted.sender_message_id, wanted.control_reference, wanted.case_lookup))
    if named or not (wanted.recipient or wanted.states):
        yield partial(_of_messages, wanted, _leg(wanted) if wanted.recipient or wanted.states else None)
        return
    states = wanted.states or _ANY
    yield from _settled_arms(connection, wanted, sorted(states & frozenset(SETTLED)))
    for state in sorted(states & frozenset(RARE)):
        yield partial(_of_deliveries, wanted, state, wanted.recipient)


def _settled_arms(connection: Connection, wanted: MessageSearch, states: Sequence[DeliveryState]) -> Iterator[_Arm]:
    """Nearly every message."""
    if states and wanted.type is not None:
        yield partial(_of_messages, wanted, _settled_leg(wanted, states))
        return
    recipients = [wanted.recipient] if wanted.recipient is not None else _recipients(connection)
    for state in states:
        for start in range(0, len(recipients), _ABREAST):
            yield partial(_abreast, wanted, state, recipients[start : start + _ABREAST])


def _recipients(connection: Connection) -> Sequence[PartyCode]:
    """Who has something settled: the index is asked for the next one of them, and the next."""
    settled, step = in_states(deliveries.c.state, SETTLED), func.min(deliveries.c.recipient)
    seen = select(step.label("recipient")).where(settled).cte("seen", recursive=True)
    following = select(step).where(settled, deliveries.c.recipient > seen.c.recipient).scalar_subquery()
    seen = seen.union_all(select(following).where(seen.c.recipient.is_not(None)))
    return [PartyCode(found) for found in connection.scalars(select(seen.c.recipient).where(seen.c.recipient.is_not(None)))]


def _leg(wanted: MessageSearch) -> ColumnElement[bool]:
    """Some delivery is as it should be."""
    leg = [deliveries.c.message_id == messages.c.message_id]
    if wanted.recipient is not None:
        leg.append(deliveries.c.recipient == wanted.recipient)
    if wanted.states:
        leg.append(in_states(deliveries.c.state, sorted(wanted.states)))
    return exists().where(*leg)


def _settled_leg(wanted: MessageSearch, states: Sequence[DeliveryState]) -> ColumnElement[bool]:
    """The same of settled ones, of which an index answers all that is asked, its moment included."""
    if wanted.recipient is None:
        return exists().where(deliveries.c.message_id == messages.c.message_id, in_states(deliveries.c.state, states))
    leg = (deliveries.c.created_at == messages.c.accepted_at, deliveries.c.message_id == messages.c.message_id)
    return exists().where(indexed_states(states), deliveries.c.recipient == wanted.recipient, *leg)


def _of_messages(wanted: MessageSearch, leg: ColumnElement[bool] | None, page: _Page) -> Select[int, str]:
    """From the side of the messages."""
    found = select(messages.c.accepted_at, messages.c.message_id).where(*_equal(wanted))
    return page.cut(found if leg is None else found.where(leg), messages.c.accepted_at, messages.c.message_id)


def _abreast(wanted: MessageSearch, state: DeliveryState, recipients: Sequence[PartyCode], page: _Page) -> _Found:
    """From the side of the deliveries, for each of some recipients: the page is among their pages."""
    pages = [_of_deliveries(wanted, state, recipient, page) for recipient in recipients]
    return pages[0] if len(pages) == 1 else union_all(*(select(*one.subquery().c) for one in pages))


def _of_deliveries(wanted: MessageSearch, state: DeliveryState, recipient: PartyCode | None, page: _Page) -> Select[int, str]:
    """From the side of the deliveries."""
    table = deliveries.c
    known = indexed_states([state]) if recipient is not None else rarely_in(state)
    found = select(table.created_at, table.message_id).where(known, table.message_id.is_not(None))
    if recipient is not None:
        found = found.where(table.recipient == recipient)
    if wanted.sender is not None:
        found = found.where(table.sender == wanted.sender)
    if wanted.type is not None:
        found = found.join(messages, and_(messages.c.message_id == table.message_id, messages.c.type == wanted.type))
    # One message has one delivery to one recipient: else one in several places would make the page short.
    return page.cut(found if recipient is not None else found.distinct(), table.created_at, table.message_id)


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
