"""What every face tells of a fault: the same members, bounded."""

import json

import pytest
from lxml import etree

from adapters.agencies.canonical.adapter import CanonicalAdapter
from gateway.api.faults import SOAP_11, SOAP_12, problem, soap_fault
from gateway.exchange.receipts import fault_claim
from schemas.faults import FAULTS, Fault, FaultCode
from schemas.receipts import Receipt, Stage, encode
from schemas.telling import MAX_ALSO, MEMBERS, acting, bounded, line, members
from tests.support.mutations import faults_in
from tests.support.mutations_json import json_bases

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


@pytest.mark.parametrize("code", list(FaultCode))
def test_a_fault_that_was_kept_by_its_code_still_says_who_acts(code: FaultCode) -> None:
    assert acting(code.value) == (FAULTS[code].blame.value, FAULTS[code].advice)


@pytest.mark.parametrize("code", [None, "", "their-own-code"])
def test_nobody_acts_on_a_code_that_is_not_ours(code: str | None) -> None:
    assert acting(code) == ("", "")


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


_ODD = {
    "half a pair, twice": (b'"header":{', b'"header":{"\\ud800":1,"\\ud800":2,', FaultCode.ELEMENT_REPEATED, "/header/\\ud800"),
    "half a pair as name": (b'"document":{', b'"document":{"\\ud800":1,', FaultCode.MALFORMED, ""),
    "half a pair as value": (b'"sender":"N00"', b'"sender":"\\ud800"', FaultCode.MALFORMED, ""),
    "control characters": (b'"document":{', b'"document":{"\\u0000\\u001b[2J":1,', FaultCode.ELEMENT_UNKNOWN, "/document/\x00\x1b[2J"),
    "as long as one likes": (b'"document":{', b'"document":{"' + b"x" * 5000 + b'":1,', FaultCode.ELEMENT_UNKNOWN, "/document/" + "x" * 64),
}


@pytest.mark.parametrize("name", _ODD)
def test_a_name_that_no_text_can_carry_is_survived_by_every_face(name: str) -> None:
    was, now, code, pointer = _ODD[name]
    base = json_bases()["Contact-ins-full/1"]
    assert was in base
    (fault,) = faults_in(CanonicalAdapter().read, base.replace(was, now, 1))
    assert (fault.code, fault.pointer) == (code, pointer)
    assert json.loads(problem(fault, instance="").body).get("pointer", "") == pointer
    (told,) = _elements(soap_fault(fault, SOAP_12, instance="").body)
    assert told["Code"] == code.value
    assert encode(Receipt(issuer="i", audience="a", receipt_id="r", issued_at=1, stage=Stage.REFUSED, subject="s", fault=fault_claim(fault)))
