"""Any bytes at any door give a coded answer: never an exception, never a 500, never their own content back."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.api.server import BackgroundServer
from gateway.exchange.results import Declined
from schemas.faults import Fault, FaultCode
from tests.support.api import NDELIUS, Caller, House, bearer, settings_for, tell_story

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = st.sampled_from(
    [
        "/v1/messages",
        "/v1/messages/m1",
        "/v1/messages/m1/receipt",
        "/v1/mailbox",
        "/v1/mailbox/d1/receipt",
        "/v1/deliveries/d1/detail",
        "/v1/receipts",
        "/health/ready",
        "/metrics",
        "/docs",
    ]
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"])
TYPES = st.one_of(
    st.sampled_from(["application/jose", "text/xml", "application/soap+xml", "application/json", ""]),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=30),
)
HEADER_TEXT = st.binary(max_size=60).map(lambda raw: bytes(b for b in raw if b not in {0, 10, 13}).strip())


@pytest.fixture(scope="module")
def house() -> House:
    house = House(settings_for(max_body_bytes=2048))
    tell_story(house.store)
    house.intake.answer = lambda submission: Declined(fault=Fault(FaultCode.MALFORMED))
    return house


@pytest.fixture(scope="module")
def caller(house: House) -> Iterator[Caller]:
    with house.open() as caller:
        yield caller


@FUZZ
@given(method=METHODS, path=PATHS, body=st.binary(max_size=3000), content_type=TYPES, known=st.booleans())
def test_json_doors(caller: Caller, method: str, path: str, body: bytes, content_type: str, known: bool) -> None:
    headers = bearer(NDELIUS, method, path) if known else {}
    answer = caller.http.request(method, path, content=body, headers={**headers, "Content-Type": content_type})
    assert answer.status_code < 500
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] in set(FaultCode)
        assert answer.json()["status"] == answer.status_code


@FUZZ
@given(path=st.sampled_from(["/spg", "/cxf/InboundSPGProxy/1.2"]), body=st.binary(max_size=3000), content_type=TYPES)
def test_soap_doors(caller: Caller, path: str, body: bytes, content_type: str) -> None:
    answer = caller.http.post(path, content=body, headers={"Content-Type": content_type})
    code = etree.fromstring(answer.content).findtext(".//{urn:interagency-gateway:fault}Code")
    assert code in {"malformed", "too-large", "unsupported-media-type"}
    assert answer.status_code in {400, 415, 500}  # 500 is what SOAP 1.1 asks for


@FUZZ
@given(
    authorization=HEADER_TEXT,
    more=st.dictionaries(st.sampled_from([b"host", b"content-type", b"content-length", b"accept", b"x-forwarded-for", b"content-encoding"]), HEADER_TEXT),
)
def test_headers(caller: Caller, house: House, authorization: bytes, more: dict[bytes, bytes]) -> None:
    before = len(house.intake.submitted)
    for scheme in (b"", b"Bearer "):
        answer = caller.http.request("POST", "/v1/messages", content=b"x", headers=[(b"authorization", scheme + authorization), *more.items()])
        assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")
    assert len(house.intake.submitted) == before


TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@FUZZ
@given(
    query=st.dictionaries(st.one_of(st.sampled_from(["after", "limit", "wsdl"]), TEXTS), st.one_of(TEXTS, st.integers().map(str))),
    path=st.sampled_from(["/v1/mailbox", "/v1/receipts", "/spg"]),
)
def test_queries(caller: Caller, query: dict[str, str], path: str) -> None:
    answer = caller.http.request("GET", path, params=query, headers=bearer(NDELIUS, "GET", path))
    assert answer.status_code in {200, 405, 422}


@FUZZ
@given(tail=TEXTS.filter(bool))
def test_paths(caller: Caller, tail: str) -> None:
    for start in ("/", "/v1/messages/", "/v1/mailbox/", "/v1/deliveries/"):
        answer = caller.http.get(start + quote(tail))
        assert answer.status_code in {200, 401, 404, 405}


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    house = House(settings_for(http_port=0, head_timeout_seconds=0.3, body_timeout_seconds=0.3, stop_seconds=1))
    house.intake.answer = lambda submission: Declined(fault=Fault(FaultCode.MALFORMED))
    with BackgroundServer(house.app(), house.settings) as server:
        yield server


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(
        [b"", b"GET / HTTP/1.1\r\n", b"POST /spg HTTP/1.1\r\nHost: x\r\n", b"POST /v1/messages HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"]
    ),
    rest=st.binary(max_size=400),
)
def test_raw_bytes_on_the_wire(server: BackgroundServer, start: bytes, rest: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.settimeout(5)
        connection.sendall(start + rest)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    assert received == b"" or received.startswith(b"HTTP/1.1 4")
    assert httpx.get(server.url + "/health/live", timeout=5).status_code == 200
