"""Folders: how the kit exchanges files with a partner, at the other end of docs/protocol/files.md.

What it is: a home with its folders, and a thread that looks into the partner's inbox with the gateway's own strictness, brings
what is whole to the proving door, and answers with a receipt in the outbox. What it is not: the gateway's intake: nothing is stored
or routed. A simulator's files are thrown away; a real partner's are put where the gateway would put them. Called by the kit's stands.
"""

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from adapters.channels.drop_folder import DONE, INBOX, MANIFEST, OUTBOX, QUARANTINE, RECEIPT, RECEIPTS, TEMPORARY, Batch, Folder, Piece, put
from gateway.rehearsal.conformance.door import ProvingDoor
from gateway.rehearsal.gateway_link import JOSE
from gateway.workers.inbox import Broken, Inbox, Patience, Unit, Whole

FOLDERS: Final = (INBOX, f"{OUTBOX}/{RECEIPTS}", DONE, QUARANTINE)
PAUSE_SECONDS: Final = 0.02
PATIENCE: Final = Patience(stale_seconds=0.6, settled_seconds=0.3, limit_bytes=20 * 1024 * 1024)
"""In one process nothing is being written for long."""


def make_home(home: Path) -> Path:
    """The five folders of one organisation."""
    for name in FOLDERS:
        (home / name).mkdir(parents=True, exist_ok=True)
    return home


@dataclass(frozen=True, slots=True)
class Lying:
    """What lay in a partner's outbox before the kit put anything down."""

    home: Path
    messages: Collection[str]
    receipts: Collection[str]

    @classmethod
    def of(cls, home: Path) -> "Lying":
        """As it is now."""
        with Folder(home, OUTBOX) as messages, Folder(home, OUTBOX, RECEIPTS) as receipts:
            return cls(home, frozenset(messages.names()), frozenset(receipts.names()))

    def restore(self) -> None:
        """Take back what the partner did not take; manifests first, as whoever still sees one sees all that it names."""
        for within, before in (((OUTBOX,), self.messages), ((OUTBOX, RECEIPTS), self.receipts)):
            with Folder(self.home, *within) as folder:
                left = [name for name in folder.names() if name not in before and name != RECEIPTS and not name.startswith(TEMPORARY)]
                for name in sorted(left, key=lambda one: not one.endswith(MANIFEST)):
                    folder.remove(name)


class FolderIntake:
    """What a partner puts into its inbox, brought to the proving door: a thread over that folder."""

    def __init__(self, home: Path, door: ProvingDoor, patience: Patience = PATIENCE, *, keeps: bool = False) -> None:
        """`keeps`: what was taken goes to `done` and what is none to `quarantine`; else both are thrown away."""
        self._home, self._door, self._keeps = home, door, keeps
        self._inbox = Inbox(patience, lambda _: False)
        self._early: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proving-folders", daemon=True)
        self._thread.start()

    def stop_when_empty(self, seconds: float) -> None:
        """End once nothing lies there any more, or the time is up."""
        deadline = time.monotonic() + seconds
        while names_in(self._home, INBOX) and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        self.stop()

    def stop(self) -> None:
        """End, and wait for the end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with Folder(self._home, INBOX) as inbox:
                self._note_early_manifests(inbox)
                for found in sorted(self._inbox.look(inbox), key=lambda one: _put_at(inbox, one.unit)):
                    if isinstance(found, Whole):
                        self._take(inbox, found)
                    elif isinstance(found, Broken):
                        self._door.break_batch(f"{found.fault.code.value}: {found.fault.detail}")
                        self._put_away(inbox, found.unit, QUARANTINE)
            self._stopping.wait(PAUSE_SECONDS)

    def _take(self, inbox: Folder, found: Whole) -> None:
        answer = self._door.take_batch(found.packaging, found.wire)
        if answer.content_type == JOSE:
            with Folder(self._home, OUTBOX, RECEIPTS) as folder:
                piece = Piece(found.unit.stem + RECEIPT, answer.body, JOSE)
                put(folder, Batch(stem=found.unit.stem, kind="receipt", pieces=[piece], facts={"answers": found.unit.stem}, prepared_at=datetime.now(UTC)))
        self._put_away(inbox, found.unit, DONE)

    def _put_away(self, inbox: Folder, unit: Unit, to: str) -> None:
        if self._keeps:
            with Folder(self._home, to) as kept:
                kept.make(unit.name)
            with Folder(self._home, to, unit.name) as kept:
                for name in (name for name in unit.files if inbox.look(name) is not None):
                    inbox.move(name, kept, name)
            return
        for name in unit.files:
            inbox.remove(name)

    def _note_early_manifests(self, inbox: Folder) -> None:
        """A manifest that lies there before a file of its batch: names are asked for once, so that none comes in between."""
        names = inbox.names()
        for name in (one for one in names if one.endswith(MANIFEST)):
            stem = name.removesuffix(MANIFEST)
            if not any(one.startswith(f"{stem}.") for one in names if one != name) and stem not in self._early:
                self._early.add(stem)
                self._door.break_batch("the manifest lies there before its files")


def _put_at(folder: Folder, unit: Unit) -> int:
    found = folder.look(unit.files[-1])
    return found.st_mtime_ns if found is not None else 0


def names_in(home: Path, *within: str) -> list[str]:
    """What lies in one of its folders, but for what is still being written under another name."""
    with Folder(home, *within) as folder:
        return [name for name in folder.names() if not name.startswith(".")]
