"""Causes and groups: every fault has words, and a group's key leads back to it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.oversight.causes import UNKNOWN, WHOSE, cause_of, filter_of, group_key
from gateway.oversight.views import LetterFilter, LetterGroup
from schemas.faults import FAULTS, Blame, FaultCode
from schemas.identifiers import DeliveryId, PartyCode

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("code", list(FaultCode))
def test_every_fault_says_whose_it_is_and_what_next(code: FaultCode) -> None:
    cause = cause_of(code.value)
    assert cause.title == FAULTS[code].title
    assert cause.whose == WHOSE[FAULTS[code].blame]
    assert cause.what_next
    assert ("can succeed" in cause.retry) is FAULTS[code].retry


@pytest.mark.parametrize("code", [None, "", "of-an-older-gateway"])
def test_what_is_not_known_is_said_to_be(code: str | None) -> None:
    assert cause_of(code) is UNKNOWN


def test_everybody_who_may_be_blamed_has_a_name() -> None:
    assert set(WHOSE) == set(Blame)


@given(st.sampled_from(["", *[code.value for code in FaultCode]]), st.sampled_from(["C05", "N00"]), st.sampled_from(["", "Contact"]))
def test_a_groups_key_leads_back_to_it(fault: str, recipient: str, kind: str) -> None:
    group = LetterGroup(fault=fault, recipient=PartyCode(recipient), type=kind, count=1, first_at=NOW, last_at=NOW, sample=DeliveryId("d"))
    assert filter_of(group_key(group)) == LetterFilter(fault=fault, recipient=PartyCode(recipient), type=kind)


@pytest.mark.parametrize("key", ["", "a", "a|b", "a|b|c|d"])
def test_no_key_is_no_group(key: str) -> None:
    assert filter_of(key) is None
