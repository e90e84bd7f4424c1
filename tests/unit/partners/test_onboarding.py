"""The rules of onboarding: the table of standings walked, and each refusal for its own reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from gateway.audit.events import AuditCode
from gateway.partners import onboarding, proving
from gateway.partners.agreement import Agreement, DeliveryMode, Direction, RetryPolicy
from gateway.partners.directory import Directory
from gateway.partners.onboarding import MOVES, RULES, OnboardingError, Parts, Rule
from gateway.partners.party import Organisation, Party, Proof, Standing
from gateway.partners.proving import agreed_digest
from gateway.trust.keyring import KeyRecord, Keyring, KeyUse
from gateway.trust.policy import LEGACY_SPG
from schemas.identifiers import KeyId, OrganisationId, PartyCode

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
OURS, OTHER = OrganisationId("crc-thames"), OrganisationId("crc-mersey")
C05, C07 = PartyCode("C05"), PartyCode("C07")
PARTS = Parts(dialects=frozenset({"ndelius", "caseflow"}), packagings=frozenset({"jws", "wss"}), types=frozenset({"Contact"}))
INBOUND = Agreement(party=C05, direction=Direction.INBOUND, dialect="caseflow", version="0-9-14", packaging="jws")
OUTBOUND = replace(INBOUND, direction=Direction.OUTBOUND, endpoint="https://thames.example/inbox")
KEY = KeyRecord(
    key_id=KeyId("key-1"),
    organisation=OURS,
    use=KeyUse.SIGN,
    algorithm="EdDSA",
    public_key=b"one",
    not_before=NOW,
    not_after=NOW + timedelta(days=365),
    speaks_for=frozenset({C05}),
)


def directory(standing: Standing = Standing.APPLIED, *, keys: tuple[KeyRecord, ...] = (), agreements: tuple[Agreement, ...] = ()) -> Directory:
    return Directory(
        organisations={
            OURS: Organisation(organisation_id=OURS, name="Thames", standing=standing),
            OTHER: Organisation(organisation_id=OTHER, name="Mersey", standing=Standing.LIVE),
        },
        parties={C05: Party(code=C05, name="Thames", organisation=OURS), C07: Party(code=C07, name="Mersey", organisation=OTHER)},
        agreements={(agreement.party, agreement.direction): agreement for agreement in agreements},
        keyring=Keyring.of(keys),
    )


def ready(standing: Standing) -> Directory:
    return directory(standing, keys=(KEY,), agreements=(INBOUND, OUTBOUND))


def refused(rule: Rule) -> "pytest.RaisesExc[OnboardingError]":
    return pytest.raises(OnboardingError, check=lambda error: error.rule is rule)


def test_every_rule_has_its_sentence() -> None:
    assert set(RULES) == set(Rule)


def test_the_table_is_the_life_of_a_partner() -> None:
    assert {(before.value, after.value) for before, afters in MOVES.items() for after in afters} == {
        ("applied", "proving"),
        ("applied", "left"),
        ("proving", "live"),
        ("proving", "left"),
        ("live", "suspended"),
        ("live", "left"),
        ("suspended", "live"),
        ("suspended", "left"),
    }


@pytest.mark.parametrize(("before", "after"), list(product(Standing, Standing)))
def test_every_move_is_as_the_table_says(before: Standing, after: Standing) -> None:
    if after in MOVES[before]:
        organisation, event = onboarding.move(ready(before), OURS, after, NOW, without_conformance="a test")
        assert organisation.standing is after
        assert event.code is AuditCode.PARTNER_CHANGED
        assert event.facts["before"] == before.value
        assert event.facts["standing"] == after.value
    else:
        with refused(Rule.STANDING_MOVE):
            onboarding.move(ready(before), OURS, after, NOW)


@pytest.mark.parametrize("before", [Standing.PROVING, Standing.SUSPENDED])
@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ({"keys": (), "agreements": (INBOUND,)}, "No valid signing key speaks for C05"),
        ({"keys": (replace(KEY, not_after=NOW),), "agreements": (INBOUND,)}, "No valid signing key"),
        ({"keys": (replace(KEY, revoked_at=NOW),), "agreements": (INBOUND,)}, "No valid signing key"),
        ({"keys": (replace(KEY, use=KeyUse.AUTH),), "agreements": (INBOUND,)}, "No valid signing key"),
        ({"keys": (replace(KEY, organisation=OTHER),), "agreements": (INBOUND,)}, "No valid signing key"),
        ({"keys": (KEY,), "agreements": ()}, "C05 has no agreement"),
        ({"keys": (KEY,), "agreements": (INBOUND, replace(OUTBOUND, mode=DeliveryMode.QUEUE, endpoint=None))}, "no broker user"),
    ],
)
def test_nobody_goes_live_unready(before: Standing, lacking: dict[str, tuple[object, ...]], sentence: str) -> None:
    with pytest.raises(OnboardingError, match=sentence, check=lambda error: error.rule is Rule.NOT_READY):
        onboarding.move(directory(before, **lacking), OURS, Standing.LIVE, NOW)  # type: ignore[arg-type]


def test_an_unknown_organisation_is_refused() -> None:
    with refused(Rule.ORGANISATION_UNKNOWN):
        onboarding.move(directory(), OrganisationId("nobody"), Standing.PROVING, NOW)


def test_a_profile_can_set_neither_standing_nor_broker_user() -> None:
    wanted = Organisation(organisation_id=OrganisationId("new"), name="N", standing=Standing.LIVE, broker_user="root", broker_password_hash="x")
    record, _ = onboarding.put_organisation(directory(), wanted, NOW)
    assert record == Organisation(organisation_id=OrganisationId("new"), name="N")
    known = replace(directory(Standing.SUSPENDED).organisations[OURS], broker_user="crc-thames", broker_password_hash="hash")
    there = replace(directory(), organisations={OURS: known})
    record, _ = onboarding.put_organisation(there, Organisation(organisation_id=OURS, name="Renamed", standing=Standing.LIVE), NOW)
    assert record == replace(known, name="Renamed")


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a b", "a.b", "a" * 41, "ä", "a\n", "../a"])
def test_organisation_ids_are_checked(name: str) -> None:
    with refused(Rule.ORGANISATION_ID_INVALID):
        onboarding.put_organisation(directory(), Organisation(organisation_id=OrganisationId(name), name="x"), NOW)


@pytest.mark.parametrize("code", ["", "C0", "C055", "c05", "C 5", "C05\n", "Ç05"])
def test_party_codes_are_checked(code: str) -> None:
    with refused(Rule.PARTY_CODE_INVALID):
        onboarding.put_party(directory(), Party(code=PartyCode(code), name="x", organisation=OURS), NOW)


def test_a_party_never_changes_hands() -> None:
    with refused(Rule.PARTY_TAKEN):
        onboarding.put_party(directory(), Party(code=C07, name="x", organisation=OURS), NOW)


def test_whoever_left_gets_nothing_more() -> None:
    gone = directory(Standing.LEFT)
    with refused(Rule.ORGANISATION_LEFT):
        onboarding.put_organisation(gone, gone.organisations[OURS], NOW)
    with refused(Rule.ORGANISATION_LEFT):
        onboarding.put_party(gone, gone.parties[C05], NOW)
    with refused(Rule.ORGANISATION_LEFT):
        onboarding.put_agreement(gone, INBOUND, PARTS, NOW)
    with refused(Rule.ORGANISATION_LEFT):
        onboarding.pin_key(gone, KEY, NOW)
    with refused(Rule.ORGANISATION_LEFT):
        onboarding.give_broker_user(gone, OURS, user="u", password_hash="h", now=NOW)


@pytest.mark.parametrize(
    ("agreement", "rule"),
    [
        (replace(INBOUND, party=PartyCode("C99")), Rule.PARTY_UNKNOWN),
        (replace(INBOUND, dialect="klingon"), Rule.DIALECT_UNKNOWN),
        (replace(INBOUND, version="1"), Rule.VERSION_UNKNOWN),
        (replace(INBOUND, broadcast_types=frozenset({"Nonsense"})), Rule.TYPE_UNKNOWN),
        (replace(INBOUND, broadcast_types=frozenset({"Contact"}), types=frozenset()), Rule.BROADCAST_INVALID),
        (replace(OUTBOUND, broadcast_types=frozenset({"Contact"})), Rule.BROADCAST_INVALID),
        (replace(OUTBOUND, version="0-9-15"), Rule.VERSION_UNKNOWN),
        (replace(INBOUND, packaging="zip"), Rule.PACKAGING_UNKNOWN),
        (replace(INBOUND, types=frozenset({"Contact", "Gossip"})), Rule.TYPE_UNKNOWN),
        (replace(INBOUND, policy=LEGACY_SPG), Rule.POLICY_MISMATCH),
        (replace(INBOUND, soap_version="1.3"), Rule.POLICY_MISMATCH),
        (replace(OUTBOUND, endpoint=None), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, mode=DeliveryMode.QUEUE), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, mode=DeliveryMode.SHELF), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, endpoint="http://thames.example/inbox"), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, endpoint="ftp://thames.example/inbox"), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, endpoint="https://user:pass@thames.example/"), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, endpoint="https://thames.example/?a=b"), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, endpoint="https://thames.example:99999/"), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, endpoint="https://thames.example/ x"), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, endpoint="https:///inbox"), Rule.ENDPOINT_INVALID),
        (replace(OUTBOUND, receipt_endpoint="http://thames.example/"), Rule.ENDPOINT_INVALID),
        (replace(INBOUND, max_bytes=0), Rule.VALUE_OUT_OF_RANGE),
        (replace(INBOUND, max_messages=0), Rule.VALUE_OUT_OF_RANGE),
        (replace(INBOUND, max_messages=10_001), Rule.VALUE_OUT_OF_RANGE),
        (replace(INBOUND, max_age_seconds=0), Rule.VALUE_OUT_OF_RANGE),
        (replace(INBOUND, timeout_seconds=float("nan")), Rule.VALUE_OUT_OF_RANGE),
        (replace(INBOUND, retry=RetryPolicy(factor=0.5)), Rule.VALUE_OUT_OF_RANGE),
        (replace(INBOUND, retry=RetryPolicy(first_seconds=60, longest_seconds=1)), Rule.VALUE_OUT_OF_RANGE),
        (replace(INBOUND, receipt_stages=frozenset({"accepted"})), Rule.VALUE_OUT_OF_RANGE),
    ],
    ids=lambda value: value.value if isinstance(value, Rule) else "",
)
def test_an_agreement_that_cannot_work_is_refused(agreement: Agreement, rule: Rule) -> None:
    with refused(rule):
        onboarding.put_agreement(directory(), agreement, PARTS, NOW)


@pytest.mark.parametrize("mode", DeliveryMode)
def test_a_signature_beside_the_document_needs_a_place_of_its_own(mode: DeliveryMode) -> None:
    beside = replace(OUTBOUND, packaging="detached", mode=mode, endpoint=OUTBOUND.endpoint if mode is DeliveryMode.PUSH else None)
    parts = replace(PARTS, packagings=PARTS.packagings | {"detached"})
    if mode in (DeliveryMode.DROP, DeliveryMode.PUSH):
        assert onboarding.put_agreement(directory(), beside, parts, NOW)[0] == beside
    else:
        with refused(Rule.PACKAGING_MISMATCH):
            onboarding.put_agreement(directory(), beside, parts, NOW)
    with refused(Rule.POLICY_MISMATCH):
        onboarding.put_agreement(directory(), replace(beside, policy=LEGACY_SPG), parts, NOW)


def test_files_have_no_endpoint() -> None:
    with refused(Rule.ENDPOINT_INVALID):
        onboarding.put_agreement(directory(), replace(OUTBOUND, mode=DeliveryMode.DROP), PARTS, NOW)


def test_a_mode_without_a_channel_is_refused() -> None:
    with refused(Rule.CHANNEL_UNKNOWN):
        onboarding.put_agreement(directory(), OUTBOUND, replace(PARTS, modes=frozenset({DeliveryMode.SHELF})), NOW)


@pytest.mark.parametrize(
    "agreement",
    [
        INBOUND,
        OUTBOUND,
        replace(INBOUND, broadcast_types=frozenset({"Contact"})),
        replace(INBOUND, broadcast_types=frozenset({"Contact"}), types=frozenset({"Contact"})),
        replace(OUTBOUND, endpoint="http://127.0.0.1:8099/inbox"),
        replace(OUTBOUND, mode=DeliveryMode.SHELF, endpoint=None),
        replace(INBOUND, dialect="ndelius", packaging="wss", policy=LEGACY_SPG),
    ],
)
def test_an_agreement_that_can_work_is_taken(agreement: Agreement) -> None:
    record, event = onboarding.put_agreement(directory(), agreement, PARTS, NOW)
    assert record == agreement
    assert event.subject == agreement.party
    assert event.facts["policy"] == agreement.policy.name


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        (replace(KEY, organisation=OrganisationId("nobody")), Rule.ORGANISATION_UNKNOWN),
        (replace(KEY, algorithm="HS256"), Rule.KEY_ALGORITHM),
        (replace(KEY, algorithm="none"), Rule.KEY_ALGORITHM),
        (replace(KEY, not_before=NOW, not_after=NOW), Rule.KEY_VALIDITY),
        (replace(KEY, not_before=NOW - timedelta(days=2), not_after=NOW), Rule.KEY_VALIDITY),
        (replace(KEY, not_after=NOW + timedelta(days=3650)), Rule.KEY_VALIDITY),
        (replace(KEY, revoked_at=NOW), Rule.KEY_REVOKED),
        (replace(KEY, speaks_for=frozenset()), Rule.KEY_SPEAKS_FOR),
        (replace(KEY, speaks_for=frozenset({C05, C07})), Rule.KEY_SPEAKS_FOR),
        (replace(KEY, speaks_for=frozenset({PartyCode("C99")})), Rule.KEY_SPEAKS_FOR),
        (replace(KEY, use=KeyUse.AUTH, speaks_for=frozenset({C07})), Rule.KEY_SPEAKS_FOR),
    ],
)
def test_a_key_that_may_not_be_pinned_is_refused(key: KeyRecord, rule: Rule) -> None:
    with refused(rule):
        onboarding.pin_key(directory(), key, NOW)


@pytest.mark.parametrize(
    ("pinned", "rule"),
    [
        (replace(KEY, organisation=OTHER, speaks_for=frozenset({C07})), Rule.KEY_TAKEN),
        (replace(KEY, key_id=KeyId("in-a-certificate"), organisation=OTHER), Rule.KEY_TAKEN),
        (replace(KEY, key_id=KeyId("in-a-certificate"), use=KeyUse.AUTH), Rule.KEY_USE),
        (replace(KEY, algorithm="PS256"), Rule.KEY_USE),
        (replace(KEY, revoked_at=NOW), Rule.KEY_REVOKED),
        (replace(KEY, key_id=KeyId("in-a-certificate"), revoked_at=NOW), Rule.KEY_REVOKED),
    ],
)
def test_a_key_is_pinned_for_one_organisation_and_one_use(pinned: KeyRecord, rule: Rule) -> None:
    with refused(rule):
        onboarding.pin_key(directory(keys=(pinned,)), KEY, NOW)


def test_keys_may_overlap_and_be_extended() -> None:
    there = directory(keys=(KEY,))
    onboarding.pin_key(there, replace(KEY, key_id=KeyId("key-2"), public_key=b"two"), NOW)
    longer, event = onboarding.pin_key(there, replace(KEY, not_after=NOW + timedelta(days=700)), NOW)
    assert longer.not_after == NOW + timedelta(days=700)
    assert event.code is AuditCode.KEY_ADDED
    assert event.subject == KEY.key_id


def test_revoking_ends_a_key_once() -> None:
    revoked, event = onboarding.revoke(directory(keys=(KEY,)), KEY.key_id, reason="lost", now=NOW)
    assert not revoked.valid_at(NOW)
    assert event.facts["reason"] == "lost"
    with refused(Rule.KEY_REVOKED):
        onboarding.revoke(directory(keys=(revoked,)), KEY.key_id, reason="again", now=NOW)
    with refused(Rule.KEY_UNKNOWN):
        onboarding.revoke(directory(), KEY.key_id, reason="lost", now=NOW)


def test_a_queue_partner_with_its_user_goes_live() -> None:
    there = directory(Standing.PROVING, keys=(KEY,), agreements=(INBOUND, replace(OUTBOUND, mode=DeliveryMode.QUEUE, endpoint=None)))
    organisation, event = onboarding.give_broker_user(there, OURS, user="crc-thames", password_hash="secret-hash", now=NOW)
    assert "secret-hash" not in str(event.facts)
    there = replace(there, organisations={**there.organisations, OURS: organisation})
    assert onboarding.missing(there, OURS, NOW) == ()
    assert onboarding.move(there, OURS, Standing.LIVE, NOW, without_conformance="a test")[0].standing is Standing.LIVE


def test_parties_of_one_organisation_send_alike_per_packaging() -> None:
    second = replace(INBOUND, party=C07, dialect="ndelius")
    both = replace(
        directory(agreements=(INBOUND, second)),
        parties={code: Party(code=code, name=code, organisation=OURS) for code in (C05, C07)},
    )
    with refused(Rule.ORGANISATION_DIVIDED):
        onboarding.require_undivided(both, OURS)
    other_packaging = replace(both, agreements={**both.agreements, (C07, Direction.INBOUND): replace(second, packaging="wss", policy=LEGACY_SPG)})
    onboarding.require_undivided(other_packaging, OURS)
    onboarding.require_undivided(directory(agreements=(INBOUND, second)), OURS)  # C07 is another organisation's there


def proved(there: Directory, *, party: PartyCode = C05, agreed: str | None = None) -> Directory:
    proof = Proof(party=party, agreed=agreed or agreed_digest(there, party), report="sha-256:00", at=NOW.isoformat())
    organisation, event = proving.prove(there.organisations[OURS], proof, NOW)
    assert (event.code, event.subject) == (AuditCode.CONFORMANCE_PASSED, party)
    return replace(there, organisations={**there.organisations, organisation.organisation_id: organisation})


def test_from_proving_nobody_goes_live_unproved() -> None:
    with refused(Rule.NOT_PROVED):
        onboarding.move(ready(Standing.PROVING), OURS, Standing.LIVE, NOW)
    organisation, event = onboarding.move(proved(ready(Standing.PROVING)), OURS, Standing.LIVE, NOW)
    assert organisation.standing is Standing.LIVE
    assert "without_conformance" not in event.facts


def test_a_reason_lets_it_through_and_is_audited() -> None:
    _, event = onboarding.move(ready(Standing.PROVING), OURS, Standing.LIVE, NOW, without_conformance=" proved elsewhere ")
    assert event.facts["without_conformance"] == "proved elsewhere"
    with refused(Rule.NOT_PROVED):
        onboarding.move(ready(Standing.PROVING), OURS, Standing.LIVE, NOW, without_conformance="  ")


def test_what_was_proved_is_the_agreement_of_that_moment() -> None:
    there = proved(ready(Standing.PROVING))
    changed = {(C05, Direction.INBOUND): INBOUND, (C05, Direction.OUTBOUND): replace(OUTBOUND, timeout_seconds=7.0)}
    assert proving.unproved(there, there.organisations[OURS]) == ()
    assert proving.unproved(replace(there, agreements=changed), there.organisations[OURS]) == (C05,)


def test_a_failed_run_ends_an_earlier_proof() -> None:
    there = proved(ready(Standing.PROVING))
    failed = Proof(party=C05, agreed=agreed_digest(there, C05), report="sha-256:11", at=NOW.isoformat())
    organisation, event = proving.disprove(there.organisations[OURS], failed, 3, NOW)
    assert organisation.proofs == ()
    assert (event.code, event.facts["failed"]) == (AuditCode.CONFORMANCE_FAILED, 3)


def test_who_is_only_heard_needs_no_proof() -> None:
    there = directory(Standing.PROVING, keys=(KEY,), agreements=(INBOUND,))
    assert onboarding.move(there, OURS, Standing.LIVE, NOW)[0].standing is Standing.LIVE


def test_back_from_a_suspension_nothing_is_proved_again() -> None:
    assert onboarding.move(ready(Standing.SUSPENDED), OURS, Standing.LIVE, NOW)[0].standing is Standing.LIVE


def test_a_profile_applied_again_keeps_the_proofs() -> None:
    there = proved(ready(Standing.PROVING))
    record, _ = onboarding.put_organisation(there, Organisation(organisation_id=OURS, name="Thames"), NOW)
    assert record.proofs == there.organisations[OURS].proofs


def test_a_version_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(OnboardingError, match=r"Found '0-9-15'; there is: 0-9-9, .*, 0-9-14\.$"):
        onboarding.put_agreement(directory(), replace(OUTBOUND, version="0-9-15"), PARTS, NOW)
