"""A partner that knows records by its own ids: they find nDelius's record, or a fault says why not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from gateway.audit.events import AuditCode
from gateway.exchange.crosswalk import Crosswalk, resolve
from gateway.exchange.results import Accepted
from gateway.partners.agreement import Direction
from gateway.records import Delivery, KnownId, OwnId
from gateway.trust.sealing import unseal
from schemas.catalogue import load
from schemas.envelope import Entry, Misread, OwnName
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId
from schemas.payload import Payload
from schemas.receipts import Stage
from tests.support.routing import agreed, contact, document, refused, send, sent, settle, took, world_at
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = world_at(tmp_path / "own.db", both={"C05": {"own_ids": True}})
    yield made
    made.store.close()
    assert made.bugs == []


def stored(world: World, delivery: Delivery) -> Payload:
    assert delivery.message_id is not None
    record = world.store.queries.messages([delivery.message_id])[delivery.message_id]
    return load(unseal(record.canonical, world.means.archive, record.message_id.encode())).payload


def inserted(world: World, own: str = "A-1", number: str | None = "2500000077", stage: Stage = Stage.APPLIED) -> Delivery:
    """C05's insert of a contact under its own id, which nDelius has applied under a number."""
    (delivery,) = took(world, contact("C05", "N00", contact_id=f"~{own}"))
    settle(world, delivery, stage, record_id=number)
    return delivery


def codes(world: World) -> list[AuditCode]:
    return [event.code for event in world.events if event.code.value.startswith("identifier.")]


def test_an_insert_goes_out_without_a_number_and_an_update_with_the_one_that_it_got(world: World) -> None:
    insert = inserted(world)
    assert stored(world, insert).contact_id == "0"  # type: ignore[attr-defined]
    (update,) = took(world, contact("C05", "N00", action="UPD", contact_id="~A-1"))
    assert stored(world, update).contact_id == "2500000077"  # type: ignore[attr-defined]
    assert codes(world) == [AuditCode.IDENTIFIER_LEARNED]


def test_numbers_of_ndelius_are_taken_as_they_are(world: World) -> None:
    (update,) = took(world, contact("C05", "N00", action="UPD", contact_id="2500000099"))
    assert stored(world, update).contact_id == "2500000099"  # type: ignore[attr-defined]


@pytest.mark.parametrize("action", ["UPD", "DEL"])
def test_an_own_id_that_nobody_told_of_is_a_fault_at_its_place(world: World, action: str) -> None:
    fault = refused(world, contact("C05", "N00", action=action, contact_id="~A-9"))
    assert (fault.code, fault.pointer) == (FaultCode.IDENTIFIER_UNKNOWN, "/document/contact_id")


def test_a_parent_is_looked_up_by_its_own_kind(world: World) -> None:
    inserted(world)
    fault = refused(world, contact("C05", "N00", event_id="~A-1"))
    assert (fault.code, fault.pointer) == (FaultCode.IDENTIFIER_UNKNOWN, "/document/event_id")


def test_while_the_insert_is_on_its_way_an_update_waits_and_is_taken_when_it_comes_again(world: World) -> None:
    (insert,) = took(world, contact("C05", "N00", contact_id="~A-1"))
    update = contact("C05", "N00", action="UPD", contact_id="~A-1")
    assert "not applied yet" in refused(world, update).detail
    settle(world, insert, record_id="2500000077")
    assert isinstance(send(world, update), Accepted)


def test_the_same_own_id_is_not_inserted_twice(world: World) -> None:
    took(world, contact("C05", "N00", contact_id="~A-1"))
    assert refused(world, contact("C05", "N00", contact_id="~A-1")).code is FaultCode.IDENTIFIER_INVALID


def test_in_one_batch_the_second_insert_of_an_own_id_is_refused(world: World) -> None:
    batch = [world.submission("alpha", world.signed("alpha", contact("C05", "N00", contact_id="~A-1"))) for _ in range(3)]
    assert [isinstance(result, Accepted) for result in world.pipeline.submit(batch)] == [True, False, False]


def test_after_an_insert_that_was_not_applied_the_id_is_free(world: World) -> None:
    inserted(world, number=None, stage=Stage.NOT_APPLIED)
    inserted(world)
    assert codes(world) == [AuditCode.IDENTIFIER_LEARNED]


def test_a_record_has_one_own_id(world: World) -> None:
    inserted(world, "A-1", "2500000077")
    inserted(world, "A-2", "2500000077")
    assert codes(world) == [AuditCode.IDENTIFIER_LEARNED, AuditCode.IDENTIFIER_CONFLICT]
    assert refused(world, contact("C05", "N00", action="UPD", contact_id="~A-2")).code is FaultCode.IDENTIFIER_UNKNOWN


@pytest.mark.parametrize("number", [None, "0", "12A", "1" * 19])
def test_what_is_no_number_teaches_nothing(world: World, number: str | None) -> None:
    inserted(world, number=number)
    assert codes(world) == []


def test_only_the_keeper_of_the_register_gives_numbers(world: World) -> None:
    (insert,) = took(world, contact("C05", "C17", contact_id="~A-1"))
    settle(world, insert, record_id="2500000077")
    assert codes(world) == []


def test_without_the_agreement_an_own_id_is_no_id(world: World) -> None:
    fault = refused(world, contact("C17", "N00", contact_id="~A-1"))
    assert (fault.code, fault.pointer) == (FaultCode.IDENTIFIER_INVALID, "/document/contact_id")


@pytest.mark.parametrize("own", ["~", "~ A", "~" + "a" * 65, "~~a"])
def test_what_has_not_the_form_of_an_own_id_is_no_id(world: World, own: str) -> None:
    assert refused(world, contact("C05", "N00", contact_id=own)).code is FaultCode.IDENTIFIER_INVALID


def test_elsewhere_a_tilde_is_a_character(world: World) -> None:
    (made,) = took(world, contact("C05", "N00", contact_id="~A-1", notes="~A-1"))
    assert stored(world, made).notes == "~A-1"  # type: ignore[attr-defined]


def test_the_partner_is_told_its_own_id_and_others_are_told_ndeliuss(world: World) -> None:
    inserted(world)
    took(world, contact("N00", "C05", "C17", action="UPD", contact_id="2500000077"))
    for code in ("C05", "C17"):
        world.deliver(code)
    told = {recipient: body["document"]["contact_id"] for recipient, body in sent(world) if recipient != "N00"}
    assert told == {"C05": "~A-1", "C17": "2500000077"}


def test_a_partner_says_what_it_calls_a_record_that_it_was_sent(world: World) -> None:
    (delivery,) = took(world, contact("N00", "C05", contact_id="2500000088"))
    settle(world, delivery, local_id="B-7")
    (update,) = took(world, contact("C05", "N00", action="UPD", contact_id="~B-7"))
    assert stored(world, update).contact_id == "2500000088"  # type: ignore[attr-defined]


def test_a_partner_without_the_agreement_says_it_in_vain(world: World) -> None:
    (delivery,) = took(world, contact("N00", "C17", contact_id="2500000088"))
    settle(world, delivery, local_id="B-7")
    assert codes(world) == []


def test_a_part_of_a_transfer_names_its_record_so_too(world: World) -> None:
    version = {"version": None, "updated_by": "Made,Up"}
    who = {"provider": "C05", "team": {"code": "C05T01"}, "officer": {"code": "C05A001"}}
    part = {"kind": "OS", "entity_id": "~E-1", "version": version, "status": "PN", "reason": {"code": "TR01"}, "transferring": who, "receiving": who}
    body = {"crn": "X000001", "version": version, "offender_id": "1", "transfer_id": "9", "parts": [part]}
    body |= {"transfer_date": "2026-11-20", "transfer_user": "Made,Up"}
    fault = refused(world, document("ConsolidatedTransferRequest", body, sender="C05", recipients=["N00"]))
    assert (fault.code, fault.pointer) == (FaultCode.IDENTIFIER_UNKNOWN, "/document/parts/0/entity_id"), fault


@pytest.mark.parametrize(("known", "number", "ends"), [("2500000099", "2500000099", True), (None, "2500000099", True), ("2500000077", "2500000099", False)])
def test_where_a_sender_wrote_both_the_number_counts_and_must_not_contradict(known: str | None, number: str, ends: bool) -> None:
    (read,) = CanonicalAdapter().read(contact("C05", "N00", action="UPD", contact_id=number)).entries
    assert isinstance(read, Entry)
    interchange = replace(CanonicalAdapter().read(contact("C05", "N00")), entries=(replace(read, own_ids=(OwnName(("contact_id",), "A-1", "/here", number),)),))
    (agreement,) = (one for one in agreed({"C05": {"own_ids": True}}) if one.party == "C05" and one.direction is Direction.INBOUND)
    own = OwnId(organisation=OrganisationId("alpha"), kind="contact", own_id="A-1")
    pairs = {own.key: KnownId(own=own, record_id=known, since=datetime(2026, 11, 23, tzinfo=UTC), source="m")} if known else {}
    resolved = resolve(interchange, agreement, OrganisationId("alpha"), Crosswalk(known=pairs))
    (entry,) = resolved.interchange.entries
    assert resolved.awaiting == {}
    if ends:
        assert isinstance(entry, Entry)
        assert (entry.payload.contact_id, entry.own_ids) == (number, ())  # type: ignore[attr-defined]
    else:
        assert isinstance(entry, Misread)
        assert (entry.faults[0].code, entry.faults[0].pointer) == (FaultCode.IDENTIFIER_INVALID, "/here")


def test_no_own_id_is_sent_to_others(world: World) -> None:
    inserted(world)
    took(world, contact("C05", "C17", "N00", action="UPD", contact_id="~A-1"))
    for code in ("C17", "N00"):
        world.deliver(code)
    assert len(sent(world)) == 3
    assert "~A-1" not in json.dumps(sent(world))
