"""What watching needs: indexes for people's searches, who did what in the chain, and when each party was last reached.

What it is: five indexes, one column, one table. Frozen: a later shape is a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NEGATIVE = "state IN ('not-applied', 'refused', 'set-aside')"
_SETTLED = "state IN ('delivered', 'applied')"
_UNCOMMON = (
    "code NOT IN ('submission.accepted', 'message.accepted', 'delivery.prepared', 'delivery.handed-over', "
    "'delivery.delivered', 'delivery.applied', 'receipt.issued')"
)
_INDEXES = (
    ("ix_deliveries_negative", "deliveries", ("state", "recipient", "created_at"), _NEGATIVE),
    ("ix_deliveries_settled", "deliveries", ("recipient", "state", "created_at"), _SETTLED),
    ("ix_audit_records_person", "audit_records", ("person", "sequence"), "person IS NOT NULL"),
    ("ix_audit_records_code", "audit_records", ("code", "sequence"), _UNCOMMON),
)
_BY = {"postgresql": "facts::json->>'by'", "sqlite": "json_extract(facts, '$.by')"}


def upgrade() -> None:
    """The column is filled from the facts of what was recorded before."""
    op.add_column("audit_records", sa.Column("person", sa.Text(), nullable=True))
    by = _BY[op.get_bind().dialect.name]
    # No value stands before a name's quote: a text in the facts that looks like one has its quotes escaped.
    op.execute(f"UPDATE audit_records SET person = NULLIF({by}, '') WHERE facts LIKE '%\"by\":\"%'")  # noqa: S608 - no value of anybody's
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, list(columns), sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("ix_messages_sender", "messages", ["sender", "accepted_at"])
    op.create_table(
        "activities",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("last_accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("last_delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("last_failed_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party"),
    )


def downgrade() -> None:
    """Without them."""
    op.drop_table("activities")
    op.drop_index("ix_messages_sender", "messages")
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table)
    op.drop_column("audit_records", "person")
