"""Batches as partners get them wrong: a manifest too early, or of something else; files that nobody named; wrong totals.

What it is: the mistakes of a simulated partner on files, in what it puts down and in what it takes. What it is not: how it is
done right (`adapters.channels.drop_folder`). Called by `file_crc`.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from adapters.channels.drop_folder import MANIFEST, SIGNATURE, Batch, Folder, Piece, manifest
from gateway.rehearsal.flaws import Flaw, Flaws

_TRAILER = re.compile(rb"(?m)^T,(\d+),(\d+),(\d+)")
_WRONG: Final = (Flaw.MANIFEST_FIRST, Flaw.MANIFEST_WITH_WRONG_DIGEST, Flaw.MANIFEST_WITH_UNKNOWN_MEMBER, Flaw.LEAVES_STRAY_FILES)


def put_wrongly(folder: Folder, batch: Batch, flaws: Flaws) -> bool:
    """Put a batch down with the mistakes that are active. False where there are none, and nothing was done."""
    if not any(flaws.has(flaw) for flaw in _WRONG):
        return False
    said = json.loads(manifest(_with_wrong_digest(batch) if flaws.has(Flaw.MANIFEST_WITH_WRONG_DIGEST) else batch))
    if flaws.has(Flaw.MANIFEST_WITH_UNKNOWN_MEMBER):
        said["priority"] = "high"
    written = json.dumps(said).encode()
    if flaws.has(Flaw.MANIFEST_FIRST):
        folder.write(batch.stem + MANIFEST, written)
        time.sleep(flaws.argument(Flaw.MANIFEST_FIRST))
    for piece in batch.pieces:
        folder.write(piece.name, piece.content)
    if flaws.has(Flaw.LEAVES_STRAY_FILES):
        folder.write(f"{batch.stem}-notes.txt", b"made up")
    if not flaws.has(Flaw.MANIFEST_FIRST):
        folder.write(batch.stem + MANIFEST, written)
    return True


def _with_wrong_digest(batch: Batch) -> Batch:
    first = batch.pieces[0]
    return replace(batch, pieces=[Piece(first.name, first.content[::-1], first.media_type), *batch.pieces[1:]])


def spoiled_totals(document: bytes) -> bytes:
    """The same flat file with a sum of ids that nobody gets; other documents have no totals."""
    return _TRAILER.sub(lambda found: b"T,%s,%s,%s" % (found[1], found[2], str(int(found[3]) + 1).encode()), document)


def well_named(folder: Folder, names: Sequence[str]) -> Iterator[Mapping[str, object]]:
    """Manifests made up for files that have none yet, by what their names say."""
    for name in names:
        stem, _, _ = name.partition(".")
        if name.endswith((SIGNATURE, MANIFEST)) or stem + MANIFEST in names or name.startswith("."):
            continue
        if name + SIGNATURE in names:
            yield _made_up(folder, stem, name)


def _made_up(folder: Folder, stem: str, name: str) -> Mapping[str, object]:
    party, _, message_id = stem.partition("-")
    files = [{"name": one, "size": (found := folder.look(one)) and found.st_size, "sha256": folder.sha256(one)} for one in (name, name + SIGNATURE)]
    return {"id": stem, "kind": "message", "message_id": message_id, "recipient": party, "files": files}
