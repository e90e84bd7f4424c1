"""A JSON document to levels and back.

What it is: objects and arrays as the record has them. What it is not: the strict parser and the header around the
document (see `adapters.json_form`).
"""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from adapters.agencies.declarative.tables import Cell, Level, Record, Repeats, Steps
from schemas.faults import Fault, FaultCode
from schemas.validation import json_pointer

MAX_ITEMS: Final = 100_000
"""Of one list; the canonical model sets the real limit of each."""


def read_level(document: Mapping[str, JsonValue], record: Record, where: str) -> Level:
    """The places of an object. Nothing is refused here; what is wrong stands in the level."""
    level = Level(lambda steps: where + json_pointer(steps))
    _walk(document, (), record, level)
    return level


def _walk(document: Mapping[str, JsonValue], above: Steps, record: Record, level: Level) -> None:
    lists = {repeats.place: repeats for repeats in record.lists}
    for name, value in document.items():
        steps = (*above, name)
        if steps in record.leaves:
            level.cells[steps] = _cell(value, level.locate(steps))
        elif steps in lists:
            if value is not None:
                level.lists[steps] = _items(value, lists[steps], level.locate(steps))
        elif steps not in record.inner:
            level.faults.append(Fault(FaultCode.ELEMENT_UNKNOWN, "The document does not have it.", level.locate(steps)))
        elif isinstance(value, dict):
            _walk(value, steps, record, level)
        else:
            level.faults.append(Fault(FaultCode.STRUCTURE_INVALID, "An object was expected.", level.locate(steps)))


def _cell(value: JsonValue, pointer: str) -> Cell:
    if value is None or isinstance(value, str | int):
        return Cell(value.strip() if isinstance(value, str) else value)
    return Cell(None, Fault(FaultCode.VALUE_INVALID, "A single value was expected.", pointer))


def _items(value: JsonValue, repeats: Repeats, pointer: str) -> list[Level | Fault] | Fault:
    if not isinstance(value, list):
        return Fault(FaultCode.STRUCTURE_INVALID, "A list was expected.", pointer)
    if len(value) > MAX_ITEMS:
        return Fault(FaultCode.TOO_COMPLEX, f"More than {MAX_ITEMS} in one list are not read.", pointer)
    return [_item(one, repeats.record, f"{pointer}/{place}") for place, one in enumerate(value)]


def _item(value: JsonValue, record: Record, where: str) -> Level | Fault:
    if isinstance(value, dict):
        return read_level(value, record, where)
    return Fault(FaultCode.STRUCTURE_INVALID, "An object was expected.", where)


def written(level: Level) -> bytes:
    """The object of a level, in the order of its record."""
    return json.dumps(_tree(level), ensure_ascii=False, separators=(",", ":")).encode()


def _tree(level: Level) -> dict[str, object]:
    tree: dict[str, object] = {}
    for steps, cell in level.cells.items():
        _put(tree, steps, cell.value)
    for steps, items in level.lists.items():
        _put(tree, steps, [_tree(one) for one in items if isinstance(one, Level)] if isinstance(items, list) else [])
    return tree


def _put(tree: dict[str, object], steps: Steps, value: object) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            raise TypeError(step)
        tree = inner
    tree[steps[-1]] = value
