"""Working hours: when somebody at a partner is there to mend what is down.

What it is: days and times in one time zone, and when they next begin. What it is not: a reason to hold a message back:
messages go out day and night. Only how often a partner that is down is tried hangs on it (`exchange.settle`).
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

ZONES: Final = {"Europe/London": ZoneInfo("Europe/London")}
"""Every partner is in England or Wales; another zone is one line here."""


class Day(StrEnum):
    """Days of the week, as profiles write them."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


DAYS: Final = tuple(Day)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """The same hours on each of the days."""

    days: frozenset[Day]
    opens: str
    """HH:MM, local."""
    closes: str
    """HH:MM, local, later than `opens`."""
    zone: str = "Europe/London"

    def open_at(self, moment: datetime) -> bool:
        """True where somebody is there."""
        local = moment.astimezone(ZONES[self.zone])
        return DAYS[local.weekday()] in self.days and time.fromisoformat(self.opens) <= local.time() < time.fromisoformat(self.closes)

    def next_opening(self, moment: datetime) -> datetime:
        """When they begin next, after this moment."""
        zone = ZONES[self.zone]
        today = moment.astimezone(zone).date()
        for ahead in range(8):
            day = today + timedelta(days=ahead)
            begins = datetime.combine(day, time.fromisoformat(self.opens), zone).astimezone(moment.tzinfo)
            if DAYS[day.weekday()] in self.days and begins > moment:
                return begins
        raise ValueError("working hours name no day")
