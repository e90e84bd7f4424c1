"""XML read so that it can do no harm (XML 1.0, Exclusive XML Canonicalization 1.0).

What it is: bounds checked by a scan before any tree exists, then one hardened parse, and the canonical form. What
it is not: a schema. Called on every XML document before anything in it is believed. No DTD, no entities, no
processing instructions, UTF-8 alone; nothing is ever fetched. Parsers belong to their thread.
"""

import threading
from collections.abc import Sequence
from io import BytesIO
from xml.parsers import expat  # nosec B406: it only counts; a DTD ends the scan before an entity can exist

from lxml import etree

from gateway.trust.contract import Limits
from schemas.faults import FaultCode, Refusal, refuse

Element = etree._Element  # lxml offers no public name for its element type

_MAX_ATTRIBUTES = 64
"""Of one element, namespace declarations included: canonicalisation is slow where there are many."""
_ENCODINGS = frozenset({"utf-8", "us-ascii"})
_threads = threading.local()


def parse(raw: bytes, limits: Limits) -> Element:
    """The root of `raw`. Refuses with `too-large`, `too-complex` or `malformed`; details name places, not content."""
    if len(raw) > limits.max_bytes:
        raise refuse(FaultCode.TOO_LARGE, f"At most {limits.max_bytes} bytes are taken.", cause="limits")
    _scan(raw, limits)
    return parse_canonical(raw)


def parse_canonical(scanned: bytes) -> Element:
    """As `parse`, for bytes that were scanned before, or that we canonicalised from such."""
    try:
        return etree.fromstring(scanned, _parser())
    except etree.XMLSyntaxError as error:
        raise _malformed(f"line {error.lineno}") from error
    except ValueError as error:
        raise _malformed("not XML in UTF-8") from error


def canonical(element: Element, inclusive_prefixes: Sequence[str] = (), *, large: bool = False) -> bytes:
    """Exclusive canonical form without comments: text that a comment stood in comes out whole. `large`: made piece
    by piece, so that it is in memory once and not twice, which takes longer.

    Refuses with `malformed` what has none, such as a relative namespace name (Canonical XML 1.0 §1.3).
    """
    prefixes = list(inclusive_prefixes) or None
    try:
        if not large:
            return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes)
        pieces = BytesIO()
        etree.ElementTree(element).write(pieces, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(inclusive_prefixes))
        return pieces.getvalue()
    except etree.C14NError as error:
        raise _malformed("it has no canonical form") from error


def canonical_document(document: bytes, limits: Limits | None = None) -> bytes:
    """The canonical form of a whole document: what the content digest of an SPG payload is taken over."""
    return canonical(parse(document, limits or Limits()))


def children(element: Element) -> list[Element]:
    """Child elements, without comments."""
    return [child for child in element if isinstance(child.tag, str)]


class _Scan:
    """Counts what goes by, and stops at the first thing too many."""

    __slots__ = ("_depth", "_elements", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._depth = 0
        self._elements = 0

    def start(self, _: str, attributes: list[str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > self._limits.max_depth or self._elements > self._limits.max_elements or len(attributes) > 2 * _MAX_ATTRIBUTES:
            raise _too_complex("The XML is nested or repeated beyond the limits.", "xml-complexity")

    def end(self, _: str) -> None:
        self._depth -= 1

    def doctype(self, *_: object) -> None:
        raise _too_complex("A document type declaration is not taken.", "xml-dtd")

    def instruction(self, *_: object) -> None:
        raise _too_complex("Processing instructions are not taken.", "xml-processing-instruction")

    def declaration(self, _: str, encoding: str | None, __: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise _malformed("only UTF-8 is read")


def _scan(raw: bytes, limits: Limits) -> None:
    scan = _Scan(limits)
    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.StartDoctypeDeclHandler = scan.doctype
    parser.ProcessingInstructionHandler = scan.instruction
    parser.XmlDeclHandler = scan.declaration
    try:
        parser.Parse(raw, True)  # noqa: FBT003 - expat's own signature: this is the last piece
    except expat.ExpatError as error:
        raise _malformed(f"line {error.lineno}, column {error.offset + 1}") from error


def _parser() -> etree.XMLParser:
    """This thread's parser: libxml2 contexts are not shared."""
    parser: etree.XMLParser | None = getattr(_threads, "parser", None)
    if parser is None:
        parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, collect_ids=False
        )
        _threads.parser = parser
    return parser


def _malformed(where: str) -> Refusal:
    return refuse(FaultCode.MALFORMED, f"The XML cannot be parsed: {where}.", cause="xml")


def _too_complex(detail: str, cause: str) -> Refusal:
    return refuse(FaultCode.TOO_COMPLEX, detail, cause=cause)
