"""A journal is what its partner wrote, in order, on the disk."""

import threading
from pathlib import Path

from gateway.rehearsal.journal import Journal, Noted, read


def test_everything_written_is_on_the_disk_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "n00.jsonl")
    for number in range(5):
        journal.write(Noted.SENT, reference=str(number))
    assert [entry.text("reference") for entry in read(journal.path)] == ["0", "1", "2", "3", "4"]
    journal.close()


def test_a_torn_last_line_is_no_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "n00.jsonl")
    journal.write(Noted.SENT, reference="whole")
    journal.close()
    with journal.path.open("ab") as file:
        file.write(b'{"at": "2026-01-01T0')
    assert [entry.text("reference") for entry in read(journal.path)] == ["whole"]


def test_it_is_taken_up_again_after_a_restart(tmp_path: Path) -> None:
    first = Journal(tmp_path / "n00.jsonl")
    first.write(Noted.APPLIED, message_id="m-1")
    first.close()
    second = Journal(tmp_path / "n00.jsonl")
    second.write(Noted.APPLIED, message_id="m-2")
    assert [entry.text("message_id") for entry in second.entries(Noted.APPLIED)] == ["m-1", "m-2"]
    second.close()


def test_waiting_ends_when_the_entry_comes(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "n00.jsonl")
    writer = threading.Timer(0.05, lambda: journal.write(Noted.NOTIFIED, status="202"))
    writer.start()
    found = journal.wait_for(lambda entry: entry.noted is Noted.NOTIFIED, 5)
    writer.join()
    assert found is not None
    assert found.text("status") == "202"
    journal.close()


def test_waiting_ends_when_the_time_is_up(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "n00.jsonl")
    assert journal.wait_for(lambda entry: entry.noted is Noted.NOTIFIED, 0.05) is None
    journal.close()
