"""Envelopes that we sign: read back by libxmlsec1, and by nothing that made them."""

import base64
import re

import pytest

from gateway.trust.contract import SignerUnavailable
from gateway.trust.policy import LEGACY_SPG
from gateway.trust.unsafe_legacy import UnsafeLegacyWssPackaging
from gateway.trust.wss import WssPackaging
from schemas.faults import Refusal
from tests.support.trust import NOW, SPG, XML_DOCUMENT, ed25519_signer, lookup_of, order, record, refusal, rsa_signer, verify

WSS = WssPackaging()
SIGNER = rsa_signer()
LOOKUP = lookup_of(record(SIGNER))


def test_the_seal_is_strict() -> None:
    envelope = WSS.seal(order(XML_DOCUMENT), SIGNER).body.decode()
    assert re.findall(r'URI="#([^"]*)"', envelope) == ["Body-1", "TS-1", "X509-1"]
    assert "sha1" not in envelope
    assert "<wsu:Created>2026-03-02T09:30:00.000Z</wsu:Created><wsu:Expires>2026-03-02T09:35:00.000Z</wsu:Expires>" in envelope
    assert base64.b64encode(SIGNER.certificate or b"").decode() in envelope


@pytest.mark.parametrize(
    "document",
    [
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- prolog -->' + XML_DOCUMENT + b"\n",
        f'<p:SPGInterchange xmlns:p="{SPG}" xmlns:soap="urn:other" soap:a="1"><soap:b/></p:SPGInterchange>'.encode(),
        f'<soap:SPGInterchange xmlns:soap="{SPG}"/>'.encode(),
        f'<wsu:SPGInterchange xmlns:wsu="{SPG}"/>'.encode(),
        f'<SPGInterchange xmlns="{SPG}"><x xmlns=""/>\r\n&#13;<![CDATA[<&>]]></SPGInterchange>'.encode(),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_documents_of_every_spelling(document: bytes, version: str) -> None:
    verified = verify(WSS, WSS.seal(order(document, soap_version=version), SIGNER).body, LOOKUP)
    assert verified.content == verify(WSS, WSS.seal(order(verified.content), SIGNER).body, LOOKUP).content
    assert verified.soap_version == version


def test_a_signer_that_cannot_is_unavailable() -> None:
    with pytest.raises(SignerUnavailable):
        WSS.seal(order(XML_DOCUMENT), ed25519_signer())


def test_a_document_that_is_none_is_not_sealed() -> None:
    with pytest.raises(Refusal):
        WSS.seal(order(b"no document"), SIGNER)


def test_the_unsafe_one_warns_and_only_the_legacy_policy_takes_it() -> None:
    with pytest.warns(UserWarning, match="Unsafe"):
        legacy = UnsafeLegacyWssPackaging()
    envelope = legacy.seal(order(XML_DOCUMENT), SIGNER).body
    assert refusal(WSS, envelope, LOOKUP).cause == "digest-algorithm"
    changed_time = envelope.replace(b"<wsu:Created>2026", b"<wsu:Created>2027")
    for body in (envelope, changed_time):
        assert verify(WSS, body, lookup_of(record(SIGNER), policy=LEGACY_SPG), now=NOW).signed_at is None
