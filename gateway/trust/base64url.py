"""Base64url without padding (RFC 7515 §2), read strictly.

What it is: one encoding for one sequence of bytes, so that nothing signed can be respelt. What it is not: the
lenient decoder of the standard library, which skips what it does not know. Called by everything JOSE.
"""

import binascii

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_LAST_OF_TWO = b"AQgw"
_LAST_OF_THREE = b"AEIMQUYcgkosw048"


def encode(content: bytes) -> bytes:
    """The one spelling of `content`."""
    return binascii.b2a_base64(content, newline=False).translate(_TO_URL).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """Inverse of `encode`. Raises ValueError for any other alphabet, padding, length or unused bits."""
    remainder = len(text) % 4
    if text.translate(None, _ALPHABET) or remainder == 1 or not _unused_bits_are_zero(text, remainder):
        raise ValueError("not canonical base64url")
    return binascii.a2b_base64(text.translate(_TO_STANDARD) + b"=" * (-len(text) % 4))


def _unused_bits_are_zero(text: bytes, remainder: int) -> bool:
    if remainder == 2:
        return text[-1] in _LAST_OF_TWO
    return remainder != 3 or text[-1] in _LAST_OF_THREE
