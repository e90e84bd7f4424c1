"""How single values stand in a flat file, both ways.

What it is: one `Kind` per form. A kind covers one place of the canonical model, or, for a worker, two. What it is
not: a check of identifiers and lengths, which the canonical model does. Nothing is lost in any of these forms.
"""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from adapters.agencies.flatfile.codes import CodeTable
from adapters.values import MisreadError, UnsayableError, read_day, write_day
from schemas.faults import FaultCode
from schemas.identifiers import EXTERNAL_ID_FORM, FORMS
from schemas.record_ids import OWN, OwnReference
from schemas.versions import VERSIONS

Values = tuple[object, ...]
"""What stands in the canonical model, one for each path of the column."""

FORMAT: Final = "1"
"""Of the batch file itself."""
_TIME: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{1,6}))?", re.ASCII)
_COUNT: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_TOTAL: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,9})(?:,([0-9]{1,2}))?", re.ASCII)
_OWN_ID: Final = re.compile(EXTERNAL_ID_FORM.removeprefix("^").removesuffix("$"), re.ASCII)


class Total(StrEnum):
    """Which control total of the trailer a column is summed into."""

    IDS = "ids"
    MINUTES = "minutes"
    PENCE = "pence"


@dataclass(frozen=True, slots=True)
class Kind:
    """One form. `read` gets text without blanks around it that is not empty."""

    name: str
    read: Callable[[str], Values]
    write: Callable[[Values], str]
    sums: Total | None = None


def amount(kind: Kind, text: str) -> int | None:
    """What a cell adds to its control total. None: it cannot be read."""
    try:
        (value,) = kind.read(text.strip(" "))
    except MisreadError:
        return None
    return int(value * 100) if isinstance(value, Decimal) else int(str(value))


def _time_of(text: str) -> datetime.time:
    found = _TIME.fullmatch(text)
    try:
        if found:
            return datetime.time(int(found[1]), int(found[2]), int(found[3]), int((found[4] or "").ljust(6, "0")))
    except ValueError:
        pass
    raise MisreadError("A time is written HHMMSS on the 24-hour clock, or HHMMSS.ffffff.")


def _date_time_of(text: str) -> datetime.datetime:
    date, _, time = text.partition(" ")
    try:
        return datetime.datetime.combine(read_day(date), _time_of(time))
    except MisreadError:
        raise MisreadError("A date with time is written DD/MM/YYYY HHMMSS, or DD/MM/YYYY HHMMSS.ffffff.") from None


def _said_time(value: object) -> str:
    if not isinstance(value, datetime.time | datetime.datetime):
        raise TypeError(type(value).__name__)
    fraction = f".{value.microsecond:06}" if value.microsecond else ""
    return f"{value.hour:02}{value.minute:02}{value.second:02}{fraction}"


def _flag_of(text: str) -> bool:
    if text not in {"0", "1"}:
        raise MisreadError("A flag is 1 (yes) or 0 (no).")
    return text == "1"


def _count_of(text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise MisreadError("A number is written in up to nine digits, without leading zeros.")
    return int(text)


def _total_of(text: str) -> int:
    if _TOTAL.fullmatch(text) is None:
        raise MisreadError("A control total is written in up to 18 digits.")
    return int(text)


def _decimal_of(text: str) -> Decimal:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise MisreadError("A decimal is written in digits, with a comma and at most two after it.")
    return Decimal(f"{found[1]}.{found[2]}" if found[2] else found[1])


def _said_decimal(value: object) -> str:
    return f"{value:f}".replace(".", ",") if isinstance(value, Decimal) else str(value)


def _worker_of(text: str) -> Values:
    team, separator, officer = text.partition("/")
    if not separator:
        raise MisreadError("A worker is written TEAM/OFFICER.", FaultCode.IDENTIFIER_INVALID)
    return team, officer


def _own_id_of(text: str) -> str:
    if _OWN_ID.fullmatch(text) is None:
        raise MisreadError(FORMS[EXTERNAL_ID_FORM], FaultCode.IDENTIFIER_INVALID)
    return text


def _version_of(text: str) -> str:
    if text not in VERSIONS:
        raise MisreadError("Spoken here: " + ", ".join(VERSIONS) + ".", FaultCode.VERSION_UNKNOWN)
    return text


def _format_of(text: str) -> str:
    if text != FORMAT:
        raise MisreadError(f"The format of batches read here is {FORMAT}.", FaultCode.VERSION_UNKNOWN)
    return text


def _one(name: str, read: Callable[[str], object], write: Callable[[object], str] = str, sums: Total | None = None) -> Kind:
    return Kind(name, lambda text: (read(text),), lambda values: write(values[0]), sums)


TEXT: Final = _one("text", str)
DATE: Final = _one("date", read_day, write_day)
TIME: Final = _one("time", _time_of, _said_time)
DATE_TIME: Final = _one("date and time", _date_time_of, lambda value: f"{write_day(value)} {_said_time(value)}")
FLAG: Final = _one("flag", _flag_of, lambda value: "1" if value else "0")
COUNT: Final = _one("number", _count_of)
TOTAL: Final = _one("total", _total_of)
MINUTES: Final = _one("minutes", _count_of, str, Total.MINUTES)
DECIMAL: Final = _one("decimal", _decimal_of, _said_decimal)
MONEY: Final = _one("pounds", _decimal_of, _said_decimal, Total.PENCE)
OWN_ID: Final = _one("own id", _own_id_of)
SCHEMA_VERSION: Final = _one("schema version", _version_of)
FILE_FORMAT: Final = _one("format", _format_of)
WORKER: Final = Kind("worker", _worker_of, lambda values: f"{values[0]}/{values[1]}")


def coded(codes: CodeTable) -> Kind:
    """A code of a list that has a translation for each."""

    def read(text: str) -> str:
        if text not in codes.canonical:
            raise MisreadError(f"The code is not in the list {codes.name}.", FaultCode.CODE_UNKNOWN)
        return codes.canonical[text]

    def write(value: object) -> str:
        code = str(value)
        if code not in codes.own:
            raise UnsayableError(f"The flat file's list {codes.name} has no such code.")
        return codes.own[code]

    return _one(f"list {codes.name}", read, write)


def reference(prefix: str) -> Kind:
    """`<prefix>#<nDelius's number>`; the number stays as it is, 0 where there is none yet. `~` and the system's own id
    counts as 0 in the control total."""
    form = re.compile(rf"{prefix}#([0-9]{{1,18}})", re.ASCII)

    def read(text: str) -> str:
        if (own := OWN.fullmatch(text)) is not None:
            return OwnReference(own[1])
        found = form.fullmatch(text)
        if found is None:
            raise MisreadError(f"It is written {prefix}# and up to 18 digits.", FaultCode.IDENTIFIER_INVALID)
        return found[1]

    def write(value: object) -> str:
        return f"~{value.own_id}" if isinstance(value, OwnReference) else f"{prefix}#{value}"

    return _one(f"id {prefix}", read, write, Total.IDS)
