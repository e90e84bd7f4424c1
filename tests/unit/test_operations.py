"""What operators do, where the command line cannot easily go: races, missing keys, plans that fail half-way."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode
from gateway.changes import Changes, Committed
from gateway.contract import MessageFilter, Store, StoreUnavailable
from gateway.operations import NotPossibleError, Operations
from gateway.partners.onboarding import OnboardingError, Parts
from gateway.partners.party import Standing
from gateway.partners.plan import plan
from gateway.partners.profile import ProfileError, read_profile
from gateway.records import DeliveryState
from gateway.store.opening import open_store
from gateway.trust.minting import mint_ed25519
from gateway.trust.signing import jwk_of, signer_from_pem
from schemas.identifiers import DeliveryId, OrganisationId
from tests.support.databases import migrate_quickly
from tests.support.operators import PROFILE
from tests.support.store import accepted, progressed

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PARTS = Parts(dialects=frozenset({"caseflow"}), packagings=frozenset({"jws"}))
D_ONE = DeliveryId("d-one")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    migrate_quickly(url)
    opened = open_store(url)
    yield opened
    opened.close()


def operations(store: Store) -> Operations:
    return Operations(store=store, clock=lambda: NOW, parts=PARTS)


class Meddled:
    """A store whose first commits come too late: a worker changed the delivery in between."""

    def __init__(self, store: Store, times: int) -> None:
        self._store, self._times = store, times
        self.queries, self.partners = store.queries, store.partners

    @property
    def unit_of_work(self) -> "Meddled":
        return self

    def commit(self, changes: Sequence[Changes]) -> Committed:
        if self._times:
            self._times -= 1
            stored = self._store.queries.deliveries([D_ONE])[D_ONE]
            self._store.unit_of_work.commit([progressed(stored, DeliveryState.RETRYING, AuditCode.DELIVERY_DELAYED, attempts=stored.attempts + 1)])
        return self._store.unit_of_work.commit(changes)


def set_aside(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    stored = store.queries.deliveries([D_ONE])[D_ONE]
    store.unit_of_work.commit([progressed(stored, DeliveryState.SET_ASIDE, AuditCode.DELIVERY_SET_ASIDE)])


def test_a_retry_that_races_with_a_worker_is_decided_again(store: Store) -> None:
    set_aside(store)
    after = operations(Meddled(store, 3)).retry(D_ONE, "cli:test")  # type: ignore[arg-type]
    assert (after.state, after.attempts, after.next_attempt_at) == (DeliveryState.WAITING, 3, NOW)
    codes = [record.event.code for record in store.queries.audit_about([D_ONE])]
    assert codes.count(AuditCode.DELIVERY_RETRIED) == 1


def test_a_race_without_end_is_given_up_as_unavailable(store: Store) -> None:
    set_aside(store)
    with pytest.raises(StoreUnavailable):
        operations(Meddled(store, 10_000)).retry(D_ONE, "cli:test")  # type: ignore[arg-type]
    assert AuditCode.DELIVERY_RETRIED not in {record.event.code for record in store.queries.audit_about([D_ONE])}


@pytest.mark.parametrize("state", [DeliveryState.APPLIED, DeliveryState.NOT_APPLIED, DeliveryState.DELIVERED])
def test_what_the_recipient_settled_is_not_retried(store: Store, state: DeliveryState) -> None:
    store.unit_of_work.commit([accepted("one")])
    stored = store.queries.deliveries([D_ONE])[D_ONE]
    store.unit_of_work.commit([progressed(stored, state, AuditCode.DELIVERY_APPLIED)])
    with pytest.raises(NotPossibleError, match=state):
        operations(store).retry(D_ONE, "cli:test")


def test_without_own_keys_nothing_is_discarded_and_no_case_is_searched(store: Store) -> None:
    set_aside(store)
    with pytest.raises(NotPossibleError, match="keys"):
        operations(store).discard(D_ONE, "r", "cli:test")
    with pytest.raises(NotPossibleError, match="keys"):
        operations(store).find(MessageFilter(), crn="X000001")
    assert store.queries.deliveries([D_ONE])[D_ONE].state is DeliveryState.SET_ASIDE


def test_a_crn_is_searched_by_its_lookup_only(store: Store) -> None:
    store.unit_of_work.commit([accepted("one"), accepted("two")])
    wanted = store.queries.find(MessageFilter(sender_message_id="their-two"), 1)[0].case_lookup or ""
    asked: list[str] = []

    def lookup(crn: str) -> str:
        asked.append(crn)
        return wanted

    desk = Operations(store=store, clock=lambda: NOW, parts=PARTS, lookup=lookup)
    assert [message.message_id for message in desk.find(MessageFilter(), crn="X000002")] == ["m-two"]
    assert asked == ["X000002"]


def test_a_profile_whose_last_key_is_wrong_writes_nothing(store: Store) -> None:
    jwk = jwk_of(signer_from_pem(mint_ed25519().private_pem))
    profile = read_profile({**PROFILE, "keys": [{"use": "sign", "jwk": jwk, "speaks_for": ["C99"]}]})
    with pytest.raises(OnboardingError):
        operations(store).apply_profile(profile)
    assert store.partners.directory().organisations == {}
    assert not store.queries.audit(0, 10)


def test_a_plan_that_was_interrupted_is_finished_by_applying_again(store: Store) -> None:
    profile, desk = read_profile(PROFILE), operations(store)
    planned = desk.plan_profile(profile)
    for organisation, event in planned.organisations:
        store.partners.put_organisation(organisation, event)
    assert desk.apply_profile(profile).writes == planned.writes - 1
    assert desk.apply_profile(profile).writes == 0


def test_applying_again_keeps_standing_and_default_validity(store: Store) -> None:
    jwk = jwk_of(signer_from_pem(mint_ed25519().private_pem))
    profile = read_profile({**PROFILE, "keys": [{"use": "sign", "jwk": jwk, "speaks_for": ["C05"]}]})
    desk = operations(store)
    desk.apply_profile(profile)
    for to in (Standing.PROVING, Standing.LIVE):
        desk.move(OrganisationId("crc-thames"), to, without_conformance="a test")
    later = plan(store.partners.directory(), profile, PARTS, NOW.replace(year=2027))
    assert later.writes == 0
    assert later.organisation.standing is Standing.LIVE


def test_what_is_planned_is_what_the_directory_becomes(store: Store) -> None:
    planned = operations(store).apply_profile(read_profile(PROFILE))
    there = store.partners.directory()
    assert replace(there, version=planned.after.version) == planned.after


@pytest.mark.parametrize("document", [None, [], "text", 7, {}, {"organisation": {}}, {**PROFILE, "keys": [{"use": "sign"}]}, {**PROFILE, "standing": "live"}])
def test_what_is_no_profile_is_refused_with_a_place(document: object) -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile(document)
    assert caught.value.mistakes


def test_a_mistake_never_repeats_the_value() -> None:
    jwk = {"kty": "OKP", "d": ["hidden-word"]}
    with pytest.raises(ProfileError) as caught:
        read_profile({**PROFILE, "keys": [{"use": "hidden-word", "jwk": jwk}]})
    assert "hidden-word" not in str(caught.value)


def test_times_without_an_offset_are_refused() -> None:
    entry = {"use": "sign", "jwk": {"kty": "OKP"}, "not_after": "2027-01-01T00:00:00"}
    with pytest.raises(ProfileError, match="offset"):
        read_profile({**PROFILE, "keys": [entry]})
