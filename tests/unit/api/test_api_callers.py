"""Who may call: every way of not being known gets the same answer, and reads nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.config import ClientCertificates
from gateway.partners.party import Standing
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.signing import certificate_thumbprint
from schemas.identifiers import OrganisationId
from tests.support.api import GONE, JWS, NDELIUS, NORTH, NOW, House, bearer, directory, pinned, settings_for, signer

CERTIFICATE = b"der bytes of a certificate"
OTHER_CERTIFICATE = b"der bytes of another"


@pytest.fixture
def house() -> House:
    return House(settings_for())


def tls_key(organisation: OrganisationId, certificate: bytes = CERTIFICATE, **changed: Any) -> KeyRecord:
    given = {"key_id": certificate_thumbprint(certificate), "use": KeyUse.TLS, **changed}
    return replace(pinned(organisation, KeyUse.AUTH), **given)


def post(house: House, headers: dict[str, str]) -> Any:
    with house.open() as caller:
        return caller.http.post("/v1/messages", content=JWS, headers={"Content-Type": "application/jose", **headers})


GOOD = {"method": "POST", "url": "/v1/messages"}
BAD_TOKENS = {
    "missing": dict,
    "empty": lambda: {"Authorization": "Bearer "},
    "basic": lambda: {"Authorization": "Basic bjAwOng="},
    "rubbish": lambda: {"Authorization": "Bearer a.b.c"},
    "key for messages": lambda: bearer(NDELIUS, **GOOD, key=signer(NDELIUS, KeyUse.SIGN)),
    "key of another": lambda: bearer(NDELIUS, **GOOD, key=signer(NORTH, KeyUse.AUTH)),
    "expired": lambda: bearer(NDELIUS, **GOOD, now=NOW - timedelta(seconds=421)),
    "from the future": lambda: bearer(NDELIUS, **GOOD, now=NOW + timedelta(seconds=301)),
    "lives too long": lambda: bearer(NDELIUS, **GOOD, lifetime_seconds=301),
    "other method": lambda: bearer(NDELIUS, "GET", "/v1/messages"),
    "other path": lambda: bearer(NDELIUS, "POST", "/v1/messages/m1/receipt"),
    "other host": lambda: bearer(NDELIUS, "POST", "http://elsewhere.test/v1/messages"),
    "other audience": lambda: bearer(NDELIUS, **GOOD, audience="interagency-gateway.live"),
}


@pytest.mark.parametrize("headers", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_whoever_is_not_known_learns_one_sentence(house: House, headers: Any) -> None:
    answer = post(house, headers())
    problem = answer.json()
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (problem["code"], "detail" in problem) == ("not-authenticated", False)
    assert house.intake.submitted == []
    assert house.telemetry.registry.get_sample_value("gateway_refusals_total", {"door": "https", "fault": "not-authenticated"}) == 1


def test_two_authorization_headers_are_refused(house: House) -> None:
    token = bearer(NDELIUS, **GOOD)["Authorization"]
    with house.open() as caller:
        answer = caller.http.post(
            "/v1/messages", content=JWS, headers=[("Authorization", token), ("Authorization", token), ("Content-Type", "application/jose")]
        )
    assert answer.status_code == 401


def test_a_revoked_caller_key_is_not_known(house: House) -> None:
    house.people = directory(pinned(NDELIUS, KeyUse.AUTH, revoked_at=NOW))
    assert post(house, bearer(NDELIUS, **GOOD)).status_code == 401


def test_a_token_works_once(house: House) -> None:
    headers = bearer(NDELIUS, **GOOD)
    assert post(house, headers).status_code == 202
    assert post(house, headers).status_code == 401
    assert len(house.intake.submitted) == 1


def test_the_peer_is_the_organisation_of_the_token(house: House) -> None:
    post(house, bearer(NORTH, **GOOD))
    (submission,) = house.intake.submitted
    assert (submission.peer, submission.packaging, submission.channel, submission.received_at) == (NORTH, "jws", "https", NOW)


@pytest.mark.parametrize(
    ("standing", "status"), [(Standing.APPLIED, 403), (Standing.PROVING, 202), (Standing.LIVE, 202), (Standing.SUSPENDED, 403), (Standing.LEFT, 403)]
)
def test_standing_decides(house: House, standing: Standing, status: int) -> None:
    house.people = directory(standing=standing)
    answer = post(house, bearer(GONE, **GOOD))
    assert answer.status_code == status
    assert status != 403 or answer.json()["code"] == "caller-not-connected"


def test_store_down_is_503_with_retry_after(house: House) -> None:
    house.store.down = True
    answer = post(house, bearer(NDELIUS, **GOOD))
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")


@pytest.fixture
def guarded(tmp_path: Any) -> House:
    settings = settings_for(client_certificates="required", tls_certificate=tmp_path, tls_private_key=tmp_path, tls_client_ca=tmp_path)
    return House(settings, people=directory(tls_key(NDELIUS), tls_key(NORTH, OTHER_CERTIFICATE)), peer_certificate=CERTIFICATE)


def test_token_and_pinned_certificate_together_are_known(guarded: House) -> None:
    assert post(guarded, bearer(NDELIUS, **GOOD)).status_code == 202


@pytest.mark.parametrize("certificate", [None, OTHER_CERTIFICATE, b"not pinned"], ids=["none", "another's", "unknown"])
def test_the_wrong_certificate_is_not_known_and_does_not_use_up_the_token(guarded: House, certificate: bytes | None) -> None:
    guarded.peer_certificate = certificate
    headers = bearer(NDELIUS, **GOOD)
    assert post(guarded, headers).status_code == 401
    guarded.peer_certificate = CERTIFICATE
    assert post(guarded, headers).status_code == 202


@pytest.mark.parametrize("changed", [{"use": KeyUse.SIGN}, {"revoked_at": NOW}, {"not_after": NOW}], ids=["other use", "revoked", "expired"])
def test_a_certificate_is_a_key_of_use_tls_and_current(guarded: House, changed: dict[str, Any]) -> None:
    guarded.people = directory(tls_key(NDELIUS, **changed))
    assert post(guarded, bearer(NDELIUS, **GOOD)).status_code == 401


def test_optional_means_absent_is_fine_and_wrong_is_not(guarded: House) -> None:
    guarded.settings = guarded.settings.model_copy(update={"client_certificates": ClientCertificates.OPTIONAL})
    guarded.peer_certificate = None
    assert post(guarded, bearer(NDELIUS, **GOOD)).status_code == 202
    guarded.peer_certificate = OTHER_CERTIFICATE
    assert post(guarded, bearer(NDELIUS, **GOOD)).status_code == 401


def test_soap_needs_no_certificate_but_a_presented_one_must_be_pinned(guarded: House) -> None:
    seen = {}
    for name, certificate in (("pinned", CERTIFICATE), ("absent", None), ("unknown", b"x")):
        guarded.peer_certificate = certificate
        with guarded.open() as caller:
            seen[name] = caller.http.post("/spg", content=b"<x/>", headers={"Content-Type": "text/xml"}).status_code
    assert seen == {"pinned": 200, "absent": 200, "unknown": 500}
    assert [submission.peer for submission in guarded.intake.submitted] == [NDELIUS, None]


READS = ["/v1/messages/m1", "/v1/mailbox", "/v1/receipts"]


@pytest.mark.parametrize("path", READS)
def test_reading_needs_a_caller_too(house: House, path: str) -> None:
    with house.open() as caller:
        assert caller.http.get(path).status_code == 401
