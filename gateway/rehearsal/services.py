"""Broker and store of a rehearsal: private, on free ports of loopback, in a directory that is made anew each time.

What it is: what the demo and the bench both stand on, and how partners are onboarded there. What it is not: the
gateway's processes (`programs`) nor the partners. Called by `scene` and `bench`. Only what was started here is stopped.
"""

import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from broker.admin import RabbitAdmin
from broker.node import NodeFailed, PrivateNode, installed_server
from broker.topology import SALT_BYTES, gateway_topology, gateway_user, organisation_user, partners_topology, password_hash
from gateway import bootstrap
from gateway.operations import Operations
from gateway.partners.party import Standing
from gateway.partners.profile import read_profile
from gateway.rehearsal.postgres import PrivatePostgres
from gateway.rehearsal.profiles import Document, Subject
from gateway.rehearsal.programs import Setting, stop_left_over
from gateway.store.opening import migrate, open_store
from schemas.identifiers import OrganisationId, PartyCode

Database = Literal["sqlite", "postgresql"]
Report = Callable[[str], None]
GATEWAY_USER = "gateway"
REHEARSED = "a simulated partner of a rehearsal"
"""Why the partners of a rehearsal go live unproved."""


@dataclass(frozen=True, slots=True)
class BrokerSide:
    """A running node with its users."""

    node: PrivateNode
    passwords: dict[str, str] = field(repr=False)
    hashes: dict[str, str] = field(repr=False)

    def partner_url(self, organisation: str) -> str:
        """Where a partner's own user enters."""
        return self.node.amqp_url("partners", organisation, self.passwords[organisation])

    def settings(self) -> dict[str, Setting]:
        """What the gateway must know of it."""
        password, admin = self.passwords[GATEWAY_USER], self.node.credentials
        return {
            "broker": "rabbitmq",
            "broker_url": self.node.amqp_url("gateway", GATEWAY_USER, password),
            "broker_partners_url": self.node.amqp_url("partners", GATEWAY_USER, password),
            "broker_management_url": self.node.management_url.replace("://", f"://{admin.user}:{admin.password}@", 1),
        }

    def administrator(self) -> RabbitAdmin:
        """Its management API."""
        return RabbitAdmin(self.node.management_url, self.node.credentials.user, self.node.credentials.password)


def clear(directory: Path) -> None:
    """Away with an earlier run, its processes first."""
    if directory.exists():
        stop_left_over(directory)
        PrivateNode(directory / "broker").stop()
        PrivatePostgres(directory / "postgres").stop()
        shutil.rmtree(directory)
    directory.mkdir(parents=True, mode=0o711)


def start_broker(directory: Path, everybody: Sequence[Subject], on_amqp: Sequence[Subject], report: Report, stack: ExitStack) -> BrokerSide | None:
    """A private RabbitMQ node with the topology of everybody; None, with a note, where none can be had."""
    if installed_server() is None:
        report("no RabbitMQ is installed")
        return None
    report("starting a private RabbitMQ node")
    node = PrivateNode(directory / "broker")
    try:
        node.start()
    except NodeFailed as error:
        report(f"RabbitMQ cannot be started: {error}")
        return None
    stack.callback(node.stop)
    passwords = {user: secrets.token_urlsafe(24) for user in (GATEWAY_USER, *(one.organisation for one in on_amqp))}
    side = BrokerSide(node, passwords, {user: password_hash(password, secrets.token_bytes(SALT_BYTES)) for user, password in passwords.items()})
    _declare(side, everybody, on_amqp)
    return side


def start_database(directory: Path, database: Database, report: Report, stack: ExitStack) -> str:
    """A SQLite file, or a private PostgreSQL cluster; its URL."""
    if database == "sqlite":
        return f"sqlite:///{directory / 'gateway.db'}"
    report("starting a private PostgreSQL cluster")
    cluster = PrivatePostgres(directory / "postgres")
    cluster.start()
    stack.callback(cluster.stop)
    return cluster.create_database("gateway").replace("postgresql://", "postgresql+psycopg://", 1)


def onboard(database_url: str, documents: Sequence[Document], broker: BrokerSide | None, report: Report) -> None:
    """Apply each profile and bring its organisation to life, by the operations that the command line calls."""
    migrate(database_url)
    with closing(open_store(database_url)) as store:
        operations = Operations(store=store, clock=bootstrap.clock, parts=bootstrap.onboarding_parts())
        for document in documents:
            organisation = operations.apply_profile(read_profile(document)).organisation.organisation_id
            if broker is not None and organisation in broker.hashes:
                operations.give_broker_user(organisation, user=organisation, password_hash=broker.hashes[organisation])
            operations.move(organisation, Standing.PROVING)
            operations.move(organisation, Standing.LIVE, without_conformance=REHEARSED)
            report(f"onboarded {organisation}")


def _declare(side: BrokerSide, everybody: Sequence[Subject], on_amqp: Sequence[Subject]) -> None:
    topology = gateway_topology([PartyCode(one.party) for one in everybody]) + partners_topology([OrganisationId(one.organisation) for one in everybody])
    topology += gateway_user(GATEWAY_USER, side.hashes[GATEWAY_USER])
    for one in on_amqp:
        topology += organisation_user(OrganisationId(one.organisation), one.organisation, side.hashes[one.organisation])
    with closing(side.administrator()) as admin:
        admin.apply(topology)
