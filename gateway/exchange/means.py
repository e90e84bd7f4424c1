"""Means: what the rules need and may not fetch themselves.

What it is: keys, ids and randomness, handed in once by the composition root. What it is not: a place for
logic. The time is no part of it: every rule takes `now`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.trust.contract import Limits, Packaging, Signer
from gateway.trust.sealing import ArchiveKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """One per process."""

    issuer: str
    """`iss` of our receipts, and `aud` of what is sent to us: the gateway and its environment."""
    new_id: Callable[[], str]
    """UUIDv7, text."""
    random: Callable[[int], bytes]
    message_signer: Signer
    """Signs JWS messages and receipts."""
    wss_signer: Signer
    receipts: Packaging
    """The packaging that our receipts are laid out in: JWS."""
    archive: ArchiveKeys
    parcel_key: bytes
    lookup_key: bytes
    limits: Limits = field(default_factory=Limits)
    public_url: str = ""
    """Where partners reach us, without a final slash: what addresses of details begin with."""
    sweep_seconds: float = 30.0
    """How long a parcel may be on its way before the sweeper looks after its delivery."""

    def signer_for(self, packaging: str) -> Signer:
        """WS-Security wants a certificate, JWS does not."""
        return self.wss_signer if packaging == "wss" else self.message_signer
