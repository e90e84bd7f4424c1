"""Versions of records, as the case system of a simulated partner keeps them.

What it is: the optimistic lock of SPGVersion: an update or delete that names a version is done only where the record
still has it, and whatever is done gives it a new one. What it is not: the gateway, which holds no records and judges
no version. Called by the simulated nDelius and by `case_system`, each under its own lock. Follows the SPG wire format
§7.1: 32 zeros name no version, and a deleted record keeps its last one.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.rehearsal.journal import Entry, Noted

NO_VERSION = "0" * 32
INSERT, DELETE = "INS", "DEL"


@dataclass(frozen=True, slots=True)
class Change:
    """What one message wants done to one record."""

    case: str
    type: str
    key: str
    """What the system calls the record; empty where the message is about none."""
    action: str
    named: str
    """The version that the message names; empty where it names none."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The record has another version now."""

    current: str


def named(text: object) -> str:
    """The version that a message names, from what stands in it."""
    version = text.strip().upper() if isinstance(text, str) else ""
    return "" if version == NO_VERSION else version


def _draw() -> str:
    return uuid.uuid4().hex.upper()


@dataclass(slots=True)
class RecordVersions:
    """The records of one case system, with the version of each."""

    draw: Callable[[], str] = _draw
    _held: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def remember(self, entries: Iterable[Entry]) -> None:
        """Take up what a journal says was applied."""
        for entry in entries:
            if entry.noted is Noted.APPLIED and entry.text("version"):
                self._held[entry.text("case"), entry.text("type"), entry.text("called") or entry.text("key")] = entry.text("version")

    def apply(self, change: Change) -> str | Stale:
        """The version that the record has afterwards, empty where there is no record; or why it is not done."""
        if not change.key:
            return ""
        place = (change.case, change.type, change.key)
        held = self._held.get(place)
        if change.action != INSERT and held is not None and change.named not in ("", held):
            return Stale(held)
        if held is None or change.action != DELETE:
            self._held[place] = self.draw()
        return self._held[place]
