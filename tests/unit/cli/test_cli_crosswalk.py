"""`gateway crosswalk`: pairs are entered once, looked up, and never changed."""

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.contract import Store
from gateway.partners.party import Organisation
from gateway.records import AwaitedId, OwnId
from schemas.identifiers import MessageId, OrganisationId
from tests.support.operators import Installation
from tests.support.store import at


@pytest.fixture
def known(desk: Installation) -> Installation:
    organisation = Organisation(organisation_id=OrganisationId("madeup"), name="Made up")
    desk.change(lambda store: store.partners.put_organisation(organisation, AuditEvent(AuditCode.PARTNER_CHANGED, at(0), "madeup")))
    desk.ask("crosswalk", "put", "madeup", "contact", "A-1", "2500000077")
    return desk


def test_a_pair_that_was_entered_is_shown_and_listed(known: Installation) -> None:
    shown = known.ask("crosswalk", "show", "madeup", "contact", "A-1")["own_id"]
    assert isinstance(shown, dict)
    assert (shown["record_id"], str(shown["source"]).startswith("operator:")) == ("2500000077", True)
    assert known.ask("crosswalk", "list", "madeup") == {"schema": "crosswalk/1", "pairs": [shown], "after": None}
    assert known.ask("crosswalk", "list", "other")["pairs"] == []
    assert known.ask("crosswalk", "list", "madeup", "--after", "madeup/contact/A-1")["pairs"] == []


def test_what_is_entered_is_audited(known: Installation) -> None:
    codes: list[str] = []
    known.change(lambda store: codes.extend(record.event.code.value for record in store.queries.audit(0, 100)))
    assert codes[-1] == "identifier.learned"


@pytest.mark.parametrize("pair", [("A-1", "2500000078"), ("A-2", "2500000077")])
def test_what_is_known_is_never_changed(known: Installation, pair: tuple[str, str]) -> None:
    said = known.run("crosswalk", "put", "madeup", "contact", *pair, "--json")
    assert said.code == 6
    assert len(known.ask("crosswalk", "list", "madeup")["pairs"]) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("pair", [("contract", "A-2", "1"), ("contact", "~A", "1"), ("contact", "A-2", "0"), ("contact", "A-2", "x")])
def test_what_is_no_pair_is_refused(known: Installation, pair: tuple[str, str, str]) -> None:
    assert known.run("crosswalk", "put", "madeup", *pair, "--json").code == 6


def test_nobody_and_nothing(known: Installation) -> None:
    assert known.run("crosswalk", "put", "nobody", "contact", "A-2", "1", "--json").code == 3
    assert known.run("crosswalk", "show", "madeup", "contact", "A-9", "--json").code == 3


def test_a_record_is_found_by_its_number(known: Installation) -> None:
    found = known.ask("crosswalk", "find", "madeup", "contact", "2500000077")["own_id"]
    assert isinstance(found, dict)
    assert found["own_id"] == "A-1"
    assert known.run("crosswalk", "find", "madeup", "event", "2500000077", "--json").code == 3
    assert known.run("crosswalk", "find", "other", "contact", "2500000077", "--json").code == 3


def _awaited(own: str) -> Changes:
    name = OwnId(organisation=OrganisationId("madeup"), kind="contact", own_id=own)
    awaited = AwaitedId(own=name, message_id=MessageId(f"m-{own}"), case_lookup=None, since=at(0))
    return Changes(awaited_ids=(awaited,), events=(AuditEvent(AuditCode.MESSAGE_ACCEPTED, at(0), f"m-{own}"),))


def _await_two(store: Store) -> None:
    store.unit_of_work.commit([_awaited(own) for own in "BC"])


def test_what_is_awaited_is_listed_by_organisation(known: Installation) -> None:
    known.change(_await_two)
    found = known.ask("crosswalk", "waiting", "madeup")["waiting"]
    assert isinstance(found, list)
    assert [(one["own_id"], one["awaited_by"]) for one in found] == [("B", "m-B"), ("C", "m-C")]
    assert known.ask("crosswalk", "waiting", "madeup", "--limit", "1")["after"] == "madeup/contact/B"
    assert known.ask("crosswalk", "waiting", "madeup", "--after", "madeup/contact/B")["waiting"] == found[1:]
    assert known.ask("crosswalk", "waiting", "other")["waiting"] == []
