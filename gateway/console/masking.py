"""Masking: a secret that stands in a page looks different every time it is written there.

What it is: one-time padding of the form token. Pages are compressed, and some say again what their address asked for:
whoever can make a browser open many addresses and see how long the answers are could else guess the token sign by
sign (the BREACH attack; SameSite=Lax lets links from other sites in). What it is not: encryption: the pad stands
beside it. Called by `viewer` for every form, and by `permitted` for what comes back.
"""

import base64
import binascii
import secrets
from typing import Final

_MARK: Final = "~"
"""No token of ours begins with it."""


def masked(token: str) -> str:
    """The token under a new pad."""
    content = token.encode()
    pad = secrets.token_bytes(len(content))
    return _MARK + base64.urlsafe_b64encode(pad + _joined(pad, content)).decode()


def unmasked(given: str) -> str:
    """The token again; what is not masked is as it was, and what is badly masked is nothing."""
    if not given.startswith(_MARK):
        return given
    try:
        content = base64.b64decode(given[len(_MARK) :], altchars=b"-_", validate=True)
        half = len(content) // 2
        return _joined(content[:half], content[half : 2 * half]).decode()
    except (binascii.Error, ValueError):
        return ""


def _joined(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
