"""The rehearsal's development authority: certificates as files, and TLS contexts over them.

What it is: what `gateway.trust.certificates` makes, kept in a directory of the rehearsal, made at the first use. What
it is not: an authority that anybody outside trusts. Called by the demo, the bench and the scenario tests.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.trust.certificates import CertificateUse, Credential, certificate_der, issue_certificate, make_authority
from gateway.trust.contract import Signer
from gateway.trust.signing import signer_from_pem

LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, as files in PEM."""

    certificate_path: Path
    key_path: Path

    @property
    def certificate_pem(self) -> str:
        """The certificate as a profile names it."""
        return self.certificate_path.read_text()

    def signer(self) -> Signer:
        """Its key, known by its certificate."""
        return signer_from_pem(self.key_path.read_bytes(), certificate_der(self.certificate_path.read_bytes()))


class DevelopmentAuthority:
    """One root, kept in a directory: made at the first use, taken up again afterwards."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        root = self._identity("root")
        if not root.certificate_path.exists():
            _write(root, make_authority("Rehearsal authority", datetime.now(UTC)))
        self.root_path = root.certificate_path
        self._root = Credential(root.certificate_path.read_bytes(), root.key_path.read_bytes())

    def issue(self, name: str, use: CertificateUse) -> Identity:
        """A certificate for one use: servers are `localhost`."""
        identity = self._identity(f"{name}-{use.value}")
        if not identity.certificate_path.exists():
            names = LOOPBACK if use is CertificateUse.SERVER else ()
            _write(identity, issue_certificate(self._root, f"{use.value}.{name}", use=use, now=datetime.now(UTC), alternative_names=names))
        return identity

    def server_context(self, name: str) -> ssl.SSLContext:
        """For an endpoint: whoever calls must hold a client certificate of this authority."""
        identity = self.issue(name, CertificateUse.SERVER)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.root_path))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(identity.certificate_path, identity.key_path)
        return context

    def client_context(self, name: str) -> ssl.SSLContext:
        """For a caller: trusts this root alone, and shows the client certificate."""
        identity = self.issue(name, CertificateUse.CLIENT)
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.root_path))
        context.load_cert_chain(identity.certificate_path, identity.key_path)
        return context

    def _identity(self, name: str) -> Identity:
        return Identity(self._directory / f"{name}.pem", self._directory / f"{name}.key")


def _write(identity: Identity, credential: Credential) -> None:
    identity.key_path.touch(mode=0o600)
    identity.key_path.write_bytes(credential.private_key_pem)
    identity.certificate_path.write_bytes(credential.certificate_pem)
