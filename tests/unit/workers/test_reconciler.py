"""The reconciler: the broker has what the directory says, also after it died half-way."""

from collections.abc import Collection

import pytest

from broker.contract import BrokerUnavailable
from broker.topology import Topology, gateway_topology, organisation_user
from gateway.workers.reconciler import Reconciler
from schemas.identifiers import OrganisationId, PartyCode

WANTED = gateway_topology([PartyCode("C05")]) + organisation_user(OrganisationId("alpha"), "alpha", "hash")


class Broker:
    """Makes queues, then users; may die between the two."""

    def __init__(self) -> None:
        self.queues: set[tuple[str, str]] = set()
        self.users: set[str] = set()
        self.dies = False

    def apply(self, topology: Topology) -> None:
        self.queues |= {(queue.vhost, queue.name) for queue in topology.queues}
        if self.dies:
            raise BrokerUnavailable("it died half-way")
        self.users |= {user.name for user in topology.users}

    def queue_names(self) -> Collection[tuple[str, str]]:
        return self.queues


def reconciler(broker: Broker, versions: list[int]) -> Reconciler:
    return Reconciler(broker, lambda: WANTED, lambda: versions[0])


def test_makes_what_is_missing_and_then_leaves_it_alone() -> None:
    broker, versions = Broker(), [1]
    made = reconciler(broker, versions)
    assert made.look()
    assert broker.users == {"alpha"}
    assert not made.look()
    versions[0] = 2
    assert made.look()


def test_a_broker_that_died_half_way_gets_its_users_too() -> None:
    broker = Broker()
    made = reconciler(broker, [1])
    assert made.look()
    broker.queues.clear()
    broker.users.clear()
    broker.dies = True
    with pytest.raises(BrokerUnavailable):
        made.look()
    broker.dies = False
    assert made.look()
    assert broker.users == {"alpha"}
