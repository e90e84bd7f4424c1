"""Coverage-guided: a JWS of any bytes, and one that a partner signed around anything, gives content or a refusal."""

import base64
from contextlib import suppress

import atheris

from tests.support.fuzzing import OURS, fuzz

with atheris.instrument_imports(include=OURS):
    from adapters.contract import WireMessage
    from gateway.trust.catalogue import PACKAGINGS
    from gateway.trust.contract import Limits
    from schemas.faults import Refusal
    from tests.support.trust import AUDIENCE, JSON_DOCUMENT, NOW, ed25519_signer, lookup_of, order, record

JWS, SIGNER = PACKAGINGS["jws"], ed25519_signer()
KNOWN = lookup_of(record(SIGNER))
LIMITS = Limits(max_bytes=100_000, max_depth=30, max_elements=2_000)
TOKEN = JWS.seal(order(JSON_DOCUMENT), SIGNER).body


def _coded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _signed_around(data: bytes) -> tuple[bytes, bytes]:
    """What a partner with a pinned key can make: any header, any payload, and a signature that holds."""
    header, _, payload = data.partition(b"\n")
    signed = _coded(header) + b"." + _coded(payload)
    return signed + b"." + _coded(SIGNER.sign(signed)), payload


def one_input(data: bytes) -> None:
    body, payload = (data, JSON_DOCUMENT) if data[:1] != b"\x01" else _signed_around(data[1:])
    with suppress(Refusal):
        verified = JWS.verify(WireMessage(body, ""), KNOWN, audience=AUDIENCE, now=NOW, limits=LIMITS)
        if verified.content != payload:
            raise AssertionError("content that nobody signed")


if __name__ == "__main__":
    head = base64.urlsafe_b64decode(TOKEN.split(b".")[0] + b"==")
    fuzz("jws", one_input, [TOKEN, b"\x01" + head + b"\n" + JSON_DOCUMENT])
