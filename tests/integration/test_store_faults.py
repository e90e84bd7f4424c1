"""A database that dies as in a power cut, with messages under way, and comes back.

The gateway takes nothing while it is away, and afterwards nothing is lost, repeated, reordered or unproven.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.rehearsal.postgres import PostgresMissing, PrivatePostgres
from gateway.store.opening import migrate
from tests.support.exchange import installation, payloads, prove
from tests.support.faults import ManyPartners, bugs_in, wait_until
from tests.support.integrity import findings
from tests.support.rabbitmq import PrivateVhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgresql, pytest.mark.slow, pytest.mark.timeout(180)]
MESSAGES, CASES = 200, 20
AWAY_SECONDS = 2.0


@pytest.fixture
def own_postgres() -> Iterator[PrivatePostgres]:
    """A cluster that the test may kill. Not under pytest's own folder: its user must be able to come in."""
    directory = Path(tempfile.mkdtemp(prefix="gateway-store-faults-"))
    directory.chmod(0o711)
    cluster = PrivatePostgres(directory / "cluster")
    try:
        cluster.start()
    except PostgresMissing:
        pytest.skip("no PostgreSQL server is installed")
    yield cluster
    cluster.kill()
    shutil.rmtree(directory)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_database_that_goes_away_and_comes_back(own_postgres: PrivatePostgres, rabbitmq: PrivateVhosts, tmp_path: Path, how: str) -> None:
    url = own_postgres.create_database("gateway")
    migrate(url)
    with installation(tmp_path, url, rabbitmq, log_level="info") as place:
        partners = ManyPartners(place, payloads(MESSAGES, CASES))
        gateway = place.start()
        partners.start()
        try:
            assert wait_until(lambda: bool(partners.done), 40), (partners.errors, place.logs())
            (own_postgres.kill if how == "kill" else own_postgres.stop)()
            assert len(partners.finals()) < MESSAGES, "the database died too late to matter"
            time.sleep(AWAY_SECONDS)
            own_postgres.start()
            assert partners.wait_for_all(60), (partners.errors, len(partners.finals()), place.logs())
            assert gateway.poll() is None
        finally:
            partners.stop()
            place.stop()
        prove(partners, as_sent=False)
        assert findings(url) == []
        assert bugs_in(tmp_path) == []
