"""Parcel: what travels between our own workers through RabbitMQ, and its encoding.

What it is: ids, the next step, and the sealed message or, above 256 KiB, nothing but the ids (a Claim
Check, EIP). What it is not: readable: the message inside is sealed by whoever made the parcel.
"""

import json
from dataclasses import dataclass

from schemas.identifiers import DeliveryId, PartyCode

INLINE_LIMIT_BYTES = 256 * 1024
"""Larger messages travel as a claim check: quorum queues hold what they carry in memory and in the log."""


class ParcelUnreadable(ValueError):
    """The bytes are not a parcel of ours: poison."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One piece of work for one worker."""

    step: str
    delivery_id: DeliveryId
    recipient: PartyCode
    lane: str
    sealed: bytes | None = None
    submission: str = ""
    """What it came of: the name of its trace, and no part of the work. Empty in parcels of before it was told."""

    def associated_data(self) -> bytes:
        """What the seal binds besides the content: ids and step."""
        return "\x00".join((self.step, self.delivery_id, self.recipient, self.lane)).encode()


def encode(parcel: Parcel) -> bytes:
    """JSON head, a line feed, then the sealed bytes as they are."""
    head = {
        "v": 1,
        "step": parcel.step,
        "delivery": parcel.delivery_id,
        "recipient": parcel.recipient,
        "lane": parcel.lane,
        "inline": parcel.sealed is not None,
    }
    if parcel.submission:
        head["submission"] = parcel.submission
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + (parcel.sealed or b"")


def decode(body: bytes) -> Parcel:
    """Inverse of `encode`. Raises `ParcelUnreadable`."""
    head_bytes, separator, sealed = body.partition(b"\n")
    try:
        head = json.loads(head_bytes)
        if not separator or head["v"] != 1:
            raise ParcelUnreadable("unknown parcel version")
        step, delivery, recipient, lane = (_plain(head[name]) for name in ("step", "delivery", "recipient", "lane"))
        submission = _plain(head.get("submission", ""))
        return Parcel(step, DeliveryId(delivery), PartyCode(recipient), lane, sealed if head["inline"] else None, submission)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ParcelUnreadable(str(type(error).__name__)) from error


def _plain(value: object) -> str:
    """No number, no half of a surrogate pair, no NUL: none of them can be encoded or looked up."""
    if not isinstance(value, str) or not value.isprintable():
        raise ParcelUnreadable("an id is no plain text")
    return value
