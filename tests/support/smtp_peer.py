"""A mail server on a loopback port that takes letters, speaks TLS, wants a password, or misbehaves, as it is told."""

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

HOST = "127.0.0.1"


@dataclass
class Mailbox:
    """What the server was given, and how it is to behave."""

    port: int
    mood: str = "ok"
    """ok, hang, drop, garbage, no-starttls, busy (451 to the letter), or no (550 to every recipient)."""
    password: str = ""
    refused: frozenset[str] = frozenset()
    letters: list[tuple[str, list[str], Message]] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)
    """Every word that came before TLS."""
    sessions: int = 0


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"
    timeout = 20

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def secure(self, context: ssl.SSLContext) -> None:
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.is_secure = True

    def handle(self) -> None:
        self.box, self.is_secure, self.signed_in = self.server.box, False, False
        self.sender, self.recipients = "", list[str]()
        self.box.sessions += 1
        try:
            self.talk()
        except (OSError, ValueError):
            return
        finally:
            for one in (self.rfile, self.wfile, self.connection):
                with suppress(OSError, ValueError):
                    one.close()

    def finish(self) -> None:
        """Everything was closed: after TLS it is not what the base class knows."""

    def talk(self) -> None:
        if self.server.implicit:
            self.secure(self.server.context)
        if self.box.mood == "hang":
            self.server.ended.wait(20)
            return
        if self.box.mood == "drop":
            return
        self.say("\x00\x01 what?" if self.box.mood == "garbage" else "220 peer.example ESMTP")
        while (line := self.rfile.readline().decode("ascii", "replace").strip()) and self.answer(*line.partition(" ")[::2]):
            pass

    def answer(self, verb: str, rest: str) -> bool:
        """False where the session is over."""
        if not self.is_secure:
            self.box.in_clear.append(verb.upper())
        does = getattr(self, f"do_{verb.lower()}", None)
        if does is None:
            self.say("502 no such command")
            return True
        return does(rest) is not False

    def do_ehlo(self, _rest: str) -> None:
        offers = ["peer.example"]
        if not self.is_secure and self.server.context and self.box.mood != "no-starttls":
            offers.append("STARTTLS")
        if self.box.password:
            offers.append("AUTH PLAIN")
        for place, offer in enumerate(offers):
            self.say(f"250{' ' if place == len(offers) - 1 else '-'}{offer}")

    def do_starttls(self, _rest: str) -> None:
        self.say("220 go on")
        self.secure(self.server.context)

    def do_auth(self, rest: str) -> None:
        given = base64.b64decode(rest.partition(" ")[2]).split(b"\0")[-1].decode()
        self.signed_in = given == self.box.password
        self.say("235 welcome" if self.signed_in else "535 no")

    def do_mail(self, rest: str) -> None:
        if self.box.password and not self.signed_in:
            self.say("530 sign in")
            return
        self.sender = rest[rest.index("<") + 1 : rest.index(">")]
        self.say("250 ok")

    def do_rcpt(self, rest: str) -> None:
        recipient = rest[rest.index("<") + 1 : rest.index(">")]
        if self.box.mood == "no" or recipient in self.box.refused:
            self.say("550 nobody here")
            return
        self.recipients.append(recipient)
        self.say("250 ok")

    def do_data(self, _rest: str) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if self.box.mood == "busy":
            self.say("451 later")
            return
        self.box.letters.append((self.sender, self.recipients, message_from_bytes(b"".join(lines), policy=default)))
        self.recipients = []
        self.say("250 taken")

    def do_rset(self, _rest: str) -> None:
        self.say("250 ok")

    def do_quit(self, _rest: str) -> bool:
        self.say("221 bye")
        return False


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None, *, implicit: bool) -> None:
        super().__init__((HOST, 0), _Session)
        self.context, self.implicit = context, implicit
        self.box = Mailbox(self.server_address[1])
        self.ended = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the mailbox is the record."""


@contextmanager
def smtp_peer(certificate: Path | None = None, *, implicit: bool = False) -> Iterator[Mailbox]:
    """Serve on a free loopback port; with a certificate it offers TLS, or speaks nothing else."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = _Server(context, implicit=implicit)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.box
    finally:
        server.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
