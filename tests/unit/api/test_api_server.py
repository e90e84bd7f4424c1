"""The server on loopback: TLS, client certificates seen by the application, bounds on heads, a graceful stop."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.api.server import MAX_HEAD_BYTES, BackgroundServer, ServerNotStarted
from gateway.trust.certificates import CertificateUse, Credential, issue_certificate, make_authority
from gateway.trust.keyring import KeyUse
from gateway.trust.signing import certificate_thumbprint
from tests.support.api import JWS, NDELIUS, NORTH, House, bearer, directory, pinned, settings_for

REAL_NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Papers:
    """Files of a development authority and of those it certified."""

    folder: Path
    authority: Credential
    ndelius: Credential
    north: Credential
    stranger: Credential

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def client(self, name: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.file("ca.pem"))
        if name:
            context.load_cert_chain(self.file(f"{name}.pem"), self.file(f"{name}.key"))
        return context


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    authority, elsewhere = make_authority("tests", REAL_NOW), make_authority("elsewhere", REAL_NOW)
    made = {
        "server": issue_certificate(authority, "gateway", use=CertificateUse.SERVER, now=REAL_NOW, alternative_names=["127.0.0.1"]),
        "ndelius": issue_certificate(authority, "ndelius", use=CertificateUse.CLIENT, now=REAL_NOW),
        "north": issue_certificate(authority, "north", use=CertificateUse.CLIENT, now=REAL_NOW),
        "stranger": issue_certificate(elsewhere, "stranger", use=CertificateUse.CLIENT, now=REAL_NOW),
    }
    (folder / "ca.pem").write_bytes(authority.certificate_pem)
    for name, credential in made.items():
        (folder / f"{name}.pem").write_bytes(credential.certificate_pem)
        (folder / f"{name}.key").write_bytes(credential.private_key_pem)
    return Papers(folder, authority, made["ndelius"], made["north"], made["stranger"])


def settings_with(papers: Papers | None, **given: Any) -> Any:
    tls = {"tls_certificate": papers.file("server.pem"), "tls_private_key": papers.file("server.key"), "tls_client_ca": papers.file("ca.pem")} if papers else {}
    return settings_for(http_port=0, stop_seconds=2, **tls, **given)


def house_with(papers: Papers | None, **given: Any) -> House:
    house = House(settings_with(papers, **given))
    if papers is not None:
        keys = [
            replace(pinned(name, KeyUse.AUTH), key_id=certificate_thumbprint(credential.certificate_der), use=KeyUse.TLS)
            for name, credential in ((NDELIUS, papers.ndelius), (NORTH, papers.north))
        ]
        house.people = directory(*keys)
    return house


def serve(house: House) -> BackgroundServer:
    return BackgroundServer(house.app(), house.settings)


def post(server: BackgroundServer, context: ssl.SSLContext | bool = True) -> httpx.Response:
    headers = {**bearer(NDELIUS, "POST", "/v1/messages"), "Content-Type": "application/jose"}
    with httpx.Client(base_url=server.url, verify=context, timeout=10) as client:
        return client.post("/v1/messages", content=JWS, headers=headers)


@pytest.fixture(scope="module")
def optional(papers: Papers) -> Iterator[tuple[House, BackgroundServer]]:
    house = house_with(papers, client_certificates="optional")
    with serve(house) as server:
        yield house, server


def test_the_application_sees_the_peer_certificate(papers: Papers, optional: tuple[House, BackgroundServer]) -> None:
    _, server = optional
    assert post(server, papers.client("ndelius")).status_code == 202
    assert post(server, papers.client(None)).status_code == 202
    assert post(server, papers.client("north")).status_code == 401


def test_the_certificate_is_there_for_every_request_of_a_connection(papers: Papers, optional: tuple[House, BackgroundServer]) -> None:
    house, server = optional
    before = len(house.intake.submitted)
    with httpx.Client(base_url=server.url, verify=papers.client("north"), timeout=10) as client:
        answers = [client.post("/spg", content=b"<x/>", headers={"Content-Type": "text/xml"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [submission.peer for submission in house.intake.submitted[before:]] == [NORTH] * 3


def test_a_certificate_of_another_authority_does_not_come_through_the_handshake(papers: Papers, optional: tuple[House, BackgroundServer]) -> None:
    with pytest.raises((httpx.TransportError, ssl.SSLError)):
        post(optional[1], papers.client("stranger"))


def test_required_closes_the_door_to_those_without(papers: Papers) -> None:
    house = house_with(papers, client_certificates="required")
    with serve(house) as server:
        assert post(server, papers.client("ndelius")).status_code == 202
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            post(server, papers.client(None))


def test_tls_below_1_2_is_not_spoken(papers: Papers, optional: tuple[House, BackgroundServer]) -> None:
    context = ssl.create_default_context(cafile=papers.file("ca.pem"))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options &= ~ssl.OP_NO_TLSv1_1
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", optional[1].port), 5) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.fixture(scope="module")
def plain() -> Iterator[BackgroundServer]:
    with serve(house_with(None, head_timeout_seconds=0.7)) as server:
        yield server


def talk(server: BackgroundServer, data: bytes) -> bytes:
    """What comes back for raw bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.settimeout(5)
        received = b""
        try:
            connection.sendall(data)
            while piece := connection.recv(65536):
                received += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return received


def test_what_is_not_http_gets_a_problem(plain: BackgroundServer) -> None:
    for rubbish in (b"\x16\x03\x01\x00\x00\x00\x00", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
        answer = talk(plain, rubbish)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in answer
        assert b'"code": "malformed"' in answer


def test_an_endless_head_is_cut_off(plain: BackgroundServer) -> None:
    answer = talk(plain, b"GET / HTTP/1.1\r\nX: " + b"a" * (MAX_HEAD_BYTES + 1024 * 1024))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_a_slow_head_is_cut_off(plain: BackgroundServer) -> None:
    began = time.monotonic()
    assert talk(plain, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""
    assert talk(plain, b"") == b""
    assert time.monotonic() - began < 4


def test_a_fast_head_keeps_its_connection(plain: BackgroundServer) -> None:
    with httpx.Client(base_url=plain.url, timeout=5) as client:
        for _ in range(3):
            assert client.get("/health/live").status_code == 200
            time.sleep(0.5)


def test_smuggling_two_lengths_is_refused(plain: BackgroundServer) -> None:
    answer = talk(plain, b"POST /spg HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_no_header_tells_what_software_this_is(plain: BackgroundServer) -> None:
    assert "server" not in httpx.get(plain.url + "/health/live").headers


def test_a_slow_body_is_refused() -> None:
    with serve(house_with(None, body_timeout_seconds=0.3)) as server:
        answer = talk(server, b"POST /spg HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: 10\r\n\r\nabc")
    assert b"malformed" in answer


def test_stopping_answers_those_who_wait_and_finishes_what_runs() -> None:
    house = house_with(None, long_poll_look_seconds=30)
    server = serve(house)
    server.start()
    answers: list[httpx.Response] = []

    def wait() -> None:
        headers = bearer(NORTH, "GET", "/v1/mailbox")
        answers.append(httpx.get(f"{server.url}/v1/mailbox?wait=30", headers=headers, timeout=40))

    waiter = threading.Thread(target=wait)
    waiter.start()
    deadline = time.monotonic() + 5
    while not house.intake.collected and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    began = time.monotonic()
    server.stop()
    waiter.join(5)
    assert time.monotonic() - began < 2.5
    assert [answer.status_code for answer in answers] == [200]
    assert not server.alive


def test_a_taken_port_and_an_unreadable_certificate_are_told(plain: BackgroundServer, tmp_path: Path) -> None:
    taken = House(settings_for(http_port=plain.port))
    with pytest.raises(ServerNotStarted, match="cannot listen"):
        serve(taken).start()
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    unreadable = House(settings_for(http_port=0, tls_certificate=broken, tls_private_key=broken))
    with pytest.raises(ServerNotStarted, match="cannot be read"):
        serve(unreadable).start()
