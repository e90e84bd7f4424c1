"""The number of a new record: told by whoever keeps the case register, learned, and told on to the sender in its language."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.exchange.results import Accepted, Settled
from gateway.partners.agreement import DeliveryMode
from gateway.partners.party import Division
from schemas.identifiers import PartyCode
from schemas.messages.interchange_status_notification import MessageStatus
from schemas.receipts import Receipt, Stage, encode
from tests.support.mixed import interchange_of
from tests.support.routing import contact, settle, took, world_at
from tests.support.world import World, both, default_agreements, make_world
from tests.unit.road.test_conflicts import pushed, status
from tests.unit.road.test_deliver import now_of
from tests.unit.road.test_spg import answer, sent_to_ndelius, soap_in
from tests.unit.road.test_submit import read_receipt

NUMBER = "2500000077"


def keep_register(world: World, code: str) -> None:
    """Give a party divisions: with them it keeps the case register."""
    party = world.store.partners.directory().parties[PartyCode(code)]
    divided = replace(party, divisions=(Division(code=f"{code[0]}99", name="Made up"),))
    world.store.partners.put_party(divided, AuditEvent(AuditCode.PARTNER_CHANGED, world.now, "test"))


def entry(code: int, number: str = NUMBER, *, reference: int = 1) -> str:
    told = f"<RecordID>{number}</RecordID>" if number else ""
    return f"<MessageStatus><MessageReferenceNumber>{reference}</MessageReferenceNumber><StatusCode>{code}</StatusCode>{told}</MessageStatus>"


def last_receipt(world: World) -> Receipt:
    return read_receipt(world, world.post("alpha")[-1], "alpha")


def test_the_number_in_a_status_notification_stands_in_the_senders_receipt(world: World) -> None:
    keep_register(world, "N00")
    _, reference = pushed(world)
    assert isinstance(soap_in(world, status(reference, 202, entry(202))), Settled)
    receipt = last_receipt(world)
    assert (receipt.stage, receipt.record_id) == (Stage.APPLIED, NUMBER)


@pytest.mark.parametrize(("code", "entries"), [(202, ""), (202, entry(202, "")), (202, entry(202, "0")), (202, entry(202, reference=2)), (404, entry(404))])
def test_what_says_no_number_of_an_applied_record_tells_none(world: World, code: int, entries: str) -> None:
    keep_register(world, "N00")
    _, reference = pushed(world)
    assert isinstance(soap_in(world, status(reference, code, entries)), Settled)
    assert last_receipt(world).record_id is None


@pytest.fixture
def own(tmp_path: Path) -> Iterator[World]:
    made = world_at(tmp_path / "own.db", both={"C05": {"own_ids": True}})
    yield made
    made.store.close()
    assert made.bugs == []


def test_only_the_keeper_of_the_register_is_repeated(own: World) -> None:
    told = {}
    for recipient in ("N00", "C17"):
        (delivery,) = took(own, contact("C05", recipient))
        settle(own, delivery, record_id=NUMBER)
        told[recipient] = last_receipt(own).record_id
    assert told == {"N00": NUMBER, "C17": None}


def test_the_same_word_again_changes_nothing(own: World) -> None:
    (delivery,) = took(own, contact("C05", "N00", contact_id="~A-1"))
    settle(own, delivery, record_id=NUMBER)
    events = len(own.events)
    settle(own, delivery, record_id="2500000078")
    settle(own, delivery, record_id=NUMBER)
    assert [event.code.value for event in own.events[events:] if event.code.value.startswith(("identifier.", "delivery."))] == []
    (update,) = took(own, contact("C05", "N00", action="UPD", contact_id="~A-1"))
    assert update.state.value == "waiting"


def applied(world: World, message_id: str, number: str | None) -> None:
    receipt = Receipt(
        issuer="beta",
        audience=world.means.issuer,
        receipt_id=f"r-{message_id}",
        issued_at=int(world.now.timestamp()),
        stage=Stage.APPLIED,
        subject=message_id,
        recipient="C17",
        sent_digest=now_of(world, message_id).sent_digest,
        record_id=number,
    )
    assert isinstance(world.pipeline.submit([world.submission("beta", world.signed("beta", encode(receipt), kind="receipt"))])[0], Settled)


@pytest.mark.parametrize("detailed", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_an_spg_sender_is_told_by_agreement_which_number_each_record_got(tmp_path: Path, detailed: bool, together: bool) -> None:
    """Here the CRC keeps the register and nDelius is the one that inserts: the rule is the same."""
    agreements = [
        *(a for a in default_agreements() if a.party != "N00"),
        *both("N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://ndelius.example/in", message_statuses=detailed),
    ]
    world = make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)
    keep_register(world, "C17")
    result = soap_in(world, interchange_of(["good", "good", "good"]))
    assert isinstance(result, Accepted)
    world.deliver("C17")
    numbers = ["2500000101", None, "2500000103"]
    pairs = list(zip(result.message_ids, numbers, strict=True))
    for message_id, number in reversed(pairs) if together else pairs:
        applied(world, message_id, number)
    world.push.answers = [answer(world)]
    world.deliver("N00")
    (notice,) = sent_to_ndelius(world)
    expected = tuple(MessageStatus(reference=place, status_code=202, record_id=number) for place, number in enumerate(numbers, 1))
    assert notice.entries[0].payload.messages == (expected if detailed else ())
    world.store.close()
