"""A simulated partner as a program: from a folder of its own, with keys, journal and faults, until it is told to stop.

What it is: what `gateway simulate` runs: the folder's configuration read, the right partner made, connected as soon as the
gateway answers, and closed on SIGTERM. What it is not: the partners (`json_crc`, `queue_crc`, `shelf_crc`, `ndelius`), nor
its making (`simulator_folder`).
"""

import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from adapters.agencies.declarative.adapter import load
from adapters.agencies.declarative.mistakes import MappingError
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from broker.rabbitmq import RabbitBroker
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import Crc, CrcKeys
from gateway.rehearsal.described import DescribedLanguage
from gateway.rehearsal.event_crc import EventCrc, QueueEventCrc, ShelfEventCrc
from gateway.rehearsal.file_crc import FileCrc
from gateway.rehearsal.flaws import Flaws
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, PublishedKeys
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage, Language
from gateway.rehearsal.listener import Place
from gateway.rehearsal.ndelius import NdeliusIdentity, NdeliusKeys
from gateway.rehearsal.queue_crc import QueueCrc
from gateway.rehearsal.shelf_crc import ShelfCrc
from gateway.rehearsal.spg_parties import SpgParty
from gateway.trust.certificates import CertificateUse
from gateway.trust.keyring import KeyUse
from gateway.trust.signing import key_record_from_certificate
from gateway.trust.wss import WssPackaging
from schemas.identifiers import OrganisationId

CONFIGURATION, CONTROL, JOURNAL, AUTHORITY, SIGN, AUTH, PROFILE = (
    "partner.yaml",
    "faults.txt",
    "journal.jsonl",
    "authority",
    "sign.pem",
    "auth.pem",
    "profile.yaml",
)
RETRY_SECONDS = 0.5
LANGUAGES: Mapping[str, Callable[[], Language]] = {"canonical": CanonicalLanguage, "caseflow": CaseflowLanguage}
Channel = Literal["push", "queue", "shelf", "drop"]
Plain = tuple[CrcIdentity, CrcKeys, Language, Answering, Path]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GatewayEntry(_Closed):
    """Where the gateway is."""

    url: str
    audience: str
    """What its messages to it are signed for."""
    ca: str | None = None
    """Root that its certificate hangs on, PEM; relative to the folder. None: the folder's own authority."""


class ListenEntry(_Closed):
    """Where a partner on push listens."""

    address: str = "127.0.0.1"
    host: str = "localhost"
    port: int = Field(ge=1, le=65535)
    client_certificates: bool = False
    """Whoever calls must hold a certificate of the folder's authority."""


class BrokerEntry(_Closed):
    """Where a partner on its queue finds the broker; the password is part of the address, so the file is its owner's."""

    url: str
    user: str


class Configuration(_Closed):
    """The folder's configuration."""

    organisation: str
    name: str
    party: str
    also: tuple[str, ...] = ()
    """Other parties of the same organisation: they stand behind the same endpoint, queue, shelf or folder."""
    dialect: str
    """ndelius, canonical, caseflow, flatfile, domain-events; or the name of a described one, with its `mapping`."""
    mapping: str | None = None
    """Of a described language: the file that describes it, relative to the folder."""
    detail: str = "canonical"
    """In which language a consumer of events fetches messages: canonical, caseflow, or the described one."""
    channel: Channel
    gateway: GatewayEntry
    listen: ListenEntry | None = None
    broker: BrokerEntry | None = None
    home: str | None = None
    """Of a partner on files: its own folder below the gateway's `drop_root`."""
    own_ids: bool = False
    """It knows records by ids of its own, and says them in its receipts; agreed both ways."""
    rejects_transfers: str | None = None
    """A code: it rejects transfers with it. Without one it accepts them."""


class NotConfiguredError(Exception):
    """The folder's configuration lacks something that its channel needs."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A partner's own folder."""

    path: Path
    said: Configuration

    def authority(self) -> DevelopmentAuthority:
        """Its development authority: made with the folder, or shared with others by a link."""
        return DevelopmentAuthority(self.path / AUTHORITY)

    def client_tls(self) -> ssl.SSLContext:
        """How it calls the gateway."""
        context = self.authority().client_context(self.said.organisation)
        if self.said.gateway.ca is not None:
            context.load_verify_locations(self.path / self.said.gateway.ca)
        return context

    def place(self) -> Place:
        """Where it listens."""
        listen = self.listen()
        return Place(listen.port, listen.address, listen.host)

    def listen(self) -> ListenEntry:
        """Where it listens. Raises NotConfiguredError."""
        if self.said.listen is None:
            raise NotConfiguredError("a partner on push needs `listen`")
        return self.said.listen

    def keys(self) -> CrcKeys:
        """Its keys for JWS."""
        return CrcKeys(PartnerKey.load(self.path / SIGN), PartnerKey.load(self.path / AUTH))


@dataclass(frozen=True, slots=True)
class Running:
    """A partner that works, and how it is connected once the gateway answers."""

    connect: Callable[[], None]
    close: Callable[[], None]


def run(folder: Folder, faults: tuple[str, ...], stop: threading.Event, report: Callable[[str], None]) -> int:
    """Work until told to stop. Faults: those given, or those of the control file, which is read as it changes."""
    control = folder.path / CONTROL
    if faults:
        control.write_text("\n".join(faults) + "\n", encoding="utf-8")
    flaws = Flaws(faults, control)
    with ExitStack() as stack:
        running = _running(folder, flaws, stack)
        stack.callback(running.close)
        report(f"{folder.said.party} is up; journal {folder.path / JOURNAL}; faults: {', '.join(flaws.names()) or 'none'} ({control})")
        if _connected(running, stop, report):
            report(f"{folder.said.party} is connected to {folder.said.gateway.url}")
        stop.wait()
    report(f"{folder.said.party} has stopped")
    return 0


def _connected(running: Running, stop: threading.Event, report: Callable[[str], None]) -> bool:
    told = False
    while not stop.is_set():
        try:
            running.connect()
        except (httpx.HTTPError, NotBelievedError) as error:
            if not told:
                report(f"waiting for the gateway ({type(error).__name__})")
            told = True
            stop.wait(RETRY_SECONDS)
        else:
            return True
    return False


def _running(folder: Folder, flaws: Flaws, stack: ExitStack) -> Running:
    said = folder.said
    if said.dialect == "ndelius":
        return _ndelius(folder, flaws)
    answering = Answering(said.party, "Made,Up", said.rejects_transfers)
    plain = (_identity(said), folder.keys(), _language(said, folder.path, flaws), answering, folder.path / JOURNAL)
    if said.channel == "drop":
        return _filed(folder, plain, flaws, stack)
    if said.dialect == "domain-events":
        return _evented(folder, plain, flaws, stack)
    if said.dialect == "flatfile":
        raise NotConfiguredError("flatfile is for files: channel drop")
    match said.channel:
        case "push":
            return _pushed(folder, JsonCrc(*plain, _server_tls(folder), flaws, folder.place()))
        case "shelf":
            return _shelved(folder, ShelfCrc(*plain, flaws))
    return _queued(folder, QueueCrc(*plain, flaws), stack)


def _pushed(folder: Folder, partner: JsonCrc) -> Running:
    _serve(folder, partner)
    partner.start()
    return Running(lambda: partner.connect(folder.said.gateway.url, folder.client_tls()), partner.close)


def _shelved(folder: Folder, partner: ShelfCrc) -> Running:
    _serve(folder, partner)

    def connect() -> None:
        partner.connect(folder.said.gateway.url, folder.client_tls())
        partner.start()

    return Running(connect, partner.close)


def _queued(folder: Folder, partner: QueueCrc, stack: ExitStack) -> Running:
    _serve(folder, partner)
    (broker, user), link = _broker(folder, stack), _link(folder, partner.keys, stack)

    def connect() -> None:
        partner.connect(_followed(partner, link))
        partner.start(broker, user)

    return Running(connect, partner.close)


def _filed(folder: Folder, plain: Plain, flaws: Flaws, stack: ExitStack) -> Running:
    if folder.said.home is None:
        raise NotConfiguredError("a partner on files needs `home`")
    partner = FileCrc(*plain, Path(folder.said.home), flaws)
    _serve(folder, partner)
    link = _link(folder, partner.keys, stack)

    def connect() -> None:
        partner.connect(_followed(partner, link))
        partner.start()

    return Running(connect, partner.close)


def _evented(folder: Folder, plain: Plain, flaws: Flaws, stack: ExitStack) -> Running:
    match folder.said.channel:
        case "push":
            return _pushed(folder, EventCrc(*plain, _server_tls(folder), flaws, folder.place()))
        case "shelf":
            return _shelved(folder, ShelfEventCrc(*plain, flaws))
    queued = QueueEventCrc(*plain, flaws)
    running = _queued(folder, queued, stack)

    def connect() -> None:
        queued.details_from(folder.said.gateway.url, folder.client_tls())
        running.connect()

    return Running(connect, queued.close)


def _language(said: Configuration, folder: Path, flaws: Flaws) -> Language:
    """In which it reads messages; a consumer of events, their details."""
    name = said.detail if said.dialect == "domain-events" else said.dialect
    if name in LANGUAGES:
        return LANGUAGES[name]()
    if said.mapping is None:
        if name != "flatfile":
            raise NotConfiguredError(f"{name} is described nowhere: `mapping` names no file")
        return DescribedLanguage(FlatFileAdapter(), flaws)
    try:
        return DescribedLanguage(load((folder / said.mapping).read_text(encoding="utf-8-sig")), flaws)
    except (OSError, UnicodeDecodeError, MappingError) as error:
        raise NotConfiguredError(f"the mapping {said.mapping} cannot be used ({type(error).__name__}); gateway dialect check says why") from error


def _serve(folder: Folder, partner: Crc) -> None:
    for party in folder.said.also:
        partner.serve(party, folder.path / f"journal-{party}.jsonl")


def _followed(partner: Crc, link: GatewayLink) -> PublishedKeys:
    fetch = partner.following(link.fetch_keys)
    first = fetch()
    return PublishedKeys(first.jwks, fetch, first.max_age_seconds)


def _identity(said: Configuration) -> CrcIdentity:
    return CrcIdentity(
        organisation=said.organisation, party=said.party, name=said.name, gateway_audience=said.gateway.audience, careful=True, own_ids=said.own_ids
    )


def _link(folder: Folder, keys: CrcKeys, stack: ExitStack) -> GatewayLink:
    said = folder.said
    link = GatewayLink(said.gateway.url, Caller(said.organisation, keys.auth, said.gateway.audience), folder.client_tls())
    stack.callback(link.close)
    return link


def _broker(folder: Folder, stack: ExitStack) -> tuple[RabbitBroker, str]:
    if folder.said.broker is None:
        raise NotConfiguredError("a partner on its queue needs `broker`")
    broker = RabbitBroker({"partners": folder.said.broker.url})
    stack.callback(broker.close)
    return broker, folder.said.broker.user


def _ndelius(folder: Folder, flaws: Flaws) -> Running:
    said = folder.said
    identity = NdeliusIdentity(organisation=said.organisation, party=said.party, name=said.name, gateway_audience=said.gateway.audience, careful=True)
    keys = NdeliusKeys(folder.authority().issue(said.organisation, CertificateUse.SIGN).signer(), PartnerKey.load(folder.path / AUTH))
    tls = _server_tls(folder)
    partner = SpgParty(identity, keys, WssPackaging(), folder.path / JOURNAL, tls, flaws, folder.place())
    others = [
        SpgParty(replace(identity, party=party), keys, WssPackaging(), folder.path / f"journal-{party}.jsonl", tls, flaws, folder.place())
        for party in said.also
    ]
    siblings = {one.identity.party: one for one in (partner, *others)}
    for one in siblings.values():
        one.siblings = siblings
    partner.start()

    def connect() -> None:
        link = GatewayLink(said.gateway.url, Caller(said.organisation, keys.auth, said.gateway.audience), folder.client_tls())
        try:
            certificates = link.published_certificates()
        finally:
            link.close()
        record = key_record_from_certificate(certificates[-1], organisation=OrganisationId("gateway"), use=KeyUse.SIGN, speaks_for=())
        for one in siblings.values():
            one.connect(said.gateway.url, folder.client_tls(), record)

    def close() -> None:
        for one in siblings.values():
            one.close()

    return Running(connect, close)


def _server_tls(folder: Folder) -> ssl.SSLContext:
    context = folder.authority().server_context(folder.said.organisation)
    if not folder.listen().client_certificates:
        context.verify_mode = ssl.CERT_NONE
    return context
