"""Parts of the gateway that the kit uses: dialects, packagings, keys, as the composition root knows them.

What it is: values handed in. What it is not: a second catalogue. Called by the kit's stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.contract import Adapter
from gateway.trust.contract import Packaging, Signer
from gateway.trust.minting import mint_ed25519, mint_rsa
from gateway.trust.signing import signer_from_pem

CERTIFICATE_DAYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KitParts:
    """What the kit needs of the gateway."""

    adapters: Mapping[str, Adapter]
    packagings: Mapping[str, Packaging]
    issuer: str
    new_id: Callable[[], str]
    wss_signer: Signer

    def new_message_signer(self) -> Signer:
        """A fresh key for JWS."""
        return signer_from_pem(mint_ed25519().private_pem)

    def new_wss_signer(self) -> Signer:
        """A fresh key with its certificate for WS-Security."""
        return fresh_wss_signer()


def fresh_wss_signer() -> Signer:
    """A fresh RSA key, and a certificate signed by itself."""
    minted = mint_rsa("Proving", now=datetime.now(UTC), days=CERTIFICATE_DAYS)
    return signer_from_pem(minted.private_pem, minted.certificate_der)
