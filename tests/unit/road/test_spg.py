"""The SPG form on the road: interchanges in and out, the 200, the 202 and what stands between them."""

import json
import re
from pathlib import Path

import pytest

from adapters.agencies.ndelius.answers import interchange_response
from adapters.catalogue import DIALECTS
from adapters.contract import HandedOver, TryLater, WireMessage
from gateway.exchange.results import Accepted, Declined, Settled
from gateway.partners.agreement import DeliveryMode, OrderUntil
from gateway.records import DeliveryState
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import Limits, SealOrder
from gateway.trust.policy import LEGACY_SPG
from gateway.trust.soap import content_type, unwrap_unsigned, wrap
from gateway.trust.unsafe_legacy import UnsafeLegacyWssPackaging
from schemas.canonical.case import Deletion
from schemas.faults import Fault, FaultCode
from schemas.identifiers import OrganisationId
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.receipts import Basis, Receipt, Stage, encode
from tests.support.world import World, both, contact, default_agreements, make_world, seal_soap
from tests.unit.road.test_deliver import accept, now_of, put_back, word
from tests.unit.road.test_submit import hand_in, read_receipt

SAMPLES = Path(__file__).parents[2] / "vectors" / "spg" / "plain"


def interchange(name: str = "ConsolidatedTransferRequest-OM-new", *, sender: str = "N00", receiver: str = "C17", reference: str | None = None) -> bytes:
    """A sample, addressed anew and dated today."""
    text = (SAMPLES / f"{name}.xml").read_text()
    codes = re.findall(r"<(?:Sender|Receiver)Identity>([^<]+)<", text)
    text = text.replace(f"Identity>{codes[0]}<", "Identity>@S<").replace(f"Identity>{codes[1]}<", "Identity>@R<").replace("@S", sender).replace("@R", receiver)
    text = re.sub(r"<DateOfPreparation>[^<]*", "<DateOfPreparation>2026-11-23", text)
    text = re.sub(r"<TimeOfPreparation>[^<]*", "<TimeOfPreparation>11:59:00", text)
    if reference:
        text = re.sub(r"<SenderControlReference>[^<]*", f"<SenderControlReference>{reference}", text)
    return text.encode()


def soap_in(world: World, document: bytes, *, peer: str | None = None, wire: WireMessage | None = None) -> object:
    return world.pipeline.submit([world.submission("ndelius", wire or seal_soap(world, document), channel="soap", peer=peer)])[0]


def answer(world: World, status: int = 200) -> HandedOver:
    order = SealOrder(document=interchange_response(status), kind="interchange-response", audience="", now=world.now)
    return HandedOver(PACKAGINGS["wss"].seal(order, world.signers["ndelius"]))


def sent_to_ndelius(world: World) -> list:  # type: ignore[type-arg]
    contents = [unwrap_unsigned(wire.body, Limits()).claimed_content for wire, _ in world.push.handed]
    return [DIALECTS["ndelius"].read(content) for content in contents]


def test_the_202_comes_only_when_the_recipients_system_applied_it(world: World) -> None:
    result = soap_in(world, interchange())
    assert isinstance(result, Accepted)
    delivery = now_of(world, result.message_ids[0])
    world.deliver("C17")
    assert world.parcels("N00") == []
    word(world, delivery, Stage.DELIVERED)
    assert world.parcels("N00") == []
    word(world, delivery, Stage.APPLIED)
    world.push.answers = [answer(world)]
    world.deliver("N00")
    notice = sent_to_ndelius(world)[0]
    assert notice.sender == "C17"
    assert notice.answers == re.findall(rb"<SenderControlReference>(\d+)", interchange())[0].decode()
    assert notice.entries[0].payload == InterchangeStatusNotification(status_code=202)
    assert world.parcels("N00") == []  # a status notification is never answered by another


def test_not_applied_becomes_a_fault_code(world: World) -> None:
    result = soap_in(world, interchange())
    assert isinstance(result, Accepted)
    world.deliver("C17")
    word(world, now_of(world, result.message_ids[0]), Stage.NOT_APPLIED)
    world.push.answers = [answer(world)]
    world.deliver("N00")
    assert sent_to_ndelius(world)[0].entries[0].payload.status_code == 500


def test_an_interchange_of_two_gets_one_notification_with_the_worst_code(world: World) -> None:
    result = soap_in(world, two_contacts())
    assert isinstance(result, Accepted), result
    assert len(result.message_ids) == 2
    world.deliver("C17")
    first, second = (now_of(world, message_id) for message_id in result.message_ids)
    word(world, first, Stage.NOT_APPLIED)
    assert world.parcels("N00") == []
    word(world, second, Stage.APPLIED)
    world.push.answers = [answer(world)]
    world.deliver("N00")
    notices = sent_to_ndelius(world)
    assert [n.entries[0].payload.status_code for n in notices] == [500]


def test_two_settled_in_one_batch_still_make_exactly_one_notification(world: World) -> None:
    result = soap_in(world, two_contacts())
    assert isinstance(result, Accepted)
    world.deliver("C17")
    batch = []
    for message_id in result.message_ids:
        row = now_of(world, message_id)
        receipt = Receipt(
            issuer="beta",
            audience="x",
            receipt_id="r",
            issued_at=int(world.now.timestamp()),
            stage=Stage.APPLIED,
            subject=message_id,
            recipient="C17",
            sent_digest=row.sent_digest,
        )
        batch.append(world.submission("beta", world.signed("beta", encode(receipt), kind="receipt")))
    assert all(isinstance(one, Settled) for one in world.pipeline.submit(batch))
    assert len(world.parcels("N00")) == 1


def two_contacts() -> bytes:
    """Two messages in one interchange."""
    text = interchange("Contact-ins-full").decode()
    message = re.findall(r"<SPGMessage>.*</SPGMessage>", text, re.DOTALL)[0]
    second = message.replace("<MessageReferenceNumber>1<", "<MessageReferenceNumber>2<")
    return text.replace(message, message + second).replace("<ControlCount>1<", "<ControlCount>2<").encode()


def test_fresh_signature_around_the_same_payload_is_the_same_submission(world: World) -> None:
    first, again = soap_in(world, interchange()), soap_in(world, interchange())
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.duplicate
    assert again.receipt == first.receipt


def test_same_control_reference_with_other_content_is_refused(world: World) -> None:
    soap_in(world, interchange(reference="1500000000001"))
    other = soap_in(world, interchange("Contact-ins-full", reference="1500000000001"))
    assert isinstance(other, Declined)
    assert other.fault.code is FaultCode.KEY_REUSED


def test_push_is_delivered_on_the_signed_200_and_applied_on_ndelius_own_202(world: World) -> None:
    delivery = accept(world, "m1", recipients=["N00"])
    acceptance = world.post("alpha")
    world.push.answers = [answer(world)]
    world.deliver("N00")
    assert now_of(world, delivery.message_id).state is DeliveryState.DELIVERED
    sent = sent_to_ndelius(world)[0]
    assert (sent.sender, sent.recipients, sent.entries[0].header.type) == ("C05", ("N00",), "Contact")
    status = notification(sent.control_reference, 202, sender="N00", receiver="C05")
    assert isinstance(soap_in(world, status), Settled)
    stages = [read_receipt(world, text, "alpha") for text in world.post("alpha")]
    assert [(r.stage, r.basis) for r in stages] == [(Stage.DELIVERED, Basis.TRANSPORT), (Stage.APPLIED, Basis.RECIPIENT_NOTIFICATION)]
    assert stages[1].evidence is not None
    assert len(acceptance) == 1


def notification(answers: str, status: int, *, sender: str, receiver: str) -> bytes:
    text = interchange("InterchangeStatusNotification-202", sender=sender, receiver=receiver).decode()
    text = re.sub(r"<ReceiverControlReference>[^<]*", f"<ReceiverControlReference>{answers}", text)
    return re.sub(r"<StatusCode>[^<]*", f"<StatusCode>{status}", text).encode()


@pytest.mark.parametrize("answers", ["1500000000009", "1000000000001", "abc"])
def test_status_for_nothing_of_theirs_settles_nothing(world: World, answers: str) -> None:
    accept(world, "m1")  # to C17, sequence 1: not nDelius's to settle
    world.deliver("C17")
    result = soap_in(world, notification(answers, 202, sender="N00", receiver="C05"))
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.RECEIPT_NOT_OURS


@pytest.mark.parametrize("how", ["unsigned", "fault-500", "status-503", "no-body"])
def test_an_answer_that_cannot_be_believed_is_not_a_delivery(world: World, how: str) -> None:
    delivery = accept(world, "m1", recipients=["N00"])
    bare = WireMessage(wrap(interchange_response(200), "1.2"), content_type("1.2"))
    answers = {
        "unsigned": HandedOver(bare),
        "fault-500": TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, "HTTP 500"), WireMessage(b"<fault/>", "text/xml")),
        "status-503": answer(world, 503),
        "no-body": HandedOver(),
    }
    world.push.answers = [answers[how]]
    world.deliver("N00")
    assert now_of(world, delivery.message_id).state is DeliveryState.RETRYING
    world.pass_time(minutes=1)
    world.push.answers = [answer(world)]
    put_back(world, "N00")
    assert now_of(world, delivery.message_id).state is DeliveryState.DELIVERED


def test_a_bare_answer_is_enough_only_where_it_was_agreed(tmp_path: Path) -> None:
    agreements = [a for a in default_agreements() if a.party != "N00"]
    agreements += both("N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://x.example/", bare_response=True)
    world = make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)
    delivery = accept(world, "m1", recipients=["N00"])
    world.push.answers = [HandedOver(WireMessage(wrap(interchange_response(200), "1.1"), content_type("1.1")))]
    world.deliver("N00")
    assert now_of(world, delivery.message_id).state is DeliveryState.DELIVERED


def legacy_world(tmp_path: Path) -> World:
    agreements = [a for a in default_agreements() if a.party != "N00"]
    agreements += both(
        "N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://x.example/", policy=LEGACY_SPG, order=OrderUntil.APPLIED
    )
    return make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)


def test_legacy_signature_only_under_the_named_policy(world: World, tmp_path: Path) -> None:
    refused = soap_in(world, b"", wire=_legacy(world))
    assert isinstance(refused, Declined)
    assert refused.fault.code is FaultCode.SIGNATURE_NOT_ACCEPTED
    legacy = legacy_world(tmp_path / "..")
    accepted = soap_in(legacy, b"", wire=_legacy(legacy))
    assert isinstance(accepted, Accepted)
    again = soap_in(legacy, b"", wire=_legacy(legacy))
    assert isinstance(again, Accepted)
    assert again.duplicate


def test_legacy_freshness_is_the_signed_preparation_date(tmp_path: Path) -> None:
    legacy = legacy_world(tmp_path)
    legacy.pass_time(days=8)
    result = soap_in(legacy, b"", wire=_legacy(legacy))
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.STALE
    assert result.receipt is not None


def _legacy(world: World) -> WireMessage:
    order = SealOrder(document=interchange(), kind="message", audience="", now=world.now)
    return UnsafeLegacyWssPackaging().seal(order, world.signers["ndelius"])


def test_synchronous_answer_is_signed_unless_agreed_bare(world: World) -> None:
    signed, bare = world.pipeline.soap_answer(200, "1.1", False), world.pipeline.soap_answer(200, "1.2", True)
    assert b"SignatureValue" in signed.body
    assert b"Signature" not in bare.body
    assert (signed.content_type.split(";")[0], bare.content_type.split(";")[0]) == ("text/xml", "application/soap+xml")


def test_spg_to_json_carries_the_whole_transfer(world: World) -> None:
    result = soap_in(world, interchange("ConsolidatedTransferRequest-OM+OS-new"))
    assert isinstance(result, Accepted)
    world.deliver("C17")
    row = now_of(world, result.message_ids[0])
    assert [item["pointer"] for item in json.loads(row.left_out)] == ["/header/application"]


@pytest.mark.parametrize("reduced", [True, False])
def test_a_delete_goes_out_in_the_agreed_form(tmp_path: Path, reduced: bool) -> None:
    agreements = [a for a in default_agreements() if a.party != "N00"]
    agreements += both(
        "N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://x.example/", reduced_deletes=reduced, message_statuses=True
    )
    world = make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)
    result = hand_in(world, contact("m1", recipients=["N00"]).replace(b'"action": "INS"', b'"action": "DEL"'))
    assert isinstance(result, Accepted), result
    world.push.answers = [answer(world)]
    world.deliver("N00")
    (entry,) = sent_to_ndelius(world)[0].entries
    assert isinstance(entry.payload, Deletion) is reduced
    lost = [item["pointer"] for item in json.loads(now_of(world, result.message_ids[0]).left_out)]
    assert ("/payload/notes" in lost) is reduced
    world.store.close()


@pytest.mark.parametrize("mode", [DeliveryMode.QUEUE, DeliveryMode.SHELF])
def test_the_202_finds_its_way_by_queue_and_by_shelf(tmp_path: Path, mode: DeliveryMode) -> None:
    agreements = [a for a in default_agreements() if a.party != "N00"]
    agreements += both("N00", dialect="ndelius", packaging="wss", mode=mode)
    world = make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)
    result = soap_in(world, interchange())
    assert isinstance(result, Accepted)
    world.deliver("C17")
    word(world, now_of(world, result.message_ids[0]))
    if mode is DeliveryMode.QUEUE:
        world.deliver("N00")
        wires = [wire for wire, _ in world.queue.handed[1:]]
    else:
        world.pass_time(hours=1)
        assert [d.recipient for d in world.store.queries.due(world.now, 10)] == []
        items = world.pipeline.collect(OrganisationId("ndelius"), 0, 10)
        wires = [item.wire for item in items]
        assert isinstance(world.pipeline.acknowledge(OrganisationId("ndelius"), items[0].delivery_id), Settled)
    content = DIALECTS["ndelius"].read(unwrap_unsigned(wires[0].body, Limits()).claimed_content).entries[0].payload
    assert content == InterchangeStatusNotification(status_code=202)
    assert world.parcels("N00") == []
    world.store.close()
