"""Enclosure: a document that points at a detail, and that detail, kept together as one.

What it is: both in one run of bytes, so that they are sealed, kept and erased as one, and the detail is for ever what
it was when the document was fixed, whatever becomes of dialects and agreements. What it is not: a form that travels:
what goes out is one or the other. Called by translation, sealing and the door of details.
"""

from typing import Final

_MARK: Final = b"\x00detail\x00"
"""No document begins so: those of every dialect are text."""
_LENGTH_BYTES: Final = 8


def enclose(document: bytes, detail: bytes | None) -> bytes:
    """What is kept of a delivery."""
    if detail is None:
        return document
    return b"".join((_MARK, len(document).to_bytes(_LENGTH_BYTES), document, detail))


def document_in(kept: bytes) -> bytes:
    """What is handed over."""
    return _parted(kept)[0]


def detail_in(kept: bytes) -> bytes | None:
    """What the recipient may fetch; None where everything was handed over."""
    return _parted(kept)[1]


def _parted(kept: bytes) -> tuple[bytes, bytes | None]:
    if not kept.startswith(_MARK):
        return kept, None
    start = len(_MARK) + _LENGTH_BYTES
    end = start + int.from_bytes(kept[len(_MARK) : start])
    return kept[start:end], kept[end:]
