"""Breakers: an endpoint that fails again and again is left alone for a while (EIP-era Circuit Breaker).

What it is: a count of consecutive failures per organisation, in this process alone: losing it costs a few
attempts, never a message. What it is not: a schedule; the next attempt's time is in the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.contract import Handover, TryLater
from gateway.partners.agreement import Agreement
from schemas.identifiers import OrganisationId


@dataclass(slots=True)
class _Line:
    failures: int = 0
    open_until: datetime | None = None


class Breakers:
    """One per process."""

    def __init__(self) -> None:
        self._lines: dict[OrganisationId, _Line] = {}

    def open_until(self, organisation: OrganisationId, now: datetime) -> datetime | None:
        """When the organisation may be tried again; None when it may be tried now."""
        line = self._lines.get(organisation)
        return line.open_until if line and line.open_until and line.open_until > now else None

    def note(self, organisation: OrganisationId, handovers: Sequence[Handover], agreement: Agreement, now: datetime) -> None:
        """Count failures; any success closes the breaker."""
        line = self._lines.setdefault(organisation, _Line())
        for handover in handovers:
            if isinstance(handover, TryLater) and handover.answer is None:
                line.failures += 1
            else:
                line.failures, line.open_until = 0, None
        if line.failures >= agreement.breaker_failures:
            line.open_until = now + timedelta(seconds=agreement.breaker_seconds)
