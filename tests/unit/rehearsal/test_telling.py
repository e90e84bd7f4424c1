"""The story on stdout follows the journals; progress goes elsewhere; the last line is exact."""

from pathlib import Path

import pytest

from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.telling import WORDS, Teller


def test_every_kind_of_entry_has_its_words() -> None:
    assert set(WORDS) == set(Noted)


def test_an_entry_becomes_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    teller, journal = Teller(), Journal(tmp_path / "n00.jsonl")
    teller.follow("N00", journal)
    journal.write(Noted.SENT, reference="1", receiver="C07", type="Contact", case="X123456")
    journal.write(Noted.DECLINED, reference="1", code="stale", title="The message is older than agreed")
    journal.close()
    sent, declined = capsys.readouterr().out.splitlines()
    assert "N00 → gateway" in sent
    assert "Contact" in sent
    assert declined.endswith("refused (stale) The message is older than agreed")
    assert "X123456" in declined, "a reference keeps its case"


def test_nothing_is_told_when_the_story_is_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    teller, journal = Teller(), Journal(tmp_path / "n00.jsonl")
    teller.follow("N00", journal)
    teller.quiet()
    journal.write(Noted.DOWN)
    journal.close()
    teller.progress("behind the scene")
    teller.last("demo: the end")
    captured = capsys.readouterr()
    assert captured.out == "demo: the end\n"
    assert "behind the scene" in captured.err
