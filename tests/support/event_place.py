"""One gateway in this process with its real doors, a sender, and two consumers of events: one pushed to, one with a queue."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from broker.free_ports import free_port
from gateway import bootstrap, keystore
from gateway.config import load_settings
from gateway.operations import Operations
from gateway.partners.party import Standing
from gateway.partners.profile import read_profile
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import CrcKeys
from gateway.rehearsal.event_crc import EventCrc, QueueEventCrc
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage
from gateway.rehearsal.profiles import PATIENCE, VERSION, Document
from gateway.rehearsal.receipt_book import Held, ReceiptBook, TooEarlyError
from gateway.store.opening import open_store
from gateway.trust.certificates import CertificateUse
from schemas.receipts import Stage
from tests.support.databases import migrate_quickly
from tests.support.world import contact

AUDIENCE = "interagency-gateway.test"
PATIENCE_SECONDS = 15.0


@dataclass
class Sender:
    """C05: hands in contacts over HTTPS and collects its receipts."""

    link: GatewayLink
    key: PartnerKey
    book: ReceiptBook

    def send(self, name: str, recipient: str, crn: str) -> str:
        """One contact; the gateway's id of it."""
        jws = self.key.sign(contact(name, recipients=(recipient,), crn=crn, notes=f"Made up for {name}."), kind="message", audience=AUDIENCE)
        answer = self.link.post_message(jws)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        held, _ = self.book.take(answer.text)
        (verdict,) = held.receipt.messages
        assert verdict.message_id
        return verdict.message_id

    def told(self, message_id: str, stage: Stage) -> Held:
        """The receipt of this stage, waited for and checked with its chain."""
        deadline, cursor = time.monotonic() + PATIENCE_SECONDS, 0
        while time.monotonic() < deadline:
            for item in self.link.get(f"/v1/receipts?after={cursor}").raise_for_status().json()["receipts"]:
                try:
                    self.book.take(item["receipt"])
                    cursor = int(item["cursor"])
                except TooEarlyError:
                    break
            found = [held for held in self.book.later_of(message_id) if held.stage is stage]
            if found:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"no receipt {stage} about {message_id}")


@dataclass
class EventPlace:
    """Everything, running."""

    gateway: bootstrap.Gateway
    sender: Sender
    pushed: EventCrc
    queued: QueueEventCrc


@contextmanager
def event_place(directory: Path) -> Iterator[EventPlace]:
    """C05 sends; C17 is pushed events with Caseflow details; C20 has them in its queue, with canonical details."""
    authority = DevelopmentAuthority(directory / "authority")
    keys = [PartnerKey.generate() for _ in range(6)]
    pushed_keys, queued_keys, answering = CrcKeys(*keys[2:4]), CrcKeys(*keys[4:]), Answering("N00", "Made,Up")
    tls = authority.server_context("beta")
    pushed = EventCrc(_identity("beta", "C17"), pushed_keys, CaseflowLanguage(), answering, directory / "C17.jsonl", tls)
    queued = QueueEventCrc(_identity("gamma", "C20"), queued_keys, CanonicalLanguage(), answering, directory / "C20.jsonl")
    pushed.start()
    gateway = _gateway(directory, authority, pushed.endpoint(), [_sending(*keys[:2]), _pushed(pushed), _queued(queued)])
    gateway.start(bootstrap.ROLES)
    tls = authority.client_context("beta")
    link = GatewayLink(gateway.settings.public_url, Caller("alpha", keys[1], AUDIENCE), tls)
    try:
        pushed.connect(gateway.settings.public_url, tls)
        queued.details_from(gateway.settings.public_url, tls)
        queued.connect(link.published_keys())
        queued.start(gateway.broker, "gamma")  # type: ignore[arg-type]
        yield EventPlace(gateway, Sender(link, keys[0], ReceiptBook("alpha", link.published_keys())), pushed, queued)
    finally:
        link.close()
        queued.close()
        pushed.close()
        assert gateway.stop()


def _identity(organisation: str, party: str) -> CrcIdentity:
    return CrcIdentity(organisation=organisation, party=party, name=f"{organisation}, fictional", gateway_audience=AUDIENCE)


def _gateway(directory: Path, authority: DevelopmentAuthority, endpoint: str, profiles: list[Document]) -> bootstrap.Gateway:
    url, port = f"sqlite:///{directory / 'gateway.db'}", free_port()
    keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    migrate_quickly(url)
    store = open_store(url)
    operations = Operations(store=store, clock=bootstrap.clock, parts=bootstrap.onboarding_parts())
    for profile in profiles:
        organisation = operations.apply_profile(read_profile(profile)).organisation.organisation_id
        if organisation == "gamma":
            operations.give_broker_user(organisation, user="gamma", password_hash="made-up")
        operations.move(organisation, Standing.PROVING)
        operations.move(organisation, Standing.LIVE, without_conformance="a test")
    store.close()
    client = authority.issue("gateway", CertificateUse.CLIENT)
    joined = directory / "egress.pem"
    joined.touch(mode=0o600)
    joined.write_text(client.certificate_path.read_text() + client.key_path.read_text())
    settings: dict[str, Any] = {
        "data_dir": directory,
        "database_url": url,
        "keys_dir": directory / "keys",
        "http_port": port,
        "console_port": 0,
        "environment": "test",
    }
    settings |= {"public_url": f"http://127.0.0.1:{port}", "egress_allow": (httpx.URL(endpoint).netloc.decode(),), "audience": AUDIENCE}
    settings |= {"egress_ca": authority.root_path, "egress_certificate": joined, "sweep_seconds": 0.5, "sweeper_interval_seconds": 0.2}
    return bootstrap.build(load_settings(**settings, relay_interval_seconds=0.02, lease_seconds=1.5))


def _sending(sign: PartnerKey, auth: PartnerKey) -> Document:
    agreement: Document = {"dialect": "canonical", "version": VERSION, "packaging": "jws"}
    return _profile("alpha", "C05", {"inbound": agreement, "outbound": {**agreement, "mode": "shelf"}}, sign, auth)


def _pushed(crc: EventCrc) -> Document:
    agreement: Document = {"dialect": "domain-events", "version": VERSION, "packaging": "jws"}
    outbound = {**agreement, "mode": "push", "endpoint": crc.endpoint(), "detail_dialect": "caseflow", **PATIENCE}
    return _profile("beta", "C17", {"inbound": agreement, "outbound": outbound}, crc.keys.sign, crc.keys.auth)


def _queued(crc: QueueEventCrc) -> Document:
    agreement: Document = {"dialect": "domain-events", "version": VERSION, "packaging": "jws"}
    outbound = {**agreement, "mode": "queue", "detail_dialect": "canonical", "name_case": False, **PATIENCE}
    return _profile("gamma", "C20", {"inbound": agreement, "outbound": outbound}, crc.keys.sign, crc.keys.auth)


def _profile(organisation: str, code: str, agreements: Document, sign: PartnerKey, auth: PartnerKey) -> Document:
    name = f"{organisation}, fictional"
    keys = [{"use": "sign", "jwk": dict(sign.jwk), "speaks_for": [code]}, {"use": "auth", "jwk": dict(auth.jwk)}]
    return {"organisation": {"id": organisation, "name": name}, "parties": [{"code": code, "name": name, **agreements}], "keys": keys}
