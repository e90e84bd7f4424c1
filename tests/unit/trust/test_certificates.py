"""Development certificates: they serve TLS, and say what they are."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from gateway.trust.certificates import DEVELOPMENT_MARK, CertificateUse, Credential, issue_certificate, make_authority
from gateway.trust.signing import KeyUnusable, signer_from_pem
from tests.support.trust import NOW, rsa_signer


def files(folder: Path, name: str, credential: Credential) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(credential.certificate_pem)
    key.write_bytes(credential.private_key_pem)
    return certificate, key


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> dict[str, object]:
    """A whole TLS handshake in memory; returns what the server learnt of its client's certificate."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_server, server_hostname=name), server.wrap_bio(to_server, to_client, server_side=True)]
    for _ in range(10):
        waiting = []
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(end)
        if not waiting:
            return dict(ends[1].getpeercert() or {})
    raise AssertionError("the handshake never ended")


def contexts(folder: Path, server_credential: Credential, client_credential: Credential, authority: Credential) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    root, _ = files(folder, "root", authority)
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(*files(folder, "server", server_credential))
    client.load_cert_chain(*files(folder, "client", client_credential))
    server.verify_mode = ssl.CERT_REQUIRED
    for context in (server, client):
        context.load_verify_locations(root)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    return server, client


def now() -> datetime:
    """OpenSSL asks the real clock."""
    return datetime.now(UTC)


def test_server_and_client_shake_hands(tmp_path: Path) -> None:
    authority = make_authority("tests", now())
    server = issue_certificate(authority, "gateway", use=CertificateUse.SERVER, now=now(), alternative_names=["localhost", "127.0.0.1"])
    client = issue_certificate(authority, "harbour", use=CertificateUse.CLIENT, now=now())
    for name in ("localhost", "127.0.0.1"):
        peer = handshake(*contexts(tmp_path, server, client, authority), name)
        assert (("commonName", "harbour"),) in peer["subject"]  # type: ignore[operator]
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(*contexts(tmp_path, server, client, authority), "elsewhere.test")
    with pytest.raises(ssl.SSLError):
        handshake(*contexts(tmp_path, client, client, authority), "localhost")
    with pytest.raises(ssl.SSLError):
        handshake(*contexts(tmp_path, server, client, make_authority("another", now())), "localhost")


@pytest.mark.parametrize("use", CertificateUse)
def test_each_says_that_it_is_for_development(use: CertificateUse) -> None:
    authority = make_authority("tests", NOW)
    credential = issue_certificate(authority, "x", use=use, now=NOW, days=5)
    certificate = x509.load_pem_x509_certificate(credential.certificate_pem)
    for name in (certificate.subject, certificate.issuer):
        assert DEVELOPMENT_MARK in name.rfc4514_string()
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_pem))
    assert (certificate.not_valid_after_utc - NOW).days == 5


def test_a_signing_certificate_signs_as_rsa() -> None:
    credential = issue_certificate(make_authority("tests", NOW), "signing", use=CertificateUse.SIGN, now=NOW)
    assert signer_from_pem(credential.private_key_pem, credential.certificate_der).algorithm == "RS256"


def test_only_an_authority_issues() -> None:
    signing = issue_certificate(make_authority("tests", NOW), "signing", use=CertificateUse.SIGN, now=NOW)
    assert rsa_signer().certificate
    with pytest.raises(KeyUnusable):
        issue_certificate(signing, "x", use=CertificateUse.CLIENT, now=NOW)
