"""A signed sample with any one byte changed is refused, or says exactly what was signed.

Every byte of every signed sample is replaced twice, and every third is left out once. What comes through must be
the signed content to the byte, and must have been changed in a place that no signature covers; those are listed.
"""

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import Lookup, Packaging, Signer, VerifiedContent
from gateway.trust.keyring import KeyUse
from gateway.trust.policy import LEGACY_SPG, STRICT
from gateway.trust.signing import key_record_from_certificate
from schemas.faults import FaultCode, Refusal
from tests.support.trust import ORGANISATION, ed25519_signer, lookup_of, order, record, rsa_signer, verify
from tests.support.world import contact

FOLDER = Path(__file__).parent
SIGNED = sorted(path.stem for path in (FOLDER / "wss").glob("*.xml"))
BOGUS = sorted(path.stem for path in (FOLDER / "bogus").glob("*.xml"))
WSS, JWS = PACKAGINGS["wss"], PACKAGINGS["jws"]
REFUSALS = {FaultCode.SIGNATURE_NOT_ACCEPTED, FaultCode.MALFORMED, FaultCode.TOO_COMPLEX}

UNSIGNED = {
    "name of an attribute whose value is its default": rb"<wsse:BinarySecurityToken (EncodingType)=|<wsse:Reference URI=\"[^\"]*\" (ValueType)=",
    "ids that no reference points to": rb"<ds:(?:Signature|KeyInfo)\b[^>]*? (Id=\"[^\"]*)\"|<wsse:SecurityTokenReference wsu:(Id=\"[^\"]*)\"",
    "bits of base64 that belong to no byte": rb"([A-Za-z0-9+/])={1,2}</(?:ds:SignatureValue|wsse:BinarySecurityToken)>",
    "blanks inside of a tag, where any white space is the same to XML": rb"(?<=[\w\"/])( )(?=[\w:.-]+(?:=\"|\"))",
    "declarations of prefixes that nothing uses": rb"<SPGInterchange xmlns=\"[^\"]*\" xmlns:(spg=\"[^\"]*)\" xmlns:(xsi=\"[^\"]*)\"",
}
"""Where a change is let through. Each group is such a place; the content that comes out is untouched by all of them."""
UNSIGNED_STAMP = rb"<wsu:Timestamp wsu:(Id=\"[^\"]*)\"|<wsu:(?:Created|Expires)>([^<]*)<"
"""Under the legacy policy the Timestamp is not signed and not believed: freshness is the signed DateOfPreparation."""


def changes(original: bytes) -> Iterator[tuple[int, bytes]]:
    """Each byte with its lowest bit turned, and as another kind of byte; every third left out."""
    for place, byte in enumerate(original):
        before, after = original[:place], original[place + 1 :]
        yield place, before + bytes([byte ^ 1]) + after
        yield place, before + _other_kind(chr(byte)) + after
        if place % 3 == 0:
            yield place, before + after


def _other_kind(character: str) -> bytes:
    """A letter in the other case, a digit as markup, a blank as a line end, anything else as a blank."""
    if character.isalpha():
        return character.swapcase().encode("latin-1")
    return b"<" if character.isdigit() else b"\n" if character == " " else b" "


def verified(packaging: Packaging, body: bytes, lookup: Lookup, now: datetime) -> VerifiedContent | None:
    """What is believed, or None for a refusal for one of three reasons."""
    try:
        return verify(packaging, body, lookup, now=now)
    except Refusal as refusal:
        if refusal.fault.code in REFUSALS:
            return None
        raise


def sample(folder: str, name: str) -> tuple[bytes, Lookup, datetime]:
    """An envelope, who finds the key in its certificate, and when the key and the envelope are valid."""
    body = (FOLDER / folder / f"{name}.xml").read_bytes()
    token, created = re.search(rb"<wsse:BinarySecurityToken[^>]*>([^<]*)<", body), re.search(rb"<wsu:Created>([^<]*)<", body)
    assert token is not None
    assert created is not None
    key = key_record_from_certificate(base64.b64decode(token[1]), organisation=ORGANISATION, use=KeyUse.SIGN, speaks_for=[])
    now = datetime.fromisoformat(created[1].decode())
    return body, lookup_of(key, policy=STRICT if "strict" in name else LEGACY_SPG), now if key.valid_at(now) else key.not_before + timedelta(hours=1)


def unsigned_places(name: str, body: bytes) -> set[int]:
    patterns = [*UNSIGNED.values(), *(() if "strict" in name else (UNSIGNED_STAMP,))]
    found = [match.span(group) for pattern in patterns for match in re.finditer(pattern, body) for group in range(1, match.re.groups + 1)]
    return {place for start, end in found for place in range(start, end)}


@pytest.mark.parametrize("name", SIGNED)
def test_no_byte_of_a_signed_envelope_changes_what_is_accepted(name: str) -> None:
    body, lookup, now = sample("wss", name)
    original = verify(WSS, body, lookup, now=now)
    read = cache(NdeliusAdapter().read)
    unsigned, reached = unsigned_places(name, body), set()
    for place, changed in changes(body):
        believed = verified(WSS, changed, lookup, now)
        if believed is None:
            continue
        assert believed == original, place
        assert read(believed.content) == read(original.content)
        assert place in unsigned, (place, body[max(0, place - 40) : place + 10])
        reached.add(place)
    # The list is no wider than it has to be: nearly all that it names can in fact be changed.
    assert len(reached) > 0.9 * len(unsigned)


@pytest.mark.parametrize("name", BOGUS)
def test_no_byte_makes_a_bogus_envelope_acceptable(name: str) -> None:
    body, lookup, now = sample("bogus", name)
    assert verified(WSS, body, lookup, now) is None
    assert [place for place, changed in changes(body) if verified(WSS, changed, lookup, now) is not None] == []


@pytest.mark.parametrize("signer", [ed25519_signer(), rsa_signer()], ids=lambda signer: signer.algorithm)
def test_no_byte_of_a_compact_jws_can_be_changed(signer: Signer) -> None:
    """Every character of a compact JWS counts: even the bits of base64url that belong to no byte must be zero."""
    sealed = JWS.seal(order(contact("m-1")), signer)
    lookup, now = lookup_of(record(signer)), order(b"").now
    original = verify(JWS, sealed.body, lookup)
    assert CanonicalAdapter().read(original.content).entries
    assert [place for place, changed in changes(sealed.body) if verified(JWS, changed, lookup, now) is not None] == []
