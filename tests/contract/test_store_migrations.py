"""The migrations make exactly the tables, from nothing and twice, also when two processes start at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, Index, MetaData, create_engine, inspect, make_url

import gateway.store.migrations as migrations
from gateway.store import tables_oversight
from gateway.store.engine import Database
from gateway.store.opening import NEWEST, migrate, open_store

METADATA = tables_oversight.alerts.metadata
"""Both modules of tables write into it."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without anything in it."""
    return f"sqlite:///{tmp_path / 'empty.db'}" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


def _engine(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg") if url.startswith("postgresql") else url)


def test_migrations_make_what_the_tables_say(empty_url: str) -> None:
    migrate(empty_url)
    migrate(empty_url)
    engine = _engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_what_is_called_the_newest_is_where_the_migrations_end(empty_url: str) -> None:
    """Else a start would take an old shape for the newest, or look for the tool each time."""
    migrate(empty_url)
    engine = _engine(empty_url)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == NEWEST
    engine.dispose()


def test_partial_indexes_are_partial_in_the_same_way(empty_url: str, tmp_path: Path) -> None:
    # Alembic does not compare predicates; the databases themselves can say them.
    migrate(empty_url)
    engine = _engine(empty_url)
    found = MetaData()
    found.reflect(engine)
    dialect = engine.dialect.name
    reflected = {index.name: _is_partial(index, dialect) for table in found.tables.values() for index in table.indexes}
    expected = {index.name: _is_partial(index, dialect) for table in METADATA.tables.values() for index in table.indexes}
    assert reflected == expected
    assert sum(expected.values()) == 12
    engine.dispose()


def _is_partial(index: Index, dialect: str) -> bool:
    return index.dialect_options[dialect]["where"] is not None


def test_two_that_start_at_once_both_succeed(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(migrate, empty_url) for _ in range(4)]:
            done.result(timeout=60)
    with closing(open_store(empty_url)) as store:
        assert store.ready()


def test_many_may_open_a_new_file_together(tmp_path: Path) -> None:
    # SQLite answers a switch to WAL that meets another one at once, whatever its busy time-out: once in twenty without a remedy.
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            databases = [Database(f"sqlite:///{tmp_path / str(number)}.db") for _ in range(8)]
            for done in [pool.submit(_open, database) for database in databases]:
                done.result(timeout=60)


def _open(database: Database) -> None:
    with closing(database), database.writing():
        pass


def test_the_way_back_leaves_nothing(empty_url: str) -> None:
    migrate(empty_url)
    engine = _engine(empty_url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
