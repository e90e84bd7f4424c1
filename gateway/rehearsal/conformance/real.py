"""A partner's own system on trial: reached as its agreement says, heard at a proving door.

What it is: a stand over the gateway's own channels, keys and directory. What it is not: a gateway: while it runs, the
partner finds the door where it is configured to find us. Called by the command.
"""

import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from adapters.channels.drop_folder import INBOX
from adapters.contract import Channel, HandedOver
from broker.contract import Broker
from broker.topology import PARTNERS
from gateway.config import BrokerKind, Settings
from gateway.keystore import OwnKeys
from gateway.partners.agreement import Agreement, DeliveryMode
from gateway.partners.directory import Directory
from gateway.rehearsal.conformance.door import ProvingDoor, Tools
from gateway.rehearsal.conformance.elsewhere import watched
from gateway.rehearsal.conformance.folders import FOLDERS, FolderIntake, Lying, make_home, names_in
from gateway.rehearsal.conformance.letters import Details, Writer
from gateway.rehearsal.conformance.lines import ChannelLine, Intake, Line, ShelfLine
from gateway.rehearsal.conformance.parts import KitParts
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.listener import Listener, Place
from gateway.workers.inbox import Patience
from schemas.identifiers import OrganisationId

LOOK_SECONDS, PAUSE_SECONDS = 2.0, 0.25
STALE_SECONDS, SETTLED_SECONDS, QUIET_SECONDS = 5.0, 1.0, 2.0
"""Files: how long a batch may be incomplete or wrong and unchanged, and how long the last words of a run are waited for."""
EVENTS = "domain-events"


class CannotProveError(Exception):
    """The partner cannot be reached in a way that the kit has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Whom it is about."""

    organisation: OrganisationId
    inbound: Agreement
    outbound: Agreement
    directory: Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What of the gateway's installation the kit uses."""

    settings: Settings
    keys: OwnKeys
    parts: KitParts
    broker: Broker
    channels: Mapping[str, Channel]


def stand_for(partner: Partner, house: House, *, patience_seconds: float, stack: ExitStack) -> Stand:
    """A stand before the partner's own system; `stack` ends everything. Raises CannotProveError, OSError for the door."""
    outbound, parts = partner.outbound, house.parts
    if (outbound.packaging == "detached") is not (outbound.mode is DeliveryMode.DROP) or outbound.packaging not in parts.packagings:
        raise CannotProveError(f"there is no suite for the packaging {outbound.packaging} over {outbound.mode}")
    home = _home(partner, house.settings) if outbound.mode is DeliveryMode.DROP else None
    tools = Tools(
        packagings=parts.packagings,
        adapter=parts.adapters[partner.inbound.dialect],
        directory=partner.directory,
        organisation=partner.organisation,
        issuer=parts.issuer,
        new_id=parts.new_id,
    )
    door = ProvingDoor(tools, house.keys.message_signer, house.keys.wss_signer)
    listener = Listener(door.handle, _door_tls(house.settings), Place(house.settings.http_port, house.settings.http_host))
    listener.start()
    stack.callback(listener.stop)
    door.base_url = house.settings.public_url
    is_soap, detail = outbound.packaging == "wss", outbound.detail_dialect
    details = Details(parts.adapters[detail], door.base_url) if detail is not None else None
    return Stand(
        organisation=partner.organisation,
        agreement=outbound,
        packaging=parts.packagings[outbound.packaging],
        writer=Writer(parts.adapters[outbound.dialect], parts.adapters["ndelius"], outbound, parts.new_id, details),
        line=_line(partner, house, door, home, stack),
        sends=partner.inbound.dialect != EVENTS,
        home=home,
        elsewhere=watched(None, stack, _beside(house.settings)) if details is not None else None,
        door=door,
        signer=house.keys.wss_signer if is_soap else house.keys.message_signer,
        new_signer=parts.new_wss_signer if is_soap else parts.new_message_signer,
        patience_seconds=patience_seconds,
    )


def await_partner(stand: Stand, seconds: float) -> bool:
    """Until a first message is taken: a partner that looked for our keys when nobody was here needs a moment."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        letter = stand.letter()
        told = stand.hand_over(letter)
        if isinstance(told.handover, HandedOver) and (stand.mode is DeliveryMode.PUSH or stand.final(letter, LOOK_SECONDS) is not None):
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def _beside(settings: Settings) -> Place:
    """Beside the proving door, on another port."""
    return Place(0, settings.http_host, urlsplit(settings.public_url).hostname or "localhost")


def _home(partner: Partner, settings: Settings) -> Path:
    """Its own folder, with nothing in it that is not the kit's to take. Raises CannotProveError."""
    if settings.drop_root is None:
        raise CannotProveError("a partner on files needs the setting drop_root")
    home = settings.drop_root / partner.organisation
    if settings.drop_make_folders:
        make_home(home)
    if missing := [name for name in FOLDERS if not (home / name).is_dir()]:
        raise CannotProveError(f"the folder {missing[0]} of {partner.organisation} is not there")
    if names_in(home, INBOX):
        raise CannotProveError(f"something lies in the inbox of {partner.organisation}: let gateway serve take it first")
    return home


def _line(partner: Partner, house: House, door: ProvingDoor, home: Path | None, stack: ExitStack) -> Line:
    mode = partner.outbound.mode
    if mode is DeliveryMode.SHELF:
        return ShelfLine(door)
    if mode is DeliveryMode.QUEUE:
        if house.settings.broker is BrokerKind.MEMORY:
            raise CannotProveError("a partner on its queue needs RabbitMQ, and the broker here is inside the process of gateway serve")
        intake = Intake(house.broker.consumer(PARTNERS, f"from.{partner.organisation}"), door)
        stack.callback(intake.stop)
    elif home is not None:
        patience = Patience(stale_seconds=STALE_SECONDS, settled_seconds=SETTLED_SECONDS, limit_bytes=house.settings.max_body_bytes)
        files = FolderIntake(home, door, patience, keeps=True)
        lying = Lying.of(home)
        # In this order, read from below: nothing new for the partner, its last words, and what these were answered.
        for ending in (lying.restore, partial(files.stop_when_empty, QUIET_SECONDS), lying.restore):
            stack.callback(ending)
    return ChannelLine(house.channels[mode.value], partner.outbound, partner.organisation)


def _door_tls(settings: Settings) -> ssl.SSLContext | None:
    """As the gateway's own door: TLS ends here, or at a proxy before it."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(str(settings.tls_certificate), str(settings.tls_private_key) if settings.tls_private_key else None)
    return context
