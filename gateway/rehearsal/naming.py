"""What a simulated case system calls the records that it keeps.

What it is: the numbers that the keeper of the case register gives to new records, and the own ids of a system that
cannot keep numbers of others. Both come back from the journal, and neither is ever given twice. What it is not: the
gateway's crosswalk, which learns them from what is signed. Called by `ndelius` and `case_system`, under their locks.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.rehearsal.journal import Entry, Noted
from gateway.rehearsal.record_names import NO_RECORD, RECORD_NAMES
from gateway.rehearsal.record_versions import INSERT

OWN_MARK = "~"
NONE_YET = "0"


def _first() -> int:
    """Numbers of the real product have ten digits and begin with 25."""
    return 2_500_000_000 + int(datetime.now(UTC).timestamp() * 100) % 90_000_000


@dataclass(slots=True)
class Numbers:
    """Of a system that gives them."""

    _last: int = field(default_factory=_first)

    def remember(self, entries: Iterable[Entry]) -> None:
        """Take up what a journal says was given."""
        self._last = max((self._last, *(int(text) for entry in entries if (text := entry.text("called")).isdigit())))

    def call(self, kind: str, action: str, key: str) -> str:
        """The number of the record that a message is about: its own, or a new one for a record that has none."""
        if action != INSERT or key != NONE_YET or not RECORD_NAMES.get(kind, NO_RECORD).element:
            return key
        self._last += 1
        return str(self._last)


@dataclass(slots=True)
class OwnNames:
    """Of a system that knows records by ids of its own."""

    party: str
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    def remember(self, entries: Iterable[Entry]) -> None:
        """Take up what a journal says was named."""
        for entry in entries:
            if entry.noted is Noted.APPLIED and entry.text("called"):
                self._names[_kind(entry.text("type")), entry.text("key")] = entry.text("called")

    def call(self, kind: str, key: str) -> str:
        """Its own id of the record that a message is about, drawn at first sight of its number."""
        if key.startswith(OWN_MARK):
            return key.removeprefix(OWN_MARK)
        if key in ("", NONE_YET):
            return ""
        return self._names.setdefault((_kind(kind), key), f"{self.party}/{uuid.uuid4().hex[:12]}")


def _kind(message_type: str) -> str:
    """Messages about one sort of record share it."""
    return RECORD_NAMES.get(message_type, NO_RECORD).canonical
