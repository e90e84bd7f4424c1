"""Content digests: the one form in which digests are written.

What it is: SHA-256 as `sha-256:<hexadecimal>`. What it is not: a choice of algorithm. Called by packagings,
receipts and the rules of the road (architecture, durable accept).
"""

import hashlib

from schemas.identifiers import Digest


def digest(content: bytes) -> Digest:
    """SHA-256 of `content`, as every receipt and record writes it."""
    return Digest("sha-256:" + hashlib.sha256(content).hexdigest())
