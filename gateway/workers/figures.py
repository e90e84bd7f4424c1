"""Figures: how things stand in the store, looked at by the clock and kept for whoever reads the metrics.

What it is: the one process that looks (a lease keeps it one), so that a reading of /metrics costs the store nothing.
What it is not: an alert: rules and people judge. A process that does not look tells nothing, so no figure stands twice.
"""

import threading
from collections import Counter as Tally
from collections.abc import Callable
from datetime import datetime

from gateway.contract import Clock, QueueFigures, Store
from gateway.exchange.delivery import UNFINISHED
from gateway.oversight.records import AlertState
from gateway.partners.directory import Directory
from gateway.partners.party import Standing
from gateway.telemetry_facts import Figures, Waiting
from gateway.trust.keyring import KeyUse
from schemas.identifiers import OrganisationId, PartyCode

_LEASE = "figures"
_DAY_SECONDS = 86_400.0
_MOST_ALERTS = 1000


class FiguresWorker:
    """Any number may run; the lease keeps one looking."""

    name = "figures"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        directory: Callable[[], Directory],
        tell: Callable[[Figures | None], None],
        *,
        holder: str,
        interval_seconds: float,
    ) -> None:
        self._store, self._clock, self._directory, self._tell = store, clock, directory, tell
        self._holder, self._interval_seconds = holder, interval_seconds
        self._backlog_since: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        try:
            while not stop.is_set():
                held = self._store.leases.acquire(_LEASE, self._holder, self._clock(), 2 * self._interval_seconds + 10)
                self._tell(self.look() if held else None)
                stop.wait(self._interval_seconds)
        finally:
            self._tell(None)
            self._store.leases.release(_LEASE, self._holder)

    def look(self) -> Figures:
        """The store, now."""
        now, directory, outbox = self._clock(), self._directory(), self._store.outbox
        backlog = outbox.depth()
        found = {one.recipient: one for one in self._store.queries.queues()}
        return Figures(
            at=now,
            waiting=[_waiting(code, found.get(code), now) for code in sorted({*directory.parties, *found})],
            backlog=backlog,
            silence_seconds=self._silence(backlog, outbox.last_confirmed(), now),
            key_days=key_days(directory, now),
            alerts=Tally(alert.rule for alert in self._store.oversight.alerts(AlertState.FIRING, _MOST_ALERTS)),
        )

    def _silence(self, backlog: int, confirmed: datetime | None, now: datetime) -> float:
        """After a quiet night the last confirm is old and nothing is wrong: what counts is how long the backlog has been seen."""
        self._backlog_since = (self._backlog_since or now) if backlog else None
        return (now - max(self._backlog_since, confirmed or self._backlog_since)).total_seconds() if self._backlog_since else 0.0


def _waiting(recipient: PartyCode, found: QueueFigures | None, now: datetime) -> Waiting:
    """Every state has its figure, so that a line in a chart ends at 0 and not in the air."""
    counts = {state: found.counts.get(state, 0) if found else 0 for state in sorted(UNFINISHED)}
    oldest = found.oldest_unfinished if found else None
    return Waiting(recipient=recipient, counts=counts, oldest_seconds=max((now - oldest).total_seconds(), 0.0) if oldest else 0.0)


def key_days(directory: Directory, now: datetime) -> dict[tuple[OrganisationId, str], float]:
    """Days until each connected organisation's last key of a use ends; revoked keys count for nothing."""
    found: dict[tuple[OrganisationId, str], float] = {}
    for organisation in directory.organisations.values():
        if organisation.standing is Standing.LEFT:
            continue
        for use in KeyUse:
            ends = [key.not_after for key in directory.keyring.of_organisation(organisation.organisation_id, use) if key.revoked_at is None]
            if ends:
                found[organisation.organisation_id, use.value] = (max(ends) - now).total_seconds() / _DAY_SECONDS
    return found
