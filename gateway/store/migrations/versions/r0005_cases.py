"""Who has to do with a case.

What it is: the tables behind routing by case: interests, responsibilities, and the takeovers that wait for the other
side's word. Cases are named by the HMAC of their CRN alone. Frozen: a later shape is a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables."""
    op.create_table(
        "interests",
        sa.Column("case_lookup", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_lookup", "party"),
    )
    op.create_table(
        "responsibilities",
        sa.Column("case_lookup", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_lookup"),
    )
    op.create_table(
        "takeovers",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("case_lookup", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )


def downgrade() -> None:
    """Without them."""
    for table in ("takeovers", "responsibilities", "interests"):
        op.drop_table(table)
