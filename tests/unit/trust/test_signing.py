"""Keys: which are taken, under which names, and what is published of them."""

from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from gateway.trust.certificates import CertificateUse, certificate_der, issue_certificate, make_authority, make_ed25519_key
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.signing import (
    KeyUnusable,
    certificate_thumbprint,
    jwk_of,
    key_record_from_certificate,
    key_record_from_jwk,
    load_public_key,
    signer_from_pem,
)
from tests.support.trust import NOW, ORGANISATION, ed25519_signer, record, rsa_signer


def pin(jwk: dict[str, object]) -> KeyRecord:
    return key_record_from_jwk(jwk, organisation=ORGANISATION, use=KeyUse.SIGN, speaks_for=["C05"], not_before=NOW, not_after=NOW + timedelta(days=1))  # type: ignore[list-item]


def pem(key: object, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)  # type: ignore[attr-defined,no-any-return]


def test_a_published_key_is_pinned_as_the_same_key() -> None:
    signer = ed25519_signer()
    jwk = jwk_of(signer)
    assert jwk == jwk_of(record(signer))
    assert {"kty", "crv", "x", "kid", "alg", "use"} == jwk.keys()
    key = pin(jwk)
    assert (key.key_id, key.public_key, key.algorithm, key.speaks_for) == (signer.key_id, signer.public_key, "EdDSA", frozenset({"C05"}))


def test_a_certificate_is_pinned_by_its_own_digest_for_its_own_time() -> None:
    signer = rsa_signer()
    assert signer.certificate is not None
    key = key_record_from_certificate(signer.certificate, organisation=ORGANISATION, use=KeyUse.SIGN, speaks_for=[])
    assert key.key_id == signer.key_id == certificate_thumbprint(signer.certificate)
    assert (key.not_before, key.not_after) == (NOW - timedelta(hours=1), NOW + timedelta(days=30))
    assert jwk_of(key)["x5t#S256"] == key.key_id
    assert key.algorithm == "RS256"


def test_the_kid_of_a_jwk_is_not_believed() -> None:
    jwk = jwk_of(ed25519_signer())
    assert pin(jwk | {"kid": "mine"}).key_id == ed25519_signer().key_id


def test_an_rsa_key_has_one_algorithm() -> None:
    jwk = {name: value for name, value in jwk_of(rsa_signer()).items() if name in {"kty", "n", "e"}}
    assert pin(jwk).algorithm == "RS256"
    assert pin(jwk | {"alg": "PS256"}).algorithm == "PS256"
    for other in ("none", "HS256", "ES256", "RS1", 7):
        with pytest.raises(KeyUnusable):
            pin(jwk | {"alg": other})


def test_keys_of_other_kinds_and_sizes_are_not_taken() -> None:
    short = rsa.generate_private_key(65537, 1024)
    other_curve, other_edwards = ec.generate_private_key(ec.SECP384R1()), ed448.Ed448PrivateKey.generate()
    jwks = [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "RSA", "n": 5, "e": "AQAB"},
        {"kty": "RSA", "e": "AQAB"},
        jwk_of(ed25519_signer()) | {"d": "AAAA"},
        jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key(), as_dict=True),
        jwt.algorithms.ECAlgorithm.to_jwk(other_curve.public_key(), as_dict=True),
        jwt.algorithms.OKPAlgorithm.to_jwk(other_edwards.public_key(), as_dict=True),
    ]
    for jwk in jwks:
        with pytest.raises(KeyUnusable):
            pin(jwk)
    for private in (pem(short), pem(other_curve), pem(other_edwards), b"", b"-----BEGIN PRIVATE KEY-----", pem(short, b"secret")):
        with pytest.raises(KeyUnusable):
            signer_from_pem(private)


def test_a_signer_wears_no_other_key_s_certificate() -> None:
    with pytest.raises(KeyUnusable):
        signer_from_pem(make_ed25519_key(), rsa_signer().certificate)
    with pytest.raises(KeyUnusable):
        signer_from_pem(make_ed25519_key(), b"no certificate")


def test_bytes_that_are_no_key() -> None:
    for raw in (b"", b"\x30\x00", b"x" * 44):
        with pytest.raises(KeyUnusable):
            load_public_key(raw)
    with pytest.raises(KeyUnusable):
        certificate_der(b"no certificate")


def test_secrets_do_not_show_themselves() -> None:
    assert "rivate" not in repr(ed25519_signer())
    assert "rivate" not in repr(rsa_signer())


def test_a_tls_key_of_a_certificate_may_be_p_256() -> None:
    credential = issue_certificate(make_authority("a", NOW), "client", use=CertificateUse.CLIENT, now=NOW)
    key = key_record_from_certificate(credential.certificate_der, organisation=ORGANISATION, use=KeyUse.TLS, speaks_for=[])
    assert key.algorithm == "ES256"
    assert pin(jwk_of(key)).public_key == key.public_key
