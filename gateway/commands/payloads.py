"""What bytes are and what they say, found out without a gateway: no store, no key, no setting.

What it is: SPG XML, the JSON form, SOAP or a JWS around either, and flat files, told apart by their bytes, and documents
of a described language, which is always named. What it is not: a door: no signature is looked at, no agreement asked.
Called by `checking` and `translating`.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from lxml import etree

from adapters.agencies.ndelius.answers import read_interchange_response
from adapters.names import Dialect
from gateway.commands.languages import ADAPTERS, Form, Language
from gateway.trust import soap, strict_json
from gateway.trust.contract import Limits
from schemas.envelope import Interchange
from schemas.faults import FaultCode, refuse

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of one file: no dialect reads a larger document."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_JWS: Final = re.compile(rb"[\w-]+\.[\w-]*\.[\w-]*")
_FLAT_FILE: Final = re.compile(rb'(\xef\xbb\xbf)?"?H"?,')
"""The line that opens a batch; nothing else that is read here begins so."""
_END_OF_BATCH: Final = re.compile(rb"(?<=\r\n)T,[0-9,]*\r\n(?=H,)")
_BETWEEN_INTERCHANGES: Final = re.compile(rb"(?<=</SPGInterchange>)\s*(?=<SPGInterchange[\s>])")
"""Inside one well-formed document a root never begins after a root has ended."""
_ENVELOPES: Final = frozenset(f"{{{namespace}}}Envelope" for namespace in soap.NAMESPACES.values())
_ANSWER: Final = f"{{{soap.SPG}}}SPGInterchangeResponse"
_OWN: Final = frozenset({Form.FLAT_FILE, Form.XML, Form.CSV})
"""Of languages that take a document for their own, whatever it looks like."""


@dataclass(frozen=True, slots=True)
class Found:
    """One document without what was around it. Nobody vouches for it: no signature was looked at."""

    content: bytes
    form: Form
    envelope: str = ""
    """`SOAP 1.1`, `SOAP 1.2` or `JWS`."""


def documents_in(content: bytes, language: Language) -> list[bytes]:
    """The documents of one file: interchanges or batches one after another, JSON or JWS one a line; mostly a single one."""
    if language.between is not None:
        return language.between.split(content) if language.form is Form.XML else _batches_in(content, language.between)
    if _FLAT_FILE.match(content):
        return _batches_in(content, _END_OF_BATCH)
    if _first(content) == b"<":
        return _BETWEEN_INTERCHANGES.split(content)
    lines = [line for line in content.splitlines() if line.strip()]
    return lines if len(lines) > 1 and _is_whole(lines[0].strip()) else [content]


def find(document: bytes, language: Language) -> Found:
    """What it is, and what is inside. Refuses what is none of the forms, and broken wrappings."""
    if language.form in _OWN:
        return Found(document, language.form)
    if _FLAT_FILE.match(document):
        return Found(document, Form.FLAT_FILE)
    match _first(document):
        case b"":
            raise refuse(FaultCode.MALFORMED, "There is nothing in it.")
        case b"<":
            return _find_xml(document)
        case b"{" | b"[":
            return Found(document, Form.JSON)
    token = document.strip()
    if _JWS.fullmatch(token) is None:
        raise refuse(FaultCode.MALFORMED, "It begins neither as XML, nor as JSON in UTF-8, nor as a flat file, and is no compact JWS.")
    # Half as long again to load as everything else together: only where there is a JWS.
    from gateway.trust import compact

    return Found(compact.split(token).unverified_payload, Form.JSON, "JWS")


def read(found: Found, language: Language) -> Interchange | int:
    """What it says: an interchange, or the status of an answer. SPG XML and flat files have a language of their own."""
    if found.form is Form.ANSWER:
        return read_interchange_response(found.content)
    if found.form is Form.INTERCHANGE:
        return ADAPTERS[Dialect.NDELIUS].read(found.content)
    if found.form is Form.FLAT_FILE:
        return ADAPTERS[Dialect.FLATFILE].read(found.content)
    interchange = language.adapter.read(found.content)
    if found.form is Form.JSON:
        # The doors look at JSON twice: this refuses what only some parsers read, such as half a surrogate pair.
        strict_json.parse(found.content, Limits())
    return interchange


def _first(content: bytes) -> bytes:
    match = re.match(rb"\s*(\S)", content[len(_BYTE_ORDER_MARK) :] if content.startswith(_BYTE_ORDER_MARK) else content)
    return match[1] if match else b""


def _batches_in(content: bytes, ending: re.Pattern[bytes]) -> list[bytes]:
    """Batches one after another. Where quotation marks are open, what looks like an end is a part of somebody's text."""
    batches, start, counted, quotes = list[bytes](), 0, 0, 0
    for end in (match.end() for match in ending.finditer(content)):
        quotes += content.count(b'"', counted, end)
        counted = end
        if quotes % 2 == 0:
            batches.append(content[start:end])
            start = end
    return [*batches, content[start:]]


def _is_whole(line: bytes) -> bool:
    """True for a line that is a document by itself: pretty-printed JSON has none at its start."""
    if line.startswith(b"{"):
        return line.endswith(b"}")
    return _JWS.fullmatch(line) is not None


def _find_xml(document: bytes) -> Found:
    root = _root_of(document)
    if root in _ENVELOPES:
        claimed = soap.unwrap_unsigned(document, Limits())
        form = Form.ANSWER if claimed.kind == "interchange-response" else Form.INTERCHANGE
        return Found(claimed.claimed_content, form, f"SOAP {claimed.soap_version}")
    return Found(document, Form.ANSWER if root == _ANSWER else Form.INTERCHANGE)


def _root_of(document: bytes) -> str:
    """The root's name from as little as it takes. Empty where it cannot be told: then the dialect says why."""
    if b"<!DOCTYPE" in document:
        return ""
    hardened = etree.iterparse(
        BytesIO(document), events=("start",), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        return next((str(element.tag) for _, element in hardened), "")
    except etree.XMLSyntaxError:
        return ""
