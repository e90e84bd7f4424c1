"""What `broker.contract` promises, kept by every twin."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from broker.contract import Broker, BrokerUnavailable, Confirm, Consumer, Outcome, Publication, Received
from broker.memory import MemoryBroker
from broker.topology import DEAD, DELIVERY_LIMIT, GATEWAY, PARTNERS, TO, from_queue, gateway_topology, outbound_queue, partners_topology, to_queue
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.rabbitmq import PrivateVhosts

PARTY = PartyCode("C05")
QUEUE = outbound_queue(PARTY)
ORGANISATION = OrganisationId("north-crc")
BYTE_LIMIT = 4_000
TOPOLOGY = gateway_topology([PARTY, PartyCode("N00")]) + partners_topology([ORGANISATION], byte_limit=BYTE_LIMIT)
PATIENCE = 10.0


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


def parcel(text: str, *, body: bytes | None = None, key: str = QUEUE) -> Publication:
    return Publication(GATEWAY, GATEWAY, key, body if body is not None else text.encode(), f"id-{text}")


def parcels(count: int) -> list[Publication]:
    return [parcel(str(number)) for number in range(count)]


def to_partner(text: str, size: int = 0) -> Publication:
    return Publication(PARTNERS, TO, ORGANISATION, text.encode().ljust(size), f"id-{text}")


def collect(consumer: Consumer, count: int, limit: int = 100) -> list[Received]:
    """Take until `count` have come; a missing one fails within bounded time."""
    found: list[Received] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < count and time.monotonic() < deadline:
        found.extend(consumer.receive(limit, 0.5))
    assert len(found) == count
    return found


def bodies(received: Sequence[Received]) -> list[str]:
    return [item.body.decode() for item in received]


def test_what_is_confirmed_is_received_as_it_was_published(broker: Broker) -> None:
    item = Publication(GATEWAY, GATEWAY, QUEUE, bytes(range(256)), "id-1", "application/jose")
    assert broker.publisher().publish([item]) == [Confirm.CONFIRMED]
    consumer = broker.consumer(GATEWAY, QUEUE)
    [received] = collect(consumer, 1)
    assert (received.body, received.message_id, received.content_type, received.redelivered) == (item.body, "id-1", "application/jose", False)
    consumer.settle([received], Outcome.DONE)
    consumer.close()


def test_an_empty_body_and_an_empty_batch_are_fine(broker: Broker) -> None:
    publisher = broker.publisher()
    assert publisher.publish([]) == []
    assert publisher.publish([parcel("nothing", body=b"")]) == [Confirm.CONFIRMED]
    consumer = broker.consumer(GATEWAY, QUEUE)
    assert collect(consumer, 1)[0].body == b""
    consumer.settle([], Outcome.DONE)
    consumer.close()


def test_order_is_kept_through_batches(broker: Broker) -> None:
    publisher = broker.publisher()
    for start in range(0, 300, 60):
        assert set(publisher.publish([parcel(str(number)) for number in range(start, start + 60)])) == {Confirm.CONFIRMED}
    consumer = broker.consumer(GATEWAY, QUEUE)
    assert bodies(collect(consumer, 300, limit=37)) == [str(number) for number in range(300)]
    consumer.close()


def test_a_window_larger_than_one_is_answered_one_each(broker: Broker) -> None:
    assert list(broker.publisher().publish(parcels(2_500))) == [Confirm.CONFIRMED] * 2_500


def test_what_no_queue_is_bound_for_comes_back(broker: Broker) -> None:
    items = [parcel("a"), parcel("b", key="outbound.X99"), parcel("c"), parcel("b", key="outbound.X98")]
    wanted = [Confirm.CONFIRMED, Confirm.RETURNED, Confirm.CONFIRMED, Confirm.RETURNED]
    assert list(broker.publisher().publish(items)) == wanted


def test_the_same_message_twice_in_a_window_has_two_answers(broker: Broker) -> None:
    lost = parcel("lost", key="outbound.X99")
    assert list(broker.publisher().publish([lost, parcel("a"), lost, parcel("a")])) == [Confirm.RETURNED, Confirm.CONFIRMED] * 2


def test_an_exchange_that_is_not_there_is_unavailable_and_harms_nobody_later(broker: Broker) -> None:
    publisher = broker.publisher()
    with pytest.raises(BrokerUnavailable):
        publisher.publish([Publication(GATEWAY, "nowhere", QUEUE, b"x", "id")])
    assert publisher.publish([parcel("after")]) == [Confirm.CONFIRMED]


def test_a_queue_that_is_not_there_is_unavailable(broker: Broker) -> None:
    consumer = broker.consumer(GATEWAY, "outbound.X99")
    for _ in range(2):
        with pytest.raises(BrokerUnavailable):
            consumer.receive(1, 0.2)
    consumer.close()


def test_a_full_queue_rejects_and_takes_again_when_there_is_room(broker: Broker) -> None:
    publisher = broker.publisher()
    # the limit is looked at before a message is taken, and a moment late: hence one at a time
    answers = [publisher.publish([to_partner(str(number), 1_000)])[0] for number in range(12)]
    taken = answers.count(Confirm.CONFIRMED)
    assert 4 <= taken <= 6
    assert answers[taken:] == [Confirm.REJECTED] * (12 - taken)
    consumer = broker.consumer(PARTNERS, to_queue(ORGANISATION))
    consumer.settle(collect(consumer, taken), Outcome.DONE)
    _until(lambda: publisher.publish([to_partner("room", 1_000)]) == [Confirm.CONFIRMED])
    consumer.close()


def test_vhosts_are_apart_and_can_share_a_batch(broker: Broker) -> None:
    publisher = broker.publisher()
    confirms = publisher.publish([parcel("ours"), to_partner("theirs"), parcel("lost", key="x"), to_partner("theirs too")])
    assert list(confirms) == [Confirm.CONFIRMED, Confirm.CONFIRMED, Confirm.RETURNED, Confirm.CONFIRMED]
    ours, theirs = broker.consumer(GATEWAY, QUEUE), broker.consumer(PARTNERS, to_queue(ORGANISATION))
    assert bodies(collect(ours, 1)) == ["ours"]
    assert bodies(collect(theirs, 2)) == ["theirs", "theirs too"]
    ours.close()
    theirs.close()


def test_a_fanout_exchange_asks_for_no_routing_key(broker: Broker) -> None:
    name = from_queue(ORGANISATION)
    assert broker.publisher().publish([Publication(PARTNERS, name, "anything", b"signed", "id")]) == [Confirm.CONFIRMED]
    consumer = broker.consumer(PARTNERS, name)
    assert bodies(collect(consumer, 1)) == ["signed"]
    consumer.close()


def test_a_lone_message_does_not_wait_for_company(broker: Broker) -> None:
    consumer = broker.consumer(GATEWAY, QUEUE)
    assert consumer.receive(100, 0.05) == []
    broker.publisher().publish([parcel("lone")])
    started = time.monotonic()
    assert bodies(consumer.receive(100, PATIENCE)) == ["lone"]
    assert time.monotonic() - started < 2
    consumer.close()


def test_receive_waits_for_what_comes_and_gives_no_more_than_asked(broker: Broker) -> None:
    consumer = broker.consumer(GATEWAY, QUEUE)
    late = threading.Timer(0.3, lambda: broker.publisher().publish(parcels(10)))
    late.start()
    first = consumer.receive(4, PATIENCE, linger_seconds=1.0)
    assert bodies(first) == ["0", "1", "2", "3"]
    assert bodies(collect(consumer, 6)) == [str(number) for number in range(4, 10)]
    late.join()
    consumer.close()


def test_prefetch_bounds_what_one_consumer_holds(broker: Broker) -> None:
    broker.publisher().publish(parcels(20))
    consumer = broker.consumer(GATEWAY, QUEUE, prefetch=5)
    first = collect(consumer, 5)
    assert consumer.receive(10, 0.2) == []
    consumer.settle(first, Outcome.DONE)
    assert bodies(collect(consumer, 5)) == ["5", "6", "7", "8", "9"]
    consumer.close()


def test_what_is_put_back_comes_again_and_is_marked(broker: Broker) -> None:
    broker.publisher().publish(parcels(3))
    consumer = broker.consumer(GATEWAY, QUEUE)
    first = collect(consumer, 3)
    consumer.settle(first[1:2], Outcome.AGAIN)
    [again] = collect(consumer, 1)
    assert (again.body, again.redelivered) == (b"1", True)
    consumer.settle([first[0], again, first[2]], Outcome.DONE)
    assert consumer.receive(10, 0.2) == []
    consumer.close()


def test_settled_out_of_order_nothing_else_is_settled(broker: Broker) -> None:
    broker.publisher().publish(parcels(10))
    consumer = broker.consumer(GATEWAY, QUEUE)
    every = collect(consumer, 10)
    consumer.settle([every[8], every[3], every[0], every[1]], Outcome.DONE)
    consumer.settle([every[2]], Outcome.DONE)
    consumer.close()
    after = broker.consumer(GATEWAY, QUEUE)
    assert bodies(collect(after, 5)) == ["4", "5", "6", "7", "9"]
    after.close()


def test_settling_twice_is_a_bug_that_is_told(broker: Broker) -> None:
    broker.publisher().publish(parcels(2))
    consumer = broker.consumer(GATEWAY, QUEUE)
    received = collect(consumer, 2)
    consumer.settle(received[1:], Outcome.DONE)
    with pytest.raises(ValueError, match="twice"):
        consumer.settle(received[1:], Outcome.DONE)
    consumer.close()


def death_of(buried: Received) -> tuple[object, object]:
    """Where and why, by the broker's own first entry."""
    deaths = buried.headers["x-death"]
    assert isinstance(deaths, list)
    assert deaths[0]["time"], "tells one death from another"
    return deaths[0]["queue"], deaths[0]["reason"]


def test_poison_goes_to_the_dead_letters_and_stays_away(broker: Broker) -> None:
    broker.publisher().publish(parcels(3))
    consumer = broker.consumer(GATEWAY, QUEUE)
    received = collect(consumer, 3)
    consumer.settle(received[:1], Outcome.POISON)
    consumer.settle(received[1:], Outcome.DONE)
    assert consumer.receive(10, 0.2) == []
    dead = broker.consumer(GATEWAY, DEAD)
    [buried] = collect(dead, 1)
    assert (buried.body, buried.message_id) == (b"0", "id-0")
    assert death_of(buried) == (QUEUE, "rejected")
    dead.settle([buried], Outcome.DONE)
    dead.close()
    consumer.close()


def test_what_comes_back_too_often_ends_among_the_dead(broker: Broker) -> None:
    broker.publisher().publish([parcel("hopeless")])
    consumer = broker.consumer(GATEWAY, QUEUE)
    times = 0
    while batch := consumer.receive(10, 0.5):
        times += len(batch)
        consumer.settle(batch, Outcome.AGAIN)
    assert times == DELIVERY_LIMIT + 1
    dead = broker.consumer(GATEWAY, DEAD)
    [buried] = collect(dead, 1)
    assert buried.body == b"hopeless"
    assert death_of(buried) == (QUEUE, "delivery_limit")
    dead.close()
    consumer.close()


def test_what_was_not_settled_comes_again_after_close_in_order(broker: Broker) -> None:
    broker.publisher().publish(parcels(6))
    first = broker.consumer(GATEWAY, QUEUE)
    received = collect(first, 6)
    first.settle(received[:2], Outcome.DONE)
    first.close()
    second = broker.consumer(GATEWAY, QUEUE)
    again = collect(second, 4)
    assert bodies(again) == ["2", "3", "4", "5"]
    assert all(item.redelivered for item in again)
    second.close()


def test_one_consumer_is_served_and_the_next_takes_over(broker: Broker) -> None:
    publisher = broker.publisher()
    publisher.publish(parcels(4))
    active, waiting = broker.consumer(GATEWAY, QUEUE), broker.consumer(GATEWAY, QUEUE)
    held = collect(active, 4)
    assert waiting.receive(10, 0.2) == []
    active.settle(held[:1], Outcome.DONE)
    publisher.publish([parcel("4")])
    assert waiting.receive(10, 0.2) == []
    active.close()
    assert bodies(collect(waiting, 4)) == ["1", "2", "3", "4"]
    waiting.close()


def test_large_bodies_arrive_whole(broker: Broker) -> None:
    large = secrets.token_bytes(3_000_000)
    publisher = broker.publisher()
    assert set(publisher.publish([parcel(str(number), body=large) for number in range(8)])) == {Confirm.CONFIRMED}
    consumer = broker.consumer(GATEWAY, QUEUE)
    received = collect(consumer, 8, limit=3)
    assert all(item.body == large for item in received)
    consumer.settle(received, Outcome.DONE)
    consumer.close()


def test_many_threads_share_one_publisher(broker: Broker) -> None:
    publisher = broker.publisher()
    answers: list[Confirm] = []

    def work(name: int) -> None:
        for start in range(0, 50, 10):
            answers.extend(publisher.publish([parcel(f"{name}-{number:02}") for number in range(start, start + 10)]))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert answers == [Confirm.CONFIRMED] * 300
    consumer = broker.consumer(GATEWAY, QUEUE)
    found = bodies(collect(consumer, 300))
    for name in range(6):
        own = [text for text in found if text.startswith(f"{name}-")]
        assert own == sorted(own)
        assert len(set(own)) == 50
    consumer.close()


def test_many_consumers_share_a_queue_without_single_active_consumer(broker: Broker) -> None:
    broker.publisher().publish([to_partner(str(number)) for number in range(40)])
    consumers = [broker.consumer(PARTNERS, to_queue(ORGANISATION), prefetch=20) for _ in range(2)]
    found = [bodies(collect(consumer, 20)) for consumer in consumers]
    assert sorted(found[0] + found[1], key=int) == [str(number) for number in range(40)]
    for consumer in consumers:
        consumer.close()


def test_closing_twice_is_harmless(broker: Broker) -> None:
    publisher, consumer = broker.publisher(), broker.consumer(GATEWAY, QUEUE)
    publisher.publish([parcel("a")])
    consumer.receive(1, 1.0)
    for _ in range(2):
        publisher.close()
        consumer.close()
        broker.close()


def _until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)
