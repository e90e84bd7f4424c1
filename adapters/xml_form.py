"""Untrusted XML to a tree that is safe to walk.

What it is: the hardened parse for dialects that are XML and have no schema of their own here. What it is not: knowledge
of any message, nor SPG's own reader, which also streams (`adapters.agencies.ndelius.parsing`). The bytes were
authenticated, not believed: no DTD, no entities, no network, no comments, no processing instructions.
"""

from typing import Final

from lxml import etree

from schemas.faults import FaultCode, refuse

MEDIA_TYPE: Final = "application/xml"
MAX_BYTES: Final = 64 * 1024 * 1024
"""Backstop; agreements set the real limit."""
_NOT_PLAIN: Final = etree.XPath("boolean(//comment() | //processing-instruction())")


def parse_plain(content: bytes) -> etree._Element:
    """The root of well-formed XML in UTF-8. Refuses everything that could reach out, blow up or hide."""
    if len(content) > MAX_BYTES:
        raise refuse(FaultCode.TOO_LARGE, f"Documents of more than {MAX_BYTES} bytes are not read.")
    if b"<!DOCTYPE" in content:
        raise refuse(FaultCode.TOO_COMPLEX, "A document type declaration is not allowed.")
    hardened = etree.XMLParser(
        encoding="utf-8", huge_tree=False, resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False
    )
    try:
        root = etree.fromstring(content, hardened)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise refuse(FaultCode.MALFORMED, f"The XML is not well-formed at line {line}, column {column}.") from error
    except ValueError as error:
        raise refuse(FaultCode.MALFORMED, "The XML cannot be parsed.", cause=type(error).__name__) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise refuse(FaultCode.TOO_COMPLEX, "A document type declaration is not allowed.")
    if _NOT_PLAIN(root.getroottree()):
        raise refuse(FaultCode.STRUCTURE_INVALID, "Comments and processing instructions are not allowed.", pointer="/")
    return root
