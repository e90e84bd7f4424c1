"""Faults as a partner's developer reads them, in a terminal or in a script.

What it is: one fault as members and as lines, whatever partners have sent made safe for a terminal. What it is
not: the choice of what may be told (`schemas.telling`). Called by `check` and `translate`.
"""

from dataclasses import dataclass

from schemas import telling
from schemas.faults import Fault

Members = dict[str, object]


@dataclass(frozen=True, slots=True)
class Placed:
    """A fault, and which document and kind of message it was found in."""

    fault: Fault
    document: int
    """Number of the document in its file, from 1."""
    type: str = ""
    """As the sender named it; empty where the whole is at fault."""


def plain(text: str) -> str:
    """Text without what would move a terminal's cursor or cannot be encoded: names in JSON may hold anything."""
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode("ascii") for character in text)


def members(placed: Placed) -> Members:
    """One fault for a script."""
    told = {name: plain(value) if isinstance(value, str) else value for name, value in telling.members(placed.fault).items()}
    number = told.pop("reference", None)
    return {"document": placed.document, "message": number, "type": plain(placed.type) or None, **told}


def place(document: int, message: int | None, kind: str, *, several: bool) -> str:
    """Where, for people; `several`: its file holds more documents than one."""
    parts = [f"document {document}" if several else "", f"message {message}" if message is not None else "", plain(kind)]
    return ", ".join(part for part in parts if part)


def lines(placed: Placed, *, several: bool) -> list[str]:
    """One fault for people: where, what, the rule, and what to do about it."""
    fault, row = placed.fault, placed.fault.row
    where = place(placed.document, fault.reference, placed.type, several=several) or "the whole"
    facts = {
        "at": plain(fault.pointer),
        "rule": plain(fault.detail),
        "found": plain(fault.value),
        "current version": plain(fault.current_version or ""),
        f"for the {row.blame}": row.advice,
    }
    return [f"  {where}: {fault.code}: {row.title}", *(f"    {name}: {value}" for name, value in facts.items() if value)]
