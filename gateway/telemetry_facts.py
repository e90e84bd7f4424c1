"""What telemetry is told besides audit events: values of what was done and of how things stand.

What it is: frozen values that steps and workers fill in. What it is not: content: ids, codes, counts and times, no
more. Read by `gateway.telemetry_metrics` and `gateway.telemetry_traces`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from gateway.records import Attempt, Delivery, DeliveryState, OutboxEntry
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId, PartyCode

OTHER = "other"
"""Stands for every name that is none of ours."""
_FAULTS = frozenset(code.value for code in FaultCode)


def fault_label(fault: object) -> str:
    """Empty where there is none; `other` where it is no code of the fault table: partners' receipts carry their own."""
    if fault is None or fault == "":
        return ""
    return fault if isinstance(fault, str) and fault in _FAULTS else OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at a recipient's lanes: deliveries that were handed over together, side by side."""

    recipient: PartyCode
    organisation: OrganisationId
    mode: str
    began: datetime
    acting: datetime
    """When the channel was given the documents."""
    acted: datetime
    """When it had answered for all of them."""
    ended: datetime
    """When what became of them was durable."""
    handed: Sequence[tuple[Delivery, Attempt]]
    """Each as it was before, and its try."""
    breaker_until: datetime | None
    """When the organisation's endpoint may be tried again; None while it may be tried now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window of confirms: what the relay gave to the broker at one time."""

    began: datetime
    ended: datetime
    confirmed: Sequence[OutboxEntry]
    left: Sequence[OutboxEntry]
    """Returned or rejected: they come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is unfinished for one recipient."""

    recipient: PartyCode
    counts: Mapping[DeliveryState, int] = field(default_factory=lambda: MappingProxyType({}))
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How things stand in the store, as one process looked for all."""

    at: datetime
    waiting: Sequence[Waiting]
    backlog: int
    """Publications that are owed to the broker."""
    silence_seconds: float
    """How long there has been a backlog without a confirm."""
    key_days: Mapping[tuple[OrganisationId, str], float]
    """Days until an organisation has no key for a use any more."""
    alerts: Mapping[str, int]
    """Firing alerts by rule."""
