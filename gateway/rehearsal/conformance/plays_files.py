"""Plays about files: batches that are not there yet, not as they say, or there twice; and the partner's own batches.

What it is: cases as functions over a stand of a partner on files. What it is not: their list (`suite`). The kit puts batches down by
hand where the channel would not do it wrongly.
"""

import re
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

from adapters.channels.drop_folder import MANIFEST, OUTBOX, SIGNATURE, Batch, Folder, Piece, manifest
from gateway.rehearsal.conformance.letters import Letter
from gateway.rehearsal.conformance.plays_content import done_in_order
from gateway.rehearsal.conformance.plays_running import answer_to_a_transfer
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.conformance.wrong import NotHere, Wrong
from gateway.rehearsal.gateway_link import JOSE
from gateway.trust.detached import SIGNATURE_HEADER
from schemas.receipts import Stage

MANIFEST_LAST = "Take nothing that no manifest names, and look again: files come first, their manifest last."
_TRAILER = re.compile(rb"(?m)^T,(\d+),(\d+),(\d+)")
_ENDINGS = {"text/csv": ".csv", "application/json": ".json", "application/xml": ".xml"}


def nothing_before_its_manifest(stand: Stand) -> None:
    """Files without a manifest are left alone; with it they are a batch."""
    letter = stand.letter()
    batch = _batch(stand, letter)
    with _outbox(stand) as outbox:
        _write(outbox, batch.pieces)
        _must_be_left(stand, letter, "no manifest named it")
        outbox.write(batch.stem + MANIFEST, manifest(batch))
    _must_be_applied(stand, letter)


def the_rest_comes_late(stand: Stand) -> None:
    """A batch whose signature comes after its manifest, by a client that cannot rename, is applied once it is whole."""
    letter = stand.letter()
    batch = _batch(stand, letter)
    with _outbox(stand) as outbox:
        _write(outbox, batch.pieces[:1])
        outbox.write(batch.stem + MANIFEST, manifest(batch))
        time.sleep(0.1)
        _write(outbox, batch.pieces[1:])
    _must_be_applied(stand, letter)


def other_than_its_manifest_says(stand: Stand) -> None:
    """A batch whose document is not the one that the manifest has the digest of is not applied."""
    letter = stand.letter()
    batch = _batch(stand, letter)
    other = Piece(batch.pieces[0].name, batch.pieces[0].content[::-1], batch.pieces[0].media_type)
    with _outbox(stand) as outbox:
        _write(outbox, batch.pieces)
        outbox.write(batch.stem + MANIFEST, manifest(replace(batch, pieces=[other, *batch.pieces[1:]])))
    stand.subjects.add(letter.message_id)
    _must_go_on(stand)
    _must_not_be_applied(stand, letter, "its manifest has the digest of another document")


def wrong_totals(stand: Stand) -> None:
    """A batch whose control totals do not add up is not applied."""
    letter = stand.letter()
    spoiled, count = _TRAILER.subn(lambda found: b"T,%s,%s,%d" % (found[1], found[2], int(found[3]) + 1), letter.document)
    if count != 1:
        raise NotHere("The dialect has no control totals.")
    stand.must_refuse(letter.with_document(spoiled, stand.agreement.packaging), why="its control totals do not add up")


def without_signature(stand: Stand) -> None:
    """A batch of a document alone is not applied, and holds up nothing behind it."""
    letter = stand.letter()
    batch = _batch(stand, letter)
    unsigned = replace(batch, pieces=batch.pieces[:1])
    with _outbox(stand) as outbox:
        _write(outbox, unsigned.pieces)
        outbox.write(unsigned.stem + MANIFEST, manifest(unsigned))
    stand.subjects.add(letter.message_id)
    _must_go_on(stand)
    _must_not_be_applied(stand, letter, "it has no signature")


def stray_files(stand: Stand) -> None:
    """A file that no manifest names holds up nothing."""
    with _outbox(stand) as outbox:
        outbox.write("stray-notes.txt", b"made up")
        try:
            stand.must_apply(stand.letter())
        finally:
            outbox.remove("stray-notes.txt")


def takes_away_what_it_took(stand: Stand) -> None:
    """What was receipted does not lie in the outbox any more."""
    letter = stand.letter()
    stand.must_apply(letter)
    deadline = time.monotonic() + min(1.0, stand.patience_seconds)
    while (left := _lying(stand, letter)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if left:
        raise Wrong(f"Of a batch that was receipted {len(left)} files lie there still.", "Remove the files of a batch that you took, the manifest last.")


def under_another_name(stand: Stand) -> None:
    """The same message in files of another name is done once, and gets the same receipt."""
    letter = stand.letter()
    first = stand.must_apply(letter)
    before = len(stand.statements(letter))
    batch = _batch(stand, letter, f"{stand.agreement.party}-again-{letter.reference}")
    with _outbox(stand) as outbox:
        _write(outbox, batch.pieces)
        outbox.write(batch.stem + MANIFEST, manifest(batch))
    stand.door.wait_for(lambda: len(stand.statements(letter)) > before, stand.patience_seconds)
    said = {heard.id for heard in stand.statements(letter)}
    if stand.effects(letter) not in (None, 1) or (first is not None and said != {first.id}) or len(stand.statements(letter)) == before:
        raise Wrong("A message under another file name was taken for another one.", "Know a message by `message_id` in its manifest, and by no file name.")


def in_order(stand: Stand) -> None:
    """Batches of one case that lie there together are done in order of their names, which is that of acceptance."""
    inside, case = stand.looked_into(), stand.writer.case()
    inside.stop()
    letters = [stand.letter(case=case, contact_id=str(number)) for number in range(1, 5)]
    for letter in letters:
        stand.must_take(letter)
    inside.start()
    for letter in letters:
        stand.must_be_applied(letter)
    if done_in_order(stand, letters) != letters:
        raise Wrong("Batches of one case were not done in the order that their names tell.", "Take the batches for a party in order of their names.")


def own_batches(stand: Stand) -> None:
    """The partner's own batches, of receipts and of messages, are whole when their manifest is there, and as it says."""
    before, distrusted = len(stand.door.broken), len(stand.door.disbelieved)
    broken = ""
    try:
        stand.must_apply(stand.letter())
        if stand.sends and (stand.agreement.types is None or "ConsolidatedTransferRequest" in stand.agreement.types):
            sent = answer_to_a_transfer(stand)
            broken = sent.fault
    except Wrong as wrong:
        stand.door.wait_for(lambda: len(stand.door.broken) > before, 1.0)
        broken = wrong.found
    stand.door.wait_for(lambda: len(stand.door.broken) > before, min(0.9, stand.patience_seconds + 0.5))
    causes = [one.cause for one in (*stand.door.broken[before:], *stand.door.disbelieved[distrusted:])]
    if causes or broken:
        raise Wrong(f"A batch of its own is none: {(causes or [broken])[0]}", "docs/protocol/files.md: document, signature, and the manifest of both last.")


# -- by hand ------------------------------------------------------------------------------------------------


def _outbox(stand: Stand) -> AbstractContextManager[Folder]:
    if stand.home is None:
        raise NotHere("The partner's folder is not known.")
    return Folder(stand.home, OUTBOX)


def _batch(stand: Stand, letter: Letter, stem: str = "") -> Batch:
    wire = stand.seal(letter)
    stand.note(f"put down {letter.type} {letter.message_id} by hand")
    stem = stem or f"{stand.agreement.party}-{letter.message_id}"
    name = stem + _ENDINGS.get(wire.content_type, ".bin")
    pieces = [Piece(name, wire.body, wire.content_type), Piece(name + SIGNATURE, wire.headers[SIGNATURE_HEADER].encode("ascii"), JOSE)]
    facts = {"message_id": letter.message_id, "recipient": stand.agreement.party}
    return Batch(stem=stem, kind="message", pieces=pieces, facts=facts, prepared_at=datetime.now(UTC))


def _write(folder: Folder, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        folder.write(piece.name, piece.content)


def _lying(stand: Stand, letter: Letter) -> list[str]:
    with _outbox(stand) as outbox:
        return [name for name in outbox.names() if letter.message_id in name]


def _must_be_left(stand: Stand, letter: Letter, why: str) -> None:
    stand.subjects.add(letter.message_id)
    stand.final(letter, min(0.4, stand.patience_seconds))
    if stand.statements(letter) or stand.effects(letter) or len(_lying(stand, letter)) < 2:
        raise Wrong(f"A batch was taken, although {why}.", MANIFEST_LAST)


def _must_be_applied(stand: Stand, letter: Letter) -> None:
    stand.subjects.add(letter.message_id)
    stand.must_be_applied(letter)


def _must_go_on(stand: Stand) -> None:
    """A valid batch behind a bad one is applied: then the bad one was seen."""
    time.sleep(0.5)
    marker = stand.letter()
    stand.hand_over(marker)
    heard = stand.final(marker)
    if heard is None or heard.stage is not Stage.APPLIED:
        raise Wrong("Behind a batch that cannot be taken, a valid one was not applied.", "Set a broken batch aside, and go on with the next.")


def _must_not_be_applied(stand: Stand, letter: Letter, why: str) -> None:
    if any(heard.stage is Stage.APPLIED for heard in stand.statements(letter)) or stand.effects(letter):
        raise Wrong(f"It was applied, although {why}.", "Compare size and SHA-256, then verify the signature, before anything is done.")
