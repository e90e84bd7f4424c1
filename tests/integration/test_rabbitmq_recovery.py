"""A broker that dies, comes back, and comes back empty: clients recover, what was confirmed is there, `apply` rebuilds."""

import os
import threading
import time
from collections.abc import Callable

import pytest

from broker.admin import RabbitAdmin, TopologyConflict
from broker.contract import BrokerUnavailable, Confirm, Consumer, Outcome, Publication, Publisher
from broker.node import PrivateNode
from broker.rabbitmq import RabbitBroker
from broker.topology import GATEWAY, PARTNERS, gateway_topology, gateway_user, organisation_user, outbound_queue, partners_topology, password_hash
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.rabbitmq import PrivateVhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(240)]
PARTY, ORGANISATION = PartyCode("C05"), OrganisationId("north-crc")
QUEUE = outbound_queue(PARTY)
TOPOLOGY = (
    gateway_topology([PARTY])
    + partners_topology([ORGANISATION])
    + gateway_user("gateway", password_hash("secret", b"salt"))
    + organisation_user(ORGANISATION, "north-crc", password_hash("other", os.urandom(4)))
)


def parcel(text: str) -> Publication:
    return Publication(GATEWAY, GATEWAY, QUEUE, text.encode(), text)


def brokered(node: PrivateNode) -> tuple[RabbitAdmin, RabbitBroker]:
    admin = RabbitAdmin(node.management_url, node.credentials.user, node.credentials.password)
    admin.apply(TOPOLOGY)
    return admin, RabbitBroker({vhost: node.amqp_url(vhost, "gateway", "secret") for vhost in (GATEWAY, PARTNERS)})


def publish_through(publisher: Publisher, item: Publication) -> None:
    """As the relay does: again until confirmed."""
    deadline = time.monotonic() + 60
    while True:
        try:
            assert publisher.publish([item]) == [Confirm.CONFIRMED]
            return
        except BrokerUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def drain(consumer: Consumer, enough: Callable[[set[str]], bool]) -> set[str]:
    """As a worker does: through every loss, until enough has come."""
    found: set[str] = set()
    deadline = time.monotonic() + 60
    while not enough(found) and time.monotonic() < deadline:
        try:
            received = consumer.receive(50, 0.5)
            found.update(item.message_id for item in received)
            consumer.settle(received, Outcome.DONE)
        except BrokerUnavailable:
            time.sleep(0.1)
    return found


def test_killed_under_load_it_loses_nothing_that_was_confirmed_and_wiped_it_is_rebuilt(own_rabbitmq_node: Callable[[], PrivateNode]) -> None:
    node = own_rabbitmq_node()
    admin, broker = brokered(node)
    publisher, consumer = broker.publisher(), broker.consumer(GATEWAY, QUEUE)
    confirmed: set[str] = set()
    enough = threading.Event()

    def load() -> None:
        number = 0
        while not enough.is_set():
            batch = [parcel(f"{number}-{index}") for index in range(20)]
            try:
                confirms = publisher.publish(batch)
                confirmed.update(item.message_id for item, confirm in zip(batch, confirms, strict=True) if confirm is Confirm.CONFIRMED)
            except BrokerUnavailable:
                time.sleep(0.1)
            number += 1

    thread = threading.Thread(target=load)
    thread.start()
    held = consumer.receive(10, 10.0)
    time.sleep(0.5)
    node.kill()
    before = len(confirmed)
    node.start()
    deadline = time.monotonic() + 30
    while len(confirmed) < before + 100 and time.monotonic() < deadline:
        time.sleep(0.05)
    enough.set()
    thread.join()
    assert len(confirmed) >= before + 100
    # what was received over the lost connection cannot be settled over the next one
    with pytest.raises(BrokerUnavailable):
        consumer.settle(held, Outcome.DONE)
    assert confirmed <= drain(consumer, confirmed.issubset)

    node.kill()
    with pytest.raises(BrokerUnavailable):
        publisher.publish([parcel("nobody there")])
    with pytest.raises(BrokerUnavailable):
        admin.apply(TOPOLOGY)
    node.wipe()
    node.start()
    with pytest.raises(BrokerUnavailable):
        publisher.publish([parcel("too early")])
    admin.apply(TOPOLOGY)
    publish_through(publisher, parcel("after the wipe"))
    assert drain(consumer, lambda found: "after the wipe" in found) == {"after the wipe"}
    theirs = RabbitBroker({PARTNERS: node.amqp_url(PARTNERS, "north-crc", "other")})
    assert theirs.publisher("north-crc").publish([Publication(PARTNERS, "from.north-crc", "", b"signed", "id")]) == [Confirm.CONFIRMED]
    theirs.close()
    broker.close()
    admin.close()


def test_a_consumer_whose_queue_vanishes_says_so_and_recovers(rabbitmq: PrivateVhosts) -> None:
    rabbitmq.apply(gateway_topology([PARTY]))
    broker = rabbitmq.broker()
    publisher, consumer = broker.publisher(), broker.consumer(GATEWAY, QUEUE)
    assert consumer.receive(1, 0.1) == []
    rabbitmq.admin.remove_vhosts()
    with pytest.raises(BrokerUnavailable):
        consumer.receive(1, 10.0)
    with pytest.raises(BrokerUnavailable):
        consumer.receive(1, 0.1)
    rabbitmq.apply(gateway_topology([PARTY]))
    publish_through(publisher, parcel("again"))
    assert drain(consumer, bool) == {"again"}
    broker.close()


def test_apply_is_idempotent_and_keeps_what_lies_in_queues(rabbitmq: PrivateVhosts) -> None:
    rabbitmq.apply(TOPOLOGY_WITHOUT_USERS)
    broker = rabbitmq.broker()
    assert broker.publisher().publish([parcel("kept")]) == [Confirm.CONFIRMED]
    rabbitmq.apply(TOPOLOGY_WITHOUT_USERS)
    assert drain(broker.consumer(GATEWAY, QUEUE), bool) == {"kept"}
    broker.close()


TOPOLOGY_WITHOUT_USERS = gateway_topology([PARTY]) + partners_topology([ORGANISATION])


def test_a_queue_of_other_arguments_is_a_conflict_for_a_person(rabbitmq: PrivateVhosts) -> None:
    rabbitmq.apply(partners_topology([ORGANISATION], byte_limit=1_000))
    with pytest.raises(TopologyConflict, match="north-crc"):
        rabbitmq.apply(partners_topology([ORGANISATION], byte_limit=2_000))


def test_queue_figures_count_what_waits_and_what_is_held(rabbitmq: PrivateVhosts) -> None:
    assert rabbitmq.admin.queue_figures() == ()
    rabbitmq.apply(TOPOLOGY_WITHOUT_USERS)
    broker = rabbitmq.broker()
    broker.publisher().publish([parcel(str(number)) for number in range(5)])
    consumer = broker.consumer(GATEWAY, QUEUE, prefetch=2)
    held = consumer.receive(2, 5.0, 0.5)
    deadline = time.monotonic() + 20
    while True:
        figures = {(one.vhost, one.queue): one for one in rabbitmq.admin.queue_figures()}
        own = figures[GATEWAY, QUEUE]
        if (own.ready, own.unacknowledged, own.consumers) == (3, len(held), 1) or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert (own.ready, own.unacknowledged, own.consumers) == (3, 2, 1)
    assert set(figures) == {(queue.vhost, queue.name) for queue in TOPOLOGY_WITHOUT_USERS.queues}
    broker.close()


def test_a_password_is_known_by_its_hash_alone(rabbitmq: PrivateVhosts) -> None:
    rabbitmq.apply(gateway_topology([PARTY]))
    right, wrong = rabbitmq.broker(), RabbitBroker(rabbitmq.urls_of(rabbitmq.user, "wrong"))
    assert right.publisher().publish([parcel("a")]) == [Confirm.CONFIRMED]
    with pytest.raises(BrokerUnavailable):
        wrong.publisher().publish([parcel("b")])
    right.close()
    wrong.close()
