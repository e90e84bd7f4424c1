"""Identifiers: what fits, what does not, and the check letter of the PNC number."""

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas import checks
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import ZERO_VERSION, PncNumberField, SpgVersionField


@pytest.mark.parametrize("number", ["2015/0012345W", "1998/0700012Y", "2000/0000001A"])
def test_published_pnc_numbers_check(number: str) -> None:
    assert checks.pnc_number(number, this_year=2020) == number
    assert TypeAdapter(PncNumberField).validate_python(number) == number


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("15/12345W", "2015/0012345W"),
        ("1512345W", "2015/0012345W"),
        ("2015/12345W", "2015/0012345W"),
        (" 98/700012y ", "1998/0700012Y"),
        ("00/1A", "2000/0000001A"),
    ],
)
def test_short_pnc_numbers_are_made_long(short: str, long: str) -> None:
    assert checks.pnc_number(short, this_year=2020) == long


def test_two_digit_year_after_this_one_is_of_the_last_century() -> None:
    assert checks.pnc_number("21/1234567" + _letter("21", "1234567"), this_year=2020).startswith("1921/")
    assert checks.pnc_number("20/1234567" + _letter("20", "1234567"), this_year=2020).startswith("2020/")


@pytest.mark.parametrize("number", ["2015/0012345X", "2015/0012346W", "2015/00123456W", "2015/0012345I", "215/0012345W", "", "2015/W", "２０１５/0012345W"])
def test_wrong_pnc_numbers_are_refused(number: str) -> None:
    with pytest.raises(Refusal) as caught:
        checks.pnc_number(number, this_year=2020)
    assert caught.value.fault.code is FaultCode.IDENTIFIER_INVALID
    assert not number or number not in str(caught.value)


def test_model_refuses_a_wrong_check_letter() -> None:
    with pytest.raises(ValidationError, match="check letter"):
        TypeAdapter(PncNumberField).validate_python("2015/0012345X")


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (checks.crn, ["X123456", " X123456\n"], ["x123456", "X12345", "X1234567", "1234567", "X12345６", "X123456\nY"]),
        (checks.noms_number, ["A1234BC"], ["A1234B", "a1234bc", "A1234B1"]),
        (checks.party_code, ["N00", "C05", "SPG"], ["N0", "n00", "N000", "N 0", ""]),
        (checks.provider_code, ["N03"], ["N3"]),
        (checks.team_code, ["C05UAT"], ["C05UA", "C05UATX"]),
        (checks.officer_code, ["C05A123"], ["C05A12", "C05-A12"]),
        (checks.entity_id, ["0", "2500000001", "9" * 18], ["", "-1", "9" * 19, "1.0", "１"]),
        (checks.control_reference, ["1569786981737", "a-b:c.d_e"], ["", "a b", "x" * 65, "-1", "<"]),
    ],
)
def test_forms(check, right: list[str], wrong: list[str]) -> None:
    for text in right:
        assert check(text) == text.strip()
    for text in wrong:
        with pytest.raises(Refusal) as caught:
            check(text)
        assert caught.value.fault.code is FaultCode.IDENTIFIER_INVALID


def test_versions_are_upper_case_and_never_zeros() -> None:
    adapter = TypeAdapter(SpgVersionField)
    assert adapter.validate_python("ab" * 16) == "AB" * 16
    assert checks.spg_version("ab" * 16) == "AB" * 16
    with pytest.raises(ValidationError, match="without a version"):
        adapter.validate_python(ZERO_VERSION)


def _letter(year: str, serial: str) -> str:
    return "ZABCDEFGHJKLMNPQRTUVWXY"[int(year + serial) % 23]
