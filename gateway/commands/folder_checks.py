"""What `gateway doctor` finds in the folders of partners that exchange files.

What it is: whether they are there, can be written, are on one file system (a batch moves by rename), and whether
quarantine grows. What it is not: a reader of batches: it counts names. Nothing here writes. Called by `checks`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from adapters.channels.drop_folder import DONE, INBOX, OUTBOX, QUARANTINE, RECEIPTS, Folder
from gateway.partners.agreement import DeliveryMode
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Standing

FOLDERS = ((INBOX,), (DONE,), (QUARANTINE,), (OUTBOX,), (OUTBOX, RECEIPTS))
MOVED_BETWEEN = frozenset({(INBOX,), (DONE,), (QUARANTINE,)})
GROWING_WITHIN = timedelta(days=1)
_REASON = ".fault.json"


@dataclass(frozen=True, slots=True)
class Look:
    """One organisation's folders. `wrong` keeps its batches from being exchanged."""

    organisation: str
    wrong: tuple[str, ...]
    quarantined: int = 0
    lately: int = 0
    """Of these, within `GROWING_WITHIN`."""


def exchanging_files(directory: Directory) -> tuple[Organisation, ...]:
    """Whoever has an agreement of mode drop and has not left."""
    owners = (directory.organisation_of(code) for (code, _), agreed in directory.agreements.items() if agreed.mode is DeliveryMode.DROP)
    found = {owner.organisation_id: owner for owner in owners if owner is not None and owner.standing is not Standing.LEFT}
    return tuple(owner for _, owner in sorted(found.items()))


def look_at(home: Path, at: datetime) -> Look:
    """Look once at one organisation's folders."""
    wrong, devices = [], {}
    for within in FOLDERS:
        try:
            with Folder(home, *within):
                device = device_of(home / Path(*within))
        except OSError as error:
            wrong.append(f"{'/'.join(within)} is {_why(error)}")
            continue
        if not os.access(home / Path(*within), os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            wrong.append(f"{'/'.join(within)} cannot be written by this account")
        devices[within] = device
    if len({device for within, device in devices.items() if within in MOVED_BETWEEN}) > 1:
        wrong.append(f"{INBOX}, {DONE} and {QUARANTINE} are not on one file system")
    times = list(_quarantined(home)) if (QUARANTINE,) in devices else []
    since = (at - GROWING_WITHIN).timestamp()
    return Look(home.name, tuple(wrong), len(times), sum(time >= since for time in times))


def device_of(folder: Path) -> int:
    """Which file system it lies on. Two mounts of one file system look like one."""
    return folder.stat().st_dev


def _why(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "missing"
        case PermissionError():
            return "closed to this account"
        case _:
            return "no folder (a link counts as none)"


def _quarantined(home: Path) -> Iterator[float]:
    """When each batch was set apart: every one has a file with its reason."""
    with os.scandir(home / QUARANTINE) as entries:
        for entry in entries:
            if entry.name.endswith(_REASON):
                yield entry.stat(follow_symlinks=False).st_mtime
