"""Patterns of dates and times: DD/MM/YYYY, hh:mm:ss, YYYYMMDD'T'hhmm.

What it is: a pattern taken apart once, then read and written by it. What it is not: strftime: the tokens are few, each
has one width, and a pattern that could not be read back is refused when the mapping is loaded. Years have four digits.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PARTS: Final = re.compile(r"'([^']*)'|YYYY|MON|Mon|MM|DD|hh|mm|ss|ffffff|fff|([^A-Za-z'])|(.)", re.DOTALL)
_PERHAPS: Final = re.compile(r"\[([^\[\]f]*)f\]")
"""What stands only where there is a fraction."""
_FIELDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "YYYY": ("year", "[0-9]{4}"),
        "MM": ("month", "[0-9]{2}"),
        "MON": ("month", "|".join(month.upper() for month in _MONTHS)),
        "Mon": ("month", "|".join(_MONTHS)),
        "DD": ("day", "[0-9]{2}"),
        "hh": ("hour", "[0-9]{2}"),
        "mm": ("minute", "[0-9]{2}"),
        "ss": ("second", "[0-9]{2}"),
        "fff": ("fraction", "[0-9]{3}"),
        "ffffff": ("fraction", "[0-9]{6}"),
    }
)
"""Token to the field that it holds and the form of its text."""
_DATE: Final = frozenset({"year", "month", "day"})
_CLOCK: Final = frozenset({"hour", "minute"})
Moment = datetime.datetime
"""What every pattern reads and writes; a date has no time of day, a time stands on no day."""
_NO_DAY: Final = datetime.date(1900, 1, 1)


class PatternError(ValueError):
    """The pattern cannot be read back; the argument says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern, ready for use."""

    text: str
    form: re.Pattern[str]
    pieces: tuple[Callable[[Moment], str], ...]
    fields: frozenset[str]

    def read(self, text: str) -> Moment | None:
        """The moment that the text says; None where it does not have this form, or names no day or time that exists."""
        found = self.form.fullmatch(text)
        return _moment({name: value for name, value in found.groupdict().items() if value is not None}) if found else None

    def write(self, moment: Moment) -> str:
        """The text of a moment."""
        return "".join(piece(moment) for piece in self.pieces)


def date_pattern(text: str) -> Pattern:
    """A pattern of a day. Raises PatternError."""
    return _checked(_taken_apart(text), _DATE, frozenset())


def time_pattern(text: str) -> Pattern:
    """A pattern of a time of day. Raises PatternError."""
    return _checked(_taken_apart(text), _CLOCK, frozenset({"second", "fraction"}))


def date_time_pattern(text: str) -> Pattern:
    """A pattern of both. Raises PatternError."""
    return _checked(_taken_apart(text), _DATE | _CLOCK, frozenset({"second", "fraction"}))


def _taken_apart(text: str) -> Pattern:
    perhaps = _PERHAPS.search(text)
    if perhaps is None:
        return _plain(text)
    if perhaps.end() < len(text):
        raise PatternError("what may be absent stands at the end")
    plain, mark = _plain(text[: perhaps.start()]), perhaps[1].strip("'")
    if not mark or "fraction" in plain.fields:
        raise PatternError("a fraction that may be absent has a mark before it, and stands once")
    form = re.compile(f"{plain.form.pattern}(?:{re.escape(mark)}(?P<fraction>[0-9]{{1,6}}))?", re.ASCII)
    pieces = (*plain.pieces, lambda moment: f"{mark}{moment.microsecond:06}" if moment.microsecond else "")
    return Pattern(text, form, pieces, plain.fields | {"fraction"})


def _plain(text: str) -> Pattern:
    form: list[str] = []
    pieces: list[Callable[[Moment], str]] = []
    names: list[str] = []
    for found in _PARTS.finditer(text):
        token, literal = found[0], found[1] if found[1] is not None else found[2]
        if found[3] is not None:
            raise PatternError(f"{found[3]} is no part of a pattern; letters that mean themselves stand in single quotes")
        if literal is not None:
            form.append(re.escape(literal))
            pieces.append(_literally(literal))
            continue
        name, digits = _FIELDS[token]
        names.append(name)
        form.append(f"(?P<{name}>{digits})" if names.count(name) == 1 else digits)
        pieces.append(_WRITERS[token])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PatternError(f"the {twice[0]} stands twice")
    return Pattern(text, re.compile("".join(form), re.ASCII), tuple(pieces), frozenset(names))


def _checked(pattern: Pattern, needed: frozenset[str], allowed: frozenset[str]) -> Pattern:
    if needed - pattern.fields:
        raise PatternError(f"it could not be read back: there is no {', no '.join(sorted(needed - pattern.fields))}")
    if pattern.fields - needed - allowed:
        raise PatternError(f"there is no {', no '.join(sorted(pattern.fields - needed - allowed))} to write")
    if "fraction" in pattern.fields and "second" not in pattern.fields:
        raise PatternError("a fraction without seconds says nothing")
    return pattern


def _moment(found: Mapping[str, str]) -> Moment | None:
    month = found.get("month", "01")
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month.capitalize()) + 1
        day = datetime.date(int(found.get("year", _NO_DAY.year)), number, int(found.get("day", "1")))
        fraction = int(found.get("fraction", "").ljust(6, "0"))
        clock = datetime.time(int(found.get("hour", "0")), int(found.get("minute", "0")), int(found.get("second", "0")), fraction)
        return datetime.datetime.combine(day, clock)
    except ValueError:
        return None


def _literally(literal: str) -> Callable[[Moment], str]:
    return lambda _: literal


_WRITERS: Final[Mapping[str, Callable[[Moment], str]]] = MappingProxyType(
    {
        "YYYY": lambda moment: f"{moment.year:04}",
        "MM": lambda moment: f"{moment.month:02}",
        "MON": lambda moment: _MONTHS[moment.month - 1].upper(),
        "Mon": lambda moment: _MONTHS[moment.month - 1],
        "DD": lambda moment: f"{moment.day:02}",
        "hh": lambda moment: f"{moment.hour:02}",
        "mm": lambda moment: f"{moment.minute:02}",
        "ss": lambda moment: f"{moment.second:02}",
        "fff": lambda moment: f"{moment.microsecond // 1000:03}",
        "ffffff": lambda moment: f"{moment.microsecond:06}",
    }
)


def day_of(value: object) -> Moment:
    """A date as a moment."""
    if not isinstance(value, datetime.date):
        raise TypeError(type(value).__name__)
    return datetime.datetime.combine(value, datetime.time())


def clock_of(value: object) -> Moment:
    """A time of day as a moment."""
    if not isinstance(value, datetime.time):
        raise TypeError(type(value).__name__)
    return datetime.datetime.combine(_NO_DAY, value)


def moment_of(value: object) -> Moment:
    """A date with time as it is."""
    if not isinstance(value, datetime.datetime):
        raise TypeError(type(value).__name__)
    return value
