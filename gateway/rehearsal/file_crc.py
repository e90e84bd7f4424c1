"""A simulated CRC that exchanges files: it takes batches from its outbox, and puts batches and receipts into its inbox.

What it is: the partner's side of docs/protocol/files.md, with signing code of its own, around the same case system as the
others. What it is not: the gateway's code: of that it shares the folder alone, and the reading of its language where that is
an adapter's (`described`). Called by the kit, `gateway simulate` and tests; it can be stopped and come back, since what it
did stands in its journals.
"""

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from adapters.channels.drop_folder import INBOX, MANIFEST, OUTBOX, RECEIPT, RECEIPTS, SIGNATURE, Batch, Folder, Piece, put
from gateway.rehearsal.batch_flaws import put_wrongly, spoiled_totals, well_named
from gateway.rehearsal.case_system import BrokenError, CrcIdentity, Taken
from gateway.rehearsal.crc import UNREADABLE, CrcKeys, Loop, LoopedCrc
from gateway.rehearsal.described import UnreadableError, stand_in
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.jose import NotBelievedError, Opened, PublishedKeys, ReadingKeys, base64url, digest_of
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.languages import Answering, Language
from gateway.rehearsal.receipt_book import TooEarlyError
from schemas.faults import FaultCode

JOSE = "application/jose"
JSON = "application/json"
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 0.3
"""How long a batch that is not as its manifest says may still be being written."""
LATE_SECONDS = 0.05
"""What follows a receipt must not overtake it."""
LARGEST = 64 * 1024 * 1024
_ENDINGS: Mapping[str, str] = {"text/csv": ".csv", "application/json": ".json", "application/xml": ".xml"}
Manifest = Mapping[str, object]


class FileCrc(LoopedCrc):
    """One organisation on files."""

    def __init__(
        self, identity: CrcIdentity, keys: CrcKeys, language: Language, answering: Answering, journal_path: Path, home: Path, flaws: Flaws | None = None
    ) -> None:
        """`home`: its own folder below the gateway's `drop_root`. What it cannot take it keeps beside its journal."""
        super().__init__(identity, keys, language, answering, journal_path, flaws)
        self._home, self._quarantine = home, journal_path.with_name(f"{journal_path.stem}-quarantine")
        self._keys_told: PublishedKeys | None = None
        self._since: dict[str, float] = {}
        self._left: set[tuple[str, str]] = set()
        self._is_stuck = False
        self._put_guard = threading.Lock()

    def connect(self, keys: PublishedKeys) -> None:
        """Learn the gateway's published keys; take up what the journal holds already."""
        self._keys_told = keys
        self.trust(keys)

    def start(self) -> None:
        """Begin to look into its folders."""
        self._loop = Loop(self.identity.organisation, self._run)
        self.journal.write(Noted.UP)

    def close(self) -> None:
        """End everything."""
        self.stop()
        self.journal.close()

    # -- what it sends --------------------------------------------------------------------------------------

    def send(self, document: bytes, stem: str) -> None:
        """One batch: document, signature, manifest, in this order. The same again changes nothing while it lies there."""
        self._letters.note_sent(self._read(document, stem, self.identity.party), digest_of(document))
        self._send(document, stem)

    def _send(self, document: bytes, stem: str) -> None:
        if self.flaws.has(Flaw.SENDS_WRONG_TOTALS):
            document = spoiled_totals(document)
        form = self.language.form
        media_type = JSON if form is None else form.media_type
        name = stem + _ENDINGS[media_type]
        head, _, mark = self.keys.sign.sign(document, kind="batch", audience=self.identity.gateway_audience).split(".")
        pieces = [Piece(name, document, media_type), Piece(name + SIGNATURE, f"{head}..{mark}".encode(), JOSE)]
        self._put(stem, "message", pieces[:1] if self.flaws.has(Flaw.BATCH_WITHOUT_SIGNATURE) else pieces)

    def _say(self, receipt: str, stem: str) -> None:
        self._put(stem, "receipt", [Piece(stem + RECEIPT, receipt.encode(), JOSE)])

    def _put(self, stem: str, kind: str, pieces: Sequence[Piece]) -> None:
        batch = Batch(stem=stem, kind=kind, pieces=pieces, prepared_at=datetime.now(UTC))
        with self._put_guard, Folder(self._home, INBOX) as inbox:
            if not put_wrongly(inbox, batch, self.flaws):
                put(inbox, batch)

    # -- what it takes --------------------------------------------------------------------------------------

    def _run(self, loop: Loop) -> None:
        while not loop.stopping:
            if not self.flaws.has(Flaw.DOWN) and not self.flaws.has(Flaw.HANGS):
                try:
                    self._look(loop, OUTBOX)
                    self._look(loop, OUTBOX, RECEIPTS)
                except OSError as error:
                    self.failures.append(f"{type(error).__name__}: {error}")
            loop.pause(PAUSE_SECONDS)

    def _look(self, loop: Loop, *within: str) -> None:
        with Folder(self._home, *within) as folder:
            for name, manifest in self._manifests(folder):
                if loop.stopping or self._is_stuck:
                    return
                try:
                    self._take(folder, name, manifest)
                except TooEarlyError:
                    # the receipt before it is on its way
                    continue
                except (FileNotFoundError, *UNREADABLE) as error:
                    self._cannot_take(folder, name, manifest, error)

    def _manifests(self, folder: Folder) -> list[tuple[str, Manifest]]:
        names = folder.names()
        # In order of name, which is the order in which they are to be done.
        found = [(name, _manifest(folder, name)) for name in names if name.endswith(MANIFEST)]
        if self.flaws.has(Flaw.TAKES_WITHOUT_MANIFEST):
            found += [(f"{made['id']}{MANIFEST}", made) for made in well_named(folder, names)]
        return [(name, manifest) for name, manifest in found if manifest is not None]

    def _take(self, folder: Folder, name: str, manifest: Manifest) -> None:
        """Durable on its own side first; only then the files go, and their manifest last."""
        entries = _entries(manifest)
        mark = (name, str(entries[0]["sha256"]) + str(manifest.get("prepared_at")))
        if mark in self._left:
            return
        contents = [self._content(folder, entry) for entry in entries]
        if manifest.get("kind") == "receipt":
            self._letters.told(contents[0].decode("ascii"))
        else:
            self._apply(manifest, contents)
        self._since.pop(name, None)
        if self.flaws.has(Flaw.LEAVES_WHAT_IT_TOOK):
            self._left.add(mark)
            return
        for gone in (*(str(entry["name"]) for entry in entries), name):
            folder.remove(gone)

    def _content(self, folder: Folder, entry: Mapping[str, object]) -> bytes:
        content = folder.read(str(entry["name"]), LARGEST)
        if self.flaws.has(Flaw.IGNORES_MANIFEST_DIGESTS):
            return content
        if (len(content), hashlib.sha256(content).hexdigest()) != (entry["size"], entry["sha256"]):
            raise NotBelievedError("a file is not what its manifest says")
        return content

    def _apply(self, manifest: Manifest, contents: Sequence[bytes]) -> None:
        """Verify, do it once, and say so; what comes again gets the same receipt."""
        self.dawdle()
        document, mark = contents
        self.require_not_big(document.decode("utf-8", "replace"))
        head, _, signature = mark.decode("ascii").partition("..")
        taken = self._judged(manifest, f"{head}.{base64url(document)}.{signature}")
        stem = f"receipt-{manifest['recipient']}-{taken.message_id}"
        for number, receipt in enumerate(filter(None, (taken.receipt, *taken.late))):
            time.sleep(LATE_SECONDS if number else 0)
            self._say(receipt, f"{stem}-{number}" if number else stem)
        if taken.answer is not None:
            self._send(self._letters.worded(taken.answer), self._stem_of(taken.answer))

    def _judged(self, manifest: Manifest, jws: str) -> Taken:
        if self._keys_told is None:
            raise NotBelievedError("the gateway's keys are not known yet")
        by_name = self.flaws.has(Flaw.KNOWS_BATCHES_BY_NAME)
        message_id = str(manifest["id"]) if by_name else str(manifest["message_id"])
        party = str(manifest["recipient"])

        def read(opened: Opened) -> Opened:
            return replace(opened, content=self._read(opened.payload, message_id, party))

        return self._system_of(party).take(jws, ReadingKeys(self._keys_told, read, "batch"))

    def _read(self, document: bytes, message_id: str, party: str) -> dict[str, object]:
        """A batch that cannot be read is refused by the id in its manifest, and not passed over in silence."""
        form = self.language.form
        try:
            if form is None:
                return Opened(document, "", 0).claims()
            content = form.read(document)
        except UnreadableError as error:
            is_fine = error.code is FaultCode.CONTROL_COUNT_WRONG and self.flaws.has(Flaw.IGNORES_CONTROL_TOTALS)
            return stand_in(message_id, party, wrong=not is_fine)
        header = content["header"]
        return content | {"header": {**header, "message_id": message_id}} if isinstance(header, dict) else content

    def _stem_of(self, payload: bytes) -> str:
        header = json.loads(payload)["header"]
        return f"{self.identity.party}-{header['message_id']}" if not self.flaws.has(Flaw.REUSES_MESSAGE_IDS) else str(uuid.uuid4())

    def _cannot_take(self, folder: Folder, name: str, manifest: Manifest, error: Exception) -> None:
        """It may still be being written; what stays as it is is set aside, so that it holds up nothing behind it."""
        now = time.monotonic()
        if now - self._since.setdefault(name, now) < PATIENCE_SECONDS and not isinstance(error, BrokenError):
            return
        self.distrust(error)
        self.failures.append(f"{name}: {type(error).__name__}: {error}")
        if self.flaws.has(Flaw.STOPS_AT_A_BROKEN_BATCH):
            self._is_stuck = True
            return
        self._set_aside(folder, (*(str(entry["name"]) for entry in _entries(manifest)), name))
        self._since.pop(name, None)

    def _set_aside(self, folder: Folder, names: Sequence[str]) -> None:
        self._quarantine.mkdir(parents=True, exist_ok=True)
        with Folder(self._quarantine) as kept:
            for name in names:
                if folder.look(name) is not None:
                    kept.write(name, folder.read(name, LARGEST))
                    folder.remove(name)


def _manifest(folder: Folder, name: str) -> Manifest | None:
    """None where it was taken away meanwhile, or is nobody's."""
    try:
        manifest = json.loads(folder.read(name, LARGEST))
    except (FileNotFoundError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and _entries(manifest) else None


def _entries(manifest: Manifest) -> list[Mapping[str, object]]:
    entries = manifest.get("files")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
