"""Batches as a file partner puts them into its inbox, right and wrong, and a world around the door that takes them."""

import atexit
import hashlib
import json
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from adapters.channels.file_drop import FileDropChannel
from gateway.audit.events import AuditCode
from gateway.contract import MessageFilter
from gateway.exchange.receipts import kept
from gateway.partners.agreement import DeliveryMode
from gateway.trust.contract import SealOrder
from gateway.trust.detached import DetachedPackaging
from gateway.workers.inbox import Patience
from gateway.workers.intake_files import FileIntake, Pace
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId, PartyCode
from schemas.receipts import Receipt
from tests.support.databases import migrate_quickly
from tests.support.drop_folders import make_folders
from tests.support.world import AUDIENCE, World, both, contact, open_world

ALPHA = OrganisationId("alpha")
LIMIT = 100_000


def entry(name: str, content: bytes, media_type: str = "application/json", **changes: object) -> dict[str, object]:
    """One file as a manifest names it."""
    return {"name": name, "media_type": media_type, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()} | changes


def manifest(stem: str, entries: Sequence[Mapping[str, object]], **changes: object) -> bytes:
    """A manifest that says so."""
    said: dict[str, object] = {"manifest": 1, "id": stem, "prepared_at": "2026-11-23T12:00:00Z", "files": list(entries)}
    return json.dumps({name: value for name, value in (said | changes).items() if value is not None}).encode()


@dataclass
class Depot:
    """One organisation that exchanges files (alpha, C05), one on a queue (beta, C17), and the door between."""

    world: World
    home: Path
    intake: FileIntake
    ticks: list[float] = field(default_factory=lambda: [0.0])
    refused: list[FaultCode] = field(default_factory=list)

    def empty(self) -> None:
        """As new, but for what the store holds."""
        for place in ("inbox", "done", "quarantine", "outbox"):
            shutil.rmtree(self.home / place)
        (self.home / "elsewhere").unlink(missing_ok=True)
        for place in ("inbox", "done", "quarantine", "outbox/receipts"):
            (self.home / place).mkdir(parents=True)
        self.refused.clear()
        self.world.events.clear()
        self.intake._inbox._since.clear()

    def files(self, place: str) -> dict[str, bytes]:
        """Every file below a folder, by its path in it."""
        folder = self.home / place
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}

    def look(self, seconds: float = 0.0) -> int:
        """One look of the door, some time after the last."""
        self.ticks[0] += seconds
        return self.intake.look(threading.Event())

    def signed(self, document: bytes, *, kind: str = "message", audience: str = AUDIENCE) -> str:
        """The signature beside a document."""
        order = SealOrder(document=document, kind=kind, audience=audience, now=self.world.now)
        return DetachedPackaging().seal(order, self.world.signers["alpha"]).headers["signature"]

    def put(self, stem: str, files: Mapping[str, bytes], said: bytes | None = None) -> None:
        """Files, then a manifest that names them, or says something else."""
        for name, content in files.items():
            (self.home / "inbox" / name).write_bytes(content)
        entries = [entry(name, content) for name, content in files.items()]
        (self.home / "inbox" / f"{stem}.manifest.json").write_bytes(manifest(stem, entries) if said is None else said)

    def send(self, stem: str, number: str = "m-1", *, mark: str | None = None, **content: object) -> dict[str, bytes]:
        """One contact for C17, signed beside. Answers the files."""
        document = contact(number, **content)  # type: ignore[arg-type]
        files = {f"{stem}.json": document, f"{stem}.json.jws": (mark if mark is not None else self.signed(document)).encode()}
        self.put(stem, files)
        return files

    def receipt(self, stem: str) -> Receipt:
        """Our receipt under this id."""
        return kept((self.home / "outbox/receipts" / f"{stem}.receipt.jws").read_text())

    def accepted(self) -> int:
        """How many messages the store holds."""
        return len(self.world.store.queries.find(MessageFilter(), 1000))

    def noted(self, code: AuditCode) -> int:
        """How many events of this code were committed."""
        return sum(event.code is code for event in self.world.events)

    def reasons(self) -> dict[str, str]:
        """Codes of what lies in quarantine, by what each is about."""
        found = [json.loads(content) for name, content in self.files("quarantine").items() if name.endswith(".fault.json")]
        return {reason["batch"]: reason["code"] for reason in found}


@cache
def _empty_store() -> Path:
    """A migrated SQLite file, made once in a run: tables take longer than a test."""
    path = Path(tempfile.mkdtemp(prefix="file-batches-")) / "empty.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    migrate_quickly(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def make_depot(directory: Path, *, stale: float = 900.0, settled: float = 0.0, items: int = 100) -> Depot:
    """A new one."""
    home = make_folders(directory / "files", ALPHA)
    agreements = [
        *both("C05", dialect="canonical", packaging="detached", mode=DeliveryMode.DROP),
        *both("C17", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE),
    ]
    shutil.copy(_empty_store(), directory / "gateway.db")
    world = open_world(f"sqlite:///{directory / 'gateway.db'}", agreements)
    world.pipeline._parts.channels["drop"] = FileDropChannel(directory / "files", clock=lambda: world.now)  # type: ignore[index]
    depot = Depot(world, home, None)  # type: ignore[arg-type]
    depot.intake = FileIntake(
        ALPHA,
        directory / "files",
        world.pipeline,
        lambda: world.now,
        patience=Patience(stale_seconds=stale, settled_seconds=settled, limit_bytes=LIMIT),
        pace=Pace(items=items),
        refused=depot.refused.append,
    )
    depot.intake._inbox.monotonic = lambda: depot.ticks[0]
    return depot


def deliver_all(depot: Depot, recipient: str) -> None:
    """What the outbox owes to one recipient's courier."""
    depot.world.pipeline.deliver(PartyCode(recipient), depot.world.parcels(recipient))


def close(depot: Depot) -> None:
    """Let go of the store."""
    with closing(depot.world.store):
        assert depot.world.bugs == []
