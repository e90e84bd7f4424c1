"""What a simulated case system calls records: given once, the same for ever, and known again after a restart."""

from pathlib import Path

import pytest

from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.naming import Numbers, OwnNames


def test_a_new_record_gets_a_number_that_no_other_has(tmp_path: Path) -> None:
    numbers, journal = Numbers(), Journal(tmp_path / "j.jsonl")
    given = [numbers.call("Contact", "INS", "0") for _ in range(3)]
    assert len(set(given)) == 3
    assert all(len(number) == 10 and number.startswith("25") for number in given)
    journal.write(Noted.APPLIED, called="2599999999")
    numbers.remember(journal.entries())
    assert numbers.call("Contact", "INS", "0") == "2600000000"
    journal.close()


@pytest.mark.parametrize(
    ("kind", "action", "key"), [("Contact", "INS", "77"), ("Contact", "UPD", "0"), ("ConnectionNotification", "INS", "0"), ("Contact", "DEL", "7")]
)
def test_what_is_no_new_record_keeps_its_number(kind: str, action: str, key: str) -> None:
    assert Numbers().call(kind, action, key) == key


def test_an_own_name_is_drawn_once_for_a_record_whatever_speaks_of_it(tmp_path: Path) -> None:
    names, journal = OwnNames("C05"), Journal(tmp_path / "j.jsonl")
    sentence = names.call("Event", "7")
    assert sentence.startswith("C05/")
    assert names.call("CustodyRelease", "7") == sentence
    assert names.call("Contact", "7") != sentence
    assert names.call("Contact", "~mine") == "mine"
    assert names.call("Contact", "0") == names.call("GetDocumentList", "") == ""
    journal.write(Noted.APPLIED, type="Event", key="7", called=sentence)
    again = OwnNames("C05")
    again.remember(journal.entries())
    assert again.call("TerminateSentence", "7") == sentence
    assert OwnNames("C05").call("Event", "7") != sentence
    journal.close()
