"""The fields of a message, read off its model and its SPG table.

What it is: one row per SPG element, in the order of the wire, with the places of the JSON form that it holds. What it
is not: a page. Called by the makers of message pages.
"""

import types
import typing
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree
from pydantic import BaseModel

from adapters.agencies.ndelius.answers import interchange_response
from adapters.agencies.ndelius.codes import CODED
from adapters.agencies.ndelius.documents import Block, Leaf, Record, Shape
from adapters.agencies.ndelius.tables import CONTROL_DATA, SHAPES
from docs.markdown import table
from docs.message_types import FieldType, type_of
from schemas.canonical.responsibility import Responsibility
from schemas.catalogue import ANSWERS, CATALOGUE, KEYS
from schemas.classes import FieldClass, class_of
from schemas.leaves import Path

MANDATORY, BLANK, OPTIONAL = "mandatory", "may be empty", "optional"
_VERSION: typing.Final = ("version", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One SPG element and what it holds."""

    element: str
    """Path below the element that the table names."""
    paths: tuple[Path, ...]
    """Places of the canonical payload; a coded value has two."""
    type: FieldType
    presence: str
    meaning: str
    classes: tuple[FieldClass, ...]

    def cells(self) -> tuple[str, ...]:
        """The row as it is shown."""
        pointers = "<br>".join(f"`{pointer(path)}`" for path in self.paths) or "none"
        kept = self.classes[0].value if len(set(self.classes)) == 1 else f"{self.classes[0]}; name: {self.classes[1]}"
        return pointers, self.element, self.type.name, self.presence, self.meaning, kept


HEADS: typing.Final = ("JSON", "SPG element", "Type", "Presence", "What it is", "Class")
KIND: typing.Final = "{K}"
"""Stands for the kind of transfer in the names of elements."""
_LISTS: typing.Final = ("parts", "messages")


def pointer(path: Path) -> str:
    """JSON pointer below `/document`; `n` is the place in a list, from 0."""
    return "".join(f"/{step}/n" if step in _LISTS else f"/{step}" for step in path)


def field_table(rows: Iterable[Row]) -> str:
    """Rows as a table."""
    return table(HEADS, (row.cells() for row in rows))


def model_of_page(kind: str) -> type[BaseModel]:
    """The payload of a type or of the synchronous answer."""
    return CATALOGUE[kind] if kind in CATALOGUE else ANSWERS[kind]


def where(kind: str) -> str:
    """The XML element below which the rows of a type stand."""
    shape = SHAPES.get(kind)
    if shape is None:
        return f"/{kind}"
    root = f"/SPGInterchange/SPGMessage/{kind}"
    if shape.block is None:
        return root
    return f"{root}/{shape.block.top}/{shape.block.details}" if shape.parts else f"{root}/{shape.block.details}"


def own_rows(kind: str) -> tuple[Row, ...]:
    """The fields of a message outside its parts and groups."""
    shape = SHAPES.get(kind)
    if shape is None:
        return _answer_rows(kind)
    if shape.plain is not None:
        rows = tuple(_row(kind, leaf, leaf.path, f"`{leaf.element}`") for leaf in shape.plain.leaves)
        return (*rows, *_header_rows(kind, shape))
    return tuple(_rows_of(kind, shape.block)) if shape.block else ()


def part_rows(kind: str) -> tuple[Row, ...]:
    """The fields of the parts of a transfer, the eight kinds in one."""
    parts = SHAPES[kind].parts
    records = [[record.leaves for record in part.block.records] for part in parts]
    longest = max(records, key=lambda found: sum(map(len, found)))
    flat = [leaf for leaves in longest for leaf in leaves]
    return (_kind_row(kind), *(_part_row(kind, leaf, _same_leaves(leaf, SHAPES[kind])) for leaf in flat))


def group_rows(kind: str) -> tuple[Row, ...]:
    """The fields of the entries that may follow, by agreement."""
    group = SHAPES[kind].group
    if group is None:
        return ()
    return tuple(_row(kind, leaf, (group.field, *leaf.path), f"`{group.record.element}/{leaf.element}`") for leaf in group.record.leaves)


def key_element(kind: str) -> str:
    """The SPG element of the key of a record."""
    return next(row.element for row in own_rows(kind) if row.paths == ((KEYS[kind],),)).strip("`").rpartition("/")[2]


def _rows_of(kind: str, block: Block) -> Iterator[Row]:
    for record in block.records:
        for leaf in record.leaves:
            yield _row(kind, leaf, leaf.path, f"`{record.element}/{leaf.element}`")


def _row(kind: str, leaf: Leaf, path: Path, element: str) -> Row:
    model = model_of_page(kind)
    paths = ((*path, "code"), (*path, "description")) if leaf.kind is CODED else (path,)
    return Row(
        element=element,
        paths=paths,
        type=type_of(annotation_of(model, path)),
        presence=_presence(leaf),
        meaning=meaning_of(model, path),
        classes=tuple(class_of(model, place) for place in paths),
    )


def _presence(leaf: Leaf) -> str:
    if leaf.path == _VERSION:
        return "mandatory; 32 zeros for none"
    return MANDATORY if leaf.required and not leaf.empty else BLANK if leaf.empty else OPTIONAL


def _same_leaves(wanted: Leaf, shape: Shape) -> dict[str, tuple[Record, Leaf]]:
    """Kind of transfer to the leaf that holds the same there."""
    return {
        part.kind: (record, leaf)
        for part in shape.parts
        for record in part.block.records
        for leaf in record.leaves
        if (leaf.path, leaf.shared) == (wanted.path, wanted.shared)
    }


def _kind_row(kind: str) -> Row:
    leaf = Leaf(element=KIND, path=("parts", "kind"))
    return _row(kind, leaf, leaf.path, f"the `{KIND}` of the names")


def _part_row(kind: str, leaf: Leaf, found: dict[str, tuple[Record, Leaf]]) -> Row:
    path = leaf.path if leaf.shared else ("parts", *leaf.path)
    row = _row(kind, leaf, path, _element_of_kinds(found))
    if leaf.path == ("entity_id",):
        return replace(row, element="see the kinds below", presence="mandatory, but for a whole case (OM)")
    return replace(row, meaning=f"{row.meaning} The same as the master's.") if leaf.shared else row


def _element_of_kinds(found: dict[str, tuple[Record, Leaf]]) -> str:
    """One name for all kinds, with *K* in place of the kind, and the names that break the rule."""
    names = {kind: f"{_starred(record.element, kind)}/{_starred(leaf.element, kind)}" for kind, (record, leaf) in found.items()}
    usual = Counter(names.values()).most_common(1)[0][0]
    odd = [f"{kind}: `{leaf.element}`" for kind, (_, leaf) in found.items() if names[kind] != usual]
    return f"`{usual}`" + (f" ({', '.join(odd)})" if odd else "")


def _starred(element: str, kind: str) -> str:
    return f"{KIND}{element.removeprefix(kind)}" if element.startswith(kind) else element


def _header_rows(kind: str, shape: Shape) -> tuple[Row, ...]:
    if CONTROL_DATA not in shape.header:
        return ()
    leaf = Leaf(element=CONTROL_DATA, path=("test_control_data",), required=False)
    return (_row(kind, leaf, leaf.path, f"`SPGInterchangeHeader/{CONTROL_DATA}`"),)


def _answer_rows(kind: str) -> tuple[Row, ...]:
    """The answer is no interchange and has no table: its one element is read off what is written."""
    child = etree.fromstring(interchange_response(200))[0]
    leaf = Leaf(element=etree.QName(child).localname, path=("status",))
    return (replace(_row(kind, leaf, leaf.path, f"`{leaf.element}`"), paths=()),)


def annotation_of(model: type[BaseModel], path: Path) -> object:
    """The type that the model gives to a place, without `| None` and list."""
    found = _inner(typing.get_type_hints(model, include_extras=True)[path[0]])
    if len(path) == 1:
        return found
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise LookupError(path)
    return annotation_of(found, path[1:])


def meaning_of(model: type[BaseModel], path: Path) -> str:
    """What the model says of a place; within a responsibility, also whose it is."""
    own = _told(model, path)
    if len(path) == 1 or annotation_of(model, path[:-1]) is not Responsibility:
        return own
    role, _, more = _told(model, path[:-1]).removesuffix(".").partition(". ")
    return f"{role}: {path[-1]}. {more}.".removesuffix(" .") if path[-1] == "provider" else f"{role}: {path[-1]}."


def _told(model: type[BaseModel], path: Path) -> str:
    if len(path) == 1:
        return " ".join((model.model_fields[path[0]].description or "").split())
    inner = annotation_of(model, path[:1])
    if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
        raise LookupError(path)
    return _told(inner, path[1:])


def _inner(annotation: object) -> object:
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union or origin is types.UnionType:
        return _inner(_only([kind for kind in inside if kind is not type(None)]))
    if origin is tuple:
        return _inner(inside[0])
    if origin is typing.Annotated and typing.get_origin(inside[0]) is tuple:
        return _inner(inside[0])
    return annotation


def _only(found: Sequence[object]) -> object:
    (one,) = found
    return one
