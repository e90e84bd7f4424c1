"""Exchanges, queues, users and permissions, as values.

What it is: what must exist in the broker, made by pure functions from parties and organisations. What it is
not: a client: `broker.admin` makes it so in RabbitMQ, `broker.memory` reads it as it is. Called by
`bootstrap` and by onboarding. RabbitMQ's quorum queues, its access control and at-least-once dead lettering.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.identifiers import OrganisationId, PartyCode

GATEWAY = "gateway"
"""Logical name of the vhost for our own parcels; its exchange has the same name."""
PARTNERS = "partners"
"""Logical name of the vhost where partners' users may enter."""
TO = "to"
"""The exchange in `partners` through which the gateway, and nobody else, reaches every `to.<org>`."""
DEAD = "dead"
"""Exchange and queue, in each vhost, of what hit the backstop."""
DELIVERY_LIMIT = 100
"""Only a backstop: attempts are counted in the store."""
UNLIMITED_DELIVERIES = 1_000_000_000
"""For `dead` itself: a limit without a dead letter exchange would drop, and RabbitMQ 4 sets one of 20 by default."""
PARTNER_QUEUE_BYTES = 256 * 1024 * 1024
"""What may lie in one partner's queue before the broker refuses more."""
NOTHING, EVERYTHING = "^$", ".*"
SALT_BYTES = 4
PLAIN_NAME = re.compile(r"(from|to)\.[a-z0-9-]+")

Argument = str | int | bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    vhost: str
    name: str
    kind: str = "direct"


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue with its arguments."""

    vhost: str
    name: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def single_active(self) -> bool:
        """True where one consumer at a time is served and the others wait."""
        return bool(self.arguments.get("x-single-active-consumer"))

    @property
    def byte_limit(self) -> int | None:
        """Above this, publications are rejected."""
        limit = self.arguments.get("x-max-length-bytes")
        return None if limit is None else int(limit)


@dataclass(frozen=True, slots=True)
class Binding:
    """Messages of an exchange with this routing key go to this queue."""

    vhost: str
    exchange: str
    queue: str
    routing_key: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """What a user may do in one vhost: three regular expressions over names."""

    user: str
    vhost: str
    configure: str = NOTHING
    write: str = NOTHING
    read: str = NOTHING


@dataclass(frozen=True, slots=True)
class User:
    """A broker user; only the salted hash of its password is kept."""

    name: str
    password_hash: str = field(repr=False)
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """All that must exist in some vhosts. Sums: `gateway_topology(…) + partners_topology(…)`."""

    vhosts: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()
    users: tuple[User, ...] = ()

    def __add__(self, other: "Topology") -> "Topology":
        return Topology(
            vhosts=tuple(dict.fromkeys(self.vhosts + other.vhosts)),
            exchanges=self.exchanges + other.exchanges,
            queues=self.queues + other.queues,
            bindings=self.bindings + other.bindings,
            users=self.users + other.users,
        )


def outbound_queue(party: PartyCode) -> str:
    """Queue, and routing key in exchange `gateway`, of the parcels that await this party's courier."""
    return f"outbound.{party}"


def from_queue(organisation: OrganisationId) -> str:
    """Queue, and exchange of its own, of what the organisation signed and sent."""
    return f"from.{organisation}"


def to_queue(organisation: OrganisationId) -> str:
    """Queue of what we signed for the organisation; its routing key in exchange `to` is the organisation."""
    return f"to.{organisation}"


def gateway_topology(parties: Iterable[PartyCode]) -> Topology:
    """Our own vhost: one queue per party behind the exchange `gateway`, and `dead`."""
    names = [outbound_queue(party) for party in parties]
    return Topology(
        vhosts=(GATEWAY,),
        exchanges=(Exchange(GATEWAY, GATEWAY), *_dead_exchange(GATEWAY)),
        queues=(*(_queue(GATEWAY, name, single_active=True) for name in names), _dead_queue(GATEWAY)),
        bindings=(*(Binding(GATEWAY, GATEWAY, name, name) for name in names), _dead_binding(GATEWAY)),
    )


def partners_topology(organisations: Iterable[OrganisationId], *, byte_limit: int = PARTNER_QUEUE_BYTES) -> Topology:
    """The partners' vhost: for each organisation an exchange and queue to write to, and a queue to read from.

    An exchange each, since publishing by the default exchange would need a right that opens every queue.
    """
    every = tuple(organisations)
    inward, outward = [from_queue(one) for one in every], [to_queue(one) for one in every]
    return Topology(
        vhosts=(PARTNERS,),
        exchanges=(Exchange(PARTNERS, TO), *(Exchange(PARTNERS, name, "fanout") for name in inward), *_dead_exchange(PARTNERS)),
        queues=(
            *(_queue(PARTNERS, name, single_active=True, byte_limit=byte_limit) for name in inward),
            *(_queue(PARTNERS, name, single_active=False, byte_limit=byte_limit) for name in outward),
            _dead_queue(PARTNERS),
        ),
        bindings=(
            *(Binding(PARTNERS, name, name) for name in inward),
            *(Binding(PARTNERS, TO, to_queue(one), one) for one in every),
            _dead_binding(PARTNERS),
        ),
    )


def gateway_user(name: str, password_hash: str) -> Topology:
    """The gateway's own user: may publish to and consume from all in both vhosts, and configures nothing."""
    rights = tuple(Permission(name, vhost, NOTHING, EVERYTHING, EVERYTHING) for vhost in (GATEWAY, PARTNERS))
    return Topology(vhosts=(GATEWAY, PARTNERS), users=(User(name, password_hash, rights),))


def organisation_user(organisation: OrganisationId, name: str, password_hash: str) -> Topology:
    """A partner's user: writes its own exchange, reads its own queue, in the partners' vhost; nothing else."""
    right = Permission(name, PARTNERS, NOTHING, _exactly(from_queue(organisation)), _exactly(to_queue(organisation)))
    return Topology(vhosts=(PARTNERS,), users=(User(name, password_hash, (right,)),))


def password_hash(password: str, salt: bytes) -> str:
    """Salted SHA-256 in the form of `rabbit_password_hashing_sha256`; the salt is four random bytes."""
    if len(salt) != SALT_BYTES:
        raise ValueError("RabbitMQ salts its password hashes with four bytes")
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def hash_again(password: str, earlier: str, salt: bytes) -> str:
    """The hash of a password by the salt of an earlier hash, so that the same password gives the same hash; by a fresh
    salt where the earlier one has none of ours."""
    try:
        return password_hash(password, base64.b64decode(earlier, validate=True)[:SALT_BYTES])
    except ValueError:
        return password_hash(password, salt)


def _exactly(name: str) -> str:
    """The expression that matches this name alone: a stray metacharacter would open other queues."""
    if not PLAIN_NAME.fullmatch(name):
        raise ValueError("a partner's exchanges and queues are named by lower case letters, digits and hyphens")
    return "^" + name.replace(".", r"\.") + "$"


def _queue(vhost: str, name: str, *, single_active: bool, byte_limit: int | None = None) -> Queue:
    arguments: dict[str, Argument] = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    if single_active:
        arguments["x-single-active-consumer"] = True
    if byte_limit is not None:
        arguments["x-max-length-bytes"] = byte_limit
    return Queue(vhost, name, arguments)


def _dead_exchange(vhost: str) -> tuple[Exchange, ...]:
    return (Exchange(vhost, DEAD, "fanout"),)


def _dead_queue(vhost: str) -> Queue:
    return Queue(vhost, DEAD, {"x-queue-type": "quorum", "x-delivery-limit": UNLIMITED_DELIVERIES, "x-overflow": "reject-publish"})


def _dead_binding(vhost: str) -> Binding:
    return Binding(vhost, DEAD, DEAD)
