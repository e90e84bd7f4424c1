"""Every field of every message, made wrong in one place: as SPG XML and as the canonical JSON form.

What it is: base documents of every type, and for each of their fields the wrong values of its kind with the fault that
each must give and where. What it is not: a second reader: what a field may hold is read off the canonical models, and
a place is an element of the changed document, not a text. All people and numbers are made up.
"""

import datetime
import json
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache

from lxml import etree
from pydantic import BaseModel, StringConstraints

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.codes import NUMBER
from adapters.agencies.ndelius.documents import QUALIFIED, Block, Leaf, Record
from adapters.agencies.ndelius.tables import SHAPES
from schemas.catalogue import CATALOGUE, KEYS, model_of
from schemas.envelope import Entry, Message, Misread
from schemas.faults import Fault, FaultCode, Refusal
from schemas.identifiers import (
    CODE_FORM,
    CONTROL_REFERENCE_FORM,
    CRN_FORM,
    ENTITY_FORM,
    EXTERNAL_ID_FORM,
    OFFICER_FORM,
    PROVIDER_FORM,
    SEARCH_FORM,
    SPG_VERSION_FORM,
    TEAM_FORM,
    MessageId,
)
from tests.support.dialects import VECTORS, outgoing

Wrong = tuple[str, object, FaultCode]
"""What is wrong, the wrong value, and the code of its fault."""
Json = typing.Any

MISSING, REPEATED, UNKNOWN = FaultCode.ELEMENT_MISSING, FaultCode.ELEMENT_REPEATED, FaultCode.ELEMENT_UNKNOWN
MISPLACED, STRUCTURE = FaultCode.ELEMENT_MISPLACED, FaultCode.STRUCTURE_INVALID
INVALID, LONG, CODE, IDENTIFIER = FaultCode.VALUE_INVALID, FaultCode.VALUE_TOO_LONG, FaultCode.CODE_UNKNOWN, FaultCode.IDENTIFIER_INVALID
COUNT_WRONG, OTHER_REFERENCE = FaultCode.CONTROL_COUNT_WRONG, FaultCode.CONTROL_REFERENCE_MISMATCH
OTHER_PARTY, OTHER_NUMBER, VERSION = FaultCode.IDENTITY_MISMATCH, FaultCode.MESSAGE_REFERENCE_MISMATCH, FaultCode.VERSION_UNKNOWN

_FORMS: Mapping[str, tuple[FaultCode, tuple[str, ...]]] = {
    PROVIDER_FORM: (IDENTIFIER, ("N0", "n00", "N000", "N 0", "Nø0")),
    TEAM_FORM: (IDENTIFIER, ("N00A1", "n00a12", "N00A12X")),
    OFFICER_FORM: (IDENTIFIER, ("N00A29", "n00a294", "N00A2945")),
    CRN_FORM: (IDENTIFIER, ("X12345", "x123456", "X1234567", "1234567", "X12345\u0666")),
    ENTITY_FORM: (IDENTIFIER, ("12A", "-1", "1.0", "1" * 19, "\u0666")),
    SPG_VERSION_FORM: (IDENTIFIER, ("G" * 32, "A" * 31, "A" * 33)),
    SEARCH_FORM: (IDENTIFIER, ("a b", "?", "1" * 65)),
    CONTROL_REFERENCE_FORM: (IDENTIFIER, ("a b", "-1", "1" * 65)),
    EXTERNAL_ID_FORM: (IDENTIFIER, ("a b", "-1", "1" * 129)),
    CODE_FORM: (CODE, ("?", "-A", "A" * 101, "A\u00e9")),
    "^[a-z][a-z0-9-]{0,63}$": (INVALID, ("Element-Missing", "a b", "a" * 65)),
    "^[A-Za-z][A-Za-z0-9]{0,63}$": (INVALID, ("9", "A b", "A" * 65)),
}
"""Wrong values per form, with the fault of that form."""
_DATES = ("x", "2018-2-28", "20180228", "2018-02-30", "2017-02-29", "0000-01-01", "2018-02-28Z", "2018-02-28+01:00", "2018-02-28T00:00:00", "28/02/2018")
_TIMES = ("x", "11:49", "1149", "25:00:00", "11:60:00", "11:49:16Z", "11:49:16+01:00", "11:49:16.", "11:49:16.1234567", "1:49:16")
_DATE_TIMES = ("x", "2018-02-28", "2018-02-28 11:49:16", "2018-02-30T11:49:16", "2018-02-28T11:49:16Z", "2018-02-28T25:00:00", "2018-02-28T11:49:16+00:00")
_WORDS: Mapping[type, tuple[str, ...]] = {
    datetime.date: _DATES,
    datetime.time: _TIMES,
    datetime.datetime: _DATE_TIMES,
    bool: ("X", "y", "1", "true", "YN"),
    int: ("x", "-1", "1.0", "007", "1" * 10, "1 2", "\u0666", "+1"),
    Decimal: ("x", "-1", "007", "1.234", ".5", "1" * 20, "1e3", "NaN"),
}
"""Texts that are no value of a kind."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold, read off its model."""

    kind: type
    pattern: str | None = None
    longest: int | None = None
    optional: bool = False
    most: float | None = None
    least: float | None = None

    def texts(self) -> Iterator[Wrong]:
        """Wrong texts, the same in both forms where the value is a text there."""
        if self.pattern in _FORMS:
            code, words = _FORMS[self.pattern]
            yield from (("wrong form", word, code) for word in words)
        elif issubclass(self.kind, StrEnum):
            yield from (("wrong code", word, CODE) for word in ("ZZ", "pn", "PNX"))
        elif self.longest is not None:
            yield "too long", "x" * (self.longest + 1), LONG
        elif self.kind in _WORDS:
            yield from (("wrong type", word, INVALID) for word in _WORDS[self.kind])
            yield from (("out of bounds", str(number), INVALID) for number in self.outside())

    def outside(self) -> list[int]:
        """Numbers that are too small or too large."""
        low = [] if self.least is None or self.least < 1 else [int(self.least) - 1]
        return low if self.most is None else [*low, int(self.most) + 1]


def field_of(model: type[BaseModel], path: Sequence[str]) -> Field | type[BaseModel]:
    """The field at a path of a model, list positions left out; a model where the path ends at one."""
    info = model.model_fields[path[0]]
    found = list(_flat(info.annotation, info.metadata))
    inner = next((kind for kind, _ in found if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if inner is not None:
        return field_of(inner, path[1:]) if len(path) > 1 else inner
    kind, metadata = next((kind, facts) for kind, facts in found if kind is not type(None))
    texts = [fact for fact in metadata if isinstance(fact, StringConstraints)]
    bounds = {name: value for fact in metadata for name in ("ge", "le") if (value := getattr(fact, name, None)) is not None}
    pattern = next((str(fact.pattern) for fact in texts if fact.pattern), None)
    return Field(
        kind=getattr(kind, "__supertype__", kind),
        pattern=pattern,
        longest=next((fact.max_length for fact in texts if fact.max_length), None),
        optional=not info.is_required(),
        most=bounds.get("le"),
        least=bounds.get("ge"),
    )


def _flat(annotation: object, metadata: Sequence[object] = ()) -> Iterator[tuple[type, Sequence[object]]]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        inner, *facts = typing.get_args(annotation)
        yield from _flat(inner, [*metadata, *facts])
    elif origin in (typing.Union, types.UnionType, tuple):
        for one in typing.get_args(annotation):
            if one is not Ellipsis:
                yield from _flat(one, metadata)
    else:
        yield typing.cast("type", annotation), metadata


@dataclass(frozen=True, slots=True)
class Case:
    """One wrong document, and the one fault that it must give."""

    what: str
    content: bytes
    code: FaultCode
    place: str
    """Of an element that is there: its place as lxml counts it; else the pointer itself."""
    reference: int | None


def faults_in(read: Callable[[bytes], object], content: bytes) -> list[Fault]:
    """Everything that was found wrong with a document."""
    try:
        interchange = read(content)
    except Refusal as refusal:
        return [refusal.fault, *refusal.also]
    return [fault for entry in typing.cast("typing.Any", interchange).entries if isinstance(entry, Misread) for fault in entry.faults]


# --- SPG XML


@cache
def xml_bases() -> Mapping[str, bytes]:
    """Every sample that is an interchange; a reduced delete per record type; a status notification with entries."""
    found = {path.stem: path.read_bytes() for path in sorted((VECTORS / "plain").glob("*.xml")) if not path.stem.startswith("SPGInterchangeResponse")}
    for name in KEYS:
        source = next(content for stem, content in found.items() if stem.startswith(f"{name}-"))
        found[f"{name}-del-reduced"] = _reduced(source, name)
    status = found["InterchangeStatusNotification-202"]
    entry = "<MessageStatus><MessageReferenceNumber>{}</MessageReferenceNumber><StatusCode>422</StatusCode>{}</MessageStatus>"
    more = "<FaultCode>version-conflict</FaultCode><CurrentVersion>CB1CF9D6CE475DD58274951576C023FC</CurrentVersion>"
    found["InterchangeStatusNotification-entries"] = status.replace(
        b"</InterchangeStatusNotification>", (entry.format(1, "") + entry.format(2, more)).encode() + b"</InterchangeStatusNotification>"
    )
    return found


def _reduced(content: bytes, name: str) -> bytes:
    root = etree.fromstring(content)
    block = SHAPES[name].reduced
    if block is None:
        raise LookupError(name)
    top = root.find(f".//{QUALIFIED}SPGMessage/{QUALIFIED}{name}")
    root.find(f".//{QUALIFIED}MessageType").text = "DEL"
    details = top[0]
    details.tag = QUALIFIED + block.details
    (key,) = block.records[2].leaves
    for child in list(details[2]):
        if child.tag != key.tag:
            details[2].remove(child)
    return etree.tostring(root)


_HEADER: Mapping[str, tuple[bool, tuple[Wrong, ...]]] = {
    "SenderIdentity": (True, (("wrong form", "N0", IDENTIFIER), ("other", "N99", OTHER_PARTY))),
    "ReceiverIdentity": (True, (("wrong form", "N000", IDENTIFIER), ("other", "N99", OTHER_PARTY))),
    "SenderControlReference": (True, (("wrong form", "a b", IDENTIFIER), ("too long", "1" * 65, IDENTIFIER), ("other", "17", OTHER_REFERENCE))),
    "ReceiverControlReference": (False, (("wrong form", "a b", IDENTIFIER), ("other", "17", OTHER_REFERENCE))),
    "DateOfPreparation": (True, tuple(("wrong type", word, INVALID) for word in _DATES)),
    "TimeOfPreparation": (True, tuple(("wrong type", word, INVALID) for word in _TIMES)),
    "ApplicationReference": (False, (("too long", "x" * 501, LONG),)),
    "TestIndicator": (False, tuple(("wrong code", word, INVALID) for word in _WORDS[bool])),
    "TestControlData": (False, (("too long", "x" * 501, LONG),)),
}
"""Element of the interchange header to whether it is mandatory, and its wrong values."""
_TRAILER: Mapping[str, tuple[bool, tuple[Wrong, ...]]] = {
    "SenderControlReference": (True, (("wrong form", "a b", OTHER_REFERENCE), ("other", "17", OTHER_REFERENCE))),
    "ReceiverControlReference": (False, (("wrong form", "a b", OTHER_REFERENCE), ("other", "17", OTHER_REFERENCE))),
    "ControlCount": (True, (("wrong type", "x", INVALID), ("wrong type", "-1", INVALID), ("too long", "1" * 10, INVALID), ("other", "7", COUNT_WRONG))),
    "SenderIdentity": (True, (("wrong form", "N0", OTHER_PARTY), ("other", "N99", OTHER_PARTY))),
    "ReceiverIdentity": (True, (("wrong form", "N0", OTHER_PARTY), ("other", "N99", OTHER_PARTY))),
}
_NUMBER: tuple[Wrong, ...] = (("wrong type", "x", INVALID), ("too long", "1" * 10, INVALID), ("other", "7", OTHER_NUMBER), ("other", "0", OTHER_NUMBER))
_MESSAGE_HEADER: Mapping[str, tuple[bool, tuple[Wrong, ...]]] = {
    "MessageType": (True, (("wrong code", "ZZZ", CODE), ("wrong code", "ins", CODE), ("too long", "INSERT", CODE))),
    "MessageVersionNumber": (True, (("wrong code", "0-9-8", VERSION), ("wrong form", "0.9.14", VERSION))),
    "MessageReferenceNumber": (True, _NUMBER),
}
_MESSAGE_TRAILER: Mapping[str, tuple[bool, tuple[Wrong, ...]]] = {"MessageReferenceNumber": (True, _NUMBER)}
_WHOLE = {OTHER_NUMBER}
"""Faults of one message that make the whole doubtful. They name their message all the same."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """One base document, made wrong and mended again between cases."""

    root: etree._Element

    def at(self, what: str, code: FaultCode, element: etree._Element, name: str = "") -> Case:
        """The document as it is now; the fault is at this element, or at one of that name that is not in it."""
        tree = self.root.getroottree()
        place = tree.getpath(element) + (f"/{name}" if name else "")
        return Case(f"{what} {name or element.tag}", etree.tostring(self.root), code, place, _message_number(element))


def _move(parent: etree._Element, element: etree._Element, place: int) -> None:
    """Take an element out of its parent and put it back at another place."""
    parent.remove(element)
    parent.insert(place, element)


def _message_number(element: etree._Element) -> int | None:
    steps = [element, *element.iterancestors()]
    message = next((step for step in steps if step.tag == QUALIFIED + "SPGMessage"), None)
    return None if message is None else 1 + len(list(message.itersiblings(QUALIFIED + "SPGMessage", preceding=True)))


def xml_cases(content: bytes) -> Iterator[Case]:
    """Every case of one interchange."""
    root = etree.fromstring(content)
    tree = _Tree(root)
    yield from _of_root(tree)
    header, *messages, trailer = root
    yield from _of_record(tree, header, _HEADER)
    yield from _of_record(tree, trailer, _TRAILER)
    yield from _of_containers(tree, root, several=True)
    for message in messages:
        yield from _of_record(tree, message[0], _MESSAGE_HEADER)
        yield from _of_record(tree, message[2], _MESSAGE_TRAILER)
        yield from _of_message(tree, message)
        yield from _of_payload(tree, message[1])


def _of_root(tree: _Tree) -> Iterator[Case]:
    root, wrong = tree.root, [("SchemaVersion", word, VERSION) for word in ("0-9-8", "0.9.14", "x" * 80)]
    wrong += [("SchemaDate", word, INVALID) for word in _DATES]
    wrong += [(name, value, MISSING) for name in ("SchemaVersion", "SchemaDate") for value in ("", None)]
    for name, value, code in wrong:
        kept = root.attrib.pop(name)
        if value is not None:
            root.set(name, value)
        yield Case(f"{value} {name}", etree.tostring(root), code, f"/SPGInterchange/@{name}", None)
        root.set(name, kept)
    root.set("Quill", "x")
    yield Case("unknown attribute", etree.tostring(root), UNKNOWN, "/SPGInterchange/@Quill", None)
    del root.attrib["Quill"]


def _of_record(tree: _Tree, record: etree._Element, table: Mapping[str, tuple[bool, tuple[Wrong, ...]]]) -> Iterator[Case]:
    """The fields of a record of the envelope."""
    for element in list(record):
        required, wrong = table[str(element.tag).removeprefix(QUALIFIED)]
        yield from _places(tree, element, wrong)
        yield from _structure(tree, element, required=required, empty=not required)
        if element.tag == QUALIFIED + "ReceiverControlReference":
            yield from _answered(tree, element)
    yield from _around(tree, record)


def _places(tree: _Tree, element: etree._Element, wrong: Sequence[Wrong]) -> Iterator[Case]:
    kept = element.text
    for what, value, code in wrong:
        element.text = str(value)
        yield tree.at(f"{what} {str(value)[:40]!r}", code, _doubtful(tree, element, code))
    element.text = kept


def _doubtful(tree: _Tree, element: etree._Element, code: FaultCode) -> etree._Element:
    """Where the fault is told: a header that differs is told of the trailer that repeats it."""
    header = element.getparent().tag == QUALIFIED + "SPGInterchangeHeader"
    if header and code in {OTHER_PARTY, OTHER_REFERENCE}:
        return tree.root[-1].find(str(element.tag))
    return element


def _answered(tree: _Tree, element: etree._Element) -> Iterator[Case]:
    """What is answered stands in header and trailer, or in neither."""
    parent, place, text = element.getparent(), element.getparent().index(element), element.text
    element.text = ""
    yield tree.at("empty", OTHER_REFERENCE, tree.root[-1].find(str(element.tag)))
    element.text = text
    parent.remove(element)
    left = tree.root[-1].find(str(element.tag))
    yield tree.at("missing", OTHER_REFERENCE, tree.root[-1] if left is None else left, "ReceiverControlReference" if left is None else "")
    parent.insert(place, element)


def _structure(tree: _Tree, element: etree._Element, *, required: bool, empty: bool) -> Iterator[Case]:
    """Missing, empty, repeated, misplaced, and elements where text belongs."""
    parent, place = element.getparent(), element.getparent().index(element)
    name, text = str(element.tag).removeprefix(QUALIFIED), element.text
    if required:
        parent.remove(element)
        yield tree.at("missing", MISSING, parent, name)
        parent.insert(place, element)
    if not empty:
        element.text = " \n "
        yield tree.at("empty", MISSING, element)
    element.text = None
    etree.SubElement(element, QUALIFIED + "Quill").text = text
    yield tree.at("nested", STRUCTURE, element)
    del element[:]
    element.text = text
    twin = etree.SubElement(parent, element.tag)
    twin.text = text
    parent.insert(place + 1, twin)
    yield tree.at("repeated", REPEATED, twin)
    parent.remove(twin)
    first, last = place, len(parent) - 1 - place
    if max(first, last) > 1:  # Where two neighbours change places, either may be called the misplaced one.
        _move(parent, element, 0 if first >= last else len(parent))
        yield tree.at("misplaced", MISPLACED, element)
        _move(parent, element, place)


def _around(tree: _Tree, record: etree._Element) -> Iterator[Case]:
    """Between the elements of a record: text, and an element that nobody knows."""
    stranger = etree.Element(QUALIFIED + "Quill")
    stranger.text = "x"
    for place in (0, len(record)):
        record.insert(place, stranger)
        yield tree.at("unknown", UNKNOWN, stranger)
        record.remove(stranger)
    kept, record.text = record.text, "x"
    yield tree.at("text between", STRUCTURE, record)
    record.text = kept


def _of_containers(tree: _Tree, parent: etree._Element, *, several: bool = False) -> Iterator[Case]:
    """The elements of a container that must all be there once, in order; `several`: those in the middle may repeat."""
    found = list(parent)
    for place, element in enumerate(found):
        middle = several and 0 < place < len(found) - 1
        name = str(element.tag).removeprefix(QUALIFIED)
        if not middle:
            twin = etree.fromstring(etree.tostring(element))
            parent.insert(place + 1, twin)
            yield tree.at("repeated", REPEATED, twin)
            parent.remove(twin)
        if not middle or len(found) == 3:
            parent.remove(element)
            yield tree.at("missing", MISSING, parent, name)
            parent.insert(place, element)
        if len(found) > 2 and not middle:
            _move(parent, element, len(parent) if place == 0 else 0)
            yield tree.at("misplaced", MISPLACED, element)
            _move(parent, element, place)
    yield from _around(tree, parent)


def _of_message(tree: _Tree, message: etree._Element) -> Iterator[Case]:
    header, payload, trailer = message
    for what, code, element in (("missing", MISSING, header), ("missing", MISSING, trailer), ("repeated", REPEATED, header), ("repeated", REPEATED, trailer)):
        place = message.index(element)
        if what == "missing":
            message.remove(element)
            yield tree.at(what, code, message, str(element.tag).removeprefix(QUALIFIED))
            message.insert(place, element)
        else:
            twin = etree.fromstring(etree.tostring(element))
            message.insert(place + 1, twin)
            yield tree.at(what, code, twin)
            message.remove(twin)
    _move(message, trailer, 0)
    yield tree.at("misplaced", MISPLACED, trailer)
    _move(message, trailer, 2)
    yield from _around_message(tree, message, payload)


def _around_message(tree: _Tree, message: etree._Element, payload: etree._Element) -> Iterator[Case]:
    kept, payload.tag = payload.tag, QUALIFIED + "Quill"
    yield tree.at("unknown type", FaultCode.TYPE_UNKNOWN, payload)
    payload.tag = kept
    message.remove(payload)
    yield tree.at("no payload", STRUCTURE, message)
    message.insert(1, payload)
    kept_text, message.text = message.text, "x"
    yield tree.at("text between", STRUCTURE, message)
    message.text = kept_text


def _of_payload(tree: _Tree, payload: etree._Element) -> Iterator[Case]:
    name = str(payload.tag).removeprefix(QUALIFIED)
    shape, model = SHAPES[name], CATALOGUE[name]
    if shape.plain is not None:
        yield from _of_leaves(tree, payload, shape.plain, lambda path: field_of(model, path))
        for group in payload.findall(shape.group.record.tag) if shape.group else []:
            yield from _of_leaves(tree, group, shape.group.record, lambda path: field_of(model, ("messages", *path)))
        return
    if shape.parts:
        yield from _of_parts(tree, payload)
        return
    is_reduced = shape.reduced is not None and payload[0].tag == QUALIFIED + shape.reduced.details
    model = model_of(name, reduced=is_reduced)
    yield from _of_block(tree, payload, shape.reduced if is_reduced else shape.block, lambda path: field_of(model, path))


def _of_parts(tree: _Tree, payload: etree._Element) -> Iterator[Case]:
    name = str(payload.tag).removeprefix(QUALIFIED)
    shape, model = SHAPES[name], CATALOGUE[name]
    master, *parts = payload
    yield from _of_block(tree, master, shape.block, lambda path: field_of(model, path))
    blocks = {QUALIFIED + part.block.top: part.block for part in shape.parts}
    for part in parts:
        yield from _of_block(tree, part, blocks[part.tag], lambda path: field_of(model, ("parts", *path)), shared=model)
    twin = etree.fromstring(etree.tostring(master))
    payload.insert(1, twin)
    yield tree.at("repeated", REPEATED, twin)
    payload.remove(twin)
    payload.remove(master)
    yield tree.at("missing", MISSING, payload, str(master.tag).removeprefix(QUALIFIED))
    payload.append(master)
    if len(parts) > 1:
        yield tree.at("misplaced", MISPLACED, master)
    _move(payload, master, 0)
    yield from _around(tree, payload)
    for part in parts:
        payload.remove(part)
    yield tree.at("no parts", MISSING, payload)
    payload.extend(parts)


Lookup = Callable[[tuple[str, ...]], Field | type[BaseModel]]


def _of_block(tree: _Tree, top: etree._Element, block: Block, lookup: Lookup, shared: type[BaseModel] | None = None) -> Iterator[Case]:
    (details,) = top
    yield from _of_containers(tree, details)
    yield from _around(tree, top)
    twin = etree.fromstring(etree.tostring(details))
    top.append(twin)
    yield tree.at("repeated", REPEATED, twin)
    top.remove(twin)
    for record, element in zip(block.records, details, strict=True):
        yield from _of_leaves(tree, element, record, lookup, shared)


def _of_leaves(tree: _Tree, record: etree._Element, table: Record, lookup: Lookup, shared: type[BaseModel] | None = None) -> Iterator[Case]:
    leaves = {leaf.tag: leaf for leaf in table.leaves}
    for element in [child for child in record if child.tag in leaves]:
        leaf = leaves[str(element.tag)]
        yield from _places(tree, element, list(_wrong_texts(leaf, lookup, shared)))
        yield from _structure(tree, element, required=leaf.required, empty=leaf.empty or not leaf.required)
    yield from _around(tree, record)


def _wrong_texts(leaf: Leaf, lookup: Lookup, shared: type[BaseModel] | None) -> Iterator[Wrong]:
    if leaf.shared:
        yield from (("other than the master's", word, INVALID) for word in ("X999999", "?", "x" * 501))
        return
    field = lookup(leaf.path)
    if isinstance(field, Field):
        lenient = {"007"} if leaf.kind is NUMBER else set()
        yield from (wrong for wrong in field.texts() if wrong[1] not in lenient)
        return
    code, named = field_of(field, ("code",)), field_of(field, ("description",))
    for what, word, fault in typing.cast("Field", code).texts():
        yield what, word, fault
        yield f"{what}, named", f"{word}/Quillfeather", fault
    yield "empty code", "/Quillfeather", _FORMS[str(typing.cast("Field", code).pattern)][0]
    for what, word, fault in typing.cast("Field", named).texts():
        yield what, f"{_RIGHT[str(typing.cast('Field', code).pattern)]}/{word}", fault


_RIGHT: Mapping[str, str] = {TEAM_FORM: "N00A12", OFFICER_FORM: "N00A294", CODE_FORM: "A1"}
_STEP = re.compile(r"(?<=/)([A-Za-z])")


def xml_place(pointer: str, content: bytes) -> str:
    """Where a pointer leads, in the words of `Case.place`. Raises where it leads to more or less than one place."""
    root = etree.fromstring(content)
    names = {"s": QUALIFIED.strip("{}")}
    found = root.xpath(_STEP.sub(r"s:\1", pointer), namespaces=names) if "@" not in pointer else []
    if isinstance(found, list) and len(found) == 1:
        return str(root.getroottree().getpath(found[0]))
    parent, _, name = pointer.rpartition("/")
    if found or not parent or name.startswith("@"):
        return pointer
    (above,) = root.xpath(_STEP.sub(r"s:\1", parent), namespaces=names)
    return f"{root.getroottree().getpath(above)}/{name}"


# --- JSON


@cache
def json_bases() -> Mapping[str, bytes]:
    """Every message of `xml_bases` in the canonical JSON form."""
    found = {}
    for stem, content in xml_bases().items():
        for entry in NdeliusAdapter().read(content).entries:
            if not isinstance(entry, Entry):
                raise TypeError(f"{stem}: {entry.faults}")
            made = Message(MessageId(f"01902d3a-0000-7000-8000-00000000000{entry.reference}"), entry.header, entry.payload)
            found[f"{stem}/{entry.reference}"] = CanonicalAdapter().write(made, outgoing(answers=entry.header.in_reply_to)).content
    return found


_TYPES: Mapping[type, tuple[Json, ...]] = {
    str: (7, True, 1.5),
    bool: ("Y", 1, "true"),
    int: ("1", True, 1.5),
    Decimal: (1.5, True, 7),
    datetime.date: (7, True, 1.5),
    datetime.time: (7, True, 1.5),
    datetime.datetime: (7, True, 1.5),
}
"""Values of another JSON type than that of the field."""


def json_cases(content: bytes, header: type[BaseModel]) -> Iterator[Case]:
    """Every case of one document in the canonical JSON form; `header` is the model of its header."""
    form = json.loads(content)
    reduced = "record_id" in form["document"]
    payload = model_of(form["header"]["type"], reduced=reduced)
    yield from _of_object(form, form["header"], ("header",), header, None)
    yield from _of_object(form, form["document"], ("document",), payload, 1)
    yield from _of_names(form, form, (), {"header": True, "document": True}, None)
    yield from _of_texts(content)


def _of_texts(content: bytes) -> Iterator[Case]:
    for what, text in (("leading zeros", b'{"document":007}'), ("cut", content[:-1]), ("two", content * 2), ("not a number", b'{"document":NaN}')):
        yield Case(what, text, FaultCode.MALFORMED, "", None)
    yield Case("no object", b"[]", STRUCTURE, "", None)


def _of_object(form: Json, found: Json, path: tuple[str | int, ...], model: type[BaseModel], reference: int | None) -> Iterator[Case]:
    mandatory = {name: info.is_required() for name, info in model.model_fields.items()}
    yield from _of_names(form, found, path, mandatory, reference)
    for name, value in list(found.items()):
        inner = field_of(model, (name,))
        if isinstance(value, list) and isinstance(inner, type):
            for place, one in enumerate(value):
                yield from _of_object(form, one, (*path, name, place), inner, reference)
        elif isinstance(value, dict) and isinstance(inner, type):
            yield from _of_object(form, value, (*path, name), inner, reference)
        elif isinstance(inner, Field) and not isinstance(value, list):
            yield from _of_value(form, found, (*path, name), inner, reference)


def _of_names(form: Json, found: Json, path: tuple[str | int, ...], mandatory: Mapping[str, bool], reference: int | None) -> Iterator[Case]:
    """Unknown, missing, repeated, and one structure for another."""
    found["quill"] = "x"
    yield _json_case("unknown", form, (*path, "quill"), UNKNOWN, reference)
    del found["quill"]
    for name in list(found):
        value, order = found[name], list(found)
        if mandatory.get(name) and (*path, name) != ("header", "type"):
            del found[name]
            yield _json_case("missing", form, (*path, name), MISSING, reference if path else None)
        elif (*path, name) == ("header", "type"):
            del found[name]
            yield _json_case("missing", form, (*path, name), MISSING, None)
        found[name] = value
        found.update({key: found.pop(key) for key in order})
        yield _repeated(form, found, (*path, name))
        for other in _other_structures(value):
            found[name] = other
            yield _json_case(f"{other!r} for", form, (*path, name), STRUCTURE, reference)
        found[name] = value


def _other_structures(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [[], "x", 7, [value]]
    if isinstance(value, list):
        return [{}, "x", 7]
    return [{}, [], {"code": "A1"}, [value]]


def _repeated(form: Json, found: Json, path: tuple[str | int, ...]) -> Case:
    """JSON text whose object names the last step twice."""
    name, value = path[-1], found[path[-1]]
    found["\ue000twin"] = value
    text = json.dumps(form, ensure_ascii=False).replace('"\ue000twin":', f"{json.dumps(name)}:")
    del found["\ue000twin"]
    return Case(f"repeated {path}", text.encode(), REPEATED, _pointer(path), None)


def _of_value(form: Json, found: Json, path: tuple[str | int, ...], field: Field, reference: int | None) -> Iterator[Case]:
    name, kept = path[-1], found[path[-1]]
    for what, value, code in _wrong_values(str(path[0]), str(name), field):
        found[name] = value
        yield _json_case(f"{what} {str(value)[:40]!r}", form, path, code, reference)
    found[name] = kept


def _wrong_values(part: str, name: str, field: Field) -> Iterator[Wrong]:
    if (part, name) in _HEADER_VALUES:
        yield from _HEADER_VALUES[part, name]
        return
    kind = StrEnum if issubclass(field.kind, StrEnum) else field.kind
    yield from (("wrong type", value, CODE if kind is StrEnum else INVALID) for value in ((7, True) if kind is StrEnum else _TYPES[kind]))
    if kind is int:
        yield from (("out of bounds", number, INVALID) for number in [*field.outside(), -1, 10**30])
    elif kind is not bool:
        yield from field.texts()
    if kind is str and field.pattern not in _FORMS:
        yield from (("control character", f"a{character}b", INVALID) for character in "\x00\x07\x1f\ufffe")
    if not field.optional:
        yield "empty", None, MISSING
    if field.pattern == SPG_VERSION_FORM:
        yield "zeros", "0" * 32, INVALID


_INSTANTS = ("x", "2020-12-13", "2020-12-13T09:13:15", "2020-12-13 09:13:15Z", "2020-02-30T09:13:15Z", "2020-12-13T25:13:15Z", 1608628395, True)
_HEADER_VALUES: Mapping[tuple[str, str], tuple[Wrong, ...]] = {
    ("header", "prepared_at"): (*(("wrong type", value, INVALID) for value in _INSTANTS), ("empty", None, MISSING)),
    ("header", "version"): (("wrong code", "0-9-8", VERSION), ("wrong form", "0.9.14", VERSION), ("wrong type", 7, INVALID), ("empty", None, MISSING)),
    ("header", "type"): (("wrong code", "Quill", FaultCode.TYPE_UNKNOWN), ("wrong form", "A b", INVALID), ("wrong type", 7, INVALID), ("empty", None, MISSING)),
    ("header", "action"): (("wrong code", "ZZZ", CODE), ("wrong code", "ins", CODE), ("wrong type", 7, CODE), ("empty", None, MISSING)),
}


def _json_case(what: str, form: Json, path: tuple[str | int, ...], code: FaultCode, reference: int | None) -> Case:
    header_fault = code is FaultCode.TYPE_UNKNOWN
    return Case(f"{what} {path}", json.dumps(form).encode(), code, _pointer(path), 1 if header_fault else reference)


def _pointer(path: tuple[str | int, ...]) -> str:
    return "".join(f"/{step}" for step in path)
