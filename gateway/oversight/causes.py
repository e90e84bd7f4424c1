"""Causes: what went wrong with a delivery, in plain words: whose fault it is, and what to do next.

What it is: the fault table (`schemas.faults`) as an operator reads it, and the key of a group of dead letters. What it
is not: a second table: titles, blame and advice are those that partners and documents are told. Called by the console.
"""

from dataclasses import dataclass
from typing import Final

from gateway.oversight.views import LetterFilter, LetterGroup
from schemas.faults import FAULTS, Blame, FaultCode
from schemas.identifiers import PartyCode

_CODES: Final = {code.value: code for code in FaultCode}
WHOSE: Final = {
    Blame.SENDER: "The sender",
    Blame.RECIPIENT: "The recipient",
    Blame.GATEWAY: "The gateway",
    Blame.OPERATOR: "Us, the operators",
}
_NEXT: Final = {
    Blame.SENDER: "Tell the sender, who has to send it again corrected. Discard this one when they have.",
    Blame.RECIPIENT: "Look at the partner's page and its last attempts. Retry the group once its system works again.",
    Blame.GATEWAY: "Read the log about this delivery, mend the gateway, then retry. Do not discard.",
    Blame.OPERATOR: "Find out who decided it and why: the timeline names them.",
}
_KEY_PARTS: Final = 3
_RETRY_HELPS: Final = "Sending the same bytes again can succeed."
_RETRY_DOES_NOT: Final = "Sending the same bytes again will fail the same way, unless the other side has changed something."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One way to fail, for people."""

    code: str
    title: str
    whose: str
    what_next: str
    advice: str
    """What partners are told to do."""
    retry: str
    """Whether a retry can help."""


UNKNOWN: Final = Cause(
    code="",
    title="No cause was recorded",
    whose=WHOSE[Blame.GATEWAY],
    what_next=_NEXT[Blame.GATEWAY],
    advice="",
    retry=_RETRY_DOES_NOT,
)


def cause_of(code: str | None) -> Cause:
    """The cause that a fault code names; `UNKNOWN` for none, or for one of an older gateway."""
    known = _CODES.get(code or "")
    if known is None:
        return UNKNOWN
    row = FAULTS[known]
    return Cause(
        code=known.value,
        title=row.title,
        whose=WHOSE[row.blame],
        what_next=_NEXT[row.blame],
        advice=row.advice,
        retry=_RETRY_HELPS if row.retry else _RETRY_DOES_NOT,
    )


def group_key(group: LetterGroup) -> str:
    """How a group is named in addresses, notes and assignments. Codes and names of types only."""
    return f"{group.fault}|{group.recipient}|{group.type}"


def filter_of(key: str) -> LetterFilter | None:
    """Inverse of `group_key`; None for what is no key."""
    parts = key.split("|")
    if len(parts) != _KEY_PARTS:
        return None
    return LetterFilter(fault=parts[0], recipient=PartyCode(parts[1]), type=parts[2])
