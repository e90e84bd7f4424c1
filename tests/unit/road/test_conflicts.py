"""A stale update: the recipient's typed no, with the version that stands, on its way to the sender in either language."""

import re

import pytest

from gateway.exchange.results import Accepted, Settled
from gateway.partners.agreement import DeliveryMode
from gateway.records import DeliveryState
from schemas.faults import FAULTS, FaultCode
from schemas.messages.interchange_status_notification import MessageStatus
from schemas.receipts import Basis, FaultClaim, Receipt, Stage, encode
from schemas.status_codes import of_status
from tests.support.mixed import interchange_of
from tests.support.world import World, both, default_agreements, make_world
from tests.unit.road.test_deliver import accept, now_of, put_back, word
from tests.unit.road.test_spg import answer, notification, sent_to_ndelius, soap_in
from tests.unit.road.test_submit import read_receipt

CURRENT = "CB1CF9D6CE475DD58274951576C023FC"
TITLE = FAULTS[FaultCode.VERSION_CONFLICT].title


def say_no(world: World, message_id: str, *, code: str = "version-conflict", current: str = CURRENT, by: str = "beta", recipient: str = "C17") -> object:
    """The recipient's signed not-applied with a fault of its own."""
    receipt = Receipt(
        issuer=by,
        audience=world.means.issuer,
        receipt_id="r",
        issued_at=int(world.now.timestamp()),
        stage=Stage.NOT_APPLIED,
        subject=message_id,
        recipient=recipient,
        sent_digest=now_of(world, message_id).sent_digest,
        fault=FaultClaim(code, TITLE, "Another user was faster.", current_version=current),
    )
    return world.pipeline.submit([world.submission(by, world.signed(by, encode(receipt), kind="receipt"))])[0]


def last_fault(world: World) -> FaultClaim:
    fault = read_receipt(world, world.post("alpha")[-1], "alpha").fault
    assert fault is not None
    return fault


def test_a_json_sender_reads_the_current_version_in_its_receipt(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    assert isinstance(say_no(world, str(delivery.message_id)), Settled)
    fault = last_fault(world)
    assert (fault.code, fault.current_version) == ("version-conflict", CURRENT)
    settled = now_of(world, delivery.message_id)
    assert (settled.state, settled.fault) == (DeliveryState.NOT_APPLIED, "version-conflict")


def test_only_what_has_the_form_of_a_version_goes_on(world: World) -> None:
    claims = {CURRENT.lower(): CURRENT, "0" * 32: "", CURRENT[:-1]: "", CURRENT + "0": "", "MADE,UP PERSON": "", "": ""}
    deliveries = [accept(world, f"m{number}", crn=f"X{number:06}") for number in range(len(claims))]
    world.deliver("C17")
    told = []
    for delivery, claimed in zip(deliveries, claims, strict=True):
        say_no(world, str(delivery.message_id), current=claimed)
        told.append(last_fault(world).current_version)
    assert told == list(claims.values())


def test_a_version_belongs_to_a_conflict_only(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    say_no(world, str(delivery.message_id), code="no-such-case")
    fault = last_fault(world)
    assert (fault.code, fault.current_version) == ("no-such-case", "")


def test_a_conflict_holds_up_nothing_of_its_case(world: World) -> None:
    first, second = (accept(world, name, crn="X000007") for name in ("m1", "m2"))
    world.deliver("C17")
    say_no(world, str(first.message_id))
    put_back(world, "C17")
    assert isinstance(word(world, second), Settled)
    assert [now_of(world, d.message_id).state for d in (first, second)] == [DeliveryState.NOT_APPLIED, DeliveryState.APPLIED]


# -- SPG at the recipient's end ----------------------------------------------------------------------------


def pushed(world: World, name: str = "m1") -> tuple[str, str]:
    """A message to nDelius that is delivered: our id, and our control reference for it."""
    delivery = accept(world, name, recipients=["N00"])
    world.post("alpha")
    world.push.answers = [answer(world)]
    world.deliver("N00")
    world.post("alpha")
    return str(delivery.message_id), sent_to_ndelius(world)[-1].control_reference


def status(reference: str, code: int, entry: str = "") -> bytes:
    text = notification(reference, code, sender="N00", receiver="C05").decode()
    return text.replace("</StatusCode>", "</StatusCode>" + entry).encode()


def entry_of(code: int, *, fault: str = "", current: str = "") -> str:
    named = f"<FaultCode>{fault}</FaultCode>" if fault else ""
    version = f"<CurrentVersion>{current}</CurrentVersion>" if current else ""
    return f"<MessageStatus><MessageReferenceNumber>1</MessageReferenceNumber><StatusCode>{code}</StatusCode>{named}{version}</MessageStatus>"


def test_ndelius_409_is_a_conflict_with_the_version_of_its_entry(world: World) -> None:
    message_id, reference = pushed(world)
    assert isinstance(soap_in(world, status(reference, 409, entry_of(409, fault="version-conflict", current=CURRENT))), Settled)
    receipt = read_receipt(world, world.post("alpha")[-1], "alpha")
    assert receipt.fault is not None
    assert (receipt.stage, receipt.basis) == (Stage.NOT_APPLIED, Basis.RECIPIENT_NOTIFICATION)
    assert (receipt.fault.code, receipt.fault.current_version, receipt.fault.value) == ("version-conflict", CURRENT, "409")
    assert now_of(world, message_id).state is DeliveryState.NOT_APPLIED


def test_a_bare_409_is_a_conflict_without_a_version(world: World) -> None:
    _, reference = pushed(world)
    soap_in(world, status(reference, 409))
    assert (fault := last_fault(world)).code == "version-conflict"
    assert fault.current_version == ""


def test_an_entry_says_more_exactly_what_was_wrong(world: World) -> None:
    _, reference = pushed(world)
    soap_in(world, status(reference, 422, entry_of(422, fault="code-unknown")))
    assert last_fault(world).code == "code-unknown"


@pytest.mark.parametrize("fault", ["signature-not-accepted", "their-own"])
def test_an_entry_cannot_name_what_is_not_a_recipients_to_find(world: World, fault: str) -> None:
    _, reference = pushed(world)
    soap_in(world, status(reference, 500, entry_of(500, fault=fault)))
    assert last_fault(world).code == "not-applied"


def test_every_failing_status_is_told_as_a_fault_of_the_table(world: World) -> None:
    codes = [201, 400, 404, 413, 500, 501, 504, 599, 601, 777]
    for code in codes:
        message_id, reference = pushed(world, f"m{code}")
        assert isinstance(soap_in(world, status(reference, code)), Settled)
        fault, meaning = last_fault(world), of_status(code)
        assert meaning.fault is not None
        assert (fault.code, fault.value, fault.detail) == (meaning.fault.value, str(code), f"StatusCode {code}: {meaning.sentence}")
        assert now_of(world, message_id).state is DeliveryState.NOT_APPLIED


# -- SPG at the sender's end -------------------------------------------------------------------------------


@pytest.mark.parametrize("detailed", [True, False])
@pytest.mark.parametrize("conflict_last", [True, False])
def test_an_spg_sender_is_told_409_and_by_agreement_the_version(tmp_path_factory: pytest.TempPathFactory, detailed: bool, conflict_last: bool) -> None:
    agreements = [
        *(a for a in default_agreements() if a.party != "N00"),
        *both("N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://ndelius.example/in", message_statuses=detailed),
    ]
    world = make_world(f"sqlite:///{tmp_path_factory.mktemp('w') / 'g.db'}", agreements)
    result = soap_in(world, interchange_of(["good", "good"]))
    assert isinstance(result, Accepted)
    world.deliver("C17")
    conflicting, applied = result.message_ids
    if not conflict_last:
        say_no(world, conflicting)
    word(world, now_of(world, applied))
    if conflict_last:
        say_no(world, conflicting)
    world.push.answers = [answer(world)]
    world.deliver("N00")
    (notice,) = sent_to_ndelius(world)
    said = notice.entries[0].payload
    assert said.status_code == 409
    entries = (
        MessageStatus(reference=1, status_code=409, fault="version-conflict", current_version=CURRENT),
        MessageStatus(reference=2, status_code=202),
    )
    assert said.messages == (entries if detailed else ())
    assert re.search(rb"Another user", world.push.handed[-1][0].body) is None
    world.store.close()
