"""The broker compared with the directory, and made as the directory says.

What it is: the plan, its audit record and its carrying out for `gateway broker apply`. What it is not: the comparison
(`broker.differences`) nor the client (`broker.admin`). The store is written first, with one audit record for all of it:
no change of the broker goes unrecorded, and what fails half-way is finished by running it again.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from broker.admin import RabbitAdmin, TopologyConflict
from broker.contract import BrokerUnavailable
from broker.differences import Difference, Kind, Present, State, differences
from broker.topology import (
    EVERYTHING,
    GATEWAY,
    NOTHING,
    PARTNERS,
    SALT_BYTES,
    Binding,
    Permission,
    Queue,
    Topology,
    User,
    from_queue,
    hash_again,
    password_hash,
    to_queue,
)
from gateway import bootstrap
from gateway.audit.events import AuditCode, AuditEvent
from gateway.commands.brokering import PASSWORD_BYTES
from gateway.commands.context import Desk, now
from gateway.commands.output import Answer, CommandError, Exit, Table
from gateway.commands.passwords import Password
from gateway.config import BrokerKind, Settings
from gateway.contract import StoreUnavailable
from gateway.partners.agreement import DeliveryMode
from gateway.partners.directory import Directory
from gateway.partners.history import DirectoryChanges
from gateway.partners.onboarding import give_broker_user, require_organisation
from gateway.partners.party import Organisation, Standing
from schemas.identifiers import OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A user that an organisation gets, or its new password."""

    record: Organisation
    user: str
    renewed: bool
    generated: str | None = field(repr=False)
    """The password where we made it; what came from outside is known there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is not as it should be, and what is done about it."""

    directory: Directory
    """As it will be."""
    given: tuple[Given, ...]
    differences: tuple[Difference, ...]
    present: Present
    remove_unknown: bool

    @property
    def generated(self) -> bool:
        """True where there are passwords to show."""
        return any(one.generated for one in self.given)

    @property
    def changes(self) -> int:
        """How many things are done."""
        return sum(self.deed(one) in {"make", "mend", "remove"} for one in self.differences)

    @property
    def removes_queues(self) -> bool:
        """True where queues are watched for a while before they go."""
        return any(one.kind is Kind.QUEUE and self.deed(one) == "remove" for one in self.differences)

    def deed(self, one: Difference) -> str:
        """What is done about a difference: make, mend, remove, by hand, or nothing (tell)."""
        match one.state:
            case State.MISSING:
                return "make"
            case State.DIFFERENT:
                return "mend"
            case State.CONFLICT:
                return "by hand"
        return "remove" if self.remove_unknown and not self._holds(one) else "tell"

    def _holds(self, one: Difference) -> bool:
        """True for an unknown queue in which something lies, and for what leads there."""
        full = {(other.vhost, other.name) for other in self.differences if other.kind is Kind.QUEUE and other.messages}
        if one.kind is Kind.EXCHANGE:
            return any((binding.vhost, binding.exchange) == (one.vhost, one.name) and (one.vhost, binding.queue) in full for binding in self.present.bindings)
        name = one.surplus.queue if isinstance(one.surplus, Binding) else one.name
        return one.kind in {Kind.QUEUE, Kind.BINDING} and (one.vhost, name) in full


@dataclass(frozen=True, slots=True)
class Done:
    """What is left after it was done, or why it could not be done to the end."""

    left: Planned | None
    failure: str = ""


@contextmanager
def administrating(settings: Settings) -> Iterator[RabbitAdmin]:
    """The broker's management API. Raises CommandError where there is none."""
    if settings.broker is BrokerKind.MEMORY:
        raise CommandError(Exit.CONFLICT, "broker-in-process", "The broker is inside the process of gateway serve: there is nothing to make.")
    admin = bootstrap.administrator(settings)
    if admin is None:
        raise CommandError(Exit.USAGE, "management-missing", "No broker_management_url is configured.", "set GATEWAY_BROKER_MANAGEMENT_URL; docs/settings.md")
    with closing(admin):
        yield admin


def look(desk: Desk, admin: RabbitAdmin, passwords: Mapping[str, Password], *, remove_unknown: bool) -> Planned:
    """The plan; nothing is changed. Raises BrokerUnavailable, OnboardingError, CommandError."""
    directory, present = desk.operations.directory(), admin.present()
    given = _given(directory, passwords)
    records = {one.record.organisation_id: one.record for one in given}
    after = replace(directory, organisations=MappingProxyType({**directory.organisations, **records}))
    own = _own_users(desk.settings, admin, present)
    _require_own(after, given, frozenset(user.name for user in own), present)
    found = _compared(after, own, present)
    return Planned(directory=after, given=given, differences=found, present=present, remove_unknown=remove_unknown)


def compared(settings: Settings, admin: RabbitAdmin, directory: Directory) -> tuple[Difference, ...]:
    """How the broker differs from a directory. Raises BrokerUnavailable."""
    present = admin.present()
    return _compared(directory, _own_users(settings, admin, present), present)


def remember(desk: Desk, planned: Planned) -> None:
    """Keep the new users' hashes and record the whole operation. Raises CommandError where the directory has changed."""
    deeds = [planned.deed(one) for one in planned.differences]
    counts = {name: deeds.count(deed) for name, deed in (("made", "make"), ("mended", "mend"), ("removed", "remove"))}
    users = " ".join(one.user for one in planned.given)
    event = AuditEvent(AuditCode.BROKER_APPLIED, now(), "broker", {"by": desk.by, "users": users, **counts})
    changes = DirectoryChanges(organisations=tuple(one.record for one in planned.given), events=(event,))
    if not desk.store.partners.apply(changes, planned.directory.version):
        raise CommandError(Exit.CONFLICT, "directory-changed", "Somebody changed the directory meanwhile; nothing was done.", "run it again")


def carry_out(desk: Desk, admin: RabbitAdmin, planned: Planned) -> Done:
    """Do what was planned, and look again. What goes wrong is told and not raised: passwords are still to be shown."""
    try:
        _carry_out(admin, planned)
        return Done(look(desk, admin, {}, remove_unknown=planned.remove_unknown))
    except (BrokerUnavailable, TopologyConflict, StoreUnavailable, CommandError) as error:
        return Done(None, str(error))


def require_done(planned: Planned, done: Done) -> None:
    """Raises CommandError where something that was to be done is not."""
    if done.left is None:
        raise CommandError(Exit.PARTLY_DONE, "broker-partly-applied", "It failed half-way.", "run it again", (done.failure,))
    undone = [one for one in done.left.differences if one.state is not State.UNKNOWN or planned.remove_unknown]
    if undone:
        details = tuple(f"{one.kind} {one.name}: {one.detail or one.state}" for one in undone)
        title = f"{len(undone)} things are not as they should be and need a person."
        raise CommandError(Exit.PARTLY_DONE, "broker-partly-applied", title, "drain and delete what is in the way, then run it again", details)


def told(planned: Planned, done: Done | None = None) -> Answer:
    """The plan where nothing was done, else what was done and what is left. Passwords that were made are told after it."""
    left = done.left.differences if done is not None and done.left is not None else ()
    members = {
        "applied": done is not None and done.left is not None,
        "changes": planned.changes,
        "differences": [_members(planned, one) for one in planned.differences],
        "users": [_user(one, shown=done is not None) for one in planned.given],
        "left": [_members(planned, one) for one in left],
    }
    lines = _done_lines(planned, left) if done is not None else [_plan_line(planned)]
    return Answer("broker-applied/1", members, () if done is not None else (table(planned),), tuple(lines))


def table(planned: Planned) -> Table:
    """The plan for people."""
    rows = [(planned.deed(one), one.kind.value, one.vhost, one.name, one.detail or one.state.value) for one in planned.differences]
    return Table(("do", "what", "vhost", "name", "how it is"), tuple(rows), empty="The broker is as the directory says.")


def _compared(directory: Directory, own: tuple[User, ...], present: Present) -> tuple[Difference, ...]:
    return differences(bootstrap.topology_of(directory) + Topology(users=own), present, frozenset(user.name for user in own))


def _given(directory: Directory, passwords: Mapping[str, Password]) -> tuple[Given, ...]:
    for organisation in passwords:
        require_organisation(directory, OrganisationId(organisation))
    found = []
    for _, record in sorted(directory.organisations.items()):
        password = passwords.get(record.organisation_id)
        known = record.broker_password_hash if record.broker_user else None
        if password is not None and (known is None or hash_again(password.text, known, secrets.token_bytes(SALT_BYTES)) != known):
            found.append(_give(directory, record, password.text, generated=False))
        elif known is None and _by_queue(directory, record):
            found.append(_give(directory, record, secrets.token_urlsafe(PASSWORD_BYTES), generated=True))
    return tuple(found)


def _give(directory: Directory, record: Organisation, password: str, *, generated: bool) -> Given:
    user = record.broker_user or record.organisation_id
    hashed = password_hash(password, secrets.token_bytes(SALT_BYTES))
    after, _ = give_broker_user(directory, record.organisation_id, user=user, password_hash=hashed, now=now())
    return Given(record=after, user=user, renewed=record.broker_user is not None, generated=password if generated else None)


def _by_queue(directory: Directory, record: Organisation) -> bool:
    codes = directory.parties_of(record.organisation_id)
    agreed = (terms for code in codes for terms in (directory.inbound(code), directory.outbound(code)))
    return record.standing is not Standing.LEFT and any(one is not None and one.mode is DeliveryMode.QUEUE for one in agreed)


def _require_own(after: Directory, given: Sequence[Given], trusted: frozenset[str], present: Present) -> None:
    """No organisation may get the user of the gateway itself, nor one that administers the broker."""
    named = {one.broker_user for one in after.organisations.values() if one.broker_user}
    tagged = {one.user for one in given if one.user in present.users and present.users[one.user].tags}
    if taken := sorted((named & trusted) | tagged):
        raise CommandError(Exit.CONFLICT, "broker-user-taken", f"The broker user {taken[0]} is the gateway's own, or administers the broker.")


def _own_users(settings: Settings, admin: RabbitAdmin, present: Present) -> tuple[User, ...]:
    """Who the gateway itself is on the broker, by its URLs, and its administrator, which declares what is in the vhosts."""
    every = tuple(Permission(admin.user, vhost, EVERYTHING, EVERYTHING, EVERYTHING) for vhost in (GATEWAY, PARTNERS))
    there = present.users.get(admin.user)
    own = {admin.user: User(admin.user, there.password_hash if there else "", every)}
    for vhost, url in ((GATEWAY, settings.broker_url), (PARTNERS, settings.broker_partners_url)):
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        name = unquote(parts.username or "") if parts is not None else ""
        if parts is None or not name or name == admin.user:
            continue
        known, right = present.users.get(name), Permission(name, vhost, NOTHING, EVERYTHING, EVERYTHING)
        hashed = hash_again(unquote(parts.password or ""), known.password_hash if known else "", secrets.token_bytes(SALT_BYTES))
        own[name] = User(name, hashed, (*(own[name].permissions if name in own else ()), right))
    return tuple(own.values())


def _carry_out(admin: RabbitAdmin, planned: Planned) -> None:
    todo = [one for one in planned.differences if planned.deed(one) in {"make", "mend", "remove"}]
    # The administrator's own rights first: without them it may declare nothing in a vhost.
    early = [one for one in todo if one.kind is Kind.VHOST or one.name == admin.user]
    for one in (*early, *(one for one in todo if one not in early)):
        _set_right(admin, one)
    _remove(admin, planned, [one for one in todo if one.state is State.UNKNOWN])


def _set_right(admin: RabbitAdmin, one: Difference) -> None:
    admin.apply(one.made_by)
    if one.grant is not None:
        admin.grant(one.grant)
    elif one.state is State.DIFFERENT and isinstance(one.surplus, Permission):
        admin.remove(one.surplus)


def _remove(admin: RabbitAdmin, planned: Planned, unknown: list[Difference]) -> None:
    """Bindings before queues, so that nothing comes while they are looked at; where a queue stays, its bindings do."""
    going = [one.surplus for one in unknown if one.surplus is not None]
    bindings = [one for one in going if isinstance(one, Binding)]
    for binding in bindings:
        admin.remove(binding, planned.present.bindings[binding])
    kept = {(queue.vhost, queue.name) for queue in admin.remove_empty_queues([one for one in going if isinstance(one, Queue)])}
    back = tuple(binding for binding in bindings if (binding.vhost, binding.queue) in kept)
    admin.apply(Topology(bindings=back))
    feeding = {(binding.vhost, binding.exchange) for binding in back}
    for one in going:
        if not isinstance(one, Binding | Queue) and (isinstance(one, Permission) or (one.vhost, one.name) not in feeding):
            admin.remove(one)


def _members(planned: Planned, one: Difference) -> dict[str, object]:
    held = {"messages": one.messages} if one.kind is Kind.QUEUE and one.state is not State.MISSING else {}
    return {"state": one.state.value, "kind": one.kind.value, "vhost": one.vhost, "name": one.name, "detail": one.detail, "do": planned.deed(one), **held}


def _user(one: Given, *, shown: bool) -> dict[str, object]:
    organisation = one.record.organisation_id
    said: dict[str, object] = {"organisation": organisation, "user": one.user, "renewed": one.renewed, "generated": one.generated is not None}
    said |= {"exchange": from_queue(organisation), "queue": to_queue(organisation)}
    return said | ({"password": one.generated} if shown and one.generated is not None else {})


def _plan_line(planned: Planned) -> str:
    return f"{planned.changes} things would change." if planned.changes else "Nothing to change."


def _done_lines(planned: Planned, left: Sequence[Difference]) -> Iterator[str]:
    for one in planned.given:
        shown = f"password {one.generated}" if one.generated is not None else "its password came from outside"
        organisation = one.record.organisation_id
        yield f"{one.user}: {shown}; publishes to exchange {from_queue(organisation)}, reads queue {to_queue(organisation)}"
    unknown = sum(one.state is State.UNKNOWN for one in left)
    yield f"{planned.changes} things changed." + (f" {unknown} are unknown and were left." if unknown else "")
