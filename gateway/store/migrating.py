"""Migrating: the tables, brought to the newest shape by the migration tool.

What it is: the only module that knows the tool. What it is not: loaded where there is nothing to do: most starts find
the newest shape, and the tool takes a third of a second. Called by `opening`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """From empty or from any earlier shape, in the transaction of this connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
