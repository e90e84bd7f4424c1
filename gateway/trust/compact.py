"""JWS compact serialisation (RFC 7515 §3.1, §7.1, Appendix F): taken apart, checked, and put together.

What it is: the parts and the signature over them. What it is not: a judgement of the header: `jws` and
`caller` each know theirs. Signatures are checked by pyjwt's algorithms over keys that are parsed once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWTError

from gateway.trust import base64url, strict_json
from gateway.trust.contract import Limits, Signer
from gateway.trust.keyring import KeyRecord
from gateway.trust.signing import KeyUnusable, PublicKey, load_public_key
from schemas.faults import FaultCode, refuse

_MAX_HEADER_CHARACTERS = 4096
_MAX_DETACHED_CHARACTERS = 2 * _MAX_HEADER_CHARACTERS
_HEADER_LIMITS = Limits(max_bytes=_MAX_HEADER_CHARACTERS, max_depth=4, max_elements=64)
_ALGORITHMS = {name: algorithm for name, algorithm in get_default_algorithms().items() if name in {"EdDSA", "ES256", "RS256", "PS256"}}
"""Neither `none` nor any HMAC exists here, whatever a header or a key record says."""


@dataclass(frozen=True, slots=True)
class Compact:
    """One JWS taken apart. Nothing of it is believed yet."""

    claimed_header: Mapping[str, object]
    unverified_payload: bytes
    signature: bytes
    signing_input: bytes


def split(token: bytes) -> Compact:
    """Take a compact JWS apart. Refuses with `malformed` whatever is not one, strictly."""
    signing_input, _, signature = token.rpartition(b".")
    header, _, payload = signing_input.partition(b".")
    if not header or len(header) > _MAX_HEADER_CHARACTERS:
        raise refuse(FaultCode.MALFORMED, "This is not a compact JWS.", cause="jws-form")
    try:
        header_bytes = base64url.decode(header)
        return Compact(strict_json.parse_object(header_bytes, _HEADER_LIMITS), base64url.decode(payload), base64url.decode(signature), signing_input)
    except ValueError as error:
        raise refuse(FaultCode.MALFORMED, "This is not a compact JWS.", cause="jws-base64url") from error


def split_detached(signature: bytes, content: bytes) -> Compact:
    """Take a JWS apart whose payload travels beside it (RFC 7515, Appendix F). Refuses as `split` does."""
    header, _, rest = signature.partition(b".")
    if len(signature) > _MAX_DETACHED_CHARACTERS or not rest.startswith(b"."):
        raise refuse(FaultCode.MALFORMED, "This is not a detached JWS.", cause="jws-form")
    bare = split(signature)
    return replace(bare, unverified_payload=content, signing_input=header + b"." + base64url.encode(content))


def detach(token: bytes) -> bytes:
    """The same JWS without its payload."""
    header, _, rest = token.partition(b".")
    return header + b".." + rest.rpartition(b".")[2]


def attach(signature: bytes, content: bytes) -> bytes:
    """Inverse of `detach`: the compact JWS that anybody can check by itself."""
    header, _, mark = signature.partition(b"..")
    return header + b"." + base64url.encode(content) + b"." + mark


def signature_holds(token: Compact, key: KeyRecord) -> bool:
    """True where `key` signed `token`, by the key record's own algorithm and no other."""
    algorithm = _ALGORITHMS.get(key.algorithm)
    if algorithm is None:
        return False
    try:
        return bool(algorithm.verify(token.signing_input, _prepared(key.algorithm, key.public_key), token.signature))
    except (PyJWTError, KeyUnusable, ValueError, TypeError):
        # a key record whose algorithm is not its key's kind verifies nothing
        return False


@lru_cache(maxsize=1024)
def _prepared(algorithm: str, public_key: bytes) -> PublicKey:
    """A key parsed, and checked by pyjwt to be of the algorithm's kind, once. Raises what `prepare_key` does."""
    key = load_public_key(public_key)
    _ALGORITHMS[algorithm].prepare_key(key)
    return key


def join(header: bytes, payload: bytes, signer: Signer) -> bytes:
    """A compact JWS over `header` (JSON) and `payload`. Raises SignerUnavailable."""
    signing_input = base64url.encode(header) + b"." + base64url.encode(payload)
    return signing_input + b"." + base64url.encode(signer.sign(signing_input))
