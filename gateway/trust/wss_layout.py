"""The one layout of a WS-Security header that is read (WSS SOAP Message Security 1.1, X.509 Token Profile 1.1).

What it is: step 2 of `wss`: where everything stands, by position, as a typed claim. What it is not: a check of
algorithms, keys or digests. Anything that stands elsewhere, twice, or besides, is refused: signature wrapping
lives on what a verifier looks up by id and a reader by name.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from lxml import etree

from gateway.trust import soap
from gateway.trust.soap import Envelope
from gateway.trust.xml_guard import Element, children
from schemas.faults import FaultCode, Refusal, refuse

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
X509_V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
WSU_ID = f"{{{WSU}}}Id"

_SECURITY = f"{{{WSSE}}}Security"
_TOKEN = f"{{{WSSE}}}BinarySecurityToken"
_SIGNATURE = f"{{{DS}}}Signature"
_TIMESTAMP = f"{{{WSU}}}Timestamp"
_INCLUSIVE = f"{{{EXC_C14N}}}InclusiveNamespaces"
_IDS = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']")
"""Every attribute that some reader somewhere might take for an id: Id, ID, id, wsu:Id, xml:id."""
_ELSEWHERE = etree.XPath("count(//wsse:Security) + count(//ds:Signature) + count(//wsse:BinarySecurityToken)", namespaces={"wsse": WSSE, "ds": DS})
_MAX_TOKEN_CHARACTERS = 64 * 1024
_MAX_PREFIXES = 32
_SAME_DOCUMENT = re.compile(r"#[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClaimedReference:
    """One ds:Reference: what it points to, and the digest that it gives."""

    target: str
    prefixes: tuple[str, ...]
    digest_algorithm: str
    digest_value: bytes


@dataclass(frozen=True, slots=True)
class ClaimedSecurity:
    """A signed envelope in the one layout. Nothing of it is believed yet."""

    envelope: Envelope
    certificate: bytes
    timestamp: Element | None
    signature: Element
    signature_algorithm: str
    references: tuple[ClaimedReference, ...]

    def targets(self) -> dict[str, Element]:
        """The parts that can be signed, by name, as they stand in the envelope."""
        parts = {"Body": self.envelope.body}
        return parts if self.timestamp is None else parts | {"Timestamp": self.timestamp}


def read(root: Element) -> ClaimedSecurity:
    """Refuses with `malformed` what is no envelope, and with `signature-not-accepted` any other layout."""
    envelope = soap.read_envelope(root)
    ids = _IDS(root)
    if not isinstance(ids, list) or len({str(value) for value in ids}) != len(ids):
        raise not_accepted("id-not-unique")
    if _ELSEWHERE(root) != 3:
        raise not_accepted("security-not-exactly-once")
    security = _the(envelope.header, _SECURITY, "header-blocks")
    token, signature, timestamp = _security_parts(security)
    info, _, key_info = _exactly(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    _check_key_info(key_info, token)
    algorithm, references = _signed_info(info)
    return ClaimedSecurity(envelope, _token_bytes(token), timestamp, signature, algorithm, references)


def not_accepted(cause: str) -> Refusal:
    """One face for every way in which a signature fails; only the audit learns the cause."""
    return refuse(FaultCode.SIGNATURE_NOT_ACCEPTED, cause=cause)


def _security_parts(security: Element) -> tuple[Element, Element, Element | None]:
    """Token and Signature, and at most one Timestamp, in any order; nothing else."""
    parts = {str(child.tag): child for child in children(security)}
    if len(parts) != len(children(security)) or not {_TOKEN, _SIGNATURE} <= parts.keys() <= {_TOKEN, _SIGNATURE, _TIMESTAMP}:
        raise not_accepted("security-parts")
    return parts[_TOKEN], parts[_SIGNATURE], parts.get(_TIMESTAMP)


def _token_bytes(token: Element) -> bytes:
    if token.get("ValueType") != X509_V3 or token.get("EncodingType", BASE64) != BASE64:
        raise not_accepted("token-type")
    return _base64(token, "token-encoding")


def _check_key_info(key_info: Element, token: Element) -> None:
    """One SecurityTokenReference with one direct Reference, to the token that stands beside the Signature."""
    token_id = token.get(WSU_ID)
    str_element = _the(key_info, f"{{{WSSE}}}SecurityTokenReference", "key-info")
    reference = _the(str_element, f"{{{WSSE}}}Reference", "key-info")
    if not token_id or reference.get("URI") != f"#{token_id}" or reference.get("ValueType", X509_V3) != X509_V3:
        raise not_accepted("key-info")


def _signed_info(info: Element) -> tuple[str, tuple[ClaimedReference, ...]]:
    parts = children(info)
    if [part.tag for part in parts[:2]] != [f"{{{DS}}}CanonicalizationMethod", f"{{{DS}}}SignatureMethod"]:
        raise not_accepted("signed-info")
    _exclusive_prefixes(parts[0])
    if children(parts[1]):
        # HMACOutputLength and its kin (CVE-2009-0217)
        raise not_accepted("signature-method-parameters")
    return str(parts[1].get("Algorithm")), tuple(_reference(part) for part in parts[2:])


def _reference(element: Element) -> ClaimedReference:
    if element.tag != f"{{{DS}}}Reference" or element.keys() != ["URI"]:
        raise not_accepted("reference-form")
    transforms, method, value = _exactly(element, "Transforms", "DigestMethod", "DigestValue")
    transform = _the(transforms, f"{{{DS}}}Transform", "transforms")
    uri = element.get("URI", "")
    if _SAME_DOCUMENT.fullmatch(uri) is None:
        # neither the whole document, nor an XPointer, nor anything to fetch
        raise not_accepted("reference-uri")
    if children(method):
        raise not_accepted("digest-method-parameters")
    return ClaimedReference(uri[1:], _exclusive_prefixes(transform), str(method.get("Algorithm")), _base64(value, "digest-encoding"))


def _exclusive_prefixes(method: Element) -> tuple[str, ...]:
    """PrefixList of an exclusive canonicalisation: absent, empty or not. Any other method is refused here."""
    if method.get("Algorithm") != EXC_C14N:
        raise not_accepted("canonicalisation-or-transform")
    if not children(method):
        return ()
    prefixes = _the(method, _INCLUSIVE, "canonicalisation-or-transform").get("PrefixList", "").split()
    if len(prefixes) > _MAX_PREFIXES:
        raise not_accepted("canonicalisation-or-transform")
    return tuple(prefixes)


def _the(parent: Element | None, tag: str, cause: str) -> Element:
    """The only child, which must be of this name."""
    only = [] if parent is None else children(parent)
    if len(only) != 1 or only[0].tag != tag:
        raise not_accepted(cause)
    return only[0]


def _exactly(parent: Element, *names: str) -> list[Element]:
    """The children, which must be these of XML-DSig, in this order."""
    found = children(parent)
    if [child.tag for child in found] != [f"{{{DS}}}{name}" for name in names]:
        raise not_accepted("signature-form")
    return found


def _base64(element: Element, cause: str) -> bytes:
    if len(element):
        # neither elements nor comments: `text` would be what stands before them
        raise not_accepted(cause)
    text = "".join((element.text or "").split())
    try:
        if len(text) > _MAX_TOKEN_CHARACTERS:
            raise not_accepted(cause)
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise not_accepted(cause) from error
