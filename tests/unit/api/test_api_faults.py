"""What every face tells of a fault: the same members, bounded."""

import json

import pytest
from lxml import etree

from gateway.api.faults import SOAP_11, SOAP_12, problem, soap_fault
from schemas.faults import FAULTS, Fault, FaultCode
from schemas.telling import MAX_ALSO, MEMBERS, bounded, line, members

G = "{urn:interagency-gateway:fault}"
WHOLE = Fault(FaultCode.VERSION_CONFLICT, "It is older.", "/a/b", 3, "ZZ", "1" * 32)


def _elements(content: bytes) -> list[dict[str, str | None]]:
    return [{str(child.tag).removeprefix(G): child.text for child in found} for found in etree.fromstring(content).iter(f"{G}GatewayFault")]


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12])
def test_problem_and_soap_fault_tell_the_same(version: str) -> None:
    told = json.loads(problem(WHOLE, instance="i", also=[WHOLE, Fault(FaultCode.MALFORMED)], receipt="r").body)
    first, *others = _elements(soap_fault(WHOLE, version, instance="i", also=[WHOLE, Fault(FaultCode.MALFORMED)], receipt="r").body)
    named = {"".join(word.capitalize() for word in name.split("_")): str(told[name]) for name in (*MEMBERS, "instance", "receipt")}
    assert first == {**named, "Status": str(WHOLE.row.spg)}
    assert set(told) == {*MEMBERS, "instance", "receipt", "also", "status", "type", "retry"}
    assert [other["Code"] for other in others] == [other["code"] for other in told["also"]] == ["version-conflict", "malformed"]
    assert [other["Blame"] for other in others] == [other["blame"] for other in told["also"]] == ["sender", "sender"]
    assert "Value" not in others[1]


def test_every_member_is_told_and_nothing_empty() -> None:
    assert list(members(WHOLE)) == list(MEMBERS)
    assert members(Fault(FaultCode.MALFORMED)).keys() == {"code", "title", "blame", "advice"}
    for code in FaultCode:
        assert members(Fault(code))["advice"] == FAULTS[code].advice


def test_a_line_for_a_person_says_it_all() -> None:
    expected = f"version-conflict: message 3 /a/b: It is older. Found: ZZ. The record now has version {'1' * 32}. For the sender: {WHOLE.row.advice}"
    assert line(members(WHOLE)) == expected
    assert line({"code": "malformed"}) == "malformed"


def test_ten_thousand_faults_make_a_bounded_answer() -> None:
    many = [Fault(FaultCode.VALUE_INVALID, "It is wrong.", f"/SPGInterchange/SPGMessage[{place}]", place) for place in range(1, 10_001)]
    told = json.loads(problem(many[0], instance="", also=many[1:]).body)
    assert (len(told["also"]), told["more"]) == (MAX_ALSO, 9_999 - MAX_ALSO)
    content = soap_fault(many[0], SOAP_12, instance="", also=many[1:]).body
    elements = _elements(content)
    assert (len(elements), elements[0]["More"]) == (1 + MAX_ALSO, str(9_999 - MAX_ALSO))
    assert len(content) < 100_000


@pytest.mark.parametrize(("count", "more"), [(0, 0), (MAX_ALSO, 0), (MAX_ALSO + 1, 1)])
def test_the_bound_is_exact(count: int, more: int) -> None:
    shown, rest = bounded([WHOLE] * count)
    assert (len(shown), rest) == (count - more, more)
