"""Compact JWS as a partner writes and checks it, with nothing of the gateway's own trust code.

What it is: a second, small implementation (RFC 7515, RFC 8037, RFC 7638), so that a partner's word about the
gateway's receipts does not rest on the code that made them. What it is not: the gateway's verification (see
`gateway.trust.jws`). Called by the simulated partners and the bench.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

CALLER_TOKEN_SECONDS = 240


class NotBelievedError(Exception):
    """A signature, or what it is for, does not check."""


class PartnerKey:
    """One Ed25519 key of a partner, with the thumbprint that it is pinned by."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.jwk: dict[str, str] = {"crv": "Ed25519", "kty": "OKP", "x": base64url(raw)}
        self.key_id = thumbprint(self.jwk)

    @classmethod
    def generate(cls) -> "PartnerKey":
        """A fresh key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> "PartnerKey":
        """A key from an unencrypted PKCS#8 file of the partner's own."""
        private = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise NotBelievedError(f"{path.name} does not hold an Ed25519 key")
        return cls(private)

    def save(self, path: Path) -> None:
        """Write the key where only its owner can read it."""
        path.touch(mode=0o600)
        path.write_bytes(self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def public_der(self) -> bytes:
        """SubjectPublicKeyInfo, for pinning."""
        return self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, payload: bytes, *, kind: str, audience: str, issued_at: int | None = None) -> str:
        """A compact JWS with the protected header of the JSON form: `alg`, `kid`, `typ`, `aud`, `iat`."""
        at = int(time.time()) if issued_at is None else issued_at
        return self._compact({"alg": "EdDSA", "kid": self.key_id, "typ": f"{kind}+jws", "aud": audience, "iat": at}, payload)

    def caller_token(self, *, organisation: str, audience: str, method: str, url: str) -> str:
        """A bearer token for one request."""
        now = int(time.time())
        claims = {
            "iss": organisation,
            "sub": organisation,
            "aud": audience,
            "iat": now,
            "exp": now + CALLER_TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url,
        }
        return self._compact({"alg": "EdDSA", "kid": self.key_id, "typ": "caller+jwt"}, json.dumps(claims).encode())

    def _compact(self, header: Mapping[str, str | int], payload: bytes) -> str:
        signed = base64url(json.dumps(header, separators=(",", ":")).encode()) + "." + base64url(payload)
        return signed + "." + base64url(self._private.sign(signed.encode()))


@dataclass(frozen=True, slots=True)
class Opened:
    """A JWS whose signature checked."""

    payload: bytes
    key_id: str
    issued_at: int
    content: dict[str, object] | None = None
    """What it says, where somebody read it that knows its language; None: it is JSON."""

    @property
    def digest(self) -> str:
        """Content digest of the payload, in the form of the receipts."""
        return digest_of(self.payload)

    def claims(self) -> dict[str, object]:
        """The payload as a JSON object, which can be read in one way only."""
        if self.content is not None:
            return self.content
        claims = json.loads(self.payload, object_pairs_hook=_without_doubles)
        if not isinstance(claims, dict):
            raise NotBelievedError("the payload is not an object")
        return claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What is asked of a JWS besides its form. A partner that leaves one out has a flaw."""

    signature: bool = True
    audience: bool = True
    oldest_seconds: float | None = None
    """How old its signature may be; None: what is kept for proof is old."""
    newest_seconds: float | None = None
    """How far its signature may lie ahead of `now`."""
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class KeySet:
    """A key set as it was fetched, and for how long it may be kept (RFC 9111 §5.2.2.1)."""

    jwks: Mapping[str, object]
    max_age_seconds: float = float("inf")


ALL_CHECKS = Checks()
Renew = Callable[[], KeySet]


class PublishedKeys:
    """The gateway's public keys as its JWKS document (RFC 7517) tells them; asked for again where that is possible and
    a key is not known, or what is held is too old."""

    def __init__(self, jwks: Mapping[str, object], renew: Renew | None = None, max_age_seconds: float = float("inf")) -> None:
        self._renew = renew
        self._keys: Mapping[str, Ed25519PublicKey] = {}
        self.keep(KeySet(jwks, max_age_seconds))

    def keep(self, found: KeySet) -> None:
        """Believe these keys and no others."""
        keys = found.jwks["keys"]
        if not isinstance(keys, list):
            raise NotBelievedError("the key set is not a list")
        self._keys = {thumbprint(jwk): _public(jwk) for jwk in keys if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519"}
        self._until = time.monotonic() + found.max_age_seconds

    def open(self, jws: str, *, kind: str, audience: str, checks: Checks = ALL_CHECKS) -> Opened:
        """Check everything about a JWS that the gateway signed. Raises NotBelievedError."""
        try:
            head, body, signature = jws.split(".")
            header = json.loads(unbase64url(head))
            if checks.signature:
                self._key(header["kid"]).verify(unbase64url(signature), f"{head}.{body}".encode())
        except (ValueError, KeyError, TypeError, InvalidSignature) as error:
            raise NotBelievedError(f"the signature does not check ({type(error).__name__})") from error
        expected = {"alg": "EdDSA", "kid": header.get("kid"), "typ": f"{kind}+jws", "aud": audience, "iat": header.get("iat")}
        if not checks.audience:
            expected["aud"] = header.get("aud")
        if (checks.signature and header != expected) or header.get("aud") != expected["aud"] or not isinstance(header.get("iat"), int):
            raise NotBelievedError(f"the protected header is not that of a {kind} for {audience}")
        _check_age(header["iat"], checks)
        return Opened(unbase64url(body), str(header.get("kid")), header["iat"])

    def _key(self, key_id: str) -> Ed25519PublicKey:
        if self._renew is not None and (key_id not in self._keys or time.monotonic() >= self._until):
            self.keep(self._renew())
        return self._keys[key_id]


Read = Callable[[Opened], Opened]
"""Reads what was opened: fills in its `content`. Raises NotBelievedError."""


class ReadingKeys(PublishedKeys):
    """The same keys, for a partner whose messages are no JSON as they come: it opens, and then reads."""

    def __init__(self, keys: PublishedKeys, read: Read, kind: str | None = None) -> None:
        """`kind`: what a message is called where it is not called so. It holds no keys of its own."""
        super().__init__({"keys": []})
        self._behind, self._read, self._kind = keys, read, kind

    def open(self, jws: str, *, kind: str, audience: str, checks: Checks = ALL_CHECKS) -> Opened:
        """Check everything, then read. Raises NotBelievedError."""
        return self._read(self._behind.open(jws, kind=self._kind or kind, audience=audience, checks=checks))


def _check_age(issued_at: int, checks: Checks) -> None:
    if checks.oldest_seconds is not None and checks.now - issued_at > checks.oldest_seconds:
        raise NotBelievedError("the signature is too old")
    if checks.newest_seconds is not None and issued_at - checks.now > checks.newest_seconds:
        raise NotBelievedError("the signature lies in the future")


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotBelievedError("a name stands twice in one object")
    return found


def thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638 §3 over the members that an OKP key requires."""
    members = {name: jwk[name] for name in ("crv", "kty", "x")}
    return base64url(hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest())


def digest_of(content: bytes) -> str:
    """SHA-256 in the form of `schemas.identifiers.Digest`."""
    return "sha-256:" + hashlib.sha256(content).hexdigest()


def base64url(data: bytes) -> str:
    """RFC 7515 §2: without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    """Inverse of `base64url`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _public(jwk: Mapping[str, str]) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(unbase64url(jwk["x"]))
