"""Status codes: what each StatusCode of an SPG status notification means to us.

What it is: a total table over 100 to 999, from a recipient's number to the stage that it says and, where that is no
success, to a row of the fault table. What it is not: the way out (each fault row has its own StatusCode). Called by
the rules that read statements. Only 200, 202, 504, 599 and 601 have been seen in the real product; what the others
mean is taken from HTTP, and a number that nobody ever gave a meaning to is told as it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from schemas.fault_codes import FaultCode
from schemas.receipts import Stage


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one StatusCode says."""

    stage: Stage
    fault: FaultCode | None
    """None for the two that are no failure."""
    sentence: str


RECEIVED: Final = 200
PROCESSED: Final = 202
"""nDelius marks an export processed, and releases held messages, on this code and no other."""
CONFLICT: Final = 409
LEAST, MOST = 100, 999

_NOT, _F = Stage.NOT_APPLIED, FaultCode
KNOWN: Final[Mapping[int, Meaning]] = MappingProxyType(
    {
        RECEIVED: Meaning(Stage.DELIVERED, None, "Received."),
        PROCESSED: Meaning(Stage.APPLIED, None, "Received and processed."),
        401: Meaning(_NOT, _F.RECIPIENT_REFUSED, "The recipient does not know who asks."),
        403: Meaning(_NOT, _F.RECIPIENT_REFUSED, "It is forbidden."),
        404: Meaning(_NOT, _F.NOT_APPLIED, "The record is not held there."),
        CONFLICT: Meaning(_NOT, _F.VERSION_CONFLICT, "The record has changed since the version that the message names."),
        413: Meaning(_NOT, _F.TOO_LARGE, "It is larger than the recipient takes."),
        422: Meaning(_NOT, _F.RECIPIENT_REFUSED, "The recipient's own rules find fault with the content."),
        501: Meaning(_NOT, _F.TYPE_NOT_AGREED, "The recipient does not support this message."),
        502: Meaning(_NOT, _F.RECIPIENT_REFUSED, "What lies behind the recipient gave a bad answer."),
        503: Meaning(_NOT, _F.RECIPIENT_UNREACHABLE, "What lies behind the recipient is away."),
        504: Meaning(_NOT, _F.RECIPIENT_UNREACHABLE, "The recipient's case system could not be reached in time."),
        599: Meaning(_NOT, _F.NOT_APPLIED, "An unclassified failure on the recipient's own routes."),
        601: Meaning(_NOT, _F.RECIPIENT_REFUSED, "Refused on security grounds."),
    }
)
"""Numbers with a meaning of their own."""
RANGES: Final[tuple[tuple[int, int, Meaning], ...]] = (
    (100, 399, Meaning(_NOT, _F.NOT_APPLIED, "No success that is known here: only 202 says that it was processed.")),
    (400, 499, Meaning(_NOT, _F.RECIPIENT_REFUSED, "The recipient finds the fault with the message.")),
    (500, 599, Meaning(_NOT, _F.NOT_APPLIED, "The recipient failed.")),
    (600, 999, Meaning(_NOT, _F.NOT_APPLIED, "No meaning is known.")),
)
"""First, last, and what every other number between them means."""


def of_status(status: int) -> Meaning:
    """What a StatusCode says. Raises ValueError outside 100 to 999."""
    known = KNOWN.get(status)
    if known is not None:
        return known
    for first, last, meaning in RANGES:
        if first <= status <= last:
            return meaning
    raise ValueError(f"{status} is no status code")
