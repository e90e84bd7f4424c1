"""`gateway send`: what it puts on the wire, and what it makes of the answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from adapters.contract import WireMessage
from gateway.trust.caller import verify_caller
from gateway.trust.contract import ClaimedSender, Limits, SenderTrust
from gateway.trust.jws import JwsPackaging
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import STRICT
from gateway.trust.signing import key_record_from_jwk
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.operators import Installation

MESSAGE = {"header": {"recipients": ["N00"], "type": "Contact", "action": "INS", "version": "1"}, "document": {"made": "up"}}


@dataclass(slots=True)
class Door:
    """A gateway's door that answers as told and remembers what came."""

    status: int = 202
    answer: bytes = b"receipt.made.up"
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0


@contextmanager
def opened(door: Door) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            door.came.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(door.status)
            self.send_header("Location", "/v1/messages/m-1")
            self.send_header("Content-Length", str(len(door.answer)))
            self.end_headers()
            self.wfile.write(door.answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def partner(desk: Installation) -> Installation:
    for name in ("sign", "auth"):
        desk.ask("key", "new", str(desk.folder / f"{name}.pem"))
    return desk


def send(partner: Installation, url: str, file: str, *options: str) -> list[str]:
    keys = ["--key", str(partner.folder / "sign.pem"), "--auth-key", str(partner.folder / "auth.pem")]
    return ["send", file, "--as", "C05", "--organisation", "crc-thames", *keys, "--gateway", url, *options]


def pinned(folder: Path, name: str, use: KeyUse) -> KeyRecord:
    jwk = json.loads((folder / f"{name}.pem.jwk").read_text())
    begins, ends = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    return key_record_from_jwk(jwk, organisation=OrganisationId("crc-thames"), use=use, speaks_for=[PartyCode("C05")], not_before=begins, not_after=ends)


def test_what_is_sent_verifies_at_the_door(partner: Installation) -> None:
    door, receipt = Door(), partner.folder / "receipt.jws"
    with opened(door) as url:
        sent = partner.ask(*send(partner, url, partner.write("m.json", MESSAGE), "--receipt", str(receipt)))
    ((path, headers, body),) = door.came
    assert (path, headers["content-type"]) == ("/v1/messages", "application/jose")
    now = datetime.now(UTC)
    sign, auth = pinned(partner.folder, "sign", KeyUse.SIGN), pinned(partner.folder, "auth", KeyUse.AUTH)

    def find(claimed: ClaimedSender) -> SenderTrust | None:
        return SenderTrust(sign, STRICT, 60) if claimed.key_id == sign.key_id else None

    verified = JwsPackaging().verify(WireMessage(body, "application/jose"), find, audience="interagency-gateway.dev", now=now, limits=Limits())
    header = json.loads(verified.content)["header"]
    assert header["sender"] == "C05"
    assert header["message_id"] == sent["sender_message_id"]
    assert header["prepared_at"].endswith("Z")
    token = headers["authorization"].removeprefix("Bearer ")
    caller = verify_caller(
        token,
        {auth.key_id: auth}.get,
        audience="interagency-gateway.dev",
        method="POST",
        url=f"{url}/v1/messages",
        now=now,  # type: ignore[arg-type]
    )
    assert caller.organisation == "crc-thames"
    assert receipt.read_text() == "receipt.made.up\n"
    assert (sent["status"], sent["location"], sent["receipt"]) == (202, "/v1/messages/m-1", "receipt.made.up")


def test_ids_that_the_sender_gave_are_kept(partner: Installation) -> None:
    named = {**MESSAGE, "header": {**MESSAGE["header"], "message_id": "mine-1", "control_reference": "7", "sender": "C05"}}  # type: ignore[dict-item]
    with opened(Door()) as url:
        assert partner.ask(*send(partner, url, partner.write("m.json", named)))["sender_message_id"] == "mine-1"


@pytest.mark.parametrize(("status", "code"), [(401, 4), (403, 5), (404, 3), (409, 6), (422, 1), (429, 9), (503, 9), (500, 1)])
def test_answers_become_exit_codes(partner: Installation, status: int, code: int) -> None:
    other = {"code": "value-invalid", "title": "t", "detail": "So.", "pointer": "/b", "reference": 2, "value": "ZZ", "blame": "sender", "advice": "Do."}
    first = {"code": "some-fault", "title": "It was refused", "detail": "Because.", "pointer": "/header", "blame": "sender", "advice": "Mend it."}
    problem = {"type": "about:blank", **first, "also": [other], "more": 7}
    with opened(Door(status, json.dumps(problem).encode())) as url:
        said = partner.run(*send(partner, url, partner.write("m.json", MESSAGE), "--json"))
    assert (said.code, said.error["code"], said.error["title"], said.error["remedy"]) == (code, "some-fault", "It was refused", "Mend it.")
    also = "value-invalid: message 2 /b: So. Found: ZZ. For the sender: Do."
    assert said.error["details"] == ["/header: Because.", also, "and 7 more"]


def test_an_answer_that_is_no_problem_document_is_survived(partner: Installation) -> None:
    with opened(Door(502, b"<html>")) as url:
        assert partner.run(*send(partner, url, partner.write("m.json", MESSAGE))).code == 1


def test_a_gateway_that_is_not_there_is_unavailable(partner: Installation) -> None:
    said = partner.run(*send(partner, "http://127.0.0.1:1", partner.write("m.json", MESSAGE), "--json"))
    assert (said.code, said.error["code"]) == (9, "gateway-unreachable")


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", 2), ('{"header": {}}', 2), ('{"header": {"sender": "C07"}, "document": {}}', 2), ('{"header": {}, "header": {}, "document": {}}', 2), ("[]", 2)],
)
def test_a_bad_message_is_never_sent(partner: Installation, content: str, code: int) -> None:
    door = Door()
    with opened(door) as url:
        assert partner.run(*send(partner, url, partner.write("m.json", content))).code == code
    assert door.came == []


def test_a_key_open_to_others_is_not_used(partner: Installation) -> None:
    (partner.folder / "sign.pem").chmod(0o644)
    door = Door()
    with opened(door) as url:
        said = partner.run(*send(partner, url, partner.write("m.json", MESSAGE), "--json"))
    assert (said.code, said.error["code"]) == (5, "key-open-to-others")
    assert door.came == []
