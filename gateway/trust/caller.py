"""Caller tokens: an organisation says, once and for one request, that it is calling (RFC 7519, after RFC 9449).

What it is: the check and the making of `caller+jwt`. What it is not: the memory of tokens seen, which is the
store's and the door's, nor a message signature. Called by `gateway.api` before anything is parsed deeply.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from gateway.trust import compact, strict_json
from gateway.trust.compact import Compact
from gateway.trust.contract import Limits, Signer
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import CLOCK_SKEW_SECONDS
from schemas.faults import FaultCode, Refusal, refuse
from schemas.identifiers import OrganisationId

MAX_LIFETIME_SECONDS = 300
_MAX_TOKEN_CHARACTERS = 8192
_MAX_TOKEN_ID_CHARACTERS = 128
_LAST_SECOND = 253_402_300_799 - 2 * CLOCK_SKEW_SECONDS
_HEADER_NAMES = frozenset({"alg", "kid", "typ"})
_CLAIM_NAMES = frozenset({"iss", "sub", "aud", "iat", "exp", "htm", "htu", "jti"})
_TYPE = "caller+jwt"
_LIMITS = Limits(max_bytes=_MAX_TOKEN_CHARACTERS, max_depth=4, max_elements=64)
_DEFAULT_PORTS = {"https": 443, "http": 80}

KeyLookup = Callable[[str], KeyRecord | None]
"""Finds a key by its thumbprint, valid or not: `Keyring.find`."""


@dataclass(frozen=True, slots=True)
class VerifiedCaller:
    """Who is calling, by its own signature."""

    organisation: OrganisationId
    token_id: str
    expires: datetime
    """The last moment at which this token could still be accepted, clock skew included: remember it until then."""


@dataclass(frozen=True, slots=True)
class _Claims:
    issuer: str
    subject: str
    audience: str
    issued_at: datetime
    expires: datetime
    method: str
    url: str
    token_id: str


def verify_caller(token: str, lookup: KeyLookup, *, audience: str, method: str, url: str, now: datetime) -> VerifiedCaller:
    """Eight checks, all refused as `not-authenticated` with their cause. Not checked: whether `token_id` was seen before."""
    parsed, key_id, algorithm = _parse(token)
    key = lookup(key_id)
    if key is None:
        raise _unknown("key-unknown")
    _check_key(key, algorithm, now)
    if not compact.signature_holds(parsed, key):
        raise _unknown("signature-invalid")
    claims = _claims(parsed)
    _check_times(claims, now)
    if claims.audience != audience:
        raise _unknown("audience")
    if claims.method != method.upper() or _comparable(claims.url) != _comparable(url):
        raise _unknown("other-request")
    if not claims.issuer == claims.subject == key.organisation:
        raise _unknown("not-the-key's-organisation")
    return VerifiedCaller(key.organisation, claims.token_id, claims.expires + timedelta(seconds=CLOCK_SKEW_SECONDS))


def make_caller_token(
    signer: Signer, organisation: OrganisationId, *, audience: str, method: str, url: str, now: datetime, token_id: str, lifetime_seconds: int = 120
) -> str:
    """A token for one request. `token_id` must be fresh at each; `signer` holds a key of use `auth`."""
    issued = int(now.timestamp())
    header = {"alg": signer.algorithm, "kid": signer.key_id, "typ": _TYPE}
    claims = {
        "iss": organisation,
        "sub": organisation,
        "aud": audience,
        "iat": issued,
        "exp": issued + lifetime_seconds,
        "htm": method.upper(),
        "htu": url.partition("?")[0].partition("#")[0],
        "jti": token_id,
    }
    return compact.join(_json(header), _json(claims), signer).decode("ascii")


def _parse(token: str) -> tuple[Compact, str, str]:
    """(1) limits, (2) parse; a header of exactly three names."""
    if len(token) > _MAX_TOKEN_CHARACTERS or not token.isascii():
        raise _unknown("token-form")
    try:
        parsed = compact.split(token.encode("ascii"))
    except Refusal as error:
        raise _unknown("token-form") from error
    if parsed.claimed_header.keys() != _HEADER_NAMES:
        raise _unknown("header-names")
    match parsed.claimed_header:
        case {"alg": str(algorithm), "kid": str(key_id), "typ": "caller+jwt"}:
            return parsed, key_id, algorithm
    raise _unknown("header-values")


def _check_key(key: KeyRecord, algorithm: str, now: datetime) -> None:
    if key.use is not KeyUse.AUTH:
        raise _unknown("key-use")
    if not key.valid_at(now):
        raise _unknown("key-not-valid-now")
    if algorithm != key.algorithm:
        raise _unknown("algorithm-not-the-key's")


def _claims(parsed: Compact) -> _Claims:
    try:
        claims = strict_json.parse_object(parsed.unverified_payload, _LIMITS)
    except Refusal as error:
        raise _unknown("claims-form") from error
    if claims.keys() != _CLAIM_NAMES:
        raise _unknown("claim-names")
    issuer, subject, audience, method, url, token_id = (_text(claims, name) for name in ("iss", "sub", "aud", "htm", "htu", "jti"))
    if not 0 < len(token_id) <= _MAX_TOKEN_ID_CHARACTERS:
        raise _unknown("claim-jti")
    return _Claims(issuer, subject, audience, _time(claims, "iat"), _time(claims, "exp"), method, url, token_id)


def _check_times(claims: _Claims, now: datetime) -> None:
    skew = timedelta(seconds=CLOCK_SKEW_SECONDS)
    if not timedelta(0) < claims.expires - claims.issued_at <= timedelta(seconds=MAX_LIFETIME_SECONDS):
        raise _unknown("lifetime")
    if claims.issued_at > now + skew:
        raise _unknown("from-the-future")
    if claims.expires + skew <= now:
        raise _unknown("expired")


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str):
        raise _unknown(f"claim-{name}")
    return value


def _time(claims: Mapping[str, object], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LAST_SECOND:
        raise _unknown(f"claim-{name}")
    return datetime.fromtimestamp(value, UTC)


def _comparable(url: str) -> tuple[str, str, int | None, str]:
    """A URL without query and fragment, case and default port evened out (RFC 9449 §4.3, RFC 3986 §6.2)."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme), parts.path or "/"
    except ValueError as error:
        raise _unknown("claim-htu") from error


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _unknown(cause: str) -> Refusal:
    return refuse(FaultCode.NOT_AUTHENTICATED, cause=cause)
