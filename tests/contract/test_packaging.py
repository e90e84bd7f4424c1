"""What every packaging owes (`gateway.trust.contract.Packaging`), proved over all that exist."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from adapters.contract import WireMessage
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import ClaimedSender, Limits, Lookup, Packaging, SenderTrust, Signer, VerifiedContent
from gateway.trust.digests import digest
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import LEGACY_SPG, STRICT
from gateway.trust.unsafe_legacy import UnsafeLegacyWssPackaging
from gateway.trust.xml_guard import canonical_document
from schemas.faults import FaultCode, Refusal
from tests.support.trust import AUDIENCE, JSON_DOCUMENT, NOT_ACCEPTED, NOW, XML_DOCUMENT, ed25519_signer, lookup_of, order, record, rsa_signer


@dataclass(frozen=True)
class Twin:
    """One packaging with keys and a document that fit it."""

    packaging: Packaging
    signer: Signer
    other_signer: Signer
    document: bytes
    content: bytes
    soap_version: str = "1.2"
    legacy: bool = False

    @property
    def key(self) -> KeyRecord:
        return record(self.signer)

    def seal(self) -> WireMessage:
        return self.packaging.seal(order(self.document, soap_version=self.soap_version), self.signer)

    def refuse(self, wire: WireMessage, lookup: Lookup | None = None, limits: Limits | None = None) -> Refusal:
        """The refusal that this meets; fails where it is accepted."""
        policy = LEGACY_SPG if self.legacy else STRICT
        with pytest.raises(Refusal) as caught:
            self.packaging.verify(wire, lookup or lookup_of(self.key, policy=policy), audience=AUDIENCE, now=NOW, limits=limits or Limits())
        return caught.value

    def verify(self, wire: WireMessage, key: KeyRecord | None = None) -> VerifiedContent:
        policy = LEGACY_SPG if self.legacy else STRICT
        return self.packaging.verify(wire, lookup_of(key or self.key, policy=policy), audience=AUDIENCE, now=NOW, limits=Limits())


def unsafe_legacy() -> Packaging:
    with pytest.warns(UserWarning, match="Unsafe"):
        return UnsafeLegacyWssPackaging()


CSV_DOCUMENT = "H;C05;000017\r\n1;K262456;Naïve café\r\nT;1\r\n".encode()
TWINS: dict[str, Callable[[], Twin]] = {
    "jws-ed25519": lambda: Twin(PACKAGINGS["jws"], ed25519_signer(), ed25519_signer("other"), JSON_DOCUMENT, JSON_DOCUMENT),
    "jws-rsa": lambda: Twin(PACKAGINGS["jws"], rsa_signer(), rsa_signer("other"), JSON_DOCUMENT, JSON_DOCUMENT),
    "detached-csv": lambda: Twin(PACKAGINGS["detached"], ed25519_signer(), ed25519_signer("other"), CSV_DOCUMENT, CSV_DOCUMENT),
    "detached-json": lambda: Twin(PACKAGINGS["detached"], rsa_signer(), rsa_signer("other"), JSON_DOCUMENT, JSON_DOCUMENT),
    "detached-xml": lambda: Twin(PACKAGINGS["detached"], ed25519_signer(), ed25519_signer("other"), XML_DOCUMENT, XML_DOCUMENT),
    "wss-1.1": lambda: Twin(PACKAGINGS["wss"], rsa_signer(), rsa_signer("other"), XML_DOCUMENT, canonical_document(XML_DOCUMENT), "1.1"),
    "wss-1.2": lambda: Twin(PACKAGINGS["wss"], rsa_signer(), rsa_signer("other"), XML_DOCUMENT, canonical_document(XML_DOCUMENT)),
    "unsafe-legacy": lambda: Twin(unsafe_legacy(), rsa_signer(), rsa_signer("other"), XML_DOCUMENT, canonical_document(XML_DOCUMENT), legacy=True),
}


@pytest.fixture(params=TWINS)
def twin(request: pytest.FixtureRequest) -> Twin:
    return TWINS[request.param]()


def test_the_catalogue_lists_each_by_its_name_and_nothing_unsafe() -> None:
    assert {name: packaging.name for name, packaging in PACKAGINGS.items()} == {"jws": "jws", "detached": "detached", "wss": "wss"}


def test_what_was_sealed_verifies_and_comes_back(twin: Twin) -> None:
    verified = twin.verify(twin.seal())
    assert verified.content == twin.content
    assert verified.digest == digest(twin.content)
    assert verified.key == twin.key
    assert verified.signed_at == (None if twin.legacy else NOW)


def test_it_accepts_what_it_sends(twin: Twin) -> None:
    assert twin.packaging.accepts(twin.seal().content_type)
    assert not twin.packaging.accepts("image/png")


def test_the_digest_is_of_the_content_and_not_of_the_seal(twin: Twin) -> None:
    later = twin.packaging.seal(order(twin.document, soap_version=twin.soap_version, now=NOW + timedelta(seconds=1)), twin.signer)
    assert later != twin.seal()
    assert twin.verify(later).digest == twin.verify(twin.seal()).digest


def test_the_lookup_is_asked_once_for_the_key_that_the_message_names(twin: Twin) -> None:
    asked: list[ClaimedSender] = []

    def lookup(claim: ClaimedSender) -> SenderTrust | None:
        asked.append(claim)
        return None

    assert twin.refuse(twin.seal(), lookup).fault == NOT_ACCEPTED
    assert asked == [ClaimedSender(twin.key.key_id)]


def test_every_broken_trust_has_one_face_and_its_own_cause(twin: Twin) -> None:
    other = record(twin.other_signer)
    keys = [
        replace(other, key_id=twin.key.key_id),
        replace(twin.key, revoked_at=NOW),
        replace(twin.key, use=KeyUse.AUTH),
        other,
    ]
    causes = []
    for key in keys:
        with pytest.raises(Refusal) as caught:
            twin.verify(twin.seal(), key)
        assert caught.value.fault == NOT_ACCEPTED
        causes.append(caught.value.cause)
    assert causes == ["signature-invalid", "key-not-valid-now", "key-use", "key-unknown"]


def test_too_large_is_too_large_whatever_it_is(twin: Twin) -> None:
    wire = twin.seal()
    refused = twin.refuse(wire, limits=Limits(max_bytes=len(wire.body) - 1))
    assert refused.fault.code is FaultCode.TOO_LARGE


def test_causes_and_details_never_quote_what_was_sent(twin: Twin) -> None:
    secret = b"K262456"
    wire = twin.seal()
    for body in (wire.body + secret, secret, b"<x>" + secret, b"{" + secret):
        refused = twin.refuse(replace(wire, body=body))
        assert secret.decode() not in f"{refused} {refused.cause} {refused.fault}"


def test_many_threads_share_one_packaging(twin: Twin) -> None:
    wire, start = twin.seal(), threading.Barrier(8)

    def work(_: int) -> set[bytes]:
        start.wait(timeout=30)
        return {twin.verify(twin.seal() if turn % 10 == 0 else wire).content for turn in range(50)}

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [{twin.content}] * 8
