"""Telling: the rehearsal's story as lines on a terminal, read off the partners' journals as they write them.

What it is: who says what to whom, at which stage, with which code. What it is not: a source of counts: those come
from the journal files at the end. Called by the demo. The story goes to stdout, progress to stderr.
"""

import threading
from collections.abc import Mapping
from datetime import datetime

from rich.console import Console
from rich.text import Text

from gateway.rehearsal.journal import Entry, Journal, Noted

GATEWAY = "gateway"
LINE_WIDTH = 110
WIDTHS = (9, 18, 31, 9)
"""Columns: time, who to whom, what, case; the stage and its code follow."""
STYLES: Mapping[Noted, str] = {
    Noted.ACCEPTED: "green",
    Noted.APPLIED: "green",
    Noted.RECEIPT: "green",
    Noted.NOTIFIED: "green",
    Noted.DECLINED: "yellow",
    Noted.NOT_APPLIED: "yellow",
    Noted.REPEATED: "cyan",
    Noted.RECEIVED_AGAIN: "cyan",
    Noted.DISTRUSTED: "red",
    Noted.UP: "magenta",
    Noted.DOWN: "magenta",
}

WORDS: Mapping[Noted, tuple[str, str]] = {
    Noted.SENT: ("out", "sent, for {receiver}"),
    Noted.ACCEPTED: ("in", "accepted{code}"),
    Noted.DECLINED: ("in", "refused{code} {title}"),
    Noted.REPEATED: ("in", "duplicate: the first answer again"),
    Noted.RECEIVED: ("in", "received, from {sender}"),
    Noted.RECEIVED_AGAIN: ("in", "received again: nothing done twice"),
    Noted.APPLIED: ("out", "applied{outcome}, receipt signed"),
    Noted.NOT_APPLIED: ("out", "not applied: {reason}"),
    Noted.RECEIPT: ("in", "{stage} at {recipient}, receipt verified"),
    Noted.NOTIFIED: ("in", "status notification {status}"),
    Noted.DISTRUSTED: ("in", "not believed: {reason}"),
    Noted.UP: ("self", "is up"),
    Noted.DOWN: ("self", "goes down"),
}
"""Which way an entry points, and its words."""


class Teller:
    """Writes lines. Safe to call from several threads."""

    def __init__(self) -> None:
        self._story = Console(width=LINE_WIDTH, highlight=False, soft_wrap=True)
        self._progress = Console(stderr=True, highlight=False, soft_wrap=True)
        self._guard = threading.Lock()
        self._following = True
        self._things: dict[str, tuple[str, str]] = {}
        """What a reference or message id is about: type and case, as its own journal said before."""

    def act(self, title: str) -> None:
        """A new part of the story."""
        with self._guard:
            self._story.print()
            self._story.print(Text(title, style="bold"))

    def say(self, sentence: str) -> None:
        """A line of the story without columns."""
        with self._guard:
            self._story.print(Text(sentence))

    def last(self, line: str) -> None:
        """The last line, exactly as it is."""
        with self._guard:
            self._story.file.write(line + "\n")
            self._story.file.flush()

    def progress(self, sentence: str) -> None:
        """What is going on behind the scene."""
        with self._guard:
            self._progress.print(Text(sentence, style="dim"))

    def quiet(self) -> None:
        """Tell no more entries: the story is over."""
        with self._guard:
            self._following = False

    def follow(self, party: str, journal: Journal) -> None:
        """Tell every entry of a journal as it is written."""
        journal.follow(lambda entry: self._tell(party, entry))

    def _tell(self, party: str, entry: Entry) -> None:
        with self._guard:
            if not self._following:
                return
            thing, case = self._thing(entry)
            who, stage = _sides(party, entry)
            cells = (_clock(entry.at), who, thing, case)
            line = Text("".join(cell.ljust(width)[:width] + " " for cell, width in zip(cells, WIDTHS, strict=True)))
            line.append(stage, style=STYLES.get(entry.noted, ""))
            self._story.print(line)

    def _thing(self, entry: Entry) -> tuple[str, str]:
        handle = entry.text("reference") or entry.text("message_id") or entry.text("subject")
        said = (entry.text("type"), entry.text("case"))
        if handle and said[0]:
            self._things[handle] = said
        return said if said[0] else self._things.get(handle, ("", ""))


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")


def _sides(party: str, entry: Entry) -> tuple[str, str]:
    direction, words = WORDS[entry.noted]
    sides = {"in": f"{GATEWAY} → {party}", "out": f"{party} → {GATEWAY}", "self": party}
    return sides[direction], words.format_map(_Facts(entry))


class _Facts(dict[str, str]):
    """Facts of an entry by name; empty where absent."""

    def __init__(self, entry: Entry) -> None:
        super().__init__({name: entry.text(name) for name in entry.facts})
        for name in ("code", "outcome"):
            self[name] = f" ({self[name]})" if self.get(name) else ""

    def __missing__(self, name: str) -> str:
        return ""
