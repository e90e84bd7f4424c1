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
from adapters.channels.https_push import HttpsPushChannel
from adapters.contract import Channel
from broker.memory import MemoryBroker
from broker.topology import PARTNERS, partners_topology
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.directory import Directory
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.conformance.door import ProvingDoor, Tools
from gateway.rehearsal.conformance.letters import Letter, Writer
from gateway.rehearsal.conformance.lines import ChannelLine, Intake, Line, ShelfLine
from gateway.rehearsal.conformance.parts import KitParts
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.crc import CrcKeys
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
AnyCrc = JsonCrc | QueueCrc | ShelfCrc


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
        """Of the whole document, as JSON."""
        return digest_of(comparable(json.loads(letter.document)["document"]))

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
    if trial.outbound.packaging != "jws" or trial.outbound.dialect not in LANGUAGES:
        raise NoSimulatorError(f"no simulator speaks {trial.outbound.dialect} in {trial.outbound.packaging}")
    keys = CrcKeys(PartnerKey.generate(), PartnerKey.generate())
    door = ProvingDoor(tools(trial, _pinned(trial, keys.sign)), trial.parts.new_message_signer(), trial.parts.wss_signer)
    listener = Listener(door.handle, trial.authority.server_context("gateway"))
    listener.start()
    stack.callback(listener.stop)
    partner, line, outbound = _partner(trial, keys, door, listener.url(""), stack)
    return Stand(
        organisation=trial.organisation,
        agreement=outbound,
        packaging=trial.parts.packagings[outbound.packaging],
        writer=Writer(trial.parts.adapters[outbound.dialect], trial.parts.adapters["ndelius"], outbound, trial.parts.new_id),
        line=line,
        door=door,
        signer=door.signer,
        new_signer=trial.parts.new_message_signer,
        patience_seconds=trial.patience_seconds,
        inside=Look(partner),
    )


def tools(trial: Trial, pinned: KeyRecord) -> Tools:
    """What the door believes: the one key of the simulator."""
    directory = Directory(agreements={(trial.inbound.party, Direction.INBOUND): trial.inbound}, keyring=Keyring.of([pinned]))
    return Tools(
        packagings=trial.parts.packagings,
        adapter=trial.parts.adapters[trial.inbound.dialect],
        directory=directory,
        organisation=trial.organisation,
        issuer=trial.parts.issuer,
        new_id=trial.parts.new_id,
    )


def _pinned(trial: Trial, key: PartnerKey) -> KeyRecord:
    now, day = datetime.now(UTC), timedelta(days=1)
    return key_record_from_jwk(
        dict(key.jwk), organisation=trial.organisation, use=KeyUse.SIGN, speaks_for=[trial.outbound.party], not_before=now - day, not_after=now + day
    )


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
    plain = (identity, keys, LANGUAGES[trial.outbound.dialect](), Answering(trial.outbound.party, "Made,Up"), journal)
    match trial.outbound.mode:
        case DeliveryMode.PUSH:
            return _pushed(trial, JsonCrc(*plain, trial.authority.server_context(trial.organisation), trial.flaws), base_url, stack)
        case DeliveryMode.SHELF:
            shelved = ShelfCrc(*plain, trial.flaws)
            stack.callback(shelved.close)
            shelved.connect(base_url, trial.authority.client_context(trial.organisation))
            shelved.start()
            return shelved, ShelfLine(door), trial.outbound
        case DeliveryMode.QUEUE:
            return _queued(trial, QueueCrc(*plain, trial.flaws), door, base_url, stack)
    raise NoSimulatorError(f"no simulator is reached by {trial.outbound.mode}")


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
    fetch = partner.following(link.fetch_keys)
    first = fetch()
    partner.connect(PublishedKeys(first.jwks, fetch, first.max_age_seconds))
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
