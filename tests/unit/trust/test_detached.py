"""The `detached` packaging: what lies beside a document, and every way of getting it wrong, kept as vectors."""

import json
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.contract import WireMessage
from gateway.trust import base64url, compact
from gateway.trust.contract import Limits, VerifiedContent
from gateway.trust.detached import DetachedPackaging, whole
from gateway.trust.digests import digest
from gateway.trust.jws import JwsPackaging, verify_receipt
from gateway.trust.signing import signer_from_pem
from schemas.faults import FaultCode, Refusal
from tests.support.trust import AUDIENCE, NOT_ACCEPTED, NOW, lookup_of, order, record

DETACHED = DetachedPackaging()
# RFC 8037, Appendix A.1: a private key that everybody has.
_RFC_8037 = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
SIGNER = signer_from_pem(_RFC_8037.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
LOOKUP = lookup_of(record(SIGNER))
DOCUMENT = b"H;C05;000017\r\n1;X000001;made up\r\nT;1\r\n"
VECTORS = Path(__file__).parents[2] / "vectors" / "bogus" / "detached.json"


def header(**changes: object) -> dict[str, object]:
    plain = {"alg": "EdDSA", "kid": SIGNER.key_id, "typ": "batch+jws", "aud": AUDIENCE, "iat": int(NOW.timestamp())}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def signature(document: bytes, head: dict[str, object] | None = None, *, whole: bool = False) -> str:
    raw = base64url.encode(json.dumps(head or header()).encode())
    signing_input = raw + b"." + base64url.encode(document)
    token = signing_input + b"." + base64url.encode(SIGNER.sign(signing_input))
    return (token if whole else compact.detach(token)).decode()


def verify(document: bytes, mark: str, media_type: str = "text/csv") -> VerifiedContent:
    return DETACHED.verify(WireMessage(document, media_type, {"signature": mark}), LOOKUP, audience=AUDIENCE, now=NOW, limits=Limits())


def bogus() -> dict[str, dict[str, str]]:
    """Every wrong one, named for what is wrong with it."""
    good, other = signature(DOCUMENT), DOCUMENT.replace(b"1;X", b"2;X")
    head, _, mark = good.partition("..")
    wrong: dict[str, tuple[bytes, str, str]] = {
        "document-altered": (other, good, "signature-invalid"),
        "document-with-another-line-end": (DOCUMENT.replace(b"\r\n", b"\n"), good, "signature-invalid"),
        "document-with-a-byte-order-mark": (b"\xef\xbb\xbf" + DOCUMENT, good, "signature-invalid"),
        "document-with-a-line-more": (DOCUMENT + b"\r\n", good, "signature-invalid"),
        "no-document": (b"", good, "signature-invalid"),
        "no-signature": (DOCUMENT, "", "jws-form"),
        "payload-inside": (DOCUMENT, signature(DOCUMENT, whole=True), "jws-form"),
        "other-payload-inside": (DOCUMENT, head + "." + base64url.encode(other).decode() + "." + mark, "jws-form"),
        "two-parts": (DOCUMENT, f"{head}.{mark}", "jws-form"),
        "four-parts": (DOCUMENT, f"{head}...{mark}", "jws-base64url"),
        "no-header": (DOCUMENT, f"..{mark}", "jws-form"),
        "header-of-5000-characters": (DOCUMENT, f"{'e' * 5000}..{mark}", "jws-form"),
        "signature-padded": (DOCUMENT, f"{good}=", "jws-base64url"),
        "signature-and-a-line-end": (DOCUMENT, f"{good}\n", "jws-base64url"),
        "signature-of-9000-characters": (DOCUMENT, f"{head}..{mark * 110}", "jws-form"),
        "message-of-the-json-form": (DOCUMENT, signature(DOCUMENT, header(typ="message+jws")), "header-typ"),
        "caller-token": (DOCUMENT, signature(DOCUMENT, header(typ="caller+jwt")), "header-typ"),
        "payload-not-encoded": (DOCUMENT, signature(DOCUMENT, header(b64=False, crit=["b64"])), "header-names"),
        "no-audience": (DOCUMENT, signature(DOCUMENT, header(aud=None)), "header-names"),
        "another-audience": (DOCUMENT, signature(DOCUMENT, header(aud="gateway.live")), "audience"),
        "algorithm-none": (DOCUMENT, signature(DOCUMENT, header(alg="none")), "algorithm-not-the-key's"),
        "algorithm-hmac": (DOCUMENT, signature(DOCUMENT, header(alg="HS256")), "algorithm-not-the-key's"),
        "key-not-pinned": (DOCUMENT, signature(DOCUMENT, header(kid="somebody")), "key-unknown"),
        "a-year-old": (DOCUMENT, signature(DOCUMENT, header(iat=int(NOW.timestamp()) - 366 * 86400)), "freshness"),
        "tomorrow": (DOCUMENT, signature(DOCUMENT, header(iat=int(NOW.timestamp()) + 86400)), "freshness"),
        "json-with-a-name-twice": (twice := b'{"sender": "C05", "sender": "C06"}', signature(twice), "json"),
        "json-cut-off": (half := b'{"sender": ', signature(half), "json"),
        "json-after-a-byte-order-mark": (marked := b"\xef\xbb\xbf{}", signature(marked), "json"),
        "xml-with-a-dtd": (dtd := b"<!DOCTYPE a><a/>", signature(dtd), "xml-dtd"),
        "xml-cut-off": (cut := b"<a><b></a>", signature(cut), "xml"),
        "receipt-that-is-not-json": (DOCUMENT, signature(DOCUMENT, header(typ="receipt+jws")), "json"),
    }
    return {name: {"document": document.decode(), "signature": mark, "cause": cause} for name, (document, mark, cause) in wrong.items()}


def test_the_kept_vectors_are_those_that_this_page_makes() -> None:
    assert json.loads(VECTORS.read_text(encoding="utf-8")) == bogus()


@pytest.mark.parametrize("name", bogus())
def test_each_is_refused_for_what_is_wrong_with_it(name: str) -> None:
    vector = json.loads(VECTORS.read_text(encoding="utf-8"))[name]
    with pytest.raises(Refusal) as caught:
        verify(vector["document"].encode(), vector["signature"])
    assert caught.value.cause == vector["cause"]
    if caught.value.fault.code is FaultCode.SIGNATURE_NOT_ACCEPTED:
        assert caught.value.fault == NOT_ACCEPTED


def test_what_was_signed_comes_back_byte_for_byte() -> None:
    wire = DETACHED.seal(order(DOCUMENT), SIGNER)
    verified = verify(wire.body, wire.headers["signature"])
    assert (wire.body, wire.content_type) == (DOCUMENT, "application/octet-stream")
    assert (verified.content, verified.digest, verified.kind, verified.signed_at) == (DOCUMENT, digest(DOCUMENT), "message", NOW)
    assert json.loads(base64url.decode(wire.headers["signature"].split(".")[0].encode())) == header()


@pytest.mark.parametrize("document", [b"", b" ", b"[1]", b"a,b\r\n", bytes(range(256)), b"x" * 100_000])
def test_any_document_may_be_signed(document: bytes) -> None:
    assert verify(document, signature(document)).content == document


def test_the_media_type_decides_nothing_since_nobody_signed_it() -> None:
    twice = b'{"a": 1, "a": 2}'
    for media_type in ("text/csv", "application/json", "", "image/png"):
        assert verify(DOCUMENT, signature(DOCUMENT), media_type).content == DOCUMENT
        with pytest.raises(Refusal):
            verify(twice, signature(twice), media_type)


def test_a_signature_that_is_not_ascii_is_malformed() -> None:
    with pytest.raises(Refusal) as caught:
        verify(DOCUMENT, "é..é")
    assert caught.value.fault.code is FaultCode.MALFORMED


def test_a_batch_put_together_is_no_message_of_the_json_form() -> None:
    document = b'{"header": {}, "document": {}}'
    token = compact.attach(signature(document).encode(), document)
    with pytest.raises(Refusal) as caught:
        JwsPackaging().verify(WireMessage(token, "application/jose"), LOOKUP, audience=AUDIENCE, now=NOW, limits=Limits())
    assert caught.value.cause == "header-typ"


def test_a_detached_receipt_is_kept_as_the_compact_one_that_anybody_can_check() -> None:
    wire = DETACHED.seal(order(b'{"stage": "applied"}', kind="receipt"), SIGNER)
    kept = verify_receipt(whole(wire).body.decode(), LOOKUP, audience=AUDIENCE, now=NOW)
    assert kept.content == wire.body
    assert whole(WireMessage(b"a.b.c", "application/jose", {"signature": "x..y"})).body == b"a.b.c"
    assert whole(WireMessage(b"a.b.c", "text/plain")).body == b"a.b.c"
