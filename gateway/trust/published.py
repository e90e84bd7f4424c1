"""The gateway's own published keys as a keyring: what its own signatures are checked with later.

What it is: current and retired keys of one JWK set. What it is not: partners' pinned keys, nor a published set of
somebody else. Keys with a certificate sign no checkpoints and are left out. Called by whoever checks the audit chain.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from gateway.trust.keyring import KeyRecord, Keyring, KeyUse
from gateway.trust.signing import key_record_from_jwk
from schemas.identifiers import OrganisationId

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)
_OURS: Final = OrganisationId("gateway")


def published_keyring(jwks: Mapping[str, object]) -> Keyring:
    """The keys of the set, valid for as long as anybody keeps what they signed. Raises KeyUnusable."""
    keys = jwks.get("keys")
    return Keyring.of(_record(jwk) for jwk in (keys if isinstance(keys, Sequence) else ()) if isinstance(jwk, Mapping) and "x5c" not in jwk)


def _record(jwk: Mapping[str, object]) -> KeyRecord:
    return key_record_from_jwk(jwk, organisation=_OURS, use=KeyUse.SIGN, speaks_for=(), not_before=_BEGINNING, not_after=_END)
