"""The page of the flat file tells its partners everything: every line and column, every code, whatever is left out."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from adapters.agencies.flatfile.codes import CODE_TABLES
from adapters.agencies.flatfile.shapes import Record
from adapters.agencies.flatfile.tables import HEADER, MESSAGE, SHAPES, TRAILER
from schemas.catalogue import CATALOGUE, model_of
from schemas.leaves import Path as Place
from schemas.leaves import leaves, parts_of_type
from tests.support.flatfile import FLATFILE

_PAGE = Path("docs/partners/flatfile.md").read_text(encoding="utf-8")
_each_type = pytest.mark.parametrize("kind", sorted(CATALOGUE))


@_each_type
def test_columns_hold_every_place_of_the_model_or_the_page_says_so(kind: str) -> None:
    shape = SHAPES[kind]
    carried = {path for column in shape.record.columns for path in column.paths}
    carried |= {(shape.field, *path) for column in (shape.more.columns if shape.more else ()) for path in column.paths}
    missing = leaves(CATALOGUE[kind]) - carried
    assert not carried - leaves(CATALOGUE[kind])
    told = _section(kind).partition("Not carried")[2]
    places = {"/payload/" + "/".join(path).replace("parts/", "parts/n/").replace("messages/", "messages/n/") for path in missing}
    assert places == set(re.findall(r"`(/payload/[^`]+)`", told))


@_each_type
def test_columns_are_mandatory_where_the_model_says_so(kind: str) -> None:
    shape = SHAPES[kind]
    for record, reduced, under in ((shape.record, False, ()), (shape.more, False, (shape.field,)), (shape.key, True, ())):
        for column in record.columns if record else ():
            assert column.required is _mandatory(model_of(kind, reduced=reduced), (*under, *column.paths[0])), column


def _mandatory(model: type[BaseModel], path: Place) -> bool:
    """Whether every step of the way must be there; a list of entries may be empty, its entries are whole."""
    field = model.model_fields[path[0]]
    here = field.is_required() or path[0] == "messages"
    inner = next((kind for kind in parts_of_type(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    return here and (len(path) == 1 or inner is None or _mandatory(inner, path[1:]))


def _section(kind: str) -> str:
    return _PAGE.partition(f"### {kind}\n")[2].partition("\n### ")[0].partition("\n## ")[0]


@_each_type
def test_the_page_names_every_column_in_order(kind: str) -> None:
    shape, section = SHAPES[kind], _section(kind)
    assert f"`{shape.code}`" in section
    for record in (shape.record, shape.more):
        assert record is None or _rows(record) in section
    if shape.key is not None:
        told = _PAGE.partition("a line KEY stands")[2].partition("\n## ")[0]
        assert _rows(Record("KEY", shape.key.columns[:3])) in told
        assert "| 5 | RecordRef | as column 6 of the record's own line | `record_id` |" in told


def _rows(record: Record) -> str:
    return "".join(
        f"| {number} | {column.name if column.required else f'*{column.name}*'} | {column.kind.name} |" + _places(column.paths)
        for number, column in enumerate(record.columns, 2)
    )


def _places(paths: tuple[Place, ...]) -> str:
    return " " + ", ".join(f"`{'/'.join(path)}`" for path in paths) + " |\n"


def test_the_page_tells_the_lines_around_messages_and_every_code() -> None:
    for record in (HEADER, MESSAGE, TRAILER):
        for number, column in enumerate(record.columns, 2):
            assert (
                f"| {number} | {column.name if column.required else f'*{column.name}*'} |" in _PAGE.partition(f"### Line {record.tag}\n")[2].partition("\n#")[0]
            )
    for table in CODE_TABLES:
        section = _PAGE.partition(f"### {table.name}\n")[2].partition("\n### ")[0]
        assert all(f"| `{ours}` | `{own}` |" in section for ours, own in table.own.items())


def test_the_example_of_the_page_is_read() -> None:
    example = _PAGE.partition("```csv\n")[2].partition("```")[0]
    assert example.replace("\n", "\r\n").encode() == (FLATFILE / "plain/batch-of-three.csv").read_bytes()
