"""Every member of every Caseflow document made wrong: one fault each, with its code, at its JSON pointer."""

import json

import pytest

from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.caseflow.documents import SHAPES
from tests.support.mutations import Case, faults_in
from tests.support.mutations_caseflow import caseflow_bases, caseflow_cases


def test_the_documents_have_every_member_of_every_table() -> None:
    seen: set[tuple[str, str, str]] = set()
    for content in caseflow_bases().values():
        form = json.loads(content)
        kind, document = form["header"]["type"], form["document"]
        table = "deletion" if "recordRef" in document else "members"
        seen |= {(kind, table, key) for key, value in document.items() if value is not None and key != SHAPES[kind].parts_key}
        seen |= {(kind, "parts", key) for part in document.get(SHAPES[kind].parts_key, ()) for key, value in part.items() if value is not None}
    tables = {(kind, table): getattr(shape, table) for kind, shape in SHAPES.items() for table in ("members", "parts", "deletion")}
    assert {(kind, table, member.key) for (kind, table), members in tables.items() for member in members} == seen


@pytest.mark.parametrize("name", sorted(caseflow_bases()))
def test_every_member(name: str) -> None:
    base, read = caseflow_bases()[name], CaseflowAdapter().read
    assert faults_in(read, base) == []
    wrong = [told for case in caseflow_cases(base) if (told := _judge(case))]
    assert wrong == []


def _judge(case: Case) -> str:
    """What is wrong with the answer to a case; empty where it is right."""
    found = [(fault.code.value, fault.pointer, fault.reference) for fault in faults_in(CaseflowAdapter().read, case.content)]
    return "" if found == [(case.code.value, case.place, case.reference)] else f"{case.what}: {found} instead of {case.code.value}"
