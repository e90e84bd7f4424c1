"""Agreements whose dialect only points at messages: what must be agreed with them, and nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.directory import Directory
from gateway.partners.onboarding import OnboardingError, Parts, Rule, missing, put_agreement
from gateway.partners.party import Organisation, Party, Standing
from gateway.partners.profile import read_profile
from gateway.store.documents import agreement_document, to_agreement
from gateway.trust.keyring import KeyRecord, Keyring, KeyUse
from gateway.trust.minting import mint_ed25519
from gateway.trust.signing import public_record, signer_from_pem
from schemas.identifiers import OrganisationId, PartyCode

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CODE, OWNER = PartyCode("C05"), OrganisationId("alder")
PARTS = Parts(
    dialects=frozenset({"canonical", "events", "ndelius"}),
    packagings=frozenset({"jws", "wss", "detached"}),
    pointing=frozenset({"events"}),
    details=frozenset({"canonical"}),
)
DIRECTORY = Directory(
    organisations=MappingProxyType({OWNER: Organisation(organisation_id=OWNER, name="Alder", standing=Standing.PROVING)}),
    parties=MappingProxyType({CODE: Party(code=CODE, name="Alder", organisation=OWNER)}),
)
GOOD = Agreement(
    party=CODE, direction=Direction.OUTBOUND, dialect="events", version="0-9-14", packaging="jws", mode=DeliveryMode.SHELF, detail_dialect="canonical"
)


def put(**changes: object) -> Agreement:
    return put_agreement(DIRECTORY, replace(GOOD, **changes), PARTS, NOW)[0]  # type: ignore[arg-type]


def test_events_with_a_language_for_their_details_are_taken() -> None:
    assert put() == GOOD
    assert put(direction=Direction.INBOUND, detail_dialect=None).dialect == "events"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"detail_dialect": None}, Rule.DETAIL_MISMATCH),
        ({"detail_dialect": "ndelius"}, Rule.DETAIL_MISMATCH),
        ({"detail_dialect": "events"}, Rule.DETAIL_MISMATCH),
        ({"detail_dialect": "nonsense"}, Rule.DETAIL_MISMATCH),
        ({"dialect": "canonical"}, Rule.DETAIL_MISMATCH),
        ({"direction": Direction.INBOUND}, Rule.DETAIL_MISMATCH),
        ({"packaging": "detached", "mode": DeliveryMode.PUSH, "endpoint": "https://alder.example/in"}, Rule.PACKAGING_MISMATCH),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, object], rule: Rule) -> None:
    with pytest.raises(OnboardingError) as caught:
        put(**changes)
    assert caught.value.rule is rule


def test_a_profile_says_both_switches_and_the_store_keeps_them() -> None:
    outbound = {"dialect": "events", "version": "0-9-14", "packaging": "jws", "mode": "shelf", "detail_dialect": "canonical", "name_case": False}
    document = {"organisation": {"id": OWNER, "name": "Alder"}, "parties": [{"code": CODE, "name": "Alder", "outbound": outbound}]}
    (agreement,) = read_profile(document).agreements()
    assert agreement == replace(GOOD, name_case=False)
    assert to_agreement(agreement_document(agreement)) == agreement


def key(use: KeyUse) -> KeyRecord:
    record = public_record(
        signer_from_pem(mint_ed25519().private_pem), organisation=OWNER, use=use, speaks_for=[CODE], not_before=NOW, not_after=NOW + timedelta(days=9)
    )
    return replace(record, speaks_for=record.speaks_for if use is KeyUse.SIGN else frozenset())


def test_to_fetch_a_consumer_needs_a_key_to_call_with_and_to_be_settled_an_inbound_side() -> None:
    events = replace(DIRECTORY, agreements=MappingProxyType({(CODE, Direction.OUTBOUND): GOOD}))
    assert ["auth" in one for one in missing(events, OWNER, NOW)] == [True, False]
    both = {(CODE, direction): replace(GOOD, direction=direction) for direction in Direction}
    ready = replace(events, agreements=MappingProxyType(both), keyring=Keyring.of([key(KeyUse.SIGN), key(KeyUse.AUTH)]))
    assert missing(ready, OWNER, NOW) == ()
    plain = {place: replace(one, dialect="canonical", detail_dialect=None) for place, one in both.items()}
    assert missing(replace(ready, agreements=MappingProxyType(plain), keyring=Keyring.of([key(KeyUse.SIGN)])), OWNER, NOW) == ()
