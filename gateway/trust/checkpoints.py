"""Signed checkpoints of the audit chain: a compact JWS of type `checkpoint+jws`.

What it is: the signature, and its check against our own public keys. What it is not: a message type: no
packaging accepts it, so a checkpoint can never be handed in as a message. RFC 7515.
"""

import json
from collections.abc import Callable

from gateway.audit.chain import Checkpoint, CheckpointUnreadable, decode_checkpoint
from gateway.trust import compact
from gateway.trust.contract import Signer
from gateway.trust.keyring import KeyRecord, Keyring
from schemas.faults import Refusal

CHECKPOINT_TYPE = "checkpoint+jws"


def sign_checkpoint(claims: bytes, signer: Signer) -> str:
    """Raises SignerUnavailable."""
    header = {"alg": signer.algorithm, "kid": signer.key_id, "typ": CHECKPOINT_TYPE}
    return compact.join(json.dumps(header, separators=(",", ":")).encode(), claims, signer).decode("ascii")


def open_checkpoint(jws: str, find: Callable[[str], KeyRecord | None]) -> bytes | None:
    """The claims; None where the signature does not hold, or the key is not one of ours. Refuses with `malformed`."""
    token = compact.split(jws.encode("ascii", errors="replace"))
    header = token.claimed_header
    key = find(str(header.get("kid")))
    if header.get("typ") != CHECKPOINT_TYPE or key is None or header.get("alg") != key.algorithm:
        return None
    return token.unverified_payload if compact.signature_holds(token, key) else None


def checkpoint_reader(keyring: Keyring) -> Callable[[str], Checkpoint | None]:
    """Opens a checkpoint whose signature holds under one of these keys; None for any other."""

    def read(jws: str) -> Checkpoint | None:
        try:
            claims = open_checkpoint(jws, keyring.find)
            return None if claims is None else decode_checkpoint(claims)
        except (Refusal, CheckpointUnreadable):
            return None

    return read
