"""Unsafe: SOAP envelopes signed as weakly as the real Strategic Partner Gateway product signs them.

What it is: a stand-in for simulated partners and tests: SHA-1 digest, Body alone, an unsigned Timestamp of 1000
seconds (spg/wire-format §4). What it is not: something the gateway sends: no catalogue lists it, so no
agreement can name it. It warns whenever it is made.
"""

import hashlib
import warnings
from datetime import timedelta

from adapters.contract import WireMessage
from gateway.trust import soap, wss_seal
from gateway.trust.contract import SealOrder, Signer
from gateway.trust.wss import WssPackaging
from gateway.trust.wss_seal import SealProfile


def _sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest()


_LEGACY_PROFILE = SealProfile(("Body",), "http://www.w3.org/2000/09/xmldsig#sha1", _sha1, timedelta(seconds=1000))


class UnsafeLegacyWssPackaging(WssPackaging):
    """Verifies as `wss` does, seals as the real product does."""

    name = "unsafe-legacy-wss"

    def __init__(self) -> None:
        warnings.warn("Unsafe stand-in in use: legacy WS-Security seals are for simulated partners only", UserWarning, stacklevel=2)

    def seal(self, order: SealOrder, signer: Signer) -> WireMessage:
        """As `WssPackaging.seal`, with a SHA-1 digest over the Body alone."""
        body = wss_seal.seal_envelope(order.document, signer, now=order.now, soap_version=order.soap_version, profile=_LEGACY_PROFILE)
        return WireMessage(body, soap.content_type(order.soap_version))
