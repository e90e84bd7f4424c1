"""Handing in: acceptance, duplicates, refusals, and what is durable when an answer is given."""

import json
from datetime import timedelta

import pytest

from gateway.audit.chain import verify
from gateway.exchange.results import Accepted, Declined
from gateway.records import Verdict
from gateway.trust import jws
from gateway.trust.contract import SenderTrust
from gateway.trust.digests import digest
from gateway.trust.keyring import KeyUse
from gateway.trust.policy import STRICT
from gateway.trust.sealing import unseal
from gateway.trust.signing import public_record
from schemas.faults import FaultCode
from schemas.receipts import Receipt, Stage, from_claims
from tests.support.world import NOW, World, contact


def read_receipt(world: World, text: str, audience: str) -> Receipt:
    """As a partner would: with our published key."""
    key = public_record(
        world.means.message_signer, organisation="gateway", use=KeyUse.SIGN, speaks_for=[], not_before=NOW, not_after=NOW + timedelta(days=9999)
    )
    verified = jws.verify_receipt(text, lambda _: SenderTrust(key, STRICT, 10**9), audience=audience, now=world.now)
    return from_claims(json.loads(verified.content))


def hand_in(world: World, payload: bytes, organisation: str = "alpha", **how: object) -> Accepted | Declined:
    result = world.pipeline.submit([world.submission(organisation, world.signed(organisation, payload), **how)])[0]
    assert isinstance(result, Accepted | Declined)
    return result


def test_what_is_receipted_is_durable_and_sealed(world: World) -> None:
    result = hand_in(world, contact("m1", notes="A secret of nobody"))
    assert isinstance(result, Accepted)
    submission = world.store.queries.submissions([result.submission_id])[result.submission_id]
    assert submission.verdict is Verdict.ACCEPTED
    assert b"A secret of nobody" not in submission.archive.ciphertext
    kept = unseal(submission.archive, world.means.archive, result.submission_id.encode())
    assert jws.JwsPackaging().accepts(submission.content_type)
    assert kept.count(b".") == 2
    deliveries = world.store.queries.deliveries_of_messages(result.message_ids)[result.message_ids[0]]
    assert [(d.recipient, d.state.value, d.last_receipt) for d in deliveries] == [("C17", "waiting", submission.receipt_digest)]


def test_acceptance_receipt_names_content_and_message(world: World) -> None:
    payload = contact("m1")
    result = hand_in(world, payload)
    assert isinstance(result, Accepted)
    receipt = read_receipt(world, result.receipt, "alpha")
    assert receipt.stage is Stage.ACCEPTED
    assert receipt.subject == result.submission_id
    assert receipt.received_digest == digest(payload)
    assert [(m.message_id, m.sender_message_id, m.verdict) for m in receipt.messages] == [(result.message_ids[0], "m1", "accepted")]
    assert world.post("alpha") == [result.receipt]


def test_exact_duplicate_gets_the_first_receipt_byte_for_byte(world: World) -> None:
    first = hand_in(world, contact("m1"))
    world.pass_time(hours=5)
    again = hand_in(world, contact("m1"))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.duplicate
    assert (again.receipt, again.submission_id, again.message_ids) == (first.receipt, first.submission_id, first.message_ids)
    assert len(world.parcels("C17")) == 1
    assert world.post("alpha") == [first.receipt, first.receipt]


def test_duplicates_within_one_batch_make_one_effect(world: World) -> None:
    batch = [world.submission("alpha", world.signed("alpha", contact("m1"))) for _ in range(5)]
    results = world.pipeline.submit(batch)
    assert len({r.receipt for r in results if isinstance(r, Accepted)}) == 1
    assert sorted(r.duplicate for r in results if isinstance(r, Accepted)) == [False, True, True, True, True]
    assert len(world.parcels("C17")) == 1


def test_same_id_with_other_content_is_refused_and_the_first_stands(world: World) -> None:
    first = hand_in(world, contact("m1"))
    other = hand_in(world, contact("m1", notes="Other words"))
    assert isinstance(other, Declined)
    assert other.fault.code is FaultCode.KEY_REUSED
    assert other.receipt is not None
    again = hand_in(world, contact("m1"))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.receipt == first.receipt


def test_refusal_is_signed_kept_and_repeated(world: World) -> None:
    first = hand_in(world, contact("m1", recipients=["C99"]))
    again = hand_in(world, contact("m1", recipients=["C99"]))
    assert isinstance(first, Declined)
    assert isinstance(again, Declined)
    assert first.fault.code is FaultCode.UNKNOWN_RECIPIENT
    assert again.duplicate
    assert again.receipt == first.receipt
    assert read_receipt(world, str(first.receipt), "alpha").stage is Stage.REFUSED


def test_corrected_content_may_take_the_key_of_a_refusal(world: World) -> None:
    assert isinstance(hand_in(world, contact("m1", recipients=["C99"])), Declined)
    corrected = hand_in(world, contact("m1", recipients=["C17"]))
    assert isinstance(corrected, Accepted)
    assert not corrected.duplicate
    again = hand_in(world, contact("m1", recipients=["C17"]))
    assert isinstance(again, Accepted)
    assert again.duplicate


def test_one_bad_item_never_sinks_its_batch(world: World) -> None:
    good, bad = world.signed("alpha", contact("m1")), world.signed("alpha", b'{"header": 1}')
    forged = world.signed("beta", contact("m2"))
    results = world.pipeline.submit([world.submission("alpha", wire) for wire in (bad, good, forged)])
    assert [type(result).__name__ for result in results] == ["Declined", "Accepted", "Declined"]


@pytest.mark.parametrize("peer", ["alpha", None])
def test_wrong_signature_says_one_sentence_and_the_cause_stays_inside(world: World, peer: str | None) -> None:
    wire = world.signed("alpha", contact("m1"))
    broken = type(wire)(wire.body[:-8] + b"AAAAAAAA", wire.content_type)
    result = world.pipeline.submit([world.submission("alpha", broken, peer=peer, channel="https")])[0]
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.SIGNATURE_NOT_ACCEPTED
    assert result.fault.detail == ""
    refusals = [event for event in world.events if event.code == "submission.refused"]
    # the chain holds the cause for a caller whom the channel knows; nobody else can make it grow
    assert [bool(event.facts.get("cause")) for event in refusals] == ([True] if peer else [])
    assert world.unproven[0][2]


def test_key_may_not_speak_for_another_sender(world: World) -> None:
    result = hand_in(world, contact("m1", sender="C17", recipients=["C05"]))
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.SENDER_NOT_ALLOWED
    # and it took no key in the other's name
    honest = hand_in(world, contact("m1", sender="C17", recipients=["C05"]), organisation="beta")
    assert isinstance(honest, Accepted)


def test_connection_of_one_organisation_carries_no_message_of_another(world: World) -> None:
    result = world.pipeline.submit([world.submission("alpha", world.signed("alpha", contact("m1")), peer="beta")])[0]
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.SIGNATURE_NOT_ACCEPTED


def test_message_for_nobody_is_refused_to_its_senders_face(world: World) -> None:
    result = hand_in(world, contact("m1", recipients=[]))
    assert isinstance(result, Declined)
    assert result.fault.code in (FaultCode.NO_RECIPIENT, FaultCode.VALUE_INVALID)


def test_stale_and_future_messages(world: World) -> None:
    old = world.signed("alpha", contact("m1"))
    world.pass_time(days=7, seconds=301)
    future = world.signed("alpha", contact("m2"))
    stale = world.pipeline.submit([world.submission("alpha", old)])[0]
    world.pass_time(seconds=-400)
    early = world.pipeline.submit([world.submission("alpha", future)])[0]
    assert isinstance(stale, Declined)
    assert isinstance(early, Declined)
    assert (stale.fault.code, early.fault.code) == (FaultCode.STALE, FaultCode.FROM_THE_FUTURE)


def test_wrong_audience(world: World) -> None:
    wire = world.signed("alpha", contact("m1"), audience="interagency-gateway.live")
    result = world.pipeline.submit([world.submission("alpha", wire)])[0]
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.WRONG_AUDIENCE


def test_one_message_to_two_recipients_makes_two_deliveries(world: World) -> None:
    result = hand_in(world, contact("m1", recipients=["C17", "C20", "C17"]))
    assert isinstance(result, Accepted)
    deliveries = world.store.queries.deliveries_of_messages(result.message_ids)[result.message_ids[0]]
    assert [d.recipient for d in deliveries] == ["C17", "C20"]
    assert world.parcels("C20") == []


def test_parcels_hold_no_personal_data(world: World) -> None:
    hand_in(world, contact("m1", crn="X123456", notes="Words about a person"))
    owed = world.store.outbox.pending(world.now, 10)
    everything = b"".join(entry.body for entry in owed)
    assert b"X123456" not in everything
    assert b"Words about a person" not in everything


def test_chain_is_whole_after_all_of_it(world: World) -> None:
    hand_in(world, contact("m1"))
    hand_in(world, contact("m1", notes="Other"))
    hand_in(world, contact("m2", recipients=["C99"]))
    assert verify(world.store.queries.audit(0, 1000)) == []
