"""Keys: ours that sign, and the records of everybody's public ones.

What it is: signers over private keys in memory, key ids, and key records from JWKs and certificates. What it is
not: storage, nor a choice of whom to trust (`keyring`). Called by `bootstrap`, by partner administration and by
the packagings. RFC 7517, RFC 7518 §6, RFC 7638, RFC 8037; `x5t#S256` of RFC 7515 §4.1.8.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key, load_pem_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from gateway.trust import base64url
from gateway.trust.contract import Signer
from gateway.trust.keyring import KeyRecord, KeyUse
from schemas.identifiers import KeyId, OrganisationId, PartyCode

PublicKey = ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey

MIN_RSA_BITS = 2048
MAX_RSA_BITS = 8192
"""Larger ones only make verification slow."""
_RSA_ALGORITHMS = frozenset({"RS256", "PS256"})
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeyUnusable(ValueError):
    """Key material that the gateway will not work with. The text is safe to show."""


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """Signs with Ed25519 (RFC 8037)."""

    key_id: KeyId
    public_key: bytes
    certificate: bytes | None
    _private: ed25519.Ed25519PrivateKey = field(repr=False)
    algorithm: str = "EdDSA"

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self._private.sign(data)


@dataclass(frozen=True, slots=True)
class RsaSigner:
    """Signs with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 7518 §3.3), which is XML-DSig's rsa-sha256 as well."""

    key_id: KeyId
    public_key: bytes
    certificate: bytes | None
    _private: rsa.RSAPrivateKey = field(repr=False)
    algorithm: str = "RS256"

    def sign(self, data: bytes) -> bytes:
        """As long as the modulus."""
        return self._private.sign(data, padding.PKCS1v15(), SHA256())


def signer_from_pem(private_pem: bytes, certificate_der: bytes | None = None) -> Ed25519Signer | RsaSigner:
    """A signer over an unencrypted private key, known by its certificate where it has one.

    Raises KeyUnusable for other kinds of key, short RSA keys, and a certificate of another key.
    """
    try:
        private = load_pem_private_key(private_pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnusable("not an unencrypted private key in PEM form") from error
    if not isinstance(private, ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise KeyUnusable("only Ed25519 and RSA keys sign here")
    public_der = _spki(_checked(private.public_key()))
    if certificate_der is not None and _spki(_certified_key(_certificate(certificate_der))) != public_der:
        raise KeyUnusable("the certificate is for another key")
    key_id = certificate_thumbprint(certificate_der) if certificate_der is not None else thumbprint(public_der)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return Ed25519Signer(key_id, public_der, certificate_der, private)
    return RsaSigner(key_id, public_der, certificate_der, private)


@lru_cache(maxsize=4096)
def load_public_key(public_der: bytes) -> PublicKey:
    """Parse a SubjectPublicKeyInfo once: parsing costs as much as verifying. Raises KeyUnusable."""
    try:
        return _checked(load_der_public_key(public_der))
    except (ValueError, TypeError) as error:
        raise KeyUnusable("not a public key that the gateway knows") from error


def thumbprint(public_der: bytes) -> KeyId:
    """RFC 7638 thumbprint of a bare key."""
    members = _jwk_members(load_public_key(public_der))
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return KeyId(base64url.encode(hashlib.sha256(canonical).digest()).decode())


def certificate_thumbprint(certificate_der: bytes) -> KeyId:
    """`x5t#S256`: SHA-256 of the certificate as it is."""
    return KeyId(base64url.encode(hashlib.sha256(certificate_der).digest()).decode())


def key_record_from_jwk(
    jwk: Mapping[str, object], *, organisation: OrganisationId, use: KeyUse, speaks_for: Iterable[PartyCode], not_before: datetime, not_after: datetime
) -> KeyRecord:
    """Pin a bare public key under its RFC 7638 thumbprint. The JWK's own `kid` is not believed. Raises KeyUnusable."""
    public = _public_from_jwk(jwk)
    public_der = _spki(public)
    return KeyRecord(
        key_id=thumbprint(public_der),
        organisation=organisation,
        use=use,
        algorithm=_algorithm(public, jwk.get("alg")),
        public_key=public_der,
        not_before=not_before,
        not_after=not_after,
        speaks_for=frozenset(speaks_for),
    )


def key_record_from_certificate(certificate_der: bytes, *, organisation: OrganisationId, use: KeyUse, speaks_for: Iterable[PartyCode]) -> KeyRecord:
    """Pin the key of a certificate under `x5t#S256`, for the certificate's validity. Who issued it, and what names
    stand in it, means nothing here. Raises KeyUnusable."""
    certificate = _certificate(certificate_der)
    public = _certified_key(certificate)
    return KeyRecord(
        key_id=certificate_thumbprint(certificate_der),
        organisation=organisation,
        use=use,
        algorithm=_algorithm(public, None),
        public_key=_spki(public),
        certificate=certificate_der,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        speaks_for=frozenset(speaks_for),
    )


def public_record(
    signer: Signer, *, organisation: OrganisationId, use: KeyUse, speaks_for: Iterable[PartyCode], not_before: datetime, not_after: datetime
) -> KeyRecord:
    """The key record that verifies what `signer` signs."""
    return KeyRecord(
        key_id=signer.key_id,
        organisation=organisation,
        use=use,
        algorithm=signer.algorithm,
        public_key=signer.public_key,
        certificate=signer.certificate,
        not_before=not_before,
        not_after=not_after,
        speaks_for=frozenset(speaks_for),
    )


def jwk_of(key: KeyRecord | Signer) -> dict[str, object]:
    """The public JWK as published in a JWK set, with `kid`, `alg` and, where there is one, the certificate."""
    jwk: dict[str, object] = dict(_jwk_members(load_public_key(key.public_key)))
    jwk |= {"kid": key.key_id, "alg": key.algorithm, "use": "sig"}
    if key.certificate is not None:
        jwk |= {"x5t#S256": certificate_thumbprint(key.certificate), "x5c": [base64.b64encode(key.certificate).decode()]}
    return jwk


def _public_from_jwk(jwk: Mapping[str, object]) -> PublicKey:
    if _PRIVATE_MEMBERS & jwk.keys():
        raise KeyUnusable("the JWK holds private or symmetric key material")
    try:
        match jwk.get("kty"):
            case "OKP":
                return _checked(OKPAlgorithm.from_jwk(dict(jwk)))
            case "EC":
                return _checked(ECAlgorithm.from_jwk(dict(jwk)))
            case "RSA":
                return _checked(RSAAlgorithm.from_jwk(dict(jwk)))
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise error if isinstance(error, KeyUnusable) else KeyUnusable("the JWK cannot be read") from error
    raise KeyUnusable("the JWK is of a kind that the gateway does not know")


def _checked(key: object) -> PublicKey:
    match key:
        case ed25519.Ed25519PublicKey():
            return key
        case rsa.RSAPublicKey() if MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            return key
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1):
            return key
    raise KeyUnusable("only Ed25519, P-256 and RSA keys of 2048 to 8192 bits are taken")


def _algorithm(key: PublicKey, named: object) -> str:
    """The one algorithm of a key: its kind's own, or one of RSA's two by name."""
    possible = frozenset({"EdDSA"}) if isinstance(key, ed25519.Ed25519PublicKey) else frozenset({"ES256"})
    if isinstance(key, rsa.RSAPublicKey):
        possible = _RSA_ALGORITHMS
    if named is None:
        return "RS256" if possible is _RSA_ALGORITHMS else next(iter(possible))
    if not isinstance(named, str) or named not in possible:
        raise KeyUnusable("the algorithm named does not fit the key")
    return named


def _jwk_members(key: PublicKey) -> dict[str, str]:
    """The members that RFC 7638 §3.2 and RFC 8037 §2 call required."""
    match key:
        case ed25519.Ed25519PublicKey():
            return {"crv": "Ed25519", "kty": "OKP", "x": base64url.encode(key.public_bytes_raw()).decode()}
        case rsa.RSAPublicKey():
            numbers = key.public_numbers()
            return {"e": _integer(numbers.e), "kty": "RSA", "n": _integer(numbers.n)}
        case ec.EllipticCurvePublicKey():
            point = key.public_numbers()
            return {"crv": "P-256", "kty": "EC", "x": _integer(point.x, 32), "y": _integer(point.y, 32)}


def _integer(value: int, length: int | None = None) -> str:
    return base64url.encode(value.to_bytes(length or (value.bit_length() + 7) // 8, "big")).decode()


def _spki(key: PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _certificate(certificate_der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(certificate_der)
    except ValueError as error:
        raise KeyUnusable("not an X.509 certificate in DER form") from error


def _certified_key(certificate: x509.Certificate) -> PublicKey:
    return _checked(certificate.public_key())
