"""Every field of every message in the canonical JSON form, made wrong in one place.

What it is: the interchanges of `mutations_xml` in JSON, and the walk over their headers and documents. All people and
numbers are made up.
"""

import datetime
import json
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache

from pydantic import BaseModel

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from schemas.canonical.case import Deletion
from schemas.catalogue import model_of
from schemas.envelope import Entry, Message
from schemas.faults import FaultCode
from schemas.identifiers import SPG_VERSION_FORM, MessageId
from tests.support.dialects import outgoing
from tests.support.mutations import CODE, FORMS, INVALID, MISSING, REPEATED, STRUCTURE, UNKNOWN, VERSION, Case, Field, Wrong, field_of
from tests.support.mutations_xml import xml_bases

Json = typing.Any


@cache
def json_bases() -> Mapping[str, bytes]:
    """Every message of `xml_bases` in the canonical JSON form."""
    found = {}
    for stem, content in xml_bases().items():
        for entry in NdeliusAdapter().read(content).entries:
            if not isinstance(entry, Entry):
                raise TypeError(f"{stem}: {entry.faults}")
            made = Message(MessageId(f"01902d3a-0000-7000-8000-00000000000{entry.reference}"), entry.header, entry.payload)
            sent = outgoing(answers=entry.header.in_reply_to, reduced_deletes=isinstance(entry.payload, Deletion))
            found[f"{stem}/{entry.reference}"] = CanonicalAdapter().write(made, sent).content
    return found


_TYPES: Mapping[type, tuple[Json, ...]] = {
    str: (7, True, 1.5),
    bool: ("Y", 1, "true"),
    int: ("1", True, 1.5),
    Decimal: (1.5, True, 7),
    datetime.date: (7, True, 1.5),
    datetime.time: (7, True, 1.5),
    datetime.datetime: (7, True, 1.5),
}
"""Values of another JSON type than that of the field."""


def json_cases(content: bytes, header: type[BaseModel]) -> Iterator[Case]:
    """Every case of one document in the canonical JSON form; `header` is the model of its header."""
    form = json.loads(content)
    reduced = "record_id" in form["document"]
    payload = model_of(form["header"]["type"], reduced=reduced)
    yield from _of_object(form, form["header"], ("header",), header, None)
    yield from _of_object(form, form["document"], ("document",), payload, 1)
    yield from _of_names(form, form, (), {"header": True, "document": True}, None)
    yield from _of_texts(content)


def _of_texts(content: bytes) -> Iterator[Case]:
    for what, text in (("leading zeros", b'{"document":007}'), ("cut", content[:-1]), ("two", content * 2), ("not a number", b'{"document":NaN}')):
        yield Case(what, text, FaultCode.MALFORMED, "", None)
    yield Case("no object", b"[]", STRUCTURE, "", None)


def _of_object(form: Json, found: Json, path: tuple[str | int, ...], model: type[BaseModel], reference: int | None) -> Iterator[Case]:
    mandatory = {name: info.is_required() for name, info in model.model_fields.items()}
    yield from _of_names(form, found, path, mandatory, reference)
    for name, value in list(found.items()):
        inner = field_of(model, (name,))
        if isinstance(value, list) and isinstance(inner, type):
            for place, one in enumerate(value):
                yield from _of_object(form, one, (*path, name, place), inner, reference)
        elif isinstance(value, dict) and isinstance(inner, type):
            yield from _of_object(form, value, (*path, name), inner, reference)
        elif isinstance(inner, Field) and not isinstance(value, list):
            yield from _of_value(form, found, (*path, name), inner, reference)


def _of_names(form: Json, found: Json, path: tuple[str | int, ...], mandatory: Mapping[str, bool], reference: int | None) -> Iterator[Case]:
    """Unknown, missing, repeated, and one structure for another."""
    found["quill"] = "x"
    yield _json_case("unknown", form, (*path, "quill"), UNKNOWN, reference)
    del found["quill"]
    for name in list(found):
        value, order = found[name], list(found)
        if mandatory.get(name) and (*path, name) != ("header", "type"):
            del found[name]
            yield _json_case("missing", form, (*path, name), MISSING, reference if path else None)
        elif (*path, name) == ("header", "type"):
            del found[name]
            yield _json_case("missing", form, (*path, name), MISSING, None)
        found[name] = value
        found.update({key: found.pop(key) for key in order})
        yield _repeated(form, found, (*path, name))
        for other in _other_structures(value):
            found[name] = other
            yield _json_case(f"{other!r} for", form, (*path, name), STRUCTURE, reference)
        found[name] = value


def _other_structures(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [[], "x", 7, [value]]
    if isinstance(value, list):
        return [{}, "x", 7]
    return [{}, [], {"code": "A1"}, [value]]


def _repeated(form: Json, found: Json, path: tuple[str | int, ...]) -> Case:
    """JSON text whose object names the last step twice."""
    name, value = path[-1], found[path[-1]]
    found["\ue000twin"] = value
    text = json.dumps(form, ensure_ascii=False).replace('"\ue000twin":', f"{json.dumps(name)}:")
    del found["\ue000twin"]
    return Case(f"repeated {path}", text.encode(), REPEATED, _pointer(path), None)


def _of_value(form: Json, found: Json, path: tuple[str | int, ...], field: Field, reference: int | None) -> Iterator[Case]:
    name, kept = path[-1], found[path[-1]]
    for what, value, code in _wrong_values(str(path[0]), str(name), field):
        found[name] = value
        yield _json_case(f"{what} {str(value)[:40]!r}", form, path, code, reference)
    found[name] = kept


def _wrong_values(part: str, name: str, field: Field) -> Iterator[Wrong]:
    if (part, name) in _HEADER_VALUES:
        yield from _HEADER_VALUES[part, name]
        return
    kind = StrEnum if issubclass(field.kind, StrEnum) else field.kind
    yield from (("wrong type", value, CODE if kind is StrEnum else INVALID) for value in ((7, True) if kind is StrEnum else _TYPES[kind]))
    if kind is int:
        yield from (("out of bounds", number, INVALID) for number in [*field.outside(), -1, 10**30])
    elif kind is not bool:
        yield from field.texts()
    if kind is str and field.pattern not in FORMS:
        yield from (("control character", f"a{character}b", INVALID) for character in "\x00\x07\x1f\ufffe")
    if not field.optional:
        yield "empty", None, MISSING
    if field.pattern == SPG_VERSION_FORM:
        yield "zeros", "0" * 32, INVALID


_INSTANTS = ("x", "2020-12-13", "2020-12-13T09:13:15", "2020-12-13 09:13:15Z", "2020-02-30T09:13:15Z", "2020-12-13T25:13:15Z", 1608628395, True)
_HEADER_VALUES: Mapping[tuple[str, str], tuple[Wrong, ...]] = {
    ("header", "prepared_at"): (*(("wrong type", value, INVALID) for value in _INSTANTS), ("empty", None, MISSING)),
    ("header", "version"): (("wrong code", "0-9-8", VERSION), ("wrong form", "0.9.14", VERSION), ("wrong type", 7, INVALID), ("empty", None, MISSING)),
    ("header", "type"): (("wrong code", "Quill", FaultCode.TYPE_UNKNOWN), ("wrong form", "A b", INVALID), ("wrong type", 7, INVALID), ("empty", None, MISSING)),
    ("header", "action"): (("wrong code", "ZZZ", CODE), ("wrong code", "ins", CODE), ("wrong type", 7, CODE), ("empty", None, MISSING)),
}


def _json_case(what: str, form: Json, path: tuple[str | int, ...], code: FaultCode, reference: int | None) -> Case:
    header_fault = code is FaultCode.TYPE_UNKNOWN
    return Case(f"{what} {path}", json.dumps(form).encode(), code, _pointer(path), 1 if header_fault else reference)


def _pointer(path: tuple[str | int, ...]) -> str:
    return "".join(f"/{step}" for step in path)
