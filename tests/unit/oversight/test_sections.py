"""Content as a page lays it out: no field is lost or doubled, and an id that may name somebody shows its end."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.oversight.redaction import FieldRow, rows_of, sections_of, shown_id
from schemas.catalogue import CATALOGUE
from schemas.payload import Payload
from tests.support.payloads import payloads_of


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_every_field_stands_in_one_section(kind: str) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(payloads_of(kind))
    def holds(payload: Payload) -> None:
        rows = rows_of(payload)
        sections = sections_of(rows)
        laid = [(row.pointer, row.shown, row.hidden) for section in sections for row in section.rows]
        assert sorted(laid) == sorted((row.pointer, row.shown, row.hidden) for row in rows if not row.heading)
        assert len({section.title for section in sections}) == len(sections)
        assert [section.title for section in sections if not section.title] == [""] * any(row.depth == 0 and not row.heading for row in rows)

    holds()


def _row(pointer: str, label: str, depth: int, *, heading: bool = False) -> FieldRow:
    return FieldRow(pointer=pointer, label=label, depth=depth, heading=heading)


def test_a_field_is_named_by_the_way_to_it() -> None:
    rows = [
        _row("/a", "A", 0, heading=True),
        _row("/a/b", "B", 1, heading=True),
        _row("/a/b/c", "C", 2),
        _row("/a/d", "D", 1),
        _row("/e", "E", 0),
        _row("/f/0", "F 1", 0, heading=True),
        _row("/f/0/g", "G", 1),
    ]
    assert [(section.title, [row.label for row in section.rows]) for section in sections_of(rows)] == [
        ("", ["E"]),
        ("A", ["B: C", "D"]),
        ("F 1", ["G"]),
    ]


@pytest.mark.parametrize("text", ["X000042", "m-X000042-1", "case_x000042", "A1234BC/1", "2015/0012345W", "15/12345W", "born-1990-02-01", "1:X000042"])
def test_an_id_that_holds_a_persons_number_shows_its_end(text: str) -> None:
    assert shown_id(text) == f"…{text[-3:]}"


@pytest.mark.parametrize("text", ["", "m-1", "ref-17", "123456", "01a20846-fe00-7a80-9b46-09c5422693f5", "XX000042", "X0000421", "C05-2026-17"])
def test_any_other_id_is_shown(text: str) -> None:
    assert shown_id(text) == text


@given(st.text(max_size=80))
def test_what_is_shown_is_the_id_or_its_end(text: str) -> None:
    assert shown_id(text) in (text, f"…{text[-3:]}")
