"""Bent messages: signed wrongly in every way that matters, for a partner that must not believe them.

What it is: functions from a good letter to a bad wire message, for each packaging. What it is not: the expectation.
Called by the plays about signatures. RFC 7515, RFC 8725; WS-Security 1.1.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.contract import WireMessage
from gateway.rehearsal.conformance.letters import Letter
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.jose import base64url, unbase64url
from gateway.trust import soap
from gateway.trust.compact import join
from gateway.trust.contract import Signer
from gateway.trust.detached import SIGNATURE_HEADER

JOSE = "application/jose"


def by_a_stranger(stand: Stand, letter: Letter) -> WireMessage:
    """By a key that nobody published."""
    return stand.seal(letter, signer=stand.new_signer())


def in_our_name(stand: Stand, letter: Letter) -> WireMessage:
    """The header names our key; another one signed."""
    return _signed(stand, letter, signer=stand.new_signer())


def body_altered(stand: Stand, letter: Letter) -> WireMessage:
    """Another document under a signature that was good."""
    wire = stand.seal(letter)
    if stand.is_soap:
        return WireMessage(wire.body.replace(b"CaseReferenceNumber>" + letter.case.encode()[:1], b"CaseReferenceNumber>Q", 1), wire.content_type)
    head, body, signature = _parts(wire)
    content = unbase64url(body)
    altered = content.replace(letter.case.encode(), b"Q000000")
    return _put_together(stand, head, base64url(altered if altered != content else content + b" "), signature)


def header_altered(stand: Stand, letter: Letter) -> WireMessage:
    """Another time under a signature that was good."""
    head, body, signature = _parts(stand.seal(letter))
    header = json.loads(unbase64url(head))
    changed = base64url(json.dumps(header | {"iat": header["iat"] - 1}).encode())
    return _put_together(stand, changed, body, signature)


def time_altered(stand: Stand, letter: Letter) -> WireMessage:
    """Another time stamp under a signature that was good."""
    wire = stand.seal(letter)
    begin = wire.body.index(b"Created>") + len(b"Created>")
    year = str(datetime.now(UTC).year - 1).encode()
    return WireMessage(wire.body[:begin] + year + wire.body[begin + 4 :], wire.content_type)


def without_algorithm(stand: Stand, letter: Letter) -> WireMessage:
    """`alg` none, and nothing where the signature was."""
    return _assembled(stand, _header(stand) | {"alg": "none"}, letter, b"")


def without_signature(stand: Stand, letter: Letter) -> WireMessage:
    """A good header and no signature."""
    if stand.is_soap:
        return WireMessage(soap.wrap(letter.document, stand.agreement.soap_version), soap.content_type(stand.agreement.soap_version))
    return _assembled(stand, _header(stand), letter, b"")


def with_our_public_key(stand: Stand, letter: Letter) -> WireMessage:
    """HMAC with our public key as the secret: what a library that trusts `alg` falls for."""
    header = _header(stand) | {"alg": "HS256"}
    signing_input = f"{base64url(json.dumps(header).encode())}.{base64url(letter.document)}"
    return _assembled(stand, header, letter, hmac.new(stand.signer.public_key, signing_input.encode(), hashlib.sha256).digest())


def as_a_receipt(stand: Stand, letter: Letter) -> WireMessage:
    """Well signed, and called a receipt."""
    return _signed(stand, letter, typ="receipt+jws")


def with_a_strange_header(stand: Stand, letter: Letter) -> WireMessage:
    """Well signed, with a critical extension that nobody agreed."""
    return _signed(stand, letter, crit=["exp"], exp=0)


def spliced(stand: Stand, letter: Letter) -> WireMessage:
    """The signature of another good message."""
    other, this = stand.seal(stand.letter()), stand.seal(letter)
    if stand.is_soap:
        start, end = other.body.index(b"<ds:SignatureValue>"), other.body.index(b"</ds:SignatureValue>")
        own_start, own_end = this.body.index(b"<ds:SignatureValue>"), this.body.index(b"</ds:SignatureValue>")
        return WireMessage(this.body[:own_start] + other.body[start:end] + this.body[own_end:], this.content_type)
    head, body, _ = _parts(this)
    return _put_together(stand, head, body, _parts(other)[2])


def _header(stand: Stand) -> dict[str, object]:
    now = int(datetime.now(UTC).timestamp())
    kind = "batch+jws" if stand.packaging.name == "detached" else "message+jws"
    return {"alg": stand.signer.algorithm, "kid": stand.signer.key_id, "typ": kind, "aud": stand.organisation, "iat": now}


def _signed(stand: Stand, letter: Letter, *, signer: Signer | None = None, **more: object) -> WireMessage:
    joined = join(json.dumps(_header(stand) | more).encode(), letter.document, signer or stand.signer)
    return _put_together(stand, *joined.decode("ascii").split("."))


def _assembled(stand: Stand, header: Mapping[str, object], letter: Letter, signature: bytes) -> WireMessage:
    head = base64url(json.dumps(header).encode())
    return _put_together(stand, head, base64url(letter.document), base64url(signature))


def _parts(wire: WireMessage) -> tuple[str, str, str]:
    """Header, content and signature, together or apart."""
    if SIGNATURE_HEADER in wire.headers:
        head, _, signature = wire.headers[SIGNATURE_HEADER].partition("..")
        return head, base64url(wire.body), signature
    head, body, signature = wire.body.decode("ascii").split(".")
    return head, body, signature


def _put_together(stand: Stand, head: str, body: str, signature: str) -> WireMessage:
    """As it travels in the stand's packaging."""
    if stand.packaging.name == "detached":
        return WireMessage(unbase64url(body), stand.writer.media_type, {SIGNATURE_HEADER: f"{head}..{signature}"})
    return WireMessage(f"{head}.{body}.{signature}".encode(), JOSE)
