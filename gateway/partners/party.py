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


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Whoever runs the systems of one or more parties."""

    organisation_id: OrganisationId
    name: str
    standing: Standing = Standing.APPLIED
    broker_user: str | None = None
    broker_password_hash: str | None = None
    """RabbitMQ's own salted hash, kept so that a wiped broker can be rebuilt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One code on the wire."""

    code: PartyCode
    name: str
    organisation: OrganisationId
