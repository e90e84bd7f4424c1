"""One private PostgreSQL cluster for a whole test run, and a fresh database for each test that asks.

Fixtures: `postgresql_url` (empty), `migrated_postgresql_url`, `store_url` (both databases in turn, migrated)
and `store`. Workers of one run share the cluster: who comes first starts it, who leaves last stops it.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from gateway.contract import Store
from gateway.rehearsal.postgres import PostgresMissing, PrivatePostgres
from gateway.store.opening import migrate, open_store
from tests.support.databases import migrate_quickly

_TEMPLATE = "migrated_template"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[PrivatePostgres]:
    """The running cluster of this test run. Skips at home where no server is installed; fails in CI."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    home = Path(tempfile.gettempdir()) / f"gateway-test-postgres-{run}"
    lock, users = home.with_suffix(".lock"), home.with_suffix(".users")
    cluster = PrivatePostgres(home / "cluster")
    with _locked(lock):
        count = int(users.read_text()) if users.exists() else 0
        if count == 0:
            _start(cluster, home)
        users.write_text(str(count + 1))
    try:
        yield cluster
    finally:
        with _locked(lock):
            count = int(users.read_text()) - 1
            users.write_text(str(count))
            if count == 0:
                cluster.stop()
                shutil.rmtree(home)
                users.unlink()
                lock.unlink()


def _start(cluster: PrivatePostgres, home: Path) -> None:
    home.mkdir(mode=0o755, exist_ok=True)
    try:
        cluster.start()
    except PostgresMissing:
        if os.environ.get("CI"):
            raise
        pytest.skip("no PostgreSQL server is installed")
    migrate(cluster.create_database(_TEMPLATE))


@pytest.fixture
def postgresql_url(postgresql_cluster: PrivatePostgres) -> Iterator[str]:
    """An empty database."""
    name = f"test_{secrets.token_hex(6)}"
    yield postgresql_cluster.create_database(name)
    postgresql_cluster.drop_database(name)


@pytest.fixture
def migrated_postgresql_url(postgresql_cluster: PrivatePostgres) -> Iterator[str]:
    """A database in the newest shape, without content."""
    name = f"test_{secrets.token_hex(6)}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(_TEMPLATE))
    with closing(psycopg.connect(postgresql_cluster.url("postgres"), autocommit=True)) as connection:
        connection.execute(statement)
    yield postgresql_cluster.url(name)
    postgresql_cluster.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database, once of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("migrated_postgresql_url"))
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate_quickly(url)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open store over each kind of database."""
    with closing(open_store(store_url)) as opened:
        yield opened
