"""Redaction: a message's content as rows that a page may show, with what is personal hidden.

What it is: the rule from a payload and the class of each of its fields (`schemas.classes`) to what leaves the server.
Codes are shown; of a reference the last three characters; anything else not at all, until somebody reveals that one
field. What it is not: the grant (`gateway.control.looking`) nor a page. Called by the console.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel

from schemas.classes import FieldClass, class_of
from schemas.leaves import Path

HIDDEN: Final = "Hidden"
CASE: Final = "/header/case_reference"
"""The one personal fact of a header: the case reference number."""
_LAST: Final = 3
_ABBREVIATED: Final = frozenset({"crn", "nsi", "pss", "rar", "rsr"})
_NAMES_SOMEBODY: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z][0-9]{6}|[A-Za-z][0-9]{4}[A-Za-z]{2}|[0-9]{2,4}/[0-9]{1,7}[A-Za-z]|[0-9]{4}-[0-9]{2}-[0-9]{2})(?![A-Za-z0-9])"
)
"""Inside an id that a sender made up: a case reference number, a prison number, a PNC number, a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field, or the heading of several."""

    pointer: str
    """JSON Pointer (RFC 6901) into the payload; names and positions, never a value."""
    label: str
    depth: int
    heading: bool = False
    shown: str = ""
    """What may leave the server; empty for a heading."""
    hidden: bool = False
    """Something more is there, and may be revealed."""
    revealed: bool = False


def rows_of(payload: BaseModel, revealed: Collection[str] = ()) -> tuple[FieldRow, ...]:
    """Every stated field in order of the model, redacted but for what was revealed."""
    return tuple(_model_rows(payload, type(payload), (), "", 0, frozenset(revealed)))


def case_row(case_reference: str | None, revealed: Collection[str] = ()) -> FieldRow | None:
    """The case reference number of a header, as a row."""
    if case_reference is None:
        return None
    return _leaf(CASE, "Case reference number", 0, case_reference, FieldClass.REFERENCE, revealed)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the content: its fields, each named by the way to it within the part."""

    title: str
    """Empty for what stands at the top."""
    rows: tuple[FieldRow, ...]


def sections_of(rows: Sequence[FieldRow]) -> tuple[Section, ...]:
    """The same fields for a page: those of the top first, then part by part, without a tree that a narrow screen cannot show."""
    found: dict[str, list[FieldRow]] = {"": []}
    way: list[str] = []
    for row in rows:
        del way[row.depth :]
        if row.heading:
            way.append(row.label)
        else:
            within = [*way[1:], row.label]
            found.setdefault(way[0] if way else "", []).append(replace(row, label=": ".join(within), depth=0))
    return tuple(Section(title, tuple(inner)) for title, inner in found.items() if inner)


def shown_id(text: str) -> str:
    """An id that a sender made up: as it is, unless it holds the number of a case or a person, or a date; then its end."""
    return f"…{text[-_LAST:]}" if _NAMES_SOMEBODY.search(text) else text


def pointers(rows: Sequence[FieldRow]) -> frozenset[str]:
    """Those that may be revealed."""
    return frozenset(row.pointer for row in rows if row.hidden or row.revealed)


def _model_rows(value: BaseModel, root: type[BaseModel], path: Path, pointer: str, depth: int, revealed: Collection[str]) -> Iterator[FieldRow]:
    for name in type(value).model_fields:
        if name in value.model_fields_set:
            yield from _rows(getattr(value, name), root, (*path, name), f"{pointer}/{name}", _label(name), depth, revealed)


def _rows(value: object, root: type[BaseModel], path: Path, pointer: str, label: str, depth: int, revealed: Collection[str]) -> Iterator[FieldRow]:
    if isinstance(value, BaseModel):
        yield FieldRow(pointer=pointer, label=label, depth=depth, heading=True)
        yield from _model_rows(value, root, path, pointer, depth + 1, revealed)
    elif isinstance(value, tuple | list):
        for place, item in enumerate(value):
            yield from _rows(item, root, path, f"{pointer}/{place}", f"{label} {place + 1}", depth, revealed)
    elif isinstance(value, Mapping):
        # No model of ours has one; should one come, all of it is personal.
        yield _leaf(pointer, label, depth, "; ".join(f"{name}: {inner}" for name, inner in value.items()), FieldClass.PERSONAL, revealed)
    else:
        yield _leaf(pointer, label, depth, value, class_of(root, path), revealed)


def _leaf(pointer: str, label: str, depth: int, value: object, kind: FieldClass, revealed: Collection[str]) -> FieldRow:
    if value is None:
        return FieldRow(pointer=pointer, label=label, depth=depth, shown="Stated, and empty")
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    if kind is FieldClass.CODE:
        return FieldRow(pointer=pointer, label=label, depth=depth, shown=text)
    if pointer in revealed:
        return FieldRow(pointer=pointer, label=label, depth=depth, shown=text, revealed=True)
    tail = f"…{text[-_LAST:]}" if kind is FieldClass.REFERENCE and len(text) > 2 * _LAST else HIDDEN
    return FieldRow(pointer=pointer, label=label, depth=depth, shown=tail, hidden=True)


def _label(name: str) -> str:
    words = " ".join(word.upper() if word in _ABBREVIATED else word for word in name.split("_"))
    return words[:1].upper() + words[1:]
