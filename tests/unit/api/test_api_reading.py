"""Reading: the sender sees all, a recipient its own delivery, anybody else the same 404 as for nothing."""

from collections.abc import Iterator

import pytest

from gateway.partners.party import Standing
from tests.support.api import GONE, JWS, NDELIUS, NORTH, RECEIPT, SOUTH, Caller, House, directory, settings_for, tell_story


@pytest.fixture
def house() -> House:
    house = House(settings_for(page_limit=2), people=directory(standing=Standing.LIVE))
    tell_story(house.store)
    return house


@pytest.fixture
def caller(house: House) -> Iterator[Caller]:
    with house.open() as caller:
        yield caller


def test_the_sender_sees_everything_of_a_message(caller: Caller) -> None:
    seen = caller.send(NDELIUS, "GET", "/v1/messages/m1").json()
    assert (seen["message_id"], seen["submission_id"], seen["sender_message_id"], seen["control_reference"]) == ("m1", "s1", "1/1", "1")
    assert [(d["recipient"], d["state"]) for d in seen["deliveries"]] == [("C05", "delivered"), ("C16", "retrying")]
    assert seen["deliveries"][0]["attempts"][0]["outcome"] == "delivered"
    assert seen["deliveries"][0]["left_out"] == [{"pointer": "/payload/notes", "reason": "no such field"}]
    assert [r["receipt"] for r in seen["receipts"]] == ["receipt-0", "receipt-1"]
    assert seen["state"] == "retrying"


def test_the_sender_sees_its_submission(caller: Caller) -> None:
    seen = caller.send(NDELIUS, "GET", "/v1/messages/s1").json()
    assert (seen["submission_id"], seen["verdict"], seen["receipt"]) == ("s1", "accepted", RECEIPT)
    assert [len(message["deliveries"]) for message in seen["messages"]] == [2]


@pytest.mark.parametrize(("organisation", "recipient", "receipts"), [(NORTH, "C05", ["receipt-2"]), (SOUTH, "C16", [])])
def test_a_recipient_sees_its_own_delivery_only(caller: Caller, organisation: str, recipient: str, receipts: list[str]) -> None:
    answer = caller.send(organisation, "GET", "/v1/messages/m1")  # type: ignore[arg-type]
    seen = answer.json()
    assert [d["recipient"] for d in seen["deliveries"]] == [recipient]
    assert [r["receipt"] for r in seen["receipts"]] == receipts
    assert not {"submission_id", "sender_message_id", "control_reference", "reference"} & set(seen)
    assert ("C16" if recipient == "C05" else "C05") not in answer.text


def test_what_is_not_for_a_caller_does_not_exist_for_it(caller: Caller) -> None:
    answers = [
        caller.send(GONE, "GET", "/v1/messages/m1"),
        caller.send(GONE, "GET", "/v1/messages/s1"),
        caller.send(NORTH, "GET", "/v1/messages/s1"),
        caller.send(GONE, "GET", "/v1/messages/absent"),
        caller.send(GONE, "POST", "/v1/messages/m1/receipt", content=JWS, headers={"Content-Type": "application/jose"}),
        caller.send(NDELIUS, "POST", "/v1/messages/m1/receipt", content=JWS, headers={"Content-Type": "application/jose"}),
        caller.send(SOUTH, "POST", "/v1/mailbox/d1/receipt"),
        caller.send(SOUTH, "POST", "/v1/mailbox/absent/receipt"),
    ]
    bodies = [{name: value for name, value in answer.json().items() if name != "instance"} for answer in answers]
    assert {answer.status_code for answer in answers} == {404}
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "not-found"


def test_no_view_holds_a_case_reference_or_its_lookup(caller: Caller) -> None:
    text = caller.send(NDELIUS, "GET", "/v1/messages/m1").text
    assert "case" not in text
    assert "canonical" not in text


def test_receipts_come_in_pages(caller: Caller) -> None:
    first = caller.send(NDELIUS, "GET", "/v1/receipts?limit=1").json()
    second = caller.send(NDELIUS, "GET", f"/v1/receipts?after={first['next']}&limit=50").json()
    third = caller.send(NDELIUS, "GET", f"/v1/receipts?after={second['next']}").json()
    assert [[r["receipt"] for r in page["receipts"]] for page in (first, second, third)] == [["receipt-0"], ["receipt-1"], []]
    assert third["next"] == second["next"] == 2


def test_a_receipt_for_a_pushed_message_goes_to_the_pipeline(caller: Caller, house: House) -> None:
    answer = caller.send(NORTH, "POST", "/v1/messages/m1/receipt", content=JWS, headers={"Content-Type": "application/jose"})
    assert answer.status_code == 202
    assert (house.intake.submitted[0].peer, house.intake.submitted[0].wire.body) == (NORTH, JWS)


@pytest.mark.parametrize(
    "path",
    ["/v1/receipts?after=-1", "/v1/receipts?limit=0", "/v1/receipts?after=Smith", "/v1/mailbox?wait=61", "/v1/mailbox?wait=nan", f"/v1/mailbox?after={2**63}"],
)
def test_parameters_are_checked_and_never_repeated(caller: Caller, path: str) -> None:
    answer = caller.send(NDELIUS, "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert path.partition("?")[2].partition("=")[0] in answer.json()["detail"]
    assert path.rpartition("=")[2] not in answer.json()["detail"]


def test_an_endless_id_is_refused(caller: Caller) -> None:
    assert caller.send(NDELIUS, "GET", f"/v1/messages/{'x' * 65}").status_code == 422
