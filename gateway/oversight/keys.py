"""Keys of partners: how long each organisation can still be believed, and believe.

What it is: the rule from pinned keys to the day on which a use of them ends. What it is not: a certificate check, which
`gateway.trust` makes at every message. A key that has a successor may end: what counts is the last one of each use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.trust.keyring import KeyRecord, KeyUse

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class End:
    """When an organisation's last key of a use ends."""

    use: KeyUse
    at: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days; below zero once it is over."""
        return (self.at - now) // _DAY


def soonest_end(keys: Iterable[KeyRecord]) -> End | None:
    """Of the last key of each use, the one that ends first; revoked keys count for nothing. None without any key."""
    last: dict[KeyUse, datetime] = {}
    for key in keys:
        if key.revoked_at is None:
            last[key.use] = max(key.not_after, last.get(key.use, key.not_after))
    return min((End(use, at) for use, at in last.items()), key=lambda end: end.at, default=None)
