"""Profile versions, and whom a document was fixed for.

What it is: the table of applied profiles, and a column of deliveries. Frozen: a later shape is a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, one column."""
    op.create_table(
        "profile_versions",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "version"),
    )
    op.add_column("deliveries", sa.Column("fixed_for", sa.Text(), nullable=True))


def downgrade() -> None:
    """Without them."""
    op.drop_column("deliveries", "fixed_for")
    op.drop_table("profile_versions")
