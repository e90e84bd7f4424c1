"""Parties and the organisations that run their systems.

What it is: who is on the wire. What it is not: what was agreed with them (`agreement`) nor their keys
(`gateway.trust.keyring`).
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.identifiers import OrganisationId, PartyCode


class Standing(StrEnum):
    """Where an organisation stands in its life with the gateway."""

    APPLIED = "applied"
    PROVING = "proving"
    LIVE = "live"
    SUSPENDED = "suspended"
    LEFT = "left"


class Kind(StrEnum):
    """What a party is."""

    NPS = "NPS"
    CRC = "CRC"
    TEST = "TEST"
    GATEWAY = "GATEWAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One passed conformance run."""

    party: PartyCode
    agreed: str
    """Digest of the agreements that were proved: see `gateway.partners.proving`."""
    report: str
    """Digest of the report."""
    at: str
    """ISO 8601, UTC."""
    simulated: bool = False
    """It was a simulator of the same profile that passed, and not the partner's own system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing is handed over to an organisation for a while; what is for it waits in order."""

    since: str
    """ISO 8601, UTC."""
    until: str
    """ISO 8601, UTC: then deliveries go on by themselves."""
    reason: str
    """One of `gateway.oversight.reasons.PAUSE_REASONS`."""
    text: str
    by: str
    """The operator's subject."""
    by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Whoever runs the systems of one or more parties."""

    organisation_id: OrganisationId
    name: str
    code: str | None = None
    """Its short code as a partner organisation, for example PF."""
    owner: str | None = None
    """Who owns it, or leads whoever does."""
    contact_role: str | None = None
    contact_mailbox: str | None = None
    """A mailbox of that role, never of a person."""
    standing: Standing = Standing.APPLIED
    broker_user: str | None = None
    broker_password_hash: str | None = None
    """RabbitMQ's own salted hash, kept so that a wiped broker can be rebuilt."""
    proofs: tuple[Proof, ...] = ()
    """The last passed conformance run of each of its parties."""
    paused: Pause | None = None
    """The last pause; over when its time is, see `gateway.partners.pausing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A part of a party that has a code of its own and no place on the wire."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One code on the wire."""

    code: PartyCode
    name: str
    organisation: OrganisationId
    kind: Kind | None = None
    """None where its profile does not say."""
    divisions: tuple[Division, ...] = ()
    route_to: OrganisationId | None = None
    """Another organisation that takes its place for now: what is sent to this code goes there, and who speaks for it
    is told by that organisation's keys."""

    @property
    def served_by(self) -> OrganisationId:
        """Whose system stands behind the code now."""
        return self.route_to or self.organisation
