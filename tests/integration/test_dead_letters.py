"""Dead letters on a real broker: a parcel that is none, and a partner's message that met a mistake or a dying worker."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from broker.contract import Broker, Confirm, Outcome, Publication
from broker.topology import DELIVERY_LIMIT
from gateway.workers.couriers import Courier
from gateway.workers.intake_amqp import AmqpIntake
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.dead_letters import TOPOLOGY, eventually, letters, mistaken, undertaker, working
from tests.support.rabbitmq import PrivateVhosts
from tests.support.world import World, contact, make_world

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(120)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield made
    made.store.close()


@pytest.fixture
def broker(rabbitmq: PrivateVhosts) -> Iterator[Broker]:
    rabbitmq.apply(TOPOLOGY)
    with closing(rabbitmq.broker()) as made:
        yield made


def publish(broker: Broker, vhost: str, exchange: str, queue: str, body: bytes) -> None:
    assert broker.publisher().publish([Publication(vhost, exchange, queue, body, "m-1", "application/jose")]) == [Confirm.CONFIRMED]


def test_a_parcel_that_is_none_is_noted_and_the_road_goes_on(world: World, broker: Broker) -> None:
    publish(broker, "gateway", "gateway", "outbound.C17", b"\xff\xfe no parcel at all")
    with working([Courier(PartyCode("C17"), broker, world.pipeline), undertaker(world, broker)]) as reports:
        [letter] = eventually(lambda: letters(world, "in-store"))
        assert (letter.queue, letter.reason, letter.size) == ("outbound.C17", "rejected", 19)
        world.pipeline.submit([world.submission("alpha", world.signed("alpha", contact("m-1")))])
        for entry in world.store.outbox.pending(world.now, 100):
            if entry.routing_key == "outbound.C17":
                publish(broker, entry.vhost, entry.exchange, entry.routing_key, entry.body)
        assert eventually(lambda: world.queue.handed), "the courier lives"  # type: ignore[arg-type, return-value]
    assert reports == []
    assert len(letters(world)) == 1


def test_a_message_that_met_a_mistake_once_is_taken_in_the_end(world: World, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    met = mistaken(monkeypatch, 1)
    publish(broker, "partners", "from.alpha", "from.alpha", world.signed("alpha", contact("m-1")).body)
    with working([AmqpIntake(OrganisationId("alpha"), broker, world.pipeline, lambda: world.now), undertaker(world, broker)]) as reports:
        [letter] = eventually(lambda: letters(world, "taken"))
    assert (letter.vhost, letter.queue, letter.reason) == ("partners", "from.alpha", "rejected")
    assert (len(met), len(world.bugs), reports) == (1, 1, [])
    assert len(world.parcels("C17")) == 1
    assert len(world.post("alpha")) == 1


def test_poison_is_tried_once_more_and_left_to_a_person(world: World, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    met = mistaken(monkeypatch, 1000)
    publish(broker, "partners", "from.alpha", "from.alpha", world.signed("alpha", contact("m-1")).body)
    with working([AmqpIntake(OrganisationId("alpha"), broker, world.pipeline, lambda: world.now), undertaker(world, broker)]):
        assert len(eventually(lambda: letters(world, "needs-a-person"))) == 1
        assert eventually(lambda: letters(world), 0.5)
    assert len(met) == 2, "once at its door, once alone, and never again"
    assert world.store.verify(lambda _: None).ok


def test_a_message_whose_worker_was_killed_too_often_is_innocent(world: World, broker: Broker) -> None:
    publish(broker, "partners", "from.alpha", "from.alpha", world.signed("alpha", contact("m-1")).body)
    with closing(broker.consumer("partners", "from.alpha")) as consumer:
        # what the broker sees of a worker that dies again and again
        for _ in range(DELIVERY_LIMIT + 1):
            consumer.settle(consumer.receive(1, 5), Outcome.AGAIN)
    with working([undertaker(world, broker)]):
        [letter] = eventually(lambda: letters(world, "taken"))
    assert letter.reason == "delivery_limit"
    assert len(world.post("alpha")) == 1


def test_the_undertaker_may_die_between_any_two_beats(world: World, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    mistaken(monkeypatch, 1)
    publish(broker, "partners", "from.alpha", "from.alpha", world.signed("alpha", contact("m-1")).body)
    with working([AmqpIntake(OrganisationId("alpha"), broker, world.pipeline, lambda: world.now)]):
        assert eventually(lambda: world.bugs)  # type: ignore[arg-type, return-value]
    settle = world.store.dead_letters.settle
    deaths: list[str] = []

    def die(letter_id: str, *rest: object) -> None:
        if not deaths:
            deaths.append(letter_id)
            raise RuntimeError("ends after the try, before it is noted")
        settle(letter_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(world.store.dead_letters, "settle", die)
    with working([undertaker(world, broker)]):
        assert len(eventually(lambda: letters(world, "needs-a-person"))) == 1
    assert len(deaths) == 1
    assert len(world.parcels("C17")) == 1, "taken once, whatever was noted"
