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

from adapters.agencies.caseflow.documents import SHAPES
from adapters.agencies.caseflow.shapes import Member, Shape
from adapters.agencies.caseflow.values import Scalar, Values
from adapters.contract import KEY_ALONE, LeftOut, Outgoing
from adapters.values import MisreadError, UnsayableError
from schemas.canonical.case import CaseRecord, Deletion
from schemas.catalogue import CATALOGUE, KEYS
from schemas.classes import FieldClass, repeatable
from schemas.envelope import Said
from schemas.faults import Fault, FaultCode, refusal_of, refuse
from schemas.leaves import Path, leaves
from schemas.payload import Payload
from schemas.record_ids import names_in
from schemas.validation import MAX_FAULTS, Location, faults_of, json_pointer

_MAX_PARTS: Final = 100_000
"""Backstop; the canonical model sets the limit of each list."""
_NO_PLACE: Final = "Caseflow has no place for it."
_NOT_ASKED: Final = "The recipient's agreement asks for no entries per message."
_Tree = dict[str, object]


def read_document(kind: str, document: Mapping[str, JsonValue]) -> Said:
    """The canonical payload of a document, and the own ids in it. Refuses with everything that is wrong, each with its JSON pointer."""
    shape, faults = SHAPES[kind], list[Fault]()
    own = {name: value for name, value in document.items() if name != shape.parts_key}
    tree = _read_members(own, shape.members, "/document", faults)
    if shape.parts_key is not None:
        tree.update(_read_parts(document.get(shape.parts_key), shape, f"/document/{shape.parts_key}", faults))
    return _checked(CATALOGUE[kind], tree, shape, faults)


def is_deletion(kind: str, document: Mapping[str, JsonValue]) -> bool:
    """True where a delete has the names of the reduced form and no other."""
    return set(document) <= {member.key for member in SHAPES[kind].deletion}


def read_deletion(kind: str, document: Mapping[str, JsonValue]) -> Said:
    """The key of a record that is deleted by it alone. Refuses as `read_document` does."""
    members, faults = SHAPES[kind].deletion, list[Fault]()
    return _checked(Deletion, _read_members(document, members, "/document", faults), Shape(members), faults)


def _checked(model: type[Payload], tree: _Tree, shape: Shape, faults: Sequence[Fault]) -> Said:
    """The payload of a tree in which nothing was found wrong before."""
    if faults:
        raise refusal_of(faults[:MAX_FAULTS])
    try:
        return Said(model.model_validate(tree), names_in(tree, lambda place: _pointer(place, shape)))
    except ValidationError as error:
        raise refusal_of(faults_of(error, lambda location: _pointer(location, shape), model=model)) from None


def write_document(kind: str, payload: Payload, outgoing: Outgoing) -> tuple[dict[str, object], tuple[LeftOut, ...]]:
    """The document of a payload, and what it does not say. Refuses with `not-translatable`."""
    shape = SHAPES[kind]
    lost: list[LeftOut] = []
    document = _write_members(payload, shape.members, "/payload", lost)
    _note_uncarried(payload, _uncarried(kind), "/payload", lost)
    if shape.parts_key is not None and (shape.parts_required or outgoing.message_statuses):
        _write_parts(document, kind, payload, lost)
    elif shape.parts_key is not None and getattr(payload, shape.parts_field):
        lost.append(LeftOut(f"/payload/{shape.parts_field}", _NOT_ASKED))
    return document, tuple(lost)


def write_deletion(kind: str, payload: Deletion) -> dict[str, object]:
    """The document that deletes by key alone."""
    if not SHAPES[kind].deletion:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"{kind} has no reduced form of delete.")
    return _write_members(payload, SHAPES[kind].deletion, "/payload", [])


def reduced(kind: str, payload: CaseRecord) -> tuple[Deletion, tuple[LeftOut, ...]]:
    """A whole delete as its key, and what that does not say."""
    key = KEYS[kind]
    kept = {("crn",), (key,), ("version", "version"), ("version", "updated_by")}
    lost = [path for path in sorted(leaves(type(payload)) - kept) if _at(payload, path) is not None]
    deletion = Deletion(crn=payload.crn, version=payload.version, record_id=getattr(payload, key))
    return deletion, tuple(LeftOut("/payload" + json_pointer(path), KEY_ALONE) for path in lost)


def _write_parts(document: dict[str, object], kind: str, payload: Payload, lost: list[LeftOut]) -> None:
    shape = SHAPES[kind]
    parts: Sequence[object] = getattr(payload, shape.parts_field)
    if shape.parts_key is None or not (parts or shape.parts_required or shape.parts_field in payload.model_fields_set):
        return
    where = f"/payload/{shape.parts_field}"
    document[shape.parts_key] = [_write_members(part, shape.parts, f"{where}/{place}", lost) for place, part in enumerate(parts)]
    for place, part in enumerate(parts):
        _note_uncarried(part, _uncarried_in_parts(kind), f"{where}/{place}", lost)


@cache
def _uncarried(kind: str) -> tuple[Path, ...]:
    """Places of a payload, outside parts, that no member holds."""
    shape = SHAPES[kind]
    carried = {path for member in shape.members for path in member.paths}
    lists = {name for name, field in CATALOGUE[kind].model_fields.items() if typing.get_origin(field.annotation) is tuple}
    # A list that has no member is told once, not item by item.
    places = {path[:1] if path[0] in lists else path for path in leaves(CATALOGUE[kind]) if path not in carried}
    return tuple(sorted(places - ({(shape.parts_field,)} if shape.parts_key else set())))


@cache
def _uncarried_in_parts(kind: str) -> tuple[Path, ...]:
    shape = SHAPES[kind]
    carried = {path for member in shape.parts for path in member.paths}
    return tuple(sorted(path[1:] for path in leaves(CATALOGUE[kind]) if path[0] == shape.parts_field and path[1:] not in carried))


def _read_members(document: Mapping[str, JsonValue], members: Sequence[Member], where: str, faults: list[Fault]) -> _Tree:
    known = {member.key for member in members}
    unknown = (name for name in document if name not in known)
    faults += (Fault(FaultCode.ELEMENT_UNKNOWN, "The document does not have it.", where + json_pointer((name,))) for name in unknown)
    tree: _Tree = {}
    for member in members:
        value = document.get(member.key)
        if value is not None:
            _read_value(value, member, where, tree, faults)
        elif member.required:
            faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", f"{where}/{member.key}"))
        elif member.key in document:
            _put(tree, _optional(member), None)
    return tree


def _optional(member: Member) -> Path:
    """The place that is None where the member is null: a coded value has no code without being there itself."""
    path = member.paths[0]
    return path[:-1] if len(path) > 1 and path[-1] == "code" else path


def _read_value(value: JsonValue, member: Member, where: str, tree: _Tree, faults: list[Fault]) -> None:
    try:
        if not isinstance(value, str | int):
            raise MisreadError("A single value was expected.")
        for path, found in zip(member.paths, member.kind.read(value), strict=True):
            _put(tree, path, found)
    except MisreadError as error:
        said = repeatable(value, FieldClass.CODE) if error.code is FaultCode.CODE_UNKNOWN else ""
        faults.append(Fault(error.code, error.detail, f"{where}/{member.key}", value=said))


def _read_parts(value: JsonValue, shape: Shape, where: str, faults: list[Fault]) -> _Tree:
    """The list of parts under its name in the model; nothing where there is none."""
    if value is None:
        if shape.parts_required:
            faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", where))
        return {}
    if not isinstance(value, list):
        faults.append(Fault(FaultCode.STRUCTURE_INVALID, "A list was expected.", where))
        return {}
    if len(value) > _MAX_PARTS:
        faults.append(Fault(FaultCode.TOO_COMPLEX, f"More than {_MAX_PARTS} parts in one message are not read.", where))
        return {}
    return {shape.parts_field: tuple(_read_part(part, shape, f"{where}/{place}", faults) for place, part in enumerate(value))}


def _read_part(part: JsonValue, shape: Shape, where: str, faults: list[Fault]) -> _Tree:
    if isinstance(part, dict):
        return _read_members(part, shape.parts, where, faults)
    faults.append(Fault(FaultCode.STRUCTURE_INVALID, "An object was expected.", where))
    return {}


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
    if len(location) > 1 and location[0] == shape.parts_field:
        return f"/document/{shape.parts_key}/{location[1]}" + _named(location[2:], shape.parts)
    if location[:1] == (shape.parts_field,):
        return f"/document/{shape.parts_key}"
    return "/document" + _named(location, shape.members)


def _named(location: Location, members: Sequence[Member]) -> str:
    for member in members:
        for path in member.paths:
            shorter = min(len(path), len(location))
            if location and path[:shorter] == location[:shorter]:
                return f"/{member.key}"
    return ""
