"""Attacks on signed envelopes: wrapping, algorithms, layout. Each is refused, and for its own cause."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from gateway.trust import xml_guard
from gateway.trust.keyring import KeyUse
from gateway.trust.policy import LEGACY_SPG
from gateway.trust.wss import WssPackaging
from gateway.trust.wss_layout import DS, EXC_C14N, WSSE, WSU
from schemas.faults import FaultCode
from tests.support.trust import LIMITS, MAX_AGE, NOT_ACCEPTED, NOW, SPG, XML_DOCUMENT, ed25519_signer, lookup_of, order, record, refusal, rsa_signer, verify

WSS = WssPackaging()
SIGNER = rsa_signer()
KEY = record(SIGNER)
LOOKUP = lookup_of(KEY)
SIGNED = WSS.seal(order(XML_DOCUMENT), SIGNER).body
EVIL = XML_DOCUMENT.replace(b">C05<", b">C21<")
SOAP = "http://www.w3.org/2003/05/soap-envelope"


def piece(name: str) -> bytes:
    """One element of the signed envelope, as it stands."""
    found = re.search(rb"<(\w+):%b[ >].*</\1:%b>" % (name.encode(), name.encode()), SIGNED, re.DOTALL)
    assert found is not None
    return found[0]


BODY, STAMP, SIGNATURE, TOKEN = piece("Body"), piece("Timestamp"), piece("Signature"), piece("BinarySecurityToken")
NS = f'xmlns:soap="{SOAP}" xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"'.encode()
WRAPPER = b'<w:Wrapper xmlns:w="urn:wrapper">%b</w:Wrapper>'


def body(content: bytes = EVIL, attributes: bytes = b'wsu:Id="Body-2"') -> bytes:
    return b'<soap:Body xmlns:wsu="%b" %b>%b</soap:Body>' % (WSU.encode(), attributes, content)


def put(old: bytes, new: bytes) -> bytes:
    assert SIGNED.count(old) == 1
    return SIGNED.replace(old, new)


WRAPPINGS: dict[str, tuple[bytes, str]] = {
    "original beside Security": (
        put(b"</wsse:Security>", b"</wsse:Security>" + WRAPPER % BODY).replace(b"</soap:Header>" + BODY, b"</soap:Header>" + body()),
        "header-blocks",
    ),
    "original inside Security": (put(b"</wsse:Security></soap:Header>" + BODY, WRAPPER % BODY + b"</wsse:Security></soap:Header>" + body()), "security-parts"),
    "original inside the Signature": (
        put(b"</ds:Signature>", b"<ds:Object>" + BODY + b"</ds:Object></ds:Signature>").replace(b"</soap:Header>" + BODY, b"</soap:Header>" + body()),
        "signature-form",
    ),
    "original inside KeyInfo": (put(b"</ds:KeyInfo>", BODY + b"</ds:KeyInfo>").replace(b"</soap:Header>" + BODY, b"</soap:Header>" + body()), "key-info"),
    "original inside the token": (
        put(b"</wsse:BinarySecurityToken>", BODY + b"</wsse:BinarySecurityToken>").replace(b"</soap:Header>" + BODY, b"</soap:Header>" + body()),
        "token-encoding",
    ),
    "original inside the Timestamp": (
        put(b"</wsu:Timestamp>", BODY + b"</wsu:Timestamp>").replace(b"</soap:Header>" + BODY, b"</soap:Header>" + body()),
        "signed-parts",
    ),
    "original inside the new Body": (put(BODY, body(EVIL + BODY)), "signed-parts"),
    "original inside the new payload": (put(BODY, body(EVIL.replace(b"</SPGInterchange>", BODY + b"</SPGInterchange>"))), "signed-parts"),
    "two of one id, evil first": (put(BODY, body(EVIL + BODY, b'wsu:Id="Body-1"')), "id-not-unique"),
    "two of one id by Id": (put(BODY, body(EVIL + BODY, b'Id="Body-1"')), "id-not-unique"),
    "two of one id by ID": (put(BODY, body(EVIL + BODY, b'ID="Body-1"')), "id-not-unique"),
    "two of one id by xml:id": (put(BODY, body(EVIL + BODY, b'xml:id="Body-1"')), "id-not-unique"),
    "two of one id by any id": (put(BODY, body(EVIL + BODY, b'x:id="Body-1" xmlns:x="urn:x"')), "id-not-unique"),
    "an evil Body with an Id only": (put(BODY, body(EVIL, b'Id="Body-1"')), "signed-parts"),
    "another payload": (put(XML_DOCUMENT, EVIL), "digest-differs-Body"),
    "a second payload": (put(XML_DOCUMENT, XML_DOCUMENT + EVIL), "digest-differs-Body"),
    "another Timestamp, original in the Body": (
        put(STAMP, STAMP.replace(b"TS-1", b"TS-2").replace(b"2026-03-02", b"2026-03-03")).replace(XML_DOCUMENT, XML_DOCUMENT + STAMP),
        "signed-parts",
    ),
    "another Timestamp of the same id": (put(STAMP, STAMP + STAMP.replace(b"2026-03-02", b"2026-03-03")), "id-not-unique"),
    "two Timestamps": (put(STAMP, STAMP + STAMP.replace(b"TS-1", b"TS-2")), "security-parts"),
    "no Timestamp": (put(STAMP, b""), "signed-parts"),
    "a changed Timestamp": (put(STAMP, STAMP.replace(b"2026-03-02", b"2026-03-03")), "digest-differs-Timestamp"),
    "two Security headers": (put(b"</soap:Header>", b"<wsse:Security %b/></soap:Header>" % NS), "security-not-exactly-once"),
    "a Security header in the payload": (put(XML_DOCUMENT, b"<wsse:Security %b/>" % NS + XML_DOCUMENT), "security-not-exactly-once"),
    "two Signatures": (put(SIGNATURE, SIGNATURE + SIGNATURE), "security-not-exactly-once"),
    "no Signature": (put(SIGNATURE, b""), "security-not-exactly-once"),
    "no token": (put(TOKEN, b""), "security-not-exactly-once"),
    "a Header without Security": (b"<soap:Envelope %b><soap:Header/>%b</soap:Envelope>" % (NS, BODY), "security-not-exactly-once"),
    "no Header": (b"<soap:Envelope %b>%b</soap:Envelope>" % (NS, BODY), "security-not-exactly-once"),
}
"""What is put where, and the check that sees it."""


@pytest.mark.parametrize("name", WRAPPINGS)
def test_wrapping_is_refused_wherever_it_is_tried(name: str) -> None:
    envelope, cause = WRAPPINGS[name]
    refused = refusal(WSS, envelope, LOOKUP)
    assert (refused.fault, refused.cause) == (NOT_ACCEPTED, cause)


@pytest.mark.parametrize(
    "envelope",
    [
        put(b"</soap:Envelope>", body() + b"</soap:Envelope>"),
        put(b"</soap:Header>", b"</soap:Header>" + body()),
        put(b"<soap:Header>", body() + b"<soap:Header>"),
        put(b"</soap:Envelope>", b"<x/></soap:Envelope>"),
        WRAPPER % SIGNED,
        SIGNED.replace(SOAP.encode(), b"urn:another-envelope"),
        XML_DOCUMENT,
    ],
)
def test_other_envelopes_are_malformed(envelope: bytes) -> None:
    refused = refusal(WSS, envelope, LOOKUP)
    assert refused.fault.code is FaultCode.MALFORMED


ALGORITHMS: dict[str, tuple[bytes, str]] = {
    "RSA-SHA1": (SIGNED.replace(b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#rsa-sha1"), "signature-algorithm"),
    "HMAC-SHA1": (SIGNED.replace(b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#hmac-sha1"), "signature-algorithm"),
    "HMAC-SHA256": (SIGNED.replace(b"#rsa-sha256", b"#hmac-sha256"), "signature-algorithm"),
    "no algorithm": (
        SIGNED.replace(b'<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256">', b"<ds:SignatureMethod>"),
        "signature-algorithm",
    ),
    "a truncated HMAC": (put(b"</ds:SignatureMethod>", b"<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>"), "signature-method-parameters"),
    "SHA-1 digests": (SIGNED.replace(b"2001/04/xmlenc#sha256", b"2000/09/xmldsig#sha1"), "digest-algorithm"),
    "MD5 digests": (SIGNED.replace(b"2001/04/xmlenc#sha256", b"2001/04/xmldsig-more#md5"), "digest-algorithm"),
    "inclusive canonicalisation": (SIGNED.replace(EXC_C14N.encode(), b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), "canonicalisation-or-transform"),
    "canonicalisation with comments": (SIGNED.replace(EXC_C14N.encode(), EXC_C14N.encode() + b"WithComments"), "canonicalisation-or-transform"),
    "an XSLT": (
        SIGNED.replace(b'<ds:Transform Algorithm="' + EXC_C14N.encode(), b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116'),
        "canonicalisation-or-transform",
    ),
    "an XPath": (
        SIGNED.replace(b'<ds:Transform Algorithm="' + EXC_C14N.encode(), b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116'),
        "canonicalisation-or-transform",
    ),
    "a second transform": (
        SIGNED.replace(b"</ds:Transforms>", b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/></ds:Transforms>'),
        "transforms",
    ),
    "no transform": (re.sub(rb"<ds:Transforms>.*?</ds:Transforms>", b"<ds:Transforms/>", SIGNED), "transforms"),
    "the whole document": (put(b'URI="#Body-1"', b'URI=""'), "reference-uri"),
    "an XPointer": (put(b'URI="#Body-1"', b"URI=\"#xpointer(id('Body-1'))\""), "reference-uri"),
    "a file": (put(b'URI="#Body-1"', b'URI="file:///etc/passwd"'), "reference-uri"),
    "a fetch": (put(b'URI="#Body-1"', b'URI="https://example.test/"'), "reference-uri"),
    "no URI": (put(b' URI="#Body-1"', b""), "reference-form"),
    "a Manifest": (put(b'URI="#Body-1"', b'URI="#Body-1" Type="http://www.w3.org/2000/09/xmldsig#Manifest"'), "reference-form"),
    "one reference too many": (
        put(b"</ds:SignedInfo>", re.findall(rb"<ds:Reference .*?</ds:Reference>", SIGNED)[0].replace(b"Body-1", b"X509-1") + b"</ds:SignedInfo>"),
        "signed-parts",
    ),
    "one reference twice": (put(b"</ds:SignedInfo>", re.findall(rb"<ds:Reference .*?</ds:Reference>", SIGNED)[0] + b"</ds:SignedInfo>"), "signed-parts"),
    "no reference": (re.sub(rb"<ds:Reference .*</ds:Reference>", b"", SIGNED), "signed-parts"),
    "one part not signed": (re.sub(rb'<ds:Reference URI="#TS-1".*?</ds:Reference>', b"", SIGNED), "signed-parts"),
    "a key by value": (re.sub(rb"<ds:KeyInfo>.*</ds:KeyInfo>", b"<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>", SIGNED), "key-info"),
    "no key": (re.sub(rb"<ds:KeyInfo>.*</ds:KeyInfo>", b"", SIGNED), "signature-form"),
    "a key elsewhere": (put(b'URI="#X509-1"', b'URI="#X509-2"'), "key-info"),
    "another kind of token": (put(b'#X509v3" wsu:Id', b'#X509PKIPathv1" wsu:Id'), "token-type"),
    "a token that is no Base64": (put(b'wsu:Id="X509-1">', b'wsu:Id="X509-1">!'), "token-encoding"),
    "a token that is no certificate": (put(b'wsu:Id="X509-1">', b'wsu:Id="X509-1">AAAA'), "key-unknown"),
    "a comment in the token": (put(b'wsu:Id="X509-1">', b'wsu:Id="X509-1">AAAA<!-- -->'), "token-encoding"),
    "a signature of another message": (re.sub(rb"<ds:SignatureValue>.{8}", b"<ds:SignatureValue>AAAAAAAA", SIGNED), "signature-invalid"),
    "an empty signature": (re.sub(rb"<ds:SignatureValue>[^<]*", b"<ds:SignatureValue>", SIGNED), "signature-invalid"),
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_only_the_agreed_algorithms_and_forms(name: str) -> None:
    envelope, cause = ALGORITHMS[name]
    assert envelope != SIGNED
    refused = refusal(WSS, envelope, LOOKUP)
    assert (refused.fault, refused.cause) == (NOT_ACCEPTED, cause)


def resign(change: Callable[[bytes], bytes], prefixes: tuple[str, ...] = ()) -> bytes:
    """Change the signed parts and sign again, as a partner who holds the key can."""
    root = xml_guard.parse(change(SIGNED), LIMITS)
    header, envelope_body = root
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    for target, reference in zip((envelope_body, header[0][2]), info[2:], strict=True):
        digest = hashlib.sha256(xml_guard.canonical(target, prefixes)).digest()
        reference[2].text = base64.b64encode(digest).decode()
    value = next(root.iter(f"{{{DS}}}SignatureValue"))
    value.text = base64.b64encode(SIGNER.sign(xml_guard.canonical(info, prefixes))).decode()
    return etree.tostring(root)


def test_the_pinned_certificate_and_no_other() -> None:
    other = rsa_signer("other")
    assert refusal(WSS, WSS.seal(order(XML_DOCUMENT), other).body, LOOKUP).cause == "key-unknown"
    swapped = replace(record(other), key_id=KEY.key_id)
    assert refusal(WSS, SIGNED, lookup_of(swapped)).cause == "signature-invalid"


@pytest.mark.parametrize(
    ("key", "cause"),
    [
        (replace(KEY, use=KeyUse.TLS), "key-use"),
        (replace(KEY, revoked_at=NOW), "key-not-valid-now"),
        (replace(KEY, not_after=NOW), "key-not-valid-now"),
        (replace(KEY, algorithm="PS256"), "signature-algorithm"),
        (replace(record(ed25519_signer()), key_id=KEY.key_id), "signature-algorithm"),
        (replace(record(ed25519_signer()), key_id=KEY.key_id, algorithm="RS256"), "signature-invalid"),
        (replace(KEY, public_key=b"\x30\x00"), "signature-invalid"),
    ],
)
def test_the_key_record_decides(key: object, cause: str) -> None:
    refused = refusal(WSS, SIGNED, lookup_of(key))  # type: ignore[arg-type]
    assert (refused.fault, refused.cause) == (NOT_ACCEPTED, cause)


def test_a_comment_in_an_identity_neither_splits_nor_hides_it() -> None:
    """Canonical form drops comments, so the signature holds; and what comes out is whole (CVE-2017-11427 and kin)."""
    for trick in (b"C05<!-- -->", b"C<!-- x -->05", b"<!---->C05"):
        verified = verify(WSS, put(b">C05<", b">" + trick + b"<"), LOOKUP)
        assert b"<SenderIdentity>C05</SenderIdentity>" in verified.content
    joined = verify(WSS, resign(lambda envelope: envelope.replace(b">C05<", b">C05<!-- -->X<")), LOOKUP)
    assert b"<SenderIdentity>C05X</SenderIdentity>" in joined.content


def test_whitespace_and_cdata_in_an_identity_are_kept_as_signed() -> None:
    for trick, expected in ((b" C05", b"> C05<"), (b"C05&#xA0;", ">C05\u00a0<".encode()), (b"<![CDATA[C05]]>", b">C05<"), (b"C05\t", b">C05\t<")):
        envelope = SIGNED.replace(b">C05<", b">" + trick + b"<")
        if expected == b">C05<":
            assert expected in verify(WSS, envelope, LOOKUP).content
            continue
        assert refusal(WSS, envelope, LOOKUP).cause == "digest-differs-Body"
        assert expected in verify(WSS, resign(lambda plain, trick=trick: plain.replace(b">C05<", b">" + trick + b"<")), LOOKUP).content  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        lambda envelope: envelope.replace(XML_DOCUMENT, XML_DOCUMENT + XML_DOCUMENT),
        lambda envelope: envelope.replace(XML_DOCUMENT, b"text" + XML_DOCUMENT),
        lambda envelope: envelope.replace(XML_DOCUMENT, XML_DOCUMENT + b"text"),
        lambda envelope: envelope.replace(XML_DOCUMENT, b""),
        lambda envelope: envelope.replace(SPG.encode(), b"urn:another"),
    ],
)
def test_a_signed_body_holds_exactly_one_interchange(change: Callable[[bytes], bytes]) -> None:
    assert refusal(WSS, resign(change), LOOKUP).fault.code is FaultCode.MALFORMED


@pytest.mark.parametrize(
    "stamp",
    [
        b"<wsu:Created>yesterday</wsu:Created>",
        b"<wsu:Created>2026-03-02T09:30:00</wsu:Created>",
        b"<wsu:Created>2026-02-30T09:30:00Z</wsu:Created>",
        b"<wsu:Created/>",
        b"",
    ],
)
def test_a_signed_time_that_is_none(stamp: bytes) -> None:
    envelope = resign(lambda plain: re.sub(rb"<wsu:Created>.*</wsu:Created>", stamp, plain))
    assert refusal(WSS, envelope, LOOKUP).cause == "timestamp-form"


def test_time_as_signed() -> None:
    assert verify(WSS, SIGNED, LOOKUP, now=NOW + timedelta(seconds=599)).signed_at == NOW
    assert verify(WSS, SIGNED, LOOKUP, now=NOW - timedelta(seconds=300)).signed_at == NOW
    assert refusal(WSS, SIGNED, LOOKUP, now=NOW + timedelta(seconds=600)).fault.code is FaultCode.STALE
    assert refusal(WSS, SIGNED, LOOKUP, now=NOW - timedelta(seconds=301)).fault.code is FaultCode.FROM_THE_FUTURE


def test_an_expiry_in_the_far_future_does_not_outlive_the_agreed_age() -> None:
    envelope = resign(lambda plain: re.sub(rb"<wsu:Expires>[^<]*", b"<wsu:Expires>2099-01-01T00:00:00Z", plain))
    assert verify(WSS, envelope, LOOKUP, now=NOW + timedelta(seconds=MAX_AGE)).signed_at == NOW
    assert refusal(WSS, envelope, LOOKUP, now=NOW + timedelta(seconds=MAX_AGE + 1)).fault.code is FaultCode.STALE


def test_the_legacy_policy_takes_no_more_than_it_says() -> None:
    assert refusal(WSS, SIGNED, lookup_of(KEY, policy=LEGACY_SPG)).cause == "signed-parts"


def inclusive(prefixes: str) -> bytes:
    return f'<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="{prefixes}"/>'.encode()


@pytest.mark.parametrize("prefixes", ["", "soap", "wsse wsu soap", "#default", "unbound"])
def test_inclusive_prefixes_as_other_products_write_them(prefixes: str) -> None:
    """Honoured by whoever signs: in the canonicalisation of SignedInfo and in the transforms."""
    listed = inclusive(prefixes)

    def change(plain: bytes) -> bytes:
        return re.sub(rb"(</ds:CanonicalizationMethod>|</ds:Transform>)", listed + rb"\1", plain)

    signed = resign(change, tuple(prefixes.split()))
    assert signed.count(b"PrefixList") == 3
    assert b">C05<" in verify(WSS, signed, LOOKUP).content
    assert refusal(WSS, signed.replace(b">C05<", b">C21<"), LOOKUP).cause == "digest-differs-Body"


def test_a_prefix_list_that_the_signer_did_not_honour() -> None:
    listed = inclusive("soap")
    signed = resign(lambda plain: plain.replace(b"</ds:CanonicalizationMethod>", listed + b"</ds:CanonicalizationMethod>"))
    assert refusal(WSS, signed, LOOKUP).cause == "signature-invalid"
    floods = inclusive(" ".join(f"p{n}" for n in range(33)))
    assert refusal(WSS, put(b"</ds:CanonicalizationMethod>", floods + b"</ds:CanonicalizationMethod>"), LOOKUP).cause == "canonicalisation-or-transform"
