"""Applied profiles in the store: all of one application or nothing, numbered, and found again."""

from collections.abc import Sequence

from gateway.audit.events import AuditCode
from gateway.contract import Store
from gateway.partners.history import DirectoryChanges, ProfileVersion, written
from gateway.partners.party import Division, Kind, Organisation, Party
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.store import at, event

NORTH, SOUTH = OrganisationId("north"), OrganisationId("south")


def version(organisation: OrganisationId, number: int, name: str = "a") -> ProfileVersion:
    document, digest = written({"organisation": {"id": organisation, "name": name}})
    return ProfileVersion(organisation=organisation, version=number, digest=digest, document=document, applied_by="cli:somebody", applied_at=at(number))


def changes(*versions: ProfileVersion, parties: Sequence[Party] = ()) -> DirectoryChanges:
    organisations = tuple(Organisation(organisation_id=one.organisation, name="Fictional") for one in versions)
    events = tuple(event(AuditCode.PARTNER_CHANGED, one.organisation, version=one.version) for one in versions)
    return DirectoryChanges(organisations=organisations, parties=tuple(parties), profiles=versions, events=events)


def test_all_of_it_is_written_and_audited_at_once(store: Store) -> None:
    party = Party(code=PartyCode("N00"), name="North", organisation=NORTH, kind=Kind.NPS, divisions=(Division(code="N01", name="Part"),), route_to=SOUTH)
    before = store.partners.version()
    assert store.partners.apply(changes(version(NORTH, 1), version(SOUTH, 1), parties=[party]), before)
    directory = store.partners.directory()
    assert directory.version == before + 1
    assert set(directory.organisations) == {NORTH, SOUTH}
    assert directory.parties == {"N00": party}
    assert [record.event.subject for record in store.queries.audit(0, 10)] == [NORTH, SOUTH]


def test_what_was_planned_on_an_older_directory_is_not_written(store: Store) -> None:
    planned_on = store.partners.version()
    assert store.partners.apply(changes(version(NORTH, 1)), planned_on)
    assert not store.partners.apply(changes(version(SOUTH, 1)), planned_on)
    assert set(store.partners.directory().organisations) == {NORTH}
    assert store.partners.profiles(SOUTH) == []
    assert len(store.queries.audit(0, 10)) == 1


def test_every_version_is_kept_in_order(store: Store) -> None:
    first, second, other = version(NORTH, 1), version(NORTH, 2, "b"), version(SOUTH, 1)
    for one in (first, other, second):
        assert store.partners.apply(changes(one), store.partners.version())
    assert store.partners.profiles(NORTH) == [first, second]
    assert store.partners.latest_profiles([NORTH, SOUTH, OrganisationId("nobody")]) == {NORTH: second, SOUTH: other}
    assert store.partners.latest_profiles([]) == {}
