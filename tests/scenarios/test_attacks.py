"""Attacks through the public doors of one running gateway: HTTP with JWS, SOAP with WS-Security, AMQP.

Each is refused by a code of the fault table. Afterwards nothing of it is kept as a message, nothing was routed, the
process lives, and its log holds nothing of what was sent. Whatever is wrong with a signature looks the same from
outside; the audit chain holds the cause wherever the channel knew the caller.
"""

import hashlib
import hmac
import json
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from broker.contract import Confirm, Outcome, Publication
from broker.node import PrivateNode
from broker.rabbitmq import RabbitBroker
from gateway.audit.events import AuditCode
from gateway.contract import MessageFilter
from gateway.rehearsal import interchange
from gateway.rehearsal.gateway_link import JOSE, SOAP_PATH, Caller, GatewayLink
from gateway.rehearsal.jose import PartnerKey, base64url
from gateway.rehearsal.ndelius import Letter
from gateway.rehearsal.receipt_book import FIRST
from gateway.trust.contract import SealOrder
from gateway.trust.unsafe_legacy import UnsafeLegacyWssPackaging
from schemas.receipts import Receipt, Stage, encode, from_claims
from tests.support.doors import AUDIENCE, House, house
from tests.support.exchange import claims
from tests.support.faults import bugs_in
from tests.support.integrity import findings
from tests.support.rabbitmq import private_vhosts
from tests.support.world import contact

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("attacks")]
MEBIBYTE = 1024 * 1024
SECRETS = ("X765432", "Hollyhock", "2512345678")
"""Of the made-up person in everything that is sent here; no log may hold them."""
CASE, NOTES, OFFENDER = SECRETS
SIGNATURE, DAY = "signature-not-accepted", 24 * 3600


@dataclass
class Battlefield:
    """The running gateway and the ways of three partners to it."""

    place: House
    north: GatewayLink
    """C16: HTTPS with JWS."""
    other: GatewayLink
    """C07, another organisation."""
    queue: RabbitBroker
    """C14, on AMQP."""
    accepted: int = 0
    """How many messages a test handed in rightly."""

    def kept(self) -> int:
        """Messages kept; a message that is not kept has no delivery and no parcel."""
        with self.place.store() as store:
            return len(store.queries.find(MessageFilter(), 1000))

    def refusals(self, since: int) -> list[dict[str, object]]:
        """Facts of the refusals that the audit chain has taken up since."""
        with self.place.store() as store:
            return [dict(record.event.facts) for record in store.queries.audit(since, 1000) if record.event.code is AuditCode.SUBMISSION_REFUSED]

    def length(self) -> int:
        """The length of the audit chain."""
        with self.place.store() as store:
            return store.queries.audit(0, 100_000)[-1].sequence

    def send_by_queue(self, body: bytes, content_type: str = JOSE) -> Receipt:
        """Publish as C14, and the gateway's answer on its queue."""
        user = self.place.broker_user
        with closing(self.queue.publisher(user_id=user)) as publisher, closing(self.queue.consumer("partners", "to.wexcombe")) as consumer:
            publication = Publication("partners", "from.wexcombe", "", body, secrets.token_hex(8), content_type)
            assert list(publisher.publish([publication])) == [Confirm.CONFIRMED]
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                received = consumer.receive(1, 0.5)
                consumer.settle(received, Outcome.DONE)
                told = [from_claims(claims(one.body.decode())) for one in received]
                if told and told[0].stage in FIRST:
                    return told[0]
        raise AssertionError(self.place.logs())


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
        yield Battlefield(place, north, other, queue)
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


@dataclass(frozen=True)
class Forger:
    """Whoever holds one partner's keys and wants more than it may."""

    key: PartnerKey
    party: str
    stranger: PartnerKey

    def payload(self, **changed: object) -> bytes:
        """A made-up contact under a fresh id."""
        body = json.loads(contact(f"a{secrets.token_hex(6)}", sender=self.party, recipients=["C07"], crn=CASE, notes=NOTES))
        body["header"] |= changed
        return json.dumps(body, ensure_ascii=False).encode()

    def head(self, **changed: object) -> dict[str, object]:
        """The protected header as it must be, but for what is changed; None takes a name away."""
        plain: dict[str, object] = {"alg": "EdDSA", "kid": self.key.key_id, "typ": "message+jws", "aud": AUDIENCE, "iat": int(time.time())}
        return {name: value for name, value in (plain | changed).items() if value is not None}

    def jws(self, payload: bytes | None = None, key: PartnerKey | None = None, **changed: object) -> str:
        """Rightly signed, whatever it says."""
        return (key or self.key)._compact(self.head(**changed), self.payload() if payload is None else payload)  # type: ignore[arg-type]

    def unsigned(self, signature: Callable[[bytes], bytes], **changed: object) -> str:
        """With any signature at all."""
        signing_input = base64url(json.dumps(self.head(**changed)).encode()) + "." + base64url(self.payload())
        return signing_input + "." + base64url(signature(signing_input.encode()))

    def hmac(self, secret: bytes) -> str:
        """Key confusion: the public key as a shared secret (RFC 8725 §2.1)."""
        return self.unsigned(lambda text: hmac.new(secret, text, hashlib.sha256).digest(), alg="HS256")


def tampered(forger: Forger) -> str:
    head, _, signature = forger.jws().split(".")
    return ".".join((head, base64url(forger.payload()), signature))


def twice_in_the_header(forger: Forger) -> str:
    raw = json.dumps(forger.head()).encode().replace(b'"aud"', b'"alg":"none","aud"')
    signing_input = base64url(raw) + "." + base64url(forger.payload())
    return signing_input + "." + base64url(forger.key._private.sign(signing_input.encode()))


JOSE_ATTACKS: dict[str, tuple[Callable[[Forger], str], str, str]] = {
    "no algorithm": (lambda f: f.unsigned(lambda _: b"", alg="none"), SIGNATURE, "algorithm-not-the-key's"),
    "no algorithm, old signature": (lambda f: f.jws(alg="none"), SIGNATURE, "algorithm-not-the-key's"),
    "HMAC with the public key": (lambda f: f.hmac(f.key.public_der()), SIGNATURE, "algorithm-not-the-key's"),
    "HMAC with the published text of the key": (lambda f: f.hmac(json.dumps(f.key.jwk).encode()), SIGNATURE, "algorithm-not-the-key's"),
    "another algorithm": (lambda f: f.jws(alg="RS256"), SIGNATURE, "algorithm-not-the-key's"),
    "unknown crit": (lambda f: f.jws(crit=["exp"], exp=1), SIGNATURE, "header-names"),
    "its key in its header": (lambda f: f.jws(key=f.stranger, jwk=f.stranger.jwk), SIGNATURE, "header-names"),
    "a key by address": (lambda f: f.jws(jku="https://attacker.example/keys"), SIGNATURE, "header-names"),
    "an unknown key": (lambda f: f.jws(key=f.stranger, kid=f.stranger.key_id), SIGNATURE, "key-unknown"),
    "a key id of somebody else": (lambda f: f.jws(key=f.stranger), SIGNATURE, "signature-invalid"),
    "altered content": (tampered, SIGNATURE, "signature-invalid"),
    "no signature": (lambda f: f.unsigned(lambda _: b""), SIGNATURE, "signature-invalid"),
    "a caller token as a message": (lambda f: f.jws(typ="caller+jwt"), SIGNATURE, "header-typ"),
    "for another gateway": (lambda f: f.jws(aud="interagency-gateway.live"), "wrong-audience", "audience"),
    "expired": (lambda f: f.jws(iat=int(time.time()) - 8 * DAY), "stale", "freshness"),
    "from the future": (lambda f: f.jws(iat=int(time.time()) + 3600), "from-the-future", "freshness"),
    "a name twice in the header": (twice_in_the_header, "malformed", "json"),
    "a name twice in the payload": (lambda f: f.jws(f.payload().replace(b'"sender"', b'"sender": "C07", "sender"', 1)), "malformed", "json"),
    "nested a thousand deep": (lambda f: f.jws(b"[" * 1000 + b"]" * 1000), "too-complex", "json-complexity"),
    "not JSON": (lambda f: f.jws(b"<SPGInterchange/>"), "malformed", "json"),
    "in another's name": (lambda f: f.jws(f.payload(sender="C07")), "sender-not-allowed", ""),
    "in another's name with a space": (lambda f: f.jws(f.payload(sender="C07 ")), "sender-not-allowed", ""),
    "in another's name with a hard space": (lambda f: f.jws(f.payload(sender="\u00a0C07")), "sender-not-allowed", ""),
    "a comment in the code": (lambda f: f.jws(f.payload(sender=f"{f.party}<!-- -->")), "identifier-invalid", ""),
    "full-width letters": (lambda f: f.jws(f.payload(sender=f"Ｃ{f.party[1:]}")), "identifier-invalid", ""),
    "for a recipient in full-width letters": (lambda f: f.jws(f.payload(recipients=["Ｃ07"])), "identifier-invalid", ""),
}
"""How it is made, the code it is refused with, and the cause that the audit chain names where the content was not authentic."""


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


def contact_letter(place: House, **values: str) -> bytes:
    """A contact from nDelius about the made-up person, not signed yet."""
    facts = {"CaseReferenceNumber": CASE, "OffenderID": OFFENDER, "Notes": NOTES, "Provider": "C16", "Team": "C16A12", "ContactOfficer": "C16A294"}
    return place.n00.write(interchange.CONTACT, "C16", facts | {"MessageType": "UPD", "ContactID": "2500000003"} | values)


def element(name: bytes, envelope: bytes) -> bytes:
    """One element of an envelope, as it stands."""
    found = re.search(rb"<(\w+):%b[ >].*</\1:%b>" % (name, name), envelope, re.DOTALL)
    assert found is not None
    return found[0]


def evil(body: bytes) -> bytes:
    """The Body with another id and another case."""
    return re.sub(rb'(wsu:Id=")[^"]*', rb"\1Evil-1", body, count=1).replace(CASE.encode(), b"X111111")


def beside_security(envelope: bytes) -> bytes:
    body = element(b"Body", envelope)
    wrapped = envelope.replace(b"</wsse:Security>", b'</wsse:Security><w:W xmlns:w="urn:w">' + body + b"</w:W>")
    return wrapped[: wrapped.rindex(body)] + evil(body) + wrapped[wrapped.rindex(body) + len(body) :]


def inside_signature(envelope: bytes) -> bytes:
    body = element(b"Body", envelope)
    wrapped = envelope.replace(b"</ds:Signature>", b"<ds:Object>" + body + b"</ds:Object></ds:Signature>")
    return wrapped[: wrapped.rindex(body)] + evil(body) + wrapped[wrapped.rindex(body) + len(body) :]


def inside_body(envelope: bytes) -> bytes:
    body = element(b"Body", envelope)
    other = evil(body)
    return envelope.replace(body, other[: other.rindex(b"</")] + body + other[other.rindex(b"</") :])


def one_id_twice(envelope: bytes) -> bytes:
    body = element(b"Body", envelope)
    named = re.findall(rb'wsu:Id="([^"]*)"', body)[0]
    return envelope.replace(body, evil(body).replace(b"Evil-1", named)[:-1].rpartition(b"</")[0] + body + b"</soap:Body>")


def hmac_with_the_certificate(envelope: bytes) -> bytes:
    token = re.findall(rb"BinarySecurityToken[^>]*>([^<]*)", envelope)[0]
    confused = envelope.replace(b"#rsa-sha256", b"#hmac-sha256")
    mac = hmac.new(token, element(b"SignedInfo", confused), hashlib.sha256).hexdigest().encode()
    return re.sub(rb"<ds:SignatureValue>[^<]*", b"<ds:SignatureValue>" + mac, confused)


def with_prolog(prolog: bytes, word: bytes) -> Callable[[bytes], bytes]:
    return lambda envelope: prolog + re.sub(rb"^<\?xml[^>]*\?>", b"", envelope).replace(NOTES.encode(), word)


BILLION = (
    b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 10 if n > 1 else b"&a;" * 10) for n in range(1, 10)) + b"]>"
)
XXE = b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
REMOTE = b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'
ENVELOPE_ATTACKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "wrapped beside Security": (beside_security, SIGNATURE),
    "wrapped inside the Signature": (inside_signature, SIGNATURE),
    "wrapped inside another Body": (inside_body, SIGNATURE),
    "one id twice": (one_id_twice, SIGNATURE),
    "altered content": (lambda envelope: envelope.replace(CASE.encode(), b"X111111"), SIGNATURE),
    "altered time": (lambda envelope: re.sub(rb"(<wsu:Expires>)2", rb"\g<1>3", envelope), SIGNATURE),
    "no signature": (lambda envelope: envelope.replace(element(b"Security", envelope), b""), SIGNATURE),
    "an empty signature": (lambda envelope: re.sub(rb"<ds:SignatureValue>[^<]*", b"<ds:SignatureValue>", envelope), SIGNATURE),
    "HMAC with the certificate": (hmac_with_the_certificate, SIGNATURE),
    "external entity": (with_prolog(XXE, b"&x;"), "too-complex"),
    "external DTD": (with_prolog(REMOTE, NOTES.encode()), "too-complex"),
    "entity expansion": (with_prolog(BILLION, b"&a9;"), "too-complex"),
    "a processing instruction": (with_prolog(b'<?xml-stylesheet href="x"?>', NOTES.encode()), "too-complex"),
    "nested a thousand deep": (lambda envelope: envelope.replace(NOTES.encode(), b"<a>" * 1000 + b"</a>" * 1000), "too-complex"),
    "two Bodies": (lambda envelope: envelope.replace(b"</soap:Envelope>", element(b"Body", envelope) + b"</soap:Envelope>"), "malformed"),
    "cut short": (lambda envelope: envelope[:-20], "malformed"),
    "in UTF-16": (lambda envelope: envelope.decode().encode("utf-16"), "malformed"),
}


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
