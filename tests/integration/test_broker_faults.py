"""A broker that dies and a broker that loses its disk, with messages under way, on both databases.

Afterwards: nothing lost, no second effect, each case in order, receipts true, chain whole.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from broker.node import PrivateNode
from tests.support.exchange import Installation, installation, payloads, prove
from tests.support.faults import ManyPartners, bugs_in, give_gateway_its_user, keep_order_until_applied, vhosts_of, wait_until
from tests.support.integrity import findings

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow, pytest.mark.timeout(240)]
MESSAGES, CASES = 200, 20
MakeNode = Callable[[], PrivateNode]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_killed_broker_comes_back(store_url: str, own_rabbitmq_node: MakeNode, tmp_path: Path) -> None:
    """On PostgreSQL it is killed in the test of two gateways."""
    node = own_rabbitmq_node()
    with vhosts_of(node) as vhosts, installation(tmp_path, store_url, vhosts, log_level="info") as place:
        partners = _under_way(place)
        try:
            node.kill()
            assert len(partners.finals()) < MESSAGES, "the broker died too late to matter"
            node.start()
            _all_applied(partners, place)
        finally:
            partners.stop()
            place.stop()
    prove(partners, as_sent=False)
    assert findings(store_url) == []
    assert bugs_in(tmp_path) == []


@pytest.mark.postgresql
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_broker_that_lost_its_disk_is_built_anew(store_url: str, own_rabbitmq_node: MakeNode, tmp_path: Path) -> None:
    node = own_rabbitmq_node()
    with vhosts_of(node) as vhosts, installation(tmp_path, store_url, vhosts, log_level="info") as place:
        keep_order_until_applied(store_url, "C17")
        partners = _under_way(place)
        try:
            node.kill()
            assert len(partners.finals()) < MESSAGES, "the broker died too late to matter"
            node.wipe()
            node.start()
            give_gateway_its_user(vhosts)
            _all_applied(partners, place)
        finally:
            partners.stop()
            place.stop()
    prove(partners, as_sent=False)
    assert findings(store_url) == []
    assert bugs_in(tmp_path) == []


@pytest.mark.postgresql
def test_two_gateways_one_of_them_killed_and_then_the_broker(migrated_postgresql_url: str, own_rabbitmq_node: MakeNode, tmp_path: Path) -> None:
    """Two of every role: one relay and one sweeper at work, one consumer of each queue, whatever dies."""
    node = own_rabbitmq_node()
    with vhosts_of(node) as vhosts, installation(tmp_path, migrated_postgresql_url, vhosts, log_level="info") as place:
        partners = _under_way(place, gateways=2)
        try:
            place.processes[0].kill()
            node.kill()
            assert len(partners.finals()) < MESSAGES, "they died too late to matter"
            node.start()
            _all_applied(partners, place)
        finally:
            partners.stop()
            place.stop()
    prove(partners, as_sent=False)
    assert findings(migrated_postgresql_url) == []
    assert bugs_in(tmp_path) == []


def _under_way(place: Installation, gateways: int = 1) -> ManyPartners:
    """Gateways and partners at work, some messages at every stage of the road."""
    partners = ManyPartners(place, payloads(MESSAGES, CASES))
    for _ in range(gateways):
        place.start()
    partners.start()
    assert wait_until(lambda: bool(partners.done), 40), (partners.errors, place.logs())
    return partners


def _all_applied(partners: ManyPartners, place: Installation) -> None:
    assert partners.wait_for_all(60), (partners.errors, len(partners.finals()), place.logs())
