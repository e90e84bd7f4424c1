"""One SPGMessage's payload to canonical, by its table.

What it is: structure, then values, then the canonical model's own checks, each with the XPath of the place;
everything that is wrong is gathered, so that a sender can mend it at one go. What it is not: the interchange
around it (see `interchange`). A value reaches a fault only where the class of its field lets it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree
from pydantic import ValidationError

from adapters.agencies.ndelius.documents import QUALIFIED, Block, Group, Leaf, Part, Record, Shape
from adapters.agencies.ndelius.parsing import Faults, Texts, children, exactly, is_text, misplaced, name_of, texts
from adapters.values import MisreadError
from schemas.catalogue import model_of
from schemas.classes import class_of, repeatable
from schemas.faults import Fault, FaultCode, Refusal, refusal_of
from schemas.payload import Payload
from schemas.validation import Location, faults_of

_MAX_PARTS: Final = 1000
_Values = dict[str, object]


@dataclass(slots=True)
class _Seen:
    """Leaves as they stood: where, and by record."""

    where: str
    records: list[tuple[Record, Texts]] = field(default_factory=list)

    def pointer(self, location: Location) -> str:
        """XPath of a place of the canonical model that stands here."""
        for record, _ in self.records:
            for leaf in record.leaves:
                shorter = min(len(leaf.path), len(location))
                if not leaf.shared and location and leaf.path[:shorter] == location[:shorter]:
                    return f"{self.where}/{record.element}/{leaf.element}"
        return self.where


@dataclass(slots=True)
class _Reading:
    """One payload being read: what it is, what was wrong so far, and where its values came from."""

    shape: Shape
    where: str
    reduced: bool = False
    faults: Faults = field(default_factory=list)
    values: _Values = field(default_factory=dict)
    own: _Seen = field(default_factory=lambda: _Seen(""))
    inner: dict[str, list[_Seen]] = field(default_factory=dict)
    """Of the lists of the payload: what each of their items was read from."""
    odd: list[tuple[str, Fault]] = field(default_factory=list)
    """What a part says otherwise than the master, by field: worth telling where the master's own value is right."""

    def pointer(self, location: Location) -> str:
        """XPath of a place of the canonical model."""
        if len(location) > 1 and location[0] in self.inner and isinstance(location[1], int):
            return self.inner[str(location[0])][location[1]].pointer(location[2:])
        return self.own.pointer(location)


def read_payload(element: etree._Element, shape: Shape, where: str, extra: _Values) -> Payload:
    """The canonical payload. `extra` holds what the interchange header says for it. Refuses with everything wrong."""
    reading = _Reading(shape, f"{where}/{shape.type}", values=dict(extra))
    try:
        if shape.plain is not None:
            _plain(element, shape.plain, shape.group, reading)
        elif shape.parts:
            _with_parts(element, shape, reading)
        elif shape.block is not None:
            _single(element, shape, shape.block, reading)
    except Refusal as refusal:
        # The structure hides where values belong: nothing more can be told of them.
        raise refusal_of([*reading.faults, refusal.fault, *refusal.also]) from None
    return _validated(reading)


def _plain(element: etree._Element, record: Record, group: Group | None, reading: _Reading) -> None:
    # The path of a plain payload is that of its record.
    reading.own = _Seen(reading.where.rpartition("/")[0])
    rest = [child for child in element if group is not None and child.tag == group.record.tag]
    if group is not None and rest:
        late = next((child for child in rest[0].itersiblings() if child.tag in {leaf.tag for leaf in record.leaves}), None)
        if late is not None:
            detail = f"It stands before every {group.record.element}."
            reading.faults.append(Fault(FaultCode.ELEMENT_MISPLACED, detail, f"{reading.where}/{name_of(late)}"))
    if any(is_text(child.tail) for child in rest):
        reading.faults.append(Fault(FaultCode.STRUCTURE_INVALID, "There is text between elements.", reading.where))
    for child in rest:
        element.remove(child)
    _take(element, record, reading, reading.own, reading.values)
    if group is not None and rest:
        reading.inner[group.field] = []
        reading.values[group.field] = tuple(_grouped(child, group, number, reading) for number, child in enumerate(rest, 1))


def _grouped(element: etree._Element, group: Group, number: int, reading: _Reading) -> _Values:
    seen, values = _Seen(reading.where), _Values()
    reading.inner[group.field].append(seen)
    _take(element, group.record, reading, seen, values, f"{group.record.element}[{number}]")
    return values


def _single(element: etree._Element, shape: Shape, whole: Block, reading: _Reading) -> None:
    reading.reduced = shape.reduced is not None and any(child.tag == QUALIFIED + shape.reduced.details for child in element)
    block = shape.reduced if reading.reduced and shape.reduced else whole
    reading.own = _block(element, block, reading.where, reading, reading.values)


def _with_parts(element: etree._Element, shape: Shape, reading: _Reading) -> None:
    if shape.block is None:
        raise LookupError(shape.type)
    where, master = reading.where, shape.block.top
    blocks = children(element, where)
    known = {QUALIFIED + part.block.top: part for part in shape.parts}
    if not blocks or blocks[0].tag != QUALIFIED + master or any(child.tag not in known for child in blocks[1:]):
        names = [master, *(part.block.top for part in shape.parts)]
        # Parts may repeat, the master may not.
        one_each = {id(child) if child.tag == QUALIFIED + master else child.tag: child for child in reversed(blocks)}
        raise refusal_of(misplaced(list(reversed(one_each.values())), names, [master], where))
    if len(blocks) < 2:
        raise refusal_of([Fault(FaultCode.ELEMENT_MISSING, "At least one part follows the master.", where)])
    if len(blocks) > 1 + _MAX_PARTS:
        raise refusal_of([Fault(FaultCode.TOO_COMPLEX, f"More than {_MAX_PARTS} parts in one message are not read.", where)])
    reading.own = _block(blocks[0], shape.block, f"{where}/{master}", reading, reading.values)
    reading.inner["parts"] = []
    reading.values["parts"] = tuple(_part(child, known[str(child.tag)], f"{where}/*[{place}]", reading) for place, child in enumerate(blocks[1:], 2))


def _part(element: etree._Element, part: Part, where: str, reading: _Reading) -> _Values:
    values: _Values = {"kind": part.kind}
    reading.inner["parts"].append(_block(element, part.block, where, reading, values))
    return values


def _block(element: etree._Element, block: Block, where: str, reading: _Reading, values: _Values) -> _Seen:
    details = exactly(element, (block.details,), where)[0]
    seen = _Seen(f"{where}/{block.details}")
    records = exactly(details, [record.element for record in block.records], seen.where)
    for record, found in zip(block.records, records, strict=True):
        _take(found, record, reading, seen, values)
    return seen


def _take(element: etree._Element, record: Record, reading: _Reading, seen: _Seen, values: _Values, name: str = "") -> None:
    where = f"{seen.where}/{name or record.element}"
    found = texts(element, record, where, reading.faults)
    seen.records.append((record if not name else Record(name, record.leaves), found))
    for leaf, text in found:
        if not text:
            _empty(leaf, values, where, reading.faults)
        elif leaf.shared:
            _agree(leaf, text, where, reading)
        else:
            _convert(leaf, text, values, where, reading)


def _empty(leaf: Leaf, values: _Values, where: str, faults: Faults) -> None:
    """What may be empty and is says that there is no value; the canonical model keeps that apart from what is absent."""
    if leaf.empty or not leaf.required:
        values[leaf.path[0]] = None
    else:
        faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here, and empty.", f"{where}/{leaf.element}"))


def _convert(leaf: Leaf, text: str, values: _Values, where: str, reading: _Reading) -> None:
    try:
        value = leaf.kind.read(text)
    except MisreadError as error:
        kind = class_of(model_of(reading.shape.type, reduced=reading.reduced), leaf.path)
        reading.faults.append(Fault(FaultCode.VALUE_INVALID, str(error), f"{where}/{leaf.element}", value=repeatable(text, kind)))
        return
    target = values
    for step in leaf.path[:-1]:
        inner = target.setdefault(step, {})
        if not isinstance(inner, dict):
            raise TypeError(step)
        target = inner
    target[leaf.path[-1]] = value


def _agree(leaf: Leaf, text: str, where: str, reading: _Reading) -> None:
    (name,) = leaf.path
    if reading.values.get(name, text) != text:
        detail = "The blocks of one message must name the same case, offender and transfer."
        reading.odd.append((name, Fault(FaultCode.VALUE_INVALID, detail, f"{where}/{leaf.element}")))


def _validated(reading: _Reading) -> Payload:
    model = model_of(reading.shape.type, reduced=reading.reduced)
    try:
        payload = model.model_validate(reading.values)
    except ValidationError as error:
        raise refusal_of(_all(reading, faults_of(error, reading.pointer, model=model))) from None
    if reading.faults or reading.odd:
        raise refusal_of(_all(reading, ()))
    return payload


def _all(reading: _Reading, told: Sequence[Fault]) -> list[Fault]:
    """Everything wrong: as it was read, and as the model sees it, without what only follows from something told."""
    known = [fault.pointer for fault in reading.faults]
    # What could not be read is not missing besides, nor is what it stands in judged by the rest.
    new = [fault for fault in told if not any(place == fault.pointer or place.startswith(f"{fault.pointer}/") for place in known)]
    found = [*reading.faults, *(fault for fault in new if not (known and fault.code is FaultCode.ELEMENT_MISSING))]
    places = {fault.pointer for fault in found}
    return [*found, *(fault for name, fault in reading.odd if reading.pointer((name,)) not in places)] or list(told)
