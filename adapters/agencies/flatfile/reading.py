"""Lines of a batch to values, and the lines of one message to its payload.

What it is: the walk over the tables with the line and column of everything that is wrong, not only of the first
thing. What it is not: the lines around messages (see `batch`). A column that is stated as empty says that there is no
value; one that is simply empty says nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from pydantic import BaseModel, ValidationError

from adapters.agencies.flatfile.csv_lines import Line, where
from adapters.agencies.flatfile.shapes import Column, Record, Shape
from adapters.agencies.flatfile.tables import LINES
from adapters.values import MisreadError
from schemas.catalogue import model_of
from schemas.classes import FieldClass, class_of, repeatable
from schemas.envelope import Said
from schemas.faults import Fault, FaultCode, refusal_of
from schemas.leaves import Path
from schemas.payload import Payload
from schemas.record_ids import names_in
from schemas.validation import MAX_FAULTS, Location, faults_of

_Tree = dict[str, object]
_class_of = cache(class_of)
_KEY: Final = "KEY"


@dataclass(slots=True)
class Reading:
    """One line's values so far, and everything found wrong with it."""

    line: Line
    record: Record
    model: type[BaseModel]
    """What the values are checked by; says which of them may be repeated in a fault."""
    under: Path = ()
    """Where in the model the line's own places begin: the list that it is one item of."""
    values: _Tree = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, location: Location) -> str:
        """Line and column of a place of the model."""
        return self.record.place(self.line.number, location)


def read_line(reading: Reading) -> Reading:
    """The values of one line. A line of another width is one fault: no column of it is known."""
    line, record = reading.line, reading.record
    if len(line.cells) != record.width:
        detail = f"A line {record.tag} has {record.width} columns; this one has {len(line.cells)}."
        reading.faults.append(Fault(FaultCode.STRUCTURE_INVALID, detail, where(line.number)))
        return reading
    for number, (column, cell) in enumerate(zip(record.columns, line.cells[1:], strict=True), 2):
        fault = _take(column, cell, reading)
        if fault is not None:
            code, detail = fault
            kind = _class_of(reading.model, (*reading.under, *column.paths[0]))
            value = repeatable(cell, kind) if cell and code is not FaultCode.STRUCTURE_INVALID else ""
            reading.faults.append(Fault(code, detail, where(line.number, number, column.name), value=value))
    return reading


def _take(column: Column, cell: str | None, reading: Reading) -> tuple[FaultCode, str] | None:
    """Put the value of one cell where it belongs; else what is wrong with it."""
    if not cell and column.required:
        return FaultCode.ELEMENT_MISSING, "It is mandatory here, and empty."
    if cell is None:
        return None
    try:
        found = column.kind.read(cell.strip(" ")) if cell else (None,)
    except MisreadError as error:
        return error.code, error.detail
    paths = column.paths if cell else (column.emptied,)
    if not all(_put(reading.values, path, value) for path, value in zip(paths, found, strict=True)):
        return FaultCode.STRUCTURE_INVALID, "Its code is stated as empty, so it has no name."
    return None


def _put(tree: _Tree, path: Path, value: object) -> bool:
    """False: what it would stand in is stated as empty."""
    target: object = tree
    for step in path[:-1]:
        target = target.setdefault(step, {}) if isinstance(target, dict) else None
    if not isinstance(target, dict):
        return False
    target[path[-1]] = value
    return True


def read_payload(shape: Shape, head: Line, lines: Sequence[Line]) -> tuple[Said, bool]:
    """The payload of a message with the own ids in it, and whether it is a delete by key alone. Refuses with everything that is wrong."""
    if not lines:
        raise refusal_of([Fault(FaultCode.ELEMENT_MISSING, f"A line {shape.code} follows.", where(head.number))])
    reduced = lines[0].tag == _KEY and shape.key is not None
    record = shape.key if reduced and shape.key is not None else shape.record
    misplaced = _misplaced(shape, record, lines)
    if misplaced:
        raise refusal_of(misplaced)
    model = model_of(shape.type, reduced=reduced)
    own = read_line(Reading(lines[0], record, model))
    more = () if shape.more is None else [read_line(Reading(line, shape.more, model, (shape.field,))) for line in lines[1:]]
    if more:
        own.values[shape.field] = tuple(item.values for item in more)
    return _validated(shape, own, more), reduced


def _misplaced(shape: Shape, record: Record, lines: Sequence[Line]) -> list[Fault]:
    """Lines that do not belong to the message, or not where they stand."""
    faults = [] if lines[0].tag == record.tag else [_stray(lines[0], f"A message {shape.code} begins with a line {shape.code}.")]
    more = shape.more if record is shape.record else None
    for line in lines[1:]:
        if line.tag == record.tag:
            faults.append(Fault(FaultCode.ELEMENT_REPEATED, f"A message {shape.code} has one line {record.tag}.", where(line.number, 1, "Line")))
        elif more is None or line.tag != more.tag:
            rest = f"only lines {more.tag} follow" if more else "nothing follows it"
            faults.append(_stray(line, f"In a message {shape.code} {rest}."))
        if len(faults) == MAX_FAULTS:
            break
    return faults


def _stray(line: Line, detail: str) -> Fault:
    known = line.tag in LINES or line.tag == _KEY
    code = FaultCode.ELEMENT_MISPLACED if known else FaultCode.ELEMENT_UNKNOWN
    return Fault(code, detail, where(line.number, 1, "Line"), value=repeatable(line.tag, FieldClass.CODE))


def _validated(shape: Shape, own: Reading, more: Sequence[Reading]) -> Said:
    readings = [own, *more]
    found = [fault for reading in readings for fault in reading.faults]
    try:
        payload = own.model.model_validate(own.values)
    except ValidationError as error:
        told = faults_of(error, lambda location: _place(location, shape, own, more), model=own.model)
        raise refusal_of(_all(found, told)) from None
    if found:
        raise refusal_of(found)
    if not isinstance(payload, Payload):
        raise TypeError(shape.type)
    return Said(payload, names_in(own.values, lambda place: _place(place, shape, own, more)))


def _place(location: Location, shape: Shape, own: Reading, more: Sequence[Reading]) -> str:
    if shape.more is None or location[:1] != (shape.field,):
        return own.place(location)
    number = location[1] if len(location) > 1 else None
    return more[number].place(location[2:]) if isinstance(number, int) else where(own.line.number)


def _all(found: Sequence[Fault], told: Sequence[Fault]) -> list[Fault]:
    """Everything wrong, as it was read and as the model sees it, without what only follows from something told: a
    place that could not be read is not missing besides, and its line is not judged as a whole."""
    known = {fault.pointer for fault in found}
    touched = {pointer.partition(",")[0] for pointer in known}
    return [*found, *(fault for fault in told if not {fault.pointer, fault.pointer.partition(",")[0]} & known and fault.pointer not in touched)]


def values_of(line: Line, record: Record, model: type[BaseModel]) -> Mapping[str, object]:
    """The values of a line that stands alone. Refuses with everything that is wrong with it."""
    reading = read_line(Reading(line, record, model))
    if reading.faults:
        raise refusal_of(reading.faults)
    return reading.values
