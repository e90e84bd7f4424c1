"""What `adapters.contract` asks of a channel, and what pushing over HTTPS must survive."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from adapters.channels.https_push import HttpsPushChannel, allow_list, client_context
from adapters.contract import Address, HandedOver, Handover, Refused, TryLater, WireMessage
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.https_peer import HOST, SOAP_FAULT, Authority, Peer, https_peer, make_authority

MakeChannel = Callable[..., HttpsPushChannel]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"), "test-authority")


@pytest.fixture
def peer(authority: Authority) -> Iterator[Peer]:
    with https_peer(authority.issue("localhost"), authority.file) as running:
        yield running


@pytest.fixture
def make_channel(authority: Authority) -> Iterator[MakeChannel]:
    made: list[HttpsPushChannel] = []

    def make(context: ssl.SSLContext | None = None, allowed: Sequence[str] = ("localhost:*", f"{HOST}:*"), **options: int) -> HttpsPushChannel:
        channel = HttpsPushChannel(context or client_context(authority.file, authority.issue("gateway")), allow_list(allowed), **options)
        made.append(channel)
        return channel

    yield make
    for channel in made:
        channel.close()


@pytest.fixture
def channel(make_channel: MakeChannel) -> HttpsPushChannel:
    return make_channel()


def wire(text: str = "signed") -> WireMessage:
    return WireMessage(text.encode(), "application/jose", {"soapaction": '""'})


def at(url: str | None, *, seconds: float = 5.0, organisation: str = "north-crc") -> Address:
    return Address(organisation=OrganisationId(organisation), recipient=PartyCode("C05"), url=url, timeout_seconds=seconds, message_id="m-1")


def hand_over(channel: HttpsPushChannel, url: str | None, *, seconds: float = 5.0) -> Handover:
    [outcome] = channel.hand_over([(wire(), at(url, seconds=seconds))])
    return outcome


def later(outcome: Handover) -> str:
    assert isinstance(outcome, TryLater)
    assert outcome.fault.code is FaultCode.RECIPIENT_UNREACHABLE
    assert "localhost" not in outcome.fault.detail
    return outcome.fault.detail


def test_it_posts_the_bytes_as_they_are_with_our_certificate(channel: HttpsPushChannel, peer: Peer) -> None:
    assert isinstance(hand_over(channel, peer.url("/echo?for=C05")), HandedOver)
    seen = peer.seen[0]
    assert (seen.path, seen.body, seen.client) == ("/echo?for=C05", b"signed", "gateway")
    assert seen.headers["content-type"] == "application/jose"
    assert seen.headers["message-id"] == "m-1"
    assert seen.headers["soapaction"] == '""'
    assert seen.headers["accept-encoding"] == "identity"


def test_the_answer_goes_back_unread(channel: HttpsPushChannel, peer: Peer) -> None:
    outcome = hand_over(channel, peer.url("/echo"))
    assert isinstance(outcome, HandedOver)
    assert outcome.answer is not None
    assert (outcome.answer.body, outcome.answer.content_type) == (b"signed", "application/jose")
    assert outcome.answer.headers["x-peer"] == "Yes"


def test_success_without_a_body_has_no_answer(channel: HttpsPushChannel, peer: Peer) -> None:
    assert hand_over(channel, peer.url("/ok")) == HandedOver()


def test_a_chunked_answer_arrives_whole(channel: HttpsPushChannel, peer: Peer) -> None:
    outcome = hand_over(channel, peer.url("/chunked"))
    assert isinstance(outcome, HandedOver)
    assert outcome.answer is not None
    assert outcome.answer.body == b"signed"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422])
def test_a_client_error_is_a_refusal_with_its_answer(channel: HttpsPushChannel, peer: Peer, status: int) -> None:
    outcome = hand_over(channel, peer.url(f"/status/{status}"))
    assert isinstance(outcome, Refused)
    assert outcome.fault.code is FaultCode.RECIPIENT_REFUSED
    assert str(status) in outcome.fault.detail
    assert outcome.answer is not None
    assert outcome.answer.body == b"because"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(channel: HttpsPushChannel, peer: Peer, status: int) -> None:
    assert isinstance(hand_over(channel, peer.url(f"/status/{status}")), Refused)
    assert len(peer.seen) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_trouble_is_tried_later(channel: HttpsPushChannel, peer: Peer, status: int) -> None:
    assert str(status) in later(hand_over(channel, peer.url(f"/status/{status}")))


def test_a_soap_fault_comes_along(channel: HttpsPushChannel, peer: Peer) -> None:
    outcome = hand_over(channel, peer.url("/fault"))
    assert isinstance(outcome, TryLater)
    assert outcome.answer is not None
    assert (outcome.answer.body, outcome.answer.content_type) == (SOAP_FAULT, "text/xml; charset=utf-8")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/truncate", "the connection broke"),
        ("/reset", "the connection broke"),
        ("/garbage", "not HTTP"),
        ("/many-headers", "not HTTP"),
    ],
)
def test_a_broken_answer_is_tried_later(channel: HttpsPushChannel, peer: Peer, path: str, kind: str) -> None:
    assert kind in later(hand_over(channel, peer.url(path)))
    assert hand_over(channel, peer.url("/ok")) == HandedOver()


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_a_whole_exchange_is_bounded_in_time(channel: HttpsPushChannel, peer: Peer, path: str) -> None:
    started = time.monotonic()
    assert "timeout" in later(hand_over(channel, peer.url(path), seconds=0.6))
    assert time.monotonic() - started < 3


def test_an_answer_is_bounded_in_size(make_channel: MakeChannel, peer: Peer) -> None:
    channel = make_channel(answer_limit_bytes=1000)
    assert isinstance(hand_over(channel, peer.url("/huge/1000")), HandedOver)
    outcome = hand_over(channel, peer.url("/huge/1001"))
    assert "more than 1000 bytes" in later(outcome)
    assert isinstance(outcome, TryLater)
    assert outcome.answer is None
    assert hand_over(channel, peer.url("/ok")) == HandedOver()


def test_nobody_there_is_tried_later(channel: HttpsPushChannel) -> None:
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        assert "connection refused" in later(hand_over(channel, f"https://localhost:{unused.getsockname()[1]}/"))


def test_a_peer_that_never_shakes_hands_is_bounded_too(channel: HttpsPushChannel) -> None:
    with socket.create_server((HOST, 0)) as silent:
        started = time.monotonic()
        assert "timeout" in later(hand_over(channel, f"https://localhost:{silent.getsockname()[1]}/", seconds=0.5))
        assert time.monotonic() - started < 3


def test_a_connection_is_kept_and_used_again(channel: HttpsPushChannel, peer: Peer) -> None:
    for _ in range(5):
        hand_over(channel, peer.url("/echo"))
    hand_over(channel, peer.url("/status/503"))
    assert hand_over(channel, peer.url("/ok")) == HandedOver()
    assert peer.connections == 1


def test_a_kept_connection_that_the_peer_closed_costs_nothing(channel: HttpsPushChannel, peer: Peer) -> None:
    for _ in range(6):
        assert isinstance(hand_over(channel, peer.url("/close")), HandedOver)
    assert len(peer.seen) == 6


def test_outcomes_come_in_order_whatever_the_peer_does_first(channel: HttpsPushChannel, peer: Peer) -> None:
    paths = ["/nap/0.4", "/ok", "/status/404", "/nap/0.1", "/status/503", "/reset"]
    outcomes = channel.hand_over([(wire(), at(peer.url(path))) for path in paths])
    assert [type(outcome) for outcome in outcomes] == [HandedOver, HandedOver, Refused, HandedOver, TryLater, TryLater]


def test_a_batch_goes_in_parallel_up_to_its_bound(make_channel: MakeChannel, peer: Peer) -> None:
    channel = make_channel(concurrency=3)
    outcomes = channel.hand_over([(wire(str(number)), at(peer.url("/nap/0.1"))) for number in range(9)])
    assert [outcome.answer.body for outcome in outcomes if isinstance(outcome, HandedOver) and outcome.answer] == [str(number).encode() for number in range(9)]
    assert peer.most_at_once == 3
    assert peer.connections <= 3


def test_an_empty_batch_is_fine(channel: HttpsPushChannel) -> None:
    assert list(channel.hand_over([])) == []


def test_one_partner_that_hangs_holds_up_nobody_else(make_channel: MakeChannel, peer: Peer) -> None:
    channel = make_channel(concurrency=2)
    slow = threading.Thread(target=channel.hand_over, args=([(wire(), at(peer.url("/nap/1.0"))) for _ in range(4)],))
    slow.start()
    started = time.monotonic()
    outcomes = channel.hand_over([(wire(), at(peer.url("/ok"), organisation="south-crc")) for _ in range(4)])
    assert outcomes == [HandedOver()] * 4
    assert time.monotonic() - started < 0.9
    slow.join()


def test_a_dead_endpoint_is_not_waited_for_by_every_item(make_channel: MakeChannel) -> None:
    channel = make_channel(concurrency=1)
    with socket.create_server((HOST, 0)) as silent:
        started = time.monotonic()
        outcomes = channel.hand_over([(wire(), at(f"https://localhost:{silent.getsockname()[1]}/", seconds=0.5))] * 20)
        assert time.monotonic() - started < 3
    assert [later(outcome) for outcome in outcomes][1:] == ["The recipient's endpoint could not be reached a moment ago."] * 19


@pytest.mark.parametrize(
    "url", [None, "", "http://localhost:1/", "https://", "https://user:secret@localhost:1/", "https://localhost:port/", "file:///etc/passwd"]
)
def test_only_plain_https_urls_are_called(channel: HttpsPushChannel, url: str | None) -> None:
    detail = later(hand_over(channel, url))
    assert "URL" in detail
    assert "secret" not in detail


def test_what_is_not_on_the_list_is_not_called(make_channel: MakeChannel, peer: Peer) -> None:
    channel = make_channel(allowed=["partner.example.org", "localhost:1"])
    assert "list of places" in later(hand_over(channel, peer.url("/ok")))
    assert peer.connections == 0


@pytest.mark.parametrize(
    ("pattern", "host", "port", "allowed"),
    [
        ("spg.example.org", "spg.example.org", 443, True),
        ("spg.example.org", "spg.example.org", 8443, False),
        ("SPG.example.org:8443", "spg.example.org", 8443, True),
        ("spg.example.org:*", "spg.example.org", 22, True),
        ("*.example.org", "spg.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", ".example.org", 443, False),
        ("*.example.org", "spg.example.org.evil.test", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("*.example.org:8443", "a.example.org", 443, False),
        ("[::1]:8443", "::1", 8443, True),
        ("[::1]", "::1", 443, True),
        ("*", "anywhere.test", 1, True),
    ],
)
def test_the_allow_list_means_what_it_says(pattern: str, host: str, port: int, allowed: bool) -> None:
    assert allow_list([pattern])(host, port) is allowed


def test_nothing_written_is_nowhere_to_call() -> None:
    assert not allow_list([])("localhost", 443)


def test_a_server_of_another_authority_is_not_believed(make_channel: MakeChannel, authority: Authority, tmp_path: Path) -> None:
    foreign = make_authority(tmp_path, "foreign-authority")
    with https_peer(foreign.issue("localhost"), authority.file) as impostor:
        assert "certificate was not accepted" in later(hand_over(make_channel(), impostor.url("/ok")))
        assert impostor.seen == []


@pytest.mark.parametrize("fault", ["name", "date"])
def test_a_certificate_for_another_name_or_time_is_not_believed(channel: HttpsPushChannel, authority: Authority, fault: str) -> None:
    certificate = authority.issue("elsewhere.example.org") if fault == "name" else authority.issue("localhost", valid=False)
    with https_peer(certificate, authority.file) as impostor:
        assert "certificate was not accepted" in later(hand_over(channel, impostor.url("/ok")))
        assert impostor.seen == []


def test_without_our_certificate_the_peer_refuses(make_channel: MakeChannel, authority: Authority, peer: Peer) -> None:
    channel = make_channel(client_context(authority.file))
    assert later(hand_over(channel, peer.url("/ok")))
    assert peer.seen == []


def test_a_context_that_believes_anybody_is_not_taken(authority: Authority) -> None:
    context = client_context(authority.file)
    context.check_hostname = False
    with pytest.raises(ValueError, match="verify"):
        HttpsPushChannel(context, allow_list([]))
