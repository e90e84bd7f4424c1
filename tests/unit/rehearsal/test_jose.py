"""The partners' own JWS agrees with RFC 8037 and with the gateway's, and believes nothing else."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.contract import WireMessage
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, PublishedKeys, thumbprint, unbase64url
from gateway.trust.contract import Limits, SenderTrust
from gateway.trust.jws import JwsPackaging
from gateway.trust.keyring import KeyUse
from gateway.trust.policy import STRICT
from gateway.trust.signing import key_record_from_jwk

# RFC 8037 appendix A.1 to A.3
RFC_PRIVATE = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_JWK = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.fixture
def key() -> PartnerKey:
    return PartnerKey(Ed25519PrivateKey.from_private_bytes(unbase64url(RFC_PRIVATE)))


@pytest.fixture
def published(key: PartnerKey) -> PublishedKeys:
    return PublishedKeys({"keys": [key.jwk]})


def test_the_example_key_of_rfc_8037(key: PartnerKey) -> None:
    assert key.jwk == RFC_JWK
    assert key.key_id == thumbprint(RFC_JWK) == RFC_THUMBPRINT


def test_what_a_partner_signs_the_gateway_verifies(key: PartnerKey) -> None:
    now = datetime.now(UTC)
    record = key_record_from_jwk(key.jwk, organisation="wexcombe", use=KeyUse.SIGN, speaks_for=(), not_before=now - timedelta(1), not_after=now + timedelta(1))
    wire = WireMessage(key.sign(b'{"a":1}', kind="message", audience="us").encode(), "application/jose")
    verified = JwsPackaging().verify(wire, lambda _: SenderTrust(record, STRICT, 60), audience="us", now=now, limits=Limits())
    assert verified.content == b'{"a":1}'
    assert verified.kind == "message"


def test_a_round_trip_gives_back_the_payload(key: PartnerKey, published: PublishedKeys) -> None:
    opened = published.open(key.sign(b'{"a":1}', kind="receipt", audience="us", issued_at=7), kind="receipt", audience="us")
    assert (opened.payload, opened.key_id, opened.issued_at) == (b'{"a":1}', key.key_id, 7)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_changed_part_is_not_believed(key: PartnerKey, published: PublishedKeys, place: int) -> None:
    parts = key.sign(b'{"a":1}', kind="receipt", audience="us").split(".")
    changed = bytearray(unbase64url(parts[place]))
    changed[3] ^= 1
    parts[place] = base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode()
    with pytest.raises(NotBelievedError):
        published.open(".".join(parts), kind="receipt", audience="us")


def test_another_kind_audience_or_key_is_not_believed(key: PartnerKey, published: PublishedKeys) -> None:
    jws = key.sign(b"{}", kind="message", audience="us")
    with pytest.raises(NotBelievedError):
        published.open(jws, kind="receipt", audience="us")
    with pytest.raises(NotBelievedError):
        published.open(jws, kind="message", audience="them")
    with pytest.raises(NotBelievedError):
        published.open(PartnerKey.generate().sign(b"{}", kind="message", audience="us"), kind="message", audience="us")


def test_an_extra_header_member_is_not_believed(key: PartnerKey, published: PublishedKeys) -> None:
    header = {"alg": "EdDSA", "kid": key.key_id, "typ": "message+jws", "aud": "us", "iat": 1, "crit": ["exp"]}
    with pytest.raises(NotBelievedError):
        published.open(key._compact(header, b"{}"), kind="message", audience="us")


def test_a_caller_token_names_request_and_caller(key: PartnerKey) -> None:
    token = key.caller_token(organisation="wexcombe", audience="us", method="POST", url="https://localhost:1/v1/messages")
    header, claims = (json.loads(unbase64url(part)) for part in token.split(".")[:2])
    assert header == {"alg": "EdDSA", "kid": key.key_id, "typ": "caller+jwt"}
    assert claims["iss"] == claims["sub"] == "wexcombe"
    assert (claims["htm"], claims["htu"]) == ("POST", "https://localhost:1/v1/messages")
    assert 0 < claims["exp"] - claims["iat"] <= 300
