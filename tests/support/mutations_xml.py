"""Every field of every message in SPG XML, made wrong in one place.

What it is: base interchanges of every type, the fields of the envelope with their wrong values, and the walk over both.
What it is not: a second reader: a place is an element of the changed document, not a text. All people and numbers are
made up.
"""

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from lxml import etree
from pydantic import BaseModel

from adapters.agencies.ndelius.codes import NUMBER
from adapters.agencies.ndelius.documents import QUALIFIED, Block, Leaf, Record
from adapters.agencies.ndelius.tables import SHAPES
from adapters.agencies.ndelius.transfers import ENTITY_IDS
from schemas.catalogue import ANSWERING, CATALOGUE, KEYS, model_of
from schemas.faults import FaultCode
from schemas.identifiers import CODE_FORM, OFFICER_FORM, TEAM_FORM
from tests.support.dialects import VECTORS
from tests.support.mutations import (
    CODE,
    DATES,
    FORMS,
    IDENTIFIER,
    INVALID,
    LONG,
    MISPLACED,
    MISSING,
    REPEATED,
    STRUCTURE,
    TIMES,
    UNKNOWN,
    VERSION,
    WORDS,
    Case,
    Field,
    Wrong,
    field_of,
)

COUNT_WRONG, OTHER_REFERENCE = FaultCode.CONTROL_COUNT_WRONG, FaultCode.CONTROL_REFERENCE_MISMATCH
OTHER_PARTY, OTHER_NUMBER = FaultCode.IDENTITY_MISMATCH, FaultCode.MESSAGE_REFERENCE_MISMATCH


@cache
def xml_bases() -> Mapping[str, bytes]:
    """Every sample that is an interchange, and what no sample shows: reduced deletes, entries of a status notification,
    the other parts of a transfer response, control data of a test."""
    found = {path.stem: path.read_bytes() for path in sorted((VECTORS / "plain").glob("*.xml")) if not path.stem.startswith("SPGInterchangeResponse")}
    for name in KEYS:
        source = next(content for stem, content in found.items() if stem.startswith(f"{name}-"))
        found[f"{name}-del-reduced"] = _reduced(source, name)
    status = found["InterchangeStatusNotification-202"]
    entry = "<MessageStatus><MessageReferenceNumber>{}</MessageReferenceNumber><StatusCode>422</StatusCode>{}</MessageStatus>"
    more = "<FaultCode>version-conflict</FaultCode><CurrentVersion>CB1CF9D6CE475DD58274951576C023FC</CurrentVersion><RecordID>2500000077</RecordID>"
    found["InterchangeStatusNotification-entries"] = status.replace(
        b"</InterchangeStatusNotification>", (entry.format(1, "") + entry.format(2, more)).encode() + b"</InterchangeStatusNotification>"
    )
    found["ConsolidatedTransferResponse-all-reject"] = _with_all_kinds(found["ConsolidatedTransferResponse-RQ-reject"])
    test = b"<TestControlData>Made up.</TestControlData></SPGInterchangeHeader>"
    found["ConnectionNotification-control-data"] = found["ConnectionNotification-nocode-norcr"].replace(b"</SPGInterchangeHeader>", test)
    return found


def _with_all_kinds(content: bytes) -> bytes:
    """A rejection of one requirement as one of everything that can be transferred, but for the whole case."""
    start, end = content.index(b"<RQTransferResponse>"), content.rindex(b"</RQTransferResponse>") + len(b"</RQTransferResponse>")
    part = content[start:end].decode()
    parts = [part.replace("RQTransfer", f"{kind}Transfer").replace("RequirementID", entity) for kind, entity in ENTITY_IDS.items() if entity]
    return content[:start] + "".join(parts).encode() + content[end:]


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
    "DateOfPreparation": (True, tuple(("wrong type", word, INVALID) for word in DATES)),
    "TimeOfPreparation": (True, tuple(("wrong type", word, INVALID) for word in TIMES)),
    "ApplicationReference": (False, (("too long", "x" * 501, LONG),)),
    "TestIndicator": (False, tuple(("wrong code", word, INVALID) for word in WORDS[bool])),
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


def _twice(tree: _Tree, element: etree._Element) -> Case:
    """The element, and itself once more behind it."""
    twin = etree.fromstring(etree.tostring(element, with_tail=False))
    element.addnext(twin)
    case = tree.at("repeated", REPEATED, twin)
    element.getparent().remove(twin)
    return case


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
    wrong += [("SchemaDate", word, INVALID) for word in DATES]
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
    """What is answered stands in header and trailer, or in neither; and not in neither, where the type must name it."""
    parent, place, text = element.getparent(), element.getparent().index(element), element.text
    needed = tree.root[1][1].tag.removeprefix(QUALIFIED) in ANSWERING
    in_trailer = parent is tree.root[-1]
    twin = tree.root[-1].find(str(element.tag))
    if needed and not in_trailer:
        kept, twin.text, element.text = twin.text, "", ""
        yield replace(tree.at("empty in both", MISSING, element), reference=1)
        twin.text = kept
    else:
        element.text = ""
        yield tree.at("empty", OTHER_REFERENCE, twin)
        parent.remove(element)
        left = ("", twin) if not in_trailer else ("ReceiverControlReference", tree.root[-1])
        yield tree.at("missing", OTHER_REFERENCE, left[1], left[0])
        parent.insert(place, element)
    element.text = text


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
    yield _twice(tree, element)
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
            yield _twice(tree, element)
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
    for element in (header, trailer):
        yield _twice(tree, element)
        place = message.index(element)
        message.remove(element)
        yield tree.at("missing", MISSING, message, str(element.tag).removeprefix(QUALIFIED))
        message.insert(place, element)
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
    yield _twice(tree, master)
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
    yield _twice(tree, details)
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
    yield "empty code", "/Quillfeather", FORMS[str(typing.cast("Field", code).pattern)][0]
    for what, word, fault in typing.cast("Field", named).texts():
        yield what, f"{_RIGHT[str(typing.cast('Field', code).pattern)]}/{word}", fault


_RIGHT: Mapping[str, str] = {TEAM_FORM: "N00A12", OFFICER_FORM: "N00A294", CODE_FORM: "A1"}
