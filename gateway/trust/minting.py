"""Minting: fresh private keys for the gateway and for partners that ask `gateway key new`.

What it is: an Ed25519 key, and an RSA key with a certificate signed by itself, as PEM. What it is not:
storage (`gateway.keystore`), nor an authority: partners pin the certificate by its thumbprint, so nobody needs
to have issued it. RFC 8032, RFC 8410, RFC 5280.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.trust.signing import KeyUnusable

RSA_BITS = 2048
_COMMON_NAME_CHARACTERS = 64
"""RFC 5280, appendix A: ub-common-name."""


@dataclass(frozen=True, slots=True)
class Minted:
    """One private key, unencrypted, and its certificate where it has one."""

    private_pem: bytes = field(repr=False)
    certificate_der: bytes | None = None


def mint_ed25519() -> Minted:
    """For JWS messages and receipts."""
    return Minted(_pem(ed25519.Ed25519PrivateKey.generate()))


def mint_rsa(name: str, *, now: datetime, days: int) -> Minted:
    """For WS-Security, with a certificate signed by itself that begins a day before `now`: clocks differ."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_COMMON_NAME_CHARACTERS])])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    return Minted(_pem(key), certificate.public_bytes(Encoding.DER))


def certificate_pem(certificate_der: bytes) -> bytes:
    """The same certificate, as text."""
    return x509.load_der_x509_certificate(certificate_der).public_bytes(Encoding.PEM)


def certificate_der(pem: bytes) -> bytes:
    """The first certificate of a PEM text. Raises KeyUnusable."""
    try:
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError as error:
        raise KeyUnusable("not a certificate in PEM form") from error


def certificate_ends(der: bytes) -> datetime:
    """When a certificate ends, UTC."""
    return x509.load_der_x509_certificate(der).not_valid_after_utc


def _pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
