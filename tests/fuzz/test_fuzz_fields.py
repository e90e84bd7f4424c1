"""Every field of every message made wrong: one fault each, with its code, at its place, naming its message."""

from collections.abc import Callable

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.json_form import FormHeader
from schemas.envelope import Interchange
from tests.support.mutations import Case, faults_in, json_bases, json_cases, xml_bases, xml_cases, xml_place

Read = Callable[[bytes], Interchange]


def _judge(case: Case, read: Read, place: Callable[[str, bytes], str]) -> str:
    """What is wrong with the answer to a case; empty where it is right."""
    found = faults_in(read, case.content)
    if len(found) != 1:
        return f"{case.what}: {[(fault.code.value, fault.pointer) for fault in found]} instead of {case.code.value}"
    (fault,) = found
    told = fault.code, place(fault.pointer, case.content), fault.reference
    expected = case.code, case.place, case.reference
    return "" if told == expected else f"{case.what}: {told} instead of {expected}"


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
