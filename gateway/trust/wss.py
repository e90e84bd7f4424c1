"""The `wss` packaging: an SPG interchange in a SOAP envelope signed with WS-Security.

What it is: the numbered checks of docs/security/verification.md over an envelope. What it is not: a general
verifier: one layout, pinned keys, and the algorithms of a named policy. What comes out is rebuilt from the
very bytes that were digested. Called by the pipeline through `Packaging`.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import xmlsec
from xmlsec import constants

from adapters.contract import WireMessage
from gateway.trust import soap, wss_layout, wss_seal, xml_guard
from gateway.trust.contract import ClaimedSender, Limits, Lookup, SealOrder, SenderTrust, Signer, VerifiedContent
from gateway.trust.digests import digest
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import CLOCK_SKEW_SECONDS
from gateway.trust.signing import certificate_thumbprint
from gateway.trust.wss_layout import WSU, WSU_ID, ClaimedReference, ClaimedSecurity, not_accepted
from gateway.trust.xml_guard import Element, canonical, children
from schemas.faults import FaultCode, refuse

_MEDIA_TYPES = frozenset({"text/xml", "application/soap+xml", "text/plain"})
"""The real product's client posts a plain string; whether it is an envelope, the parser says."""
_DIGESTS = {"http://www.w3.org/2000/09/xmldsig#sha1": "sha1", "http://www.w3.org/2001/04/xmlenc#sha256": "sha256"}
_SIGNATURE_TRANSFORMS = (constants.TransformExclC14N, constants.TransformRsaSha256)
_REFERENCE_TRANSFORMS = (constants.TransformExclC14N, constants.TransformSha1, constants.TransformSha256)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_LARGE_BYTES = 1024 * 1024
"""From here on memory counts for more than time."""

Parts = Mapping[str, ClaimedReference]
"""References by the name of the part that each points to."""


class WssPackaging:
    """Content as the payload of a signed SOAP 1.1 or 1.2 envelope."""

    name = "wss"

    def accepts(self, content_type: str) -> bool:
        """The media types of SOAP 1.1 and 1.2, and the plain string of the real product's client."""
        return content_type.partition(";")[0].strip().lower() in _MEDIA_TYPES

    def verify(self, wire: WireMessage, lookup: Lookup, *, audience: str, now: datetime, limits: Limits) -> VerifiedContent:  # noqa: ARG002 - the port's
        """The numbered checks. Not checked: that the key may speak for the sender code inside, replay, and, where the
        policy's freshness is `preparation`, age. `audience` has no place in this form: the receiver code does."""
        # (1) limits, before a tree exists  (2) parse
        claim = wss_layout.read(xml_guard.parse(wire.body, limits))
        # (3) find key
        trust = lookup(ClaimedSender(certificate_thumbprint(claim.certificate)))
        if trust is None:
            raise not_accepted("key-unknown")
        # (4) policy
        parts = _check_policy(claim, trust, now)
        # (5) signature
        _check_signature(claim, parts, trust.key)
        # (6) signed parts
        large = len(wire.body) > _LARGE_BYTES
        signed = {name: _signed_bytes(claim, name, reference, large=large) for name, reference in parts.items()}
        soap_version = claim.envelope.soap_version
        # A tree takes five times its text: the first goes before the second is made.
        del claim
        content, kind = soap.payload_of(xml_guard.parse_canonical(signed.pop("Body")), large=large)
        # (7) freshness
        signed_at = _check_freshness(signed["Timestamp"], trust, now) if trust.policy.freshness == "signed-timestamp" else None
        # (8) identity: whoever the key record names
        return VerifiedContent(content=content, digest=digest(content), key=trust.key, kind=kind, signed_at=signed_at, soap_version=soap_version)

    def seal(self, order: SealOrder, signer: Signer) -> WireMessage:
        """Sign a document: RSA-SHA256 over Body and Timestamp by SHA-256. Raises SignerUnavailable."""
        body = wss_seal.seal_envelope(order.document, signer, now=order.now, soap_version=order.soap_version)
        return WireMessage(body, soap.content_type(order.soap_version))


def _check_policy(claim: ClaimedSecurity, trust: SenderTrust, now: datetime) -> Parts:
    """Key and algorithms before any cryptography, and that exactly the agreed parts, where they stand, are signed."""
    key, policy = trust.key, trust.policy
    if key.use is not KeyUse.SIGN:
        raise not_accepted("key-use")
    if not key.valid_at(now):
        raise not_accepted("key-not-valid-now")
    if key.algorithm != "RS256" or claim.signature_algorithm not in policy.signature_algorithms:
        raise not_accepted("signature-algorithm")
    if any(reference.digest_algorithm not in policy.digest_algorithms for reference in claim.references):
        raise not_accepted("digest-algorithm")
    names = {target.get(WSU_ID): name for name, target in claim.targets().items()}
    parts = {names[reference.target]: reference for reference in claim.references if reference.target in names}
    if parts.keys() != policy.signed_parts or len(parts) != len(claim.references):
        raise not_accepted("signed-parts")
    return parts


def _check_signature(claim: ClaimedSecurity, parts: Parts, key: KeyRecord) -> None:
    """libxmlsec1 over this very tree, with the pinned key and nothing that the message brings."""
    context = xmlsec.SignatureContext()
    for transform in _SIGNATURE_TRANSFORMS:
        context.enable_signature_transform(transform)
    for transform in _REFERENCE_TRANSFORMS:
        context.enable_reference_transform(transform)
    try:
        context.key = _verification_key(key.public_key)
        for name in parts:
            context.register_id(claim.targets()[name], "Id", WSU)
        context.verify(claim.signature)
    except xmlsec.Error as error:
        for name, reference in parts.items():
            _signed_bytes(claim, name, reference)
        raise not_accepted("signature-invalid") from error


def _signed_bytes(claim: ClaimedSecurity, name: str, reference: ClaimedReference, *, large: bool = False) -> bytes:
    """The bytes that the signature covers: made again from the part in its place, and compared with the digest."""
    content = canonical(claim.targets()[name], reference.prefixes, large=large)
    found = hashlib.new(_DIGESTS[reference.digest_algorithm], content, usedforsecurity=False).digest()
    if not hmac.compare_digest(found, reference.digest_value):
        raise not_accepted(f"digest-differs-{name}")
    return content


def _check_freshness(timestamp: bytes, trust: SenderTrust, now: datetime) -> datetime:
    """Created and Expires as signed, against our clock; returns Created."""
    created, expires = (_instant(element, tag) for element, tag in _stamp_parts(xml_guard.parse_canonical(timestamp)))
    skew = timedelta(seconds=CLOCK_SKEW_SECONDS)
    if created > now + skew:
        raise refuse(FaultCode.FROM_THE_FUTURE, "The signed Timestamp lies in the future.", pointer="wsu:Created", cause="freshness")
    if expires + skew <= now or now - created > timedelta(seconds=trust.max_age_seconds):
        raise refuse(FaultCode.STALE, "The signed Timestamp has expired.", pointer="wsu:Expires", cause="freshness")
    return created


def _stamp_parts(timestamp: Element) -> list[tuple[Element, str]]:
    found = children(timestamp)
    if len(found) != 2:
        raise not_accepted("timestamp-form")
    return list(zip(found, ("Created", "Expires"), strict=True))


def _instant(element: Element, name: str) -> datetime:
    form = _INSTANT.fullmatch((element.text or "").strip())
    if element.tag != f"{{{WSU}}}{name}" or len(element) or form is None:
        raise not_accepted("timestamp-form")
    try:
        whole = datetime.fromisoformat(form[1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise not_accepted("timestamp-form") from error
    return whole.replace(microsecond=int((form[2] or "0")[:6].ljust(6, "0")))


@lru_cache(maxsize=1024)
def _verification_key(public_der: bytes) -> xmlsec.Key:
    """Parsed once; a context takes a copy, so threads share none."""
    return xmlsec.Key.from_memory(public_der, constants.KeyDataFormatDer)
