"""The `jws` packaging: a message or receipt as a compact JWS (RFC 7515).

What it is: the numbered checks of docs/security/verification.md over a JWS, and its making. What it is not: a
JOSE library: one form, one header, one algorithm per key. Called by the pipeline through `Packaging`, by
`exchange.receipts` for receipts, and by `detached`, whose checks these are. The protected header is exactly `alg`, `kid`, `typ`, `aud`, `iat`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from adapters.contract import WireMessage
from gateway.trust import compact, strict_json
from gateway.trust.contract import ClaimedSender, Limits, Lookup, SealOrder, SenderTrust, Signer, VerifiedContent
from gateway.trust.digests import digest as digest
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import CLOCK_SKEW_SECONDS
from schemas.faults import FaultCode, Refusal, refuse
from schemas.identifiers import KeyId

MEDIA_TYPE = "application/jose"
_HEADER_NAMES = frozenset({"alg", "kid", "typ", "aud", "iat"})
_TYPES = {"message": "message+jws", "receipt": "receipt+jws"}
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: later numbers are no time to datetime."""
_MAX_KEY_ID_CHARACTERS = 128
_RECEIPT_LIMITS = Limits(max_bytes=32 * 1024 * 1024)
"""A receipt may carry the partner's own statement verbatim, so it is a little more than a message."""


@dataclass(frozen=True, slots=True)
class _ClaimedHeader:
    """The protected header, of the right shape and not believed."""

    algorithm: str
    key_id: KeyId
    kind: str
    audience: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Form:
    """What differs between the packagings that are JWS."""

    types: Mapping[str, str]
    """`typ` by kind."""
    check_content: Callable[[str, bytes, Limits], object]
    """Refuses content of a kind that could be read in two ways. Called once the signature holds."""


_ORDINARY = Form(_TYPES, lambda _, content, limits: strict_json.parse_object(content, limits))


class JwsPackaging:
    """Content as the payload of a compact JWS."""

    name = "jws"

    def accepts(self, content_type: str) -> bool:
        """`application/jose`, with or without parameters."""
        return content_type.partition(";")[0].strip().lower() == MEDIA_TYPE

    def verify(self, wire: WireMessage, lookup: Lookup, *, audience: str, now: datetime, limits: Limits) -> VerifiedContent:
        """The numbered checks. Not checked: that the key may speak for the sender code inside, and replay."""
        # (1) limits
        if len(wire.body) > limits.max_bytes:
            raise refuse(FaultCode.TOO_LARGE, f"At most {limits.max_bytes} bytes are taken.", cause="limits")
        return believe(compact.split(wire.body), _ORDINARY, lookup, audience=audience, now=now, limits=limits)

    def seal(self, order: SealOrder, signer: Signer) -> WireMessage:
        """Sign a document or receipt for one audience. Raises SignerUnavailable."""
        return WireMessage(sign(order.document, order.kind, signer, audience=order.audience, now=order.now), MEDIA_TYPE)


def believe(token: compact.Compact, form: Form, lookup: Lookup, *, audience: str, now: datetime, limits: Limits) -> VerifiedContent:
    """All checks but the limits of the whole, over a JWS that was taken apart."""
    # (2) parse
    header = _claimed_header(token.claimed_header, form.types)
    # (3) find key
    trust = lookup(ClaimedSender(header.key_id))
    if trust is None:
        raise _not_accepted("key-unknown")
    # (4) policy
    _check_policy(header, trust.key, now)
    # (5) signature
    if not compact.signature_holds(token, trust.key):
        raise _not_accepted("signature-invalid")
    # (6) signed parts: the payload is all of it, and it can be read in one way only
    form.check_content(header.kind, token.unverified_payload, limits)
    # (7) freshness
    _check_freshness(header, trust, now)
    # (8) identity: meant for us, and signed by whoever the key record names
    if header.audience != audience:
        raise refuse(FaultCode.WRONG_AUDIENCE, "`aud` is not the audience of this gateway.", pointer="aud", cause="audience")
    content = token.unverified_payload
    return VerifiedContent(content=content, digest=digest(content), key=trust.key, kind=header.kind, signed_at=header.issued_at)


def sign(payload: bytes, kind: str, signer: Signer, *, audience: str, now: datetime, types: Mapping[str, str] = _ORDINARY.types) -> bytes:
    """A compact JWS of `kind` `message` or `receipt`, dated `now`. Raises SignerUnavailable."""
    header = _header_start(signer.algorithm, signer.key_id, types[kind], audience) + b"%d}" % int(now.timestamp())
    return compact.join(header, payload, signer)


def sign_receipt(claims_json: bytes, signer: Signer, audience: str, now: datetime) -> str:
    """A receipt as a compact JWS, `typ` `receipt+jws`. Raises SignerUnavailable."""
    return sign(claims_json, "receipt", signer, audience=audience, now=now).decode("ascii")


def verify_receipt(jws: str, lookup: Lookup, *, audience: str, now: datetime) -> VerifiedContent:
    """All eight checks over a receipt; anything but a receipt is refused.

    How old it may be is the looked-up `max_age_seconds`: give a long one where kept receipts are checked again.
    """
    try:
        wire = WireMessage(jws.encode("ascii"), MEDIA_TYPE)
    except UnicodeEncodeError as error:
        raise refuse(FaultCode.MALFORMED, "This is not a compact JWS.", cause="jws-form") from error
    verified = JwsPackaging().verify(wire, lookup, audience=audience, now=now, limits=_RECEIPT_LIMITS)
    if verified.kind != "receipt":
        raise _not_accepted("type-not-receipt")
    return verified


@lru_cache(maxsize=1024)
def _header_start(algorithm: str, key_id: str, typ: str, audience: str) -> bytes:
    start = {"alg": algorithm, "kid": key_id, "typ": typ, "aud": audience}
    return json.dumps(start, ensure_ascii=False, separators=(",", ":")).encode()[:-1] + b',"iat":'


def _claimed_header(header: Mapping[str, object], types: Mapping[str, str]) -> _ClaimedHeader:
    """Exactly our five names: `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c` and what comes next have no place to act."""
    if header.keys() != _HEADER_NAMES:
        raise _not_accepted("header-names")
    match header:
        case {"alg": str(algorithm), "kid": str(key_id), "typ": str(typ), "aud": str(audience), "iat": int(seconds)} if not isinstance(seconds, bool):
            pass
        case _:
            raise _not_accepted("header-values")
    kinds = [kind for kind, name in types.items() if name == typ]
    if not kinds:
        raise _not_accepted("header-typ")
    if not 0 <= seconds <= _LAST_SECOND or len(key_id) > _MAX_KEY_ID_CHARACTERS:
        raise _not_accepted("header-values")
    return _ClaimedHeader(algorithm, KeyId(key_id), kinds[0], audience, datetime.fromtimestamp(seconds, UTC))


def _check_policy(header: _ClaimedHeader, key: KeyRecord, now: datetime) -> None:
    """The key record decides: what the key is for, when, and by which algorithm (RFC 8725 §3.1)."""
    if key.use is not KeyUse.SIGN:
        raise _not_accepted("key-use")
    if not key.valid_at(now):
        raise _not_accepted("key-not-valid-now")
    if header.algorithm != key.algorithm:
        raise _not_accepted("algorithm-not-the-key's")


def _check_freshness(header: _ClaimedHeader, trust: SenderTrust, now: datetime) -> None:
    if header.issued_at > now + timedelta(seconds=CLOCK_SKEW_SECONDS):
        raise refuse(FaultCode.FROM_THE_FUTURE, "`iat` lies in the future.", pointer="iat", cause="freshness")
    if now - header.issued_at > timedelta(seconds=trust.max_age_seconds):
        raise refuse(FaultCode.STALE, f"`iat` is more than {trust.max_age_seconds} seconds old.", pointer="iat", cause="freshness")


def _not_accepted(cause: str) -> Refusal:
    """One face for every way in which a signature fails; only the audit learns the cause."""
    return refuse(FaultCode.SIGNATURE_NOT_ACCEPTED, cause=cause)
