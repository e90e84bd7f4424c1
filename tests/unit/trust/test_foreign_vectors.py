"""Other people's signatures: RFC 7515, RFC 8037, and envelopes that Apache WSS4J signed."""

import base64
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.trust import compact
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import LEGACY_SPG, POLICIES, STRICT
from gateway.trust.signing import KeyUnusable, key_record_from_certificate, key_record_from_jwk, signer_from_pem, thumbprint
from gateway.trust.wss import WssPackaging
from gateway.trust.xml_guard import canonical_document
from schemas.faults import FaultCode
from tests.support.trust import NOT_ACCEPTED, NOW, ORGANISATION, ed25519_signer, lookup_of, record, refusal, verify

VECTORS = Path(__file__).parents[2] / "vectors"
RFC = json.loads((VECTORS / "jose" / "rfc.json").read_text())
WSS = WssPackaging()
LEGACY = ["soap11-signed-Contact-upd-full", "soap12-signed-ConsolidatedTransferRequest-OM+OS-versioned", "soap12-signed-InterchangeStatusNotification-202"]
STRICTLY = ["soap12-strict-Contact-upd-full"]


def pin(jwk: dict[str, object]) -> KeyRecord:
    return key_record_from_jwk(jwk, organisation=ORGANISATION, use=KeyUse.SIGN, speaks_for=[], not_before=NOW, not_after=NOW + timedelta(days=1))


@pytest.mark.parametrize("name", ["rfc7515-A.2-RS256", "rfc7515-A.3-ES256", "rfc8037-A.4-EdDSA"])
def test_published_signatures_hold(name: str) -> None:
    key, token = pin(RFC[name]["jwk"]), RFC[name]["jws"].encode()
    header, payload, signature = token.split(b".")
    claimed = compact.Compact({}, b"", compact.base64url.decode(signature), header + b"." + payload)
    assert compact.signature_holds(claimed, key)
    assert not compact.signature_holds(compact.Compact({}, b"", claimed.signature, claimed.signing_input + b"A"), key)
    assert not compact.signature_holds(claimed, record(ed25519_signer()))


@pytest.mark.parametrize("name", ["rfc7515-A.1-HS256", "rfc7515-A.4-ES512"])
def test_published_keys_of_other_kinds_are_not_pinned(name: str) -> None:
    with pytest.raises(KeyUnusable):
        pin(RFC[name]["jwk"])


def test_rfc_8037_key_signs_and_is_named_as_published() -> None:
    vector = RFC["rfc8037-A.4-EdDSA"]
    der = bytes.fromhex("302e020100300506032b657004220420" + vector["private_hex"])
    pem = b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END PRIVATE KEY-----\n"
    signer = signer_from_pem(pem)
    assert signer.key_id == thumbprint(signer.public_key) == vector["thumbprint"]
    assert compact.join(b'{"alg":"EdDSA"}', b"Example of Ed25519 signing", signer).decode() == vector["jws"]


def sample(folder: str, name: str) -> tuple[bytes, KeyRecord, datetime]:
    """The envelope, the key in its certificate, and when it was made."""
    body = (VECTORS / folder / f"{name}.xml").read_bytes()
    token, created = re.search(rb"<wsse:BinarySecurityToken[^>]*>([^<]*)<", body), re.search(rb"<wsu:Created>([^<]*)<", body)
    assert token is not None
    assert created is not None
    key = key_record_from_certificate(base64.b64decode(token[1]), organisation=ORGANISATION, use=KeyUse.SIGN, speaks_for=[])
    return body, key, datetime.fromisoformat(created[1].decode())


@pytest.mark.parametrize(("name", "policy"), [*((name, LEGACY_SPG) for name in LEGACY), *((name, STRICT) for name in STRICTLY)])
def test_foreign_envelopes_verify_under_the_right_policy_only(name: str, policy: object) -> None:
    body, key, created = sample("wss", name)
    for candidate in POLICIES.values():
        lookup = lookup_of(key, policy=candidate)
        if candidate is not policy:
            refused = refusal(WSS, body, lookup, now=created)
            assert (refused.fault, refused.cause) == (NOT_ACCEPTED, "signed-parts" if candidate is LEGACY_SPG else "digest-algorithm")
            continue
        verified = verify(WSS, body, lookup, now=created)
        assert verified.key == key
        assert verified.soap_version == f"1.{name[5]}"
        assert verified.kind == "interchange"
        assert verified.signed_at == (created if candidate is STRICT else None)
        payload = re.search(rb"<SPGInterchange .*</SPGInterchange>", body, re.DOTALL)
        assert payload is not None
        assert verified.content == canonical_document(payload[0])


def test_a_strict_time_stamp_expires_and_a_legacy_one_is_not_believed() -> None:
    body, key, created = sample("wss", STRICTLY[0])
    lookup = lookup_of(key)
    assert refusal(WSS, body, lookup, now=created + timedelta(seconds=1301)).fault.code is FaultCode.STALE
    assert refusal(WSS, body, lookup, now=created - timedelta(seconds=301)).fault.code is FaultCode.FROM_THE_FUTURE
    assert verify(WSS, body, lookup, now=created + timedelta(seconds=1299)).signed_at == created
    legacy, legacy_key, made = sample("wss", LEGACY[0])
    assert verify(WSS, legacy, lookup_of(legacy_key, policy=LEGACY_SPG), now=made + timedelta(days=3)).signed_at is None


def test_each_bogus_one_has_its_own_cause_and_they_share_one_face() -> None:
    body, key, created = sample("bogus", "soap12-signed-body-altered")
    altered_body = refusal(WSS, body, lookup_of(key, policy=LEGACY_SPG), now=created)
    body, key, _ = sample("bogus", "soap12-strict-timestamp-altered")
    altered_stamp = refusal(WSS, body, lookup_of(key), now=key.not_before + timedelta(hours=1))
    assert altered_body.fault == altered_stamp.fault == NOT_ACCEPTED
    assert (altered_body.cause, altered_stamp.cause) == ("digest-differs-Body", "digest-differs-Timestamp")
