"""The mailbox: pages, waiting without a thread, acknowledging."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from adapters.contract import WireMessage
from gateway.api.bell import Bell
from gateway.exchange.results import ShelfItem
from schemas.identifiers import DeliveryId, MessageId, PartyCode
from tests.support.api import JWS, NORTH, Caller, House, in_threads, settings_for, tell_story


def item(sequence: int, wire: WireMessage | None = None) -> ShelfItem:
    return ShelfItem(sequence, DeliveryId(f"d{sequence}"), MessageId("m1"), PartyCode("C05"), wire or WireMessage(JWS, "application/jose"))


@pytest.fixture
def house() -> House:
    house = House(settings_for(page_limit=3, long_poll_look_seconds=10, long_polls_per_organisation=2))
    tell_story(house.store)
    return house


@pytest.fixture
def caller(house: House) -> Iterator[Caller]:
    with house.open() as caller:
        yield caller


def test_items_come_in_pages_with_a_cursor(caller: Caller, house: House) -> None:
    house.intake.shelf = [item(number) for number in range(1, 6)]
    first = caller.send(NORTH, "GET", "/v1/mailbox?limit=100").json()
    second = caller.send(NORTH, "GET", f"/v1/mailbox?after={first['next']}").json()
    assert [[one["sequence"] for one in page["items"]] for page in (first, second)] == [[1, 2, 3], [4, 5]]
    assert first["items"][0]["message"] == JWS.decode()
    assert house.intake.collected[0] == (NORTH, 0, 3)


def test_what_is_not_a_jws_travels_as_base64(caller: Caller, house: House) -> None:
    house.intake.shelf = [item(1, WireMessage(b"<x/>", "application/soap+xml"))]
    (one,) = caller.send(NORTH, "GET", "/v1/mailbox").json()["items"]
    assert (one["message_base64"], one["content_type"], "message" in one) == ("PHgvPg==", "application/soap+xml", False)


def test_without_wait_an_empty_mailbox_answers_at_once(caller: Caller) -> None:
    began = time.monotonic()
    assert caller.send(NORTH, "GET", "/v1/mailbox?after=7").json() == {"items": [], "next": 7}
    assert time.monotonic() - began < 1


def test_waiting_ends_with_the_bell_of_an_acceptance(caller: Caller, house: House) -> None:
    def accept() -> None:
        time.sleep(0.4)
        house.intake.shelf = [item(1)]
        caller.post_jws(NORTH)

    began = time.monotonic()
    threading.Thread(target=accept).start()
    answer = caller.send(NORTH, "GET", "/v1/mailbox?wait=8").json()
    assert [one["sequence"] for one in answer["items"]] == [1]
    assert 0.3 < time.monotonic() - began < 4


def test_waiting_ends_by_itself(caller: Caller) -> None:
    began = time.monotonic()
    assert caller.send(NORTH, "GET", "/v1/mailbox?wait=0.5").json()["items"] == []
    assert 0.4 < time.monotonic() - began < 3


def test_waiters_look_by_themselves_for_what_other_processes_accepted(house: House) -> None:
    house.settings = house.settings.model_copy(update={"long_poll_look_seconds": 0.1})
    with house.open() as caller:
        threading.Timer(0.3, lambda: house.intake.shelf.append(item(1))).start()
        began = time.monotonic()
        assert len(caller.send(NORTH, "GET", "/v1/mailbox?wait=8").json()["items"]) == 1
        assert time.monotonic() - began < 3


def test_an_organisation_has_so_many_places_to_wait(caller: Caller) -> None:
    answers = in_threads([lambda: caller.send(NORTH, "GET", "/v1/mailbox?wait=1")] * 3)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
    assert caller.send(NORTH, "GET", "/v1/mailbox?wait=0.1").status_code == 200


def test_many_waiters_hold_no_thread(house: House) -> None:
    house.settings = house.settings.model_copy(update={"request_threads": 4, "long_polls_per_organisation": 50})
    with house.open() as caller:
        waiting = threading.Thread(target=in_threads, args=([lambda: caller.send(NORTH, "GET", "/v1/mailbox?wait=2")] * 12,))
        waiting.start()
        time.sleep(0.5)
        began = time.monotonic()
        assert caller.http.get("/health/ready").status_code == 200
        assert time.monotonic() - began < 1
        waiting.join()


def test_an_empty_body_acknowledges(caller: Caller, house: House) -> None:
    answer = caller.send(NORTH, "POST", "/v1/mailbox/d1/receipt")
    assert (answer.status_code, answer.json()) == (200, {"settled": ["m1"], "repeated": False})
    assert house.intake.acknowledged == [(NORTH, "d1")]
    assert house.intake.submitted == []


def test_a_body_is_a_signed_receipt(caller: Caller, house: House) -> None:
    caller.post_jws(NORTH, "/v1/mailbox/d1/receipt")
    assert house.intake.acknowledged == []
    assert [submission.wire.body for submission in house.intake.submitted] == [JWS]
    assert caller.post_jws(NORTH, "/v1/mailbox/d1/receipt", content_type="text/plain").status_code == 415


def test_a_closed_bell_lets_nobody_wait() -> None:
    bell = Bell()

    async def wait() -> float:
        began = time.monotonic()
        await bell.wait(5)
        return time.monotonic() - began

    bell.close()
    assert asyncio.run(wait()) < 1


def test_ringing_reaches_waiters_of_other_loops_and_survives_closed_ones() -> None:
    bell, woken = Bell(), []

    async def wait() -> None:
        await bell.wait(5)
        woken.append(1)

    threads = [threading.Thread(target=asyncio.run, args=(wait(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(bell._waiters) < 3:
        time.sleep(0.01)
    bell.ring()
    for thread in threads:
        thread.join(3)
    bell.ring()
    assert len(woken) == 3
