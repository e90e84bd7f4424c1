"""One gateway behind its public doors, nDelius, and four partners that know records by ids of their own, each in another language.

C05 speaks our canonical form, C07 Caseflow, C11 Caseflow as a mapping describes it, and C10 exchanges flat files. All are made up.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.declarative.adapter import load
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.channels.drop_folder import INBOX, OUTBOX, RECEIPTS, SIGNATURE, Batch, Folder, Piece, put
from adapters.contract import Adapter, Outgoing
from broker.free_ports import free_port
from gateway import bootstrap, keystore
from gateway.config import Settings
from gateway.exchange.receipts import kept
from gateway.operations import Operations
from gateway.partners.party import Standing
from gateway.partners.profile import read_profile
from gateway.rehearsal import profiles
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import CrcKeys
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.journal import Entry as Line
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage, Language
from gateway.rehearsal.ndelius import NdeliusIdentity, NdeliusKeys, SimulatedNdelius
from gateway.rehearsal.profiles import Document, Subject
from gateway.rehearsal.programs import write_settings
from gateway.store.opening import open_store
from gateway.trust.certificates import CertificateUse
from gateway.trust.keyring import KeyUse
from gateway.trust.signing import key_record_from_certificate
from gateway.trust.wss import WssPackaging
from schemas.envelope import Action, Entry, Message
from schemas.identifiers import MessageId, OrganisationId, PartyCode
from schemas.receipts import Receipt, Stage
from tests.support.databases import migrate_quickly
from tests.support.doomed import Child
from tests.support.doors import AUDIENCE, NDELIUS
from tests.support.faults import wait_until
from tests.support.tree import ROOT
from tests.support.world import contact_document

PATIENCE_SECONDS = 20.0
_STANDS_FOR = "77"
DESCRIBED = ROOT / "partners/dialects"


class _Described(CaseflowLanguage):
    """Caseflow, under the name of the mapping that describes it."""

    name = "caseflow-described"


SUBJECTS: Mapping[str, Subject] = {
    code: Subject(organisation=f"owner-{code.lower()}", party=code, name=f"Made up, {code}") for code in ("C05", "C07", "C10", "C11")
}
LANGUAGES: Mapping[str, Language] = {"C05": CanonicalLanguage(), "C07": CaseflowLanguage(), "C11": _Described()}
ADAPTERS: Mapping[str, Adapter] = {
    "C05": CanonicalAdapter(),
    "C07": CaseflowAdapter(),
    "C10": FlatFileAdapter(),
    "C11": load((DESCRIBED / "caseflow.yaml").read_text(encoding="utf-8")),
}


class Sender(Protocol):
    """A partner as these tests see it."""

    def hand_in(self, content: bytes) -> Receipt: ...

    def again(self) -> Receipt: ...

    def told(self, message_id: str) -> Receipt | None: ...


@dataclass
class Pushed:
    """One with endpoints."""

    crc: JsonCrc

    def hand_in(self, content: bytes) -> Receipt:
        held = self.crc.send(content)
        assert held is not None
        return held.receipt

    def again(self) -> Receipt:
        return kept(self.crc.repeat_last())

    def told(self, message_id: str) -> Receipt | None:
        def about(entry: Line) -> bool:
            return entry.noted is Noted.RECEIPT and entry.text("subject") == message_id and entry.text("stage") in ("applied", "not-applied")

        found = self.crc.journal.wait_for(about, PATIENCE_SECONDS)
        return None if found is None else kept(found.text("receipt"))


@dataclass
class Filing:
    """One that exchanges files. It puts what it sends, and looks what lies there for it."""

    home: Path
    key: PartnerKey
    last: bytes = b""

    def hand_in(self, content: bytes) -> Receipt:
        self.last = content
        name, before = f"{uuid.uuid4().hex}.csv", len(self._receipts())
        head, _, mark = self.key.sign(content, kind="batch", audience=AUDIENCE).split(".")
        pieces = [Piece(name, content, "text/csv"), Piece(name + SIGNATURE, f"{head}..{mark}".encode(), "application/jose")]
        with Folder(self.home, INBOX) as inbox:
            put(inbox, Batch(stem=name.removesuffix(".csv"), kind="message", pieces=pieces, prepared_at=datetime.now(UTC)))
        reference = content.decode().split("\r\n")[0].split(",")[4]
        assert wait_until(lambda: len(self._receipts()) > before and bool(self._first(reference)), PATIENCE_SECONDS), self._receipts()
        return self._first(reference)[-1]

    def again(self) -> Receipt:
        return self.hand_in(self.last)

    def told(self, message_id: str) -> Receipt | None:
        def found() -> list[Receipt]:
            return [one for one in self._receipts() if one.subject == message_id and one.stage in (Stage.APPLIED, Stage.NOT_APPLIED)]

        return found()[0] if wait_until(lambda: bool(found()), PATIENCE_SECONDS) else None

    def _first(self, reference: str) -> list[Receipt]:
        return [one for one in self._receipts() if one.control_reference == reference]

    def _receipts(self) -> list[Receipt]:
        """Everything that lies there, the oldest first. Nothing is taken away."""
        folder = self.home / OUTBOX / RECEIPTS
        files = sorted((file for file in folder.iterdir() if not file.name.startswith(".")), key=lambda file: file.stat().st_mtime_ns)
        texts = [file.read_text(encoding="utf-8") for file in files]
        return [kept(text.strip()) for text in texts if text.startswith("eyJ")]


@dataclass
class Place:
    """Everything, with the gateway's process running."""

    directory: Path
    n00: SimulatedNdelius
    crcs: Mapping[str, JsonCrc]
    senders: Mapping[str, Sender]
    child: Child
    cases: Iterator[str] = field(default_factory=lambda: (f"X{number:06d}" for number in range(600001, 699999)))

    def contact(self, party: str, own: str, action: Action, case: str) -> bytes:
        """A contact of this party for nDelius, in its own language, whose record it knows by its own id alone."""
        read = CanonicalAdapter().read(_document(party, case, action)).entries[0]
        assert isinstance(read, Entry), read
        outgoing = Outgoing(
            sender=PartyCode(party),
            recipient=PartyCode("N00"),
            control_reference=uuid.uuid4().hex,
            answers=None,
            version="0-9-14",
            prepared_at=datetime.now(UTC),
            own_ids={("contact", _STANDS_FOR): own},
        )
        written = ADAPTERS[party].write(Message(MessageId(read.sender_message_id), read.header, read.payload), outgoing)
        assert f"~{own}" in written.content.decode()
        return written.content

    def applied(self, case: str) -> list[Line]:
        """What nDelius has applied of a case."""
        return [entry for entry in self.n00.journal.entries(Noted.APPLIED) if entry.text("case") == case]

    def logs(self) -> str:
        """What the gateway wrote."""
        return (self.directory / "gateway-0.log").read_text()


def _document(party: str, case: str, action: Action) -> bytes:
    header = {
        "message_id": uuid.uuid4().hex,
        "sender": party,
        "recipients": ["N00"],
        "type": "Contact",
        "action": action.value,
        "version": "0-9-14",
        "control_reference": uuid.uuid4().hex,
        "prepared_at": "2026-11-23T12:00:00Z",
    }
    return json.dumps({"header": header, "document": contact_document(case, "Made up.") | {"contact_id": _STANDS_FOR}}).encode()


@contextmanager
def place(directory: Path) -> Iterator[Place]:
    """The gateway and everybody around it."""
    authority = DevelopmentAuthority(directory / "authority")
    n00 = _ndelius(directory, authority)
    crcs = {code: _crc(directory, authority, code) for code in LANGUAGES}
    filing = Filing(directory / "files" / SUBJECTS["C10"].organisation, PartnerKey.generate())
    for name in ("inbox", "outbox/receipts", "done", "quarantine"):
        (filing.home / name).mkdir(parents=True)
    for partner in (n00, *crcs.values()):
        partner.start()
    keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    port, file = free_port(), directory / "gateway.toml"
    settings = _settings(directory, authority, port, [n00.endpoint(), *(crc.endpoint() for crc in crcs.values())])
    write_settings(file, settings)  # type: ignore[arg-type]
    _onboard(str(settings["database_url"]), _profiles(authority, n00, crcs, filing))
    child = Child(file, "-", [], directory / "gateway-0.log")
    try:
        assert wait_until(lambda: child.poll() is not None or _is_ready(f"http://127.0.0.1:{port}"), 40), (directory / "gateway-0.log").read_text()
        own = keystore.open_keys(directory / "keys")
        pinned = key_record_from_certificate(own.wss_signer.certificate or b"", organisation=OrganisationId("gateway"), use=KeyUse.SIGN, speaks_for=())
        n00.connect(f"http://127.0.0.1:{port}", authority.client_context(NDELIUS.organisation), pinned)
        for code, crc in crcs.items():
            crc.connect(f"http://127.0.0.1:{port}", authority.client_context(SUBJECTS[code].organisation))
        yield Place(directory, n00, crcs, {**{code: Pushed(crc) for code, crc in crcs.items()}, "C10": filing}, child)
    finally:
        for closing_one in (*crcs.values(), n00):
            closing_one.close()
        child.terminate()
        if child.wait(30) is None:
            child.kill()


def _is_ready(base_url: str) -> bool:
    try:
        return httpx.get(base_url + "/health/ready", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _ndelius(directory: Path, authority: DevelopmentAuthority) -> SimulatedNdelius:
    identity = NdeliusIdentity(organisation=NDELIUS.organisation, party="N00", name=NDELIUS.name, gateway_audience=AUDIENCE, message_statuses=True)
    keys = NdeliusKeys(authority.issue(NDELIUS.organisation, CertificateUse.SIGN).signer(), PartnerKey.generate())
    return SimulatedNdelius(identity, keys, WssPackaging(), directory / "N00.jsonl", authority.server_context(NDELIUS.organisation))


def _crc(directory: Path, authority: DevelopmentAuthority, code: str) -> JsonCrc:
    subject = SUBJECTS[code]
    identity = CrcIdentity(organisation=subject.organisation, party=code, name=subject.name, gateway_audience=AUDIENCE, own_ids=True)
    keys = CrcKeys(PartnerKey.generate(), PartnerKey.generate())
    answering = Answering(provider=code, user="Made,Up")
    return JsonCrc(identity, keys, LANGUAGES[code], answering, directory / f"{code}.jsonl", authority.server_context(subject.organisation))


def _profiles(authority: DevelopmentAuthority, n00: SimulatedNdelius, crcs: Mapping[str, JsonCrc], filing: Filing) -> list[Document]:
    made = [
        profiles.spg(
            NDELIUS,
            endpoint=n00.endpoint(),
            policy="strict",
            sign=authority.issue(NDELIUS.organisation, CertificateUse.SIGN),
            auth=n00.keys.auth,
            tls=authority.issue(NDELIUS.organisation, CertificateUse.CLIENT),
            message_statuses=True,
        ),
        profiles.dropped(SUBJECTS["C10"], dialect="flatfile", sign=filing.key),
    ]
    for code, crc in crcs.items():
        tls = authority.issue(SUBJECTS[code].organisation, CertificateUse.CLIENT)
        ends = {"endpoint": crc.endpoint(), "receipt_endpoint": crc.receipt_endpoint()}
        made.append(profiles.pushed(SUBJECTS[code], dialect=crc.language.name, sign=crc.keys.sign, auth=crc.keys.auth, tls=tls, **ends))
    return [_keeping_register(made[0]), *map(_with_own_ids, made[1:])]


def _keeping_register(profile: Document) -> Document:
    return _changed(profile, lambda one: {**one, "divisions": [{"code": "N03", "name": "Made up"}]})


def _with_own_ids(profile: Document) -> Document:
    return _changed(profile, lambda one: {**one, **{way: {**one[way], "own_ids": True} for way in ("inbound", "outbound")}})


def _changed(profile: Document, change: Callable[[dict[str, Any]], Document]) -> Document:
    parties = profile["parties"]
    assert isinstance(parties, list)
    return {**profile, "parties": [change(one) for one in parties]}


def _onboard(database_url: str, documents: list[Document]) -> None:
    migrate_quickly(database_url)
    with closing(open_store(database_url)) as store:
        operations = Operations(store=store, clock=bootstrap.clock, parts=bootstrap.onboarding_parts(Settings(dialects_dir=DESCRIBED)))
        for document in documents:
            organisation = operations.apply_profile(read_profile(document)).organisation.organisation_id
            operations.move(organisation, Standing.PROVING)
            operations.move(organisation, Standing.LIVE, without_conformance="a test")


def _settings(directory: Path, authority: DevelopmentAuthority, port: int, endpoints: list[str]) -> dict[str, object]:
    client, joined = authority.issue("gateway", CertificateUse.CLIENT), directory / "egress.pem"
    joined.touch(mode=0o600)
    joined.write_text(client.certificate_path.read_text() + client.key_path.read_text())
    return {
        "environment": "test",
        "data_dir": directory,
        "database_url": f"sqlite:///{directory / 'gateway.db'}",
        "broker": "memory",
        "audience": AUDIENCE,
        "keys_dir": directory / "keys",
        "dialects_dir": DESCRIBED,
        "public_url": f"http://127.0.0.1:{port}",
        "http_port": port,
        "egress_allow": [httpx.URL(url).netloc.decode() for url in endpoints],
        "egress_ca": authority.root_path,
        "egress_certificate": joined,
        "drop_root": directory / "files",
        "drop_interval_seconds": 0.05,
        "sweep_seconds": 0.5,
        "sweeper_interval_seconds": 0.2,
        "relay_interval_seconds": 0.02,
        "lease_seconds": 1.5,
    }
