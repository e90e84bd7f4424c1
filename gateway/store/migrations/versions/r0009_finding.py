"""What finding needs: three indexes that answer a search by themselves, in the order of its pages.

What it is: the same indexes with more columns; and for PostgreSQL the knowledge that who a delivery is for tells where
it ends: else it takes `delivered` by those who apply for a tenth of all there is. Frozen: a later shape is a later
revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_RARE = "state IN ('waiting', 'retrying', 'handed-over', 'not-applied', 'refused', 'set-aside', 'discarded')"
_SETTLED = "state IN ('delivered', 'applied')"
_INDEXES = (
    ("ix_messages_type", "messages", ("type", "accepted_at"), ("type", "accepted_at", "message_id", "sender"), None),
    ("ix_deliveries_rare", "deliveries", ("state", "message_id"), ("state", "created_at", "message_id"), _RARE),
    (
        "ix_deliveries_settled",
        "deliveries",
        ("recipient", "state", "created_at"),
        ("recipient", "state", "created_at", "message_id", "sender"),
        _SETTLED,
    ),
)


def upgrade() -> None:
    """In the place of those before."""
    for name, table, _, columns, where in _INDEXES:
        _make(name, table, columns, where)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE STATISTICS IF NOT EXISTS st_deliveries_recipient_state (mcv) ON recipient, state FROM deliveries")


def downgrade() -> None:
    """As they were."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS IF EXISTS st_deliveries_recipient_state")
    for name, table, columns, _, where in _INDEXES:
        _make(name, table, columns, where)


def _make(name: str, table: str, columns: tuple[str, ...], where: str | None) -> None:
    op.drop_index(name, table)
    predicate = None if where is None else sa.text(where)
    op.create_index(name, table, list(columns), sqlite_where=predicate, postgresql_where=predicate)
