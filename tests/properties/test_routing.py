"""A message for nobody is a fault, never a loss: any directory, any addressing, any knowledge of the case."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.exchange.recipients import Addressing, Way, way
from gateway.exchange.results import Accepted
from gateway.partners.agreement import Agreement, Direction
from gateway.partners.directory import Directory
from gateway.partners.filters import ContentFilter, Match
from gateway.partners.party import Organisation, Party, Standing
from gateway.records import CaseParties
from schemas.catalogue import CATALOGUE
from schemas.envelope import Action, Header
from schemas.faults import Category, Fault, Refusal
from schemas.identifiers import OrganisationId, PartyCode
from schemas.messages.connection_notification import ConnectionNotification
from schemas.payload import Payload
from tests.support.routing import contact, deliveries, reference_data, send, transferred, world_at
from tests.support.world import World, contact_document

CODES = ("C05", "C17", "C20", "N00")
CONTACT: Payload = CATALOGUE["Contact"].model_validate(contact_document("X000001", "Made up."))
REFERENCE: Payload = ConnectionNotification(code=200)
FILTERS = (
    ContentFilter(),
    ContentFilter(excepted=(Match(types=frozenset({"Contact"}), codes=(("/contact_type/code", frozenset({"COAP"})),)),)),
    ContentFilter(only=(Match(types=frozenset({"Event"})),)),
)

parties = st.sampled_from(CODES)
terms = st.fixed_dictionaries(
    {
        "broadcast_reference_data": st.booleans(),
        "broadcast_offender_data": st.booleans(),
        "filters": st.sampled_from(FILTERS),
        "types": st.sampled_from([None, frozenset({"Contact", "ConnectionNotification"}), frozenset({"Event"})]),
    }
)
standings = st.sampled_from([Standing.LIVE, Standing.LIVE, Standing.SUSPENDED, Standing.APPLIED, None])


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    found = {code: draw(standings) for code in CODES}
    organisations = {OrganisationId(code): Organisation(organisation_id=OrganisationId(code), name=code, standing=s) for code, s in found.items() if s}
    known = {PartyCode(code): Party(code=PartyCode(code), name=code, organisation=OrganisationId(code)) for code in organisations}
    agreements = {
        (PartyCode(code), Direction.OUTBOUND): Agreement(
            party=PartyCode(code), direction=Direction.OUTBOUND, dialect="canonical", version="0-9-14", packaging="jws", **draw(terms)
        )
        for code in known
        if draw(st.integers(0, 9))
    }
    return Directory(organisations=MappingProxyType(organisations), parties=MappingProxyType(known), agreements=MappingProxyType(agreements))


def header(sender: str, recipients: tuple[str, ...], payload: Payload) -> Header:
    about_a_case = payload is CONTACT
    return Header(
        sender=PartyCode(sender),
        recipients=tuple(map(PartyCode, recipients)),
        type="Contact" if about_a_case else "ConnectionNotification",
        action=Action.INSERT if about_a_case else Action.SYSTEM,
        version="0-9-14",
        sender_message_id="m",
        control_reference="r",
        case_reference="X000001" if about_a_case else None,
        prepared_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def asked(said: Header, payload: Payload, directory: Directory, case: CaseParties) -> Way | Fault:
    try:
        return way(said, payload, directory, case)
    except Refusal as refusal:
        return refusal.fault


@settings(max_examples=150, deadline=None)
@given(
    directory=directories(),
    sender=parties,
    recipients=st.one_of(st.just(()), st.just(("SPG",)), st.just(("ALL",)), st.lists(st.sampled_from((*CODES, "C99")), min_size=1, max_size=3).map(tuple)),
    payload=st.sampled_from([CONTACT, REFERENCE]),
    case=st.builds(CaseParties, responsible=st.one_of(st.none(), parties), interested=st.frozensets(parties)),
)
def test_somebody_gets_it_or_its_sender_is_told(directory: Directory, sender: str, recipients: tuple[str, ...], payload: Payload, case: CaseParties) -> None:
    said = header(sender, recipients, payload)

    def may_have(code: str) -> bool:
        """By name, alone."""
        found = asked(replace(said, recipients=(PartyCode(code),)), payload, directory, case)
        return isinstance(found, Way) and [leg.recipient for leg in found.legs] == [code]

    if recipients == ("ALL",):
        listening = case.interested if payload is CONTACT else frozenset(directory.parties)
        switch = "broadcast_offender_data" if payload is CONTACT else "broadcast_reference_data"
        expected = {code for code in listening - {sender} if may_have(code) and getattr(directory.outbound(PartyCode(code)), switch)}
    elif recipients in ((), ("SPG",)):
        somebody = case.responsible if payload is CONTACT and case.responsible != sender else None
        expected = {somebody} if somebody is not None and may_have(somebody) else set()
    else:
        expected = set(recipients) if all(map(may_have, recipients)) else set()
    found = asked(said, payload, directory, case)
    if not isinstance(found, Way):
        assert not expected
        assert (found.reference, found.row.category) == (1, Category.ROUTING)
        return
    assert {leg.recipient for leg in found.legs} == expected != set()
    assert len(found.legs) == len(expected)
    if found.addressing is Addressing.BROADCAST:
        assert all(item.split(":")[0] not in expected for item in found.left_out)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path: Path = tmp_path_factory.mktemp("routing") / "gateway.db"
    made = world_at(path, C20={"broadcast_offender_data": False}, C17={"filters": FILTERS[1]})
    yield made
    made.store.close()
    assert made.bugs == []


CASES = count(1)


@dataclass
class Story:
    """One case, and what a reader of its messages would say of it."""

    world: World
    crn: str
    interested: set[str] = field(default_factory=set)
    responsible: str | None = None

    def tell(self, sender: str, said: str) -> None:
        if said == "transfer":
            self._transfer(sender)
            return
        recipients = {"ALL": ["ALL"], "": [], "reference": ["ALL"]}.get(said, [said])
        payload = reference_data(sender, "ALL") if said == "reference" else contact(sender, *recipients, crn=self.crn)
        result, expected = send(self.world, payload), self._expected(sender, said)
        assert isinstance(result, Accepted) is bool(expected), (sender, said, result)
        if isinstance(result, Accepted):
            assert {delivery.recipient for delivery in deliveries(self.world, result)} == expected
            self.interested |= {sender, *expected} if said != "reference" else set()

    def _transfer(self, sender: str) -> None:
        if sender != "N00":
            transferred(self.world, sender, crn=self.crn)
            self.responsible = sender
            self.interested |= {sender, "N00"}

    def _expected(self, sender: str, said: str) -> set[str]:
        """C17 filters contacts away, C20 takes no broadcasts of cases."""
        match said:
            case "reference":
                return set(CODES) - {sender}
            case "ALL":
                return self.interested - {sender, "C17", "C20"}
            case "":
                return {self.responsible} - {sender, None, "C17"}  # type: ignore[return-value]
            case _:
                return {said} - {"C17"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(parties, st.sampled_from(["", "ALL", *CODES, "transfer", "reference"])), max_size=8))
def test_on_the_road_what_is_accepted_is_owed_to_somebody_and_what_is_not_to_nobody(world: World, steps: list[tuple[str, str]]) -> None:
    story = Story(world, f"X{next(CASES):06d}")
    for sender, said in steps:
        story.tell(sender, said)
