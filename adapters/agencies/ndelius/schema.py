"""The XSD 1.0 of one version of the SPG language, drawn from the tables and the canonical models.

What it is: the maker of schemas/published/<version>/<schema_file(version)>. What it is not: the original, of
which there is no public copy, nor a check that the gateway itself makes. Pure; called by the generator of the
published schemas. All elements but the two roots are declared where they stand, since SPG uses one name at
several levels; every level has a named type, so that classes can be made from it.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from lxml import etree
from pydantic import BaseModel

from adapters.agencies.ndelius.codes import DATE, NUMBER
from adapters.agencies.ndelius.documents import NAMESPACE, Block, Leaf, Record, Shape, offender
from adapters.agencies.ndelius.documents import version as held_version
from adapters.agencies.ndelius.envelope import HEADER, MESSAGE_HEADER, MESSAGE_TRAILER, RESPONSE, TRAILER
from adapters.agencies.ndelius.interchange import InterchangeHeader
from adapters.agencies.ndelius.schema_fields import Field, fields_of
from adapters.agencies.ndelius.schema_values import EMPTY, ValueType, enumeration, optional, value_type
from adapters.agencies.ndelius.tables import SHAPES
from schemas.canonical.case import CaseRecord, Deletion
from schemas.catalogue import ACTIONS, ANSWERING, ANSWERS, CATALOGUE
from schemas.envelope import Action
from schemas.versions import VERSIONS, unknown_between

_XS: Final = "http://www.w3.org/2001/XMLSchema"
_SOURCE: Final = re.compile(r"Source: .+?\.(?=\s|$)", re.DOTALL)
_NUMBERED: Final = Field.model_validate({"minimum": 1, "maximum": 999_999_999})
_SHARED: Final = {record.element: name for record, name in ((offender(), "Offender"), (held_version(), "RecordVersion"))}
"""Records that are the same in every message, and the names of their types."""
_ABOUT: Final = (
    "SPG XML, schema version {version} of {date}, as the Interagency Gateway reads and writes it. This is the gateway's own schema, drawn "
    "from its tables: no public copy of the original is known. Elements, their order and which are optional follow the public payload "
    "templates of the Strategic Partner Gateway; lengths and forms of values are the gateway's."
)
_BEYOND: Final = (
    "What no schema of this kind can say, the gateway checks besides: the trailer repeats the header, ControlCount counts the messages, "
    "messages are numbered from 1, each type has its own MessageTypes and header elements, the blocks of a transfer name one case, a "
    "rejection has its reason, only a DEL is reduced. It takes no comments, processing instructions or attributes below the root."
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a leaf holds, and what is to be told of it."""

    value: ValueType
    notes: tuple[str, ...] = ()


_Source = Callable[[Leaf], _Said]


def xsd(version: str) -> bytes:
    """The schema of one of `schemas.versions.VERSIONS`, in UTF-8; the same bytes each time. Raises KeyError for another."""
    writing = _Schema(version)
    writing.document(writing.root, *_of_version(version))
    writing.global_element("SPGInterchange")
    writing.global_element(RESPONSE.element)
    _write_envelope(writing)
    for shape in SHAPES.values():
        _write_message(writing, shape)
    of_record = _of_model(CaseRecord)
    writing.record("Offender", offender(), of_record, "The case that a block is about.")
    writing.record(
        "RecordVersion", held_version(), of_record, "The version of the record, and who made the change. Its first element bears the name of its parent."
    )
    writing.simple_types()
    return etree.tostring(writing.root, pretty_print=True, xml_declaration=True, encoding="UTF-8")


def _of_version(version: str) -> tuple[str, ...]:
    newest = list(VERSIONS)[-1]
    return (_ABOUT.format(version=version, date=VERSIONS[version]), _BEYOND, unknown_between(version, newest))


@dataclass(slots=True)
class _Schema:
    """One schema being written. Types of values are gathered while elements use them."""

    version: str
    root: etree._Element = field(init=False)
    values: dict[str, ValueType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        facts = {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified", "attributeFormDefault": "unqualified", "version": self.version}
        self.root = etree.Element(f"{{{_XS}}}schema", facts, nsmap={"xs": _XS, "spg": NAMESPACE})

    def node(self, parent: etree._Element, kind: str, /, **facts: str) -> etree._Element:
        """One element of XML Schema."""
        return etree.SubElement(parent, f"{{{_XS}}}{kind}", facts)

    def document(self, element: etree._Element, *notes: str) -> None:
        """Says in words what an element or type is."""
        said = dict.fromkeys(filter(None, notes))
        if said:
            annotation = self.node(element, "annotation")
            for note in said:
                self.node(annotation, "documentation").text = note

    def global_element(self, name: str) -> None:
        """A root, whose type has its name."""
        self.node(self.root, "element", name=name, type=f"spg:{name}")

    def sequence(self, name: str, *notes: str) -> etree._Element:
        """The content of a new type of elements in order."""
        kind = self.node(self.root, "complexType", name=name)
        self.document(kind, *notes)
        return self.node(kind, "sequence")

    def record(self, name: str, record: Record, source: _Source, *notes: str) -> etree._Element:
        """The type of an element that holds leaves."""
        content = self.sequence(name, *notes)
        for leaf in record.leaves:
            self._leaf(content, leaf, source(leaf))
        return content

    def _leaf(self, content: etree._Element, leaf: Leaf, said: _Said) -> None:
        facts = {"name": leaf.element, "type": self.used(said.value)}
        if not leaf.required or leaf.empty:
            self.used(EMPTY)
            facts["type"] = self.used(optional(said.value))
        if not leaf.required:
            facts["minOccurs"] = "0"
        self.document(self.node(content, "element", **facts), *said.notes)

    def used(self, value: ValueType) -> str:
        """The name of a type of values, which is then written too."""
        known = self.values.setdefault(value.name, value)
        if (known.base, known.facets) != (value.base, value.facets):
            raise ValueError(f"Two forms of values are called {value.name}.")
        return f"spg:{value.name}"

    def simple_types(self) -> None:
        """All types of values that were used, by name."""
        for _, value in sorted(self.values.items()):
            kind = self.node(self.root, "simpleType", name=value.name)
            self.document(kind, value.doc)
            if value.members:
                self.node(kind, "union", memberTypes=" ".join(f"spg:{member}" for member in value.members))
                continue
            restriction = self.node(kind, "restriction", base=value.base)
            for facet, limit in value.facets:
                self.node(restriction, facet, value=limit)


def _of_model(model: type[BaseModel], inside: str = "") -> _Source:
    """Reads leaves off a model; with `inside`, off the items of that list, but for those that they share."""
    fields = fields_of(model)

    def say(leaf: Leaf) -> _Said:
        own = not inside or leaf.shared
        place = fields.at(leaf.path if own else (inside, *leaf.path))
        steps = leaf.path if own else (inside, "n", *leaf.path)
        return _Said(value_type(leaf.kind, place.field), (*place.notes, f"In JSON: /{'/'.join(steps)}"))

    return say


def _write_envelope(writing: _Schema) -> None:
    _write_interchange(writing)
    content = writing.sequence("SPGMessage", "One message. Which MessageType goes with which payload is told with each payload.")
    writing.node(content, "element", name=MESSAGE_HEADER.element, type=f"spg:{MESSAGE_HEADER.element}")
    choice = writing.node(content, "choice")
    for name in SHAPES:
        writing.node(choice, "element", name=name, type=f"spg:{name}")
    writing.node(content, "element", name=MESSAGE_TRAILER.element, type=f"spg:{MESSAGE_TRAILER.element}")
    writing.record(HEADER.element, HEADER, _of_header, "Who sends to whom, under which reference, and when.")
    writing.record(TRAILER.element, TRAILER, _of_trailer, "Repeats the header, and counts the messages.")
    of_message = _of_message(writing.version)
    writing.record(MESSAGE_HEADER.element, MESSAGE_HEADER, of_message, "What is to be done, in which version, and the number of the message.")
    writing.record(MESSAGE_TRAILER.element, MESSAGE_TRAILER, of_message, "Repeats the number.")
    answer = ANSWERS[RESPONSE.element]
    writing.record(RESPONSE.element, RESPONSE, _of_model(answer), *_told(answer))


def _write_interchange(writing: _Schema) -> None:
    content = writing.sequence("SPGInterchange", "One or more messages of one sender to one receiver. How many at most says the agreement.")
    writing.node(content, "element", name=HEADER.element, type=f"spg:{HEADER.element}")
    writing.node(content, "element", name="SPGMessage", type="spg:SPGMessage", maxOccurs="unbounded")
    writing.node(content, "element", name=TRAILER.element, type=f"spg:{TRAILER.element}")
    kind = content.getparent()
    if kind is None:
        raise LookupError("SPGInterchange")
    writing.node(kind, "attribute", name="SchemaVersion", type="xs:token", use="required", fixed=writing.version)
    writing.node(kind, "attribute", name="SchemaDate", type=writing.used(_FORM_OF_DATES), use="required")


_MESSAGE_WORDS: Final = {
    "MessageType": "What is to be done with the payload.",
    "MessageVersionNumber": "The same as SchemaVersion.",
    "MessageReferenceNumber": "Position of the message in its interchange, from 1.",
}
_IN_HEADER: Final = fields_of(InterchangeHeader)
_FORM_OF_DATES: Final = value_type(DATE, Field())


def _of_header(leaf: Leaf) -> _Said:
    place = _IN_HEADER.at(leaf.path)
    value = value_type(leaf.kind, place.field)
    if leaf.required:
        return _Said(value, place.notes)
    return _Said(value, (*place.notes, _written_in([shape.type for shape in SHAPES.values() if leaf.element in shape.header])))


def _written_in(types: list[str]) -> str:
    others = [name for name in SHAPES if name not in types]
    if not others:
        return "In all types."
    return f"In all types but {_listed(others, 'and')}." if len(others) < len(types) else f"In {_listed(types, 'and')} only."


def _of_trailer(leaf: Leaf) -> _Said:
    if leaf.kind is NUMBER:
        return _Said(value_type(leaf.kind, _NUMBERED), ("How many messages there are.",))
    return _Said(value_type(leaf.kind, _IN_HEADER.at(leaf.path).field), (f"Repeats the header's {leaf.element}.",))


def _of_message(version: str) -> _Source:
    closed = {
        "MessageType": enumeration("MessageTypeValue", tuple(action.value for action in Action), "Insert, update, delete, system, response."),
        "MessageVersionNumber": enumeration("SchemaVersionValue", (version,), "The version of this schema."),
    }
    return lambda leaf: _Said(closed.get(leaf.element) or value_type(leaf.kind, _NUMBERED), (_MESSAGE_WORDS[leaf.element],))


def _write_message(writing: _Schema, shape: Shape) -> None:
    model = CATALOGUE[shape.type]
    source, told = _of_model(model), (*_told(model), *_asked(shape.type))
    if shape.plain is not None:
        _write_plain(writing, shape, model, told)
    elif shape.block is not None and shape.parts:
        content = writing.sequence(shape.type, *told)
        _write_block(writing, shape.block, source, "The master, which all parts belong to.")
        writing.node(content, "element", name=shape.block.top, type=f"spg:{shape.block.top}")
        choice = writing.node(content, "choice", maxOccurs=str(fields_of(model).top.members["parts"].most_items))
        for part in shape.parts:
            writing.node(choice, "element", name=part.block.top, type=f"spg:{part.block.top}")
            _write_block(writing, part.block, _of_model(model, "parts"), f"A part of the kind {part.kind}.")
    elif shape.block is not None:
        _write_block(writing, shape.block, source, *told, reduced=shape.reduced)


def _write_plain(writing: _Schema, shape: Shape, model: type[BaseModel], told: Iterable[str]) -> None:
    if shape.plain is None:
        raise LookupError(shape.type)
    content = writing.record(shape.type, shape.plain, _of_model(model), *told)
    if shape.group is not None:
        record = shape.group.record
        writing.node(content, "element", name=record.element, type=f"spg:{record.element}", minOccurs="0", maxOccurs="unbounded")
        writing.record(record.element, record, _of_model(model, shape.group.field), "How one message ended. The gateway's own; written by agreement.")


def _write_block(writing: _Schema, block: Block, source: _Source, *told: str, reduced: Block | None = None) -> None:
    """The three levels of a block. A record that may be deleted by key alone has a second details element."""
    top = writing.sequence(block.top, *told)
    if reduced is None:
        writing.node(top, "element", name=block.details, type=f"spg:{block.details}")
    else:
        choice = writing.node(top, "choice")
        for one in (block, reduced):
            writing.node(choice, "element", name=one.details, type=f"spg:{one.details}")
        _write_details(writing, reduced, _of_model(Deletion), "Key", "The record to delete, by its key alone. With MessageType DEL.")
    _write_details(writing, block, source, "Record", "")


def _write_details(writing: _Schema, block: Block, source: _Source, suffix: str, note: str) -> None:
    content = writing.sequence(block.details, note)
    for record in block.records:
        kind = _SHARED.get(record.element)
        if kind is None:
            kind = f"{block.top}{suffix}"
            writing.record(kind, record, source)
        writing.node(content, "element", name=record.element, type=f"spg:{kind}")


def _told(model: type[BaseModel]) -> tuple[str, str]:
    """What a message is, and where it was seen."""
    module = inspect.getmodule(model)
    found = _SOURCE.search((module.__doc__ or "") if module else "")
    return " ".join((inspect.getdoc(model) or "").split()), " ".join(found[0].split()) if found else ""


def _asked(kind: str) -> tuple[str, str]:
    answering = "The interchange header must have a ReceiverControlReference." if kind in ANSWERING else ""
    return f"MessageType: {_listed(sorted(action.value for action in ACTIONS[kind]), 'or')}.", answering


def _listed(names: list[str], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
