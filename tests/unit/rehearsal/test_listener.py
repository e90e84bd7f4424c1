"""A partner's endpoint answers over TLS, goes down, and comes back on the same port."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.listener import Answer, Listener, Request


@pytest.fixture
def authority(tmp_path: Path) -> DevelopmentAuthority:
    return DevelopmentAuthority(tmp_path)


@pytest.fixture
def listener(authority: DevelopmentAuthority) -> Iterator[Listener]:
    endpoint = Listener(_echo, authority.server_context("larkspur"))
    endpoint.start()
    yield endpoint
    endpoint.stop()


def _echo(request: Request) -> Answer:
    return Answer(200, request.headers.get("content-type", ""), request.body + request.path.encode())


def test_it_answers_whoever_holds_a_certificate(authority: DevelopmentAuthority, listener: Listener) -> None:
    with httpx.Client(verify=authority.client_context("gateway"), trust_env=False) as client:
        answers = [client.post(listener.url("/messages"), content=b"hello ", headers={"content-type": "application/jose"}) for _ in range(2)]
    assert [(answer.status_code, answer.content, answer.headers["content-type"]) for answer in answers] == [(200, b"hello /messages", "application/jose")] * 2


def test_nobody_else_is_heard(authority: DevelopmentAuthority, listener: Listener, tmp_path: Path) -> None:
    stranger = DevelopmentAuthority(tmp_path / "other").client_context("stranger")
    stranger.load_verify_locations(authority.root_path)
    with httpx.Client(verify=stranger, trust_env=False) as client, pytest.raises(httpx.TransportError):
        client.post(listener.url("/messages"), content=b"hello")


def test_it_goes_down_and_comes_back_on_the_same_port(authority: DevelopmentAuthority, listener: Listener) -> None:
    port = listener.port
    with httpx.Client(verify=authority.client_context("gateway"), trust_env=False) as client:
        client.post(listener.url("/"))
        listener.stop()
        with pytest.raises(httpx.TransportError):
            client.post(listener.url("/"))
        listener.start()
        assert listener.port == port
        assert client.post(listener.url("/")).status_code == 200
