"""Coverage-guided: an envelope of any bytes, and a signed one around any document, gives content or a refusal."""

from contextlib import suppress

import atheris

from tests.support.fuzzing import OURS, fuzz

with atheris.instrument_imports(include=OURS):
    from adapters.contract import WireMessage
    from gateway.trust import xml_guard
    from gateway.trust.catalogue import PACKAGINGS
    from gateway.trust.contract import Limits
    from gateway.trust.policy import LEGACY_SPG, STRICT
    from schemas.faults import Refusal
    from tests.support.trust import AUDIENCE, NOW, XML_DOCUMENT, lookup_of, order, record, rsa_signer

WSS, SIGNER = PACKAGINGS["wss"], rsa_signer()
KNOWN = {policy: lookup_of(record(SIGNER), policy=policy) for policy in (STRICT, LEGACY_SPG)}
LIMITS = Limits(max_bytes=100_000, max_depth=30, max_elements=2_000)
ENVELOPE = WSS.seal(order(XML_DOCUMENT), SIGNER).body
CANONICAL = xml_guard.canonical_document(XML_DOCUMENT)


def one_input(data: bytes) -> None:
    body, expected = data, CANONICAL
    if data[:1] == b"\x01":
        try:
            expected = xml_guard.canonical_document(data[1:])
            body = WSS.seal(order(data[1:]), SIGNER).body
        except Refusal:
            return
    for policy in (STRICT, LEGACY_SPG):
        with suppress(Refusal):
            verified = WSS.verify(WireMessage(body, ""), KNOWN[policy], audience=AUDIENCE, now=NOW, limits=LIMITS)
            if verified.content != expected:
                raise AssertionError("content that nobody signed")


if __name__ == "__main__":
    fuzz("wss", one_input, [ENVELOPE, b"\x01" + XML_DOCUMENT])
