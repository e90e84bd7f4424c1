"""Opening: from a URL to a store.

What it is: `open_store` and `migrate`. What it is not: the parts themselves. Called by bootstrap, the CLI
and tests.
"""

from collections.abc import Callable

from sqlalchemy import Connection, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from gateway.audit.events import AuditEvent
from gateway.audit.integrity import IntegrityReport
from gateway.contract import CheckpointReader, Checkpoints, DeadLetters, Leases, Outbox, Partners, Queries, Store, StoreUnavailable, UnitOfWork
from gateway.oversight.ports import Oversight, Watch
from gateway.store.checkpoints import SqlCheckpoints
from gateway.store.dead_letters import SqlDeadLetters
from gateway.store.engine import Database
from gateway.store.head import HEAD_ID
from gateway.store.integrity import verify_database
from gateway.store.leases import SqlLeases
from gateway.store.outbox import SqlOutbox
from gateway.store.oversight import SqlOversight
from gateway.store.partners import SqlPartners
from gateway.store.queries import SqlQueries
from gateway.store.tables import audit_head
from gateway.store.unit_of_work import SqlUnitOfWork, Written, nobody
from gateway.store.watch import SqlWatch

NEWEST = "0009"
"""The revision that this program's tables have."""
_REVISIONS = "alembic_version"
_MIGRATION_LOCK = 0x676174657761
"""PostgreSQL advisory lock: processes that start together migrate one after the other."""
_PROBE = update(audit_head).where(audit_head.c.head_id == HEAD_ID).values(sequence=audit_head.c.sequence)


class SqlStore:
    """Keeps `gateway.contract.Store`."""

    def __init__(self, database: Database, written: Written = nobody) -> None:
        self._database = database
        self._unit_of_work = SqlUnitOfWork(database, written)
        self._queries = SqlQueries(database)
        self._outbox = SqlOutbox(database)
        self._leases = SqlLeases(database)
        self._partners = SqlPartners(database)
        self._checkpoints = SqlCheckpoints(database)
        self._dead_letters = SqlDeadLetters(database)
        self._watch = SqlWatch(database)
        self._oversight = SqlOversight(database)

    @property
    def unit_of_work(self) -> UnitOfWork:
        """The one writer."""
        return self._unit_of_work

    @property
    def queries(self) -> Queries:
        """Reads."""
        return self._queries

    @property
    def outbox(self) -> Outbox:
        """What is owed to the broker."""
        return self._outbox

    @property
    def leases(self) -> Leases:
        """Who is active, and tokens seen."""
        return self._leases

    @property
    def partners(self) -> Partners:
        """The directory as rows."""
        return self._partners

    @property
    def checkpoints(self) -> Checkpoints:
        """Signed heads of the chain."""
        return self._checkpoints

    @property
    def dead_letters(self) -> DeadLetters:
        """What hit the broker's backstop."""
        return self._dead_letters

    @property
    def watch(self) -> Watch:
        """Reads for people."""
        return self._watch

    @property
    def oversight(self) -> Oversight:
        """What operators do and what they are told."""
        return self._oversight

    def verify(self, read_checkpoint: CheckpointReader) -> IntegrityReport:
        """Check the whole chain, and every table against it."""
        return verify_database(self._database, read_checkpoint)

    def ready(self) -> bool:
        """True when a write would succeed now: one is made and rolled back."""
        try:
            with self._database.writing() as connection:
                found = connection.execute(_PROBE).rowcount == 1
                connection.get_transaction().rollback()  # type: ignore[union-attr]
                return found
        except (StoreUnavailable, DBAPIError):
            # Not there, or there without our tables: either way nothing can be written.
            return False

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()


def open_store(url: str, observe: Callable[[AuditEvent], None] = lambda _: None, written: Written = nobody) -> Store:
    """A store over the database at this URL (`sqlite:///path`, `postgresql://…`). Does not touch it yet.

    `observe` is told every event that became part of the chain, whoever wrote it, and `written` every batch of changes:
    both after the commit, in the writer's thread, and neither may raise.

    Raises ValueError for a database that cannot keep the store's promises.
    """
    return SqlStore(Database(url, observe), written)


def migrate(url: str) -> None:
    """Bring the database to the newest shape, from empty or from any earlier one. Safe to run twice, and at once.

    Raises StoreUnavailable.
    """
    database = Database(url)
    try:
        with database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(text(f"pg_advisory_xact_lock({_MIGRATION_LOCK})")))
            if _revision(connection) != NEWEST:
                from gateway.store.migrating import upgrade  # noqa: PLC0415 - the tool, only where there is something to do

                upgrade(connection)
    finally:
        database.close()


def _revision(connection: Connection) -> str | None:
    """What the database says it has; None where it is empty."""
    if not inspect(connection).has_table(_REVISIONS):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {_REVISIONS}")).scalar()  # noqa: S608 - a name of ours
    return found
