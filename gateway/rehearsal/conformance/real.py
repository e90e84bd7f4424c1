"""A partner's own system on trial: reached as its agreement says, heard at a proving door.

What it is: a stand over the gateway's own channels, keys and directory. What it is not: a gateway: while it runs, the
partner finds the door where it is configured to find us. Called by the command.
"""

import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from adapters.contract import Channel, HandedOver
from broker.contract import Broker
from broker.topology import PARTNERS
from gateway.config import BrokerKind, Settings
from gateway.keystore import OwnKeys
from gateway.partners.agreement import Agreement, DeliveryMode
from gateway.partners.directory import Directory
from gateway.rehearsal.conformance.door import ProvingDoor, Tools
from gateway.rehearsal.conformance.letters import Writer
from gateway.rehearsal.conformance.lines import ChannelLine, Intake, Line, ShelfLine
from gateway.rehearsal.conformance.parts import KitParts
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.listener import Listener, Place
from schemas.identifiers import OrganisationId

LOOK_SECONDS, PAUSE_SECONDS = 2.0, 0.25


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
    if outbound.packaging not in ("jws", "wss"):
        raise CannotProveError(f"there is no suite for the packaging {outbound.packaging}")
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
    is_soap = outbound.packaging == "wss"
    return Stand(
        organisation=partner.organisation,
        agreement=outbound,
        packaging=parts.packagings[outbound.packaging],
        writer=Writer(parts.adapters[outbound.dialect], parts.adapters["ndelius"], outbound, parts.new_id),
        line=_line(partner, house, door, stack),
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


def _line(partner: Partner, house: House, door: ProvingDoor, stack: ExitStack) -> Line:
    mode = partner.outbound.mode
    if mode is DeliveryMode.SHELF:
        return ShelfLine(door)
    if mode is DeliveryMode.QUEUE:
        if house.settings.broker is BrokerKind.MEMORY:
            raise CannotProveError("a partner on its queue needs RabbitMQ, and the broker here is inside the process of gateway serve")
        intake = Intake(house.broker.consumer(PARTNERS, f"from.{partner.organisation}"), door)
        stack.callback(intake.stop)
    elif mode is not DeliveryMode.PUSH:
        raise CannotProveError(f"there is no suite for {mode}")
    return ChannelLine(house.channels[mode.value], partner.outbound, partner.organisation)


def _door_tls(settings: Settings) -> ssl.SSLContext | None:
    """As the gateway's own door: TLS ends here, or at a proxy before it."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(str(settings.tls_certificate), str(settings.tls_private_key) if settings.tls_private_key else None)
    return context
