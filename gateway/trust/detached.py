"""The `detached` packaging: a document as it is, and beside it a detached JWS (RFC 7515, Appendix F).

What it is: the numbered checks of docs/security/verification.md over a document whose signature travels in the
transport header `signature`: the checks are those of `jws`, over the same header. What it is not: a reader of the
document: it is the dialect's, whatever its form. Called by the pipeline through `Packaging`. Receipts may come so
too; ours to such a partner are compact, so that each is one file.
"""

from datetime import datetime
from types import MappingProxyType

from adapters.contract import WireMessage
from gateway.trust import compact, jws, strict_json, xml_guard
from gateway.trust.contract import Limits, Lookup, SealOrder, Signer, VerifiedContent
from schemas.faults import FaultCode, refuse

SIGNATURE_HEADER = "signature"
_MEDIA_TYPES = frozenset({"text/csv", "application/json", "application/xml", "application/octet-stream"})
_TYPES = MappingProxyType({"message": "batch+jws", "receipt": "receipt+jws"})
"""A message signed for another packaging is none here: the two forms cannot be turned into one another."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class DetachedPackaging:
    """Content as the whole body, signed beside it."""

    name = "detached"

    def accepts(self, content_type: str) -> bool:
        """Documents: CSV, JSON, XML, or bytes of a kind that was not said."""
        return content_type.partition(";")[0].strip().lower() in _MEDIA_TYPES

    def verify(self, wire: WireMessage, lookup: Lookup, *, audience: str, now: datetime, limits: Limits) -> VerifiedContent:
        """The numbered checks. Not checked: that the key may speak for the sender code inside, and replay."""
        # (1) limits
        if len(wire.body) > limits.max_bytes:
            raise refuse(FaultCode.TOO_LARGE, f"At most {limits.max_bytes} bytes are taken.", cause="limits")
        # (2) to (8) are those of `jws`
        token = compact.split_detached(_signature(wire), wire.body)
        return jws.believe(token, _FORM, lookup, audience=audience, now=now, limits=limits)

    def seal(self, order: SealOrder, signer: Signer) -> WireMessage:
        """Sign a document or receipt for one audience; the document stays as it is. Raises SignerUnavailable."""
        token = jws.sign(order.document, order.kind, signer, audience=order.audience, now=order.now, types=_TYPES)
        return WireMessage(order.document, order.media_type, {SIGNATURE_HEADER: compact.detach(token).decode("ascii")})


def whole(wire: WireMessage) -> WireMessage:
    """As it is kept for proof: the compact JWS that anybody can check, where document and signature came apart."""
    if SIGNATURE_HEADER in wire.headers and not jws.JwsPackaging().accepts(wire.content_type):
        return WireMessage(compact.attach(_signature(wire), wire.body), jws.MEDIA_TYPE)
    return wire


def _signature(wire: WireMessage) -> bytes:
    try:
        return wire.headers.get(SIGNATURE_HEADER, "").encode("ascii")
    except UnicodeEncodeError as error:
        raise refuse(FaultCode.MALFORMED, "This is not a detached JWS.", cause="jws-form") from error


def _check_content(kind: str, content: bytes, limits: Limits) -> None:
    """By the first character and not by the media type, which nobody signed."""
    first = content.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    if kind == "receipt":
        strict_json.parse_object(content, limits)
    elif first in (b"{", b"["):
        strict_json.parse(content, limits)
    elif first == b"<":
        xml_guard.parse(content, limits)


_FORM = jws.Form(_TYPES, _check_content)
