"""Handing over and settling: states, order, retries, receipts back to the sender."""

import json
from dataclasses import replace

import pytest

from adapters.contract import Refused, TryLater, WireMessage
from gateway.exchange.receipts import LINES_MEDIA_TYPE
from gateway.exchange.results import Accepted, Declined, Settled
from gateway.exchange.submission import Submission
from gateway.partners.agreement import DeliveryMode, OrderUntil, RetryPolicy
from gateway.records import Delivery, DeliveryState
from gateway.steps import deliver as step
from gateway.trust.base64url import decode
from gateway.trust.digests import digest
from gateway.trust.sealing import Unsealable
from gateway.workers.sweeper import Sweeper
from schemas.faults import Fault, FaultCode
from schemas.identifiers import DeliveryId, OrganisationId
from schemas.receipts import Basis, FaultClaim, Receipt, Stage, encode
from tests.support.world import FakeChannel, World, both, contact, default_agreements, make_world
from tests.unit.road.test_submit import hand_in, read_receipt

DOWN = TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, "connection refused"))


def accept(world: World, name: str, **fields: object) -> Delivery:
    result = hand_in(world, contact(name, **fields))  # type: ignore[arg-type]
    assert isinstance(result, Accepted), result
    return now_of(world, result.message_ids[0])


def now_of(world: World, message_id: object) -> Delivery:
    return world.store.queries.deliveries_of_messages([message_id])[message_id][0]  # type: ignore[list-item,index]


def word(world: World, delivery: Delivery, stage: Stage = Stage.APPLIED, **how: str | None) -> object:
    """The recipient's own signed receipt, handed in as it would be over AMQP."""
    return world.pipeline.submit([receipt_of(world, delivery, stage, **how)])[0]  # type: ignore[arg-type]


def receipt_of(
    world: World, delivery: Delivery, stage: Stage = Stage.APPLIED, *, by: str = "beta", recipient: str | None = "C17", sent: str | None = None
) -> Submission:
    """The same, not yet handed in."""
    receipt = Receipt(
        issuer=by,
        audience=world.means.issuer,
        receipt_id="r",
        issued_at=int(world.now.timestamp()),
        stage=stage,
        subject=str(delivery.message_id),
        recipient=recipient,
        sent_digest=sent or now_of(world, delivery.message_id).sent_digest,  # type: ignore[arg-type]
    )
    return world.submission(by, world.signed(by, encode(receipt), kind="receipt"))


def test_queue_mode_waits_for_the_recipients_own_word(world: World) -> None:
    delivery = accept(world, "m1")
    acceptance = world.post("alpha")[0]
    world.deliver("C17")
    handed = now_of(world, delivery.message_id)
    assert handed.state is DeliveryState.HANDED_OVER
    assert world.post("alpha") == []  # nobody can see consumption: nothing is said
    assert isinstance(word(world, delivery), Settled)
    settled = now_of(world, delivery.message_id)
    assert settled.state is DeliveryState.APPLIED
    receipt = read_receipt(world, world.post("alpha")[0], "alpha")
    assert (receipt.stage, receipt.basis, receipt.recipient, receipt.subject) == (Stage.APPLIED, Basis.RECIPIENT_RECEIPT, "C17", delivery.message_id)
    assert receipt.previous == digest(acceptance.encode())
    assert receipt.sent_digest == handed.sent_digest
    assert receipt.evidence is not None
    assert receipt.evidence.value.count(".") == 2


def test_receipts_of_two_stages_are_chained(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    world.post("alpha")
    word(world, delivery, Stage.DELIVERED)
    word(world, delivery, Stage.APPLIED)
    first, second = world.post("alpha")
    assert read_receipt(world, second, "alpha").previous == digest(first.encode())


def test_document_is_fixed_before_the_first_attempt_and_never_changes(world: World) -> None:
    delivery = accept(world, "m1")
    world.queue.answers = [DOWN]
    world.deliver("C17")
    first = now_of(world, delivery.message_id)
    world.pass_time(hours=30)
    put_back(world, "C17")
    second = now_of(world, delivery.message_id)
    assert (first.state, second.state) == (DeliveryState.RETRYING, DeliveryState.HANDED_OVER)
    assert first.sent_digest == second.sent_digest
    payloads = [wire.body.split(b".")[1] for wire, _ in world.queue.handed]
    headers = [wire.body.split(b".")[0] for wire, _ in world.queue.handed]
    assert payloads[0] == payloads[1]
    assert headers[0] != headers[1]  # signed afresh


def put_back(world: World, recipient: str) -> None:
    """What the sweeper does, without its thread."""
    Sweeper(world.store, lambda: world.now, world.means, holder="t").sweep()
    world.deliver(recipient)


def test_a_case_is_never_overtaken(world: World) -> None:
    names = ["m1", "m2", "m3"]
    deliveries = [accept(world, name, crn="X000007") for name in names]
    other = accept(world, "m4", crn="X000008")
    world.queue.answers = [DOWN]  # the first of the case fails
    world.deliver("C17")
    states = [now_of(world, d.message_id).state for d in deliveries]
    assert states == [DeliveryState.RETRYING, DeliveryState.WAITING, DeliveryState.WAITING]
    assert now_of(world, other.message_id).state is DeliveryState.HANDED_OVER
    world.pass_time(minutes=1)
    put_back(world, "C17")
    assert {now_of(world, d.message_id).state for d in deliveries} == {DeliveryState.HANDED_OVER}
    sent = [json.loads(_payload(wire))["header"]["message_id"] for wire, _ in world.queue.handed]
    in_case = [message_id for message_id in sent if message_id != other.message_id]
    assert in_case == [deliveries[0].message_id, *[d.message_id for d in deliveries]]


def _payload(wire: WireMessage) -> bytes:
    return decode(wire.body.split(b".")[1])


def test_order_until_applied_holds_the_next_back(tmp_path) -> None:  # type: ignore[no-untyped-def]
    agreements = [a for a in default_agreements() if a.party != "C17"]
    agreements += both("C17", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE, order=OrderUntil.APPLIED)
    world = make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)
    first, second = accept(world, "m1", crn="X000007"), accept(world, "m2", crn="X000007")
    world.deliver("C17")
    assert now_of(world, second.message_id).state is DeliveryState.WAITING
    word(world, first, Stage.APPLIED)
    world.deliver("C17")  # the settlement owed a parcel for the next of the case
    assert now_of(world, second.message_id).state is DeliveryState.HANDED_OVER


def test_retry_is_a_row_with_a_time_and_backs_off(world: World) -> None:
    delivery = accept(world, "m1")
    waits = []
    for _ in range(4):
        world.queue.answers = [DOWN]
        world.deliver("C17") if not waits else put_back(world, "C17")
        row = now_of(world, delivery.message_id)
        assert row.next_attempt_at is not None
        waits.append((row.next_attempt_at - world.now).total_seconds())
        world.pass_time(seconds=waits[-1] + 60)
    assert waits == [5.0, 10.0, 20.0, 40.0]
    assert [a.outcome for a in world.store.queries.attempts(delivery.delivery_id)] == ["try-later"] * 4


def test_exhausted_attempts_set_aside_and_never_drop(tmp_path) -> None:  # type: ignore[no-untyped-def]
    agreements = [a for a in default_agreements() if a.party != "C17"]
    agreements += both("C17", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE, retry=RetryPolicy(attempts=2))
    world = make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)
    delivery = accept(world, "m1")
    for _ in range(2):
        world.queue.answers = [DOWN]
        put_back(world, "C17") if delivery.attempts else world.deliver("C17")
        world.pass_time(minutes=10)
        delivery = now_of(world, delivery.message_id)
    assert (delivery.state, delivery.fault) == (DeliveryState.SET_ASIDE, FaultCode.ATTEMPTS_EXHAUSTED)
    # the recipient's own late word is still worth more
    assert isinstance(word(world, delivery), Settled)


def test_breaker_leaves_a_dead_endpoint_alone(world: World) -> None:
    for number in range(8):
        accept(world, f"m{number}", crn=f"X00001{number}", recipients=["N00"])
    world.push.answers = [DOWN] * 8
    world.deliver("N00")
    tried = len(world.push.handed)
    late = accept(world, "late", crn="X000099", recipients=["N00"])
    world.deliver("N00")
    assert len(world.push.handed) == tried
    row = now_of(world, late.message_id)
    assert row.state is DeliveryState.RETRYING
    assert row.attempts == 0
    world.pass_time(minutes=2)
    put_back(world, "N00")
    assert len(world.push.handed) > tried
    assert now_of(world, late.message_id).attempts == 1


def test_no_breaker_stands_before_our_own_broker(world: World) -> None:
    for number in range(8):
        accept(world, f"m{number}", crn=f"X00001{number}")
    world.queue.answers = [DOWN] * 8
    world.deliver("C17")
    late = accept(world, "late", crn="X000099")
    world.deliver("C17")
    assert now_of(world, late.message_id).state is DeliveryState.HANDED_OVER


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"by": "alpha"}, FaultCode.RECEIPT_NOT_OURS),
        ({"by": "gamma"}, FaultCode.RECEIPT_NOT_OURS),
        ({"sent": "sha-256:" + "0" * 64}, FaultCode.RECEIPT_DIGEST_MISMATCH),
        ({"recipient": "C20"}, FaultCode.RECEIPT_NOT_OURS),
    ],
)
def test_only_the_verified_recipient_settles_with_the_digest_of_what_was_sent(world: World, how: dict[str, str], fault: FaultCode) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    result = word(world, delivery, **how)  # type: ignore[arg-type]
    assert isinstance(result, Declined)
    assert result.fault.code is fault
    assert now_of(world, delivery.message_id).state is DeliveryState.HANDED_OVER


def test_settled_stays_settled_and_repeats_are_harmless(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    world.post("alpha")
    word(world, delivery, Stage.NOT_APPLIED)
    assert word(world, delivery, Stage.NOT_APPLIED) == Settled(message_ids=(delivery.message_id,), repeated=True, sender=delivery.recipient)  # type: ignore[arg-type]
    contrary = word(world, delivery, Stage.APPLIED)
    assert isinstance(contrary, Declined)
    assert contrary.fault.code is FaultCode.RECEIPT_STAGE_INVALID
    assert len(world.post("alpha")) == 1


def test_parcels_twice_and_out_of_date_have_one_effect(world: World) -> None:
    accept(world, "m1")
    parcels = world.parcels("C17")
    world.pipeline.deliver(parcels[0].recipient, [*parcels, *parcels])
    world.pipeline.deliver(parcels[0].recipient, parcels)
    assert len(world.queue.handed) == 1


def test_a_parcel_altered_in_the_broker_is_not_believed(world: World) -> None:
    delivery = accept(world, "m1")
    parcel = world.parcels("C17")[0]
    world.pipeline.deliver(parcel.recipient, [replace(parcel, sealed=bytes(200))])
    assert json.loads(_payload(world.queue.handed[0][0]))["header"]["message_id"] == delivery.message_id


def test_refusal_of_the_recipient_frees_the_lane_and_waits_for_a_person(world: World) -> None:
    first, second = accept(world, "m1", crn="X000007"), accept(world, "m2", crn="X000007")
    world.queue.answers = [Refused(Fault(FaultCode.RECIPIENT_REFUSED, "HTTP 422"))]
    world.deliver("C17")
    assert now_of(world, first.message_id).state is DeliveryState.REFUSED
    assert now_of(world, second.message_id).state is DeliveryState.HANDED_OVER


def test_unacknowledged_queue_message_is_published_again(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    put_back(world, "C17")
    assert len(world.queue.handed) == 1
    world.pass_time(minutes=16)
    put_back(world, "C17")
    assert len(world.queue.handed) == 2
    assert now_of(world, delivery.message_id).sent_digest is not None


def test_a_bug_in_one_message_is_counted_and_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    poison, good = accept(world, "m1", crn="X000007"), accept(world, "m2", crn="X000008")
    original = step.translate

    def stumble(message, delivery, *rest):  # type: ignore[no-untyped-def]
        if delivery.delivery_id == poison.delivery_id:
            raise ZeroDivisionError
        return original(message, delivery, *rest)

    monkeypatch.setattr(step, "translate", stumble)
    world.deliver("C17")
    assert now_of(world, good.message_id).state is DeliveryState.HANDED_OVER
    for _ in range(2):
        world.pass_time(minutes=1)
        put_back(world, "C17")
    row = now_of(world, poison.message_id)
    assert (row.state, row.failures, row.fault_detail) == (DeliveryState.SET_ASIDE, 3, "ZeroDivisionError")


def test_shelf_keeps_until_acknowledged(world: World) -> None:
    delivery = accept(world, "m1", recipients=["C20"])
    organisation = OrganisationId("gamma")
    first, again = world.pipeline.collect(organisation, 0, 10), world.pipeline.collect(organisation, 0, 10)
    assert [item.delivery_id for item in first] == [item.delivery_id for item in again] == [delivery.delivery_id]
    assert world.pipeline.collect(OrganisationId("beta"), 0, 10) == []
    stranger = world.pipeline.acknowledge(OrganisationId("beta"), delivery.delivery_id)
    assert isinstance(stranger, Declined)
    assert stranger.fault.code is FaultCode.NOT_FOUND
    world.post("alpha")
    assert isinstance(world.pipeline.acknowledge(organisation, delivery.delivery_id), Settled)
    assert world.pipeline.collect(organisation, 0, 10) == []
    receipt = read_receipt(world, world.post("alpha")[0], "alpha")
    assert (receipt.stage, receipt.basis) == (Stage.DELIVERED, Basis.MAILBOX)


def test_left_out_is_recorded_on_the_delivery(world: World) -> None:
    delivery = accept(world, "m1", recipients=["C20"])
    world.pipeline.collect(OrganisationId("gamma"), 0, 10)
    row = now_of(world, delivery.message_id)
    assert isinstance(json.loads(row.left_out), list)
    assert row.sent_digest is not None


def test_duplicate_over_amqp_gets_every_receipt_so_far(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    word(world, delivery)
    before = world.post("alpha")
    hand_in(world, contact("m1"))
    assert world.post("alpha") == before


def test_unknown_delivery_acknowledged(world: World) -> None:
    result = world.pipeline.acknowledge(OrganisationId("gamma"), DeliveryId("nothing"))
    assert isinstance(result, Declined)


def test_word_that_comes_in_before_our_own_note_of_the_handover_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipient may answer faster than we write down that we handed over."""
    delivery = accept(world, "m1")
    original = world.queue.hand_over

    def answer_at_once(items):  # type: ignore[no-untyped-def]
        outcomes = original(items)
        assert isinstance(word(world, delivery), Settled)
        return outcomes

    monkeypatch.setattr(FakeChannel, "hand_over", lambda _self, items: answer_at_once(items))
    world.deliver("C17")
    assert now_of(world, delivery.message_id).state is DeliveryState.APPLIED


def test_a_late_parcel_of_what_is_handed_over_holds_nothing_up(world: World) -> None:
    first = accept(world, "m1", crn="X000007")
    old = world.parcels("C17")
    world.pipeline.deliver(old[0].recipient, old)
    second = accept(world, "m2", crn="X000007")
    world.pipeline.deliver(old[0].recipient, [*old, *world.parcels("C17")])
    assert now_of(world, first.message_id).state is DeliveryState.HANDED_OVER
    assert now_of(world, second.message_id).state is DeliveryState.HANDED_OVER
    assert len(world.queue.handed) == 2


def test_a_partners_own_words_stay_in_its_evidence(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    world.post("alpha")
    sent = now_of(world, delivery.message_id).sent_digest
    fault = FaultClaim("no such <case>", "t" * 300, "Words about a person. " * 100)
    receipt = Receipt(
        issuer="beta",
        audience="x",
        receipt_id="r",
        issued_at=int(world.now.timestamp()),
        stage=Stage.NOT_APPLIED,
        subject=str(delivery.message_id),
        recipient="C17",
        sent_digest=sent,
        fault=fault,
    )
    assert isinstance(world.pipeline.submit([world.submission("beta", world.signed("beta", encode(receipt), kind="receipt"))])[0], Settled)
    row = now_of(world, delivery.message_id)
    assert (row.fault, row.fault_detail) == (FaultCode.NOT_APPLIED, None)
    told = read_receipt(world, world.post("alpha")[0], "alpha").fault
    assert told is not None
    assert (told.code, len(told.title), len(told.detail)) == ("not-applied", 200, 500)


def test_bundling_is_an_agreement_and_leaves_receipts_as_they_are(tmp_path) -> None:  # type: ignore[no-untyped-def]
    agreements = [a for a in default_agreements() if a.party != "C05"]
    agreements += both("C05", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE, bundle_receipts=True)
    world = make_world(f"sqlite:///{tmp_path / 'g.db'}", agreements)
    delivery = accept(world, "m1")
    world.deliver("C17")
    word(world, delivery)
    owed = [entry for entry in world.store.outbox.pending(world.now, 10) if entry.routing_key == "alpha"]
    assert {entry.content_type for entry in owed} == {LINES_MEDIA_TYPE}
    assert [read_receipt(world, entry.body.decode(), "alpha").stage for entry in owed] == [Stage.ACCEPTED, Stage.APPLIED]
    world.store.close()


def test_a_message_that_cannot_be_opened_is_counted_on_its_row_and_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, good = accept(world, "m1", crn="X000007"), accept(world, "m2", crn="X000008")
    parcels = [replace(parcel, sealed=None) for parcel in world.parcels("C17")]  # claim checks: the store has to open them
    original = step.unseal

    def broken(sealed, keys, associated):  # type: ignore[no-untyped-def]
        if associated == str(lost.message_id).encode():
            raise Unsealable("made up")
        return original(sealed, keys, associated)

    monkeypatch.setattr(step, "unseal", broken)
    world.pipeline.deliver(parcels[0].recipient, parcels)
    assert now_of(world, good.message_id).state is DeliveryState.HANDED_OVER
    row = now_of(world, lost.message_id)
    assert (row.state, row.failures, row.fault_detail) == (DeliveryState.RETRYING, 1, "Unsealable")
