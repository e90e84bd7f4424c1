"""Databases for tests, made quickly."""

import tempfile
from functools import cache
from pathlib import Path

from gateway.store.opening import migrate


@cache
def _empty_database() -> bytes:
    """A migrated SQLite file of nothing: copying it is a hundred times quicker than making it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def migrate_quickly(url: str) -> None:
    """What `migrate` does, from a copy where the database is a new file."""
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.exists():
        file.write_bytes(_empty_database())
    else:
        migrate(url)
