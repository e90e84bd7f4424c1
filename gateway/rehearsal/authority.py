"""A development certificate authority: TLS and signing certificates for a rehearsal, and nowhere else.

What it is: real X.509 under a root that is made on the spot and thrown away with the directory. What it is not: an
authority that anybody outside trusts: live certificates come from the operator's own. Called by the demo, the bench
and the scenario tests. Profiles follow RFC 5280; names are loopback only.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=30)
BACKDATED = timedelta(minutes=10)
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, as files in PEM."""

    certificate_path: Path
    key_path: Path

    def certificate_der(self) -> bytes:
        """The certificate alone, for pinning."""
        return x509.load_pem_x509_certificate(self.certificate_path.read_bytes()).public_bytes(serialization.Encoding.DER)


class DevelopmentAuthority:
    """One root, kept in a directory: made at the first use, taken up again afterwards."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self.root_path = directory / "root.pem"
        self._key_path = directory / "root.key"
        if not self.root_path.exists():
            self._make_root()
        self._key = _load_key(self._key_path)
        self._root = x509.load_pem_x509_certificate(self.root_path.read_bytes())

    def tls(self, name: str) -> Identity:
        """A TLS identity for localhost: server and client at once, as the demo's programs are both."""
        return self._issue(f"{name}-tls", name, ec.generate_private_key(ec.SECP256R1()), _TLS_EXTENSIONS)

    def signing(self, name: str) -> Identity:
        """An RSA identity for WS-Security signatures."""
        return self._issue(f"{name}-signing", f"signing.{name}", rsa.generate_private_key(65537, 2048), _SIGNING_EXTENSIONS)

    def server_context(self, identity: Identity) -> ssl.SSLContext:
        """For a partner's endpoint: whoever calls must hold a certificate of this authority."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.root_path))
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_cert_chain(identity.certificate_path, identity.key_path)
        return context

    def client_context(self, identity: Identity) -> ssl.SSLContext:
        """For calling the gateway: trusts this root alone, and shows the client certificate."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.root_path))
        context.load_cert_chain(identity.certificate_path, identity.key_path)
        return context

    def _issue(self, file_name: str, common_name: str, key: PrivateKey, extensions: tuple[x509.ExtensionType, ...]) -> Identity:
        identity = Identity(self._directory / f"{file_name}.pem", self._directory / f"{file_name}.key")
        if identity.certificate_path.exists():
            return identity
        builder = _builder(common_name, self._root.subject, key)
        for extension in (x509.BasicConstraints(ca=False, path_length=None), *extensions):
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        _write_key(identity.key_path, key)
        identity.certificate_path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return identity

    def _make_root(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("Development authority, not to be trusted")
        builder = _builder("", subject, key, subject)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        _write_key(self._key_path, key)
        self.root_path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


_LOOPBACK = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")))
_TLS_EXTENSIONS: tuple[x509.ExtensionType, ...] = (
    x509.SubjectAlternativeName(_LOOPBACK),
    x509.ExtendedKeyUsage((ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)),
    _usage(signs_certificates=False),
)
_SIGNING_EXTENSIONS: tuple[x509.ExtensionType, ...] = (_usage(signs_certificates=False),)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(common_name: str, issuer: x509.Name, key: PrivateKey, subject: x509.Name | None = None) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=subject or _name(common_name),
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - BACKDATED,
        not_valid_after=now + LIFE,
    )


def _write_key(path: Path, key: PrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def _load_key(path: Path) -> PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} holds a key of another kind")
    return key
