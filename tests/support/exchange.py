"""Two partners over AMQP around a real gateway process: alpha (C05) sends, beta (C17) applies and says so.

Each keeps its own journal in memory; what is proved is read from the journals and from receipts verified with the
gateway's published key, never from the gateway's word.
"""

import base64
import json
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.contract import WireMessage
from broker.contract import BrokerUnavailable, Confirm, Outcome, Publication
from broker.rabbitmq import RabbitBroker
from broker.topology import gateway_topology, organisation_user, partners_topology, password_hash
from gateway.audit.events import AuditCode, AuditEvent
from gateway.exchange.receipts import LINES_MEDIA_TYPE
from gateway.keystore import create, open_keys
from gateway.partners.agreement import Agreement, DeliveryMode, Direction, RetryPolicy
from gateway.partners.party import Organisation, Party, Standing
from gateway.store.opening import open_store
from gateway.trust import jws
from gateway.trust.contract import Limits, SenderTrust, Signer
from gateway.trust.digests import digest
from gateway.trust.keyring import KeyUse
from gateway.trust.minting import mint_ed25519
from gateway.trust.policy import STRICT
from gateway.trust.signing import public_record, signer_from_pem
from schemas.identifiers import MessageId, OrganisationId, PartyCode
from schemas.receipts import Receipt, Stage, encode, from_claims
from tests.support.databases import migrate_quickly
from tests.support.doomed import Child
from tests.support.rabbitmq import PrivateVhosts
from tests.support.world import contact

AUDIENCE = "interagency-gateway.test"


@dataclass
class Installation:
    """Files, database and broker of one gateway, with two partners registered."""

    directory: Path
    database_url: str
    vhosts: PrivateVhosts
    signers: dict[str, Signer]
    passwords: dict[str, str]
    own: Signer
    settings: Path
    processes: list[Child] = field(default_factory=list)

    def start(self, point: str = "-", roles: str = "") -> Child:
        child = Child(self.settings, point, roles.split(",") if roles else [], self.directory / f"gateway-{len(self.processes)}.log")
        self.processes.append(child)
        return child

    def logs(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.directory.glob("gateway-*.log")))

    def stop(self) -> None:
        """Without ceremony: what is durable is durable, and orderly stopping has tests of its own."""
        for process in self.processes:
            process.kill()
            process.wait(5)


@contextmanager
def installation(directory: Path, database_url: str, vhosts: PrivateVhosts, **settings: object) -> Iterator[Installation]:
    """Everything but the running process."""
    create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    signers = {name: signer_from_pem(mint_ed25519().private_pem) for name in ("alpha", "beta")}
    passwords = {name: secrets.token_hex(8) for name in signers}
    migrate_quickly(database_url)
    _register(database_url, signers, passwords, vhosts)
    file = directory / "gateway.toml"
    file.write_text(_toml(directory, database_url, vhosts, settings))
    vhosts.apply(gateway_topology([PartyCode("C05"), PartyCode("C17")]) + partners_topology([OrganisationId("alpha"), OrganisationId("beta")]))
    made = Installation(directory, database_url, vhosts, signers, passwords, open_keys(directory / "keys").message_signer, file)
    try:
        yield made
    finally:
        made.stop()


def _register(url: str, signers: dict[str, Signer], passwords: dict[str, str], vhosts: PrivateVhosts) -> None:
    store, now = open_store(url), datetime.now(UTC)
    event = AuditEvent(AuditCode.PARTNER_CHANGED, now, "test")
    for name, code in (("alpha", "C05"), ("beta", "C17")):
        owner = OrganisationId(name)
        hashed = password_hash(passwords[name], secrets.token_bytes(4))
        user = f"{vhosts.user}-{name}"
        organisation = Organisation(organisation_id=owner, name=name, standing=Standing.LIVE, broker_user=user, broker_password_hash=hashed)
        store.partners.put_organisation(organisation, event)
        vhosts.admin.apply(partners_topology([owner]) + organisation_user(owner, user, hashed))
        store.partners.put_party(Party(code=PartyCode(code), name=code, organisation=owner), event)
        key = public_record(
            signers[name],
            organisation=owner,
            use=KeyUse.SIGN,
            speaks_for=[PartyCode(code)],
            not_before=now - timedelta(days=1),
            not_after=now + timedelta(days=30),
        )
        store.partners.put_key(key, event)
        for direction in Direction:
            agreement = Agreement(
                party=PartyCode(code),
                direction=direction,
                dialect="canonical",
                version="0-9-14",
                packaging="jws",
                mode=DeliveryMode.QUEUE,
                bundle_receipts=True,
                retry=RetryPolicy(first_seconds=0.2, longest_seconds=1.0, resend_seconds=3.0),
            )
            store.partners.put_agreement(agreement, event)
    store.close()


def _toml(directory: Path, database_url: str, vhosts: PrivateVhosts, more: dict[str, object]) -> str:
    credentials = vhosts.node.credentials
    host = vhosts.node.management_url.removeprefix("http://")
    values = {
        "environment": "test",
        "data_dir": str(directory),
        "database_url": database_url,
        "broker": "rabbitmq",
        "broker_url": vhosts.urls["gateway"],
        "broker_partners_url": vhosts.urls["partners"],
        "broker_management_url": f"http://{credentials.user}:{credentials.password}@{host}",
        "http_port": 0,
        "console_port": 0,
        "sweep_seconds": 1.0,
        "sweeper_interval_seconds": 0.3,
        "lease_seconds": 1.2,
        "relay_interval_seconds": 0.02,
        "log_level": "warning",
    } | more
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items()) + "\n"


@dataclass
class Partners:
    """Alpha's and beta's programs, each in a thread, until stopped."""

    place: Installation
    payloads: dict[str, bytes]
    """By the sender's own message id."""
    receipts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What alpha got, by stage."""
    effects: list[dict[str, object]] = field(default_factory=list)
    """What beta did, in order: once for each of the gateway's message ids."""
    seen: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for work in (self._alpha, self._beta):
            thread = threading.Thread(target=self._keep, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(15)

    def finals(self) -> set[str]:
        """Ids of alpha's messages that were receipted as applied."""
        return {self._own_id(from_claims(claims(text)).subject) for text in self.receipts["applied"]}

    def wait_for_all(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.finals() >= self.payloads.keys():
                return True
            time.sleep(0.05)
        return False

    def accepted_ids(self) -> dict[str, set[str]]:
        """Our ids by the sender's id, read from acceptance receipts."""
        found: dict[str, set[str]] = defaultdict(set)
        for text in self.receipts["accepted"]:
            for verdict in from_claims(claims(text)).messages:
                found[verdict.sender_message_id].add(verdict.message_id)
        return found

    def _own_id(self, message_id: str) -> str:
        return next((own for own, ids in self.accepted_ids().items() if message_id in ids), f"unknown:{message_id}")

    def _keep(self, work: object) -> None:
        while not self._stop.is_set():
            try:
                work()  # type: ignore[operator]
            except BrokerUnavailable:
                time.sleep(0.2)
            except Exception as error:  # noqa: BLE001 - told by the test
                self.errors.append(repr(error))
                time.sleep(0.5)

    def _client(self, name: str) -> tuple[RabbitBroker, str]:
        user = f"{self.place.vhosts.user}-{name}"
        return RabbitBroker(self.place.vhosts.urls_of(user, self.place.passwords[name])), user

    def _alpha(self) -> None:
        client, user = self._client("alpha")
        publisher, consumer = client.publisher(user_id=user), client.consumer("partners", "to.alpha")
        due = dict.fromkeys(self.payloads, 0.0)
        try:
            while not self._stop.is_set():
                done = self.finals()
                ready = [name for name, at in due.items() if at <= time.monotonic() and name not in done]
                if ready:
                    wires = [jws.sign(self.payloads[name], "message", self.place.signers["alpha"], audience=AUDIENCE, now=datetime.now(UTC)) for name in ready]
                    confirms = publisher.publish([Publication("partners", "from.alpha", "", wire, secrets.token_hex(8), "application/jose") for wire in wires])
                    for name, confirm in zip(ready, confirms, strict=True):
                        due[name] = time.monotonic() + (1.0 if confirm is Confirm.CONFIRMED else 0.2)
                received = consumer.receive(100, 0.1)
                for item in received:
                    for line in item.body.split(b"\n"):
                        self._take_receipt(line)
                if received:
                    consumer.settle(received, Outcome.DONE)
        finally:
            client.close()

    def _take_receipt(self, body: bytes) -> None:
        text = body.decode()
        receipt = from_claims(json.loads(jws.verify_receipt(text, self._ours, audience="alpha", now=datetime.now(UTC)).content))
        self.receipts[receipt.stage.value].append(text)

    def _ours(self, _: object) -> SenderTrust:
        now = datetime.now(UTC)
        own = self.place.own
        key = public_record(own, organisation=OrganisationId("gw"), use=KeyUse.SIGN, speaks_for=[], not_before=now - timedelta(1), not_after=now + timedelta(1))
        return SenderTrust(key, STRICT, 10**9)

    def _beta(self) -> None:
        client, user = self._client("beta")
        publisher, consumer = client.publisher(user_id=user), client.consumer("partners", "to.beta")
        try:
            while not self._stop.is_set():
                received = consumer.receive(100, 0.1)
                answers = [answer for item in received if (answer := self._apply(item.body)) is not None]
                if answers:
                    confirms = publisher.publish([Publication("partners", "from.beta", "", b"\n".join(answers), secrets.token_hex(8), LINES_MEDIA_TYPE)])
                    if any(confirm is not Confirm.CONFIRMED for confirm in confirms):
                        raise BrokerUnavailable("receipts were not confirmed")
                if received:
                    consumer.settle(received, Outcome.DONE)
        finally:
            client.close()

    def _apply(self, body: bytes) -> bytes | None:
        verified = jws.JwsPackaging().verify(WireMessage(body, "application/jose"), self._ours, audience="beta", now=datetime.now(UTC), limits=Limits())
        if verified.kind != "message":
            return None
        content = json.loads(verified.content)
        message_id = content["header"]["message_id"]
        if message_id not in self.seen:
            self.seen.add(message_id)
            self.effects.append({"message": message_id, "case": content["header"]["case_reference"], "notes": content["document"]["notes"]})
        now = datetime.now(UTC)
        receipt = Receipt(
            issuer="beta",
            audience=AUDIENCE,
            receipt_id=secrets.token_hex(8),
            issued_at=int(now.timestamp()),
            stage=Stage.APPLIED,
            subject=message_id,
            recipient="C17",
            sent_digest=digest(verified.content),
        )
        return jws.sign(encode(receipt), "receipt", self.place.signers["beta"], audience=AUDIENCE, now=now)


def claims(text: str) -> dict[str, object]:
    part = text.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))  # type: ignore[no-any-return]


def payloads(count: int, cases: int = 2) -> dict[str, bytes]:
    """Made-up contacts over a few cases; the notes say the place in the case."""
    return {f"m{number}": contact(f"m{number}", crn=f"X{number % cases:06d}", notes=f"{number}") for number in range(count)}


def prove(partners: Partners, *, as_sent: bool = True) -> None:
    """Nothing lost, no second effect, order kept, receipts true.

    The promise is the order of acceptance, which is always checked. That it is the sender's order too (`as_sent`)
    holds while RabbitMQ 3.10 has at most 32 messages to bring back after a lost consumer: more come shuffled.
    """
    assert partners.errors == []
    assert partners.finals() == partners.payloads.keys()
    ids = partners.accepted_ids()
    assert {own: len(ours) for own, ours in ids.items()} == dict.fromkeys(partners.payloads, 1), "a message was accepted twice"
    by_own: dict[str, set[str]] = defaultdict(set)
    for text in partners.receipts["accepted"]:
        by_own[from_claims(claims(text)).messages[0].sender_message_id].add(text)
    assert all(len(texts) == 1 for texts in by_own.values()), "a duplicate got another receipt"
    applied = [str(effect["notes"]) for effect in partners.effects]
    assert sorted(applied, key=int) == sorted((own.removeprefix("m") for own in partners.payloads), key=int), "lost, or done twice"
    _prove_order(partners, as_sent=as_sent)
    _prove_chain(partners, by_own)


def _prove_order(partners: Partners, *, as_sent: bool) -> None:
    with closing(open_store(partners.place.database_url)) as store:
        found = store.queries.deliveries_of_messages([MessageId(str(effect["message"])) for effect in partners.effects])
    accepted, sent = defaultdict(list), defaultdict(list)
    for effect in partners.effects:
        accepted[effect["case"]].append(found[MessageId(str(effect["message"]))][0].sequence)
        sent[effect["case"]].append(int(str(effect["notes"])))
    assert all(places == sorted(places) for places in accepted.values()), f"a case was reordered: {dict(sent)}"
    assert not as_sent or all(places == sorted(places) for places in sent.values()), f"a case was taken in another order: {dict(sent)}"


def _prove_chain(partners: Partners, acceptance: dict[str, set[str]]) -> None:
    for text in set(partners.receipts["applied"]):
        receipt = from_claims(claims(text))
        own = partners._own_id(receipt.subject)
        assert receipt.previous == digest(next(iter(acceptance[own])).encode()), "the chain of receipts is broken"
        assert receipt.evidence is not None
