"""A partner's HTTPS endpoint that behaves and misbehaves as its path says, and a CA for it."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
SOAP_FAULT = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault/></s:Body></s:Envelope>'


@dataclass(frozen=True)
class Authority:
    """A CA in a directory, which issues leaf certificates."""

    directory: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        """Its certificate, PEM."""
        return self.directory / f"{_common_name(self.certificate)}.pem"

    def issue(self, name: str, *, valid: bool = True) -> Path:
        """A PEM file with a leaf's certificate and key; also for 127.0.0.1. Expired unless valid."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = datetime.now(UTC) + (timedelta(days=1) if valid else timedelta(days=-1))
        names = x509.SubjectAlternativeName([x509.DNSName(name), *([x509.IPAddress(ip_address(HOST))] if name == "localhost" else [])])
        certificate = _builder(name, self.certificate.subject, key, until).add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        place = self.directory / f"{name}-{certificate.serial_number:x}.pem"
        place.write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        return place


def make_authority(directory: Path, name: str) -> Authority:
    """A CA of its own; its certificate lies in the directory."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(name, subject, key, datetime.now(UTC) + timedelta(days=1))
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    made = Authority(directory, key, certificate)
    made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return start.serial_number(x509.random_serial_number()).not_valid_before(until - timedelta(days=3)).not_valid_after(until)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@dataclass(frozen=True)
class Seen:
    """One request as the peer saw it."""

    path: str
    headers: dict[str, str]
    body: bytes
    client: str
    connection: int


@dataclass
class Peer:
    """A running endpoint and its journal."""

    port: int
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    at_once: int = 0
    most_at_once: int = 0

    def url(self, path: str) -> str:
        """Where a behaviour lives."""
        return f"https://localhost:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def setup(self) -> None:
        super().setup()
        with self.server.peer.lock:
            self.server.peer.connections += 1
            self.number = self.server.peer.connections

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        subject = dict(pair[0] for pair in (self.connection.getpeercert() or {}).get("subject", ()))  # type: ignore[attr-defined]
        headers = {name.lower(): value for name, value in self.headers.items()}
        peer = self.server.peer
        with peer.lock:
            peer.seen.append(Seen(self.path, headers, body, str(subject.get("commonName", "")), self.number))
            peer.at_once += 1
            peer.most_at_once = max(peer.most_at_once, peer.at_once)
        try:
            BEHAVIOURS[self.path.split("/")[1].partition("?")[0]](self, body)
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True
        finally:
            with peer.lock:
                peer.at_once -= 1

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the journal is the record."""


def _status(handler: _Handler, _body: bytes) -> None:
    handler.answer(int(handler.path.rsplit("/", 1)[1]), b"because", Content_Type="text/plain", Location="https://localhost:1/elsewhere")


def _hang(handler: _Handler, _body: bytes) -> None:
    handler.server.ended.wait(30)
    handler.close_connection = True


def _drip(handler: _Handler, _body: bytes) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000:
        handler.wfile.write(bytes([byte]))
        if handler.server.ended.wait(0.05):
            break
    handler.close_connection = True


def _truncate(handler: _Handler, _body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
    handler.close_connection = True


def _reset(handler: _Handler, _body: bytes) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def _garbage(handler: _Handler, _body: bytes) -> None:
    handler.wfile.write(b"\x00\x01 not HTTP at all\r\n\r\n")
    handler.close_connection = True


def _many_headers(handler: _Handler, _body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(5000)) + b"\r\n")
    handler.close_connection = True


def _close_quietly(handler: _Handler, body: bytes) -> None:
    """Answer as if the connection stayed, then close it."""
    handler.answer(200, body)
    handler.close_connection = True


def _chunked(handler: _Handler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for piece in (body[:3], body[3:], b""):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))


def _nap(handler: _Handler, body: bytes) -> None:
    time.sleep(float(handler.path.rsplit("/", 1)[1]))
    handler.answer(200, body)


def _huge(handler: _Handler, _body: bytes) -> None:
    handler.answer(200, b"x" * int(handler.path.rsplit("/", 1)[1]))


BEHAVIOURS: dict[str, Callable[[_Handler, bytes], None]] = {
    "ok": lambda handler, _body: handler.answer(204),
    "echo": lambda handler, body: handler.answer(200, body, Content_Type="application/jose", X_Peer="Yes"),
    "fault": lambda handler, _body: handler.answer(500, SOAP_FAULT, Content_Type="text/xml; charset=utf-8"),
    "status": _status,
    "hang": _hang,
    "drip": _drip,
    "truncate": _truncate,
    "reset": _reset,
    "garbage": _garbage,
    "many-headers": _many_headers,
    "close": _close_quietly,
    "chunked": _chunked,
    "nap": _nap,
    "huge": _huge,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__((HOST, 0), _Handler)
        self.context = context
        self.peer = Peer(self.server_address[1])
        self.ended = threading.Event()

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        # the handshake belongs to the connection's own thread, or one silent client would stop all
        try:
            with self.context.wrap_socket(request, server_side=True) as wrapped:
                wrapped.settimeout(30)
                super().finish_request(wrapped, client_address)  # type: ignore[arg-type]
        except (OSError, ValueError):
            return


@contextmanager
def https_peer(certificate: Path, authority: Path) -> Iterator[Peer]:
    """Serve on a free loopback port, asking every client for a certificate of this authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    server = _Server(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.peer
    finally:
        server.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
