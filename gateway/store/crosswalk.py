"""The crosswalk as rows: which record of nDelius a partner's own id stands for.

What it is: the statements behind the questions that routing and delivery ask, and the writing of what a commit learned,
inside the transaction of its batch. What it is not: sealed: both sides are references that name a record to those who
hold the systems, and nothing to anybody else. Called by the queries, the unit of work and `gateway crosswalk`.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import BindParameter, Column, Connection, Row, Table, bindparam, select, text

from gateway.audit.chain import microseconds
from gateway.changes import Changes
from gateway.records import AwaitedId, KnownId, OwnId
from gateway.store.engine import CHUNK
from gateway.store.rows import Value, Values, to_time
from gateway.store.tables import awaited_ids, crosswalk
from schemas.identifiers import MessageId, OrganisationId

_WANTED: BindParameter[Value] = bindparam("wanted", expanding=True)
_ADD_KNOWN = text(
    "INSERT INTO crosswalk (own_key, organisation, kind, own_id, record_id, record_key, since, source) "
    "VALUES (:own_key, :organisation, :kind, :own_id, :record_id, :record_key, :since, :source) ON CONFLICT DO NOTHING"
)
_ADD_AWAITED = text(
    "INSERT INTO awaited_ids (own_key, organisation, kind, own_id, message_id, case_lookup, since) "
    "VALUES (:own_key, :organisation, :kind, :own_id, :message_id, :case_lookup, :since)"
)
_END_AWAITED = text("DELETE FROM awaited_ids WHERE own_key = :own_key")


def read_known(connection: Connection, own_keys: Iterable[str]) -> dict[str, KnownId]:
    """By own key."""
    return {found.own.key: found for row in _each(connection, crosswalk, crosswalk.c.own_key, own_keys) if (found := _to_known(row))}


def read_records(connection: Connection, record_keys: Iterable[str]) -> dict[str, KnownId]:
    """By record key."""
    return {found.record_key: found for row in _each(connection, crosswalk, crosswalk.c.record_key, record_keys) if (found := _to_known(row))}


def read_awaited(connection: Connection, own_keys: Iterable[str]) -> dict[str, AwaitedId]:
    """By own key."""
    return {found.own.key: found for row in _each(connection, awaited_ids, awaited_ids.c.own_key, own_keys) if (found := _to_awaited(row))}


def read_awaited_of(connection: Connection, messages: Iterable[MessageId]) -> dict[MessageId, AwaitedId]:
    """By the message that waits."""
    return {found.message_id: found for row in _each(connection, awaited_ids, awaited_ids.c.message_id, messages) if (found := _to_awaited(row))}


def list_known(connection: Connection, organisation: OrganisationId, after: str, limit: int) -> list[KnownId]:
    """Of one organisation, in order of kind and own id, after this own key."""
    wanted = select(crosswalk).where(crosswalk.c.organisation == organisation, crosswalk.c.own_key > after).order_by(crosswalk.c.own_key).limit(limit)
    return [_to_known(row) for row in connection.execute(wanted)]


def list_awaited(connection: Connection, organisation: OrganisationId, after: str, limit: int) -> list[AwaitedId]:
    """Of one organisation, in order of kind and own id, after this own key."""
    columns = awaited_ids.c
    wanted = select(awaited_ids).where(columns.organisation == organisation, columns.own_key > after).order_by(columns.own_key).limit(limit)
    return [_to_awaited(row) for row in connection.execute(wanted)]


def write_crosswalk(connection: Connection, items: Sequence[Changes]) -> None:
    """What a batch learned and waits for. Most batches have nothing of it."""
    known = [one for item in items for one in item.known_ids]
    ended = [*(one.own for one in known), *(own for item in items for own in item.given_up_ids)]
    for statement, rows in (
        (_ADD_AWAITED, [_awaited_values(one) for item in items for one in item.awaited_ids]),
        (_ADD_KNOWN, [_known_values(one) for one in known]),
        (_END_AWAITED, [{"own_key": own.key} for own in ended]),
    ):
        if rows:
            connection.execute(statement, rows)


def _each(connection: Connection, table: Table, column: Column[str], wanted: Iterable[str]) -> Iterable[Row[tuple[Value, ...]]]:
    values = list(dict.fromkeys(wanted))
    for start in range(0, len(values), CHUNK):
        yield from connection.execute(select(table).where(column.in_(_WANTED)), {"wanted": values[start : start + CHUNK]})


def _own_values(own: OwnId) -> Values:
    return {"own_key": own.key, "organisation": own.organisation, "kind": own.kind, "own_id": own.own_id}


def _to_own(row: Row[tuple[Value, ...]]) -> OwnId:
    return OwnId(organisation=OrganisationId(row.organisation), kind=row.kind, own_id=row.own_id)


def _known_values(one: KnownId) -> Values:
    return _own_values(one.own) | {"record_id": one.record_id, "record_key": one.record_key, "since": microseconds(one.since), "source": one.source}


def _to_known(row: Row[tuple[Value, ...]]) -> KnownId:
    return KnownId(own=_to_own(row), record_id=row.record_id, since=to_time(row.since), source=row.source)


def _awaited_values(one: AwaitedId) -> Values:
    return _own_values(one.own) | {"message_id": one.message_id, "case_lookup": one.case_lookup, "since": microseconds(one.since)}


def _to_awaited(row: Row[tuple[Value, ...]]) -> AwaitedId:
    return AwaitedId(own=_to_own(row), message_id=MessageId(row.message_id), case_lookup=row.case_lookup, since=to_time(row.since))
