"""What a partner's broker user may not do, on a real RabbitMQ: everything but writing and reading its own."""

import os
import secrets
import threading
from collections.abc import Callable, Iterator

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from broker.contract import BrokerUnavailable, Confirm, Outcome, Publication
from broker.rabbitmq import RabbitBroker
from broker.topology import DEAD, GATEWAY, PARTNERS, TO, from_queue, gateway_topology, organisation_user, partners_topology, password_hash, to_queue
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.rabbitmq import PrivateVhosts

pytestmark = pytest.mark.rabbitmq
MINE, OTHER = OrganisationId("north-crc"), OrganisationId("south-crc")
ACCESS_REFUSED = 403


@pytest.fixture
def vhosts(rabbitmq: PrivateVhosts) -> PrivateVhosts:
    rabbitmq.apply(gateway_topology([PartyCode("C05")]) + partners_topology([MINE, OTHER]))
    return rabbitmq


@pytest.fixture
def partner(vhosts: PrivateVhosts) -> Iterator[tuple[str, str]]:
    """A user of the organisation MINE, and its password."""
    name, password = f"north-crc-{secrets.token_hex(4)}", secrets.token_hex(8)
    vhosts.apply(organisation_user(MINE, name, password_hash(password, os.urandom(4))))
    yield name, password
    vhosts.admin.remove_user(name)


@pytest.fixture
def channel(vhosts: PrivateVhosts, partner: tuple[str, str]) -> Iterator[BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(vhosts.urls_of(*partner)[PARTNERS]))
    channel = connection.channel()
    channel.confirm_delivery()
    yield channel
    connection.close()


def test_it_writes_its_own_exchange_and_reads_its_own_queue(vhosts: PrivateVhosts, partner: tuple[str, str]) -> None:
    ours, theirs = vhosts.broker(), RabbitBroker({PARTNERS: vhosts.urls_of(*partner)[PARTNERS]})
    sent = Publication(PARTNERS, from_queue(MINE), "", b"signed", "id-1")
    assert theirs.publisher(partner[0]).publish([sent]) == [Confirm.CONFIRMED]
    intake = ours.consumer(PARTNERS, from_queue(MINE))
    [received] = intake.receive(1, 5.0)
    assert (received.body, received.user_id) == (b"signed", partner[0])
    intake.settle([received], Outcome.DONE)
    assert ours.publisher().publish([Publication(PARTNERS, TO, MINE, b"ours", "id-2")]) == [Confirm.CONFIRMED]
    inbox = theirs.consumer(PARTNERS, to_queue(MINE))
    [received] = inbox.receive(1, 5.0)
    assert received.body == b"ours"
    inbox.settle([received], Outcome.DONE)
    ours.close()
    theirs.close()


FORBIDDEN: dict[str, Callable[[BlockingChannel], object]] = {
    "write another's exchange": lambda channel: channel.basic_publish(from_queue(OTHER), "", b"x"),
    "write the default exchange": lambda channel: channel.basic_publish("", to_queue(MINE), b"x"),
    "write another's queue by the default exchange": lambda channel: channel.basic_publish("", to_queue(OTHER), b"x"),
    "write the gateway's exchange": lambda channel: channel.basic_publish(TO, OTHER, b"x"),
    "write its own through the gateway's exchange": lambda channel: channel.basic_publish(TO, MINE, b"x"),
    "write the dead letters": lambda channel: channel.basic_publish(DEAD, "", b"x"),
    "read another's queue": lambda channel: channel.basic_consume(to_queue(OTHER), print),
    "read what another sent": lambda channel: channel.basic_consume(from_queue(OTHER), print),
    "read what itself sent": lambda channel: channel.basic_consume(from_queue(MINE), print),
    "read the dead letters": lambda channel: channel.basic_consume(DEAD, print),
    "get from another's queue": lambda channel: channel.basic_get(to_queue(OTHER)),
    "purge another's queue": lambda channel: channel.queue_purge(to_queue(OTHER)),
    "purge what itself sent": lambda channel: channel.queue_purge(from_queue(MINE)),
    "delete its own queue": lambda channel: channel.queue_delete(to_queue(MINE)),
    "delete another's queue": lambda channel: channel.queue_delete(to_queue(OTHER)),
    "delete its own exchange": lambda channel: channel.exchange_delete(from_queue(MINE)),
    "declare a queue": lambda channel: channel.queue_declare("mine"),
    "declare a private queue": lambda channel: channel.queue_declare("", exclusive=True),
    "declare an exchange": lambda channel: channel.exchange_declare("mine"),
    "bind its own queue to another's exchange": lambda channel: channel.queue_bind(to_queue(MINE), from_queue(OTHER)),
    "bind its own queue to the gateway's exchange": lambda channel: channel.queue_bind(to_queue(MINE), TO, OTHER),
    "unbind its own queue": lambda channel: channel.queue_unbind(to_queue(MINE), TO, MINE),
    "say that another publishes": lambda channel: channel.basic_publish(from_queue(MINE), "", b"x", pika.BasicProperties(user_id="somebody")),
}
PRECONDITION_FAILED = 406


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_it_may_not(channel: BlockingChannel, deed: str) -> None:
    with pytest.raises(ChannelClosedByBroker) as caught:
        FORBIDDEN[deed](channel)
    wanted = PRECONDITION_FAILED if deed == "say that another publishes" else ACCESS_REFUSED
    assert caught.value.reply_code == wanted


def test_it_may_not_enter_the_gateways_vhost(vhosts: PrivateVhosts, partner: tuple[str, str]) -> None:
    with pytest.raises(AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(vhosts.urls_of(*partner)[GATEWAY]))


def test_a_wrong_password_opens_nothing_and_is_not_told(vhosts: PrivateVhosts, partner: tuple[str, str]) -> None:
    broker = RabbitBroker({PARTNERS: vhosts.urls_of(partner[0], "guess-guess")[PARTNERS]})
    with pytest.raises(BrokerUnavailable) as caught:
        broker.publisher().publish([Publication(PARTNERS, from_queue(MINE), "", b"x", "id")])
    assert "guess" not in str(caught.value)
    broker.close()


def test_our_publisher_reports_what_it_may_not_do_as_unavailable(vhosts: PrivateVhosts, partner: tuple[str, str]) -> None:
    broker = RabbitBroker({PARTNERS: vhosts.urls_of(*partner)[PARTNERS]})
    publisher = broker.publisher()
    with pytest.raises(BrokerUnavailable, match="403"):
        publisher.publish([Publication(PARTNERS, from_queue(OTHER), "", b"x", "id")])
    assert publisher.publish([Publication(PARTNERS, from_queue(MINE), "", b"x", "id")]) == [Confirm.CONFIRMED]
    broker.close()


def test_a_removed_user_is_thrown_out(vhosts: PrivateVhosts, partner: tuple[str, str]) -> None:
    broker = RabbitBroker({PARTNERS: vhosts.urls_of(*partner)[PARTNERS]})
    publisher, sent = broker.publisher(), Publication(PARTNERS, from_queue(MINE), "", b"x", "id")
    assert publisher.publish([sent]) == [Confirm.CONFIRMED]
    vhosts.admin.remove_user(partner[0])
    thrown_out = threading.Event()
    for _ in range(50):
        try:
            publisher.publish([sent])
        except BrokerUnavailable:
            thrown_out.set()
            break
        thrown_out.wait(0.1)
    assert thrown_out.is_set()
    broker.close()
