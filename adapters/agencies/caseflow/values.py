"""How single values stand in a Caseflow document, both ways.

What it is: one `Kind` per form. A kind covers one place of the canonical model, or, for a worker, two. What
it is not: a check of identifiers and lengths, which the canonical model does.
"""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.agencies.caseflow.codes import CodeList
from schemas.faults import FaultCode
from schemas.record_ids import OWN, OwnReference

Scalar = str | int
"""What stands in the document."""
Values = tuple[object, ...]
"""What stands in the canonical model, one for each path of the member."""

_DATE: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
_MOMENT: Final = re.compile(r"([0-9/]{10}) ([0-9:]{8})", re.ASCII)
_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?", re.ASCII)
_REFERENCE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_NEW: Final = "NEW"


class MisreadError(ValueError):
    """A value of a document does not fit. Carries the row of the fault table and what was expected."""

    def __init__(self, code: FaultCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class UnsayableError(ValueError):
    """Caseflow has no way to say the value. The argument tells why, without it."""


def _nothing_lost(_: Values) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """One form. `lost` tells what `write` cannot keep of a value, if anything."""

    read: Callable[[Scalar], Values]
    write: Callable[[Values], Scalar]
    lost: Callable[[Values], str | None] = _nothing_lost


def text_of(value: Scalar) -> str:
    """A JSON string, trimmed."""
    if not isinstance(value, str):
        raise MisreadError(FaultCode.VALUE_INVALID, "A string was expected.")
    return value.strip()


def _number_of(value: Scalar) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise MisreadError(FaultCode.VALUE_INVALID, "A whole number was expected.")
    return value


def _read_date(value: Scalar) -> Values:
    found = _DATE.fullmatch(text_of(value))
    try:
        if found:
            return (datetime.date(int(found[3]), int(found[2]), int(found[1])),)
    except ValueError:
        pass
    raise MisreadError(FaultCode.VALUE_INVALID, "A date is written DD/MM/YYYY and stands in the calendar.")


def _write_date(values: Values) -> str:
    (value,) = values
    if not isinstance(value, datetime.date):
        raise TypeError(type(value).__name__)
    return f"{value.day:02}/{value.month:02}/{value.year:04}"


def _time_of(values: Values) -> datetime.time:
    (value,) = values
    if not isinstance(value, datetime.time):
        raise TypeError(type(value).__name__)
    return value


def _read_time(value: Scalar) -> Values:
    text = text_of(value)
    try:
        if _TIME.fullmatch(text):
            return (datetime.time.fromisoformat(text),)
    except ValueError:
        pass
    raise MisreadError(FaultCode.VALUE_INVALID, "A time is written HH:MM:SS on the 24-hour clock, in local time.")


def _lost_of_time(values: Values) -> str | None:
    return "Caseflow keeps whole seconds." if _time_of(values).microsecond else None


def _read_moment(value: Scalar) -> Values:
    found = _MOMENT.fullmatch(text_of(value))
    try:
        if found:
            (day,), (clock,) = _read_date(found[1]), _read_time(found[2])
            if isinstance(day, datetime.date) and isinstance(clock, datetime.time):
                return (datetime.datetime.combine(day, clock),)
    except MisreadError:
        pass
    raise MisreadError(FaultCode.VALUE_INVALID, "A date with time is written DD/MM/YYYY HH:MM:SS, in local time.")


def _moment_of(values: Values) -> datetime.datetime:
    (value,) = values
    if not isinstance(value, datetime.datetime):
        raise TypeError(type(value).__name__)
    return value


def _write_moment(values: Values) -> str:
    moment = _moment_of(values)
    return f"{_write_date((moment.date(),))} {moment.time().isoformat('seconds')}"


def _read_amount(value: Scalar) -> Values:
    text = text_of(value)
    if _AMOUNT.fullmatch(text) is None:
        raise MisreadError(FaultCode.VALUE_INVALID, "An amount or a percentage is text in digits, with a point and at most two more.")
    return (Decimal(text),)


def _read_flag(value: Scalar) -> Values:
    text = text_of(value)
    if text not in {"Yes", "No"}:
        raise MisreadError(FaultCode.VALUE_INVALID, "A flag is Yes or No.")
    return (text == "Yes",)


def _read_worker(value: Scalar) -> Values:
    team, separator, officer = text_of(value).partition(":")
    if not separator:
        raise MisreadError(FaultCode.IDENTIFIER_INVALID, "A worker is written TEAM:OFFICER.")
    return team, officer


TEXT: Final = Kind(lambda value: (text_of(value),), lambda values: str(values[0]))
NUMBER: Final = Kind(lambda value: (_number_of(value),), lambda values: int(str(values[0])))
DATE: Final = Kind(_read_date, _write_date)
TIME: Final = Kind(_read_time, lambda values: _time_of(values).isoformat("seconds"), _lost_of_time)
MOMENT: Final = Kind(_read_moment, _write_moment, lambda values: _lost_of_time((_moment_of(values).time(),)))
AMOUNT: Final = Kind(_read_amount, lambda values: f"{Decimal(str(values[0])):f}")
"""Text, since JSON's numbers would lose the noughts of 150.00."""
FLAG: Final = Kind(_read_flag, lambda values: "Yes" if values[0] else "No")
WORKER: Final = Kind(_read_worker, lambda values: f"{values[0]}:{values[1]}")


def coded(codes: CodeList) -> Kind:
    """A code of a list that has a translation for each."""

    def read(value: Scalar) -> Values:
        text = text_of(value)
        if text not in codes.ours:
            raise MisreadError(FaultCode.CODE_UNKNOWN, f"The code is not in the list {codes.name}.")
        return (codes.ours[text],)

    def write(values: Values) -> str:
        code = str(values[0])
        if code not in codes.theirs:
            raise UnsayableError(f"Caseflow's list {codes.name} has no such code.")
        return codes.theirs[code]

    return Kind(read, write)


def reference(prefix: str) -> Kind:
    """`CF-<prefix>-<nDelius's number>`, and `CF-<prefix>-NEW` where there is none yet (0); `~` and Caseflow's own id."""
    start = f"CF-{prefix}-"

    def read(value: Scalar) -> Values:
        text = text_of(value)
        if (own := OWN.fullmatch(text)) is not None:
            return (OwnReference(own[1]),)
        number = text.removeprefix(start)
        if number == _NEW and text.startswith(start):
            return ("0",)
        if not text.startswith(start) or number == "0" or _REFERENCE.fullmatch(number) is None:
            raise MisreadError(FaultCode.IDENTIFIER_INVALID, f"It is written {start} and up to 18 digits, or {start}{_NEW}.")
        return (number,)

    def write(values: Values) -> str:
        number = str(values[0])
        if isinstance(values[0], OwnReference):
            return f"~{values[0].own_id}"
        return start + (_NEW if number == "0" else number)

    return Kind(read, write)
