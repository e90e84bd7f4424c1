"""Filling: a store with a month of made-up traffic, written in bulk.

What it is: messages, deliveries, attempts and a linked audit chain of 22 parties, spread as a month spreads them; the
newest of it unfinished, some of it refused; and the parties themselves in the directory (`parties`). What it is not:
traffic: nothing was signed, sealed or received, and what should be sealed is noise. Called by `bench.console` and by
whoever measures pages over such a store.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Table, select, update

from bench.parties import organisation_of, write_parties
from gateway.audit.chain import GENESIS, encode_facts, link, microseconds
from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.store.engine import Database
from gateway.store.rows import Value
from gateway.store.tables import attempts, audit_head, audit_records, deliveries, messages, submissions
from schemas.catalogue import CATALOGUE

PARTIES: Final = ("N00", *(f"C{number:02d}" for number in range(1, 22)))
DAYS: Final = 30
CASES: Final = 60_000
PER_SUBMISSION: Final = 2
UNFINISHED_SHARE, DEAD_SHARE, NOT_APPLIED_SHARE, DISCARDED_SHARE = 0.01, 0.002, 0.01, 0.002
_TYPES: Final = tuple(sorted(CATALOGUE))
_FAULTS: Final = ("value-too-long", "code-unknown", "document-invalid", "recipient-refused")
_FAILED: Final = {"retrying": "recipient-unreachable", "set-aside": "attempts-exhausted", "not-applied": "not-applied"}
_CODES: Final = {
    "waiting": AuditCode.DELIVERY_PREPARED,
    "retrying": AuditCode.DELIVERY_DELAYED,
    "handed-over": AuditCode.DELIVERY_HANDED_OVER,
    "set-aside": AuditCode.DELIVERY_SET_ASIDE,
    "refused": AuditCode.DELIVERY_REFUSED,
    "delivered": AuditCode.DELIVERY_DELIVERED,
    "applied": AuditCode.DELIVERY_APPLIED,
    "not-applied": AuditCode.DELIVERY_NOT_APPLIED,
    "discarded": AuditCode.DELIVERY_DISCARDED,
}
_CHUNK: Final = 20_000
_Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message with its one delivery."""

    number: int
    at: int
    sender: str
    recipient: str
    type: str
    state: str
    message_id: str
    delivery_id: str
    submission_id: str
    control_reference: str
    case_lookup: str | None

    @property
    def fault(self) -> str | None:
        """Why it is where it is."""
        return _FAULTS[self.number % len(_FAULTS)] if self.state == "refused" else _FAILED.get(self.state)


@dataclass(slots=True)
class Month:
    """The month's traffic, the same for the same seed."""

    messages: int
    until: datetime
    seed: int = 20261123
    _noise: bytes = field(init=False, default=b"")

    def __post_init__(self) -> None:
        self._noise = random.Random(self.seed).randbytes(600)  # noqa: S311 - stands in for sealed bytes

    def sent(self) -> Iterator[Sent]:
        """Oldest first. Dead and unfinished ones are mostly the newest."""
        dice = random.Random(self.seed)  # noqa: S311 - made-up traffic
        first, step = microseconds(self.until - timedelta(days=DAYS)), DAYS * 86_400_000_000 // self.messages
        for number in range(self.messages):
            at = first + (number - number % PER_SUBMISSION) * step
            crc = PARTIES[1 + int(21 * dice.random() ** 1.3)]
            sender, recipient = ("N00", crc) if dice.random() < 0.6 else (crc, "N00")
            yield Sent(
                number=number,
                at=at,
                sender=sender,
                recipient=recipient,
                type=_TYPES[int(len(_TYPES) * dice.random() ** 2)],
                state=self._state(number, recipient, dice),
                message_id=_identity(at, number, 0),
                delivery_id=_identity(at, number, 1),
                submission_id=_identity(at, number // PER_SUBMISSION, 2),
                control_reference=f"{sender}{number // PER_SUBMISSION:09d}",
                case_lookup=None if number % 10 == 0 else f"{dice.randrange(CASES):064x}",
            )

    def _state(self, number: int, recipient: str, dice: random.Random) -> str:
        # the last twentieth of the month holds what is unfinished and what is dead
        rare = dice.random()
        if number >= 0.95 * self.messages:
            if rare < 20 * UNFINISHED_SHARE:
                return "waiting" if rare < 8 * UNFINISHED_SHARE else "retrying" if rare < 14 * UNFINISHED_SHARE else "handed-over"
            if rare < 20 * (UNFINISHED_SHARE + DEAD_SHARE):
                return "refused" if number % 3 else "set-aside"
        if rare > 1 - NOT_APPLIED_SHARE:
            return "not-applied"
        if rare > 1 - NOT_APPLIED_SHARE - DISCARDED_SHARE:
            return "discarded"
        return "delivered" if recipient in DELIVERED_LAST else "applied"

    def sealed(self, size: int) -> bytes:
        """As many bytes as something sealed would have."""
        return self._noise[:size]


DELIVERED_LAST: Final = frozenset(PARTIES[1::4])
"""Parties that can say no more than that they have it."""


def _identity(at: int, number: int, kind: int) -> str:
    text = f"{at // 1000:012x}"
    return f"{text[:8]}-{text[8:]}-7{number & 0xFFF:03x}-8{kind:03x}-{number:012x}"


def fill(url: str, month: Month) -> None:
    """Write it all into a migrated store with nothing in it, indexes last."""
    database = Database(url)
    try:
        with database.writing() as connection:
            if connection.execute(select(audit_head.c.sequence)).scalar_one() != GENESIS.sequence:
                raise ValueError("a store that has lived is not filled")
            tables = (submissions, messages, deliveries, attempts, audit_records)
            indexes = [index for table in tables for index in sorted(table.indexes, key=lambda one: str(one.name))]
            for index in indexes:
                index.drop(connection)
            _fill_tables(connection, month)
            for index in indexes:
                index.create(connection)
        write_parties(database, PARTIES, DELIVERED_LAST, month.until)
        with database.reading() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE")
    finally:
        database.close()


def _fill_tables(connection: Connection, month: Month) -> None:
    chain, chunk = _Chain(), list[Sent]()
    for one in month.sent():
        chunk.append(one)
        if len(chunk) == _CHUNK:
            _write(connection, month, chunk, chain)
            chunk.clear()
    _write(connection, month, chunk, chain)
    head = {"sequence": chain.head.sequence, "digest": chain.head.digest, "delivery_sequence": month.messages}
    connection.execute(update(audit_head).values(head))


def _write(connection: Connection, month: Month, chunk: Sequence[Sent], chain: "_Chain") -> None:
    _load(connection, submissions, [_submission(one, month) for one in chunk if one.number % PER_SUBMISSION == 0])
    _load(connection, messages, [_message(one, month) for one in chunk])
    _load(connection, deliveries, [_delivery(one, month) for one in chunk])
    _load(connection, attempts, [_attempt(one) for one in chunk if one.state != "waiting"])
    _load(connection, audit_records, [row for one in chunk for row in chain.rows(one)])


def _load(connection: Connection, table: Table, rows: Sequence[_Row]) -> None:
    """By the shortest way that each database has."""
    names = [column.name for column in table.columns if column.autoincrement is not True]
    if connection.dialect.name == "postgresql":
        driver = connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the connection is lost")
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    elif rows:
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of our own metadata
        connection.exec_driver_sql(statement, list(rows))


def _submission(one: Sent, month: Month) -> _Row:
    digest = f"sha-256:{one.number:064x}"
    key = ("spg", one.sender, one.recipient, one.control_reference)
    kept = (digest, one.control_reference, "accepted", None, one.at, "archive-1", b"0" * 40, month.sealed(300), "header.claims.signature", digest)
    return (one.submission_id, organisation_of(one.sender), one.sender, "soap", "wss", "text/xml", *key, *kept)


def _message(one: Sent, month: Month) -> _Row:
    named = (one.message_id, one.submission_id, one.number % PER_SUBMISSION + 1, one.sender, f"their-{one.number}", one.type, "insert", "1.2")
    return (*named, one.control_reference, one.case_lookup, None, False, one.at, one.at, "archive-1", b"0" * 40, month.sealed(600))


def _delivery(one: Sent, month: Month) -> _Row:
    changed = one.at + 1_000_000 * (1 + one.number % 600)
    due = changed + 300_000_000 if one.state in ("waiting", "retrying", "handed-over") else None
    tried = 0 if one.state == "waiting" else 1
    digest = f"sha-256:{one.number:064x}"
    named = (one.number + 1, one.delivery_id, "message", one.message_id, one.submission_id, one.sender, one.recipient)
    progress = (one.case_lookup or one.message_id, one.state, tried, 0, due, due, digest, "[]", digest, one.fault, None, one.at, changed, 2)
    return (*named, *progress, "archive-1", b"0" * 40, month.sealed(500), None)


def _attempt(one: Sent) -> _Row:
    outcome = {"retrying": "try-later", "set-aside": "try-later", "refused": "refused"}.get(one.state, "delivered")
    return (one.delivery_id, 1, one.at + 1_000_000, outcome, one.fault, "")


class _Chain:
    """The audit chain as it would have grown: one record for each submission and each delivery, and some by people."""

    def __init__(self) -> None:
        self.head = GENESIS

    def rows(self, one: Sent) -> Iterator[_Row]:
        """What happened with this message."""
        if one.number % PER_SUBMISSION == 0:
            yield self._row(AuditCode.SUBMISSION_ACCEPTED, one.at, one.submission_id, {"sender": one.sender, "messages": PER_SUBMISSION})
        facts: dict[str, Fact] = {"message": one.message_id, "recipient": one.recipient, "state": one.state}
        if one.state == "discarded":
            facts["by"] = f"op-{one.number % 7}"
        yield self._row(_CODES[one.state], one.at, one.delivery_id, facts)

    def _row(self, code: AuditCode, at: int, subject: str, facts: dict[str, Fact]) -> _Row:
        event = AuditEvent(code, datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000), subject, facts)
        record = link(self.head, event)
        self.head = type(self.head)(record.sequence, record.digest)
        return (record.sequence, code.value, at, subject, encode_facts(facts), record.previous, record.digest, facts.get("by"))
