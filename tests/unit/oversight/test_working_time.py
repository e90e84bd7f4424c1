"""Working time: the sum of what lies in a partner's hours, also where clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.oversight.working_time import LOOKED_BACK, time_between
from gateway.partners.hours import DAYS, Day, WorkingHours

OFFICE = WorkingHours(days=frozenset({Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI}), opens="09:00", closes="17:00")
SUNDAYS = WorkingHours(days=frozenset({Day.SUN}), opens="00:00", closes="06:00")
ALWAYS = WorkingHours(days=frozenset(DAYS), opens="00:00", closes="23:59")


def utc(day: int, hour: int = 0, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "since", "until", "expected"),
    [
        (OFFICE, utc(25, 10), utc(25, 12), 2),
        (OFFICE, utc(25, 6), utc(25, 23), 8),
        (OFFICE, utc(25, 18), utc(26, 8), 0),
        (OFFICE, utc(21), utc(23), 0),
        (OFFICE, utc(20, 16), utc(23, 10), 2),
        (OFFICE, utc(25, 12), utc(25, 12), 0),
        (OFFICE, utc(25, 14), utc(25, 12), 0),
        (OFFICE, utc(24, 8, month=8), utc(24, 9, month=8), 1),  # summer time: nine in London is eight in UTC
        (SUNDAYS, utc(28, month=3), utc(30, month=3), 5),  # the night when clocks go forward is an hour shorter
        (SUNDAYS, utc(24, month=10), utc(26, month=10), 7),  # and that when they go back an hour longer
        (None, utc(20, 16), utc(23, 10), 66),
        (None, utc(23), utc(22), 0),
    ],
)
def test_the_part_in_hours_is_counted(hours: WorkingHours | None, since: datetime, until: datetime, expected: float) -> None:
    assert time_between(hours, since, until) == timedelta(hours=expected)


def test_nobody_is_looked_back_at_for_ever() -> None:
    assert time_between(ALWAYS, utc(1, month=1), utc(25)) <= LOOKED_BACK


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_parts_add_up_and_never_exceed_the_time(first: int, second: int, third: int) -> None:
    a, b, c = (utc(1, month=3) + timedelta(minutes=minutes) for minutes in sorted((first, second, third)))
    assert time_between(OFFICE, a, b) + time_between(OFFICE, b, c) == time_between(OFFICE, a, c) <= c - a
