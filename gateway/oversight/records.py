"""What the store keeps for operators, as frozen types without rules.

What it is: sessions, alerts, notes, orders, reveals and searches as rows. What it is not: messages and deliveries
(`gateway.records`), nor SQL. Times are aware and UTC. An operator is named by the identity provider's subject.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.oversight.access import Permission, Role, permissions_of
from schemas.identifiers import Digest, MessageId


@dataclass(frozen=True, slots=True)
class Operator:
    """A person at work, as the identity provider names them."""

    subject: str
    """Its stable name for the person: what the audit says."""
    name: str
    """For people to read."""


class SessionKind(StrEnum):
    """Where a session is used."""

    BROWSER = "browser"
    COMMAND_LINE = "command-line"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSession:
    """A person's signed-in time. The token itself is known to the person's browser or command line alone."""

    session: Digest
    """SHA-256 of the token."""
    kind: SessionKind
    operator: Operator
    roles: tuple[Role, ...]
    csrf: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    """The absolute end, whatever happens in between."""
    ended_at: datetime | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the person may do."""
        return permissions_of(self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in that began and has not come back yet; taken once."""

    state: Digest
    """SHA-256 of the state parameter, or of a one-time code."""
    kind: str
    facts: Mapping[str, str] = field(repr=False)
    """Code verifier, nonce, where to go afterwards."""
    expires_at: datetime


class AlertState(StrEnum):
    """Whether its cause is there."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that a person should look at. One rule and subject have at most one that is firing."""

    alert_id: str
    rule: str
    subject: str
    """A party, an organisation, a key, or empty: the whole gateway."""
    state: AlertState
    value: str
    """What was seen last: `43 minutes`."""
    threshold: str
    raised_at: datetime
    seen_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: Operator | None = None
    resolved_at: datetime | None = None
    version: int = 0
    """Optimistic lock: 0 for one that is not kept yet; the store writes the version that was read, and one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Nobody is told about this rule and subject until then."""

    rule: str
    subject: str
    until: datetime
    reason: str
    by: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An alert's change that somebody is to be told of."""

    telling_id: int = 0
    """Drawn by the store."""
    alert_id: str
    means: str
    """`mail` or `webhook`."""
    what: str
    """`raised` or `resolved`."""
    due_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an operator wrote down. Not a place for a person's data: the page says so."""

    note_id: str
    about: str
    """`delivery:…`, `message:…`, `alert:…`, `partner:…` or `group:…`."""
    text: str
    by: Operator
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who looks after it."""

    about: str
    to: Operator
    by: Operator
    at: datetime


class OrderKind(StrEnum):
    """What the console asks a worker with the signing key to do."""

    DISCARD = "discard"
    TEST_MESSAGE = "test-message"


class OrderState(StrEnum):
    """Where an order stands."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    """The state of things forbids it now; the outcome says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that a person asked for and that a worker does under the person's name."""

    order_id: str
    kind: OrderKind
    subject: str
    """A delivery's id, or a party's code."""
    facts: Mapping[str, str]
    """Reason code and text."""
    by: Operator
    asked_at: datetime
    state: OrderState = OrderState.WAITING
    done_at: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """One hidden field that one session may see for some minutes."""

    session: Digest
    message_id: MessageId
    pointer: str
    """Of the field, a JSON Pointer; it names no value."""
    purpose: str
    granted_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody searched for, under an id that may stand in an address."""

    search_id: str
    by: Operator
    wanted: Mapping[str, str]
    """By field; a case stands here as its lookup, never as its number."""
    made_at: datetime
    expires_at: datetime
