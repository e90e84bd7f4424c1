"""What may be believed: the types that only `trust` makes, and the port of a packaging.

What it is: `ClaimedSender` (looked up, not believed), `VerifiedContent` (exactly the signed bytes), and
`Packaging`, which each of `jws`, `detached` and `wss` keeps. What it is not: I/O: keys, policy and time are handed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.contract import WireMessage
from gateway.trust.keyring import KeyRecord
from gateway.trust.policy import SecurityPolicy
from schemas.identifiers import Digest, KeyId


@dataclass(frozen=True, slots=True)
class ClaimedSender:
    """Who a message says it is from: the thumbprint of the key that it names. Not believed."""

    key_id: KeyId


@dataclass(frozen=True, slots=True)
class SenderTrust:
    """The facts that a claim leads to."""

    key: KeyRecord
    policy: SecurityPolicy
    max_age_seconds: int
    """Oldest `iat` or preparation that is still accepted (the agreement's)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedContent:
    """Exactly the bytes that a signature covers, and the key that signed."""

    content: bytes
    """JWS: the payload bytes; detached: the document. SOAP: exclusive c14n of the payload root, rebuilt from what was digested."""
    digest: Digest
    """Content digest: SHA-256 of `content`."""
    key: KeyRecord
    kind: str
    """JWS `typ` without its suffix (`message`, `receipt`); `interchange` or `interchange-response` for SOAP."""
    signed_at: datetime | None
    """JWS `iat`, or the signed Timestamp's Created; None where no signed time exists (legacy policy)."""
    soap_version: str = ""
    """`1.1` or `1.2` for SOAP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds before anything is believed."""

    max_bytes: int = 20 * 1024 * 1024
    max_depth: int = 40
    max_elements: int = 600_000
    """Ten thousand SPG messages of any type."""


Lookup = Callable[[ClaimedSender], SenderTrust | None]
"""Finds the facts about a claimed sender; None where the key is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealOrder:
    """What a packaging needs to sign one document for one recipient."""

    document: bytes
    kind: str
    """`message` or `receipt`."""
    audience: str
    now: datetime
    soap_version: str = "1.2"
    media_type: str = "application/octet-stream"
    """Of the document, where it travels as it is."""


class Signer(Protocol):
    """One private key of ours: in a file today, in an HSM tomorrow."""

    @property
    def key_id(self) -> KeyId: ...

    @property
    def algorithm(self) -> str:
        """JOSE name of its algorithm."""

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""

    @property
    def certificate(self) -> bytes | None:
        """X.509, DER, where it has one (WS-Security needs it)."""

    def sign(self, data: bytes) -> bytes:
        """Signature over `data`. Raises SignerUnavailable."""


class SignerUnavailable(Exception):
    """The key, a signing one or one that seals, cannot be used now, or was not given to this process. Retried."""


class Packaging(Protocol):
    """How content and signature are laid out. Pure."""

    @property
    def name(self) -> str: ...

    def accepts(self, content_type: str) -> bool:
        """True for the media types that this packaging is sent as."""

    def verify(self, wire: WireMessage, lookup: Lookup, *, audience: str, now: datetime, limits: Limits) -> VerifiedContent:
        """The numbered checks of docs/security/verification.md. Refuses with `signature-not-accepted` (its
        `cause` names the check), `too-large`, `too-complex`, `malformed`, `stale`, `from-the-future` or
        `wrong-audience`. Does not check that the key may speak for the sender code inside: `accept` does."""

    def seal(self, order: SealOrder, signer: Signer) -> WireMessage:
        """Sign a document for a recipient. Fresh at every call."""
