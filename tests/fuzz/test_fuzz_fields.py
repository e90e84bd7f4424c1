"""Every field of every message made wrong: one fault each, with its code, at its place, naming its message."""

import re
from collections.abc import Callable

import pytest
from lxml import etree
from pydantic import ValidationError

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.documents import QUALIFIED
from adapters.agencies.ndelius.envelope import HEADER
from adapters.agencies.ndelius.tables import SHAPES
from adapters.json_form import FormHeader
from schemas import checks
from schemas.envelope import Interchange
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import PNC_CHECK_LETTERS, PncNumberField, pnc_check_letter
from schemas.payload import Concept
from schemas.validation import faults_of, json_pointer
from tests.support.mutations import Case, faults_in
from tests.support.mutations_json import json_bases, json_cases
from tests.support.mutations_xml import xml_bases, xml_cases

Read = Callable[[bytes], Interchange]
_STEP = re.compile(r"(?<=/)([A-Za-z])")


def xml_place(pointer: str, content: bytes) -> str:
    """Where a pointer leads, in the words of `Case.place`. Raises where it leads to more or less than one place."""
    root = etree.fromstring(content)
    names = {"s": QUALIFIED.strip("{}")}
    found = root.xpath(_STEP.sub(r"s:\1", pointer), namespaces=names) if "@" not in pointer else []
    if isinstance(found, list) and len(found) == 1:
        return str(root.getroottree().getpath(found[0]))
    parent, _, name = pointer.rpartition("/")
    if found or not parent or name.startswith("@"):
        return pointer
    (above,) = root.xpath(_STEP.sub(r"s:\1", parent), namespaces=names)
    return f"{root.getroottree().getpath(above)}/{name}"


def _judge(case: Case, read: Read, place: Callable[[str, bytes], str]) -> str:
    """What is wrong with the answer to a case; empty where it is right."""
    found = faults_in(read, case.content)
    if len(found) != 1:
        return f"{case.what}: {[(fault.code.value, fault.pointer) for fault in found]} instead of {case.code.value}"
    (fault,) = found
    told = fault.code, place(fault.pointer, case.content), fault.reference
    expected = case.code, case.place, case.reference
    return "" if told == expected else f"{case.what}: {told} instead of {expected}"


def test_the_documents_have_every_field_of_every_message() -> None:
    seen = {(message[1].tag, element.getparent().tag, element.tag) for message in _messages() for element in message[1].iter()}
    for name, shape in SHAPES.items():
        blocks = [block for block in (shape.block, shape.reduced, *(part.block for part in shape.parts)) if block]
        records = [record for block in blocks for record in block.records] + [shape.plain] * bool(shape.plain)
        for record in records + ([shape.group.record] if shape.group else []):
            assert {(QUALIFIED + name, record.tag, leaf.tag) for leaf in record.leaves} <= seen, (name, record.element)
    headers = {element.tag for content in xml_bases().values() for element in etree.fromstring(content)[0]}
    assert headers == {leaf.tag for leaf in HEADER.leaves}


def _messages() -> list[etree._Element]:
    return [message for content in xml_bases().values() for message in etree.fromstring(content)[1:-1]]


@pytest.mark.parametrize("name", sorted(xml_bases()))
def test_every_field_of_the_xml_form(name: str) -> None:
    base, read = xml_bases()[name], NdeliusAdapter().read
    assert faults_in(read, base) == []
    wrong = [told for case in xml_cases(base) if (told := _judge(case, read, xml_place))]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(json_bases()))
def test_every_field_of_the_json_form(name: str) -> None:
    base, read = json_bases()[name], CanonicalAdapter().read
    assert faults_in(read, base) == []
    wrong = [told for case in json_cases(base, FormHeader) if (told := _judge(case, read, lambda pointer, _: pointer))]
    assert wrong == []


class _Person(Concept):
    """No message carries a PNC number today; a model of ours shows how its check digit is told."""

    pnc: PncNumberField


_DIGITS = [("2015", "0012345"), ("1999", "9999999"), ("2000", "0000000"), ("1969", "0171717")]


@pytest.mark.parametrize(("year", "serial"), _DIGITS)
def test_every_wrong_check_letter(year: str, serial: str) -> None:
    right = pnc_check_letter(year, serial)
    assert _Person.model_validate({"pnc": f"{year}/{serial}{right}"}).pnc == f"{year}/{serial}{right}"
    assert checks.pnc_number(f"{year}/{serial}{right}", this_year=2026) == f"{year}/{serial}{right}"
    for letter in set(PNC_CHECK_LETTERS) - {right}:
        _is_wrong(f"{year}/{serial}{letter}", "check letter")


@pytest.mark.parametrize(("year", "serial"), _DIGITS)
def test_every_wrong_digit_of_a_checked_number(year: str, serial: str) -> None:
    """23 is prime and no power of ten divides by it, so that a single wrong digit always shows."""
    right = pnc_check_letter(year, serial)
    for place, digit in enumerate(serial):
        for other in set("0123456789") - {digit}:
            _is_wrong(f"{year}/{serial[:place]}{other}{serial[place + 1 :]}{right}", "check letter")


@pytest.mark.parametrize("number", ["2015/0012345I", "2015/0012345O", "2015/0012345S", "201/0012345W", "2015/00123456W", "2015-0012345W", "2015/0012345", "x"])
def test_wrong_forms_of_a_checked_number(number: str) -> None:
    _is_wrong(number, "PNC number is a year")


def _is_wrong(number: str, rule: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _Person.model_validate({"pnc": number})
    (fault,) = faults_of(caught.value, json_pointer, reference=3, model=_Person)
    assert (fault.code, fault.pointer, fault.reference, fault.value) == (FaultCode.IDENTIFIER_INVALID, "/pnc", 3, "")
    assert rule in fault.detail
    with pytest.raises(Refusal) as refused:
        checks.pnc_number(number, this_year=2026)
    assert refused.value.fault.code is FaultCode.IDENTIFIER_INVALID
    assert number not in str(refused.value)
