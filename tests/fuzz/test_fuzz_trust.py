"""Any bytes at any check give a result or a coded refusal, and nothing else."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import WireMessage
from gateway.trust import soap, strict_json, xml_guard
from gateway.trust.caller import make_caller_token, verify_caller
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import Limits, VerifiedContent
from gateway.trust.jws import verify_receipt
from gateway.trust.keyring import Keyring, KeyUse
from gateway.trust.policy import LEGACY_SPG, STRICT
from gateway.trust.sealing import Unsealable, unseal_parcel
from schemas.faults import Refusal
from tests.support.trust import AUDIENCE, JSON_DOCUMENT, NOW, XML_DOCUMENT, ed25519_signer, lookup_of, order, record, rsa_signer

JWS, WSS = PACKAGINGS["jws"], PACKAGINGS["wss"]
JSON_KEY, XML_KEY = record(ed25519_signer()), record(rsa_signer())
TOKEN = JWS.seal(order(JSON_DOCUMENT), ed25519_signer()).body
ENVELOPE = WSS.seal(order(XML_DOCUMENT), rsa_signer()).body
CALLER = make_caller_token(ed25519_signer(), JSON_KEY.organisation, audience=AUDIENCE, method="GET", url="https://x/", now=NOW, token_id="t").encode()
LIMITS = Limits(max_bytes=100_000, max_depth=30, max_elements=2_000)
SCRAPS = st.sampled_from(
    [
        *(
            b"<",
            b">",
            b"</",
            b"/>",
            b"<!--",
            b"-->",
            b"<![CDATA[",
            b"]]>",
            b"<!DOCTYPE x>",
            b"<?x?>",
            b"&amp;",
            b"&#0;",
            b"&x;",
            b'"',
            b"xmlns=",
            b"xml:id=",
            b":",
        ),
        *(b".", b"..", b"=", b"e30", b"{", b"}", b"[", b'"alg":"none"', b"\\ud800", b"\x00", b"\xff", b"9" * 5000),
        b'<wsu:Timestamp xmlns:wsu="urn:x"/>',
        b'xmlns="relative"',
        XML_DOCUMENT,
        TOKEN,
    ]
)
BYTES = st.binary(max_size=300) | st.lists(SCRAPS | st.binary(max_size=5), max_size=12).map(b"".join)


def mutations(original: bytes) -> st.SearchStrategy[bytes]:
    """A valid message with pieces cut out and others put in."""

    def cut(pieces: list[tuple[int, int, bytes]]) -> bytes:
        changed = original
        for start, length, scrap in pieces:
            changed = changed[:start] + scrap + changed[start + length :]
        return changed

    place = st.integers(0, len(original))
    return st.lists(st.tuples(place, st.integers(0, 60), SCRAPS | st.binary(max_size=4)), min_size=1, max_size=3).map(cut)


def coded(refused: Refusal) -> None:
    """A refusal names a row of the fault table, and what the audit may know."""
    assert refused.fault.row
    assert refused.cause


def judged(check: Callable[[], VerifiedContent]) -> bytes | None:
    """The content, or None for a refusal; anything else fails the test."""
    try:
        return check().content
    except Refusal as refused:
        coded(refused)
        return None


@given(BYTES | mutations(TOKEN))
@settings(deadline=None, max_examples=300)
def test_jws(body: bytes) -> None:
    content = judged(lambda: JWS.verify(WireMessage(body, ""), lookup_of(JSON_KEY), audience=AUDIENCE, now=NOW, limits=LIMITS))
    assert content is None or (content == JSON_DOCUMENT and body == TOKEN)


@given(BYTES | mutations(ENVELOPE), st.sampled_from([STRICT, LEGACY_SPG]))
@settings(deadline=None, max_examples=400)
def test_wss(body: bytes, policy: object) -> None:
    content = judged(lambda: WSS.verify(WireMessage(body, ""), lookup_of(XML_KEY, policy=policy), audience=AUDIENCE, now=NOW, limits=LIMITS))  # type: ignore[arg-type]
    assert content in {None, xml_guard.canonical_document(XML_DOCUMENT)}


@given(st.text(max_size=200) | BYTES.map(lambda raw: raw.decode("latin-1")) | mutations(TOKEN).map(lambda raw: raw.decode("latin-1")))
@settings(deadline=None)
def test_receipts(text: str) -> None:
    assert judged(lambda: verify_receipt(text, lookup_of(JSON_KEY), audience=AUDIENCE, now=NOW)) is None


@given(st.text(max_size=200) | mutations(CALLER).map(lambda raw: raw.decode("latin-1")), st.text(max_size=30))
@settings(deadline=None)
def test_callers(token: str, url: str) -> None:
    find = Keyring.of([record(ed25519_signer(), use=KeyUse.AUTH)]).find
    try:
        verify_caller(token, find, audience=AUDIENCE, method="GET", url=url, now=NOW)
    except Refusal as refused:
        coded(refused)


@given(BYTES | mutations(XML_DOCUMENT))
@settings(deadline=None)
def test_parsers(raw: bytes) -> None:
    for check in (xml_guard.canonical_document, lambda body: soap.unwrap_unsigned(body, LIMITS), lambda body: strict_json.parse(body, LIMITS)):
        try:
            check(raw)
        except Refusal as refused:
            coded(refused)


@given(st.binary(max_size=100), st.binary(max_size=10))
def test_unsealing(sealed: bytes, associated: bytes) -> None:
    try:
        unseal_parcel(sealed, bytes(32), associated)
    except Unsealable:
        return
    raise AssertionError("opened what was never sealed")
