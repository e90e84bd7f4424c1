"""Signed alerts: a compact JWS of type `alert+jws`, for webhooks.

What it is: the signature, by the key that signs receipts, so that whoever knows our key set can check it. What it is
not: a message type: no packaging accepts it, so an alert can never be handed in as a message. RFC 7515.
"""

import json

from gateway.trust import compact
from gateway.trust.contract import Signer

ALERT_TYPE = "alert+jws"


def sign_alert(claims: bytes, signer: Signer) -> bytes:
    """Raises SignerUnavailable."""
    header = {"alg": signer.algorithm, "kid": signer.key_id, "typ": ALERT_TYPE}
    return compact.join(json.dumps(header, separators=(",", ":")).encode(), claims, signer)
