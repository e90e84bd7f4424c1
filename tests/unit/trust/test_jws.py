"""The `jws` packaging, and every known trick against a JWS."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.trust import base64url
from gateway.trust.contract import Limits
from gateway.trust.jws import JwsPackaging, digest, sign_receipt, verify_receipt
from gateway.trust.keyring import KeyUse
from schemas.faults import FaultCode, Refusal
from tests.support.trust import AUDIENCE, JSON_DOCUMENT, MAX_AGE, NOT_ACCEPTED, NOW, ed25519_signer, lookup_of, order, record, refusal, rsa_signer, verify

JWS = JwsPackaging()
SIGNER = ed25519_signer()
KEY = record(SIGNER)
LOOKUP = lookup_of(KEY)


def header(**changes: object) -> dict[str, object]:
    plain = {"alg": "EdDSA", "kid": KEY.key_id, "typ": "message+jws", "aud": AUDIENCE, "iat": int(NOW.timestamp())}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def forge(head: dict[str, object] | bytes, payload: bytes = JSON_DOCUMENT, *, sign: bool = True) -> bytes:
    """A JWS with any header at all, signed rightly unless told otherwise."""
    raw = head if isinstance(head, bytes) else json.dumps(head).encode()
    signing_input = base64url.encode(raw) + b"." + base64url.encode(payload)
    return signing_input + b"." + base64url.encode(SIGNER.sign(signing_input) if sign else b"")


def test_what_was_signed_comes_back() -> None:
    wire = JWS.seal(order(JSON_DOCUMENT), SIGNER)
    verified = JWS.verify(wire, LOOKUP, audience=AUDIENCE, now=NOW, limits=Limits())
    assert wire.content_type == "application/jose"
    assert (verified.content, verified.kind, verified.key, verified.signed_at) == (JSON_DOCUMENT, "message", KEY, NOW)
    assert verified.digest == "sha-256:" + hashlib.sha256(JSON_DOCUMENT).hexdigest() == digest(JSON_DOCUMENT)


def test_an_rsa_key_signs_as_well() -> None:
    wire = JWS.seal(order(JSON_DOCUMENT, kind="receipt"), rsa_signer())
    assert verify(JWS, wire.body, lookup_of(record(rsa_signer()))).kind == "receipt"


def test_the_protected_header_is_exactly_five_names() -> None:
    head = json.loads(base64url.decode(JWS.seal(order(JSON_DOCUMENT), SIGNER).body.split(b".")[0]))
    assert head == header()


@pytest.mark.parametrize(
    ("head", "cause"),
    [
        (header(alg="none"), "algorithm-not-the-key's"),
        (header(alg="HS256"), "algorithm-not-the-key's"),
        (header(alg="RS256"), "algorithm-not-the-key's"),
        (header(alg="eddsa"), "algorithm-not-the-key's"),
        (header(alg=None), "header-names"),
        (header(kid=None), "header-names"),
        (header(iat=None), "header-names"),
        (header(aud=None), "header-names"),
        (header(crit=["exp"], exp=1), "header-names"),
        (header(crit=["b64"], b64=False), "header-names"),
        (header(crit=[]), "header-names"),
        (header(jwk={"kty": "OKP"}), "header-names"),
        (header(x5u="https://example.test/key"), "header-names"),
        (header(jku="https://example.test/keys"), "header-names"),
        (header(zip="DEF"), "header-names"),
        (header(typ="JWT"), "header-typ"),
        (header(typ="caller+jwt"), "header-typ"),
        (header(typ="Message+JWS"), "header-typ"),
        (header(iat=str(int(NOW.timestamp()))), "header-values"),
        (header(iat=NOW.timestamp() + 0.5), "header-values"),
        (header(iat=True), "header-values"),
        (header(iat=-1), "header-values"),
        (header(iat=10**30), "header-values"),
        (header(aud=[AUDIENCE]), "header-values"),
        (header(kid=7), "header-values"),
        (header(kid="k" * 200), "header-values"),
        (header(kid="unknown"), "key-unknown"),
        (header(kid=f"{KEY.key_id} "), "key-unknown"),
        (header(kid="../../etc/passwd"), "key-unknown"),
    ],
)
def test_any_other_header_has_one_face_and_its_own_cause(head: dict[str, object], cause: str) -> None:
    refused = refusal(JWS, forge(head), LOOKUP)
    assert refused.fault == NOT_ACCEPTED
    assert refused.cause == cause


def test_none_with_an_empty_signature() -> None:
    assert refusal(JWS, forge(header(alg="none"), sign=False), LOOKUP).fault == NOT_ACCEPTED


def test_an_hmac_with_the_public_key_proves_nothing() -> None:
    signing_input = base64url.encode(json.dumps(header(alg="HS256")).encode()) + b"." + base64url.encode(JSON_DOCUMENT)
    token = signing_input + b"." + base64url.encode(hmac.digest(KEY.public_key, signing_input, "sha256"))
    for algorithm in ("EdDSA", "HS256", "none"):
        assert refusal(JWS, token, lookup_of(replace(KEY, algorithm=algorithm))).fault == NOT_ACCEPTED


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "HS256", "none"])
def test_a_record_with_another_algorithm_than_its_key_verifies_nothing(algorithm: str) -> None:
    refused = refusal(JWS, forge(header(alg=algorithm)), lookup_of(replace(KEY, algorithm=algorithm)))
    assert (refused.fault, refused.cause) == (NOT_ACCEPTED, "signature-invalid")


def test_another_key_of_the_same_kind_did_not_sign() -> None:
    other = replace(record(ed25519_signer("other")), key_id=KEY.key_id)
    assert refusal(JWS, forge(header()), lookup_of(other)).cause == "signature-invalid"


@pytest.mark.parametrize(
    ("key", "cause"),
    [
        (replace(KEY, use=KeyUse.AUTH), "key-use"),
        (replace(KEY, use=KeyUse.TLS), "key-use"),
        (replace(KEY, not_after=NOW), "key-not-valid-now"),
        (replace(KEY, not_before=NOW + timedelta(seconds=1)), "key-not-valid-now"),
        (replace(KEY, revoked_at=NOW), "key-not-valid-now"),
    ],
)
def test_the_key_record_decides(key: object, cause: str) -> None:
    refused = refusal(JWS, forge(header()), lookup_of(key))  # type: ignore[arg-type]
    assert (refused.fault, refused.cause) == (NOT_ACCEPTED, cause)


@pytest.mark.parametrize("seconds", [301, 3600])
def test_from_the_future(seconds: int) -> None:
    assert refusal(JWS, forge(header(iat=int(NOW.timestamp()) + seconds)), LOOKUP).fault.code is FaultCode.FROM_THE_FUTURE


@pytest.mark.parametrize("seconds", [-MAX_AGE, -1, 300])
def test_fresh_enough(seconds: int) -> None:
    assert verify(JWS, forge(header(iat=int(NOW.timestamp()) + seconds)), LOOKUP).content == JSON_DOCUMENT


def test_older_than_agreed() -> None:
    assert refusal(JWS, forge(header(iat=int(NOW.timestamp()) - MAX_AGE - 1)), LOOKUP).fault.code is FaultCode.STALE


@pytest.mark.parametrize("audience", ["", "gateway.live", AUDIENCE.upper(), AUDIENCE + " "])
def test_for_another_gateway(audience: str) -> None:
    assert refusal(JWS, forge(header(aud=audience)), LOOKUP).fault.code is FaultCode.WRONG_AUDIENCE


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b".",
        b"..",
        b"a.b",
        b"....",
        forge(header()) + b"\n",
        b" " + forge(header()),
        forge(header()) + b".",
        forge(header()).replace(b".", b"=.", 1),
        forge(header()) + b"=",
        forge(b"[]"),
        forge(b"null"),
        forge(b'{"alg":"EdDSA","alg":"none"}'),
        forge(json.dumps(header()).encode()[:-1] + b',"alg":"none"}'),
        forge(json.dumps(header()).encode("utf-16")),
        forge(b"{" * 50),
        forge(json.dumps(header() | {"kid": "k" * 5000}).encode()),
        json.dumps({"payload": "e30", "signatures": []}).encode(),
    ],
)
def test_what_is_no_compact_jws(token: bytes) -> None:
    assert refusal(JWS, token, LOOKUP).fault.code in {FaultCode.MALFORMED, FaultCode.TOO_COMPLEX}


def test_the_signature_has_one_spelling() -> None:
    token = forge(header())
    respelt = {token[:-1] + bytes([letter]) for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"} - {token}
    for other in respelt:
        refusal(JWS, other, LOOKUP)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"header":{"sender":"C05","sender":"N00"}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b"[]",
        b"{} {}",
        b"\xff",
        b"",
    ],
)
def test_a_signed_payload_can_be_read_in_one_way_only(payload: bytes) -> None:
    assert refusal(JWS, forge(header(), payload), LOOKUP).fault.code is FaultCode.MALFORMED


def test_deep_nesting_and_repetition_end_early() -> None:
    assert refusal(JWS, forge(header(), b'{"a":' + b"[" * 100_000), LOOKUP).fault.code is FaultCode.TOO_COMPLEX
    assert refusal(JWS, forge(header(), b'{"a":[' + b"1," * 600_000 + b"1]}"), LOOKUP).fault.code is FaultCode.TOO_COMPLEX


def test_oversize_is_refused_unread() -> None:
    assert refusal(JWS, b"x" * 101, LOOKUP, limits=Limits(max_bytes=100)).fault.code is FaultCode.TOO_LARGE


def test_no_single_changed_byte_changes_what_is_accepted() -> None:
    token = forge(header())
    for place in range(len(token)):
        changed = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        refusal(JWS, changed, LOOKUP)


def test_receipts_are_receipts() -> None:
    receipt = sign_receipt(b'{"iss":"gateway"}', SIGNER, AUDIENCE, NOW)
    assert verify_receipt(receipt, LOOKUP, audience=AUDIENCE, now=NOW).content == b'{"iss":"gateway"}'
    message = JWS.seal(order(JSON_DOCUMENT), SIGNER).body.decode()
    for other in (message, receipt + "é", receipt[:-4]):
        with pytest.raises(Refusal):
            verify_receipt(other, LOOKUP, audience=AUDIENCE, now=NOW)


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [("application/jose", True), ("Application/JOSE; charset=utf-8", True), ("application/jose+json", False), ("application/json", False), ("", False)],
)
def test_media_types(content_type: str, accepted: bool) -> None:
    assert JWS.accepts(content_type) is accepted
