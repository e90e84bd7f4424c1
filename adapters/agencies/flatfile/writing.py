"""Canonical to a batch, by the same tables.

What it is: messages as one batch file, and the list of what it does not carry. That list is computed from the model
itself, so that a new field is either carried by a column or reported. What it is not: a signature or a manifest.
"""

import datetime
from collections.abc import Sequence
from functools import cache
from typing import Final

from pydantic import BaseModel

from adapters.agencies.flatfile.csv_lines import Cell, written
from adapters.agencies.flatfile.shapes import Column, Record, Shape
from adapters.agencies.flatfile.tables import ACTIONS, HEADER, MESSAGE, SHAPES, TRAILER
from adapters.agencies.flatfile.totals import Sums
from adapters.agencies.flatfile.values import DATE, FLAG, FORMAT, TIME, Total
from adapters.contract import KEY_ALONE, Document, LeftOut, Outgoing, no_whole_record
from adapters.values import UnsayableError
from schemas import catalogue
from schemas.canonical.case import CaseRecord, Deletion
from schemas.catalogue import ANSWERING, CATALOGUE, KEYS
from schemas.envelope import Action, Header, Message
from schemas.faults import FaultCode, refuse
from schemas.leaves import Path, leaves
from schemas.payload import Payload
from schemas.record_ids import with_own_ids
from schemas.validation import json_pointer
from schemas.versions import VERSIONS, unknown_between

_LETTERS: Final = {action: letter for letter, action in ACTIONS.items()}
_NO_PLACE: Final = "The flat file has no place for it."
_Cells = list[Cell]


def write_batch(messages: Sequence[Message], outgoing: Outgoing) -> Document:
    """One batch of these messages, at least one, in their order. Refuses with `not-translatable` what a flat file has
    no form for, and messages that do not go into one batch since its header speaks for all of them."""
    first = messages[0].header
    if any((message.header.test, message.header.application) != (first.test, first.application) for message in messages):
        raise refuse(FaultCode.NOT_TRANSLATABLE, "The messages of one batch have one test flag and one application.")
    lines: list[_Cells] = [_header(first, outgoing)]
    sums = Sums()
    left_out: list[LeftOut] = []
    for number, message in enumerate(messages, 1):
        shape = _shape(message, outgoing)
        lines.append([MESSAGE.tag, str(number), shape.code, _LETTERS[message.header.action], message.message_id])
        for record, cells in _write_message(message, outgoing, shape, left_out):
            sums.add(record, cells)
            lines.append(cells)
    lines.append([TRAILER.tag, str(len(messages)), str(len(lines) + 1), *(str(sums.of(total)) for total in Total)])
    return Document("".join(map(written, lines)).encode(), tuple(left_out))


def _shape(message: Message, outgoing: Outgoing) -> Shape:
    header = message.header
    shape = SHAPES.get(header.type)
    if shape is None:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"The flat file has no line for the type {header.type}.")
    if outgoing.version not in VERSIONS:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "The agreed schema version is not one that exists.")
    if header.action not in catalogue.ACTIONS[shape.type]:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"{header.type} does not go with {header.action}.", pointer="/header/action")
    if shape.type in ANSWERING and outgoing.answers is None:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"{header.type} must name what it answers.", pointer="/header/in_reply_to")
    return shape


def _header(first: Header, outgoing: Outgoing) -> _Cells:
    prepared = outgoing.prepared_at.astimezone(datetime.UTC)
    return [
        HEADER.tag,
        FORMAT,
        outgoing.sender,
        outgoing.recipient,
        outgoing.control_reference,
        outgoing.answers,
        DATE.write((prepared.date(),)),
        TIME.write((prepared.time(),)),
        outgoing.version,
        None if first.test is None else FLAG.write((first.test,)),
        first.application,
    ]


def _write_message(message: Message, outgoing: Outgoing, shape: Shape, left_out: list[LeftOut]) -> list[tuple[Record, _Cells]]:
    unknown = unknown_between(message.header.version, outgoing.version)
    left_out += [LeftOut("/header/version", unknown)] if unknown else []
    payload = message.payload
    if isinstance(payload, Deletion):
        return [_write_key(shape, payload, outgoing)]
    if message.header.action is Action.DELETE and outgoing.reduced_deletes and shape.key is not None and isinstance(payload, CaseRecord):
        deletion = Deletion(crn=payload.crn, version=payload.version, record_id=getattr(payload, KEYS[shape.type]))
        left_out += _lost_to_the_key(shape, payload)
        return [_write_key(shape, deletion, outgoing)]
    payload = with_own_ids(payload, shape.type, outgoing.own_ids)
    left_out += _uncarried_of(payload, _uncarried(shape.type), "/payload")
    lines = [(shape.record, _cells(shape.record, payload, "/payload"))]
    if shape.more is None:
        return lines
    items: Sequence[BaseModel] = getattr(payload, shape.field)
    if shape.field == "messages" and not outgoing.message_statuses:
        left_out += [LeftOut("/payload/messages", "The recipient's agreement asks for no entries per message.")] if items else []
        return lines
    for number, item in enumerate(items):
        place = f"/payload/{shape.field}/{number}"
        left_out += _uncarried_of(item, _uncarried_in_list(shape.type), place)
        lines.append((shape.more, _cells(shape.more, item, place)))
    return lines


def _write_key(shape: Shape, deletion: Deletion, outgoing: Outgoing) -> tuple[Record, _Cells]:
    if shape.key is None:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"{shape.type} has no reduced form of delete.")
    if not outgoing.reduced_deletes:
        raise no_whole_record()
    return shape.key, _cells(shape.key, with_own_ids(deletion, shape.type, outgoing.own_ids), "/payload")


def _lost_to_the_key(shape: Shape, payload: Payload) -> list[LeftOut]:
    """What the whole record says and the agreed form of delete does not."""
    kept = {("crn",), ("version", "version"), ("version", "updated_by"), (KEYS[shape.type],)}
    carried = [path for column in shape.record.columns if _says(payload, column) for path in column.paths if path not in kept]
    lost = [LeftOut("/payload" + json_pointer(path), KEY_ALONE) for path in carried]
    return [*lost, *_uncarried_of(payload, _uncarried(shape.type), "/payload")]


def _cells(record: Record, source: BaseModel, where: str) -> _Cells:
    return [record.tag, *(_cell(column, source, where) for column in record.columns)]


def _cell(column: Column, source: BaseModel, where: str) -> Cell:
    values = tuple(_at(source, path) for path in column.paths)
    if values[0] is None:
        return "" if _is_stated_empty(source, column.emptied) else None
    try:
        return column.kind.write(values)
    except UnsayableError as error:
        raise refuse(FaultCode.NOT_TRANSLATABLE, str(error), pointer=where + json_pointer(column.paths[0])) from None


def _says(source: BaseModel, column: Column) -> bool:
    return _at(source, column.paths[0]) is not None or _is_stated_empty(source, column.emptied)


@cache
def _uncarried(kind: str) -> tuple[Path, ...]:
    """Places of a payload, outside its list, that no column holds."""
    carried = {path for column in SHAPES[kind].record.columns for path in column.paths}
    return tuple(sorted(path for path in leaves(CATALOGUE[kind]) if path not in carried and path[0] != SHAPES[kind].field))


@cache
def _uncarried_in_list(kind: str) -> tuple[Path, ...]:
    shape = SHAPES[kind]
    carried = {path for column in shape.more.columns for path in column.paths} if shape.more else set()
    return tuple(sorted(path[1:] for path in leaves(CATALOGUE[kind]) if path[0] == shape.field and path[1:] not in carried))


def _uncarried_of(source: BaseModel, paths: Sequence[Path], where: str) -> list[LeftOut]:
    said = (path for path in paths if _at(source, path) is not None or _is_stated_empty(source, path))
    return [LeftOut(where + json_pointer(path), _NO_PLACE) for path in said]


def _is_stated_empty(source: BaseModel, path: Path) -> bool:
    holder = _at(source, path[:-1])
    return isinstance(holder, BaseModel) and path[-1] in holder.model_fields_set and getattr(holder, path[-1]) is None


def _at(source: object, path: Path) -> object:
    for step in path:
        source = None if source is None else getattr(source, step)
    return source
