"""The database: how it is opened, and what its failures mean.

What it is: engines for SQLite and PostgreSQL with the guarantees that the store needs, and the two ways to
use them: `reading()` and `writing()`. What it is not: SQL of our own. Called by every module of the store.

SQLite: WAL, synchronous=FULL, the driver in autocommit, and `BEGIN IMMEDIATE` before every write: under the
default, two processes that read and then write lose updates silently. PostgreSQL: READ COMMITTED; whoever
writes messages or audit locks the head row first (`head`).
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.audit.events import AuditEvent
from gateway.contract import StoreUnavailable

BUSY_SECONDS: Final = 30.0
"""How long to wait for another writer before saying that the store is not available."""
CHUNK: Final = 500
"""Values in one IN list: far below the limits of both databases, and few shapes of statement to cache."""
LINKED: Final = "gateway.linked"
"""Where a transaction of `writing()` notes the events that it links into the chain."""
_WAL_PAUSE_SECONDS: Final = 0.01
_SQLITE_AWAY: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
    }
)


class Database:
    """One database, for any number of threads."""

    def __init__(self, url: str, tell: Callable[[AuditEvent], None] = lambda _: None) -> None:
        address = make_url(url)
        self._tell = tell
        self._writer = _engine(address)
        # Another engine, not another option: SQLite's begin hook must not fire for reads.
        self._reader = _engine(address).execution_options(isolation_level="AUTOCOMMIT")
        if address.get_backend_name() == "sqlite":
            event.listen(self._writer, "begin", _begin_immediate)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection where each statement sees what is committed when it starts."""
        with translated(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection where every statement sees the same moment. For long reads; holds back no writer."""
        with self.reading() as connection:
            postgresql = connection.dialect.name == "postgresql"
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if postgresql else "BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end of the block, and rolled back if it raises."""
        with translated(), self._writer.connect() as connection, connection.begin():
            linked: list[AuditEvent] = []
            notes = connection.info  # kept: a connection that is lost does not give it out any more
            notes[LINKED] = linked
            try:
                yield connection
            finally:
                del notes[LINKED]
        self.tell(linked)

    def tell(self, events: Iterable[AuditEvent]) -> None:
        """Events that are durable now, for whoever reads them besides the chain."""
        for one in events:
            self._tell(one)

    def connect(self) -> Connection:
        """A connection for a caller that begins and commits by itself, inside `translated()`."""
        return self._writer.connect()

    def close(self) -> None:
        """Give back every connection."""
        self._writer.dispose()
        self._reader.dispose()


def _engine(address: URL) -> Engine:
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address)
        case "postgresql":
            return _postgresql(address)
        case other:
            raise ValueError(f"no store is kept in {other}: use sqlite or postgresql")


def _sqlite(address: URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise ValueError("the store needs a SQLite file: a database in memory keeps no promise")
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False}, pool_size=8, max_overflow=32)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _postgresql(address: URL) -> Engine:
    engine = create_engine(address.set(drivername="postgresql+psycopg"), isolation_level="READ COMMITTED", pool_size=8, max_overflow=32)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    # Before the file exists: rows of 2 to 3 kB, several to a page, cost fewer writes than one to a page.
    cursor.execute("PRAGMA page_size=16384")
    _switch_to_wal(cursor)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-4096",
        "journal_size_limit=67108864",
        "wal_autocheckpoint=4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: DBAPICursor) -> None:
    """Of processes that open a new file together, SQLite turns all but one away at once, without its busy time-out."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_WAL_PAUSE_SECONDS)
        else:
            return


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A server or role set to asynchronous commit would make receipts lie. A stopped process must not hold
    # the head of the chain for ever.
    cursor = connection.cursor()
    cursor.execute("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
    cursor.execute(f"SET lock_timeout = '{int(BUSY_SECONDS * 1000)}ms'")
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{int(2000 * BUSY_SECONDS)}ms'")
    cursor.close()
    connection.commit()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def translated() -> Iterator[None]:
    """Turns what drivers say when a database is away into StoreUnavailable; anything else is a bug and passes."""
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailable("every connection is in use") from error
    except DBAPIError as error:
        reason = _reason_away(error)
        if reason is None:
            raise
        raise StoreUnavailable(reason) from error


def _reason_away(error: DBAPIError) -> str | None:
    """A word on why the database is away, without statement or values; None where it is there and says no."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0)
        return str(cause.sqlite_errorname) if code & 0xFF in _SQLITE_AWAY else None
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | psycopg.errors.ReadOnlySqlTransaction):
        return f"postgresql {cause.sqlstate or 'connection lost'}" if isinstance(cause, psycopg.Error) else None
    return "connection lost" if error.connection_invalidated else None
