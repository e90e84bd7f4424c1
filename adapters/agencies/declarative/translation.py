"""A level of a document to canonical and back, by its record.

What it is: the walk over the tables, the same for every form, with the pointer of whatever is wrong and an account of
what is left out. What it is not: knowledge of JSON, XML or CSV, which make levels of documents and documents of levels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import BaseModel, ValidationError

from adapters.agencies.declarative.kinds import Found
from adapters.agencies.declarative.tables import Cell, Field, Fixed, Level, Record, Repeats, nowhere, places_of
from adapters.contract import KEY_ALONE, LeftOut, Outgoing
from adapters.values import MisreadError, UnsayableError
from schemas.classes import FieldClass, class_of, repeatable
from schemas.envelope import Said
from schemas.faults import Fault, FaultCode, refusal_of, refuse
from schemas.leaves import Path
from schemas.payload import Payload
from schemas.record_ids import names_in
from schemas.validation import MAX_FAULTS, Location, faults_of, json_pointer

_Tree = dict[str, object]
_OF_VALUES: Final = frozenset({FaultCode.VALUE_INVALID, FaultCode.CODE_UNKNOWN, FaultCode.IDENTIFIER_INVALID})


@dataclass(slots=True)
class _Found:
    """What was found wrong so far, and in which levels."""

    model: type[Payload]
    faults: list[Fault] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    def add(self, level: Level, *faults: Fault) -> None:
        self.faults += faults
        if faults:
            self.touched.add(level.locate(()))


def read_payload(level: Level, record: Record, model: type[Payload], empty_word: str | None) -> Said:
    """The canonical payload of a level, and the own ids in it. Refuses with everything that was found wrong."""
    found = _Found(model)
    tree = _read(level, record, empty_word, found, ())
    try:
        payload = model.model_validate(tree)
    except ValidationError as error:
        told = faults_of(error, lambda location: "\n".join(_place_of(location, level, record)), model=model)
        raise refusal_of([*found.faults, *_own(told, found)][:MAX_FAULTS]) from None
    if found.faults:
        raise refusal_of(found.faults[:MAX_FAULTS])
    return Said(payload, names_in(tree, lambda place: _place_of(place, level, record)[0]))


def _own(told: Sequence[Fault], found: _Found) -> Iterator[Fault]:
    """What the model sees, without what only follows from something told: a place that could not be read is not
    missing besides, and what holds it is not judged as a whole."""
    known = {fault.pointer for fault in found.faults}
    for fault in told:
        pointer, _, around = fault.pointer.partition("\n")
        if not {pointer, around} & known and not (pointer == around and pointer in found.touched):
            yield replace(fault, pointer=pointer)


def _read(level: Level, record: Record, empty_word: str | None, found: _Found, under: Path) -> _Tree:
    found.add(level, *level.faults)
    tree: _Tree = {}
    if level.broken:
        return tree
    for path, value in record.given:
        _put(tree, path, value)
    for item in record.items:
        fault = _check_fixed(item, level) if isinstance(item, Fixed) else _read_field(item, level, empty_word, tree)
        if fault is not None:
            found.add(level, _with_value(fault, item, level, class_of(found.model, (*under, *_path_of(item)))))
    for repeats in record.lists:
        _read_list(level, repeats, empty_word, tree, found)
    return tree


def _read_field(field: Field, level: Level, empty_word: str | None, tree: _Tree) -> Fault | None:
    """Put the values of a field where they belong; else what is wrong with it."""
    pointer = level.locate(field.places[0])
    if _is_empty(field, level, empty_word):
        if field.nullable is None or _put(tree, field.nullable, None):
            return None
        return Fault(FaultCode.STRUCTURE_INVALID, "It is stated as empty, and something is said of it.", pointer)
    cells = [level.cells.get(place) for place in field.places]
    wrong = next((cell.fault for cell in cells if cell is not None and cell.fault is not None), None)
    found: Found = tuple(None if cell is None else cell.value for cell in cells)
    named = field.own == "beside" and found[-1] is not None
    if wrong is not None or (found[0] is None and not named):
        needed = field.required or any(value is not None for value in found)
        return wrong or (Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", pointer) if needed else None)
    try:
        values = field.kind.read(found)
    except MisreadError as error:
        return Fault(error.code, error.detail, pointer)
    put = [_put(tree, path, value) for path, value in zip(field.paths, values, strict=True) if value is not None]
    return None if all(put) else Fault(FaultCode.STRUCTURE_INVALID, "Its code is stated as empty, so nothing is said of it.", pointer)


def _is_empty(field: Field, level: Level, empty_word: str | None) -> bool:
    """True where the first place says that there is no value, and may."""
    cell, last = level.cells.get(field.places[0]), level.cells.get(field.places[-1])
    if cell is None or cell.fault is not None or field.required or (field.own == "beside" and last is not None and last.value is not None):
        return False
    return cell.value == empty_word if cell.value is not None else field.empty_says


def _check_fixed(fixed: Fixed, level: Level) -> Fault | None:
    cell, pointer = level.cells.get(fixed.place), level.locate(fixed.place)
    if cell is None or cell.value is None:
        return (cell.fault if cell is not None else None) or Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", pointer)
    if cell.value != fixed.word or isinstance(cell.value, bool) != isinstance(fixed.word, bool):
        return Fault(FaultCode.VALUE_INVALID, "It always has the same value here.", pointer)
    return None


def _read_list(level: Level, repeats: Repeats, empty_word: str | None, tree: _Tree, found: _Found) -> None:
    items = level.lists.get(repeats.place)
    if isinstance(items, Fault):
        found.add(level, items)
    elif items is not None:
        tree[repeats.name] = tuple(_read_item(one, level, repeats, empty_word, found) for one in items)
    elif repeats.required:
        found.add(level, Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", level.locate(repeats.place)))


def _read_item(item: Level | Fault, level: Level, repeats: Repeats, empty_word: str | None, found: _Found) -> _Tree:
    if isinstance(item, Level):
        return _read(item, repeats.record, empty_word, found, (repeats.name,))
    found.add(level, item)
    return {}


def _with_value(fault: Fault, item: Field | Fixed, level: Level, kind: FieldClass) -> Fault:
    """The fault with what was found, where the class of its field lets that be repeated."""
    cell = level.cells.get(places_of(item)[0])
    wanted = fault.code in _OF_VALUES and cell is not None and cell.value is not None and not isinstance(cell.value, bool)
    return replace(fault, value=repeatable(cell.value, kind)) if wanted and cell is not None else fault


def _path_of(item: Field | Fixed) -> Path:
    return item.paths[0] if isinstance(item, Field) else ()


def _put(tree: _Tree, path: Path, value: object) -> bool:
    """False: what it would stand in is stated as empty, or what is stated as empty has something said of it."""
    target: object = tree
    for step in path[:-1]:
        target = target.setdefault(step, {}) if isinstance(target, dict) else None
    if not isinstance(target, dict):
        # Nothing is said twice: that what has no value has no name is no contradiction.
        return value is None
    if value is None and target.get(path[-1]) is not None:
        return False
    target[path[-1]] = value
    return True


def _place_of(location: Location, level: Level, record: Record) -> tuple[str, str]:
    """Where in the document stands what the canonical model found wrong, and what that place is in."""
    around = level.locate(())
    repeats = next((one for one in record.lists if location[:1] == (one.name,)), None)
    if repeats is not None:
        items = level.lists.get(repeats.place)
        place = location[1] if len(location) > 1 else None
        inner = items[place] if isinstance(items, list) and isinstance(place, int) else None
        if isinstance(inner, Level):
            return _place_of(location[2:], inner, repeats.record)
        return inner.pointer if isinstance(inner, Fault) else level.locate(repeats.place), around
    for one in record.fields:
        for path in one.paths:
            shorter = min(len(path), len(location))
            if location and path[:shorter] == location[:shorter]:
                return level.locate(one.places[0]), around
    return around, around


def write_payload(payload: Payload, record: Record, empty_word: str | None, outgoing: Outgoing) -> tuple[Level, tuple[LeftOut, ...]]:
    """The level of a payload, and what it does not say. Refuses with `not-translatable`."""
    lost: list[LeftOut] = []
    level = _write(payload, record, empty_word, "/payload", lost)
    _write_lists(payload, record, empty_word, outgoing, level, lost)
    return level, tuple(lost)


def lost_to_the_key(payload: Payload, record: Record, key: str) -> tuple[LeftOut, ...]:
    """What a whole record says and its short delete does not."""
    kept = {("crn",), ("version", "version"), ("version", "updated_by"), (key,)}
    paths = [(path, field.nullable) for field in record.fields for path in field.paths if path not in kept]
    paths += [(path, path) for path, _ in record.uncarried]
    said = (path for path, nullable in paths if at(payload, path) is not None or (nullable is not None and is_stated_empty(payload, nullable)))
    return tuple(LeftOut("/payload" + json_pointer(path), KEY_ALONE) for path in said)


def _write(source: BaseModel, record: Record, empty_word: str | None, where: str, lost: list[LeftOut]) -> Level:
    level = Level(nowhere)
    for item in record.items:
        if isinstance(item, Fixed):
            level.cells[item.place] = Cell(item.word)
        else:
            _write_field(source, item, empty_word, level, where, lost)
    _note_uncarried(source, record, where, lost)
    return level


def _write_lists(payload: Payload, record: Record, empty_word: str | None, outgoing: Outgoing, level: Level, lost: list[LeftOut]) -> None:
    for repeats in record.lists:
        items: Sequence[BaseModel] = getattr(payload, repeats.name)
        inside = f"/payload/{repeats.name}"
        if not repeats.required and not outgoing.message_statuses:
            lost += [LeftOut(inside, "The recipient's agreement asks for no entries per message.")] if items else []
        elif items or repeats.required or repeats.name in payload.model_fields_set:
            level.lists[repeats.place] = [_write(one, repeats.record, empty_word, f"{inside}/{place}", lost) for place, one in enumerate(items)]


def _write_field(source: BaseModel, field: Field, empty_word: str | None, level: Level, where: str, lost: list[LeftOut]) -> None:
    values = tuple(at(source, path) for path in field.paths)
    pointer = where + json_pointer(field.paths[0])
    if values[0] is not None:
        try:
            said = field.kind.write(values)
        except UnsayableError as error:
            raise refuse(FaultCode.NOT_TRANSLATABLE, str(error), pointer=pointer) from None
        if empty_word is not None and said[0] == empty_word:
            raise refuse(FaultCode.NOT_TRANSLATABLE, "The value is the word that says that there is none.", pointer=pointer)
        reason = field.kind.lost(values)
        if reason is not None:
            lost.append(LeftOut(pointer, reason))
        level.cells.update({place: Cell(value) for place, value in zip(field.places, said, strict=True) if value is not None})
    elif field.required:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "The partner needs it.", pointer=pointer)
    elif field.nullable is not None and is_stated_empty(source, field.nullable):
        if field.empty_says or empty_word is not None:
            level.cells[field.places[0]] = Cell(None if field.empty_says else empty_word)
        else:
            lost.append(LeftOut(where + json_pointer(field.nullable), "An empty place says nothing here."))


def _note_uncarried(source: BaseModel, record: Record, where: str, lost: list[LeftOut]) -> None:
    for path, reason in record.uncarried:
        if at(source, path) not in (None, ()) or is_stated_empty(source, path):
            lost.append(LeftOut(where + json_pointer(path), reason))
    for path, meant in record.given:
        if at(source, path) != meant:
            lost.append(LeftOut(where + json_pointer(path), "It cannot be said; another value is understood."))


def is_stated_empty(source: object, path: Path) -> bool:
    """True where the sender said that there is no value."""
    holder = at(source, path[:-1])
    return isinstance(holder, BaseModel) and path[-1] in holder.model_fields_set and getattr(holder, path[-1]) is None


def at(source: object, path: Path) -> object:
    """What the canonical model holds at a path; None where something around it is not there."""
    for step in path:
        if source is None:
            return None
        source = getattr(source, step)
    return source
