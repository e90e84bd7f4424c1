"""Plans over many profiles: every mistake told, what changes field by field, routes, versions."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.bootstrap import onboarding_parts
from gateway.contract import Store
from gateway.operations import Operations
from gateway.partners.agreement import DeliveryMode, Direction, OrderUntil
from gateway.partners.differences import Change, differences
from gateway.partners.directory import Directory
from gateway.partners.onboarding import OnboardingError, Rule
from gateway.partners.plan import PlanRefused, Sourced, left_shelves, plan, plan_all
from gateway.partners.profile import Profile, ProfileError, read_profile
from gateway.store.opening import open_store
from gateway.trust.minting import mint_ed25519
from gateway.trust.signing import jwk_of, signer_from_pem
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.databases import migrate_quickly

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PARTS = onboarding_parts()
QUEUED = {"dialect": "canonical", "version": "0-9-14", "packaging": "jws", "mode": "queue"}
SHELVED = {**QUEUED, "mode": "shelf"}


def profile(organisation: str, *parties: dict[str, object], **more: object) -> Profile:
    """A profile whose parties are told by their code, with terms for both directions."""
    codes = [{"name": "Fictional", **party} for party in parties]
    return read_profile({"organisation": {"id": organisation, "name": "Fictional"}, "inbound": QUEUED, "outbound": QUEUED, "parties": codes, **more})


def sourced(*profiles: Profile) -> list[Sourced]:
    return [Sourced(source=f"{one.organisation.id}.yaml", profile=one) for one in profiles]


def refused(*profiles: Profile, before: Directory | None = None) -> list[str]:
    with pytest.raises(PlanRefused) as caught:
        plan_all(before or Directory(), sourced(*profiles), PARTS, NOW)
    return [f"{mistake.source} {mistake.place} {mistake.error.rule}" for mistake in caught.value.mistakes if isinstance(mistake.error, OnboardingError)]


def known(*profiles: Profile) -> Directory:
    return plan_all(Directory(), sourced(*profiles), PARTS, NOW).after


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate_quickly(url)
    with closing(open_store(url)) as opened:
        yield opened


def test_every_mistake_of_every_profile_is_told_with_its_place() -> None:
    north = profile("north", {"code": "C01"}, {"code": "c2", "inbound": {"dialect": "morse"}}, {"code": "C03", "outbound": {"dialect": "morse"}})
    south = profile("south", {"code": "C01"}, {"code": "C04", "outbound": {"max_bytes": 0}}, keys=[{"use": "sign", "jwk": jwk(), "speaks_for": ["C09"]}])
    assert refused(north, south) == [
        "north.yaml parties.1 party-code-invalid",
        "south.yaml parties.0 party-taken",
        "north.yaml parties.2.outbound dialect-unknown",
        "south.yaml parties.1.outbound value-out-of-range",
        "south.yaml keys.0 key-speaks-for",
    ]


def test_an_organisation_with_two_profiles_is_refused() -> None:
    assert refused(profile("north", {"code": "C01"}), profile("north", {"code": "C02"})) == [f"north.yaml organisation {Rule.ORGANISATION_TWICE}"]


def test_common_terms_hold_unless_a_party_says_otherwise() -> None:
    one = profile("north", {"code": "C01"}, {"code": "C02", "outbound": {"order": "applied"}}, {"code": "C03", "inbound": None})
    found = {(a.party, a.direction): a for a in one.agreements()}
    assert sorted(found) == [("C01", "inbound"), ("C01", "outbound"), ("C02", "inbound"), ("C02", "outbound"), ("C03", "outbound")]
    assert {found[code, Direction.OUTBOUND].order for code in ("C01", "C03")} == {OrderUntil.HANDED_OVER}  # type: ignore[index]
    ordered = found[PartyCode("C02"), Direction.OUTBOUND]
    assert (ordered.order, ordered.mode, ordered.dialect) == (OrderUntil.APPLIED, DeliveryMode.QUEUE, "canonical")


def test_terms_that_nobody_completes_are_refused_with_the_place() -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile({"organisation": {"id": "a", "name": "A"}, "parties": [{"code": "C01", "name": "P", "inbound": {"dialect": "canonical"}}]})
    assert "parties.0.inbound lacks version, packaging" in str(caught.value)


def test_a_code_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ProfileError, match=r"parties\.1 is there twice"):
        profile("north", {"code": "C01"}, {"code": "C01"})


def test_hours_of_the_organisation_are_those_of_what_is_sent_to_it() -> None:
    hours = {"days": ["mon"], "from": "09:00", "to": "17:00"}
    document = {
        "organisation": {"id": "a", "name": "A", "working_hours": hours},
        "parties": [{"code": "C01", "name": "P", "inbound": QUEUED, "outbound": QUEUED}],
    }
    inbound, outbound = read_profile(document).agreements()
    assert inbound.working_hours is None
    assert outbound.working_hours is not None
    assert outbound.working_hours.opens == "09:00"


@pytest.mark.parametrize(
    "hours", [{"from": "17:00", "to": "09:00"}, {"from": "9", "to": "10:00"}, {"from": "09:00", "to": 1020}, {"from": "09:00", "to": "24:00"}]
)
def test_hours_that_cannot_be_meant_are_refused(hours: dict[str, object]) -> None:
    with pytest.raises(ProfileError):
        read_profile({"organisation": {"id": "a", "name": "A", "working_hours": {"days": ["mon"], **hours}}, "parties": [{"code": "C01", "name": "P"}]})


def test_a_route_may_lead_to_what_another_document_brings() -> None:
    after = known(profile("alpha", {"code": "C01", "route_to": "stub"}), profile("stub", {"code": "C00"}))
    assert after.parties_of(OrganisationId("stub")) == ("C00", "C01")
    assert after.parties_of(OrganisationId("alpha")) == ()
    agreed = after.outbound(PartyCode("C01"))
    assert agreed is not None
    assert (agreed.party, agreed.mode) == ("C01", DeliveryMode.QUEUE)


@pytest.mark.parametrize("target", ["nobody", "alpha", "mute"])
def test_a_route_that_leads_nowhere_is_refused(target: str) -> None:
    mute = profile("mute", {"code": "C08", "outbound": None})
    assert refused(profile("alpha", {"code": "C01", "route_to": target}), mute) == ["alpha.yaml parties.0.route_to route-invalid"]


def test_a_division_is_nobody_else_s_code() -> None:
    nps = profile("nps", {"code": "N00", "divisions": [{"code": "N01", "name": "Part"}]})
    assert refused(nps, profile("other", {"code": "N01"})) == ["other.yaml parties.0 division-taken"]
    assert refused(nps, before=known(profile("other", {"code": "N01"}))) == ["nps.yaml parties.0 division-taken"]


def test_what_changes_is_told_field_by_field_and_a_route_as_moved() -> None:
    before = known(profile("alpha", {"code": "C01"}, {"code": "C02"}), profile("stub", {"code": "C00"}))
    now = profile("alpha", {"code": "C01", "route_to": "stub"}, {"code": "C02", "outbound": {"retry": {"longest_seconds": 60}}}, {"code": "C03"})
    found = differences(plan_all(before, sourced(now), PARTS, NOW))
    told = {(one.what, one.subject): (one.change, [(field.name, field.before, field.after) for field in one.fields]) for one in found}
    assert told["party", "C01"] == (Change.MOVED, [("route_to", "", "stub")])
    assert told["agreement", "C02 outbound"] == (Change.CHANGED, [("retry.longest_seconds", "900.0", "60.0")])
    assert told["party", "C03"][0] is Change.ADDED
    assert set(told) == {("party", "C01"), ("agreement", "C02 outbound"), ("party", "C03"), ("agreement", "C03 inbound"), ("agreement", "C03 outbound")}


def test_whose_shelf_is_taken_away_is_known() -> None:
    before = known(profile("alpha", {"code": "C01", "outbound": SHELVED}, {"code": "C02", "outbound": SHELVED}), profile("stub", {"code": "C00"}))
    alpha = profile("alpha", {"code": "C01"}, {"code": "C02", "outbound": SHELVED})
    assert left_shelves(plan_all(before, sourced(alpha), PARTS, NOW)) == ("C01",)
    routed = profile("alpha", {"code": "C01", "outbound": SHELVED}, {"code": "C02", "outbound": SHELVED, "route_to": "stub"})
    assert left_shelves(plan_all(before, sourced(routed), PARTS, NOW)) == ("C02",)


def test_one_profile_alone_raises_its_first_mistake() -> None:
    with pytest.raises(OnboardingError) as caught:
        plan(Directory(), profile("north", {"code": "c1"}), PARTS, NOW)
    assert caught.value.rule is Rule.PARTY_CODE_INVALID


def test_a_mistake_in_one_document_writes_nothing_of_the_others(store: Store) -> None:
    desk = Operations(store=store, clock=lambda: NOW, parts=PARTS)
    with pytest.raises(PlanRefused):
        desk.apply_profiles(sourced(profile("north", {"code": "C01"}), profile("south", {"code": "c2"})), "test")
    assert store.partners.version() == 0
    assert not store.queries.audit(0, 10)


def test_each_change_of_a_document_is_a_version_with_who_and_what(store: Store) -> None:
    desk = Operations(store=store, clock=lambda: NOW, parts=PARTS)
    north, changed = profile("north", {"code": "C01"}), profile("north", {"code": "C01", "kind": "CRC"})
    for one in (north, north, changed, north):
        desk.apply_profiles(sourced(one), "somebody")
    versions = desk.profile_versions(OrganisationId("north"))
    assert [one.version for one in versions] == [1, 2, 3]
    assert versions[0].digest == versions[2].digest != versions[1].digest
    assert {one.applied_by for one in versions} == {"somebody"}
    facts = [record.event.facts for record in store.queries.audit(0, 100) if record.event.facts.get("what") == "profile"]
    assert [(one["version"], one["by"], one["digest"]) for one in facts] == [(one.version, "somebody", one.digest) for one in versions]


def test_a_directory_that_changes_meanwhile_is_planned_on_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Operations(store=store, clock=lambda: NOW, parts=PARTS)
    other = plan_all(Directory(), sourced(profile("south", {"code": "C02"})), PARTS, NOW, by="other").changes()
    latest, raced = store.partners.latest_profiles, []

    def racing(organisations: list[OrganisationId]) -> object:
        if not raced:
            raced.append(store.partners.apply(other, store.partners.version()))
        return latest(organisations)

    monkeypatch.setattr(store.partners, "latest_profiles", racing)
    plans = desk.apply_profiles(sourced(profile("north", {"code": "C01"})), "test")
    assert raced == [True]
    assert plans.before.version == 1
    assert set(store.partners.directory().organisations) == {"north", "south"}


def jwk() -> dict[str, str]:
    return jwk_of(signer_from_pem(mint_ed25519().private_pem))
