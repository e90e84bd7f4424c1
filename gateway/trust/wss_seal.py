"""SOAP envelopes signed with WS-Security: how ours are made.

What it is: an envelope, its security header and the signature over it, by a profile. What it is not: a check
(`wss`). The signature is asked of a `Signer`, never of a key: libxmlsec1 has no part here, and so checks what
this module makes as an independent witness. WSS SOAP Message Security 1.1, XML-DSig 1.1.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.trust import soap
from gateway.trust.contract import Signer, SignerUnavailable
from gateway.trust.wss_layout import BASE64, DS, EXC_C14N, WSSE, WSU, WSU_ID, X509_V3
from gateway.trust.xml_guard import canonical, canonical_document, parse_canonical

_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_BODY_ID, _TIMESTAMP_ID, _TOKEN_ID = "Body-1", "TS-1", "X509-1"
"""An id has to be unique in its envelope and nowhere else."""


@dataclass(frozen=True, slots=True)
class SealProfile:
    """What a seal covers, and how."""

    parts: tuple[str, ...]
    digest_uri: str
    digest: Callable[[bytes], bytes]
    lifetime: timedelta


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


STRICT_PROFILE = SealProfile(("Body", "Timestamp"), "http://www.w3.org/2001/04/xmlenc#sha256", _sha256, timedelta(seconds=300))


def seal_envelope(document: bytes, signer: Signer, *, now: datetime, soap_version: str, profile: SealProfile = STRICT_PROFILE) -> bytes:
    """A signed envelope around `document`. Raises SignerUnavailable, also for a signer without an RSA certificate."""
    if signer.certificate is None or signer.algorithm != "RS256":
        raise SignerUnavailable("WS-Security needs an RSA key with a certificate")
    start, token, timestamp, end = _pieces(document, signer.certificate, now, soap_version, profile)
    header, body = parse_canonical(start + token + timestamp + end)
    targets = {"Body": body, "Timestamp": header[0][1]}
    references = b"".join(_reference(str(targets[name].get(WSU_ID)), profile, canonical(targets[name])) for name in profile.parts)
    info = _signed_info(references)
    return start + token + _signature(info, signer.sign(info)) + timestamp + end


def _pieces(document: bytes, certificate: bytes, now: datetime, soap_version: str, profile: SealProfile) -> tuple[bytes, bytes, bytes, bytes]:
    """Start, token, Timestamp, end of an envelope; the Signature goes before the Timestamp, as WSS4J puts it."""
    start = f'<soap:Envelope xmlns:soap="{soap.NAMESPACES[soap_version]}"><soap:Header><wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}">'
    token = (
        f'<wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509_V3}" wsu:Id="{_TOKEN_ID}">'
        f"{base64.b64encode(certificate).decode()}</wsse:BinarySecurityToken>"
    )
    timestamp = (
        f'<wsu:Timestamp wsu:Id="{_TIMESTAMP_ID}"><wsu:Created>{_instant(now)}</wsu:Created>'
        f"<wsu:Expires>{_instant(now + profile.lifetime)}</wsu:Expires></wsu:Timestamp>"
    )
    body_start = f'</wsse:Security></soap:Header><soap:Body xmlns:wsu="{WSU}" wsu:Id="{_BODY_ID}">'
    end = body_start.encode() + canonical_document(document) + b"</soap:Body></soap:Envelope>"
    return start.encode(), token.encode(), timestamp.encode(), end


def _reference(target: str, profile: SealProfile, content: bytes) -> bytes:
    digest_value = base64.b64encode(profile.digest(content)).decode()
    return (
        f'<ds:Reference URI="#{target}"><ds:Transforms><ds:Transform Algorithm="{EXC_C14N}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{profile.digest_uri}"></ds:DigestMethod><ds:DigestValue>{digest_value}</ds:DigestValue></ds:Reference>'
    ).encode()


def _signed_info(references: bytes) -> bytes:
    """Written in exclusive canonical form from the start: these are the bytes that are signed."""
    return (
        f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{EXC_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{_RSA_SHA256}"></ds:SignatureMethod>'
    ).encode() + (references + b"</ds:SignedInfo>")


def _signature(info: bytes, value: bytes) -> bytes:
    key_info = f'<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#{_TOKEN_ID}" ValueType="{X509_V3}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
    signature_value = f"<ds:SignatureValue>{base64.b64encode(value).decode()}</ds:SignatureValue>"
    return f'<ds:Signature xmlns:ds="{DS}">'.encode() + info + f"{signature_value}{key_info}</ds:Signature>".encode()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
