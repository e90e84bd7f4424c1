"""What a conformance run proves: what it plays by asks for a new run when it changes, and nothing else does."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.partners.agreement import Agreement, DeliveryMode, Direction, LastStage, OrderUntil, RetryPolicy
from gateway.partners.directory import Directory
from gateway.partners.filters import ContentFilter, Match
from gateway.partners.hours import Day, WorkingHours
from gateway.partners.party import Organisation, Party
from gateway.partners.proving import NOT_PROVED, PROVED, agreed_digest
from gateway.partners.watching import Thresholds
from gateway.rehearsal.jose import PartnerKey
from gateway.trust.keyring import KeyRecord, Keyring, KeyUse
from gateway.trust.policy import LEGACY_SPG
from gateway.trust.signing import key_record_from_jwk
from schemas.identifiers import OrganisationId, PartyCode

C05, OURS = PartyCode("C05"), OrganisationId("crc-thames")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
AGREED = Agreement(party=C05, direction=Direction.OUTBOUND, dialect="caseflow", version="0-9-14", packaging="jws", endpoint="https://thames.example/in")
ASKS: Mapping[str, object] = {
    "dialect": "canonical",
    "version": "0-9-13",
    "detail_dialect": "canonical",
    "name_case": False,
    "own_ids": True,
    "types": frozenset({"Contact"}),
    "reduced_deletes": True,
    "mode": DeliveryMode.SHELF,
    "endpoint": "https://thames.example/other",
    "receipt_endpoint": "https://thames.example/receipts",
    "timeout_seconds": 7.0,
    "soap_version": "1.1",
    "bare_response": True,
    "packaging": "wss",
    "policy": LEGACY_SPG,
    "max_age_seconds": 3600,
    "test_allowed": False,
    "receipt_stages": frozenset({"applied"}),
    "bundle_receipts": True,
    "message_statuses": True,
    "last_stage": LastStage.DELIVERED,
    "order": OrderUntil.APPLIED,
}
ASKS_NOT: Mapping[str, object] = {
    "absorb": True,
    "partial": True,
    "max_messages": 5,
    "max_bytes": 4096,
    "broadcast_types": frozenset({"Contact"}),
    "broadcast_reference_data": False,
    "broadcast_offender_data": False,
    "filters": ContentFilter(excepted=(Match(types=frozenset({"Contact"})),)),
    "metadata_updates": False,
    "working_hours": WorkingHours(days=frozenset({Day.MON}), opens="09:00", closes="17:00"),
    "retry": RetryPolicy(first_seconds=1.0),
    "thresholds": Thresholds(waiting=7),
    "breaker_failures": 9,
    "breaker_seconds": 9.0,
}


def key(use: KeyUse = KeyUse.SIGN, *speaks_for: str) -> KeyRecord:
    day = timedelta(days=1)
    pinned = [PartyCode(code) for code in speaks_for]
    return key_record_from_jwk(dict(PartnerKey.generate().jwk), organisation=OURS, use=use, speaks_for=pinned, not_before=NOW - day, not_after=NOW + day)


SIGNS = key(KeyUse.SIGN, "C05")


def there(agreement: Agreement = AGREED, *keys: KeyRecord, organisation: Organisation | None = None) -> Directory:
    return Directory(
        organisations={OURS: organisation or Organisation(organisation_id=OURS, name="Thames (fictional)")},
        parties={C05: Party(code=C05, name="Thames", organisation=OURS)},
        agreements={(C05, Direction.OUTBOUND): agreement},
        keyring=Keyring.of(keys or (SIGNS,)),
    )


def test_every_field_of_an_agreement_is_on_one_side() -> None:
    assert {field.name for field in fields(Agreement)} == PROVED | NOT_PROVED
    assert frozenset() == PROVED & NOT_PROVED
    assert ASKS.keys() == PROVED - {"party", "direction"}
    assert ASKS_NOT.keys() == NOT_PROVED


@pytest.mark.parametrize("name", sorted(ASKS))
def test_what_a_run_plays_by_asks_for_a_new_one(name: str) -> None:
    assert getattr(AGREED, name) != ASKS[name]
    assert agreed_digest(there(replace(AGREED, **{name: ASKS[name]})), C05) != agreed_digest(there(), C05)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(ASKS_NOT))
def test_what_no_run_could_tell_asks_for_none(name: str) -> None:
    assert getattr(AGREED, name) != ASKS_NOT[name]
    assert agreed_digest(there(replace(AGREED, **{name: ASKS_NOT[name]})), C05) == agreed_digest(there(), C05)  # type: ignore[arg-type]


def test_a_contact_asks_for_none() -> None:
    known = Organisation(organisation_id=OURS, name="Thames (fictional)", contact_role="night desk", contact_mailbox="night@thames.example")
    assert agreed_digest(there(organisation=known), C05) == agreed_digest(there(), C05)


@pytest.mark.parametrize("added", [key(KeyUse.SIGN, "C05"), key(KeyUse.AUTH)])
def test_another_key_asks_for_a_new_run(added: KeyRecord) -> None:
    assert agreed_digest(there(AGREED, SIGNS, added), C05) != agreed_digest(there(), C05)


@pytest.mark.parametrize("added", [key(KeyUse.SIGN, "C06"), key(KeyUse.TLS), replace(key(KeyUse.SIGN, "C05"), revoked_at=NOW)])
def test_a_key_that_it_does_not_speak_with_asks_for_none(added: KeyRecord) -> None:
    assert agreed_digest(there(AGREED, SIGNS, added), C05) == agreed_digest(there(), C05)
