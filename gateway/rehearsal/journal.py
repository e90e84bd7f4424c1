"""Journals: what a simulated partner wrote down, alone, as it happened.

What it is: an append-only file of JSON lines, each on the disk before the partner goes on. What it is not:
the gateway's word: nothing but the partner writes here. Called by the simulated partners; read by the demo's
reckoning and by tests. A torn last line (the partner was killed while writing) is ignored by readers.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

Fact = str | int | bool | None


class Noted(StrEnum):
    """What a partner notes."""

    SENT = "sent"
    """It signed a message and is about to hand it in."""
    ACCEPTED = "accepted"
    """It holds a verified acceptance: a receipt, or the signed 200."""
    DECLINED = "declined"
    """It was told no, with a code."""
    REPEATED = "repeated"
    """It handed the same thing in again and compared the answer with the first."""
    RECEIVED = "received"
    """A verified message came in for the first time."""
    RECEIVED_AGAIN = "received-again"
    """The same message came again; nothing was done twice."""
    APPLIED = "applied"
    """Its case system did what a message says."""
    NOT_APPLIED = "not-applied"
    """Its case system would not, with a reason."""
    RECEIPT = "receipt"
    """A verified later receipt about something that it sent."""
    NOTIFIED = "notified"
    """A verified InterchangeStatusNotification about something that it sent."""
    DISTRUSTED = "distrusted"
    """Something came in that did not verify, or does not fit what went before."""
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal."""

    at: datetime
    noted: Noted
    facts: Mapping[str, Fact]

    def text(self, name: str) -> str:
        """One fact as text; empty where it is absent."""
        value = self.facts.get(name)
        return "" if value is None else str(value)


class Journal:
    """One partner's own file. Safe to write from several threads of that partner."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._changed = threading.Condition()
        self._entries = list(read(path)) if path.exists() else []
        self._followers: list[Callable[[Entry], None]] = []
        self._beside: list[Journal] = []
        self._file = path.open("ab")

    def write(self, noted: Noted, **facts: Fact) -> Entry:
        """Append one entry and return when it is on the disk."""
        entry = Entry(datetime.now(UTC), noted, facts)
        line = json.dumps({"at": entry.at.isoformat(), "noted": noted.value, **facts}, ensure_ascii=False)
        with self._changed:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._entries.append(entry)
            self._changed.notify_all()
        for follow in self._followers:
            follow(entry)
        return entry

    def follow(self, follower: Callable[[Entry], None]) -> None:
        """Tell somebody of every entry from now on, after it is on the disk, in the writer's thread."""
        self._followers.append(follower)

    def entries(self, noted: Noted | None = None) -> tuple[Entry, ...]:
        """Everything noted so far, of one kind where one is given."""
        with self._changed:
            return tuple(entry for entry in self._entries if noted is None or entry.noted is noted)

    def wait_for(self, found: Callable[[Entry], bool], timeout_seconds: float) -> Entry | None:
        """The first entry of which `found` holds, or None when the time is up."""
        deadline = time.monotonic() + timeout_seconds
        seen = 0
        with self._changed:
            while True:
                for entry in self._entries[seen:]:
                    if found(entry):
                        return entry
                seen = len(self._entries)
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return None
                self._changed.wait(remaining)

    def beside(self, path: Path) -> "Journal":
        """The journal of somebody else of the same house, which is closed with this one."""
        self._beside.append(Journal(path))
        return self._beside[-1]

    def close(self) -> None:
        """Close the file, and those beside it."""
        for other in self._beside:
            other.close()
        self._file.close()


def read(path: Path) -> tuple[Entry, ...]:
    """Every whole line of a journal file, from the disk."""
    lines = path.read_bytes().split(b"\n")
    return tuple(_parse(line) for line in lines[:-1])


def _parse(line: bytes) -> Entry:
    facts = json.loads(line)
    return Entry(datetime.fromisoformat(facts.pop("at")), Noted(facts.pop("noted")), facts)
