"""SOAP 1.1 and 1.2 envelopes: taken apart and put together, without signatures.

What it is: one Body with one payload. What it is not: evidence: `unwrap_unsigned` says only what was claimed.
Called by `wss`, by the SOAP door, and where a partner answers with a bare response.
"""

from dataclasses import dataclass

from gateway.trust import xml_guard
from gateway.trust.contract import Limits
from gateway.trust.xml_guard import Element, canonical, canonical_document, children
from schemas.faults import FaultCode, Refusal, refuse

NAMESPACES = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
MEDIA_TYPES = {"1.1": "text/xml", "1.2": "application/soap+xml"}
SPG = "http://www.justice.gsi.gov.uk/SPG/"
KINDS = {f"{{{SPG}}}SPGInterchange": "interchange", f"{{{SPG}}}SPGInterchangeResponse": "interchange-response"}
_ROOTS = {f"{{{namespace}}}Envelope": version for version, namespace in NAMESPACES.items()}


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope by position: what stands where, and nothing about what it says."""

    soap_version: str
    header: Element | None
    body: Element


@dataclass(frozen=True, slots=True)
class ClaimedContent:
    """What an unsigned envelope says. Not believed: nobody signed it."""

    claimed_content: bytes
    kind: str
    soap_version: str


def content_type(soap_version: str) -> str:
    """The media type that an envelope of this version travels as."""
    return f"{MEDIA_TYPES[soap_version]}; charset=utf-8"


def read_envelope(root: Element) -> Envelope:
    """Header at most once and first, Body exactly once and last. Refuses with `malformed`."""
    version = _ROOTS.get(str(root.tag))
    if version is None:
        raise _malformed("The root is not a SOAP 1.1 or 1.2 Envelope.")
    parts = children(root)
    header_tag, body_tag = f"{{{NAMESPACES[version]}}}Header", f"{{{NAMESPACES[version]}}}Body"
    match [part.tag for part in parts]:
        case [first, second] if first == header_tag and second == body_tag:
            return Envelope(version, parts[0], parts[1])
        case [only] if only == body_tag:
            return Envelope(version, None, parts[0])
    raise _malformed("The Envelope holds other than a Header and a Body.")


def payload_of(body: Element, *, large: bool = False) -> tuple[bytes, str]:
    """Canonical form and kind of the one payload in a Body. Refuses with `malformed`."""
    roots = children(body)
    stray = [body.text, *(node.tail for node in body)]
    if len(roots) != 1 or any(text and not text.isspace() for text in stray):
        raise _malformed("The Body holds other than one payload.")
    kind = KINDS.get(str(roots[0].tag))
    if kind is None:
        raise _malformed("The payload is neither an SPGInterchange nor an SPGInterchangeResponse.")
    return canonical(roots[0], large=large), kind


def wrap(document: bytes, soap_version: str) -> bytes:
    """An unsigned envelope around `document`, for callers that expect a bare response."""
    return b"".join(
        (
            f'<soap:Envelope xmlns:soap="{NAMESPACES[soap_version]}"><soap:Header/><soap:Body>'.encode(),
            canonical_document(document),
            b"</soap:Body></soap:Envelope>",
        )
    )


def unwrap_unsigned(body: bytes, limits: Limits) -> ClaimedContent:
    """What an envelope claims, signed or not: no signature is looked at. Refuses as `xml_guard.parse` does."""
    envelope = read_envelope(xml_guard.parse(body, limits))
    content, kind = payload_of(envelope.body)
    return ClaimedContent(content, kind, envelope.soap_version)


def _malformed(detail: str) -> Refusal:
    return refuse(FaultCode.MALFORMED, detail, cause="soap")
