"""One SPGMessage's payload to canonical, by its table.

What it is: structure first, then values, then the canonical model's own checks, each with the XPath of the
place. What it is not: the interchange around it (see `interchange`). Values never reach a detail.
"""

from dataclasses import dataclass, field
from typing import Final

from lxml import etree
from pydantic import ValidationError

from adapters.agencies.ndelius.codes import MisreadError
from adapters.agencies.ndelius.documents import QUALIFIED, Block, Part, Record, Shape
from adapters.agencies.ndelius.parsing import Texts, children, exactly, misplaced, texts
from schemas.catalogue import CATALOGUE
from schemas.faults import FaultCode, Refusal, refuse
from schemas.payload import Payload
from schemas.validation import Location, fault_of

_MAX_PARTS: Final = 1000
_Values = dict[str, object]


@dataclass(slots=True)
class _Seen:
    """One block as it stood: where, and its records with their texts."""

    block: Block
    where: str
    records: list[tuple[Record, Texts]] = field(default_factory=list)

    def pointer(self, location: Location) -> str:
        """XPath of a place of the canonical model that this block carries."""
        for record in self.block.records:
            for leaf in record.leaves:
                shorter = min(len(leaf.path), len(location))
                if not leaf.shared and location and leaf.path[:shorter] == location[:shorter]:
                    return f"{self.where}/{record.element}/{leaf.element}"
        return self.where


def read_payload(element: etree._Element, shape: Shape, where: str, extra: _Values) -> Payload:
    """The canonical payload. `extra` holds what the interchange header says for it. Refuses with a pointer."""
    if shape.plain is not None:
        return _validated(shape, _plain(element, shape.plain, where, extra), [], f"{where}/{shape.plain.element}")
    seen = _structure(element, shape, f"{where}/{shape.type}")
    values: _Values = {}
    _fill(values, seen[0], {})
    if shape.parts:
        values["parts"] = tuple(_part(part, one, values) for part, one in zip(_parts_of(element, shape), seen[1:], strict=True))
    return _validated(shape, values, seen, where)


def _plain(element: etree._Element, record: Record, where: str, extra: _Values) -> _Values:
    values: _Values = dict(extra)
    inside = f"{where}/{record.element}"
    _convert(values, texts(element, record, inside), inside, {})
    return values


def _structure(element: etree._Element, shape: Shape, where: str) -> list[_Seen]:
    if shape.block is None:
        raise LookupError(shape.type)
    if not shape.parts:
        return [_block(element, shape.block, where)]
    blocks = children(element, where)
    known = {QUALIFIED + part.block.top: part for part in shape.parts}
    master = shape.block.top
    if not blocks or blocks[0].tag != QUALIFIED + master or any(child.tag not in known for child in blocks[1:]):
        names = [master, *(part.block.top for part in shape.parts)]
        masters = [child for child in blocks if child.tag == QUALIFIED + master]
        one_each = {str(child.tag): child for child in blocks if child.tag != QUALIFIED + master}
        raise misplaced([*masters, *one_each.values()], names, [master], where)
    if len(blocks) < 2:
        raise refuse(FaultCode.ELEMENT_MISSING, "At least one part follows the master.", pointer=where)
    if len(blocks) > _MAX_PARTS:
        raise refuse(FaultCode.TOO_COMPLEX, f"More than {_MAX_PARTS} parts in one message are not read.", pointer=where)
    seen = [_block(blocks[0], shape.block, f"{where}/{master}")]
    seen += [_block(child, known[str(child.tag)].block, f"{where}/*[{position}]") for position, child in enumerate(blocks[1:], 2)]
    return seen


def _block(element: etree._Element, block: Block, where: str) -> _Seen:
    details = exactly(element, (block.details,), where)[0]
    inside = f"{where}/{block.details}"
    records = exactly(details, [record.element for record in block.records], inside)
    seen = _Seen(block, inside)
    seen.records = [(record, texts(found, record, f"{inside}/{record.element}")) for record, found in zip(block.records, records, strict=True)]
    return seen


def _parts_of(element: etree._Element, shape: Shape) -> list[Part]:
    known = {QUALIFIED + part.block.top: part for part in shape.parts}
    return [known[str(child.tag)] for child in list(element)[1:]]


def _part(part: Part, seen: _Seen, master: _Values) -> _Values:
    values: _Values = {"kind": part.kind}
    _fill(values, seen, master)
    return values


def _fill(values: _Values, seen: _Seen, master: _Values) -> None:
    for record, found in seen.records:
        _convert(values, found, f"{seen.where}/{record.element}", master)


def _convert(values: _Values, found: Texts, where: str, master: _Values) -> None:
    for leaf, text in found:
        if not text:
            if leaf.required and not leaf.empty:
                raise refuse(FaultCode.ELEMENT_MISSING, "It is mandatory here, and empty.", pointer=f"{where}/{leaf.element}")
            continue
        try:
            value = leaf.kind.read(text)
        except MisreadError as error:
            raise refuse(FaultCode.VALUE_INVALID, str(error), pointer=f"{where}/{leaf.element}") from None
        if leaf.shared:
            _agree(master.get(leaf.path[0]), value, f"{where}/{leaf.element}")
        elif len(leaf.path) == 1:
            values[leaf.path[0]] = value
        else:
            _put(values, leaf.path, value)


def _put(values: _Values, path: tuple[str, ...], value: object) -> None:
    target = values
    for step in path[:-1]:
        inner = target.setdefault(step, {})
        if not isinstance(inner, dict):
            raise TypeError(step)
        target = inner
    target[path[-1]] = value


def _agree(master: object, value: object, pointer: str) -> None:
    if master != value:
        raise refuse(FaultCode.VALUE_INVALID, "The blocks of one message must name the same case, offender and transfer.", pointer=pointer)


def _validated(shape: Shape, values: _Values, seen: list[_Seen], where: str) -> Payload:
    try:
        return CATALOGUE[shape.type].model_validate(values)
    except ValidationError as error:
        raise Refusal(fault_of(error, lambda location: _pointer(location, shape, seen, where))) from None


def _pointer(location: Location, shape: Shape, seen: list[_Seen], where: str) -> str:
    if shape.plain is not None:
        return "/".join([where, *(leaf.element for leaf in shape.plain.leaves if leaf.path == location[:1])])
    if len(location) > 1 and location[0] == "parts" and isinstance(location[1], int):
        return seen[location[1] + 1].pointer(location[2:])
    return seen[0].pointer(location)
