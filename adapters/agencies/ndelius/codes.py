"""How single values stand on the SPG wire, both ways.

What it is: one `Kind` per form (text, date, time, flag, coded value, version, number). What it is not: a
check of identifiers and lengths, which the canonical model does. Follows XML Schema's lexical forms without
time zones, which is all that the SPG samples show.
"""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from adapters.values import MisreadError
from schemas.canonical.responsibility import Location, Officer, Team
from schemas.canonical.values import Coded
from schemas.identifiers import ZERO_VERSION

LONDON: Final = ZoneInfo("Europe/London")
"""SPG writes local times without a zone."""
_DECIMAL_FORM: Final = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """One lexical form. `read` gets trimmed text that is not empty."""

    name: str
    read: Callable[[str], object]
    write: Callable[[object], str]


def escaped(text: str) -> str:
    """Text as XML content. A carriage return would be lost in line-end normalisation (XML 1.0 §2.11)."""
    if "&" in text or "<" in text or ">" in text or "\r" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")
    return text


def read_date(text: str) -> datetime.date:
    """`YYYY-MM-DD` and nothing else of what ISO 8601 offers."""
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            pass
    raise MisreadError("A date is written YYYY-MM-DD and stands in the calendar.")


def read_time(text: str) -> datetime.time:
    """`HH:MM:SS`, with up to six digits of a second's fraction, without a zone."""
    fraction = text[9:]
    plain = len(text) == 8 or (text[8:9] == "." and 1 <= len(fraction) <= 6 and fraction.isascii() and fraction.isdigit())
    if plain and text[2] == text[5] == ":":
        try:
            return datetime.time.fromisoformat(f"{text[:8]}.{fraction:0<6}" if fraction else text)
        except ValueError:
            pass
    raise MisreadError("A time is written HH:MM:SS or HH:MM:SS.mmm, without a zone.")


def write_time(value: datetime.time) -> str:
    """Milliseconds only where there are some, microseconds only where they are needed."""
    if not value.microsecond:
        return value.isoformat("seconds")
    return value.isoformat("microseconds" if value.microsecond % 1000 else "milliseconds")


def instant(date: datetime.date, time: datetime.time) -> datetime.datetime:
    """Local date and time of London as UTC. In the hour that comes twice in autumn the first is meant."""
    return datetime.datetime.combine(date, time, LONDON).astimezone(datetime.UTC)


def read_number(text: str) -> int:
    """Up to nine plain digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise MisreadError("A number is written in digits.")
    return int(text)


def _read_count(text: str) -> int:
    """Without leading zeros, which a number cannot keep."""
    if text.startswith("0") and text != "0":
        raise MisreadError("A number is written in digits, without leading zeros.")
    return read_number(text)


def _read_date_time(text: str) -> datetime.datetime:
    if text[10:11] != "T":
        raise MisreadError("A date with time is written YYYY-MM-DDTHH:MM:SS, without a zone.")
    return datetime.datetime.combine(read_date(text[:10]), read_time(text[11:]))


def _read_decimal(text: str) -> Decimal:
    if _DECIMAL_FORM.fullmatch(text) is None:
        raise MisreadError("A decimal is written in digits, with at most two after the point.")
    return Decimal(text)


def _read_flag(text: str) -> bool:
    if text == "Y":
        return True
    if text == "N":
        return False
    raise MisreadError("A flag is Y or N.")


def _read_coded(text: str) -> dict[str, str]:
    code, _, description = text.partition("/")
    description = description.strip()
    return {"code": code.rstrip(), "description": description} if description else {"code": code.rstrip()}


def _write_coded(value: object) -> str:
    if not isinstance(value, Coded | Team | Officer | Location):
        raise TypeError(type(value).__name__)
    return escaped(f"{value.code}/{value.description}") if value.description else value.code


def _read_version(text: str) -> str | None:
    return None if text == ZERO_VERSION else text


def _write_version(value: object) -> str:
    return ZERO_VERSION if value is None else str(value)


def _write_date(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _write_date_time(value: object) -> str:
    return f"{value.date().isoformat()}T{write_time(value.time())}" if isinstance(value, datetime.datetime) else str(value)


def _write_time(value: object) -> str:
    return write_time(value) if isinstance(value, datetime.time) else str(value)


TEXT: Final = Kind("text", str, lambda value: escaped(str(value)))
DATE: Final = Kind("date", read_date, _write_date)
TIME: Final = Kind("time", read_time, _write_time)
DATE_TIME: Final = Kind("date-time", _read_date_time, _write_date_time)
FLAG: Final = Kind("flag", _read_flag, lambda value: "Y" if value else "N")
NUMBER: Final = Kind("number", read_number, str)
"""Of the envelope, where leading zeros mean nothing."""
COUNT: Final = Kind("count", _read_count, str)
DECIMAL: Final = Kind("decimal", _read_decimal, str)
CODED: Final = Kind("coded", _read_coded, _write_coded)
VERSION: Final = Kind("version", _read_version, _write_version)
