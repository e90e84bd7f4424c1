"""Keys to believe, from a JWK set, and what they signed.

What it is: for `gateway receipts verify` and `gateway audit verify`, which check offline against published
keys. What it is not: partners' pinned keys. RFC 7517 §5; the receipts of docs/protocol.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.commands.output import CommandError, Exit
from gateway.trust import compact
from gateway.trust.contract import ClaimedSender, SenderTrust
from gateway.trust.digests import digest
from gateway.trust.jws import verify_receipt
from gateway.trust.keyring import KeyRecord, Keyring, KeyUse
from gateway.trust.policy import STRICT
from gateway.trust.signing import key_record_from_certificate, key_record_from_jwk
from schemas.identifiers import OrganisationId
from schemas.receipts import Receipt, from_claims

_ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
_ANY_AGE_SECONDS = 200 * 366 * 24 * 3600
"""A receipt is evidence for as long as anybody keeps it."""
_PUBLISHER = OrganisationId("published")


@dataclass(frozen=True, slots=True)
class Believed:
    """One receipt whose signature held."""

    receipt: Receipt
    digest: str
    key_id: str


def keyring_of(jwks: object) -> Keyring:
    """The keys of a JWK set. Raises CommandError, KeyUnusable."""
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list) or not keys:
        raise CommandError(Exit.USAGE, "jwks-invalid", "This is not a JWK set.", "save /.well-known/jwks.json of the gateway to a file")
    return Keyring.of(_record(jwk) for jwk in keys if isinstance(jwk, Mapping))


def believe(jws: str, keyring: Keyring, now: datetime, *, audience: str | None) -> Believed:
    """Check one receipt. Raises Refusal. Without `audience` it may be addressed to anybody."""

    def find(claimed: ClaimedSender) -> SenderTrust | None:
        key = keyring.find(claimed.key_id)
        return None if key is None else SenderTrust(key, STRICT, _ANY_AGE_SECONDS)

    expected = audience or str(compact.split(jws.encode("ascii", errors="replace")).claimed_header.get("aud"))
    verified = verify_receipt(jws, find, audience=expected, now=now)
    return Believed(from_claims(json.loads(verified.content)), digest(jws.encode("ascii")), verified.key.key_id)


def _record(jwk: Mapping[str, object]) -> KeyRecord:
    chain = jwk.get("x5c")
    if isinstance(chain, list) and chain:
        try:
            der = base64.b64decode(str(chain[0]), validate=True)
        except ValueError as error:
            raise CommandError(Exit.USAGE, "jwks-invalid", "A certificate of the JWK set is damaged.") from error
        return key_record_from_certificate(der, organisation=_PUBLISHER, use=KeyUse.SIGN, speaks_for=())
    begins, ends = _ALWAYS
    return key_record_from_jwk(jwk, organisation=_PUBLISHER, use=KeyUse.SIGN, speaks_for=(), not_before=begins, not_after=ends)
