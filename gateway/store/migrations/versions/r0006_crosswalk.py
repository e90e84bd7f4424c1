"""Partners' own ids of records.

What it is: the crosswalk to nDelius's ids, and the inserts that wait for theirs. Frozen: a later shape is a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "crosswalk",
        sa.Column("own_key", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("own_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("own_key"),
    )
    op.create_index("ux_crosswalk_record", "crosswalk", ["record_key"], unique=True)
    op.create_table(
        "awaited_ids",
        sa.Column("own_key", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("own_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("case_lookup", sa.Text(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_key"),
    )
    op.create_index("ix_awaited_ids_message", "awaited_ids", ["message_id"])


def downgrade() -> None:
    """Without them."""
    op.drop_table("awaited_ids")
    op.drop_table("crosswalk")
