"""Mail: one letter at a time to a mail server, for alerts.

What it is: SMTP submission (RFC 6409) over TLS, to a server on the list of places that may be called, bounded in time.
What it is not: a channel to partners: no message ever goes by mail. Called by the teller. STARTTLS (RFC 3207) unless the
server speaks TLS from the first byte (RFC 8314); without TLS only to a server on this machine.
"""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Final

from adapters.channels.connections import kind_of
from adapters.channels.https_push import MayCall

SECONDS: Final = 15.0
"""For each word with the server."""


class Security(StrEnum):
    """How the connection is protected, by the scheme of the server's address."""

    STARTTLS = "smtp"
    TLS = "smtps"
    NONE = "smtp+plain"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in."""

    host: str
    port: int
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One letter, ready to go."""

    sender: str
    recipients: Sequence[str]
    subject: str
    text: str
    name: str
    """The same at every try: the left side of its Message-ID."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """What the server said. Nobody got the letter where there is a `why`."""

    why: str = ""
    """In words without an address; empty where it took the letter."""
    refused: int = 0
    """Recipients that it would not take it for."""


class MailChannel:
    """Hands letters to one server. Any thread may call: each letter has a connection of its own."""

    def __init__(self, server: MailServer, context: ssl.SSLContext, may_call: MayCall, *, timeout_seconds: float = SECONDS) -> None:
        """`context` must verify the server."""
        if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
            raise ValueError("the TLS context must verify the server and its name")
        self._server, self._context, self._may_call, self._timeout_seconds = server, context, may_call, timeout_seconds

    def send(self, envelope: Envelope) -> Sent:
        """Hand one letter in. Never raises for what a server does."""
        if not self._may_call(self._server.host, self._server.port):
            return Sent("The mail server is not on the list of places that may be called.")
        try:
            with self._connected() as server:
                return Sent(refused=len(server.send_message(_message(envelope), envelope.sender, list(envelope.recipients))))
        except (OSError, smtplib.SMTPException) as error:
            return Sent(_why(error))

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.security is Security.TLS:
            return self._signed_in(smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout_seconds, context=self._context))
        made = smtplib.SMTP(server.host, server.port, timeout=self._timeout_seconds)
        if server.security is Security.STARTTLS:
            # Raises where the server does not offer it: a letter never goes on without.
            self._closing_on_failure(made, lambda: made.starttls(context=self._context))
        return self._signed_in(made)

    def _signed_in(self, made: smtplib.SMTP) -> smtplib.SMTP:
        if self._server.user:
            self._closing_on_failure(made, lambda: made.login(self._server.user, self._server.password))
        return made

    @staticmethod
    def _closing_on_failure(made: smtplib.SMTP, step: Callable[[], object]) -> None:
        try:
            step()
        except (OSError, smtplib.SMTPException):
            with suppress(OSError):
                made.close()
            raise


def _message(envelope: Envelope) -> EmailMessage:
    message = EmailMessage()
    domain = envelope.sender.rpartition("@")[2]
    headers = {
        "From": envelope.sender,
        "To": ", ".join(envelope.recipients),
        "Subject": envelope.subject,
        "Date": format_datetime(envelope.at),
        "Message-ID": f"<{envelope.name}@{domain}>",
        # RFC 3834: no answering machine answers it.
        "Auto-Submitted": "auto-generated",
    }
    for name, value in headers.items():
        message[name] = value
    message.set_content(envelope.text)
    return message


def _why(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return "The mail server did not accept the user and password."
        case smtplib.SMTPNotSupportedError():
            return "The mail server does not offer what is needed: TLS, or a way to sign in."
        case smtplib.SMTPRecipientsRefused():
            return "The mail server refused every recipient."
        case smtplib.SMTPResponseException() if error.smtp_code > 0:
            return f"The mail server answered {error.smtp_code}."
        case smtplib.SMTPServerDisconnected():
            # smtplib says no more: a time that ran out looks like a connection that broke.
            return "The exchange with the mail server failed: it broke off, or did not answer in time."
        case smtplib.SMTPException():
            return "The mail server did not answer as one."
        case _:
            return f"The exchange with the mail server failed: {kind_of(error)}."
