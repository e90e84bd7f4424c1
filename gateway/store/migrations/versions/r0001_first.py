"""First shape of the store.

What it is: every table and index as they were at the beginning, and the empty head of the chain. Frozen: a
later shape is a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WHOLE_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "agreements",
    "attempts",
    "audit_head",
    "audit_records",
    "checkpoints",
    "deliveries",
    "duplicate_keys",
    "keys",
    "leases",
    "marks",
    "messages",
    "organisations",
    "outbox",
    "parties",
    "receipts",
    "submissions",
    "tokens",
)


def upgrade() -> None:
    """From nothing."""
    _create_agreements()
    _create_attempts()
    _create_audit_head()
    _create_audit_records()
    _create_checkpoints()
    _create_deliveries()
    _create_duplicate_keys()
    _create_keys()
    _create_leases()
    _create_marks()
    _create_messages()
    _create_organisations()
    _create_outbox()
    _create_parties()
    _create_receipts()
    _create_submissions()
    _create_tokens()
    op.execute(
        "INSERT INTO audit_head (head_id, sequence, digest, delivery_sequence, outbox_id, receipt_number, directory_version) "
        "VALUES (1, 0, 'sha-256:0000000000000000000000000000000000000000000000000000000000000000', 0, 0, 0, 0)"
    )


def downgrade() -> None:
    """To nothing."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party", "direction"),
    )


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("attempt_id", _WHOLE_NUMBER, autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id"),
    )
    op.create_index("ix_attempts_delivery", "attempts", ["delivery_id", "attempt_id"], unique=False)


def _create_audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("head_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("delivery_sequence", sa.BigInteger(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("receipt_number", sa.BigInteger(), nullable=False),
        sa.Column("directory_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("head_id"),
    )


def _create_audit_records() -> None:
    op.create_table(
        "audit_records",
        sa.Column("sequence", _WHOLE_NUMBER, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("ix_audit_records_subject", "audit_records", ["subject", "sequence"], unique=False)


def _create_checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("sequence", _WHOLE_NUMBER, autoincrement=False, nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("sequence", _WHOLE_NUMBER, autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_digest", sa.Text(), nullable=True),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("last_receipt", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("fault_detail", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=True),
        sa.Column("document_wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["look_at", "sequence"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'retrying', 'handed-over')"),
        postgresql_where=sa.text("state IN ('waiting', 'retrying', 'handed-over')"),
    )
    op.create_index("ix_deliveries_lane", "deliveries", ["recipient", "lane", "state", "sequence"], unique=False)
    op.create_index("ix_deliveries_message", "deliveries", ["message_id"], unique=False)
    op.create_index(
        "ix_deliveries_queue",
        "deliveries",
        ["recipient", "state", "sequence", "created_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'retrying', 'handed-over', 'set-aside')"),
        postgresql_where=sa.text("state IN ('waiting', 'retrying', 'handed-over', 'set-aside')"),
    )
    op.create_index(
        "ix_deliveries_rare",
        "deliveries",
        ["state", "message_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'retrying', 'handed-over', 'not-applied', 'refused', 'set-aside', 'discarded')"),
        postgresql_where=sa.text("state IN ('waiting', 'retrying', 'handed-over', 'not-applied', 'refused', 'set-aside', 'discarded')"),
    )
    op.create_index("ix_deliveries_submission", "deliveries", ["submission_id"], unique=False)
    op.create_index("ux_deliveries_id", "deliveries", ["delivery_id"], unique=True)


def _create_duplicate_keys() -> None:
    op.create_table(
        "duplicate_keys",
        sa.Column("key_digest", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_digest"),
    )


def _create_keys() -> None:
    op.create_table("keys", sa.Column("key_id", sa.Text(), nullable=False), sa.Column("document", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("key_id"))


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _create_marks() -> None:
    op.create_table("marks", sa.Column("name", sa.Text(), nullable=False), sa.Column("at", sa.BigInteger(), nullable=False), sa.PrimaryKeyConstraint("name"))


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_message_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("control_reference", sa.Text(), nullable=False),
        sa.Column("case_lookup", sa.Text(), nullable=True),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("canonical_key", sa.Text(), nullable=False),
        sa.Column("canonical_wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("ix_messages_accepted", "messages", ["accepted_at", "message_id"], unique=False)
    op.create_index(
        "ix_messages_case",
        "messages",
        ["case_lookup", "accepted_at"],
        unique=False,
        sqlite_where=sa.text("case_lookup IS NOT NULL"),
        postgresql_where=sa.text("case_lookup IS NOT NULL"),
    )
    op.create_index("ix_messages_control_reference", "messages", ["control_reference"], unique=False)
    op.create_index("ix_messages_sender_message", "messages", ["sender_message_id"], unique=False)
    op.create_index("ix_messages_submission", "messages", ["submission_id", "reference"], unique=False)
    op.create_index("ix_messages_type", "messages", ["type", "accepted_at"], unique=False)


def _create_organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id"),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", _WHOLE_NUMBER, autoincrement=False, nullable=False),
        sa.Column("vhost", sa.Text(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("routing_key", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("outbox_id"),
    )
    op.create_index(
        "ix_outbox_put_off",
        "outbox",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("not_before IS NOT NULL"),
        postgresql_where=sa.text("not_before IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_ready", "outbox", ["outbox_id"], unique=False, sqlite_where=sa.text("not_before IS NULL"), postgresql_where=sa.text("not_before IS NULL")
    )


def _create_parties() -> None:
    op.create_table("parties", sa.Column("code", sa.Text(), nullable=False), sa.Column("document", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("code"))


def _create_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("receipt_number", _WHOLE_NUMBER, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_number"),
    )
    op.create_index("ix_receipts_organisation", "receipts", ["organisation", "receipt_number"], unique=False)
    op.create_index("ix_receipts_submission", "receipts", ["submission_id", "receipt_number"], unique=False)


def _create_submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("packaging", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("key_scheme", sa.Text(), nullable=False),
        sa.Column("key_sender", sa.Text(), nullable=False),
        sa.Column("key_receiver", sa.Text(), nullable=False),
        sa.Column("key_reference", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("control_reference", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("archive_key", sa.Text(), nullable=False),
        sa.Column("archive_wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("archive", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("receipt_digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("submission_id"),
    )


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "token_id"),
    )
    op.create_index("ix_tokens_expires", "tokens", ["expires_at"], unique=False)
