"""The channel `queue`, over every broker twin."""

from collections.abc import Iterator, Sequence

import pytest

from adapters.channels.broker_queue import BrokerQueueChannel
from adapters.channels.catalogue import CHANNELS
from adapters.contract import Address, HandedOver, Handover, TryLater, WireMessage
from broker.contract import Broker, BrokerUnavailable, Confirm, Publication
from broker.memory import MemoryBroker
from broker.topology import PARTNERS, partners_topology, to_queue
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.rabbitmq import PrivateVhosts

NORTH, SOUTH, NOBODY = OrganisationId("north-crc"), OrganisationId("south-crc"), OrganisationId("nobody")
TOPOLOGY = partners_topology([NORTH, SOUTH], byte_limit=4_000)


@pytest.fixture(params=["memory", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    if request.param == "memory":
        made: Broker = MemoryBroker(TOPOLOGY)
    else:
        vhosts: PrivateVhosts = request.getfixturevalue("rabbitmq")
        vhosts.apply(TOPOLOGY)
        made = vhosts.broker()
    yield made
    made.close()


def item(organisation: OrganisationId, text: str, size: int = 0) -> tuple[WireMessage, Address]:
    address = Address(organisation=organisation, recipient=PartyCode("C05"), message_id=f"id-{text}")
    return WireMessage(text.encode().ljust(size), "application/jose"), address


def later(outcome: Handover) -> str:
    assert isinstance(outcome, TryLater)
    assert outcome.fault.code is FaultCode.RECIPIENT_UNREACHABLE
    return outcome.fault.detail


def test_each_organisation_finds_its_own(broker: Broker) -> None:
    channel = BrokerQueueChannel(broker.publisher())
    assert list(channel.hand_over([item(NORTH, "a"), item(SOUTH, "b"), item(NORTH, "c")])) == [HandedOver()] * 3
    for organisation, wanted in ((NORTH, ["a", "c"]), (SOUTH, ["b"])):
        consumer = broker.consumer(PARTNERS, to_queue(organisation))
        received = consumer.receive(10, 2.0, 0.2)
        assert [(one.body.decode(), one.message_id, one.content_type) for one in received] == [(text, f"id-{text}", "application/jose") for text in wanted]
        consumer.close()
    channel.close()


def test_an_organisation_without_a_queue_is_tried_later_and_the_rest_stand(broker: Broker) -> None:
    channel = BrokerQueueChannel(broker.publisher())
    outcomes = channel.hand_over([item(NORTH, "a"), item(NOBODY, "b"), item(SOUTH, "c")])
    assert [type(outcome) for outcome in outcomes] == [HandedOver, TryLater, HandedOver]
    assert "no queue" in later(outcomes[1])


def test_a_full_queue_is_tried_later(broker: Broker) -> None:
    channel = BrokerQueueChannel(broker.publisher())
    outcomes = [channel.hand_over([item(NORTH, str(number), 1_500)])[0] for number in range(8)]
    assert outcomes[0] == HandedOver()
    assert "full" in later(outcomes[-1])
    assert list(channel.hand_over([item(SOUTH, "other")])) == [HandedOver()]


def test_without_a_broker_nobody_knows_and_all_are_tried_later() -> None:
    class Gone:
        def publish(self, publications: Sequence[Publication]) -> Sequence[Confirm]:
            raise BrokerUnavailable("amqp://secret")

        def close(self) -> None:
            raise AssertionError

    outcomes = BrokerQueueChannel(Gone()).hand_over([item(NORTH, "a"), item(SOUTH, "b")])
    assert [later(outcome) for outcome in outcomes] == ["The broker is not available."] * 2


def test_the_catalogue_names_each_channel_as_it_names_itself() -> None:
    assert set(CHANNELS) == {"push", "queue", "drop"}
    assert CHANNELS["queue"](MemoryBroker(TOPOLOGY).publisher()).name == "queue"
