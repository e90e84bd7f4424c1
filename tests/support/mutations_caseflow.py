"""Every member of every Caseflow document, made wrong in one place.

What it is: the messages of `mutations_xml` as Caseflow documents, and the walk over their members, each with the wrong
values of its kind. What it is not: the header around them, which is that of every JSON form (see `mutations_json`).
All people and numbers are made up.
"""

import json
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from pydantic import BaseModel

from adapters.agencies.caseflow import values
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.caseflow.documents import SHAPES
from adapters.agencies.caseflow.shapes import Member, Shape
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from schemas.canonical.case import Deletion
from schemas.catalogue import model_of
from schemas.envelope import Entry, Message
from schemas.identifiers import SPG_VERSION_FORM, MessageId
from schemas.leaves import Path
from tests.support.dialects import outgoing
from tests.support.mutations import CODE, FORMS, IDENTIFIER, INVALID, MISSING, REPEATED, STRUCTURE, UNKNOWN, Case, Field, Wrong, field_of
from tests.support.mutations_xml import xml_bases

Json = typing.Any
Steps = tuple[str | int, ...]


@cache
def caseflow_bases() -> Mapping[str, bytes]:
    """Every message of `xml_bases` as a Caseflow document, with the versions and names of workers that some samples lack."""
    return {f"{stem}/{entry.reference}": _written(stem, entry) for stem, content in xml_bases().items() for entry in NdeliusAdapter().read(content).entries}


def _written(stem: str, entry: object) -> bytes:
    if not isinstance(entry, Entry):
        raise TypeError(stem)
    made = Message(MessageId("01902d3a-0000-7000-8000-000000000001"), entry.header, entry.payload)
    reduced = isinstance(entry.payload, Deletion)
    facts = outgoing(answers=entry.header.in_reply_to, reduced_deletes=reduced, message_statuses=True)
    form = json.loads(CaseflowAdapter().write(made, facts).content)
    shape, _ = shape_of(form)
    _fill(form["document"], shape.members)
    for part in form["document"].get(shape.parts_key, ()):
        _fill(part, shape.parts)
    return json.dumps(form).encode()


def _fill(found: Json, members: Sequence[Member]) -> None:
    for member in members:
        if member.key == "recordVersion":
            found[member.key] = found.get(member.key) or "CB1CF9D6CE475DD58274951576C023FC"
        elif member.paths[0][-1] == "description":
            found[member.key] = found.get(member.key) or "Quill, Marlow"


def shape_of(form: Json) -> tuple[Shape, type[BaseModel]]:
    """The table that a document goes by, and the model that it stands for."""
    kind = form["header"]["type"]
    reduced = "recordRef" in form["document"]
    return Shape(SHAPES[kind].deletion) if reduced else SHAPES[kind], model_of(kind, reduced=reduced)


def caseflow_cases(content: bytes) -> Iterator[Case]:
    """Every case of one document."""
    form = json.loads(content)
    shape, model = shape_of(form)
    document = form["document"]
    yield from _of_members(form, document, ("document",), shape.members, model, ())
    if shape.parts_key is not None and shape.parts_key in document:
        yield from _of_list(form, document, shape)
        for place, part in enumerate(document[shape.parts_key]):
            yield from _of_members(form, part, ("document", shape.parts_key, place), shape.parts, model, (shape.parts_field,))


def _of_list(form: Json, document: Json, shape: Shape) -> Iterator[Case]:
    key = str(shape.parts_key)
    kept = document[key]
    wrong: list[Wrong] = [("not a list", other, STRUCTURE) for other in ({}, "x", 7, True, kept[0])]
    if shape.parts_required:
        wrong += [("empty", [], MISSING), ("null", None, MISSING)]
    for what, other, code in wrong:
        document[key] = other
        yield _case(what, form, ("document", key), code)
    for other in ([], "x", 7, None):
        document[key] = [*kept, other]
        yield _case("no object", form, ("document", key, len(kept)), STRUCTURE)
    document[key] = kept
    if shape.parts_required:
        del document[key]
        yield _case("missing", form, ("document", key), MISSING)
        document[key] = kept


def _of_members(form: Json, found: Json, where: Steps, members: Sequence[Member], model: type[BaseModel], above: Path) -> Iterator[Case]:
    found["quill"] = "x"
    if "recordRef" not in found:
        # With a further name it is no delete by key alone, but a whole document of which most is missing.
        yield _case("unknown", form, (*where, "quill"), UNKNOWN)
    del found["quill"]
    for member in members:
        if found.get(member.key) is None:
            continue
        yield _repeated(form, found, (*where, member.key))
        kept, order = found[member.key], list(found)
        if member.required:
            del found[member.key]
            yield _case("missing", form, (*where, member.key), MISSING)
        for what, wrong, code in _wrong_values(member, kept, field_of(model, (*above, *member.paths[0]))):
            found[member.key] = wrong
            yield _case(f"{what} {str(wrong)[:40]!r}", form, (*where, member.key), code)
        found[member.key] = kept
        found.update({name: found.pop(name) for name in order})


def _wrong_values(member: Member, kept: Json, field: Field | type[BaseModel]) -> Iterator[Wrong]:
    if not isinstance(field, Field):
        raise TypeError(member.key)
    for structure in ([], {}, [kept], {"code": kept}, 1.5):
        yield "no single value", structure, INVALID
    if member.required:
        yield "null", None, MISSING
    yield "of another type", True, INVALID
    if member.kind is values.NUMBER:
        yield from (("of another type", text, INVALID) for text in ("1", "", "x"))
        yield from (("out of bounds", number, INVALID) for number in [*field.outside(), -1, 10**30])
        return
    yield "of another type", 7, INVALID
    if member.kind in _TEXTS:
        code, words = _TEXTS[member.kind]
        yield from (("wrong form", word, code) for word in words)
    elif member.kind is values.TEXT:
        yield from _wrong_texts(field)
    else:
        yield from _of_a_list(kept) if not str(kept).startswith("CF-") else _of_a_reference(str(kept))


def _wrong_texts(field: Field) -> Iterator[Wrong]:
    yield from field.texts()
    if field.pattern not in FORMS:
        yield from (("control character", f"a{character}b", INVALID) for character in "\x00\x07\x1f\ufffe")
        yield from (("nothing", word, INVALID) for word in ("", "  "))
    if field.pattern == SPG_VERSION_FORM:
        yield "zeros", "0" * 32, INVALID


def _of_a_list(kept: str) -> Iterator[Wrong]:
    yield from (("no code", word, CODE) for word in ("", kept.lower(), f"{kept}X", "COAP", "OM", "ZZ", "1"))


def _of_a_reference(kept: str) -> Iterator[Wrong]:
    prefix, _, number = kept.rpartition("-")
    words = (number, "0", "NEW", f"{prefix}-", f"{prefix}-0", f"{prefix}-new", f"{prefix}-{'1' * 19}", f"{prefix}-12A", f"{prefix}{number}", f"cf-x-{number}")
    yield from (("no reference", word, IDENTIFIER) for word in (*words, f"CF-ZZZ-{number}", f"{prefix}--1", f"{prefix}-\u0666", ""))


_DATES = (
    "x",
    "",
    "2018-02-28",
    "28/2/2018",
    "28022018",
    "30/02/2018",
    "29/02/2017",
    "02/28/2018",
    "01/01/0000",
    "28/02/18",
    "28.02.2018",
    "28/02/2018 00:00:00",
)
_TIMES = ("x", "", "11:49", "1149", "25:00:00", "24:00:00", "11:60:00", "11:49:16Z", "11:49:16.5", "1:49:16", "11:49:16 PM")
_TEXTS: Mapping[values.Kind, tuple[typing.Any, tuple[str, ...]]] = {
    values.DATE: (INVALID, _DATES),
    values.TIME: (INVALID, _TIMES),
    values.MOMENT: (INVALID, (*_DATES[:-1], "28/02/2018", "28/02/2018T11:49:16", *(f"28/02/2018 {time}" for time in _TIMES), "30/02/2018 11:49:16")),
    values.AMOUNT: (INVALID, ("x", "", "-1", "007", "1.234", ".5", "1.", "1,5", "1" * 20, "1e3", "NaN", "£5", "\u0666")),
    values.FLAG: (INVALID, ("Y", "N", "yes", "no", "YES", "true", "1", "")),
    values.WORKER: (IDENTIFIER, ("x", "", "C07A12", "C07A12:", "C07A12/C07A294", "C07A1:C07A294", "C07A12:C07A29", "c07a12:C07A294")),
}
"""Kind to its fault, and texts that are no value of it."""


def _repeated(form: Json, found: Json, path: Steps) -> Case:
    """JSON text whose object names the last step twice."""
    found["\ue000twin"] = found[path[-1]]
    text = json.dumps(form, ensure_ascii=False).replace('"\ue000twin":', f"{json.dumps(path[-1])}:")
    del found["\ue000twin"]
    return Case(f"repeated {path}", text.encode(), REPEATED, _pointer(path), None)


def _case(what: str, form: Json, path: Steps, code: typing.Any) -> Case:
    return Case(f"{what} {path}", json.dumps(form).encode(), code, _pointer(path), 1)


def _pointer(path: Steps) -> str:
    return "".join(f"/{step}" for step in path)
