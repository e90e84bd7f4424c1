"""Switches of a profile on the road: a sender that is switched off, working hours, a code routed elsewhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract import TryLater
from broker.parcel import Parcel
from gateway.audit.events import AuditCode, AuditEvent
from gateway.bootstrap import onboarding_parts
from gateway.exchange.accept import STEP_DELIVER
from gateway.exchange.results import Accepted, Declined
from gateway.exchange.settle import next_attempt
from gateway.operations import Operations
from gateway.partners.agreement import Agreement, Direction, RetryPolicy
from gateway.partners.hours import DAYS, WorkingHours
from gateway.partners.party import Division, Party
from gateway.partners.plan import Sourced
from gateway.partners.profile import read_profile
from gateway.records import DeliveryState, Verdict
from gateway.trust.sealing import unseal
from schemas.faults import Fault, FaultCode
from schemas.identifiers import OrganisationId, PartyCode
from schemas.receipts import Stage
from tests.support.world import World, contact
from tests.unit.road.test_deliver import accept, now_of, word
from tests.unit.road.test_submit import hand_in, read_receipt

DOWN = TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, "connection refused"))
OFFICE = WorkingHours(days=frozenset(DAYS[:5]), opens="09:00", closes="17:00")


def switch(world: World, *, absorb: bool) -> None:
    agreed = world.store.partners.directory().agreements[PartyCode("C05"), Direction.INBOUND]
    world.store.partners.put_agreement(replace(agreed, absorb=absorb), AuditEvent(AuditCode.PARTNER_CHANGED, world.now, "C05"))


def route(world: World, to: str | None) -> None:
    party = Party(code=PartyCode("C17"), name="C17", organisation=OrganisationId("beta"), route_to=OrganisationId(to) if to else None)
    world.store.partners.put_party(party, AuditEvent(AuditCode.PARTNER_CHANGED, world.now, "C17"))


def test_what_a_disabled_sender_sends_is_kept_refused_and_goes_to_nobody(world: World) -> None:
    switch(world, absorb=True)
    payload = contact("m1")
    result = hand_in(world, payload)
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.SENDER_DISABLED
    receipt = read_receipt(world, result.receipt or "", "alpha")
    assert receipt.stage is Stage.REFUSED
    submission = world.store.queries.submissions([result.submission_id])[result.submission_id]  # type: ignore[list-item,index]
    assert submission.verdict is Verdict.REFUSED
    assert unseal(submission.archive, world.means.archive, submission.submission_id.encode()).count(b".") == 2
    assert world.store.queries.queues() == []
    (absorbed,) = [event for event in world.events if event.code is AuditCode.MESSAGE_ABSORBED]
    assert dict(absorbed.facts) == {"sender": "C05", "messages": 1, "types": "Contact"}


def test_the_same_bytes_are_taken_once_the_sender_is_switched_on(world: World) -> None:
    switch(world, absorb=True)
    payload = contact("m1")
    assert isinstance(hand_in(world, payload), Declined)
    switch(world, absorb=False)
    assert isinstance(hand_in(world, payload), Accepted)


def test_what_a_disabled_sender_says_of_deliveries_still_counts(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    agreed = world.store.partners.directory().agreements[PartyCode("C17"), Direction.INBOUND]
    world.store.partners.put_agreement(replace(agreed, absorb=True), AuditEvent(AuditCode.PARTNER_CHANGED, world.now, "C17"))
    word(world, now_of(world, delivery.message_id))
    assert now_of(world, delivery.message_id).state is DeliveryState.APPLIED


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), 5),  # Monday noon
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), 3600),  # they close
        (datetime(2026, 11, 28, 12, 0, tzinfo=UTC), 3600),  # Saturday
        (datetime(2026, 11, 23, 8, 30, tzinfo=UTC), 1800),  # they open before the longest interval is over
        (datetime(2026, 7, 6, 8, 30, tzinfo=UTC), 5),  # summer time: half past nine in London
        (datetime(2026, 11, 23, 8, 59, 58, tzinfo=UTC), 5),  # never sooner than otherwise
    ],
)
def test_outside_working_hours_a_partner_that_is_down_is_tried_at_the_longest_interval(at: datetime, seconds: float) -> None:
    agreed = Agreement(
        party=PartyCode("C17"), direction=Direction.OUTBOUND, dialect="canonical", version="0-9-14", packaging="jws",
        retry=RetryPolicy(first_seconds=5, longest_seconds=3600), working_hours=OFFICE,
    )  # fmt: skip
    assert next_attempt(agreed, 1, at) == at + timedelta(seconds=seconds)
    assert next_attempt(replace(agreed, working_hours=None), 1, at) == at + timedelta(seconds=5)


def test_a_delivery_on_its_way_follows_its_code_in_the_language_of_the_stand_in(world: World) -> None:
    delivery = accept(world, "m1")
    world.queue.answers.append(DOWN)
    world.deliver("C17")
    before = now_of(world, delivery.message_id)
    assert (before.state, before.fixed_for) == (DeliveryState.RETRYING, "beta canonical jws")
    route(world, "ndelius")
    world.pass_time(minutes=30)
    world.pipeline.deliver(PartyCode("C17"), [Parcel(STEP_DELIVER, before.delivery_id, before.recipient, before.lane)])
    ((wire, address),) = world.push.handed
    assert b"SPGInterchange" in wire.body
    assert address.organisation == "ndelius"
    after = now_of(world, delivery.message_id)
    assert after.fixed_for == "ndelius ndelius wss"
    assert after.sent_digest != before.sent_digest


def test_only_the_stand_in_settles_what_was_routed_to_it(world: World) -> None:
    delivery = accept(world, "m1")
    world.deliver("C17")
    route(world, "gamma")
    assert isinstance(word(world, now_of(world, delivery.message_id)), Declined)
    route(world, None)
    word(world, now_of(world, delivery.message_id))
    assert now_of(world, delivery.message_id).state is DeliveryState.APPLIED


def test_the_owner_of_a_code_that_is_routed_away_may_not_send_for_it(world: World) -> None:
    route(world, "gamma")
    result = hand_in(world, contact("m1", sender="C17", recipients=("C05",)), "beta")
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.SENDER_NOT_ALLOWED


def test_a_message_to_a_division_is_refused_with_the_party_to_name(world: World) -> None:
    divisions = (Division(code="N03", name="Wales"),)
    party = Party(code=PartyCode("N00"), name="N00", organisation=OrganisationId("ndelius"), divisions=divisions)
    world.store.partners.put_party(party, AuditEvent(AuditCode.PARTNER_CHANGED, world.now, "N00"))
    result = hand_in(world, contact("m1", recipients=("N03",)))
    assert isinstance(result, Declined)
    assert (result.fault.code, result.fault.detail) == (FaultCode.UNKNOWN_RECIPIENT, "It is a division of N00: name N00.")


def by(code: str, mode: str) -> Sourced:
    """A profile of beta or gamma in which its party is served this way."""
    terms = {"dialect": "canonical", "version": "0-9-14", "packaging": "jws"}
    owner = {"C17": "beta", "C20": "gamma"}[code]
    document = {"organisation": {"id": owner, "name": owner}, "parties": [{"code": code, "name": code, "inbound": terms, "outbound": {**terms, "mode": mode}}]}
    return Sourced(source="", profile=read_profile(document))


def apply(world: World, profile: Sourced) -> None:
    Operations(store=world.store, clock=lambda: world.now, parts=onboarding_parts()).apply_profiles([profile], "test")


def test_what_waits_on_a_shelf_is_carried_once_the_shelf_is_taken_away(world: World) -> None:
    delivery = accept(world, "m1", recipients=("C20",))
    assert delivery.next_attempt_at is None
    apply(world, by("C20", "queue"))
    world.pass_time(minutes=1)
    assert [one.delivery_id for one in world.store.queries.due(world.now, 10)] == [delivery.delivery_id]
    world.pipeline.deliver(PartyCode("C20"), [Parcel(STEP_DELIVER, delivery.delivery_id, delivery.recipient, delivery.lane)])
    assert now_of(world, delivery.message_id).state is DeliveryState.HANDED_OVER
    assert len(world.queue.handed) == 1


@pytest.mark.parametrize("down", [True, False])
def test_what_was_on_its_way_is_laid_on_the_shelf_that_was_agreed_meanwhile(world: World, down: bool) -> None:
    delivery = accept(world, "m1")
    world.queue.answers += [DOWN] if down else []
    world.deliver("C17")
    assert now_of(world, delivery.message_id).state is (DeliveryState.RETRYING if down else DeliveryState.HANDED_OVER)
    apply(world, by("C17", "shelf"))
    world.pass_time(days=1)
    world.pipeline.deliver(PartyCode("C17"), [Parcel(STEP_DELIVER, delivery.delivery_id, delivery.recipient, delivery.lane)])
    shelved = now_of(world, delivery.message_id)
    assert (shelved.state, shelved.next_attempt_at) == (DeliveryState.WAITING, None)
    assert [item.delivery_id for item in world.pipeline.collect(OrganisationId("beta"), 0, 10)] == [delivery.delivery_id]
