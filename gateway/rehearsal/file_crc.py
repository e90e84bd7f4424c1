"""A simulated partner that exchanges files: it takes batches from its outbox, and puts batches and receipts into its inbox.

What it is: the partner's side of docs/protocol/files.md with signing code of its own, over any document: what it owes a
receipt for stands in the manifest. What it is not: a case system that understands what it is sent (the others have one);
nor the gateway's code: of that it shares the folder alone. Called by tests; it can be stopped and come back, since what it
did stands in its journal.
"""

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from adapters.channels.drop_folder import INBOX, MANIFEST, OUTBOX, RECEIPT, RECEIPTS, SIGNATURE, Batch, Folder, Piece, put
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, PublishedKeys, base64url, digest_of
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.receipt_book import FIRST, ReceiptBook, Standing, TooEarlyError
from schemas.identifiers import Digest
from schemas.receipts import Receipt, Stage, encode

JOSE = "application/jose"
PAUSE_SECONDS = 0.05
LARGEST = 64 * 1024 * 1024
_ENDINGS: Mapping[str, str] = {"text/csv": ".csv", "application/json": ".json", "application/xml": ".xml"}


class FileCrc:
    """One partner on files."""

    def __init__(self, identity: CrcIdentity, key: PartnerKey, home: Path, journal_path: Path, *, media_type: str) -> None:
        """`home`: its own folder below the gateway's `drop_root`."""
        self.identity, self.key, self.media_type = identity, key, media_type
        self.journal = Journal(journal_path)
        self.failures: list[str] = []
        self._home = home
        self._published: PublishedKeys | None = None
        self._book: ReceiptBook | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        done = (entry for entry in self.journal.entries(Noted.APPLIED))
        self._receipts = {entry.text("message_id"): entry.text("receipt") for entry in done}

    def connect(self, keys: PublishedKeys) -> None:
        """Learn the gateway's published keys; take up what the journal holds already."""
        self._published, self._book = keys, ReceiptBook(self.identity.organisation, keys)
        for entry in self.journal.entries():
            if entry.noted in (Noted.ACCEPTED, Noted.DECLINED, Noted.RECEIPT):
                self._book.take(entry.text("receipt"))

    def start(self) -> None:
        """Begin to look into its folders."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self.identity.organisation, daemon=True)
        self._thread.start()
        self.journal.write(Noted.UP)

    def stop(self) -> None:
        """Stop looking. What lies there stays."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._thread = None
        self.journal.write(Noted.DOWN)

    def close(self) -> None:
        """End everything."""
        self.stop()
        self.journal.close()

    def send(self, document: bytes, stem: str) -> None:
        """One batch: document, signature, manifest, in this order. The same again changes nothing while it lies there."""
        name = stem + _ENDINGS[self.media_type]
        head, _, mark = self.key.sign(document, kind="batch", audience=self.identity.gateway_audience).split(".")
        self.journal.write(Noted.SENT, reference=stem, digest=digest_of(document))
        self._put(stem, "message", [Piece(name, document, self.media_type), Piece(name + SIGNATURE, f"{head}..{mark}".encode(), JOSE)])

    def _put(self, stem: str, kind: str, pieces: list[Piece]) -> None:
        with Folder(self._home, INBOX) as inbox:
            put(inbox, Batch(stem=stem, kind=kind, pieces=pieces, prepared_at=datetime.now(UTC)))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look(OUTBOX)
                self._look(OUTBOX, RECEIPTS)
            except OSError as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            self._stopping.wait(PAUSE_SECONDS)

    def _look(self, *within: str) -> None:
        with Folder(self._home, *within) as folder:
            for name in folder.names():
                if not name.endswith(MANIFEST) or self._stopping.is_set():
                    continue
                try:
                    self._take(folder, json.loads(folder.read(name, LARGEST)))
                except TooEarlyError:
                    # the receipt before it is on its way
                    continue
                except (NotBelievedError, ValueError, KeyError, TypeError, FileNotFoundError) as error:
                    self.journal.write(Noted.DISTRUSTED, reason=f"{type(error).__name__}: {error}")
                    self.failures.append(f"{name}: {type(error).__name__}: {error}")

    def _take(self, folder: Folder, manifest: Mapping[str, object]) -> None:
        """Durable on its own side first; only then the files go, and their manifest last."""
        entries = manifest["files"]
        if not isinstance(entries, list):
            raise TypeError("the manifest names no files")
        contents = [self._content(folder, entry) for entry in entries]
        if manifest["kind"] == "receipt":
            self._told(contents[0].decode("ascii"))
        else:
            self._apply(manifest, contents)
        for name in (*(str(entry["name"]) for entry in entries), f"{manifest['id']}{MANIFEST}"):
            folder.remove(name)

    def _content(self, folder: Folder, entry: Mapping[str, object]) -> bytes:
        content = folder.read(str(entry["name"]), LARGEST)
        if (len(content), hashlib.sha256(content).hexdigest()) != (entry["size"], entry["sha256"]):
            raise NotBelievedError("a file is not what its manifest says")
        return content

    def _told(self, jws: str) -> None:
        if self._book is None:
            raise NotBelievedError("the gateway's keys are not known yet")
        held, standing = self._book.take(jws)
        receipt = held.receipt
        facts = {"stage": receipt.stage.value, "subject": receipt.subject, "receipt": jws, "received": receipt.received_digest or ""}
        if standing is Standing.KNOWN:
            self.journal.write(Noted.REPEATED, **facts)
        elif receipt.stage in FIRST:
            noted = Noted.ACCEPTED if receipt.stage is Stage.ACCEPTED else Noted.DECLINED
            self.journal.write(noted, reference=receipt.control_reference or "", **facts)
        else:
            self.journal.write(Noted.RECEIPT, **facts)

    def _apply(self, manifest: Mapping[str, object], contents: list[bytes]) -> None:
        """Verify, do it once, and say so; what comes again gets the same receipt."""
        if self._published is None:
            raise NotBelievedError("the gateway's keys are not known yet")
        document, mark = contents
        head, _, signature = mark.decode("ascii").partition("..")
        opened = self._published.open(f"{head}.{base64url(document)}.{signature}", kind="batch", audience=self.identity.organisation)
        message_id = str(manifest["message_id"])
        facts = {"message_id": message_id, "digest": opened.digest}
        if message_id in self._receipts:
            self.journal.write(Noted.RECEIVED_AGAIN, **facts)
        else:
            self.journal.write(Noted.RECEIVED, **facts)
            self._receipts[message_id] = self._receipt(message_id, opened.digest)
            self.journal.write(Noted.APPLIED, receipt=self._receipts[message_id], **facts)
        stem = f"receipt-{message_id}"
        self._put(stem, "receipt", [Piece(stem + RECEIPT, self._receipts[message_id].encode(), JOSE)])

    def _receipt(self, message_id: str, digest: str) -> str:
        receipt = Receipt(
            issuer=self.identity.organisation,
            audience=self.identity.gateway_audience,
            receipt_id=str(uuid.uuid4()),
            issued_at=int(time.time()),
            stage=Stage.APPLIED,
            subject=message_id,
            recipient=self.identity.party,
            sent_digest=Digest(digest),
        )
        return self.key.sign(encode(receipt), kind="receipt", audience=self.identity.gateway_audience)
