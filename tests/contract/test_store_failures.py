"""When the database is away, full, locked or silent: StoreUnavailable, and nothing written that was not said."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Thread

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, event, make_url, text

from gateway.contract import MessageFilter, Store, StoreUnavailable
from gateway.records import DeliveryState
from gateway.store import engine
from gateway.store.engine import Database
from gateway.store.opening import SqlStore, migrate, open_store
from schemas.identifiers import DeliveryId, MessageId, OrganisationId, PartyCode, SubmissionId
from tests.support.store import accepted, at


@contextmanager
def _holding_the_lock(url: str) -> Iterator[None]:
    """Another writer that does not come to an end."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    else:
        other_engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        with other_engine.connect() as connection:
            connection.execute(text("SELECT * FROM audit_head FOR UPDATE"))
            yield
        other_engine.dispose()


def test_a_lock_that_is_never_given_back_is_unavailable(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.3)
    with closing(open_store(store_url)) as store:
        with _holding_the_lock(store_url):
            with pytest.raises(StoreUnavailable):
                store.unit_of_work.commit([accepted("one")])
            assert not store.ready()
            assert store.queries.queues() == [], "a read never waits for a writer"
        assert store.unit_of_work.commit([accepted("one")]).stale == frozenset()


def test_a_full_disk_is_unavailable_and_leaves_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('full') / 'gateway.db'}"
    migrate(url)
    database = Database(url)
    event.listen(database._writer, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=120"))
    with closing(SqlStore(database)) as store:
        with pytest.raises(StoreUnavailable, match="SQLITE_FULL"):
            store.unit_of_work.commit([accepted(f"n{number}", size=5000) for number in range(200)])
        assert store.queries.audit(0, 10) == []
        assert store.unit_of_work.commit([accepted("small")]).stale == frozenset()


def _silence(store: Store, monkeypatch: pytest.MonkeyPatch, before: Callable[[Connection], None]) -> None:
    """The next answer to a COMMIT is lost; `before` says whether the COMMIT itself arrives."""
    dialect = store._database._writer.dialect  # type: ignore[attr-defined]
    original = dialect.do_commit

    def commit(connection: Connection) -> None:
        monkeypatch.setattr(dialect, "do_commit", original)
        before(connection)
        if dialect.name == "postgresql":
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        lost = sqlite3.OperationalError("disk I/O error")
        lost.sqlite_errorcode, lost.sqlite_errorname = sqlite3.SQLITE_IOERR, "SQLITE_IOERR"
        raise lost

    monkeypatch.setattr(dialect, "do_commit", commit)


def test_a_commit_whose_answer_was_lost_is_a_commit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _silence(store, monkeypatch, lambda connection: connection.commit())
    assert store.unit_of_work.commit([accepted("one")]).stale == frozenset()
    assert set(store.queries.submissions([SubmissionId("s-one")])) == {"s-one"}
    assert store.verify(lambda _: None).ok


def test_a_commit_that_never_arrived_is_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _silence(store, monkeypatch, lambda connection: connection.rollback())
    with pytest.raises(StoreUnavailable):
        store.unit_of_work.commit([accepted("one")])
    assert store.queries.submissions([SubmissionId("s-one")]) == {}
    assert store.unit_of_work.commit([accepted("one")]).stale == frozenset()
    assert store.verify(lambda _: None).ok


def test_threads_share_a_store(store: Store) -> None:
    failures: list[BaseException] = []

    def write(who: int) -> None:
        try:
            for number in range(15):
                assert store.unit_of_work.commit([accepted(f"{who}-{number}")]).stale == frozenset()
                assert store.queries.deliveries([DeliveryId(f"d-{who}-{number}")])
                store.outbox.pending(at(0), 5)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(failure)

    threads = [Thread(target=write, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    report = store.verify(lambda _: None)
    assert (report.ok, report.submissions) == (True, 90)


def test_hot_reads_walk_their_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite says its plan for each statement as it was sent: no hot read may scan a table of history."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'gateway.db'}"
    migrate(url)
    database = Database(url)
    with closing(SqlStore(database)) as store:
        store.unit_of_work.commit([accepted(f"n{number}", due=number) for number in range(300)])
        sent: list[tuple[str, object]] = []
        event.listen(database._reader, "before_cursor_execute", lambda _c, _k, statement, parameters, _x, _m: sent.append((statement, parameters)))
        queries, waiting = store.queries, frozenset({DeliveryState.WAITING})
        queries.due(at(5), 10)
        queries.shelf([PartyCode("C05")], 0, 10)
        queries.queues()
        queries.lanes(PartyCode("C05"), ["lane-n1", "lane-n2"], waiting, 2)
        queries.receipts_for(OrganisationId("ndelius"), 0, 10)
        queries.receipts_of_submission(SubmissionId("s-n1"))
        queries.deliveries_of_messages([MessageId("m-n1")])
        queries.deliveries_of_submissions([SubmissionId("s-n1")])
        queries.audit(0, 10)
        queries.audit_about(["s-n1"])
        queries.attempts(DeliveryId("d-n1"))
        store.outbox.pending(at(0), 10)
        for part in ({"case_lookup": "x"}, {"control_reference": "n1"}, {"sender_message_id": "x"}, {"message_id": "m-n1"}, {"state": DeliveryState.REFUSED}):
            queries.find(MessageFilter(**part), 10, MessageId("m-n5"))
        with database.reading() as connection:
            plans = {statement: connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all() for statement, parameters in list(sent)}
    scans = [(statement, step[3]) for statement, steps in plans.items() for step in steps if step[3].startswith("SCAN") and "INDEX" not in step[3]]
    assert [scan for scan in scans if not scan[1].startswith(("SCAN (subquery", "SCAN ranked"))] == []
