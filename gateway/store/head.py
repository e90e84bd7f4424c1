"""The head: the one row whose lock orders everything, and what is drawn from it.

What it is: the end of the audit chain with the counters of deliveries, outbox and receipts. What it is not:
a way to write without an event: whoever changes partners or messages appends to the chain here, in the
same transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select, update

from gateway.audit.chain import ChainHead, head_of, link
from gateway.audit.events import AuditEvent, AuditRecord
from gateway.store.bulk import insert_rows
from gateway.store.engine import LINKED
from gateway.store.rows import audit_values
from gateway.store.tables import audit_head, audit_records

HEAD_ID = 1
_LOCK = select(audit_head).where(audit_head.c.head_id == HEAD_ID).with_for_update()
_READ = select(audit_head.c.sequence, audit_head.c.digest).where(audit_head.c.head_id == HEAD_ID)
_SAVE = update(audit_head).where(audit_head.c.head_id == HEAD_ID)
_AT = select(audit_records.c.digest).where(audit_records.c.sequence == bindparam("wanted"))


@dataclass(slots=True)
class Head:
    """The locked head of one transaction."""

    chain: ChainHead
    delivery_sequence: int
    outbox_id: int
    receipt_number: int
    directory_version: int
    records: list[AuditRecord] = field(default_factory=list)

    def append(self, events: Iterable[AuditEvent]) -> None:
        """Link events to the end of the chain."""
        for event in events:
            record = link(self.chain, event)
            self.chain = head_of(record)
            self.records.append(record)

    def draw_delivery(self) -> int:
        """The next sequence of a delivery."""
        self.delivery_sequence += 1
        return self.delivery_sequence

    def draw_outbox(self) -> int:
        """The next place in the outbox."""
        self.outbox_id += 1
        return self.outbox_id

    def draw_receipt(self) -> int:
        """The next cursor of a receipt."""
        self.receipt_number += 1
        return self.receipt_number

    def save(self, connection: Connection) -> None:
        """Write what was appended and drawn."""
        if self.records:
            insert_rows(connection, audit_records, [audit_values(record) for record in self.records])
            connection.info.get(LINKED, []).extend(record.event for record in self.records)
        values = {
            "sequence": self.chain.sequence,
            "digest": self.chain.digest,
            "delivery_sequence": self.delivery_sequence,
            "outbox_id": self.outbox_id,
            "receipt_number": self.receipt_number,
            "directory_version": self.directory_version,
        }
        connection.execute(_SAVE, values)


def lock_head(connection: Connection) -> Head:
    """Lock the head until the transaction ends. SQLite has locked the file already."""
    row = connection.execute(_LOCK).one()
    return Head(ChainHead(row.sequence, row.digest), row.delivery_sequence, row.outbox_id, row.receipt_number, row.directory_version)


def read_head(connection: Connection) -> ChainHead:
    """The end of the chain now, without a lock."""
    row = connection.execute(_READ).one()
    return ChainHead(row.sequence, row.digest)


def digest_at(connection: Connection, sequence: int) -> str | None:
    """The digest of the record with this number, if there is one."""
    digest: str | None = connection.execute(_AT, {"wanted": sequence}).scalar_one_or_none()
    return digest
