"""A Caseflow document to canonical and back, by its table.

What it is: the walk over the tables, both ways, with the JSON pointer of whatever is wrong, and the list of
what Caseflow cannot carry. That list is computed from the model itself, so that a new field is either carried
by a member or reported. A null says that there is no value, and is told apart from a name that is absent. What it is
not: the header around a document (see `adapters.json_form`).
"""

import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from pydantic import BaseModel, JsonValue, ValidationError

from adapters.agencies.caseflow.documents import SHAPES, Member, Shape
from adapters.agencies.caseflow.values import MisreadError, Scalar, UnsayableError, Values
from adapters.contract import LeftOut
from schemas.catalogue import CATALOGUE
from schemas.faults import FaultCode, Refusal, refuse
from schemas.leaves import Path, leaves
from schemas.payload import Payload
from schemas.validation import Location, fault_of, json_pointer

_MAX_PARTS: Final = 1000
_NO_PLACE: Final = "Caseflow has no place for it."
_Tree = dict[str, object]


def read_document(kind: str, document: Mapping[str, JsonValue]) -> Payload:
    """The canonical payload of a document. Refuses with a JSON pointer."""
    shape = SHAPES[kind]
    own = {name: value for name, value in document.items() if name != shape.parts_key}
    tree = _read_members(own, shape.members, "/document")
    if shape.parts_key is not None:
        tree["parts"] = _read_parts(document.get(shape.parts_key), shape, f"/document/{shape.parts_key}")
    try:
        return CATALOGUE[kind].model_validate(tree)
    except ValidationError as error:
        raise Refusal(fault_of(error, lambda location: _pointer(location, shape))) from None


def write_document(kind: str, payload: Payload) -> tuple[dict[str, object], tuple[LeftOut, ...]]:
    """The document of a payload, and what it does not say. Refuses with `not-translatable`."""
    shape = SHAPES[kind]
    lost: list[LeftOut] = []
    document = _write_members(payload, shape.members, "/payload", lost)
    _note_uncarried(payload, _uncarried(kind), "/payload", lost)
    if shape.parts_key is not None:
        parts: Sequence[object] = getattr(payload, "parts", ())
        document[shape.parts_key] = [_write_members(part, shape.parts, f"/payload/parts/{place}", lost) for place, part in enumerate(parts)]
        for place, part in enumerate(parts):
            _note_uncarried(part, _uncarried_in_parts(kind), f"/payload/parts/{place}", lost)
    return document, tuple(lost)


@cache
def _uncarried(kind: str) -> tuple[Path, ...]:
    """Places of a payload, outside parts, that no member holds."""
    carried = {path for member in SHAPES[kind].members for path in member.paths}
    lists = {name for name, field in CATALOGUE[kind].model_fields.items() if typing.get_origin(field.annotation) is tuple}
    # A list that has no member is told once, not item by item.
    places = {path[:1] if path[0] in lists else path for path in leaves(CATALOGUE[kind]) if path not in carried}
    return tuple(sorted(places - {("parts",)}))


@cache
def _uncarried_in_parts(kind: str) -> tuple[Path, ...]:
    carried = {path for member in SHAPES[kind].parts for path in member.paths}
    return tuple(sorted(path[1:] for path in leaves(CATALOGUE[kind]) if path[0] == "parts" and path[1:] not in carried))


def _read_members(document: Mapping[str, JsonValue], members: Sequence[Member], where: str) -> _Tree:
    known = {member.key for member in members}
    for name in document:
        if name not in known:
            raise refuse(FaultCode.ELEMENT_UNKNOWN, "The document does not have it.", pointer=where + json_pointer((name,)))
    tree: _Tree = {}
    for member in members:
        value = document.get(member.key)
        if value is not None:
            for path, found in zip(member.paths, _read_value(value, member, where), strict=True):
                _put(tree, path, found)
        elif member.required:
            raise refuse(FaultCode.ELEMENT_MISSING, "It is mandatory here.", pointer=f"{where}/{member.key}")
        elif member.key in document:
            _put(tree, _optional(member), None)
    return tree


def _optional(member: Member) -> Path:
    """The place that is None where the member is null: a coded value has no code without being there itself."""
    path = member.paths[0]
    return path[:-1] if len(path) > 1 and path[-1] == "code" else path


def _read_value(value: JsonValue, member: Member, where: str) -> Values:
    pointer = f"{where}/{member.key}"
    if not isinstance(value, str | int):
        raise refuse(FaultCode.VALUE_INVALID, "A single value was expected.", pointer=pointer)
    try:
        return member.kind.read(value)
    except MisreadError as error:
        raise refuse(error.code, error.detail, pointer=pointer) from None


def _read_parts(value: JsonValue, shape: Shape, where: str) -> tuple[_Tree, ...]:
    if value is None:
        raise refuse(FaultCode.ELEMENT_MISSING, "It is mandatory here.", pointer=where)
    if not isinstance(value, list):
        raise refuse(FaultCode.STRUCTURE_INVALID, "A list was expected.", pointer=where)
    if len(value) > _MAX_PARTS:
        raise refuse(FaultCode.TOO_COMPLEX, f"More than {_MAX_PARTS} parts in one message are not read.", pointer=where)
    return tuple(_read_part(part, shape, f"{where}/{place}") for place, part in enumerate(value))


def _read_part(part: JsonValue, shape: Shape, where: str) -> _Tree:
    if not isinstance(part, dict):
        raise refuse(FaultCode.STRUCTURE_INVALID, "An object was expected.", pointer=where)
    return _read_members(part, shape.parts, where)


def _put(tree: _Tree, path: Path, value: object) -> None:
    target = tree
    for step in path[:-1]:
        inner = target.setdefault(step, {})
        if not isinstance(inner, dict):
            raise TypeError(step)
        target = inner
    target[path[-1]] = value


def _write_members(source: object, members: Sequence[Member], where: str, lost: list[LeftOut]) -> dict[str, object]:
    document: dict[str, object] = {}
    for member in members:
        values = tuple(_at(source, path) for path in member.paths)
        if values[0] is not None:
            document[member.key] = _write_value(values, member, where, lost)
        elif _is_stated_empty(source, _optional(member)):
            document[member.key] = None
    return document


def _write_value(values: Values, member: Member, where: str, lost: list[LeftOut]) -> Scalar:
    pointer = where + json_pointer(member.paths[0])
    try:
        said = member.kind.write(values)
    except UnsayableError as error:
        raise refuse(FaultCode.NOT_TRANSLATABLE, str(error), pointer=pointer) from None
    reason = member.kind.lost(values)
    if reason is not None:
        lost.append(LeftOut(pointer, reason))
    return said


def _note_uncarried(source: object, paths: Sequence[Path], where: str, lost: list[LeftOut]) -> None:
    said = (path for path in paths if _at(source, path) not in (None, ()) or _is_stated_empty(source, path))
    lost.extend(LeftOut(where + json_pointer(path), _NO_PLACE) for path in said)


def _is_stated_empty(source: object, path: Path) -> bool:
    holder = _at(source, path[:-1])
    return isinstance(holder, BaseModel) and path[-1] in holder.model_fields_set and getattr(holder, path[-1]) is None


def _at(source: object, path: Path) -> object:
    for step in path:
        if source is None:
            return None
        source = getattr(source, step)
    return source


def _pointer(location: Location, shape: Shape) -> str:
    """Where in the document stands what the canonical model found wrong."""
    if len(location) > 1 and location[0] == "parts":
        return f"/document/{shape.parts_key}/{location[1]}" + _named(location[2:], shape.parts)
    if location[:1] == ("parts",):
        return f"/document/{shape.parts_key}"
    return "/document" + _named(location, shape.members)


def _named(location: Location, members: Sequence[Member]) -> str:
    for member in members:
        for path in member.paths:
            shorter = min(len(path), len(location))
            if location and path[:shorter] == location[:shorter]:
                return f"/{member.key}"
    return ""
