"""Content filters: what may be agreed, and how it is written and kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.partners.agreement import Agreement, Direction
from gateway.partners.directory import Directory
from gateway.partners.filters import ContentFilter, Match, mistake_in
from gateway.partners.onboarding import Parts, put_agreement, put_party
from gateway.partners.party import Organisation, Party
from gateway.partners.profile import ProfileError, read_profile
from gateway.partners.rules import OnboardingError, Rule
from gateway.store.documents import agreement_document, to_agreement
from schemas.identifiers import OrganisationId, PartyCode

AGREED = {
    "dialect": "canonical",
    "version": "0-9-14",
    "packaging": "jws",
    "mode": "shelf",
    "filters": {"only": [{"types": ["Contact", "Event"]}], "except": [{"types": ["Contact"], "actions": ["DEL"], "codes": {"/contact_type/code": ["COAP"]}}]},
}
KEPT = ContentFilter(
    only=(Match(types=frozenset({"Contact", "Event"})),),
    excepted=(Match(types=frozenset({"Contact"}), actions=frozenset({"DEL"}), codes=(("/contact_type/code", frozenset({"COAP"})),)),),
)


def profile(outbound: dict[str, object]) -> dict[str, object]:
    return {"organisation": {"id": "madeup", "name": "Made up"}, "parties": [{"code": "C77", "name": "Made up", "outbound": outbound}]}


def test_a_filter_is_kept_as_it_was_written() -> None:
    (agreement,) = read_profile(profile(AGREED)).agreements()
    assert (agreement.direction, agreement.filters) == (Direction.OUTBOUND, KEPT)
    assert to_agreement(agreement_document(agreement)) == agreement
    assert mistake_in(KEPT) is None
    assert mistake_in(KEPT, outbound=False) is not None
    assert mistake_in(ContentFilter(), outbound=False) is None
    assert read_profile(read_profile(profile(AGREED)).document()) == read_profile(profile(AGREED))


def test_an_agreement_of_before_there_were_filters_takes_everything() -> None:
    (agreement,) = read_profile(profile({name: value for name, value in AGREED.items() if name != "filters"})).agreements()
    assert agreement.filters == ContentFilter()


@pytest.mark.parametrize("wrong", [{"exclude": []}, {"only": [{"kinds": ["Contact"]}]}, {"except": [{"actions": ["DROP"]}]}])
def test_what_no_filter_says_is_told_with_its_place(wrong: dict[str, object]) -> None:
    with pytest.raises(ProfileError, match="filters"):
        read_profile(profile(AGREED | {"filters": wrong}))


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (Match(), "names types, actions or codes"),
        (Match(types=frozenset({"Contract"})), "no message type Contract"),
        (Match(codes=(("/contact_type/code", frozenset({"A"})),)), "names the types"),
        (Match(types=frozenset({"Contact"}), codes=(("/contact_sort/code", frozenset({"A"})),)), "no field /contact_sort/code"),
        (Match(types=frozenset({"Contact"}), codes=(("/contact_type", frozenset({"A"})),)), "no field /contact_type"),
        (Match(types=frozenset({"Contact"}), codes=(("/notes", frozenset({"A"})),)), "holds no code"),
        (Match(types=frozenset({"Contact"}), codes=(("/crn", frozenset({"X000001"})),)), "holds no code"),
    ],
)
def test_a_filter_looks_at_codes_of_fields_that_exist(rule: Match, sentence: str) -> None:
    found = mistake_in(ContentFilter(excepted=(rule,)))
    assert found is not None
    assert sentence in found
    assert mistake_in(ContentFilter(only=(rule,))) == found


def test_own_ids_are_agreed_only_in_a_dialect_that_can_write_them() -> None:
    parts = Parts(dialects=frozenset({"canonical", "ndelius"}), packagings=frozenset({"jws", "wss"}))
    owner = Organisation(organisation_id=OrganisationId("madeup"), name="Made up")
    party = Party(code=PartyCode("C77"), name="Made up", organisation=owner.organisation_id)
    directory = Directory(organisations={owner.organisation_id: owner}, parties={party.code: party})
    now = datetime(2026, 11, 23, tzinfo=UTC)
    spg = Agreement(party=party.code, direction=Direction.INBOUND, dialect="ndelius", version="0-9-14", packaging="wss", own_ids=True)
    with pytest.raises(OnboardingError) as refusal:
        put_agreement(directory, spg, parts, now)
    assert refusal.value.rule is Rule.OWN_IDS_NOT_CARRIED
    assert put_agreement(directory, replace(spg, dialect="canonical", packaging="jws"), parts, now)[0].own_ids


@pytest.mark.parametrize("code", ["SPG", "ALL"])
def test_no_party_is_registered_under_a_reserved_code(code: str) -> None:
    owner = Organisation(organisation_id=OrganisationId("madeup"), name="Made up")
    directory = Directory(organisations={owner.organisation_id: owner})
    with pytest.raises(OnboardingError, match="reserved"):
        put_party(directory, Party(code=PartyCode(code), name="Made up", organisation=owner.organisation_id), datetime(2026, 11, 23, tzinfo=UTC))
