"""The composition root: the only module that knows everybody.

What it is: settings in, a wired gateway out; no logic of its own. What it is not: imported by anything but
the programs (`cli`, `commands`, `rehearsal`) and tests.
"""

import gc
import os
import secrets
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Protocol

from adapters.catalogue import DIALECTS, POINTING, details_among, own_ids_among
from adapters.channels.catalogue import CHANNELS
from adapters.contract import Adapter, Channel
from broker.contract import Broker
from broker.memory import MemoryBroker
from broker.rabbitmq import RabbitBroker
from broker.topology import GATEWAY, PARTNERS, Topology, gateway_topology, organisation_user, partners_topology
from gateway.administering import administrator as administrator
from gateway.administering import topology_admin
from gateway.config import BrokerKind, Environment, Settings
from gateway.contract import Store, StoreUnavailable
from gateway.described_dialects import read_dialects
from gateway.exchange.ids import uuid7
from gateway.exchange.means import Means
from gateway.keystore import Need, OwnKeys, open_keys
from gateway.observing import make_telemetry, start_listener
from gateway.operations import Operations
from gateway.partners.agreement import CARRY_OWN_IDS, DeliveryMode
from gateway.partners.directory import Directory
from gateway.partners.onboarding import Parts as OnboardingParts
from gateway.partners.party import Standing
from gateway.pipeline import Pipeline
from gateway.steps.base import Parts
from gateway.store.opening import migrate, open_store
from gateway.telemetry import Telemetry, set_up_logging
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import Limits, Packaging
from gateway.watching_over import watching
from gateway.workers.couriers import Courier
from gateway.workers.dead_letters import DeadLetterWorker
from gateway.workers.figures import FiguresWorker
from gateway.workers.inbox import Patience
from gateway.workers.intake_amqp import AmqpIntake
from gateway.workers.intake_files import FileIntake, Pace
from gateway.workers.loop import Crew, Worker
from gateway.workers.metrics_listener import MetricsListener
from gateway.workers.orders import OrderWorker
from gateway.workers.per_partner import PerPartner
from gateway.workers.reconciler import Reconciler
from gateway.workers.relay import Relay
from gateway.workers.sweeper import Sweeper
from gateway.workers.tallier import Tallier
from gateway.workers.timers import Timers
from schemas.catalogue import CATALOGUE
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId, PartyCode

ROLES = ("api", "console", "relay", "sweeper", "courier", "intake-amqp", "intake-files", "timers", "dead-letters")
"""Every role; `gateway serve` without a role runs all of them in one process."""
_TAKING = Need.MESSAGE | Need.SEAL | Need.PARCEL | Need.LOOKUP
KEYS_OF: Mapping[str, Need] = {
    "api": Need.ALL,  # the shelf: it opens, translates and signs messages of both packagings
    "console": Need.OPEN | Need.LOOKUP,  # to reveal a field and to search by case; it signs nothing
    "relay": Need.NOTHING,  # what it publishes is sealed and signed already
    "sweeper": Need.NOTHING,  # claim checks hold ids alone
    "courier": Need.MESSAGE | Need.WSS | Need.OPEN | Need.PARCEL,
    "intake-amqp": _TAKING,
    "intake-files": _TAKING,
    "timers": Need.MESSAGE | Need.SEAL | Need.PARCEL,  # checkpoints, and what operators ask for: a discard's receipt, a test message
    "dead-letters": _TAKING,
}
"""Which of the gateway's own keys each role is given."""


def clock() -> datetime:
    """UTC, aware."""
    return datetime.now(UTC)


def new_id() -> str:
    """A UUIDv7 of now."""
    return uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))


def make_means(settings: Settings, keys: OwnKeys) -> Means:
    """What the rules need and may not fetch themselves."""
    return Means(
        issuer=settings.issuer,
        new_id=new_id,
        random=secrets.token_bytes,
        message_signer=keys.message_signer,
        wss_signer=keys.wss_signer,
        receipts=PACKAGINGS["jws"],
        archive=keys.archive,
        parcel_key=keys.parcel_key,
        lookup_key=keys.lookup_key,
        limits=Limits(max_bytes=settings.max_body_bytes, max_depth=settings.max_depth, max_elements=settings.max_elements),
        public_url=settings.public_url,
        sweep_seconds=settings.sweep_seconds,
    )


def dialects(settings: Settings) -> Mapping[str, Adapter]:
    """Every language that this gateway speaks: those in code, and those that its `dialects_dir` describes. Raises ConfigurationInvalid."""
    return {**DIALECTS, **read_dialects(settings.dialects_dir, frozenset(DIALECTS))}


def packagings() -> Mapping[str, Packaging]:
    """Every packaging, for programs that sign and verify as the gateway does."""
    return PACKAGINGS


def onboarding_parts(settings: Settings | None = None) -> OnboardingParts:
    """The parts that an agreement may name; without settings, those that are in code."""
    known = DIALECTS if settings is None else dialects(settings)
    return OnboardingParts(
        dialects=frozenset(known),
        packagings=frozenset(PACKAGINGS),
        types=frozenset(CATALOGUE),
        pointing=POINTING,
        details=details_among(known),
        own_ids=CARRY_OWN_IDS | own_ids_among(known),
    )


def topology_of(directory: Directory) -> Topology:
    """What the broker must have for everybody in a directory. Queues of those who left stay; their users do not."""
    topology = gateway_topology(sorted(directory.parties)) + partners_topology(sorted(directory.organisations))
    for one in directory.organisations.values():
        if one.broker_user and one.broker_password_hash and one.standing is not Standing.LEFT:
            topology += organisation_user(one.organisation_id, one.broker_user, one.broker_password_hash)
    return topology


class Door(Protocol):
    """A server that was opened."""

    port: int

    @property
    def url(self) -> str:
        """Where it listens."""

    @property
    def alive(self) -> bool:
        """True while it serves."""

    def stop(self) -> None:
        """Finish what runs, then end."""


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One process of the gateway, wired and not yet started."""

    settings: Settings
    store: Store
    broker: Broker
    telemetry: Telemetry
    means: Means
    pipeline: Pipeline
    keys: OwnKeys
    channels: Sequence[Channel]
    crew: Crew
    server: Door | None = None
    console: Door | None = None
    bootstrap_token: str | None = field(default=None, repr=False)
    """The one-time token of the operator for development, to be printed once."""
    metrics: MetricsListener | None = None
    _snapshot: Directory = field(default_factory=lambda: Directory(version=-1))

    def directory(self) -> Directory:
        """The present snapshot of who is who."""
        if self.store.partners.version() != self._snapshot.version:
            self._snapshot = self.store.partners.directory()
        return self._snapshot

    def names(self) -> Collection[str]:
        """Every party and organisation, as far as can be said now: what may stand in a label."""
        with suppress(StoreUnavailable):
            self.directory()
        return {*self._snapshot.parties, *self._snapshot.organisations}

    def topology(self) -> Topology:
        """What the broker must have for everybody in the directory."""
        return topology_of(self.directory())

    def start(self, roles: Collection[str]) -> None:
        """Start the workers of these roles, and the door where `api` is among them."""
        self.telemetry.know(self.names)
        self.metrics = start_listener(self.settings, self.telemetry)
        self.crew.start([worker for role in ROLES if role in roles for worker in self._workers(role)])
        if "api" in roles or "console" in roles:
            self._open_doors(roles)

    def _open_doors(self, roles: Collection[str]) -> None:
        from gateway import doors  # noqa: PLC0415 - the web framework, only in processes that have a door

        known = (self.settings, self.store, self.directory, clock, self.telemetry)
        if "api" in roles:
            self.server = doors.open_api(*known, self.pipeline, self.keys.public_jwks)
        if "console" in roles:
            self.console, self.bootstrap_token = doors.open_console(*known, self.means, self.keys.public_jwks)

    def stop(self) -> bool:
        """Stop all; True when everything stopped in time."""
        for server in (self.console, self.server):
            if server is not None:
                server.stop()
        stopped = self.crew.stop()
        if self.metrics is not None:
            self.metrics.stop()
        for channel in self.channels:
            channel.close()
        self.broker.close()
        self.store.close()
        self.telemetry.close()
        return stopped

    def couriered(self) -> Collection[str]:
        """Parties that have a courier: pushed to, queued for, or told of their messages' fate by a push."""
        directory = self.directory()
        return [code for (code, _), agreement in directory.agreements.items() if agreement.mode is not DeliveryMode.SHELF]

    def dropping(self) -> Collection[str]:
        """Organisations that exchange files with us, one way or both, where there are folders for them."""
        directory = self.directory()
        owners = (directory.organisation_of(code) for (code, _), agreement in directory.agreements.items() if agreement.mode is DeliveryMode.DROP)
        return {owner.organisation_id for owner in owners if owner is not None} if self.settings.drop_root is not None else ()

    def _workers(self, role: str) -> list[Worker]:
        holder = f"{socket.gethostname()}:{os.getpid()}"
        settings, store, report = self.settings, self.store, self._report
        match role:
            case "relay":
                idle, items = settings.relay_interval_seconds, settings.relay_items
                lease, told = settings.lease_seconds, self.telemetry.published
                relay = Relay(store, self.broker, clock, holder=holder, lease_seconds=lease, idle_seconds=idle, items=items, published=told)
                return [relay, Reconciler(topology_admin(settings, self.broker, self.topology), self.topology, store.partners.version)]
            case "sweeper":
                lease, interval = settings.lease_seconds, settings.sweeper_interval_seconds
                return [Sweeper(store, clock, self.means, holder=holder, lease_seconds=lease, interval_seconds=interval, items=settings.sweeper_items)]
            case "courier":
                make_courier = self._make_courier
                return [PerPartner("couriers", self.couriered, make_courier, report)]
            case "intake-amqp":
                return [PerPartner("intakes", lambda: list(self.directory().organisations), self._make_intake, report)]
            case "intake-files":
                return [PerPartner("file intakes", self.dropping, self._make_file_intake, report)]
            case "timers":
                interval, level = settings.timers_interval_seconds, self.telemetry.level
                figures = FiguresWorker(store, clock, self.directory, self.telemetry.figures, holder=holder, interval_seconds=interval)
                tallier = Tallier(store, clock, holder=holder, lease_seconds=settings.lease_seconds)
                timers = Timers(store, clock, self.means, holder=holder, interval_seconds=interval, level=level)
                alerts = watching(settings, store, self.directory, clock, self.means, self.channels, self.keys.public_jwks(), holder)
                return [timers, figures, tallier, self._make_orders(holder), *alerts]
            case "dead-letters":
                return [DeadLetterWorker(store, self.broker, self.pipeline, clock, self.means, holder=holder)]
            case _:
                return []

    def _make_orders(self, holder: str) -> Worker:
        operations = Operations(store=self.store, clock=clock, parts=onboarding_parts(self.settings), means=self.means)
        return OrderWorker(self.store, clock, self.means, operations, holder=holder)

    def _make_courier(self, party: str) -> Worker:
        return Courier(PartyCode(party), self.broker, self.pipeline, items=self.settings.courier_items, linger_seconds=self.settings.batch_seconds)

    def _make_intake(self, organisation: str) -> Worker:
        items, linger = self.settings.batch_items, self.settings.batch_seconds
        owner = OrganisationId(organisation)
        return AmqpIntake(owner, self.broker, self.pipeline, clock, items=items, linger_seconds=linger, report=self._report)

    def _make_file_intake(self, organisation: str) -> Worker:
        settings, holder = self.settings, f"{socket.gethostname()}:{os.getpid()}"
        lease, seconds = f"files.{organisation}", max(settings.lease_seconds, 2 * settings.drop_interval_seconds)
        return FileIntake(
            OrganisationId(organisation),
            settings.drop_root or settings.data_dir,
            self.pipeline,
            clock,
            patience=Patience(
                stale_seconds=settings.drop_stale_seconds, settled_seconds=settings.drop_interval_seconds, limit_bytes=self.means.limits.max_bytes
            ),
            pace=Pace(interval_seconds=settings.drop_interval_seconds, items=settings.batch_items, make_folders=settings.drop_make_folders),
            is_active=lambda: self.store.leases.acquire(lease, holder, clock(), seconds),
            step_down=lambda: self.store.leases.release(lease, holder),
            report=self._report,
            refused=lambda code: self.telemetry.refused("file", code),
        )

    def _report(self, worker: str, kind: str) -> None:
        self.telemetry.note("worker.interrupted", worker=worker, kind=kind)


def build(settings: Settings, roles: Collection[str] = ROLES) -> Gateway:
    """Wire one process: opens the keys of its roles, migrates and opens the store, connects nothing yet. Raises KeystoreError,
    StoreUnavailable."""
    if "console" in roles:
        settings.check_console()
    url = settings.database_url.get_secret_value()
    migrate(url)
    need = reduce(or_, (KEYS_OF[role] for role in roles), Need.NOTHING)
    keys = open_keys(settings.keys_dir, need=need, strict=settings.environment is Environment.LIVE)
    telemetry = make_telemetry(settings, roles)
    store = open_store(url, telemetry.observe, telemetry.written)
    broker, means = make_broker(settings), make_means(settings, keys)
    channels = make_channels(settings, broker)
    parts = Parts(
        store=store,
        clock=clock,
        means=means,
        adapters=dialects(settings),
        packagings=PACKAGINGS,
        channels=channels,
        observe_round=telemetry.round,
        observe_unproven=lambda channel, code, cause: telemetry.refused(channel, FaultCode(code), cause),
        observe_bug=telemetry.bug,
    )
    return Gateway(
        settings=settings,
        store=store,
        broker=broker,
        telemetry=telemetry,
        means=means,
        pipeline=Pipeline(parts),
        keys=keys,
        channels=list(channels.values()),
        crew=Crew(lambda worker, kind: telemetry.note("worker.interrupted", worker=worker, kind=kind)),
    )


def serve(settings: Settings, roles: Collection[str] = ROLES, ready: Callable[[Gateway], None] = lambda _: None) -> int:
    """Run until SIGTERM or SIGINT; 0 when everything stopped in time."""
    set_up_logging(settings.log_level, settings.log_format)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    gateway = build(settings, roles)
    _calm_the_collector()
    gateway.start(roles)
    gateway.telemetry.note("gateway.started", roles=",".join(roles), pid=os.getpid())
    ready(gateway)
    stop.wait()
    stopped = gateway.stop()
    gateway.telemetry.note("gateway.stopped", in_time=stopped)
    return 0 if stopped else 1


def _calm_the_collector() -> None:
    """What is loaded now stays; batches make many short-lived objects and next to no cycles, so looking for
    cycles every 700 objects costs a tenth of all CPU and finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def make_broker(settings: Settings) -> Broker:
    """RabbitMQ, or the broker inside this process."""
    if settings.broker is BrokerKind.MEMORY:
        return MemoryBroker(Topology())
    urls = {GATEWAY: settings.broker_url, PARTNERS: settings.broker_partners_url}
    return RabbitBroker({name: url.get_secret_value() for name, url in urls.items() if url is not None})


def make_channels(settings: Settings, broker: Broker) -> dict[str, Channel]:
    """One channel per delivery mode that hands over."""
    context = ssl.create_default_context(cafile=str(settings.egress_ca) if settings.egress_ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.egress_certificate is not None:
        context.load_cert_chain(str(settings.egress_certificate))
    return {
        DeliveryMode.PUSH.value: CHANNELS["push"](context, settings.egress_allow),
        DeliveryMode.QUEUE.value: CHANNELS["queue"](broker.publisher()),
        DeliveryMode.DROP.value: CHANNELS["drop"](settings.drop_root),
    }
