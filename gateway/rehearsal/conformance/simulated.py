"""Simulated partners for the kit: one with the same profile, in this process, that may be looked into.

What it is: a simulator of any channel and language with fresh keys of its own, which stand in for the pinned ones during
the run. What it is not: the partner: a simulated run proves the kit, and the profile, and no real system. Called by the
command and by the proof.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.channels.broker_queue import BrokerQueueChannel
from adapters.channels.file_drop import FileDropChannel
from adapters.channels.https_push import HttpsPushChannel
from adapters.contract import Channel
from broker.memory import MemoryBroker
from broker.topology import PARTNERS, partners_topology
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.directory import Directory
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.conformance.door import ProvingDoor, Tools
from gateway.rehearsal.conformance.elsewhere import watched
from gateway.rehearsal.conformance.folders import FolderIntake, make_home
from gateway.rehearsal.conformance.letters import Details, Letter, Writer
from gateway.rehearsal.conformance.lines import ChannelLine, Intake, Line, ShelfLine
from gateway.rehearsal.conformance.parts import KitParts
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.crc import Crc, CrcKeys
from gateway.rehearsal.described import DescribedLanguage
from gateway.rehearsal.event_crc import EventCrc, QueueEventCrc, ShelfEventCrc
from gateway.rehearsal.file_crc import FileCrc
from gateway.rehearsal.flaws import Flaws
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import PartnerKey, PublishedKeys, digest_of
from gateway.rehearsal.journal import Entry, Noted
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.keeping import comparable
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage, Language
from gateway.rehearsal.listener import Listener
from gateway.rehearsal.ndelius import NdeliusIdentity, NdeliusKeys, SimulatedNdelius
from gateway.rehearsal.queue_crc import QueueCrc
from gateway.rehearsal.shelf_crc import ShelfCrc
from gateway.rehearsal.spg_office import messages_of
from gateway.trust.certificates import CertificateUse
from gateway.trust.keyring import KeyRecord, Keyring, KeyUse
from gateway.trust.signing import key_record_from_certificate, key_record_from_jwk
from schemas.identifiers import OrganisationId

LANGUAGES: Mapping[str, Callable[[], Language]] = {"canonical": CanonicalLanguage, "caseflow": CaseflowLanguage}
TIMEOUT_SECONDS = 2.0
"""In one process nothing takes longer but what hangs."""
AnyCrc = JsonCrc | QueueCrc | ShelfCrc | FileCrc
Plain = tuple[CrcIdentity, CrcKeys, Language, Answering, Path]
EVENTS = "domain-events"
HOMES = "homes"


class NoSimulatorError(Exception):
    """There is no simulator for this dialect over this channel."""


@dataclass(frozen=True, slots=True)
class Look:
    """A simulated CRC, looked into. See `conformance.stand.Inside`."""

    partner: AnyCrc

    def noted(self, noted: Noted) -> Sequence[Entry]:
        """What its journal says."""
        return self.partner.journal.entries(noted)

    def is_about(self, entry: Entry, letter: Letter) -> bool:
        """By our message id."""
        return entry.text("message_id") == letter.message_id

    def kept_digest(self, letter: Letter) -> str:
        """Of the whole document, as JSON, read as the partner does."""
        form = self.partner.language.form
        content = json.loads(letter.said) if form is None else form.read(letter.said)
        return digest_of(comparable(content["document"]))

    def stop(self) -> None:
        """Switch it off."""
        self.partner.stop()

    def start(self) -> None:
        """Switch it on."""
        self.partner.start()

    def restart(self) -> None:
        """Off, and on again."""
        self.partner.restart()


@dataclass(frozen=True, slots=True)
class SpgLook:
    """A simulated system that speaks SPG, looked into. See `conformance.stand.Inside`."""

    partner: SimulatedNdelius

    def noted(self, noted: Noted) -> Sequence[Entry]:
        """What its journal says."""
        return self.partner.journal.entries(noted)

    def is_about(self, entry: Entry, letter: Letter) -> bool:
        """By our control reference."""
        return entry.text("control_reference") == letter.reference

    def kept_digest(self, letter: Letter) -> str:
        """Of the messages of the interchange."""
        return digest_of(comparable(messages_of(letter.document)))

    def stop(self) -> None:
        """Switch it off."""
        self.partner.stop()

    def start(self) -> None:
        """Switch it on."""
        self.partner.start()

    def restart(self) -> None:
        """Off, and on again."""
        self.partner.restart()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a simulated run is about."""

    organisation: OrganisationId
    inbound: Agreement
    outbound: Agreement
    parts: KitParts
    folder: Path
    authority: DevelopmentAuthority
    patience_seconds: float
    flaws: Flaws


def stand_for(trial: Trial, stack: ExitStack) -> Stand:
    """A stand before a simulated partner that works; `stack` ends everything. Raises NoSimulatorError."""
    if trial.outbound.packaging == "wss" and trial.outbound.mode is DeliveryMode.PUSH:
        return spg_stand_for(trial, stack)
    if trial.outbound.packaging != ("detached" if trial.outbound.mode is DeliveryMode.DROP else "jws"):
        raise NoSimulatorError(f"no simulator speaks {trial.outbound.dialect} in {trial.outbound.packaging} over {trial.outbound.mode}")
    keys = CrcKeys(PartnerKey.generate(), PartnerKey.generate())
    pinned = (_pinned(trial, keys.sign, KeyUse.SIGN), _pinned(trial, keys.auth, KeyUse.AUTH))
    door = ProvingDoor(tools(trial, *pinned), trial.parts.new_message_signer(), trial.parts.wss_signer)
    listener = Listener(door.handle, trial.authority.server_context("gateway"))
    listener.start()
    stack.callback(listener.stop)
    door.base_url = listener.url("")
    partner, line, outbound = _partner(trial, keys, door, listener.url(""), stack)
    adapters, detail = trial.parts.adapters, outbound.detail_dialect
    details = Details(adapters[detail], door.base_url) if detail is not None else None
    return Stand(
        organisation=trial.organisation,
        agreement=outbound,
        packaging=trial.parts.packagings[outbound.packaging],
        writer=Writer(adapters[outbound.dialect], adapters["ndelius"], outbound, trial.parts.new_id, details),
        line=line,
        sends=trial.inbound.dialect != EVENTS,
        home=trial.folder / HOMES / trial.organisation if outbound.mode is DeliveryMode.DROP else None,
        elsewhere=watched(trial.authority.server_context("gateway"), stack) if details is not None else None,
        door=door,
        signer=door.signer,
        new_signer=trial.parts.new_message_signer,
        patience_seconds=trial.patience_seconds,
        inside=Look(partner),
    )


def tools(trial: Trial, *pinned: KeyRecord) -> Tools:
    """What the door believes: the keys of the simulator."""
    directory = Directory(agreements={(trial.inbound.party, Direction.INBOUND): trial.inbound}, keyring=Keyring.of(pinned))
    return Tools(
        packagings=trial.parts.packagings,
        adapter=trial.parts.adapters[trial.inbound.dialect],
        directory=directory,
        organisation=trial.organisation,
        issuer=trial.parts.issuer,
        new_id=trial.parts.new_id,
    )


def _pinned(trial: Trial, key: PartnerKey, use: KeyUse) -> KeyRecord:
    now, day = datetime.now(UTC), timedelta(days=1)
    speaks_for = [trial.outbound.party] if use is KeyUse.SIGN else []
    return key_record_from_jwk(dict(key.jwk), organisation=trial.organisation, use=use, speaks_for=speaks_for, not_before=now - day, not_after=now + day)


def _partner(trial: Trial, keys: CrcKeys, door: ProvingDoor, base_url: str, stack: ExitStack) -> tuple[AnyCrc, Line, Agreement]:
    identity = CrcIdentity(
        organisation=trial.organisation,
        party=trial.outbound.party,
        name="Simulated for proving",
        gateway_audience=trial.parts.issuer,
        careful=True,
        max_age_seconds=trial.outbound.max_age_seconds,
    )
    journal = trial.folder / f"{trial.outbound.party}.jsonl"
    plain = (identity, keys, _language(trial), Answering(trial.outbound.party, "Made,Up"), journal)
    if trial.outbound.dialect == EVENTS:
        return _evented(trial, plain, door, base_url, stack)
    match trial.outbound.mode:
        case DeliveryMode.PUSH:
            return _pushed(trial, JsonCrc(*plain, trial.authority.server_context(trial.organisation), trial.flaws), base_url, stack)
        case DeliveryMode.SHELF:
            return _shelved(trial, ShelfCrc(*plain, trial.flaws), door, base_url, stack)
        case DeliveryMode.QUEUE:
            return _queued(trial, QueueCrc(*plain, trial.flaws), door, base_url, stack)
        case DeliveryMode.DROP:
            return _dropped(trial, plain, door, base_url, stack)


def _language(trial: Trial) -> Language:
    """By hand where there is one; any other is read and written by its adapter."""
    name = trial.outbound.detail_dialect or trial.outbound.dialect
    return LANGUAGES[name]() if name in LANGUAGES else DescribedLanguage(trial.parts.adapters[name], trial.flaws)


def _evented(trial: Trial, plain: Plain, door: ProvingDoor, base_url: str, stack: ExitStack) -> tuple[AnyCrc, Line, Agreement]:
    sends = trial.inbound.dialect != EVENTS
    match trial.outbound.mode:
        case DeliveryMode.PUSH:
            pushed = EventCrc(*plain, trial.authority.server_context(trial.organisation), trial.flaws)
            pushed.sends = sends
            return _pushed(trial, pushed, base_url, stack)
        case DeliveryMode.SHELF:
            shelved = ShelfEventCrc(*plain, trial.flaws)
            shelved.sends = sends
            return _shelved(trial, shelved, door, base_url, stack)
        case DeliveryMode.QUEUE:
            queued = QueueEventCrc(*plain, trial.flaws)
            queued.sends = sends
            queued.details_from(base_url, trial.authority.client_context(trial.organisation))
            return _queued(trial, queued, door, base_url, stack)
    raise NoSimulatorError(f"no simulator takes events by {trial.outbound.mode}")


def _shelved(trial: Trial, partner: ShelfCrc, door: ProvingDoor, base_url: str, stack: ExitStack) -> tuple[AnyCrc, Line, Agreement]:
    stack.callback(partner.close)
    partner.connect(base_url, trial.authority.client_context(trial.organisation))
    partner.start()
    return partner, ShelfLine(door), trial.outbound


def _dropped(trial: Trial, plain: Plain, door: ProvingDoor, base_url: str, stack: ExitStack) -> tuple[AnyCrc, Line, Agreement]:
    root = trial.folder / HOMES
    home = make_home(root / trial.organisation)
    partner = FileCrc(*plain, home, trial.flaws)
    link = GatewayLink(base_url, Caller(trial.organisation, partner.keys.auth, trial.parts.issuer), trial.authority.client_context(trial.organisation))
    intake = FolderIntake(home, door)
    for ending in (link.close, intake.stop, partner.close):
        stack.callback(ending)
    partner.connect(_followed(partner, link))
    partner.start()
    return partner, ChannelLine(FileDropChannel(root), trial.outbound, trial.organisation), trial.outbound


def _followed(partner: Crc, link: GatewayLink) -> PublishedKeys:
    fetch = partner.following(link.fetch_keys)
    first = fetch()
    return PublishedKeys(first.jwks, fetch, first.max_age_seconds)


def _pushed(trial: Trial, partner: JsonCrc, base_url: str, stack: ExitStack) -> tuple[AnyCrc, Line, Agreement]:
    stack.callback(partner.close)
    partner.connect(base_url, trial.authority.client_context(trial.organisation))
    partner.start()
    agreement = replace(trial.outbound, endpoint=partner.endpoint(), timeout_seconds=min(TIMEOUT_SECONDS, trial.outbound.timeout_seconds))
    return partner, push_line(trial, agreement, stack), agreement


def push_line(trial: Trial, agreement: Agreement, stack: ExitStack) -> Line:
    """The gateway's own channel for HTTPS, which may call this machine only."""
    channel: Channel = HttpsPushChannel(trial.authority.client_context("gateway"), lambda host, _: host == "localhost")
    stack.callback(channel.close)
    return ChannelLine(channel, agreement, trial.organisation)


def _queued(trial: Trial, partner: QueueCrc, door: ProvingDoor, base_url: str, stack: ExitStack) -> tuple[AnyCrc, Line, Agreement]:
    broker = MemoryBroker(partners_topology([trial.organisation]))
    link = GatewayLink(base_url, Caller(trial.organisation, partner.keys.auth, trial.parts.issuer), trial.authority.client_context(trial.organisation))
    for ending in (link.close, broker.close, partner.close):
        stack.callback(ending)
    partner.connect(_followed(partner, link))
    partner.start(broker, trial.organisation)
    intake = Intake(broker.consumer(PARTNERS, f"from.{trial.organisation}"), door)
    stack.callback(intake.stop)
    return partner, ChannelLine(BrokerQueueChannel(broker.publisher()), trial.outbound, trial.organisation), trial.outbound


def spg_stand_for(trial: Trial, stack: ExitStack) -> Stand:
    """The same before a system that speaks SPG over SOAP."""
    identity = trial.authority.issue(trial.organisation, CertificateUse.SIGN)
    sign, parts, party = identity.signer(), trial.parts, trial.outbound.party
    pinned = key_record_from_certificate(sign.certificate or b"", organisation=trial.organisation, use=KeyUse.SIGN, speaks_for=[party])
    door = ProvingDoor(tools(trial, pinned), parts.new_message_signer(), parts.wss_signer)
    listener = Listener(door.handle, trial.authority.server_context("gateway"))
    listener.start()
    stack.callback(listener.stop)
    named = NdeliusIdentity(organisation=trial.organisation, party=party, name="Simulated for proving", gateway_audience=parts.issuer, careful=True)
    keys, journal = NdeliusKeys(sign, PartnerKey.generate()), trial.folder / f"{party}.jsonl"
    packaging, tls = parts.packagings["wss"], trial.authority.server_context(trial.organisation)
    partner = SimulatedNdelius(named, keys, packaging, journal, tls, trial.flaws)
    stack.callback(partner.close)
    ours = key_record_from_certificate(parts.wss_signer.certificate or b"", organisation=OrganisationId("gateway"), use=KeyUse.SIGN, speaks_for=())
    partner.connect(listener.url(""), trial.authority.client_context(trial.organisation), ours)
    partner.start()
    agreement = replace(trial.outbound, endpoint=partner.endpoint(), timeout_seconds=min(TIMEOUT_SECONDS, trial.outbound.timeout_seconds))
    return Stand(
        organisation=trial.organisation,
        agreement=agreement,
        packaging=packaging,
        writer=Writer(parts.adapters[agreement.dialect], parts.adapters["ndelius"], agreement, parts.new_id),
        line=push_line(trial, agreement, stack),
        door=door,
        signer=parts.wss_signer,
        new_signer=parts.new_wss_signer,
        patience_seconds=trial.patience_seconds,
        inside=SpgLook(partner),
    )
