"""Bulk writing: many rows of one kind in one statement.

What it is: the hot path of the unit of work, below SQLAlchemy's parameter handling, which costs more than
the database does. SQLite takes rows one after the other inside the driver; PostgreSQL takes one array for
each column, which is one execution instead of a hundred. What it is not: a second description of the
tables: statements are made from the metadata. Measured for batches of 100: half the time on either database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table, Text

from gateway.store.rows import Value, Values

_ARRAYS = {Text: "text[]", BigInteger: "bigint[]", Integer: "integer[]", Boolean: "boolean[]", LargeBinary: "bytea[]"}


@dataclass(frozen=True, slots=True)
class _Made:
    """One statement, and how to take a row's values in its order."""

    statement: str
    take: Callable[[Values], tuple[Value, ...]]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Write new rows, which all have every column but those that the database numbers."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        made = _for_postgresql(table)
        columns = tuple(list(column) for column in zip(*map(made.take, rows), strict=True))
        connection.exec_driver_sql(made.statement, columns)
    else:
        made = _for_sqlite(table)
        connection.exec_driver_sql(made.statement, list(map(made.take, rows)))


def update_versions(connection: Connection, table: Table, key: str, rows: Sequence[Values]) -> int:
    """Write new values over rows that are still of the version that was read; answers how many were.

    Every row names the same columns, and besides them `of_key` and `of_version`: which row, and as what it was read.
    """
    names = tuple(name for name in rows[0] if name not in ("of_key", "of_version"))
    if connection.dialect.name == "postgresql":
        made = _update_for_postgresql(table, key, names)
        columns = tuple(list(column) for column in zip(*map(made.take, rows), strict=True))
        return connection.exec_driver_sql(made.statement, columns).rowcount
    made = _update_for_sqlite(table, key, names)
    return connection.exec_driver_sql(made.statement, list(map(made.take, rows))).rowcount


@cache
def _update_for_sqlite(table: Table, key: str, names: tuple[str, ...]) -> _Made:
    settings = ", ".join(f"{name} = ?" for name in names)
    statement = f"UPDATE {table.name} SET {settings} WHERE {key} = ? AND version = ?"  # noqa: S608 - names of our own metadata
    return _Made(statement, itemgetter(*names, "of_key", "of_version"))


@cache
def _update_for_postgresql(table: Table, key: str, names: tuple[str, ...]) -> _Made:
    kinds = [_ARRAYS[type(table.c[name].type)] for name in (*names, key, "version")]
    arrays, aliases = ", ".join(f"%b::{kind}" for kind in kinds), ", ".join((*names, "of_key", "of_version"))
    settings = ", ".join(f"{name} = new.{name}" for name in names)
    statement = (
        f"UPDATE {table.name} SET {settings} FROM unnest({arrays}) AS new ({aliases}) "  # noqa: S608 - names of our own metadata
        f"WHERE {table.name}.{key} = new.of_key AND {table.name}.version = new.of_version"
    )
    return _Made(statement, itemgetter(*names, "of_key", "of_version"))


@cache
def _for_sqlite(table: Table) -> _Made:
    names = _names(table)
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of our own metadata
    return _Made(statement, itemgetter(*names))


@cache
def _for_postgresql(table: Table) -> _Made:
    names = _names(table)
    # Binary (%b): the text form of an array is escaped value by value, in Python.
    arrays = ", ".join(f"%b::{_ARRAYS[type(table.c[name].type)]}" for name in names)
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of our own metadata
    return _Made(statement, itemgetter(*names))


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.autoincrement is not True]
