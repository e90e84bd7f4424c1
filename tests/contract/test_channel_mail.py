"""Mail: letters go over TLS or not at all, to named servers alone, and whatever a server does is told in words."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.channels.https_push import allow_list, client_context
from adapters.channels.mail import Envelope, MailChannel, MailServer, Security, Sent
from tests.support.https_peer import Authority, make_authority
from tests.support.smtp_peer import HOST, Mailbox, closed_port, smtp_peer

LETTER = Envelope(
    sender="gateway@example.test",
    recipients=("operators@example.test", "night@example.test"),
    subject="[test] Warning: Too many messages wait: C05",
    text="Too many messages wait: C05\n",
    name="a1.raised",
    at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"), "mail-ca")


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Path:
    return authority.issue("localhost")


@pytest.fixture
def box(certificate: Path) -> Iterator[Mailbox]:
    with smtp_peer(certificate) as found:
        yield found


def channel(authority: Authority, port: int, security: Security = Security.STARTTLS, *, host: str = "localhost", **given: str) -> MailChannel:
    server = MailServer(host, port, security, **given)
    return MailChannel(server, client_context(authority.file), allow_list([f"{host}:{port}"]), timeout_seconds=1.0)


def test_a_letter_goes_after_starttls_and_says_what_it_is(authority: Authority, box: Mailbox) -> None:
    assert channel(authority, box.port).send(LETTER) == Sent()
    ((sender, recipients, letter),) = box.letters
    assert (sender, recipients) == (LETTER.sender, list(LETTER.recipients))
    assert letter["Subject"] == LETTER.subject
    assert letter["Message-ID"] == "<a1.raised@example.test>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["To"] == "operators@example.test, night@example.test"
    assert str(letter["Date"]).startswith("Mon, 23 Nov 2026 12:00:00")
    assert letter.get_payload().strip() == "Too many messages wait: C05"
    assert box.in_clear == ["EHLO", "STARTTLS"]


def test_a_server_without_starttls_gets_nothing(authority: Authority, box: Mailbox) -> None:
    box.mood = "no-starttls"
    assert "does not offer" in channel(authority, box.port, user="gateway", password="secret").send(LETTER).why
    assert box.letters == []
    assert set(box.in_clear) <= {"EHLO", "QUIT"}


def test_a_server_of_another_authority_gets_nothing(authority: Authority, tmp_path: Path) -> None:
    with smtp_peer(make_authority(tmp_path, "other").issue("localhost")) as box:
        assert channel(authority, box.port).send(LETTER).why == "The exchange with the mail server failed: its certificate was not accepted."
        assert box.letters == []


def test_tls_from_the_first_byte(authority: Authority, certificate: Path) -> None:
    with smtp_peer(certificate, implicit=True) as box:
        assert channel(authority, box.port, Security.TLS).send(LETTER) == Sent()
        assert (len(box.letters), box.in_clear) == (1, [])


def test_in_clear_only_where_that_was_asked_for(authority: Authority) -> None:
    with smtp_peer() as box:
        assert channel(authority, box.port, Security.NONE, host=HOST).send(LETTER) == Sent()
        assert len(box.letters) == 1


def test_user_and_password(authority: Authority, box: Mailbox) -> None:
    box.password = "open sesame"
    assert channel(authority, box.port).send(LETTER).why == "The mail server answered 530."
    assert channel(authority, box.port, user="gateway", password="wrong").send(LETTER).why == "The mail server did not accept the user and password."
    assert channel(authority, box.port, user="gateway", password="open sesame").send(LETTER) == Sent()
    assert "AUTH" not in box.in_clear
    assert "sesame" not in repr(MailServer("h", 1, password="sesame"))


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        ("hang", "The exchange with the mail server failed: it broke off, or did not answer in time."),
        ("drop", "The exchange with the mail server failed: it broke off, or did not answer in time."),
        ("garbage", "The mail server did not answer as one."),
        ("busy", "The mail server answered 451."),
        ("no", "The mail server refused every recipient."),
    ],
)
def test_whatever_a_server_does_is_told_without_an_address(authority: Authority, box: Mailbox, mood: str, why: str) -> None:
    box.mood = mood
    sent = channel(authority, box.port).send(LETTER)
    assert sent.why == why
    assert box.letters == []


def test_a_server_that_is_not_there(authority: Authority) -> None:
    assert channel(authority, closed_port()).send(LETTER).why == "The exchange with the mail server failed: connection refused."


def test_one_recipient_that_is_refused_is_counted_and_the_others_get_it(authority: Authority, box: Mailbox) -> None:
    box.refused = frozenset({"night@example.test"})
    assert channel(authority, box.port).send(LETTER) == Sent(refused=1)
    assert box.letters[0][1] == ["operators@example.test"]


def test_a_place_that_is_not_on_the_list_is_not_called(authority: Authority, box: Mailbox) -> None:
    made = MailChannel(MailServer("localhost", box.port), client_context(authority.file), allow_list(["localhost:1"]))
    assert "not on the list" in made.send(LETTER).why
    assert box.sessions == 0


def test_a_context_that_believes_anybody_is_not_taken(authority: Authority) -> None:
    context = client_context(authority.file)
    context.check_hostname = False
    with pytest.raises(ValueError, match="must verify"):
        MailChannel(MailServer("localhost", 25), context, allow_list([]))
