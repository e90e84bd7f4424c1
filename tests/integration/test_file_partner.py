"""Two partners that exchange files, through the real gateway in its own process, which may be killed at any moment."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from broker.free_ports import free_port
from gateway.rehearsal.jose import digest_of
from gateway.rehearsal.journal import Noted
from tests.support.faults import bugs_in, wait_until
from tests.support.file_partners import FLAT, PLAIN, Yard, batch, yard
from tests.support.integrity import findings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
PATIENCE_SECONDS = 40.0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Yard]:
    with yard(tmp_path, free_port()) as made:
        yield made
        made.stop()
        assert made.flat.failures == made.plain.failures == []
        assert findings(made.database_url) == []
        assert bugs_in(tmp_path) == []


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def check(place: Yard, sent: int) -> None:
    """Each batch has one acceptance and one `applied`; each message was done once; nothing lies about."""
    assert wait_until(lambda: place.all_applied(sent), PATIENCE_SECONDS), f"{left(place.directory / 'files')}\n{place.logs()}"
    for noted, partner in ((Noted.ACCEPTED, place.flat), (Noted.RECEIPT, place.flat), (Noted.APPLIED, place.plain)):
        counted = Counter(entry.text("subject") or entry.text("message_id") for entry in partner.journal.entries(noted))
        assert (len(counted), set(counted.values())) == (sent, {1}), noted
    digests = {entry.text("digest") for entry in place.flat.journal.entries(Noted.SENT)}
    assert {entry.text("received") for entry in place.flat.journal.entries(Noted.ACCEPTED)} == digests
    for subject in (FLAT, PLAIN):
        assert wait_until(lambda subject=subject: left(place.home(subject) / "inbox") == [], PATIENCE_SECONDS)  # type: ignore[misc]
        assert left(place.home(subject) / "quarantine") == []


def test_flat_files_become_canonical_ones_and_receipts_come_back(place: Yard) -> None:
    place.start()
    documents = {f"b-{number:04}": batch(number) for number in range(1, 4)}
    for stem, document in documents.items():
        place.flat.send(document, stem)
    assert wait_until(lambda: len(left(place.home(PLAIN) / "outbox")) >= 9, PATIENCE_SECONDS), place.logs()
    lying = {path.name: path.read_bytes() for path in (place.home(PLAIN) / "outbox").iterdir() if path.is_file()}
    received = [CanonicalAdapter().read(content) for name, content in sorted(lying.items()) if name.endswith(".json") and not name.endswith("manifest.json")]
    assert sorted(one.entries[0].payload.notes for one in received) == [f"Made up {number}." for number in range(1, 4)]  # type: ignore[union-attr]
    place.flat.start()
    place.plain.start()
    check(place, 3)
    # The manifest goes last, after the word that it brought was written down.
    outboxes = [place.home(subject) / "outbox" for subject in (PLAIN, FLAT)]
    assert wait_until(lambda: not any(left(outbox) for outbox in outboxes), PATIENCE_SECONDS), [left(outbox) for outbox in outboxes]
    done = {path.name: path.read_bytes() for path in (place.home(FLAT) / "done").rglob("*.csv")}
    assert {name.removesuffix(".csv"): digest_of(content) for name, content in done.items()} == {stem: digest_of(text) for stem, text in documents.items()}


@pytest.mark.parametrize(
    "point",
    [
        "files.larkspur:commit:before:1",
        "files.larkspur:commit:after:1",
        "courier.C16:commit:before:2",
        "files.thornbury:commit:after:1",
    ],
)
def test_killed_around_a_commit(place: Yard, point: str) -> None:
    place.flat.start()
    place.plain.start()
    for number in (1, 2):
        place.flat.send(batch(number), f"b-{number:04}")
    doomed = place.start(point)
    assert doomed.wait(30) == -signal.SIGKILL, place.logs()
    place.start()
    check(place, 2)


def test_killed_again_and_again_while_batches_come(place: Yard) -> None:
    place.flat.start()
    place.plain.start()
    sent = 0
    for _ in range(2):
        child = place.start()
        for _ in range(8):
            sent += 1
            place.flat.send(batch(sent, crn=f"X{sent % 5:06}"), f"b-{sent:04}")
            time.sleep(0.01)
        time.sleep(0.15)
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait(30) == -signal.SIGKILL
    place.start()
    check(place, sent)


def test_partners_that_are_down_find_everything_when_they_come_back(place: Yard) -> None:
    place.start()
    for number in range(1, 4):
        place.flat.send(batch(number), f"b-{number:04}")
    place.flat.start()
    assert wait_until(lambda: len(place.flat.journal.entries(Noted.ACCEPTED)) == 3, PATIENCE_SECONDS), place.logs()
    place.flat.stop()
    place.plain.start()
    assert wait_until(lambda: len(left(place.home(FLAT) / "outbox/receipts")) == 6, PATIENCE_SECONDS), place.logs()
    place.flat.start()
    check(place, 3)
