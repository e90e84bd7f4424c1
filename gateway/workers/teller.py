"""The teller: says what the watcher wrote down, by one means, until somebody has heard it or a day is over.

What it is: due tellings, mutes and patience. What it is not: a judge of what is worth telling, nor a mail client: how it
is said is handed in. Each change of an alert is told once by each means; a worker that dies between saying it and writing
that down says it again, under the same name (`jti`, Message-ID). One teller for each means: a mail server that hangs does
not hold up a webhook.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.contract import Clock, Store
from gateway.oversight.records import Alert, AlertState, Telling
from gateway.oversight.telling import TRIED_FOR, Means, Outcome, Said, What, wait_after

AT_ONCE: Final = 1000
"""Tellings of all means that are looked at; those of a muted alert stay among them."""
LEASE_SECONDS: Final = 120.0
"""Longer than any one try may last."""
Say = Callable[[Alert, What, datetime], Said]


class Teller:
    """Any number may run; the lease keeps one saying."""

    def __init__(self, store: Store, clock: Clock, means: Means, say: Say, *, holder: str, interval_seconds: float = 5.0) -> None:
        self._store, self._clock, self._means, self._say = store, clock, means, say
        self._holder, self._interval_seconds = holder, interval_seconds

    @property
    def name(self) -> str:
        """In logs."""
        return f"teller {self._means.value}"

    def run(self, stop: threading.Event) -> None:
        """Tell until told to stop."""
        try:
            while not stop.is_set():
                if self._holds():
                    self.look()
                stop.wait(self._interval_seconds)
        finally:
            self._store.leases.release(self._lease, self._holder)

    def look(self) -> int:
        """Say what is due; how many tellings are over. After a failure the rest waits for the next look: whoever does not
        answer one would not answer the others."""
        now, over = self._clock(), 0
        muted = {(mute.rule, mute.subject) for mute in self._store.oversight.mutes(now)}
        for telling in self._store.oversight.due_tellings(now, AT_ONCE):
            if telling.means != self._means.value:
                continue
            alert = self._store.oversight.alert(telling.alert_id)
            if alert is None:
                raise LookupError("a telling without its alert")
            silent = (alert.rule, alert.subject) in muted
            untold = _untold(telling, alert, now, silent=silent)
            if untold is not None:
                over += self._end(telling, alert, untold)
            elif not silent:
                if not self._holds() or not self._try(telling, alert):
                    break
                over += 1
        return over

    @property
    def _lease(self) -> str:
        return f"tell.{self._means.value}"

    def _holds(self) -> bool:
        return self._store.leases.acquire(self._lease, self._holder, self._clock(), LEASE_SECONDS)

    def _try(self, telling: Telling, alert: Alert) -> bool:
        """False where it was not heard."""
        said = self._say(alert, What(telling.what), self._clock())
        if not said.why:
            self._end(telling, alert, Outcome.TOLD, **({"left_out": said.left_out} if said.left_out else {}))
            return True
        wait = wait_after(telling.attempts + 1)
        if wait is None:
            self._end(telling, alert, Outcome.GIVEN_UP, why=said.why)
        else:
            self._store.oversight.put_off_telling(telling.telling_id, self._clock() + wait)
        return False

    def _end(self, telling: Telling, alert: Alert, outcome: Outcome, **more: Fact) -> int:
        facts: dict[str, Fact] = {"means": telling.means, "what": telling.what, "rule": alert.rule, "about": alert.subject, "outcome": outcome.value}
        self._store.oversight.told(telling.telling_id, AuditEvent(AuditCode.ALERT_TOLD, self._clock(), alert.alert_id, facts | more))
        return 1


def _untold(telling: Telling, alert: Alert, now: datetime, *, silent: bool) -> Outcome | None:
    """Why nobody is told of it at all; None for what is still worth telling. What was over before it was told of is told
    once, as over; and what is over for a day is no news, whatever kept it here."""
    if alert.state is not AlertState.RESOLVED or alert.resolved_at is None:
        return None
    if silent:
        return Outcome.MUTED
    if telling.what == What.RAISED.value:
        return Outcome.OVER
    return Outcome.GIVEN_UP if now - alert.resolved_at > TRIED_FOR else None
