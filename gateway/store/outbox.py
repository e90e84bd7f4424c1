"""The outbox: what is owed to the broker, in order of commit.

What it is: `gateway.contract.Outbox`. What it is not: where entries usually come from: rules owe them
through the unit of work; here only the sweeper owes again. Called by the relay and the sweeper.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from gateway.audit.chain import microseconds
from gateway.records import Delivery, OutboxEntry
from gateway.store.bulk import insert_rows
from gateway.store.engine import CHUNK, Database
from gateway.store.head import lock_head
from gateway.store.rows import outbox_values, to_optional_time, to_outbox_entry
from gateway.store.tables import deliveries, marks, outbox

_CONFIRMED = "outbox.confirmed"
_READY = select(outbox).where(outbox.c.not_before.is_(None)).order_by(outbox.c.outbox_id).limit(bindparam("at_most"))
# By `not_before`, not by id: a planner that is asked for ids walks the whole table for them.
_DUE_AGAIN = select(outbox).where(outbox.c.not_before <= bindparam("now")).order_by(outbox.c.not_before, outbox.c.outbox_id).limit(bindparam("at_most"))
_FORGET = delete(outbox).where(outbox.c.outbox_id.in_(bindparam("wanted", expanding=True)))
_PUT_OFF = update(outbox).where(outbox.c.outbox_id.in_(bindparam("wanted", expanding=True))).values(not_before=bindparam("until"))
_REMEMBER = text("INSERT INTO marks (name, at) VALUES (:name, :at) ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE excluded.at > marks.at")
_VERSIONS = select(deliveries.c.delivery_id, deliveries.c.version).where(deliveries.c.delivery_id.in_(bindparam("wanted", expanding=True)))
# The version stays: a courier that holds this delivery must not find itself stale because it was looked at.
_LOOK_AGAIN = update(deliveries).where(deliveries.c.delivery_id == bindparam("of_delivery"), deliveries.c.version == bindparam("of_version"))


class SqlOutbox:
    """Keeps `gateway.contract.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, now: datetime, limit: int) -> Sequence[OutboxEntry]:
        """In order, without those put off until later."""
        # Two reads, each off its own index: a backlog that was put off must not be walked at every look.
        with self._database.reading() as connection:
            rows = [*connection.execute(_READY, {"at_most": limit}), *connection.execute(_DUE_AGAIN, {"now": microseconds(now), "at_most": limit})]
        entries = {entry.outbox_id: entry for entry in map(to_outbox_entry, rows)}
        return [entries[outbox_id] for outbox_id in sorted(entries)[:limit]]

    def published(self, ids: Sequence[int], now: datetime) -> None:
        """Forget them, and remember when the last confirm came."""
        with self._database.writing() as connection:
            for start in range(0, len(ids), CHUNK):
                connection.execute(_FORGET, {"wanted": list(ids[start : start + CHUNK])})
            connection.execute(_REMEMBER, {"name": _CONFIRMED, "at": microseconds(now)})

    def put_off(self, ids: Sequence[int], until: datetime) -> None:
        """Leave them out of `pending` until then."""
        with self._database.writing() as connection:
            for start in range(0, len(ids), CHUNK):
                connection.execute(_PUT_OFF, {"wanted": list(ids[start : start + CHUNK]), "until": microseconds(until)})

    def enqueue(self, entries: Sequence[tuple[OutboxEntry, Delivery]], next_look: datetime) -> None:
        """Owe these again where their delivery is unchanged."""
        if not entries:
            return
        with self._database.writing() as connection:
            head = lock_head(connection)
            stored = _versions(connection, [delivery.delivery_id for _, delivery in entries])
            unchanged = [(entry, delivery) for entry, delivery in entries if stored.get(delivery.delivery_id) == delivery.version]
            if not unchanged:
                return
            insert_rows(connection, outbox, [outbox_values(entry, head.draw_outbox()) for entry, _ in unchanged])
            looks = {delivery.delivery_id: delivery.version for _, delivery in unchanged}
            at = microseconds(next_look)
            connection.execute(_LOOK_AGAIN, [{"of_delivery": key, "of_version": version, "look_at": at} for key, version in looks.items()])
            head.save(connection)

    def last_confirmed(self) -> datetime | None:
        """When the broker last confirmed a publication."""
        with self._database.reading() as connection:
            return to_optional_time(connection.execute(select(marks.c.at).where(marks.c.name == _CONFIRMED)).scalar_one_or_none())

    def depth(self) -> int:
        """How many are owed, put off or not."""
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(outbox)).scalar_one()


def _versions(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    wanted = sorted(set(ids))
    return {
        delivery_id: version
        for start in range(0, len(wanted), CHUNK)
        for delivery_id, version in connection.execute(_VERSIONS, {"wanted": wanted[start : start + CHUNK]})
    }
