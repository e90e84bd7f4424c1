"""Forged messages and envelopes, and the ways of three partners to the gateway that is attacked with them."""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from broker.contract import BrokerUnavailable, Confirm, Outcome, Publication
from broker.rabbitmq import RabbitBroker
from gateway.audit.events import AuditCode
from gateway.contract import MessageFilter
from gateway.rehearsal import interchange
from gateway.rehearsal.gateway_link import JOSE, GatewayLink
from gateway.rehearsal.jose import PartnerKey, base64url
from gateway.rehearsal.receipt_book import FIRST
from schemas.receipts import Receipt, from_claims
from tests.support.doors import AUDIENCE, House
from tests.support.exchange import claims
from tests.support.world import contact

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

    def may_log_in(self) -> bool:
        """Whether the gateway has made the user of C14 at the broker yet."""
        try:
            self.queue.consumer("partners", "to.wexcombe").close()
        except BrokerUnavailable:
            return False
        return True

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
