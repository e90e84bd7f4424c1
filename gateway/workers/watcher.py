"""The watcher: asks the rules of alerting about the whole gateway, again and again, and keeps what they say.

What it is: the one process that raises and resolves (a lease keeps it one; the store lets a rule fire once for a
subject whoever asks). What it is not: a teller: with each change it writes down whom to tell by what means, and
`teller` does that. Nothing is lost with it: only how long a finding that has not lasted long enough has been there.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.contract import Clock, Store
from gateway.control.situation import situation
from gateway.oversight.alert_rules import severity_of
from gateway.oversight.alerting import Change, Facts, Key, Step, decide, judge
from gateway.oversight.records import Alert, AlertState, Telling
from gateway.oversight.telling import Means, What
from gateway.partners.directory import Directory

_LEASE: Final = "watcher"
MOST_FIRING: Final = 5000
_CODES: Final = {Step.RAISED: AuditCode.ALERT_RAISED, Step.RESOLVED: AuditCode.ALERT_RESOLVED}


class Watcher:
    """Any number may run; the lease keeps one looking."""

    name = "watcher"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        directory: Callable[[], Directory],
        *,
        means: Sequence[Means],
        new_id: Callable[[], str],
        holder: str,
        interval_seconds: float,
        relay_late_seconds: float,
    ) -> None:
        self._store, self._clock, self._directory = store, clock, directory
        self._means, self._new_id, self._holder = means, new_id, holder
        self._interval_seconds, self._relay_late = interval_seconds, timedelta(seconds=relay_late_seconds)
        self._pending: Mapping[Key, datetime] = {}
        self._backlog_since: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        try:
            while not stop.is_set():
                if self._store.leases.acquire(_LEASE, self._holder, self._clock(), 2 * self._interval_seconds + 10):
                    self.look()
                else:
                    self._pending, self._backlog_since = {}, None  # what it saw last may have been away since
                stop.wait(self._interval_seconds)
        finally:
            self._store.leases.release(_LEASE, self._holder)

    def look(self) -> int:
        """Ask every rule once; how many alerts were raised or resolved."""
        facts = self._facts()
        firing = self._store.oversight.alerts(AlertState.FIRING, MOST_FIRING)
        changes, self._pending = decide(firing, judge(facts), self._pending, facts.at, self._new_id)
        return sum(self._write(change, facts.at) for change in changes)

    def _facts(self) -> Facts:
        now, outbox = self._clock(), self._store.outbox
        return situation(self._store, self._directory(), now, self._silence(outbox.depth(), outbox.last_confirmed(), now), self._relay_late)

    def _silence(self, backlog: int, confirmed: datetime | None, now: datetime) -> timedelta:
        """After a quiet night the last confirm is old and nothing is wrong: what counts is how long the backlog has been seen."""
        self._backlog_since = (self._backlog_since or now) if backlog else None
        return now - max(self._backlog_since, confirmed or self._backlog_since) if self._backlog_since else timedelta(0)

    def _write(self, change: Change, now: datetime) -> bool:
        """False for what is no news, and where another wrote before: the next look sees what that one left."""
        if change.step is Step.SEEN:
            self._store.oversight.put_alert(change.alert, None)
            return False
        event = AuditEvent(_CODES[change.step], now, change.alert.alert_id, _said(change.alert))
        what = What(change.step.value)
        tellings = [Telling(alert_id=change.alert.alert_id, means=means.value, what=what.value, due_at=now) for means in self._means]
        return self._store.oversight.put_alert(change.alert, event, tellings)


def _said(alert: Alert) -> Mapping[str, Fact]:
    return {
        "rule": alert.rule,
        "about": alert.subject,
        "severity": severity_of(alert.rule).value,
        "value": alert.value,
        "threshold": alert.threshold,
    }
