"""What a broker has, compared with what the topology says.

What it is: a pure comparison: missing, different, in conflict, unknown. What it is not: a client: `broker.admin` reads
what is there and makes what is wanted. Called by `gateway broker apply`. What a user of the topology may do beyond it
counts as different, since every right of such a user is ours to say; anything else beyond it is unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from broker.topology import EVERYTHING, NOTHING, Argument, Binding, Exchange, Permission, Queue, Topology, User


class State(StrEnum):
    """How something there stands to what is wanted."""

    MISSING = "missing"
    DIFFERENT = "different"
    """It can be mended in place."""
    CONFLICT = "conflict"
    """It cannot be mended in place: a person drains and deletes it."""
    UNKNOWN = "unknown"
    """Nobody asked for it."""


class Kind(StrEnum):
    """What it is about."""

    VHOST = "vhost"
    EXCHANGE = "exchange"
    QUEUE = "queue"
    BINDING = "binding"
    USER = "user"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundExchange:
    """An exchange as it is."""

    kind: str
    durable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundQueue:
    """A queue as it is; the counts are a few seconds old."""

    durable: bool
    arguments: Mapping[str, Argument]
    messages: int
    consumers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUser:
    """A user as it is."""

    password_hash: str = field(repr=False)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """All that some vhosts of a broker have, under their logical names, without what every vhost has of itself."""

    vhosts: frozenset[str] = frozenset()
    exchanges: Mapping[tuple[str, str], FoundExchange] = field(default_factory=dict)
    queues: Mapping[tuple[str, str], FoundQueue] = field(default_factory=dict)
    bindings: Mapping[Binding, str] = field(default_factory=dict)
    """Each with the key by which the broker deletes it."""
    users: Mapping[str, FoundUser] = field(default_factory=dict)
    """Every user of the broker."""
    permissions: frozenset[Permission] = frozenset()
    """In these vhosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it should be."""

    state: State
    kind: Kind
    vhost: str
    """Logical name; empty for a user."""
    name: str
    detail: str = ""
    messages: int = 0
    """What an unknown queue holds."""
    made_by: Topology = field(default_factory=Topology)
    """What is made to set it right; empty where that does not help."""
    grant: Permission | None = None
    """The right that is given to set it right."""
    surplus: Binding | Permission | Exchange | Queue | None = None
    """What would have to go."""


def differences(wanted: Topology, present: Present, trusted: frozenset[str]) -> tuple[Difference, ...]:
    """All differences, in the order in which they are mended. `trusted` are our own users, which may be administrators:
    they lack what they need, or are left as they are."""
    found = [*_vhosts(wanted, present), *_exchanges(wanted, present), *_queues(wanted, present), *_bindings(wanted, present)]
    users = list(_users(wanted, present, trusted))
    tagged = {one.name for one in users if one.state is State.CONFLICT}
    return (*found, *users, *(one for one in _permissions(wanted, present, trusted) if one.name not in tagged))


def _vhosts(wanted: Topology, present: Present) -> Iterator[Difference]:
    for name in wanted.vhosts:
        if name not in present.vhosts:
            yield Difference(state=State.MISSING, kind=Kind.VHOST, vhost=name, name=name, made_by=Topology(vhosts=(name,)))


def _exchanges(wanted: Topology, present: Present) -> Iterator[Difference]:
    for exchange in wanted.exchanges:
        place = exchange.vhost, exchange.name
        there = present.exchanges.get(place)
        if there is None:
            yield Difference(state=State.MISSING, kind=Kind.EXCHANGE, vhost=place[0], name=place[1], made_by=Topology(exchanges=(exchange,)))
        elif there != FoundExchange(kind=exchange.kind, durable=True):
            said = f"it is {there.kind}{'' if there.durable else ', not durable'}; wanted is {exchange.kind}, durable"
            yield Difference(state=State.CONFLICT, kind=Kind.EXCHANGE, vhost=place[0], name=place[1], detail=said)
    for vhost, name in sorted(present.exchanges.keys() - {(one.vhost, one.name) for one in wanted.exchanges}):
        yield Difference(state=State.UNKNOWN, kind=Kind.EXCHANGE, vhost=vhost, name=name, surplus=Exchange(vhost, name))


def _queues(wanted: Topology, present: Present) -> Iterator[Difference]:
    for queue in wanted.queues:
        place = queue.vhost, queue.name
        there = present.queues.get(place)
        if there is None:
            yield Difference(state=State.MISSING, kind=Kind.QUEUE, vhost=place[0], name=place[1], made_by=Topology(queues=(queue,)))
        elif said := _unlike(queue, there):
            yield Difference(state=State.CONFLICT, kind=Kind.QUEUE, vhost=place[0], name=place[1], detail=said, messages=there.messages)
    for vhost, name in sorted(present.queues.keys() - {(one.vhost, one.name) for one in wanted.queues}):
        there = present.queues[vhost, name]
        said = f"{there.messages} messages, {there.consumers} consumers"
        surplus = Queue(vhost, name, there.arguments)
        yield Difference(state=State.UNKNOWN, kind=Kind.QUEUE, vhost=vhost, name=name, detail=said, messages=there.messages, surplus=surplus)


def _unlike(queue: Queue, there: FoundQueue) -> str:
    names = sorted(name for name in {*queue.arguments, *there.arguments} if queue.arguments.get(name) != there.arguments.get(name))
    said = [f"{name} is {there.arguments.get(name, 'not set')}, wanted {queue.arguments.get(name, 'not set')}" for name in names]
    return "; ".join(said if there.durable else ["it is not durable", *said])


def _bindings(wanted: Topology, present: Present) -> Iterator[Difference]:
    for binding in wanted.bindings:
        if binding not in present.bindings:
            made = Topology(bindings=(binding,))
            yield Difference(state=State.MISSING, kind=Kind.BINDING, vhost=binding.vhost, name=_told(binding), made_by=made)
    for binding in sorted(present.bindings.keys() - set(wanted.bindings), key=_told):
        yield Difference(state=State.UNKNOWN, kind=Kind.BINDING, vhost=binding.vhost, name=_told(binding), surplus=binding)


def _told(binding: Binding) -> str:
    return f"{binding.exchange} to {binding.queue}" + (f" by {binding.routing_key}" if binding.routing_key else "")


def _users(wanted: Topology, present: Present, trusted: frozenset[str]) -> Iterator[Difference]:
    for user in wanted.users:
        there, bare = present.users.get(user.name), Topology(users=(User(user.name, user.password_hash),))
        if there is None:
            yield Difference(state=State.MISSING, kind=Kind.USER, vhost="", name=user.name, made_by=bare)
        elif there.tags and user.name not in trusted:
            said = f"it has tags ({', '.join(there.tags)}), which no partner's user may have"
            yield Difference(state=State.CONFLICT, kind=Kind.USER, vhost="", name=user.name, detail=said)
        elif not there.tags and there.password_hash != user.password_hash:
            yield Difference(state=State.DIFFERENT, kind=Kind.USER, vhost="", name=user.name, detail="another password", made_by=bare)


def _permissions(wanted: Topology, present: Present, trusted: frozenset[str]) -> Iterator[Difference]:
    there = {(one.user, one.vhost): one for one in present.permissions}
    rights = {(one.user, one.vhost): one for user in wanted.users for one in user.permissions}
    for place, right in rights.items():
        found = there.get(place)
        if found is None:
            yield Difference(state=State.MISSING, kind=Kind.PERMISSION, vhost=right.vhost, name=right.user, detail=_may(right), grant=right)
        elif found != right and not (right.user in trusted and _covers(found, right)):
            said = f"it may {_may(found)}; wanted: {_may(right)}"
            yield Difference(state=State.DIFFERENT, kind=Kind.PERMISSION, vhost=right.vhost, name=right.user, detail=said, grant=right)
    ours = {user.name for user in wanted.users}
    for place in sorted(there.keys() - rights.keys()):
        right = there[place]
        if right.user not in trusted:
            state = State.DIFFERENT if right.user in ours else State.UNKNOWN
            said = f"it may {_may(right)}" + ("; wanted: nothing here" if state is State.DIFFERENT else "")
            yield Difference(state=state, kind=Kind.PERMISSION, vhost=right.vhost, name=right.user, detail=said, surplus=right)


def _covers(found: Permission, right: Permission) -> bool:
    pairs = ((found.configure, right.configure), (found.write, right.write), (found.read, right.read))
    return all(there in {EVERYTHING, needed} for there, needed in pairs)


def _may(right: Permission) -> str:
    return ", ".join(f"{deed} {_scope(names)}" for deed, names in (("configure", right.configure), ("write", right.write), ("read", right.read)))


def _scope(names: str) -> str:
    return {NOTHING: "nothing", "": "nothing", EVERYTHING: "everything"}.get(names, names)
