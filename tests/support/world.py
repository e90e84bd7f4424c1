"""A small world for tests of the road: two organisations of JSON, one of SPG, with real keys and a real store."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from adapters.catalogue import DIALECTS
from adapters.contract import Address, Channel, HandedOver, Handover, WireMessage
from broker.parcel import decode
from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import Store
from gateway.exchange.ids import uuid7
from gateway.exchange.means import Means
from gateway.exchange.submission import Submission
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.party import Organisation, Party, Standing
from gateway.pipeline import Pipeline
from gateway.steps.base import Parts
from gateway.store.opening import open_store
from gateway.store.unit_of_work import nobody
from gateway.telemetry import Telemetry
from gateway.trust import jws
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import SealOrder, Signer
from gateway.trust.keyring import KeyUse
from gateway.trust.minting import mint_ed25519, mint_rsa
from gateway.trust.sealing import ArchiveKeys
from gateway.trust.signing import key_record_from_certificate, public_record, signer_from_pem
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.databases import migrate_quickly

AUDIENCE = "interagency-gateway.test"
PUBLIC_URL = "https://gateway.example"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class FakeChannel:
    """Keeps what it was handed; answers as told, `HandedOver` by default."""

    name: str
    handed: list[tuple[WireMessage, Address]] = field(default_factory=list)
    answers: list[Handover] = field(default_factory=list)

    def hand_over(self, items: Sequence[tuple[WireMessage, Address]]) -> Sequence[Handover]:
        self.handed += items
        return [self.answers.pop(0) if self.answers else HandedOver() for _ in items]

    def close(self) -> None: ...


@dataclass(slots=True)
class World:
    """Everything a test needs, wired as in production but for clock, channels and broker."""

    store: Store
    pipeline: Pipeline
    means: Means
    signers: Mapping[str, Signer]
    push: FakeChannel
    queue: FakeChannel
    events: list[AuditEvent]
    unproven: list[tuple[str, str, str]]
    bugs: list[BaseException]
    time: list[datetime]

    @property
    def now(self) -> datetime:
        return self.time[0]

    def pass_time(self, **parts: float) -> None:
        self.time[0] += timedelta(**parts)

    def signed(self, organisation: str, payload: bytes, *, kind: str = "message", audience: str = AUDIENCE) -> WireMessage:
        return WireMessage(jws.sign(payload, kind, self.signers[organisation], audience=audience, now=self.now), "application/jose")

    def submission(self, organisation: str, wire: WireMessage, *, channel: str = "amqp", peer: str | None = "") -> Submission:
        who = OrganisationId(organisation) if peer == "" else (OrganisationId(peer) if peer else None)
        packaging = "jws" if wire.content_type == "application/jose" else "wss"
        return Submission(wire=wire, packaging=packaging, channel=channel, peer=who, received_at=self.now)

    def parcels(self, recipient: str) -> list:
        """Takes what the outbox owes to one recipient's courier, as the relay and broker would bring it."""
        owed = [entry for entry in self.store.outbox.pending(self.now + timedelta(days=1), 10_000) if entry.routing_key == f"outbound.{recipient}"]
        self.store.outbox.published([entry.outbox_id for entry in owed], self.now)
        return [decode(entry.body) for entry in owed]

    def post(self, organisation: str) -> list[str]:
        """Takes the receipts on their way into an organisation's queue."""
        owed = [
            entry for entry in self.store.outbox.pending(self.now + timedelta(days=1), 10_000) if (entry.vhost, entry.routing_key) == ("partners", organisation)
        ]
        self.store.outbox.published([entry.outbox_id for entry in owed], self.now)
        return [entry.body.decode() for entry in owed]

    def deliver(self, recipient: str) -> None:
        self.pipeline.deliver(PartyCode(recipient), self.parcels(recipient))


def contact(message_id: str, *, sender: str = "C05", recipients: Sequence[str] = ("C17",), crn: str = "X000001", notes: str = "Made up.") -> bytes:
    """A Contact in the canonical dialect of the JSON form. All people and numbers are made up."""
    header = {
        "message_id": message_id,
        "sender": sender,
        "recipients": list(recipients),
        "type": "Contact",
        "action": "INS",
        "version": "0-9-14",
        "control_reference": f"ref-{message_id}",
        "case_reference": crn,
        "prepared_at": "2026-11-23T12:00:00Z",
    }
    return json.dumps({"header": header, "document": contact_document(crn, notes)}).encode()


def contact_document(crn: str, notes: str) -> dict[str, object]:
    return {
        "crn": crn,
        "version": {"version": None, "updated_by": "Made,Up"},
        "offender_id": "2500000001",
        "contact_id": "0",
        "event_id": "2500000002",
        "alert": False,
        "contact_type": {"code": "COAP"},
        "contact_date": "2026-11-20",
        "start_time": "10:30:00",
        "responsible": {"provider": "C05", "team": {"code": "C05T01"}, "officer": {"code": "C05A001"}},
        "sensitive": False,
        "notes": notes,
    }


@dataclass(frozen=True)
class OwnKeys:
    """The keys of a world: the same in every world of this process, since making them takes longer than most tests."""

    partners: Mapping[str, Signer]
    messages: Signer
    wss: Signer
    nps_certificate: bytes


@cache
def own_keys() -> OwnKeys:
    """Made once."""
    partners = {name: signer_from_pem(mint_ed25519().private_pem) for name in ("alpha", "beta", "gamma")}
    own_wss = mint_rsa("gateway", now=NOW - timedelta(days=1), days=30)
    nps = mint_rsa("nps", now=NOW - timedelta(days=1), days=30)
    partners["ndelius"] = signer_from_pem(nps.private_pem, nps.certificate_der)
    return OwnKeys(
        partners=partners,
        messages=signer_from_pem(mint_ed25519().private_pem),
        wss=signer_from_pem(own_wss.private_pem, own_wss.certificate_der),
        nps_certificate=nps.certificate_der,
    )


def make_world(url: str, agreements: Sequence[Agreement] = (), telemetry: Telemetry | None = None) -> World:
    """Migrates a store at `url` and wires a pipeline around it; what telemetry is given is told everything."""
    migrate_quickly(url)
    return open_world(url, agreements, telemetry)


def open_world(url: str, agreements: Sequence[Agreement] = (), telemetry: Telemetry | None = None) -> World:
    events: list[AuditEvent] = []

    def heard(event: AuditEvent) -> None:
        events.append(event)
        if telemetry is not None:
            telemetry.observe(event)

    store, time = open_store(url, heard, telemetry.written if telemetry else nobody), [NOW]
    keys = own_keys()
    signers = dict(keys.partners)
    means = Means(
        issuer=AUDIENCE,
        new_id=lambda: uuid7(int(time[0].timestamp() * 1000), secrets.token_bytes(10)),
        random=secrets.token_bytes,
        message_signer=keys.messages,
        wss_signer=keys.wss,
        receipts=PACKAGINGS["jws"],
        archive=ArchiveKeys("k1", {"k1": secrets.token_bytes(32)}),
        parcel_key=secrets.token_bytes(32),
        lookup_key=secrets.token_bytes(32),
        public_url=PUBLIC_URL,
    )
    _register(store, signers, keys.nps_certificate, agreements or default_agreements())
    events.clear()
    push, queue = FakeChannel("push"), FakeChannel("queue")
    unproven: list[tuple[str, str, str]] = []
    bugs: list[BaseException] = []
    channels: dict[str, Channel] = {"push": push, "queue": queue}
    parts = Parts(
        store=store,
        clock=lambda: time[0],
        means=means,
        adapters=DIALECTS,
        packagings=PACKAGINGS,
        channels=channels,
        observe_round=telemetry.round if telemetry else lambda _: None,
        observe_unproven=lambda *what: unproven.append(what),
        observe_bug=lambda _place, bug: bugs.append(bug),
    )
    return World(store, Pipeline(parts), means, signers, push, queue, events, unproven, bugs, time)


def default_agreements() -> list[Agreement]:
    """C05 (alpha) and C17 (beta) over their queues, C20 (gamma) from its shelf, N00 (ndelius) over SOAP."""
    return [
        *both("C05", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE),
        *both("C17", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE),
        *both("C20", dialect="caseflow", packaging="jws", mode=DeliveryMode.SHELF),
        *both("N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://ndelius.example/in"),
    ]


def both(party: str, **fields: object) -> list[Agreement]:
    return [Agreement(party=PartyCode(party), direction=direction, version="0-9-14", **fields) for direction in Direction]  # type: ignore[arg-type]


def _register(store: Store, signers: Mapping[str, Signer], certificate: bytes, agreements: Sequence[Agreement]) -> None:
    event = AuditEvent(AuditCode.PARTNER_CHANGED, NOW, "test")
    for organisation, code in (("alpha", "C05"), ("beta", "C17"), ("gamma", "C20"), ("ndelius", "N00")):
        owner = OrganisationId(organisation)
        store.partners.put_organisation(Organisation(organisation_id=owner, name=organisation, standing=Standing.LIVE), event)
        store.partners.put_party(Party(code=PartyCode(code), name=code, organisation=owner), event)
        if organisation == "ndelius":
            key = key_record_from_certificate(certificate, organisation=owner, use=KeyUse.SIGN, speaks_for=[PartyCode(code)])
        else:
            key = public_record(
                signers[organisation],
                organisation=owner,
                use=KeyUse.SIGN,
                speaks_for=[PartyCode(code)],
                not_before=NOW - timedelta(days=1),
                not_after=NOW + timedelta(days=3650),
            )
        store.partners.put_key(key, event)
    for agreement in agreements:
        store.partners.put_agreement(agreement, event)


def seal_soap(world: World, document: bytes) -> WireMessage:
    """A strict WS-Security envelope signed by nDelius."""
    return PACKAGINGS["wss"].seal(SealOrder(document=document, kind="message", audience="", now=world.now), world.signers["ndelius"])
