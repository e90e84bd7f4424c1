"""Watching: from when on a person is told about a partner.

What it is: the numbers behind the alerts and the pages, by agreement, since what is a flood for one partner is a normal
morning for another. What it is not: the rules (`gateway.oversight.alerting`). The defaults are those of the Strategic
Partner Gateway's own alarms where it had one, else a first guess to be tuned.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """One recipient's. Zero switches a rule off."""

    waiting: int = 100
    """Messages waiting for it. The real ones: 20 for nDelius, 100 and 200 for the CRCs."""
    waiting_minutes: int = 30
    """Age of the oldest that waits."""
    receipt_minutes: int = 240
    """How long its last word may be owed before it is late."""
    set_aside: int = 1
    """Deliveries whose attempts are exhausted."""
    silence_hours: int = 24
    """How long nothing may be heard of it, in its working hours."""
    certificate_days: int = 30
    """Days before a key or certificate of it ends."""
