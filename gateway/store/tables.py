"""Tables: the shape of everything that is kept, the same on SQLite and PostgreSQL.

What it is: SQLAlchemy Core metadata. What it is not: the history of that shape (`migrations`, which a test
compares with this), nor reading and writing. Times are whole microseconds since 1970 UTC in a BIGINT: exact,
ordered and equal on both databases, with no time zone for a driver to guess. Indexes that serve unfinished
work are partial, so that finished history costs them nothing; their predicates stand in SQL as literals,
because neither planner matches a partial index to a bound parameter.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Index, Integer, LargeBinary, MetaData, Table, Text, literal_column

from gateway.records import DeliveryState

METADATA: Final = MetaData()
UNFINISHED: Final = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER, DeliveryState.SET_ASIDE)
"""States in which somebody or something still has to act."""
SWEPT: Final = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER)
"""States that a clock moves on."""
SETTLED: Final = (DeliveryState.DELIVERED, DeliveryState.APPLIED)
"""Where nearly every delivery ends; all other states are rare, and worth an index to search by."""
RARE: Final = tuple(state for state in DeliveryState if state not in SETTLED)

WholeNumber: Final = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite gives `INTEGER PRIMARY KEY` the row id itself: no second tree, and rows in order."""


def in_states(column: ColumnElement[str], states: Iterable[DeliveryState]) -> ColumnElement[bool]:
    """`column IN (...)` with the states as literals, as partial indexes need it."""
    return column.in_([literal_column(f"'{state.value}'") for state in states])


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _maybe_text(name: str) -> Column[str | None]:
    return Column(name, Text, nullable=True)


def _time(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _maybe_time(name: str) -> Column[int | None]:
    return Column(name, BigInteger, nullable=True)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _maybe_bytes(name: str) -> Column[bytes | None]:
    return Column(name, LargeBinary, nullable=True)


def _text_key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _drawn_key(name: str) -> Column[int]:
    """A number drawn from the head row, in order of commit."""
    return Column(name, WholeNumber, primary_key=True, autoincrement=False)


audit_head = Table(
    "audit_head",
    METADATA,
    Column("head_id", Integer, primary_key=True, autoincrement=False),
    _number("sequence"),
    _text("digest"),
    _number("delivery_sequence"),
    _number("outbox_id"),
    _number("receipt_number"),
    _number("directory_version"),
)
"""One row: the end of the chain and every counter that must rise in order of commit. Its lock is the store's."""

audit_records = Table(
    "audit_records",
    METADATA,
    _drawn_key("sequence"),
    _text("code"),
    _time("at"),
    _text("subject"),
    _text("facts"),
    _text("previous"),
    _text("digest"),
    Index("ix_audit_records_subject", "subject", "sequence"),
)

checkpoints = Table("checkpoints", METADATA, _drawn_key("sequence"), _text("jws"))

submissions = Table(
    "submissions",
    METADATA,
    _text_key("submission_id"),
    _text("organisation"),
    _text("sender"),
    _text("channel"),
    _text("packaging"),
    _text("content_type"),
    _text("key_scheme"),
    _text("key_sender"),
    _text("key_receiver"),
    _text("key_reference"),
    _text("content_digest"),
    _text("control_reference"),
    _text("verdict"),
    _maybe_text("fault"),
    _time("received_at"),
    _text("archive_key"),
    _bytes("archive_wrapped"),
    _bytes("archive"),
    _text("receipt"),
    _text("receipt_digest"),
)

duplicate_keys = Table(
    "duplicate_keys",
    METADATA,
    _text_key("key_digest"),
    _text("submission_id"),
    _text("verdict"),
)
"""Who holds a key of duplicates now. The key is a digest: one column of fixed length whatever a sender calls its messages."""

messages = Table(
    "messages",
    METADATA,
    _text_key("message_id"),
    _text("submission_id"),
    _number("reference"),
    _text("sender"),
    _text("sender_message_id"),
    _text("type"),
    _text("action"),
    _text("version"),
    _text("control_reference"),
    _maybe_text("case_lookup"),
    _maybe_text("in_reply_to"),
    Column("test", Boolean, nullable=False),
    _time("prepared_at"),
    _time("accepted_at"),
    _text("canonical_key"),
    _bytes("canonical_wrapped"),
    _bytes("canonical"),
    Index("ix_messages_submission", "submission_id", "reference"),
    Index("ix_messages_accepted", "accepted_at", "message_id"),
    Index("ix_messages_sender_message", "sender_message_id"),
    Index("ix_messages_control_reference", "control_reference"),
    Index("ix_messages_type", "type", "accepted_at"),
)
Index(
    "ix_messages_case",
    messages.c.case_lookup,
    messages.c.accepted_at,
    sqlite_where=messages.c.case_lookup.is_not(None),
    postgresql_where=messages.c.case_lookup.is_not(None),
)

interests = Table(
    "interests",
    METADATA,
    _text_key("case_lookup"),
    _text_key("party"),
    _time("since"),
    _text("why"),
    _text("message_id"),
)
responsibilities = Table(
    "responsibilities",
    METADATA,
    _text_key("case_lookup"),
    _text("party"),
    _time("since"),
    _text("message_id"),
)
takeovers = Table(
    "takeovers",
    METADATA,
    _text_key("message_id"),
    _text("case_lookup"),
    _text("party"),
    _text("giver"),
    _time("at"),
)

crosswalk = Table(
    "crosswalk",
    METADATA,
    _text_key("own_key"),
    _text("organisation"),
    _text("kind"),
    _text("own_id"),
    _text("record_id"),
    _text("record_key"),
    _time("since"),
    _text("source"),
    Index("ux_crosswalk_record", "record_key", unique=True),
)
awaited_ids = Table(
    "awaited_ids",
    METADATA,
    _text_key("own_key"),
    _text("organisation"),
    _text("kind"),
    _text("own_id"),
    _text("message_id"),
    _maybe_text("case_lookup"),
    _time("since"),
    Index("ix_awaited_ids_message", "message_id"),
)

deliveries = Table(
    "deliveries",
    METADATA,
    _drawn_key("sequence"),
    _text("delivery_id"),
    _text("kind"),
    _maybe_text("message_id"),
    _text("submission_id"),
    _text("sender"),
    _text("recipient"),
    _text("lane"),
    _text("state"),
    _number("attempts"),
    _number("failures"),
    _maybe_time("next_attempt_at"),
    _maybe_time("look_at"),
    _maybe_text("sent_digest"),
    _text("left_out"),
    _maybe_text("last_receipt"),
    _maybe_text("fault"),
    _maybe_text("fault_detail"),
    _time("created_at"),
    _time("updated_at"),
    _number("version"),
    _maybe_text("document_key"),
    _maybe_bytes("document_wrapped"),
    _maybe_bytes("document"),
    _maybe_text("fixed_for"),
    Index("ux_deliveries_id", "delivery_id", unique=True),
    Index("ix_deliveries_message", "message_id"),
    Index("ix_deliveries_submission", "submission_id"),
    Index("ix_deliveries_lane", "recipient", "lane", "state", "sequence"),
)
for _name, _columns, _states in (
    ("ix_deliveries_due", (deliveries.c.look_at, deliveries.c.sequence), SWEPT),
    ("ix_deliveries_queue", (deliveries.c.recipient, deliveries.c.state, deliveries.c.sequence, deliveries.c.created_at), UNFINISHED),
    ("ix_deliveries_rare", (deliveries.c.state, deliveries.c.message_id), RARE),
):
    Index(_name, *_columns, sqlite_where=in_states(deliveries.c.state, _states), postgresql_where=in_states(deliveries.c.state, _states))

attempts = Table(
    "attempts",
    METADATA,
    Column("attempt_id", WholeNumber, primary_key=True, autoincrement=True),
    _text("delivery_id"),
    _number("number"),
    _time("at"),
    _text("outcome"),
    _maybe_text("fault"),
    _text("detail"),
    Index("ix_attempts_delivery", "delivery_id", "attempt_id"),
)

receipts = Table(
    "receipts",
    METADATA,
    _drawn_key("receipt_number"),
    _text("digest"),
    _text("submission_id"),
    _maybe_text("message_id"),
    _maybe_text("delivery_id"),
    _text("organisation"),
    _text("stage"),
    _text("jws"),
    _time("issued_at"),
    Index("ix_receipts_submission", "submission_id", "receipt_number"),
    Index("ix_receipts_organisation", "organisation", "receipt_number"),
)

outbox = Table(
    "outbox",
    METADATA,
    _drawn_key("outbox_id"),
    _text("vhost"),
    _text("exchange"),
    _text("routing_key"),
    _bytes("body"),
    _text("message_id"),
    _text("content_type"),
    _maybe_time("not_before"),
)
Index("ix_outbox_put_off", outbox.c.not_before, sqlite_where=outbox.c.not_before.is_not(None), postgresql_where=outbox.c.not_before.is_not(None))
Index("ix_outbox_ready", outbox.c.outbox_id, sqlite_where=outbox.c.not_before.is_(None), postgresql_where=outbox.c.not_before.is_(None))

marks = Table("marks", METADATA, _text_key("name"), _time("at"))
"""Times worth remembering, by name."""

dead_letters = Table(
    "dead_letters",
    METADATA,
    Column("number", WholeNumber, primary_key=True, autoincrement=True),
    _text("letter_id"),
    _text("vhost"),
    _text("queue"),
    _text("reason"),
    _text("message_id"),
    _text("content_type"),
    _number("size"),
    _text("digest"),
    _time("at"),
    _text("state"),
    _maybe_text("body_key"),
    _maybe_bytes("body_wrapped"),
    _maybe_bytes("body"),
    Index("ux_dead_letters_id", "letter_id", unique=True),
)

leases = Table("leases", METADATA, _text_key("name"), _text("holder"), _time("expires_at"))

tokens = Table(
    "tokens",
    METADATA,
    _text_key("organisation"),
    _text_key("token_id"),
    _time("expires_at"),
    Index("ix_tokens_expires", "expires_at"),
)

organisations = Table("organisations", METADATA, _text_key("organisation_id"), _text("document"))
parties = Table("parties", METADATA, _text_key("code"), _text("document"))
agreements = Table("agreements", METADATA, _text_key("party"), _text_key("direction"), _text("document"))
profile_versions = Table(
    "profile_versions",
    METADATA,
    _text_key("organisation"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _text("digest"),
    _text("document"),
    _text("applied_by"),
    _time("applied_at"),
)
keys = Table("keys", METADATA, _text_key("key_id"), _text("document"))
