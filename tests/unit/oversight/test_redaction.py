"""Redaction: what is personal leaves the server in no form, until that one field is revealed."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from adapters.catalogue import DIALECTS
from gateway.oversight.redaction import CASE, HIDDEN, FieldRow, case_row, pointers, rows_of
from schemas.catalogue import CATALOGUE
from schemas.classes import FieldClass, class_of
from schemas.leaves import Path
from schemas.payload import Payload
from tests.support.dialects import taken, vector
from tests.support.payloads import payloads_of

SAMPLES = ("Contact-ins-full", "Address-ins-full", "Event-ins-full", "ConsolidatedTransferRequest-OM+OS-new")


def _values(value: object, root: type[BaseModel], path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every stated leaf of a payload, read another way than by the code under test."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield from _values(getattr(value, name), root, (*path, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _values(item, root, path)
    else:
        yield path, value


def _hidden(payload: BaseModel) -> list[str]:
    kinds = ((value, class_of(type(payload), path)) for path, value in _values(payload, type(payload)))
    return [str(value) for value, kind in kinds if kind is not FieldClass.CODE and value is not None]


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_no_message_type_shows_more_than_codes_and_last_characters(kind: str) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(payloads_of(kind))
    def shows_nothing(payload: Payload) -> None:
        rows = rows_of(payload)
        shown = [row for row in rows if not row.heading]
        assert len(shown) == len(list(_values(payload, type(payload))))
        for row in shown:
            if row.hidden:
                assert row.shown == HIDDEN or (row.shown.startswith("…") and len(row.shown) == 4)
        assert sum(row.hidden for row in shown) == len(_hidden(payload))

    shows_nothing()


def test_revealing_one_field_shows_that_one() -> None:
    payload = _sample("Contact-ins-full")
    before = rows_of(payload)
    wanted = next(row.pointer for row in before if row.pointer == "/notes")
    after = rows_of(payload, {wanted})
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new.pointer for _, new in changed] == [wanted]
    ((old, new),) = changed
    assert (old.hidden, new.hidden, new.revealed) == (True, False, True)
    assert new.shown == str(payload.notes)


def test_a_heading_or_a_code_cannot_be_revealed() -> None:
    rows = rows_of(_sample("Contact-ins-full"))
    assert pointers(rows) == {row.pointer for row in rows if row.hidden}
    assert not pointers(rows) & {row.pointer for row in rows if row.heading}


@pytest.mark.parametrize("crn", ["X123456", None])
def test_the_case_reference_number_shows_its_end(crn: str | None) -> None:
    row = case_row(crn)
    if crn is None:
        assert row is None
        return
    assert isinstance(row, FieldRow)
    assert (row.pointer, row.shown, row.hidden) == (CASE, "…456", True)
    opened = case_row(crn, {CASE})
    assert opened is not None
    assert (opened.shown, opened.revealed) == (crn, True)


def test_short_references_show_nothing() -> None:
    assert case_row("X12") == FieldRow(pointer=CASE, label="Case reference number", depth=0, shown=HIDDEN, hidden=True)


def test_list_items_have_places_of_their_own() -> None:
    for name in SAMPLES:
        found = [row.pointer for row in rows_of(_sample(name))]
        assert len(found) == len(set(found))


def _sample(name: str) -> Payload:
    return taken(DIALECTS["ndelius"].read(vector(f"plain/{name}.xml")).entries[0])


@given(st.text(min_size=1, max_size=40))
def test_markup_in_a_value_stays_text(text: str) -> None:
    row = case_row(text, {CASE})
    assert row is not None
    assert row.shown == text
