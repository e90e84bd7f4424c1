"""The channel `drop`: files left in a folder that the partner takes them from.

What it is: one batch per message under the partner's own folder: the document, the signature beside it where there is
one, and the manifest last. What it is not: proof that the partner has it: only its signed receipt is; nor a reader of
what it carries. Called by the couriers. Layout and order: docs/protocol/files.md.
"""

import errno
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from adapters.channels.drop_folder import OUTBOX, RECEIPT, RECEIPTS, SIGNATURE, Batch, Folder, Piece, UnsafeNameError, put
from adapters.contract import Address, HandedOver, Handover, TryLater, WireMessage
from schemas.faults import Fault, FaultCode

JOSE = "application/jose"
_SIGNATURE_HEADER = "signature"
_EXTENSIONS = {
    "text/csv": ".csv",
    "application/json": ".json",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/soap+xml": ".xml",
    JOSE: SIGNATURE,
}
_DETAILS = {
    errno.ENOSPC: "The disk of the recipient's folder is full.",
    errno.EDQUOT: "The recipient's folder has no room left.",
    errno.EACCES: "The recipient's folder may not be written to.",
    errno.EPERM: "The recipient's folder may not be written to.",
    errno.EROFS: "The recipient's folder may not be written to.",
    errno.ENOENT: "The recipient's folder is not there.",
    errno.ENOTDIR: "The recipient's folder is not a folder.",
    errno.ELOOP: "The recipient's folder is a link.",
}


def _now() -> datetime:
    return datetime.now(UTC)


class FileDropChannel:
    """Writes each message once, and again only when it is gone. See `adapters.contract.Channel`."""

    def __init__(self, root: Path | None, *, clock: Callable[[], datetime] = _now) -> None:
        """`root` holds a folder per organisation; without one, everything waits."""
        self._root, self._clock = root, clock

    @property
    def name(self) -> str:
        """As agreements call it."""
        return "drop"

    def hand_over(self, items: Sequence[tuple[WireMessage, Address]]) -> Sequence[Handover]:
        """One outcome each. Handing over what lies there still changes nothing."""
        return [self._hand_over_one(message, address) for message, address in items]

    def close(self) -> None:
        """Nothing is held between two hand-overs."""

    def _hand_over_one(self, message: WireMessage, address: Address) -> Handover:
        if self._root is None:
            return _later("No folder is configured for files (setting drop_root).")
        within = (OUTBOX, RECEIPTS) if address.is_receipt else (OUTBOX,)
        try:
            with Folder(self._root / address.organisation, *within) as folder:
                put(folder, _batch(message, address, self._clock()))
        except UnsafeNameError:
            return _later("The message id is no file name.")
        except OSError as error:
            return _later(_DETAILS.get(error.errno or 0, f"The recipient's folder cannot be used: {errno.errorcode.get(error.errno or 0, 'unknown')}."))
        return HandedOver()


def _batch(message: WireMessage, address: Address, now: datetime) -> Batch:
    stem = _stem(address)
    media_type = message.content_type.partition(";")[0].strip().lower()
    extension = RECEIPT if address.is_receipt else _EXTENSIONS.get(media_type, ".bin")
    pieces = [Piece(stem + extension, message.body, message.content_type)]
    signature = message.headers.get(_SIGNATURE_HEADER)
    if signature is not None:
        pieces.append(Piece(pieces[0].name + SIGNATURE, signature.encode("ascii"), JOSE))
    facts = {"recipient": address.recipient} if address.is_receipt else {"message_id": address.message_id, "recipient": address.recipient}
    return Batch(
        stem=stem,
        kind="receipt" if address.is_receipt else "message",
        pieces=pieces,
        facts=facts,
        prepared_at=now,
        fresh=signature is None and not address.is_receipt,
    )


def _stem(address: Address) -> str:
    """In order of name is in order of acceptance; an id of ours holds a time, and two of one millisecond tell no order. Two
    parties of one organisation share a folder and may both be sent the same message."""
    place = () if address.sequence is None else (f"{address.sequence:012}",)
    whom = () if address.is_receipt else (address.recipient,)
    return "-".join((*whom, *place, address.message_id))


def _later(detail: str) -> TryLater:
    return TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, detail))
