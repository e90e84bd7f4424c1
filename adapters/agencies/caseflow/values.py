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
from adapters.values import MisreadError, UnsayableError, read_day, write_day
from schemas.faults import FaultCode
from schemas.record_ids import OWN, OwnReference

Scalar = str | int
"""What stands in the document."""
Values = tuple[object, ...]
"""What stands in the canonical model, one for each path of the member."""

_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
_MOMENT: Final = re.compile(r"([0-9/]{10}) ([0-9:]{8})", re.ASCII)
_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?", re.ASCII)
_REFERENCE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_NEW: Final = "NEW"


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
        raise MisreadError("A string was expected.")
    return value.strip()


def _number_of(value: Scalar) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise MisreadError("A whole number was expected.")
    return value


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
    raise MisreadError("A time is written HH:MM:SS on the 24-hour clock, in local time.")


def _lost_of_time(values: Values) -> str | None:
    return "Caseflow keeps whole seconds." if _time_of(values).microsecond else None


def _read_moment(value: Scalar) -> Values:
    found = _MOMENT.fullmatch(text_of(value))
    try:
        if found:
            (clock,) = _read_time(found[2])
            if isinstance(clock, datetime.time):
                return (datetime.datetime.combine(read_day(found[1]), clock),)
    except MisreadError:
        pass
    raise MisreadError("A date with time is written DD/MM/YYYY HH:MM:SS, in local time.")


def _moment_of(values: Values) -> datetime.datetime:
    (value,) = values
    if not isinstance(value, datetime.datetime):
        raise TypeError(type(value).__name__)
    return value


def _write_moment(values: Values) -> str:
    moment = _moment_of(values)
    return f"{write_day(moment)} {moment.time().isoformat('seconds')}"


def _read_amount(value: Scalar) -> Values:
    text = text_of(value)
    if _AMOUNT.fullmatch(text) is None:
        raise MisreadError("An amount or a percentage is text in digits, with a point and at most two more.")
    return (Decimal(text),)


def _read_flag(value: Scalar) -> Values:
    text = text_of(value)
    if text not in {"Yes", "No"}:
        raise MisreadError("A flag is Yes or No.")
    return (text == "Yes",)


def _read_worker(value: Scalar) -> Values:
    team, separator, officer = text_of(value).partition(":")
    if not separator:
        raise MisreadError("A worker is written TEAM:OFFICER.", FaultCode.IDENTIFIER_INVALID)
    return team, officer


TEXT: Final = Kind(lambda value: (text_of(value),), lambda values: str(values[0]))
NUMBER: Final = Kind(lambda value: (_number_of(value),), lambda values: int(str(values[0])))
DATE: Final = Kind(lambda value: (read_day(text_of(value)),), lambda values: write_day(values[0]))
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
            raise MisreadError(f"The code is not in the list {codes.name}.", FaultCode.CODE_UNKNOWN)
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
            raise MisreadError(f"It is written {start} and up to 18 digits, or {start}{_NEW}.", FaultCode.IDENTIFIER_INVALID)
        return (number,)

    def write(values: Values) -> str:
        number = str(values[0])
        if isinstance(values[0], OwnReference):
            return f"~{values[0].own_id}"
        return start + (_NEW if number == "0" else number)

    return Kind(read, write)
