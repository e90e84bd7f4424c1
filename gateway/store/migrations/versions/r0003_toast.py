"""How PostgreSQL lays out long values.

What it is: storage parameters, no columns. Sealed bytes are random, so trying to compress them is lost work; and
rows of 2 to 8 kB, written once and read whole, stay in their table instead of in slices beside it. A delivery's
document stays outside its row, which is updated often. SQLite has nothing of the kind.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SEALED = (("submissions", "archive"), ("messages", "canonical"), ("deliveries", "document"), ("outbox", "body"), ("dead_letters", "body"))
_WRITTEN_ONCE = ("submissions", "messages", "receipts", "outbox")
_WIDEST_BYTES = 8160
"""The most that PostgreSQL allows, with pages of 8 kB."""
_ROOM_PERCENT = 50


def upgrade() -> None:
    """PostgreSQL alone."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in _SEALED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
    for table in _WRITTEN_ONCE:
        op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = {_WIDEST_BYTES})")
    # Room in the page for a delivery's later states: where no index is touched, none is written.
    op.execute(f"ALTER TABLE deliveries SET (fillfactor = {_ROOM_PERCENT})")


def downgrade() -> None:
    """As PostgreSQL does by itself."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in _SEALED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTENDED")
    for table in _WRITTEN_ONCE:
        op.execute(f"ALTER TABLE {table} RESET (toast_tuple_target)")
    op.execute("ALTER TABLE deliveries RESET (fillfactor)")
