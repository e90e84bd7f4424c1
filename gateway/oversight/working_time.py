"""Working time: how much of a stretch of time lies in a partner's working hours.

What it is: one sum over days, right also where the clocks change. What it is not: the hours themselves
(`gateway.partners.hours`). Called by `alerting`.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from gateway.partners.hours import DAYS, ZONES, WorkingHours

LOOKED_BACK: Final = timedelta(days=60)
"""Nobody's silence is counted further back than this."""
_DAY: Final = timedelta(days=1)


def time_between(hours: WorkingHours | None, since: datetime, until: datetime) -> timedelta:
    """The part of it that lies in these hours; all of it where there are none. Zero where `until` is not later."""
    if hours is None:
        return max(until - since, timedelta(0))
    zone = ZONES[hours.zone]
    since = max(since, until - LOOKED_BACK)
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    days = (first + number * _DAY for number in range((last - first).days + 1))
    return sum((_on(hours, day, since, until) for day in days), timedelta(0))


def _on(hours: WorkingHours, day: date, since: datetime, until: datetime) -> timedelta:
    if DAYS[day.weekday()] not in hours.days:
        return timedelta(0)
    # Taken in UTC: the difference of two local times knows nothing of a clock that was put forward between them.
    begins, ends = (datetime.combine(day, time.fromisoformat(text), ZONES[hours.zone]).astimezone(UTC) for text in (hours.opens, hours.closes))
    return max(min(ends, until) - max(begins, since), timedelta(0))
