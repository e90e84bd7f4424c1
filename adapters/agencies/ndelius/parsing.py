"""Untrusted XML to a tree that is safe to walk.

What it is: the hardened parse and the walk over one level, with faults that name the place. What it is not:
knowledge of messages (see `tables`). The bytes were authenticated, not believed: no DTD, no entities, no
network, no comments or processing instructions, no attributes but the root's, no text between elements.
"""

from collections.abc import Sequence
from typing import Final

from lxml import etree

from adapters.agencies.ndelius.documents import QUALIFIED, XSI, Leaf, Record
from schemas.faults import FaultCode, Refusal, refuse

MAX_BYTES: Final = 64 * 1024 * 1024
"""Backstop; agreements set the real limit."""
ROOT_ATTRIBUTES: Final = frozenset({"SchemaVersion", "SchemaDate", "{" + XSI + "}schemaLocation"})
_FOREIGN_NODES: Final = etree.XPath("boolean(//comment() | //processing-instruction() | /*//*/@*)")

Texts = list[tuple[Leaf, str]]
"""Leaves that were there, each with its trimmed text, in order."""


def parse(content: bytes, root: str) -> etree._Element:
    """The root element of well-formed, plain XML. Refuses everything else."""
    if len(content) > MAX_BYTES:
        raise refuse(FaultCode.TOO_LARGE, f"Documents of more than {MAX_BYTES} bytes are not read.")
    if b"<!DOCTYPE" in content:
        raise refuse(FaultCode.TOO_COMPLEX, "A document type declaration is not allowed.")
    element = _tree(content)
    if element.getroottree().docinfo.internalDTD is not None:
        raise refuse(FaultCode.TOO_COMPLEX, "A document type declaration is not allowed.")
    if element.tag != QUALIFIED + root:
        raise refuse(FaultCode.STRUCTURE_INVALID, f"The document is not an {root} in the SPG namespace.", pointer="/")
    if _FOREIGN_NODES(element):
        raise refuse(FaultCode.STRUCTURE_INVALID, "Comments, processing instructions and attributes below the root are not allowed.", pointer="/" + root)
    return element


def _tree(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False, huge_tree=False
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise refuse(FaultCode.MALFORMED, f"The XML is not well-formed at line {line}, column {column}.") from error
    except ValueError as error:
        raise refuse(FaultCode.MALFORMED, "The XML cannot be parsed.", cause=type(error).__name__) from error


def name_of(element: etree._Element) -> str:
    """A name as a pointer shows it: without the SPG namespace, and bounded."""
    return str(element.tag).removeprefix(QUALIFIED)[:64]


def structure(detail: str, pointer: str) -> Refusal:
    """The fault of a wrong structure."""
    return refuse(FaultCode.STRUCTURE_INVALID, detail, pointer=pointer)


def children(element: etree._Element, where: str) -> list[etree._Element]:
    """The elements inside; refuses text between them."""
    found = list(element)
    if _is_text(element.text) or any(_is_text(child.tail) for child in found):
        raise structure("There is text between elements.", where)
    return found


def exactly(element: etree._Element, names: Sequence[str], where: str) -> list[etree._Element]:
    """The elements inside, which must be these in this order."""
    found = children(element, where)
    if [child.tag for child in found] != [QUALIFIED + name for name in names]:
        raise misplaced(found, names, names, where)
    return found


def texts(element: etree._Element, record: Record, where: str) -> Texts:
    """The leaves of a record. Refuses unknown, repeated, missing and misplaced elements."""
    leaves = record.leaves
    found: Texts = []
    position, count = 0, len(leaves)
    if _is_text(element.text):
        raise structure("There is text between elements.", where)
    for child in element:
        tag = child.tag
        while position < count and leaves[position].tag != tag and not leaves[position].required:
            position += 1
        tail = child.tail
        if position == count or leaves[position].tag != tag or len(child) or (tail and not tail.isspace()):
            raise _unfit(element, record, where)
        leaf = leaves[position]
        found.append((leaf, (child.text or "").strip()))
        position += 1
    if any(leaf.required for leaf in leaves[position:]):
        raise _unfit(element, record, where)
    return found


def misplaced(found: Sequence[etree._Element], known: Sequence[str], required: Sequence[str], where: str) -> Refusal:
    """Why these elements are not the ones that were expected, in the order of what helps most."""
    names = [name_of(child) for child in found]
    for name in names:
        if name not in known:
            return refuse(FaultCode.ELEMENT_UNKNOWN, "There is no such element here.", pointer=f"{where}/{name}")
    for name in names:
        if names.count(name) > 1:
            return refuse(FaultCode.ELEMENT_REPEATED, "It stands more than once.", pointer=f"{where}/{name}[2]")
    for name in required:
        if name not in names:
            return refuse(FaultCode.ELEMENT_MISSING, "It is mandatory here.", pointer=f"{where}/{name}")
    return structure("The elements are not in their order: " + ", ".join(known) + ".", where)


def _unfit(element: etree._Element, record: Record, where: str) -> Refusal:
    found = list(element)
    for child in found:
        if _is_text(child.tail):
            return structure("There is text between elements.", where)
        if len(child) and any(child.tag == leaf.tag for leaf in record.leaves):
            return structure("Text was expected, not elements.", f"{where}/{name_of(child)}")
    return misplaced(found, [leaf.element for leaf in record.leaves], [leaf.element for leaf in record.leaves if leaf.required], where)


def _is_text(text: str | None) -> bool:
    return bool(text) and not str(text).isspace()
