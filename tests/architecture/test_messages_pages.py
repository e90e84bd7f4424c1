"""The pages of docs/messages say what the models, the tables and the adapters say, and nothing stands beside them."""

import re
from collections.abc import Iterator
from functools import cache

import pytest
from lxml import etree
from pydantic import BaseModel, TypeAdapter

from adapters.agencies.ndelius.answers import read_interchange_response
from adapters.catalogue import DIALECTS
from docs import generate
from docs.message_facts import ALL, GROUPS, TERMS, Group, dialects_of, group_of, headline
from docs.message_fields import BLANK, MANDATORY, OPTIONAL, Row, annotation_of, group_rows, model_of_page, own_rows, part_rows
from docs.message_pages import PAGES, words
from docs.message_types import TRANSFER_KINDS, TRANSFER_STATUSES, TYPES, FieldType
from schemas.canonical.transfer import TransferKind, TransferStatus
from schemas.catalogue import ANSWERS, CATALOGUE
from schemas.envelope import Entry
from schemas.leaves import Path, leaves
from schemas.versions import STEPS, VERSIONS
from tests.support.tree import ROOT

MESSAGES = ROOT / "docs/messages"
each_message = pytest.mark.parametrize("kind", ALL)
each_routable = pytest.mark.parametrize("kind", CATALOGUE)
each_type = pytest.mark.parametrize("row", TYPES, ids=lambda row: row.name)


@cache
def _rows(kind: str) -> tuple[Row, ...]:
    parts = part_rows(kind) if group_of(kind) is Group.TRANSFER else ()
    return (*own_rows(kind), *parts, *(group_rows(kind) if kind in CATALOGUE else ()))


@cache
def _page(kind: str) -> str:
    return (MESSAGES / f"{kind}.md").read_text(encoding="utf-8")


def _blocks(kind: str, language: str) -> list[bytes]:
    return [text.encode() for text in re.findall(rf"^```{language}\n(.*?)^```", _page(kind), flags=re.DOTALL | re.MULTILINE)]


def _entry(dialect: str, content: bytes) -> Entry:
    (entry,) = DIALECTS[dialect].read(content).entries
    assert isinstance(entry, Entry), entry
    return entry


def test_every_message_has_its_page_and_nothing_else_stands_there() -> None:
    assert {*CATALOGUE, *ANSWERS} == set(ALL)
    assert {path.name for path in MESSAGES.iterdir()} == {"README.md", "types.md", "versions.md", *(f"{kind}.md" for kind in ALL)}
    assert {f"messages/{path.name}" for path in MESSAGES.iterdir()} == set(PAGES)


def test_every_page_is_among_those_that_are_compared() -> None:
    assert PAGES.items() <= generate.PAGES.items()


def test_index_tells_every_message() -> None:
    index = (MESSAGES / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[(\w+)\]\(\w+\.md\) \| ([^|]+) \|", index, flags=re.MULTILINE))
    assert rows == {kind: headline(kind) for kind in ALL}


@each_message
def test_headline_is_one_sentence(kind: str) -> None:
    assert re.fullmatch(r"[A-Z].{10,150}[.?)]", headline(kind))


@each_message
def test_table_names_every_place_of_the_model(kind: str) -> None:
    told = {path for row in _rows(kind) for path in row.paths}
    expected = leaves(model_of_page(kind)) if kind in CATALOGUE else set()
    assert told == expected


@each_routable
def test_table_says_mandatory_where_the_model_does(kind: str) -> None:
    for row in _rows(kind):
        if row.presence in (MANDATORY, BLANK, OPTIONAL):
            assert _required(model_of_page(kind), _field(row)) is (row.presence == MANDATORY), row


def _field(row: Row) -> Path:
    """The place that the whole element stands for: of a coded value, not its code but the value."""
    return row.paths[0][:-1] if len(row.paths) == 2 else row.paths[0]


def _required(model: type[BaseModel], path: Path) -> bool:
    """Whether every step of the way must be there; a list of entries may be empty, its entries are whole."""
    field = model.model_fields[path[0]]
    here = field.is_required() or path[0] == "messages"
    if len(path) == 1:
        return here
    inner = annotation_of(model, path[:1])
    assert isinstance(inner, type)
    assert issubclass(inner, BaseModel)
    return here and _required(inner, path[1:])


@each_message
def test_every_field_is_explained(kind: str) -> None:
    assert all(re.match(r"[\[A-Z`0-9n]", row.meaning) and row.meaning.endswith((".", ")")) for row in _rows(kind))


@each_message
def test_table_names_every_element_of_the_example(kind: str) -> None:
    told = {name.rpartition("/")[2] for row in own_rows(kind) for name in re.findall(r"`([^`]+)`", row.element)}
    root = etree.fromstring(_blocks(kind, "xml")[0])
    payload = root[1][1] if kind in CATALOGUE else root
    own = payload[0] if group_of(kind) is Group.TRANSFER else payload
    assert {etree.QName(element).localname for element in own.iter() if not len(element) and element is not payload} <= told


@each_routable
def test_examples_say_the_same_in_every_form(kind: str) -> None:
    xml = _entry("ndelius", _blocks(kind, "xml")[0])
    texts = _blocks(kind, "json")
    assert xml.header.type == kind
    assert len(texts) == len([name for name in dialects_of(kind) if DIALECTS[name].media_type == "application/json"])
    assert _entry("canonical", texts[0]).payload == xml.payload
    if "caseflow" in dialects_of(kind):
        theirs = _entry("caseflow", texts[1]).payload
        assert {path for path in _values(xml.payload) if path not in _values(theirs)} == _left_out(kind, "Caseflow")
        assert all(_values(xml.payload)[path] == value for path, value in _values(theirs).items())


@each_routable
def test_flat_file_says_the_same(kind: str) -> None:
    (batch,) = _blocks(kind, "csv")
    ours, theirs = (_values(_entry(*said).payload) for said in (("ndelius", _blocks(kind, "xml")[0]), ("flatfile", batch.replace(b"\n", b"\r\n"))))
    assert {path for path in ours if path not in theirs} == _left_out(kind, "flat file")
    # On the page the line breaks of a text cannot be told from those of the file.
    assert {path: str(value).replace("\r\n", "\n") for path, value in theirs.items()} == {path: str(ours[path]) for path in theirs}


def _left_out(kind: str, example: str) -> set[Path]:
    section = _page(kind).partition(f"## Example: {example}\n")[2].partition("\n## ")[0]
    return {tuple(name.split("/")) for name in re.findall(r"^- `/payload/([^`]+)`", section, flags=re.MULTILINE)}


def _values(payload: BaseModel) -> dict[Path, object]:
    return dict(_flat((), payload.model_dump(exclude_none=True)))


def _flat(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict | tuple):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat((*path, str(name)), inner)
    else:
        yield path, value


def test_answers_examples_are_read() -> None:
    assert read_interchange_response(_blocks("SPGInterchangeResponse", "xml")[0]) == 200
    whole, with_entries = _blocks("InterchangeStatusNotification", "xml")
    assert not getattr(_entry("ndelius", whole).payload, "messages", ())
    assert [status.reference for status in getattr(_entry("ndelius", with_entries).payload, "messages", ())] == [1, 2]


def test_index_shows_one_reduced_delete_twice() -> None:
    index = (MESSAGES / "README.md").read_text(encoding="utf-8")
    (xml,), (text,) = (re.findall(rf"^```{language}\n(.*?)^```", index, flags=re.DOTALL | re.MULTILINE) for language in ("xml", "json"))
    assert "ContactDetailsD" in xml
    assert _entry("ndelius", xml.encode()).payload == _entry("canonical", text.encode()).payload


@each_type
def test_sample_of_a_type_comes_back_as_it_was(row: FieldType) -> None:
    value: object = TypeAdapter[object](row.annotation).validate_json(row.json, strict=True)
    assert row.kind.write(value) == row.sample
    assert row.told.endswith((".", ")"))


def test_every_type_is_used() -> None:
    used = {row.type.name for kind in ALL for row in _rows(kind)}
    assert {row.name for row in TYPES} == used


def test_closed_lists_are_whole() -> None:
    assert set(TRANSFER_KINDS) == {kind.value for kind in TransferKind}
    assert set(TRANSFER_STATUSES) == {status.value for status in TransferStatus}
    assert set(GROUPS) == set(Group)


def test_words_of_probation_are_in_the_glossary() -> None:
    assert set(TERMS) == set(ALL)
    assert not [term for terms in TERMS.values() for term in terms if term not in words()]


def test_versions_page_tells_every_version_and_step() -> None:
    page = (MESSAGES / "versions.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([0-9-]+)` \| ([0-9-]+) \|", page, flags=re.MULTILINE) == [(name, day.isoformat()) for name, day in VERSIONS.items()]
    assert re.findall(r"^\| `([0-9-]+)` to `([0-9-]+)` \| (yes|no) \|", page, flags=re.MULTILINE) == [
        (step.older, step.newer, "yes" if step.known else "no") for step in STEPS
    ]
