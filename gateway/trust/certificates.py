"""Development only: a certificate authority, certificates and keys for demonstrations and tests.

What it is: X.509 that says in every name that it is not to be relied on. What it is not: anything that live
trusts: there keys come from outside and are pinned by thumbprint. The one place in `trust` that draws random
numbers, since keys are made of them. Called by the rehearsal and by tests. RFC 5280.
"""

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.trust.signing import KeyUnusable

DEVELOPMENT_MARK = "DEVELOPMENT ONLY - NOT TO BE TRUSTED"
_BACKDATED = timedelta(hours=1)
"""Certificates start a little earlier, for clocks that are behind."""

_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CertificateUse(StrEnum):
    """What a development certificate is for."""

    SERVER = "server"
    CLIENT = "client"
    SIGN = "sign"
    """WS-Security signatures: RSA-2048, where TLS has P-256."""


class Credential(NamedTuple):
    """A certificate with its private key, unencrypted: for development."""

    certificate_pem: bytes
    private_key_pem: bytes

    @property
    def certificate_der(self) -> bytes:
        """The certificate as key records and signers take it."""
        return certificate_der(self.certificate_pem)


def certificate_der(certificate_pem: bytes) -> bytes:
    """The first certificate of a PEM file, DER. Raises KeyUnusable."""
    try:
        return x509.load_pem_x509_certificate(certificate_pem).public_bytes(Encoding.DER)
    except ValueError as error:
        raise KeyUnusable("not a certificate in PEM form") from error


def make_ed25519_key() -> bytes:
    """A fresh Ed25519 private key, PKCS #8 PEM: for signing messages, receipts or caller tokens."""
    return _pem(ed25519.Ed25519PrivateKey.generate())


def make_authority(name: str, now: datetime, days: int = 30) -> Credential:
    """A self-signed development authority, P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(name), _name(name), key, now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return Credential(builder.sign(key, SHA256()).public_bytes(Encoding.PEM), _pem(key))


def issue_certificate(
    authority: Credential, subject_cn: str, *, use: CertificateUse, now: datetime, alternative_names: Iterable[str] = (), days: int = 30
) -> Credential:
    """A certificate for one use, with a fresh key. Alternative names are host names or IP addresses."""
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem)
    issuer_key = load_pem_private_key(authority.private_key_pem, password=None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise KeyUnusable("this is not a development authority")
    key: _PrivateKey = rsa.generate_private_key(65537, 2048) if use is CertificateUse.SIGN else ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(subject_cn), issuer.subject, key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return Credential(_with_names(builder, use, list(alternative_names)).sign(issuer_key, SHA256()).public_bytes(Encoding.PEM), _pem(key))


def _with_names(builder: x509.CertificateBuilder, use: CertificateUse, names: list[str]) -> x509.CertificateBuilder:
    purposes = {CertificateUse.SERVER: ExtendedKeyUsageOID.SERVER_AUTH, CertificateUse.CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH}
    if use in purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purposes[use]]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
    return builder


def _builder(subject: x509.Name, issuer: x509.Name, key: _PrivateKey, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, DEVELOPMENT_MARK), x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


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


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: _PrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
