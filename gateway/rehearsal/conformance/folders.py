"""Folders: how the kit exchanges files with a partner, at the other end of docs/protocol/files.md.

What it is: a home with its folders, and a thread that looks into the partner's inbox with the gateway's own strictness, brings
what is whole to the proving door, and answers with a receipt in the outbox. What it is not: the gateway's intake: what was taken
is thrown away. Called by the kit's stands.
"""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from adapters.channels.drop_folder import INBOX, MANIFEST, OUTBOX, RECEIPT, RECEIPTS, Batch, Folder, Piece, put
from gateway.rehearsal.conformance.door import ProvingDoor
from gateway.rehearsal.gateway_link import JOSE
from gateway.workers.inbox import Broken, Inbox, Patience, Unit, Whole

PAUSE_SECONDS: Final = 0.02
PATIENCE: Final = Patience(stale_seconds=0.6, settled_seconds=0.3, limit_bytes=20 * 1024 * 1024)
"""In one process nothing is being written for long."""


def make_home(home: Path) -> Path:
    """The five folders of one organisation."""
    for name in (INBOX, f"{OUTBOX}/{RECEIPTS}", "done", "quarantine"):
        (home / name).mkdir(parents=True, exist_ok=True)
    return home


class FolderIntake:
    """What a partner puts into its inbox, brought to the proving door: a thread over that folder."""

    def __init__(self, home: Path, door: ProvingDoor) -> None:
        self._home, self._door = home, door
        self._inbox = Inbox(PATIENCE, lambda _: False)
        self._early: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proving-folders", daemon=True)
        self._thread.start()

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
                        _remove(inbox, found.unit)
            self._stopping.wait(PAUSE_SECONDS)

    def _take(self, inbox: Folder, found: Whole) -> None:
        answer = self._door.take_batch(found.packaging, found.wire)
        if answer.content_type == JOSE:
            with Folder(self._home, OUTBOX, RECEIPTS) as folder:
                piece = Piece(found.unit.stem + RECEIPT, answer.body, JOSE)
                put(folder, Batch(stem=found.unit.stem, kind="receipt", pieces=[piece], facts={"answers": found.unit.stem}, prepared_at=datetime.now(UTC)))
        _remove(inbox, found.unit)

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


def _remove(folder: Folder, unit: Unit) -> None:
    for name in unit.files:
        folder.remove(name)
