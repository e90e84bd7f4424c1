"""No look of anybody's reads a table of history from end to end: what each statement walks, as the databases say it."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from bench.console import reads
from bench.filling import Month, fill
from gateway.store.engine import Database
from gateway.store.opening import SqlStore, migrate

MONTH = Month(2_000, datetime(2026, 11, 23, tzinfo=UTC))
LARGE = ("deliveries", "messages", "audit_records", "attempts", "submissions")
FEW = ("ix_deliveries_queue", "ix_deliveries_negative", "ix_deliveries_rare", "ix_deliveries_due", "ix_audit_records_code", "ix_audit_records_person")
"""Indexes of what is rare: these may be read whole."""
WALKED = ("ix_messages_accepted", "audit_records_pkey")
"""Orders of everything: these may be walked where a page ends the walk."""
Sent = tuple[str, object]


def _looks(database: Database) -> dict[str, list[Sent]]:
    """Every statement of every read, by the read's name."""
    sent: list[Sent] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, _context: object, _many: object) -> None:
        sent.append((statement, parameters))

    event.listen(database._reader, "before_cursor_execute", note)
    found = dict[str, list[Sent]]()
    with closing(SqlStore(database)) as store:
        while store.oversight.tally(2000):
            pass
        known = next(one for one in MONTH.sent() if one.number >= MONTH.messages // 2 and one.case_lookup)
        for name, read in reads(store, MONTH, known):
            sent.clear()
            read()
            found[name] = list(sent)
        event.remove(database._reader, "before_cursor_execute", note)
    return found


@contextmanager
def _open(url: str) -> Iterator[tuple[Database, dict[str, list[Sent]]]]:
    looks = _looks(Database(url))
    with closing(Database(url)) as database:
        yield database, looks


@pytest.mark.parametrize("known", [True, False], ids=["statistics", "no statistics"])
def test_on_sqlite_every_look_walks_an_index(tmp_path: Path, known: bool) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate(url)
    fill(url, MONTH)
    if not known:
        with closing(Database(url)) as database, database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE sqlite_stat1")
    with _open(url) as (database, looks), database.reading() as connection:
        steps = [(name, statement, step) for name, sent in looks.items() for statement, given in sent for step in _steps(connection, statement, given)]
    assert len(steps) > 100
    assert [(name, step) for name, statement, step in steps if _reads_all(statement, step)] == []


def _steps(connection: Connection, statement: str, given: object) -> list[str]:
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]  # type: ignore[arg-type]


def _reads_all(statement: str, step: str) -> bool:
    table = re.match(r"SCAN (\w+)", step)
    if table is None or table[1] not in LARGE or any(f"INDEX {name}" in step for name in FEW):
        return False
    return not (table[1] == "audit_records" and "ORDER BY audit_records.sequence DESC" in statement and "LIMIT" in statement)


@pytest.mark.postgresql
def test_on_postgresql_every_look_walks_an_index(migrated_postgresql_url: str) -> None:
    fill(migrated_postgresql_url, MONTH)
    with _open(migrated_postgresql_url) as (database, looks), database.reading() as connection:
        # a table of 2,000 rows is read at once where that is allowed: what matters is whether it must be
        connection.exec_driver_sql("SET enable_seqscan = off")
        nodes = [(name, node) for name, sent in looks.items() for statement, given in sent for node in _nodes(connection, statement, given)]
        connection.exec_driver_sql("RESET enable_seqscan")
    assert len(nodes) > 100
    assert [(name, node) for name, node in nodes if _is_whole(node)] == []


def _nodes(connection: Connection, statement: str, given: object) -> Iterator[dict[str, str]]:
    row = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalar_one()  # type: ignore[arg-type]
    plan = (json.loads(row) if isinstance(row, str) else row)[0]["Plan"]
    yield from _below(plan)


def _below(plan: dict[str, object], limited: bool = False) -> Iterator[dict[str, str]]:
    own = {key: str(value) for key, value in plan.items() if key != "Plans"}
    yield own | {"limited": str(limited)}
    for lower in plan.get("Plans", []):  # type: ignore[attr-defined]
        yield from _below(lower, limited or plan["Node Type"] == "Limit")


def _is_whole(node: dict[str, str]) -> bool:
    """A table or an index of it, read from end to end."""
    index = node.get("Index Name", "")
    if node.get("Relation Name") not in LARGE and not index:
        return False
    if node["Node Type"] == "Bitmap Heap Scan" or node.get("Index Cond") or index in FEW:
        return False
    return not (index in WALKED and node["limited"] == "True")
