"""How the console says things: states and health as words with a colour, times in UK time, numbers, durations.

What it is: pure functions and tables that templates use as filters. What it is not: markup, and no rule: what a
state means is decided elsewhere. Called by `rendering`. Style: the GOV.UK style guide (5:30pm, midday, 1,234).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.oversight.health import WORDS as HEALTH_WORDS
from gateway.oversight.health import Health
from gateway.oversight.records import AlertState, OrderState
from gateway.oversight.views import ReceiptStanding
from gateway.records import DeliveryState

UK = ZoneInfo("Europe/London")
_COLOURS = frozenset(("grey", "green", "teal", "blue", "purple", "magenta", "red", "orange", "yellow"))
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Tag:
    """A state in words; the colour only helps."""

    text: str
    colour: str

    def __post_init__(self) -> None:
        if self.colour not in _COLOURS:
            raise ValueError(f"no tag has the colour {self.colour}")


STATES: Mapping[str, Tag] = MappingProxyType(
    {
        DeliveryState.WAITING: Tag("Waiting", "blue"),
        DeliveryState.RETRYING: Tag("Retrying", "yellow"),
        DeliveryState.HANDED_OVER: Tag("Handed over", "teal"),
        DeliveryState.DELIVERED: Tag("Delivered", "green"),
        DeliveryState.APPLIED: Tag("Applied", "green"),
        DeliveryState.NOT_APPLIED: Tag("Not applied", "orange"),
        DeliveryState.REFUSED: Tag("Refused", "red"),
        DeliveryState.SET_ASIDE: Tag("Set aside", "red"),
        DeliveryState.DISCARDED: Tag("Discarded", "grey"),
    }
)
"""Of deliveries."""
_HEALTH_COLOURS = {
    Health.DOWN: "red",
    Health.STRUGGLING: "orange",
    Health.PAUSED: "purple",
    Health.SUSPENDED: "magenta",
    Health.JOINING: "blue",
    Health.GONE: "grey",
    Health.WORKING: "green",
    Health.QUIET: "teal",
}
HEALTH: Mapping[str, Tag] = MappingProxyType({health: Tag(HEALTH_WORDS[health], colour) for health, colour in _HEALTH_COLOURS.items()})
"""Of partners."""
ALERTS: Mapping[str, Tag] = MappingProxyType(
    {
        AlertState.FIRING: Tag("Firing", "red"),
        "acknowledged": Tag("Acknowledged", "yellow"),
        "muted": Tag("Muted", "grey"),
        AlertState.RESOLVED: Tag("Resolved", "green"),
    }
)
"""Of alerts; what people did about one that fires is said instead of its firing."""
ORDERS: Mapping[str, Tag] = MappingProxyType(
    {OrderState.WAITING: Tag("Asked for", "blue"), OrderState.DONE: Tag("Done", "green"), OrderState.REFUSED: Tag("Refused", "red")}
)
"""Of what a worker with the keys is asked to do."""
RECEIPTS: Mapping[str, Tag] = MappingProxyType(
    {
        ReceiptStanding.EXPECTED: Tag("Expected", "blue"),
        ReceiptStanding.LATE: Tag("Late", "orange"),
        ReceiptStanding.NEGATIVE: Tag("Negative", "red"),
        ReceiptStanding.POSITIVE: Tag("Positive", "green"),
    }
)
"""Of a recipient's last word."""


def tag_of(tags: Mapping[str, Tag], value: str) -> Tag:
    """The tag of a state. A state that has no words yet is shown as it is called, in grey: a page never fails over a colour."""
    return tags.get(value) or Tag(str(value).replace("-", " ").capitalize(), "grey")


def uk_date(at: datetime) -> str:
    """23 November 2026."""
    return f"{_local(at):%-d %B %Y}"


def uk_time(at: datetime) -> str:
    """6:34pm, midday, midnight: to the minute."""
    local = _local(at)
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    return f"{local.hour % 12 or 12}{f':{local.minute:02}' if local.minute else ''}{'pm' if local.hour >= 12 else 'am'}"


def uk_moment(at: datetime) -> str:
    """23 November 2026 at 6:34pm."""
    return f"{uk_date(at)} at {uk_time(at)}"


def uk_exact(at: datetime) -> str:
    """23 November 2026 at 18:34:05: to the second, where the order of things matters."""
    return f"{uk_date(at)} at {_local(at):%H:%M:%S}"


def uk_short(at: datetime) -> str:
    """23 Nov, 6:34pm: for tables."""
    return f"{_local(at):%-d %b}, {uk_time(at)}"


def iso(at: datetime) -> str:
    """For machines, in UTC: what the `datetime` attribute of a time element takes."""
    return _aware(at).astimezone(ZoneInfo("UTC")).isoformat(timespec="seconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """What stands in a record as ISO 8601."""
    return datetime.fromisoformat(text)


def duration(seconds: float) -> str:
    """3 hours 5 minutes: the two largest units."""
    left, parts = max(0, int(seconds)), []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"


def number(value: int) -> str:
    """1,234."""
    return f"{value:,}"


def counted(value: int, singular: str, plural: str = "") -> str:
    """1 message, 1,234 messages."""
    return f"{value:,} {singular if value == 1 else plural or singular + 's'}"


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time on a page needs its zone")
    return at


def _local(at: datetime) -> datetime:
    return _aware(at).astimezone(UK)
