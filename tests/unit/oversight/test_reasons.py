"""Reasons: a known code, bounded words, and no number of a person or case among them."""

import pytest

from gateway.oversight.reasons import DISCARD_REASONS, LONGEST_TEXT, PAUSE_REASONS, ReasonInvalid, checked


def test_a_known_code_with_or_without_words() -> None:
    assert checked("superseded", "", DISCARD_REASONS) == ("superseded", "")
    assert checked("superseded", "  A newer\n one came. ", DISCARD_REASONS) == ("superseded", "A newer one came.")


@pytest.mark.parametrize(("code", "text"), [("", "x"), ("unknown", "x"), ("planned-maintenance", "x"), ("other", ""), ("other", " \n ")])
def test_no_reason_is_no_reason(code: str, text: str) -> None:
    with pytest.raises(ReasonInvalid):
        checked(code, text, DISCARD_REASONS)


def test_words_may_be_asked_for() -> None:
    with pytest.raises(ReasonInvalid, match="few words"):
        checked("security", "", PAUSE_REASONS, needs_text=True)


@pytest.mark.parametrize("text", ["about X123456", "born 1.2.1990", "born 01/02/90", "A1234BC moved", "PNC 2012/1234567A", "on 1990-02-01"])
def test_what_names_a_person_is_refused(text: str) -> None:
    with pytest.raises(ReasonInvalid, match="Leave out"):
        checked("other", text, DISCARD_REASONS)


@pytest.mark.parametrize("text", ["C05 asked for it", "see ticket 4711", "their release 3.14 is out", "fault E-1042"])
def test_what_does_not_is_taken(text: str) -> None:
    assert checked("other", text, DISCARD_REASONS) == ("other", text)


def test_its_length_is_bounded() -> None:
    assert checked("other", "a" * LONGEST_TEXT, DISCARD_REASONS)[1] == "a" * LONGEST_TEXT
    with pytest.raises(ReasonInvalid, match=str(LONGEST_TEXT)):
        checked("other", "a" * (LONGEST_TEXT + 1), DISCARD_REASONS)
