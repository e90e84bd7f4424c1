"""Pinned keys: which organisation each belongs to, for what, until when, and for whom it may speak.

What it is: facts, looked up by thumbprint. What it is not: a certificate path: nothing is trusted by
common name or by who issued it. RFC 7638 thumbprints for JWKs, `x5t#S256` (RFC 7515 §4.1.8) for certificates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from schemas.identifiers import KeyId, OrganisationId, PartyCode


class KeyUse(StrEnum):
    """What a key is for; a key has exactly one use."""

    SIGN = "sign"
    """Messages and receipts."""
    AUTH = "auth"
    """Caller tokens."""
    TLS = "tls"
    """Client certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One public key, pinned."""

    key_id: KeyId
    organisation: OrganisationId
    use: KeyUse
    algorithm: str
    """JOSE name: `EdDSA`, `ES256`, `RS256`, `PS256`; for WS-Security keys `RS256`."""
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    certificate: bytes | None = None
    """X.509, DER, where the key came in one."""
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    speaks_for: frozenset[PartyCode] = frozenset()

    def valid_at(self, now: datetime) -> bool:
        """True while the key may be believed."""
        return self.not_before <= now < self.not_after and (self.revoked_at is None or now < self.revoked_at)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Every pinned key, by thumbprint."""

    keys: Mapping[KeyId, KeyRecord] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, records: Iterable[KeyRecord]) -> "Keyring":
        """A keyring of these."""
        return cls(MappingProxyType({record.key_id: record for record in records}))

    def find(self, key_id: str) -> KeyRecord | None:
        """The key with this thumbprint, valid or not."""
        return self.keys.get(KeyId(key_id))

    def of_organisation(self, organisation: OrganisationId, use: KeyUse) -> tuple[KeyRecord, ...]:
        """The keys of one organisation for one use."""
        return tuple(key for key in self.keys.values() if key.organisation == organisation and key.use is use)
