"""A fault as every face tells it: one set of members, written as JSON, as XML, or as a line for a person.

What it is: which facts of a fault and of its row go out, in which order, and how many faults one answer holds.
What it is not: a face itself. Called by the HTTP and SOAP faces, by commands, and by the generated page of faults.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from schemas.faults import FAULTS, Fault, FaultCode

MEMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": "A code of the fault table.",
        "title": "What the code says.",
        "detail": "The rule that was broken.",
        "pointer": "XPath or JSON pointer into what was sent.",
        "reference": "Number of the message in its interchange, from 1.",
        "value": "What was found, where it is a code; never what could be personal.",
        "current_version": "The version that the record has now, where the message named an older one.",
        "blame": "Who has to act: sender, recipient, gateway or operator.",
        "advice": "What to do.",
    }
)
"""Every member with its meaning. One that has nothing to say is left out."""
MAX_ALSO: Final = 100
"""Further faults in one answer: enough to mend much at one go, and bounded whatever was sent."""


def members(fault: Fault) -> dict[str, str | int]:
    """What a face tells of one fault."""
    row = fault.row
    told: dict[str, str | int | None] = {
        "code": fault.code.value,
        "title": row.title,
        "detail": fault.detail,
        "pointer": fault.pointer,
        "reference": fault.reference,
        "value": fault.value,
        "current_version": fault.current_version,
        "blame": row.blame.value,
        "advice": row.advice,
    }
    return {name: value for name, value in told.items() if value is not None and value != ""}


def acting(code: str | None) -> tuple[str, str]:
    """Who has to act on a fault that was kept by its code, and what to do; empty where the code is none of the table."""
    row = FAULTS.get(FaultCode(code)) if code in frozenset(FaultCode) else None
    return (row.blame.value, row.advice) if row else ("", "")


def bounded(also: Sequence[Fault]) -> tuple[Sequence[Fault], int]:
    """The further faults that an answer tells, and how many more there are."""
    return also[:MAX_ALSO], max(0, len(also) - MAX_ALSO)


def line(told: Mapping[str, object]) -> str:
    """One fault for a person, from its members: code, message, place, rule, value, who acts, what to do."""
    where = " ".join(part for part in (f"message {told['reference']}" if "reference" in told else "", str(told.get("pointer", ""))) if part)
    found = f"Found: {told['value']}." if "value" in told else ""
    held = f"The record now has version {told['current_version']}." if "current_version" in told else ""
    acts = f"For the {told['blame']}: {told.get('advice', '')}" if "blame" in told else ""
    rule = " ".join(str(part) for part in (told.get("detail", ""), found, held, acts) if part)
    return ": ".join(part for part in (str(told.get("code", "")), where, rule) if part)
