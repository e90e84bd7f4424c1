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

from gateway.audit.events import AuditCode
from gateway.records import DeliveryState

METADATA: Final = MetaData()
UNFINISHED: Final = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER, DeliveryState.SET_ASIDE)
"""States in which somebody or something still has to act."""
SWEPT: Final = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER)
"""States that a clock moves on."""
SETTLED: Final = (DeliveryState.DELIVERED, DeliveryState.APPLIED)
"""Where nearly every delivery ends; all other states are rare, and worth an index to search by."""
RARE: Final = tuple(state for state in DeliveryState if state not in SETTLED)
NEGATIVE: Final = (DeliveryState.NOT_APPLIED, DeliveryState.REFUSED, DeliveryState.SET_ASIDE)
"""What somebody said no to, or gave up on."""
FREQUENT: Final = (
    AuditCode.SUBMISSION_ACCEPTED,
    AuditCode.MESSAGE_ACCEPTED,
    AuditCode.DELIVERY_PREPARED,
    AuditCode.DELIVERY_HANDED_OVER,
    AuditCode.DELIVERY_DELIVERED,
    AuditCode.DELIVERY_APPLIED,
    AuditCode.RECEIPT_ISSUED,
)
"""What happens to nearly every message: whoever looks for these finds them at once from the end of the chain."""

WholeNumber: Final = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite gives `INTEGER PRIMARY KEY` the row id itself: no second tree, and rows in order."""


def in_states(column: ColumnElement[str], states: Iterable[DeliveryState]) -> ColumnElement[bool]:
    """`column IN (...)` with the states as literals, as partial indexes need it."""
    return column.in_([literal_column(f"'{state.value}'") for state in states])


def uncommon(column: ColumnElement[str]) -> ColumnElement[bool]:
    """`column NOT IN (...)` with the codes as literals, as a partial index needs it."""
    return column.not_in([literal_column(f"'{code.value}'") for code in FREQUENT])


def text_column(name: str) -> Column[str]:
    """Text that is always there."""
    return Column(name, Text, nullable=False)


def maybe_text_column(name: str) -> Column[str | None]:
    """Text, or nothing."""
    return Column(name, Text, nullable=True)


def time_column(name: str) -> Column[int]:
    """Whole microseconds since 1970 UTC."""
    return Column(name, BigInteger, nullable=False)


def maybe_time_column(name: str) -> Column[int | None]:
    """A time, or nothing."""
    return Column(name, BigInteger, nullable=True)


def number_column(name: str) -> Column[int]:
    """A whole number."""
    return Column(name, BigInteger, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _maybe_bytes(name: str) -> Column[bytes | None]:
    return Column(name, LargeBinary, nullable=True)


def text_key(name: str) -> Column[str]:
    """Text, part of the primary key."""
    return Column(name, Text, primary_key=True)


def _drawn_key(name: str) -> Column[int]:
    """A number drawn from the head row, in order of commit."""
    return Column(name, WholeNumber, primary_key=True, autoincrement=False)


audit_head = Table(
    "audit_head",
    METADATA,
    Column("head_id", Integer, primary_key=True, autoincrement=False),
    number_column("sequence"),
    text_column("digest"),
    number_column("delivery_sequence"),
    number_column("outbox_id"),
    number_column("receipt_number"),
    number_column("directory_version"),
)
"""One row: the end of the chain and every counter that must rise in order of commit. Its lock is the store's."""

audit_records = Table(
    "audit_records",
    METADATA,
    _drawn_key("sequence"),
    text_column("code"),
    time_column("at"),
    text_column("subject"),
    text_column("facts"),
    text_column("previous"),
    text_column("digest"),
    maybe_text_column("person"),
    Index("ix_audit_records_subject", "subject", "sequence"),
)
"""`person` repeats the fact `by`, so that deeds are found by who did them; the facts are what is linked and verified."""
_by_person, _by_code = audit_records.c.person.is_not(None), uncommon(audit_records.c.code)
Index("ix_audit_records_person", audit_records.c.person, audit_records.c.sequence, sqlite_where=_by_person, postgresql_where=_by_person)
Index("ix_audit_records_code", audit_records.c.code, audit_records.c.sequence, sqlite_where=_by_code, postgresql_where=_by_code)

checkpoints = Table("checkpoints", METADATA, _drawn_key("sequence"), text_column("jws"))

submissions = Table(
    "submissions",
    METADATA,
    text_key("submission_id"),
    text_column("organisation"),
    text_column("sender"),
    text_column("channel"),
    text_column("packaging"),
    text_column("content_type"),
    text_column("key_scheme"),
    text_column("key_sender"),
    text_column("key_receiver"),
    text_column("key_reference"),
    text_column("content_digest"),
    text_column("control_reference"),
    text_column("verdict"),
    maybe_text_column("fault"),
    time_column("received_at"),
    text_column("archive_key"),
    _bytes("archive_wrapped"),
    _bytes("archive"),
    text_column("receipt"),
    text_column("receipt_digest"),
)

duplicate_keys = Table(
    "duplicate_keys",
    METADATA,
    text_key("key_digest"),
    text_column("submission_id"),
    text_column("verdict"),
)
"""Who holds a key of duplicates now. The key is a digest: one column of fixed length whatever a sender calls its messages."""

messages = Table(
    "messages",
    METADATA,
    text_key("message_id"),
    text_column("submission_id"),
    number_column("reference"),
    text_column("sender"),
    text_column("sender_message_id"),
    text_column("type"),
    text_column("action"),
    text_column("version"),
    text_column("control_reference"),
    maybe_text_column("case_lookup"),
    maybe_text_column("in_reply_to"),
    Column("test", Boolean, nullable=False),
    time_column("prepared_at"),
    time_column("accepted_at"),
    text_column("canonical_key"),
    _bytes("canonical_wrapped"),
    _bytes("canonical"),
    Index("ix_messages_submission", "submission_id", "reference"),
    Index("ix_messages_accepted", "accepted_at", "message_id"),
    Index("ix_messages_sender_message", "sender_message_id"),
    Index("ix_messages_control_reference", "control_reference"),
    # with all that a search by type and sender asks, so that it reads no message until it has the page
    Index("ix_messages_type", "type", "accepted_at", "message_id", "sender"),
    Index("ix_messages_sender", "sender", "accepted_at"),
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
    text_key("case_lookup"),
    text_key("party"),
    time_column("since"),
    text_column("why"),
    text_column("message_id"),
)
responsibilities = Table(
    "responsibilities",
    METADATA,
    text_key("case_lookup"),
    text_column("party"),
    time_column("since"),
    text_column("message_id"),
)
takeovers = Table(
    "takeovers",
    METADATA,
    text_key("message_id"),
    text_column("case_lookup"),
    text_column("party"),
    text_column("giver"),
    time_column("at"),
)

crosswalk = Table(
    "crosswalk",
    METADATA,
    text_key("own_key"),
    text_column("organisation"),
    text_column("kind"),
    text_column("own_id"),
    text_column("record_id"),
    text_column("record_key"),
    time_column("since"),
    text_column("source"),
    Index("ux_crosswalk_record", "record_key", unique=True),
)
awaited_ids = Table(
    "awaited_ids",
    METADATA,
    text_key("own_key"),
    text_column("organisation"),
    text_column("kind"),
    text_column("own_id"),
    text_column("message_id"),
    maybe_text_column("case_lookup"),
    time_column("since"),
    Index("ix_awaited_ids_message", "message_id"),
)

deliveries = Table(
    "deliveries",
    METADATA,
    _drawn_key("sequence"),
    text_column("delivery_id"),
    text_column("kind"),
    maybe_text_column("message_id"),
    text_column("submission_id"),
    text_column("sender"),
    text_column("recipient"),
    text_column("lane"),
    text_column("state"),
    number_column("attempts"),
    number_column("failures"),
    maybe_time_column("next_attempt_at"),
    maybe_time_column("look_at"),
    maybe_text_column("sent_digest"),
    text_column("left_out"),
    maybe_text_column("last_receipt"),
    maybe_text_column("fault"),
    maybe_text_column("fault_detail"),
    time_column("created_at"),
    time_column("updated_at"),
    number_column("version"),
    maybe_text_column("document_key"),
    _maybe_bytes("document_wrapped"),
    _maybe_bytes("document"),
    maybe_text_column("fixed_for"),
    Index("ux_deliveries_id", "delivery_id", unique=True),
    Index("ix_deliveries_message", "message_id"),
    Index("ix_deliveries_submission", "submission_id"),
    Index("ix_deliveries_lane", "recipient", "lane", "state", "sequence"),
)
for _name, _columns, _states in (
    ("ix_deliveries_due", (deliveries.c.look_at, deliveries.c.sequence), SWEPT),
    ("ix_deliveries_queue", (deliveries.c.recipient, deliveries.c.state, deliveries.c.sequence, deliveries.c.created_at), UNFINISHED),
    ("ix_deliveries_rare", (deliveries.c.state, deliveries.c.created_at, deliveries.c.message_id), RARE),
    # for people; of columns that never change, but for the state: every index has to be written again with each state
    ("ix_deliveries_negative", (deliveries.c.state, deliveries.c.recipient, deliveries.c.created_at), NEGATIVE),
    (
        "ix_deliveries_settled",
        (deliveries.c.recipient, deliveries.c.state, deliveries.c.created_at, deliveries.c.message_id, deliveries.c.sender),
        SETTLED,
    ),
):
    Index(_name, *_columns, sqlite_where=in_states(deliveries.c.state, _states), postgresql_where=in_states(deliveries.c.state, _states))

attempts = Table(
    "attempts",
    METADATA,
    Column("attempt_id", WholeNumber, primary_key=True, autoincrement=True),
    text_column("delivery_id"),
    number_column("number"),
    time_column("at"),
    text_column("outcome"),
    maybe_text_column("fault"),
    text_column("detail"),
    Index("ix_attempts_delivery", "delivery_id", "attempt_id"),
)

receipts = Table(
    "receipts",
    METADATA,
    _drawn_key("receipt_number"),
    text_column("digest"),
    text_column("submission_id"),
    maybe_text_column("message_id"),
    maybe_text_column("delivery_id"),
    text_column("organisation"),
    text_column("stage"),
    text_column("jws"),
    time_column("issued_at"),
    Index("ix_receipts_submission", "submission_id", "receipt_number"),
    Index("ix_receipts_organisation", "organisation", "receipt_number"),
)

outbox = Table(
    "outbox",
    METADATA,
    _drawn_key("outbox_id"),
    text_column("vhost"),
    text_column("exchange"),
    text_column("routing_key"),
    _bytes("body"),
    text_column("message_id"),
    text_column("content_type"),
    maybe_time_column("not_before"),
)
Index("ix_outbox_put_off", outbox.c.not_before, sqlite_where=outbox.c.not_before.is_not(None), postgresql_where=outbox.c.not_before.is_not(None))
Index("ix_outbox_ready", outbox.c.outbox_id, sqlite_where=outbox.c.not_before.is_(None), postgresql_where=outbox.c.not_before.is_(None))

marks = Table("marks", METADATA, text_key("name"), time_column("at"))
"""Times worth remembering, by name."""

dead_letters = Table(
    "dead_letters",
    METADATA,
    Column("number", WholeNumber, primary_key=True, autoincrement=True),
    text_column("letter_id"),
    text_column("vhost"),
    text_column("queue"),
    text_column("reason"),
    text_column("message_id"),
    text_column("content_type"),
    number_column("size"),
    text_column("digest"),
    time_column("at"),
    text_column("state"),
    maybe_text_column("body_key"),
    _maybe_bytes("body_wrapped"),
    _maybe_bytes("body"),
    Index("ux_dead_letters_id", "letter_id", unique=True),
)

leases = Table("leases", METADATA, text_key("name"), text_column("holder"), time_column("expires_at"))

tokens = Table(
    "tokens",
    METADATA,
    text_key("organisation"),
    text_key("token_id"),
    time_column("expires_at"),
    Index("ix_tokens_expires", "expires_at"),
)

organisations = Table("organisations", METADATA, text_key("organisation_id"), text_column("document"))
parties = Table("parties", METADATA, text_key("code"), text_column("document"))
agreements = Table("agreements", METADATA, text_key("party"), text_key("direction"), text_column("document"))
profile_versions = Table(
    "profile_versions",
    METADATA,
    text_key("organisation"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    text_column("digest"),
    text_column("document"),
    text_column("applied_by"),
    time_column("applied_at"),
)
keys = Table("keys", METADATA, text_key("key_id"), text_column("document"))
