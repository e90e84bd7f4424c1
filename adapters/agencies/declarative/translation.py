"""A level of a document to canonical and back, by its record.

What it is: the walk over the tables, the same for every form, with the pointer of whatever is wrong and an account of
what is left out. What it is not: knowledge of JSON, XML or CSV, which make levels of documents and documents of levels.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from adapters.agencies.declarative.kinds import Found, MisreadError, UnsayableError
from adapters.agencies.declarative.tables import Cell, Field, Fixed, Level, Record, Repeats, nowhere
from adapters.contract import LeftOut
from schemas.faults import Fault, FaultCode, refusal_of, refuse
from schemas.leaves import Path
from schemas.payload import Payload
from schemas.validation import MAX_FAULTS, Location, faults_of, json_pointer

_Tree = dict[str, object]


def read_payload(level: Level, record: Record, model: type[Payload], empty_word: str | None) -> Payload:
    """The canonical payload of a level. Refuses with everything that was found wrong."""
    faults: list[Fault] = []
    tree = _read(level, record, empty_word, faults)
    if faults:
        raise refusal_of(faults[:MAX_FAULTS])
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise refusal_of(faults_of(error, lambda location: pointer_of(location, level, record), model=model)) from None


def _read(level: Level, record: Record, empty_word: str | None, faults: list[Fault]) -> _Tree:
    faults += level.faults
    tree: _Tree = {}
    for path, value in record.given:
        _put(tree, path, value)
    emptied: list[tuple[Path, Field]] = []
    for item in record.items:
        if isinstance(item, Fixed):
            _check_fixed(item, level, faults)
        elif _is_empty(item, level, empty_word):
            if item.nullable is not None:
                emptied.append((item.nullable, item))
        else:
            _read_field(item, level, tree, faults)
    for path, field in emptied:
        _empty(tree, path, field, level, faults)
    for repeats in record.lists:
        _read_list(level, repeats, empty_word, tree, faults)
    return tree


def _read_field(field: Field, level: Level, tree: _Tree, faults: list[Fault]) -> None:
    cells = [level.cells.get(place) for place in field.places]
    wrong = [cell.fault for cell in cells if cell is not None and cell.fault is not None]
    if wrong:
        faults += wrong
        return
    found: Found = tuple(None if cell is None else cell.value for cell in cells)
    if found[0] is None and (field.required or any(value is not None for value in found)):
        faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", level.locate(field.places[0])))
    elif found[0] is not None:
        try:
            values = field.kind.read(found)
        except MisreadError as error:
            faults.append(Fault(error.code, error.detail, level.locate(field.places[0])))
            return
        for path, value in zip(field.paths, values, strict=True):
            if value is not None:
                _put(tree, path, value)


def _is_empty(field: Field, level: Level, empty_word: str | None) -> bool:
    """True where the first place says that there is no value, and may."""
    cell = level.cells.get(field.places[0])
    if cell is None or cell.fault is not None or field.required:
        return False
    return cell.value == empty_word if cell.value is not None else field.empty_says


def _empty(tree: _Tree, path: Path, field: Field, level: Level, faults: list[Fault]) -> None:
    """Put None where nothing else was said of the same thing."""
    target: object = tree
    for step in path:
        target = target.get(step) if isinstance(target, dict) else None
    if target is None:
        _put(tree, path, None)
    else:
        faults.append(Fault(FaultCode.ELEMENT_MISSING, "It has to have a value here.", level.locate(field.places[0])))


def _check_fixed(fixed: Fixed, level: Level, faults: list[Fault]) -> None:
    cell = level.cells.get(fixed.place)
    if cell is not None and cell.fault is not None:
        faults.append(cell.fault)
    elif cell is None or cell.value is None:
        faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", level.locate(fixed.place)))
    elif cell.value != fixed.word or isinstance(cell.value, bool) != isinstance(fixed.word, bool):
        faults.append(Fault(FaultCode.VALUE_INVALID, "It always has the same value here.", level.locate(fixed.place)))


def _read_list(level: Level, repeats: Repeats, empty_word: str | None, tree: _Tree, faults: list[Fault]) -> None:
    found = level.lists.get(repeats.place)
    if isinstance(found, Fault):
        faults.append(found)
    elif found is not None:
        items: list[_Tree] = []
        for one in found:
            if isinstance(one, Fault):
                faults.append(one)
            else:
                items.append(_read(one, repeats.record, empty_word, faults))
        tree[repeats.name] = tuple(items)
    elif repeats.required:
        faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", level.locate(repeats.place)))


def _put(tree: _Tree, path: Path, value: object) -> None:
    target = tree
    for step in path[:-1]:
        inner = target.setdefault(step, {})
        if not isinstance(inner, dict):
            raise TypeError(step)
        target = inner
    target[path[-1]] = value


def pointer_of(location: Location, level: Level, record: Record) -> str:
    """Where in the document stands what the canonical model found wrong."""
    repeats = next((one for one in record.lists if location[:1] == (one.name,)), None)
    if repeats is not None:
        items = level.lists.get(repeats.place)
        place = location[1] if len(location) > 1 else None
        inner = items[place] if isinstance(items, list) and isinstance(place, int) else None
        return pointer_of(location[2:], inner, repeats.record) if isinstance(inner, Level) else level.locate(repeats.place)
    for field in record.fields:
        for path in field.paths:
            shorter = min(len(path), len(location))
            if location and path[:shorter] == location[:shorter]:
                return level.locate(field.places[0])
    return level.locate(())


def write_payload(payload: Payload, record: Record, empty_word: str | None) -> tuple[Level, tuple[LeftOut, ...]]:
    """The level of a payload, and what it does not say. Refuses with `not-translatable`."""
    lost: list[LeftOut] = []
    level = _write(payload, record, empty_word, "/payload", lost)
    return level, tuple(lost)


def _write(source: BaseModel, record: Record, empty_word: str | None, where: str, lost: list[LeftOut]) -> Level:
    level = Level(nowhere)
    for item in record.items:
        if isinstance(item, Fixed):
            level.cells[item.place] = Cell(item.word)
        else:
            _write_field(source, item, empty_word, level, where, lost)
    _note_uncarried(source, record, where, lost)
    for repeats in record.lists:
        items: Sequence[BaseModel] = getattr(source, repeats.name)
        if items or repeats.required or repeats.name in source.model_fields_set:
            inside = f"{where}/{repeats.name}"
            level.lists[repeats.place] = [_write(one, repeats.record, empty_word, f"{inside}/{place}", lost) for place, one in enumerate(items)]
    return level


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
