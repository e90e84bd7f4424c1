"""Sealing at rest and inside the broker: AES-256-GCM (NIST SP 800-38D).

What it is: a fresh data key per message, wrapped by a named key, with what the bytes belong to bound in as
associated data; so destroying `wrapped_key` erases one message for good. What it is not: encryption for
partners. Keys and randomness are handed in. Called by the rules that write the store, and around parcels.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.records import Sealed
from gateway.trust.contract import SignerUnavailable

KEY_BYTES = 32
_NONCE_BYTES = 12
_WRAP_LABEL = b"gateway data key 1\x00"

ABSENT = b""
"""Stands for a key that this process was not given; using it raises SignerUnavailable."""

Random = Callable[[int], bytes]
"""Gives that many unpredictable bytes: `secrets.token_bytes`."""


class Unsealable(Exception):
    """Altered, moved to another place, or sealed under a key that is not here."""


@dataclass(frozen=True, slots=True)
class ArchiveKeys:
    """The named keys that wrap data keys: one is current, older ones still open. None at all in a process that
    was given none: then sealing raises SignerUnavailable."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys and (self.current or self.keys):
            raise ValueError("the current archive key is not among the keys")
        if any(len(key) != KEY_BYTES for key in self.keys.values()):
            raise ValueError(f"an archive key has {KEY_BYTES} bytes")


def seal(plaintext: bytes, keys: ArchiveKeys, associated: bytes, random: Random) -> Sealed:
    """Seal under a fresh data key. `associated` must be given again, the same, to unseal. Raises SignerUnavailable."""
    drawn = random(KEY_BYTES + 2 * _NONCE_BYTES)
    data_key, nonce, wrap_nonce = drawn[:KEY_BYTES], drawn[KEY_BYTES:-_NONCE_BYTES], drawn[-_NONCE_BYTES:]
    wrapped = wrap_nonce + _cipher(keys.keys.get(keys.current, ABSENT)).encrypt(wrap_nonce, data_key, _wrap_associated(keys.current))
    return Sealed(keys.current, wrapped, nonce + AESGCM(data_key).encrypt(nonce, plaintext, associated))


def unseal(sealed: Sealed, keys: ArchiveKeys, associated: bytes) -> bytes:
    """Inverse of `seal`. Raises Unsealable."""
    wrapping_key = keys.keys.get(sealed.key_name)
    if wrapping_key is None:
        raise Unsealable("the wrapping key is not here")
    data_key = _open(_cipher(wrapping_key), sealed.wrapped_key, _wrap_associated(sealed.key_name))
    return _open(AESGCM(data_key), sealed.ciphertext, associated)


def seal_parcel(plaintext: bytes, key: bytes, associated: bytes, random: Random) -> bytes:
    """Seal what travels through our own broker: nonce, ciphertext, tag. One key carries at most 2^32 parcels."""
    nonce = random(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, plaintext, associated)


def unseal_parcel(sealed: bytes, key: bytes, associated: bytes) -> bytes:
    """Inverse of `seal_parcel`. Raises Unsealable."""
    return _open(_cipher(key), sealed, associated)


def case_lookup(key: bytes, crn: str) -> str:
    """By which a case is found without being named: HMAC-SHA-256 of the checked CRN, hexadecimal."""
    return hmac.digest(_given(key), crn.encode(), "sha256").hex()


def _open(cipher: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError) as error:
        raise Unsealable("the seal does not hold") from error


def _wrap_associated(key_name: str) -> bytes:
    """A data key opens only under the name that it was wrapped for."""
    return _WRAP_LABEL + key_name.encode()


@lru_cache(maxsize=64)
def _cipher(key: bytes) -> AESGCM:
    """Key schedules of the few long-lived keys, made once."""
    return AESGCM(_given(key))


def _given(key: bytes) -> bytes:
    """An empty HMAC key would work, and find nothing ever again."""
    if key == ABSENT:
        raise SignerUnavailable("this process was not given the key")
    return key
