"""Checkpoints: signed heads of the audit chain.

What it is: `gateway.contract.Checkpoints`. What it is not: the signature nor its verification. Called by
timers and by `gateway audit verify`.
"""

from collections.abc import Sequence

from sqlalchemy import Row, insert, select

from gateway.audit.chain import ChainHead
from gateway.audit.events import AuditEvent
from gateway.records import CheckpointRecord
from gateway.store.engine import Database
from gateway.store.head import lock_head, read_head
from gateway.store.tables import checkpoints

_ALL = select(checkpoints).order_by(checkpoints.c.sequence)
_LATEST = select(checkpoints).order_by(checkpoints.c.sequence.desc()).limit(1)


class SqlCheckpoints:
    """Keeps `gateway.contract.Checkpoints`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> ChainHead:
        """The end of the chain now: what the next checkpoint signs."""
        with self._database.reading() as connection:
            return read_head(connection)

    def put(self, jws: str, sequence: int, event: AuditEvent) -> None:
        """Keep a signed checkpoint of the record with this number; the first one where there is one already."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            if connection.execute(select(checkpoints.c.sequence).where(checkpoints.c.sequence == sequence)).first():
                return
            connection.execute(insert(checkpoints), [{"sequence": sequence, "jws": jws}])
            head.append((event,))
            head.save(connection)

    def latest(self) -> CheckpointRecord | None:
        """The checkpoint nearest to the end of the chain."""
        with self._database.reading() as connection:
            row = connection.execute(_LATEST).one_or_none()
        return None if row is None else _to_checkpoint(row)

    def all(self) -> Sequence[CheckpointRecord]:
        """Every checkpoint, in order of the chain."""
        with self._database.reading() as connection:
            return [_to_checkpoint(row) for row in connection.execute(_ALL)]


def _to_checkpoint(row: Row[tuple[int, str]]) -> CheckpointRecord:
    return CheckpointRecord(row.sequence, row.jws)
