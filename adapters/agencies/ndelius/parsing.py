"""Untrusted XML to a tree that is safe to walk.

What it is: the hardened parse and the walk over one level, with faults that name the place. What it is not:
knowledge of messages (see `tables`). The bytes were authenticated, not believed: no DTD, no entities, no
network, no comments or processing instructions, no attributes but the root's, no text between elements.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from lxml import etree

from adapters.agencies.ndelius.documents import QUALIFIED, XSI, Leaf, Record
from schemas.faults import Fault, FaultCode, Refusal, refusal_of, refuse

MAX_BYTES: Final = 64 * 1024 * 1024
"""Backstop; agreements set the real limit."""
ROOT_ATTRIBUTES: Final = frozenset({"SchemaVersion", "SchemaDate", "{" + XSI + "}schemaLocation"})
_FOREIGN_NODES: Final = etree.XPath("boolean(//comment() | //processing-instruction() | /*//*/@*)")
_FOREIGN_INSIDE: Final = etree.XPath("boolean(.//comment() | .//processing-instruction() | descendant-or-self::*/@*)")
_NOT_PLAIN: Final = "Comments, processing instructions and attributes below the root are not allowed."
_WHOLE_BYTES: Final = 256 * 1024
"""Above this a document is never held as one tree, which takes five times its size."""
_BLANKS: Final = " \t\r\n"
_CHUNK_BYTES: Final = 64 * 1024
_threads: Final = threading.local()

Texts = list[tuple[Leaf, str]]
"""Leaves that were there, each with its trimmed text, in order."""
Faults = list[Fault]
"""What was found wrong so far."""
Part = Callable[[etree._Element, etree._Element], None]
"""Takes the root so far and one complete child of it."""


def parse(content: bytes, root: str) -> etree._Element:
    """The root element of well-formed, plain XML. Refuses everything else."""
    _check_bytes(content)
    try:
        element = etree.fromstring(content, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _malformed(error) from error
    _check_root(element, root)
    return element


def parse_by_child(content: bytes, root: str, child: str, take: Part) -> etree._Element:
    """The same; `take` gets each child of that name, in order, and may keep nothing of it: in a large document
    it is emptied at once, so that the tree stays small. The root comes back with its children in place."""
    if len(content) <= _WHOLE_BYTES:
        element = parse(content, root)
        for found in element.iterchildren(QUALIFIED + child):
            take(element, found)
        return element
    _check_bytes(content)
    parser = etree.XMLPullParser(
        events=("start", "end"), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False
    )
    try:
        _feed(parser, content, root, child, take)
        element = parser.close()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _malformed(error) from error
    _check_root(element, root)
    return element


def _feed(parser: etree.XMLPullParser, content: bytes, root: str, child: str, take: Part) -> None:
    top: etree._Element | None = None
    for start in range(0, len(content), _CHUNK_BYTES):
        parser.feed(content[start : start + _CHUNK_BYTES])
        for event, element in parser.read_events():
            if not isinstance(element, etree._Element):
                continue
            if top is None:
                top = element
                _check_root(top, root)
            if event == "end" and element.getparent() is top and element.tag == QUALIFIED + child:
                if _FOREIGN_INSIDE(element):
                    raise structure(_NOT_PLAIN, f"/{root}/{child}")
                take(top, element)
                # Not `clear`: the text after it, which must be blank, is judged with the root.
                del element[:]


def _parser() -> etree.XMLParser:
    """This thread's parser: making one takes half as long as a parse, and libxml2 contexts are not shared."""
    parser: etree.XMLParser | None = getattr(_threads, "parser", None)
    if parser is None:
        parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False, huge_tree=False
        )
        _threads.parser = parser
    return parser


def _check_bytes(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise refuse(FaultCode.TOO_LARGE, f"Documents of more than {MAX_BYTES} bytes are not read.")
    if b"<!DOCTYPE" in content:
        raise refuse(FaultCode.TOO_COMPLEX, "A document type declaration is not allowed.")


def _check_root(element: etree._Element, root: str) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise refuse(FaultCode.TOO_COMPLEX, "A document type declaration is not allowed.")
    if element.tag != QUALIFIED + root:
        raise refuse(FaultCode.STRUCTURE_INVALID, f"The document is not an {root} in the SPG namespace.", pointer="/")
    if _FOREIGN_NODES(element):
        raise structure(_NOT_PLAIN, "/" + root)


def _malformed(error: Exception) -> Refusal:
    if isinstance(error, etree.XMLSyntaxError):
        line, column = error.position
        return refuse(FaultCode.MALFORMED, f"The XML is not well-formed at line {line}, column {column}.")
    return refuse(FaultCode.MALFORMED, "The XML cannot be parsed.", cause=type(error).__name__)


def name_of(element: etree._Element) -> str:
    """A name as a pointer shows it: without the SPG namespace, and bounded."""
    return str(element.tag).removeprefix(QUALIFIED)[:64]


def structure(detail: str, pointer: str) -> Refusal:
    """The fault of a wrong structure."""
    return refuse(FaultCode.STRUCTURE_INVALID, detail, pointer=pointer)


def children(element: etree._Element, where: str) -> list[etree._Element]:
    """The elements inside; refuses text between them."""
    found = list(element)
    for text in (element.text, *[child.tail for child in found]):
        if text and text.strip(_BLANKS):
            raise structure("There is text between elements.", where)
    return found


def exactly(element: etree._Element, names: Sequence[str], where: str) -> list[etree._Element]:
    """The elements inside, which must be these in this order."""
    found = children(element, where)
    if [child.tag for child in found] != [QUALIFIED + name for name in names]:
        raise refusal_of(misplaced(found, names, names, where))
    return found


def texts(element: etree._Element, record: Record, where: str, faults: Faults) -> Texts:
    """The leaves of a record. What is unknown, repeated, missing or misplaced is added to `faults`."""
    leaves = record.leaves
    found: Texts = []
    position, count = 0, len(leaves)
    fits = not is_text(element.text)
    for child in element:
        tag, tail = child.tag, child.tail
        while position < count and (leaf := leaves[position]).tag != tag and not leaf.required:
            position += 1
        if position == count or leaf.tag != tag or len(child) or (tail and tail.strip(_BLANKS)):
            fits = False
            break
        found.append((leaf, (child.text or "").strip()))
        position += 1
    if fits and (position == count or not any(leaf.required for leaf in leaves[position:])):
        return found
    faults += _misfits(element, record, where)
    return _best(element, record)


def misplaced(found: Sequence[etree._Element], known: Sequence[str], required: Sequence[str], where: str) -> list[Fault]:
    """Why these elements are not the ones that were expected: all that are unknown, repeated or missing; and only
    where there are none of those, the one that stands in the wrong place."""
    names = [name_of(child) for child in found]
    faults = [Fault(FaultCode.ELEMENT_UNKNOWN, "There is no such element here.", f"{where}/{name}") for name in dict.fromkeys(names) if name not in known]
    repeated = [name for name in known if names.count(name) > 1]
    faults += [Fault(FaultCode.ELEMENT_REPEATED, "It stands more than once.", f"{where}/{name}[2]") for name in repeated]
    faults += [Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", f"{where}/{name}") for name in required if name not in names]
    return faults or [Fault(FaultCode.ELEMENT_MISPLACED, "The order is: " + ", ".join(known) + ".", f"{where}/{_odd_one(names, known)}")]


def _odd_one(names: list[str], known: Sequence[str]) -> str:
    """The element without which the others would be in order; where there is none, the first out of order."""
    places = [known.index(name) for name in names]
    for odd in range(len(places)):
        rest = places[:odd] + places[odd + 1 :]
        if rest == sorted(rest):
            return names[odd]
    return next((name for name, place, right in zip(names, places, sorted(places), strict=True) if place != right), names[0])


def _misfits(element: etree._Element, record: Record, where: str) -> list[Fault]:
    found, known = list(element), [leaf.element for leaf in record.leaves]
    faults = []
    if is_text(element.text) or any(is_text(child.tail) for child in found):
        faults.append(Fault(FaultCode.STRUCTURE_INVALID, "There is text between elements.", where))
    nested = [child for child in found if len(child) and name_of(child) in known]
    faults += [Fault(FaultCode.STRUCTURE_INVALID, "Text was expected, not elements.", f"{where}/{name_of(child)}") for child in nested]
    return faults or misplaced(found, known, [leaf.element for leaf in record.leaves if leaf.required], where)


def _best(element: etree._Element, record: Record) -> Texts:
    """The leaves that can be told in spite of a wrong structure, so that their values can be judged too."""
    leaves = {leaf.tag: leaf for leaf in record.leaves}
    found = {child.tag: child for child in reversed(list(element)) if child.tag in leaves and not len(child)}
    return [(leaf, (found[tag].text or "").strip()) for tag, leaf in leaves.items() if tag in found]


def is_text(text: str | None) -> bool:
    """True for anything but the white space of XML, which may stand between elements (XML 1.0 §2.3)."""
    return bool(text) and bool(str(text).strip(_BLANKS))
