"""Attacks through the public doors of one running gateway: HTTP with JWS, SOAP with WS-Security, AMQP.

Each is refused by a code of the fault table. Afterwards nothing of it is kept as a message, nothing was routed, the
process lives, and its log holds nothing of what was sent. Whatever is wrong with a signature looks the same from
outside; the audit chain holds the cause wherever the channel knew the caller.
"""

import json
import re
import secrets
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from broker.node import PrivateNode
from broker.rabbitmq import RabbitBroker
from gateway.rehearsal import interchange
from gateway.rehearsal.gateway_link import JOSE, SOAP_PATH, Caller, GatewayLink
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.ndelius import Letter
from gateway.trust.contract import SealOrder
from gateway.trust.unsafe_legacy import UnsafeLegacyWssPackaging
from schemas.receipts import Receipt, Stage, encode, from_claims
from tests.support.attacks import DAY, ENVELOPE_ATTACKS, JOSE_ATTACKS, MEBIBYTE, NOTES, SECRETS, SIGNATURE, Battlefield, Forger, contact_letter
from tests.support.doors import AUDIENCE, house
from tests.support.exchange import claims
from tests.support.faults import bugs_in, wait_until
from tests.support.integrity import findings
from tests.support.rabbitmq import private_vhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("attacks")]


@pytest.fixture(scope="module")
def field(rabbitmq_node: PrivateNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    directory = tmp_path_factory.mktemp("attacks")
    url = f"sqlite:///{directory / 'gateway.db'}"
    with private_vhosts(rabbitmq_node) as vhosts, house(directory, url, vhosts=vhosts, max_body_bytes=MEBIBYTE, max_depth=40, log_level="debug") as place:
        process = place.start()
        place.connect()
        north, other = (
            GatewayLink(place.base_url, Caller(one.identity.organisation, one.keys.auth, AUDIENCE), place.authority.client_context(one.identity.organisation))
            for one in (place.c16, place.c07)
        )
        queue = RabbitBroker(vhosts.urls_of(place.broker_user, place.password))
        made = Battlefield(place, north, other, queue)
        assert wait_until(made.may_log_in, 30), place.logs()
        yield made
        for way in (north, other, queue):
            way.close()
        assert process.poll() is None
        place.close_gateway()
        assert [secret for secret in SECRETS if secret in place.logs()] == []
        assert findings(url) == []
        assert bugs_in(directory) == []


@pytest.fixture(autouse=True)
def nothing_comes_of_it(field: Battlefield) -> Iterator[None]:
    """No message kept, nothing routed, and the process answers."""
    yield
    assert field.kept() == field.accepted
    assert httpx.get(field.place.base_url + "/health/live", trust_env=False).status_code == httpx.codes.OK


# -- JSON Web Signatures, by HTTPS and by AMQP --------------------------------------------------------------------


@pytest.fixture(scope="module")
def outward() -> dict[str, list[object]]:
    """What an outsider sees of failed signatures, by channel."""
    return {"https": [], "amqp": []}


@pytest.mark.parametrize("channel", ["https", "amqp"])
@pytest.mark.parametrize("name", JOSE_ATTACKS)
def test_forged_messages(field: Battlefield, name: str, channel: str, outward: dict[str, list[object]]) -> None:
    make, code, cause = JOSE_ATTACKS[name]
    own, party = (field.place.c16.keys, "C16") if channel == "https" else (field.place.c14.keys, "C14")
    attack, since = make(Forger(own.sign, party, PartnerKey.generate())), field.length()
    if channel == "https":
        answer = field.north.post_message(attack)
        problem = answer.json()
        assert (problem["code"], answer.status_code < 500) == (code, True)
        receipt = from_claims(claims(problem["receipt"]))
        seen: object = (answer.status_code, {name: value for name, value in problem.items() if name not in ("instance", "receipt")})
    else:
        receipt = field.send_by_queue(attack.encode())
        seen = receipt.fault
    assert receipt.stage.value == "refused"
    assert receipt.fault is not None
    assert receipt.fault.code == code
    (facts,) = field.refusals(since)
    assert (facts["fault"], facts.get("cause", "")) == (code, cause)
    if code == SIGNATURE:
        outward[channel].append((seen, receipt.fault))
        assert all(one == outward[channel][0] for one in outward[channel]), "failed signatures can be told apart"


@pytest.mark.parametrize("channel", ["https", "amqp"])
def test_signed_by_another_organisation_than_the_connection(field: Battlefield, channel: str) -> None:
    since, stolen = field.length(), Forger(field.place.c07.keys.sign, "C07", PartnerKey.generate()).jws()
    if channel == "https":
        assert field.north.post_message(stolen).json()["code"] == SIGNATURE
    else:
        fault = field.send_by_queue(stolen.encode()).fault
        assert fault is not None
        assert fault.code == SIGNATURE
    (facts,) = field.refusals(since)
    assert facts["cause"] == "the signing key belongs to another organisation than the connection"


def test_replayed_by_https(field: Battlefield) -> None:
    forger = Forger(field.place.c16.keys.sign, "C16", PartnerKey.generate())
    payload = forger.payload()
    signed = forger.jws(payload)
    first = field.north.post_message(signed)
    assert first.status_code == httpx.codes.ACCEPTED
    field.accepted += 1
    for again in (signed, forger.jws(payload, iat=int(time.time()) - 60)):
        answer = field.north.post_message(again)
        assert (answer.status_code, answer.text, answer.headers["gateway-duplicate"]) == (202, first.text, "true")
    reused = json.loads(payload)
    reused["document"]["notes"] += " Altered."
    assert field.north.post_message(forger.jws(json.dumps(reused).encode())).json()["code"] == "key-reused"
    assert field.other.post_message(signed).json()["code"] == SIGNATURE


def test_replayed_by_amqp(field: Battlefield) -> None:
    forger = Forger(field.place.c14.keys.sign, "C14", PartnerKey.generate())
    signed = forger.jws(forger.payload()).encode()
    first = field.send_by_queue(signed)
    field.accepted += 1
    assert first.stage.value == "accepted"
    assert field.send_by_queue(signed) == first


# -- WS-Security, by SOAP ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["text/xml", "application/soap+xml"])
@pytest.mark.parametrize("name", ENVELOPE_ATTACKS)
def test_forged_envelopes(field: Battlefield, name: str, version: str, outward: dict[str, list[object]]) -> None:
    change, code = ENVELOPE_ATTACKS[name]
    signed = field.place.n00.sign(contact_letter(field.place)).wire.body
    attack, since = change(signed), field.length()
    assert attack != signed
    answer = field.north.post_soap(attack, version)
    told = interchange.fault(answer.content)
    assert (told.code, told.receipt, answer.status_code in (400, 500)) == (code, "", True)
    assert b"root:" not in answer.content
    assert field.refusals(since) == [], "an outsider filled the audit chain"
    if code == SIGNATURE:
        seen = outward.setdefault(f"soap {version}", [])
        seen.append((answer.status_code, re.sub(rb"urn:uuid:[0-9a-f-]+", b"", answer.content)))
        assert all(one == seen[0] for one in seen), "failed signatures can be told apart"


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        ("C07", "sender-not-allowed"),
        (" C07 ", "sender-not-allowed"),
        ("C07\u00a0", "sender-not-allowed"),
        ("Ｎ００", "identifier-invalid"),
        ("n00", "identifier-invalid"),
        ("N00X", "identifier-invalid"),
    ],
)
def test_rightly_signed_in_a_wrong_name(field: Battlefield, sender: str, code: str) -> None:
    content = contact_letter(field.place, SenderIdentity=sender)
    content = content.replace(b"<SenderIdentity>N00<", f"<SenderIdentity>{sender}<".encode())
    since, answer = field.length(), field.place.n00.post(field.place.n00.sign(content).wire)
    assert answer.code == code
    (facts,) = field.refusals(since)
    assert facts["fault"] == code


def test_a_comment_in_an_identity_hides_nothing(field: Battlefield) -> None:
    signed = field.place.n00.sign(contact_letter(field.place)).wire.body
    split = signed.replace(b"<SenderIdentity>N00<", b"<SenderIdentity>N00<!-- -->X<")
    assert interchange.fault(field.north.post_soap(split, "application/soap+xml").content).code == SIGNATURE


@pytest.mark.parametrize(("shift", "code"), [(timedelta(days=-8), "stale"), (timedelta(hours=1), "from-the-future")])
def test_signed_at_another_time(field: Battlefield, shift: timedelta, code: str) -> None:
    letter = field.place.n00.sign(contact_letter(field.place), now=datetime.now(UTC) + shift)
    assert field.place.n00.post(letter.wire).code == code


def test_a_signature_of_the_legacy_form_where_none_was_agreed(field: Battlefield) -> None:
    order = SealOrder(document=contact_letter(field.place), kind="message", audience="", now=datetime.now(UTC))
    assert field.place.n00.post(UnsafeLegacyWssPackaging().seal(order, field.place.n00.keys.sign)).code == SIGNATURE


def test_replayed_by_soap(field: Battlefield) -> None:
    letter = field.place.n00.sign(contact_letter(field.place))
    for _ in range(3):
        assert field.place.n00.post(letter.wire).accepted
    field.accepted += 1
    altered = field.place.n00.sign(letter.content.replace(NOTES.encode(), b"Altered."))
    assert field.place.n00.post(altered.wire).code == "key-reused"


def test_an_interchange_over_another_partners_queue(field: Battlefield) -> None:
    letter: Letter = field.place.n00.sign(contact_letter(field.place))
    since, receipt = field.length(), field.send_by_queue(letter.wire.body, "application/soap+xml")
    assert receipt.fault is not None
    assert receipt.fault.code == SIGNATURE
    (facts,) = field.refusals(since)
    assert facts["cause"] == "the signing key belongs to another organisation than the connection"


# -- size --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/messages", SOAP_PATH])
@pytest.mark.parametrize("how", ["declared", "streamed"])
def test_too_large(field: Battlefield, path: str, how: str) -> None:
    keys, url = field.place.c16.keys, field.place.base_url + path
    token = keys.auth.caller_token(organisation="thornbury", audience=AUDIENCE, method="POST", url=url)
    kind = JOSE if path.startswith("/v1") else "text/xml"
    length = f"Content-Length: {100 * MEBIBYTE}" if how == "declared" else "Transfer-Encoding: chunked"
    head = f"POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n{length}\r\n\r\n"
    target = httpx.URL(field.place.base_url)
    with socket.create_connection((target.host, target.port or 80), timeout=20) as connection:
        connection.sendall(head.encode())
        if how == "streamed":
            connection.sendall((b"10000\r\n" + b"a" * 65536 + b"\r\n") * 16 + b"1\r\na\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split(b" ")[1] in (b"413", b"400", b"500")
    assert b"too-large" in answer


def test_too_large_for_the_queue(field: Battlefield) -> None:
    fault = field.send_by_queue(b"a" * (MEBIBYTE + 1)).fault
    assert fault is not None
    assert fault.code == "too-large"


# -- caller tokens -----------------------------------------------------------------------------------------------


def claims_of(**changed: object) -> dict[str, object]:
    now = int(time.time())
    plain = {"iss": "thornbury", "sub": "thornbury", "aud": AUDIENCE, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8), "htm": "GET"}
    return plain | changed


TOKEN_ATTACKS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "no algorithm": ({"alg": "none"}, {}),
    "another algorithm": ({"alg": "HS256"}, {}),
    "unknown crit": ({"crit": ["b64"], "b64": False}, {}),
    "a message's type": ({"typ": "message+jws"}, {}),
    "expired": ({}, {"iat": int(time.time()) - 4000, "exp": int(time.time()) - 3800}),
    "from the future": ({}, {"iat": int(time.time()) + 3000, "exp": int(time.time()) + 3100}),
    "a year long": ({}, {"exp": int(time.time()) + 365 * DAY}),
    "for another gateway": ({}, {"aud": "interagency-gateway.live"}),
    "for another method": ({}, {"htm": "POST"}),
    "for another path": ({}, {"htu": "/v1/receipts"}),
    "another organisation": ({}, {"iss": "larkspur", "sub": "larkspur"}),
    "a comment in the organisation": ({}, {"iss": "thornbury<!-- -->", "sub": "thornbury<!-- -->"}),
    "a space in the organisation": ({}, {"iss": " thornbury ", "sub": " thornbury "}),
}


@pytest.mark.parametrize("name", TOKEN_ATTACKS)
def test_forged_caller_tokens(field: Battlefield, name: str) -> None:
    head, changed = TOKEN_ATTACKS[name]
    key, url = field.place.c16.keys.auth, field.place.base_url + "/v1/mailbox"
    said = claims_of(**(changed | {"htu": field.place.base_url + str(changed.get("htu", "/v1/mailbox"))}))
    token = key._compact({"alg": "EdDSA", "kid": key.key_id, "typ": "caller+jwt"} | head, json.dumps(said).encode())  # type: ignore[arg-type]
    refused, unknown = (httpx.get(url, headers={"authorization": f"Bearer {text}"}, trust_env=False) for text in (token, "nonsense"))
    assert refused.status_code == httpx.codes.UNAUTHORIZED
    without = [{name: value for name, value in answer.json().items() if name != "instance"} for answer in (refused, unknown)]
    assert without[0] == without[1]


def test_the_signing_key_opens_no_door(field: Battlefield) -> None:
    url = field.place.base_url + "/v1/mailbox"
    token = field.place.c16.keys.sign.caller_token(organisation="thornbury", audience=AUDIENCE, method="GET", url=url)
    assert httpx.get(url, headers={"authorization": f"Bearer {token}"}, trust_env=False).status_code == httpx.codes.UNAUTHORIZED


def test_a_token_opens_one_door_once(field: Battlefield) -> None:
    url = field.place.base_url + "/v1/mailbox"
    token = field.place.c16.keys.auth.caller_token(organisation="thornbury", audience=AUDIENCE, method="GET", url=url)
    answers = [httpx.get(url, headers={"authorization": f"Bearer {token}"}, trust_env=False).status_code for _ in range(3)]
    assert answers == [200, 401, 401]


# -- other people's things ---------------------------------------------------------------------------------------


def test_other_peoples_messages_do_not_exist(field: Battlefield) -> None:
    forger = Forger(field.place.c14.keys.sign, "C14", PartnerKey.generate())
    receipt = field.send_by_queue(forger.jws(forger.payload(recipients=["C16"])).encode())
    field.accepted += 1
    message = receipt.messages[0].message_id
    mine = field.north.get(f"/v1/messages/{message}")
    assert [delivery["recipient"] for delivery in mine.json()["deliveries"]] == ["C16"]
    assert "sender_message_id" not in mine.json()
    (item,) = [item for item in field.north.get("/v1/mailbox").json()["items"] if item["message_id"] == message]
    strangers = [field.other.get(f"/v1/messages/{name}") for name in (message, receipt.subject, "no-such-message")]
    strangers += [field.other.post(f"/v1/mailbox/{name}/receipt", b"") for name in (item["delivery_id"], "no-such-delivery")]
    assert [answer.status_code for answer in strangers] == [404] * 5
    assert len({json.dumps({name: value for name, value in answer.json().items() if name != "instance"}) for answer in strangers}) == 1
    assert field.other.get("/v1/mailbox").json()["items"] == []
    assert all(entry["message_id"] != message for entry in field.other.get("/v1/receipts").json()["receipts"])
    assert field.north.post(f"/v1/mailbox/{item['delivery_id']}/receipt", b"").status_code == httpx.codes.OK


def test_a_receipt_for_somebody_elses_delivery(field: Battlefield) -> None:
    forger = Forger(field.place.c14.keys.sign, "C14", PartnerKey.generate())
    accepted = field.send_by_queue(forger.jws(forger.payload(recipients=["C16"])).encode())
    field.accepted += 1
    lie = Receipt(
        issuer="larkspur",
        audience=AUDIENCE,
        receipt_id="r1",
        issued_at=int(time.time()),
        stage=Stage.APPLIED,
        subject=accepted.messages[0].message_id,
        recipient="C16",
        sent_digest="sha-256:" + "0" * 64,  # type: ignore[arg-type]
    )
    signed = field.place.c07.keys.sign.sign(encode(lie), kind="receipt", audience=AUDIENCE)
    assert field.other.post_message(signed).json()["code"] == "receipt-not-ours"
    honest = field.place.c16.keys.sign.sign(encode(lie), kind="receipt", audience=AUDIENCE)
    assert field.north.post_message(honest).json()["code"] == "receipt-digest-mismatch"
    assert field.north.get(f"/v1/messages/{accepted.messages[0].message_id}").json()["state"] == "waiting"
