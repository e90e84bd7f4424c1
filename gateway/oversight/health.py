"""Health: how a partner is doing, in one word that a page can show and a person can act on.

What it is: the rule from what is known of an organisation (standing, pause, queues, activity) to its health. What it is
not: a probe: nothing is sent to find out; the test message is for that. Called by the console and the alerts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.oversight.views import Activity, QueueView
from gateway.partners.agreement import Agreement
from gateway.partners.party import Organisation, Standing
from gateway.partners.pausing import paused
from gateway.records import DeliveryState


class Health(StrEnum):
    """From worst to best, as lists sort them."""

    DOWN = "down"
    """So many failures in a row that the gateway leaves its endpoint alone for a while (open breaker)."""
    STRUGGLING = "struggling"
    """The last attempt failed, or something was set aside."""
    PAUSED = "paused"
    SUSPENDED = "suspended"
    JOINING = "joining"
    """Not live yet."""
    GONE = "gone"
    WORKING = "working"
    QUIET = "quiet"
    """Nothing was heard from it and nothing sent to it yet."""


WORDS: Final = {
    Health.DOWN: "Down",
    Health.STRUGGLING: "Struggling",
    Health.PAUSED: "Paused",
    Health.SUSPENDED: "Suspended",
    Health.JOINING: "Joining",
    Health.GONE: "Left",
    Health.WORKING: "Working",
    Health.QUIET: "Quiet",
}
_BY_STANDING: Final = {
    Standing.APPLIED: Health.JOINING,
    Standing.PROVING: Health.JOINING,
    Standing.SUSPENDED: Health.SUSPENDED,
    Standing.LEFT: Health.GONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one organisation, over all parties that it serves."""

    organisation: Organisation
    agreements: Collection[Agreement] = ()
    """Outbound ones."""
    activity: Collection[Activity] = ()
    queues: Collection[QueueView] = ()


def health_of(facts: Facts, now: datetime) -> Health:
    """The worst that is true of it, but that a decision of people (suspended, paused) explains all else."""
    standing = facts.organisation.standing
    if standing in _BY_STANDING:
        return _BY_STANDING[standing]
    if paused(facts.organisation, now):
        return Health.PAUSED
    failures = _failures(facts.activity)
    if failures and failures >= min((one.breaker_failures for one in facts.agreements), default=1):
        return Health.DOWN
    if failures or _set_aside(facts.queues):
        return Health.STRUGGLING
    heard = any(one.last_accepted_at or one.last_delivered_at for one in facts.activity)
    return Health.WORKING if heard else Health.QUIET


def _failures(activity: Iterable[Activity]) -> int:
    return max((one.failures_since_success for one in activity), default=0)


def _set_aside(queues: Iterable[QueueView]) -> bool:
    return any(queue.counts.get(DeliveryState.SET_ASIDE, 0) for queue in queues)
