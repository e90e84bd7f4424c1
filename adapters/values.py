"""What single values have in common in every dialect that has forms of its own: how they fail, and a day in digits.

What it is: the error of a value that cannot be read, that of one that cannot be said, and the one form that two partners
share. What it is not: a home of the dialects' kinds. Those differ in what they are given (trimmed text, JSON's scalars,
several places at once), in what they give (one value, one for each path, none for what is left out) and in what they tell:
each tells the sender of the partner's own form. A time is HH:MM:SS with a fraction in one, without in the next, HHMMSS in
the third and whatever a mapping says in the fourth.
"""

import datetime
import re
from typing import Final

from schemas.faults import FaultCode

_DAY: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", re.ASCII)


class MisreadError(ValueError):
    """A value of a document does not fit. Carries what was expected, and the row of the fault table."""

    def __init__(self, detail: str, code: FaultCode = FaultCode.VALUE_INVALID) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code


class UnsayableError(ValueError):
    """The partner has no way to say the value. The argument tells why, without it."""


def read_day(text: str) -> datetime.date:
    """`DD/MM/YYYY`."""
    found = _DAY.fullmatch(text)
    try:
        if found:
            return datetime.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise MisreadError("A date is written DD/MM/YYYY and stands in the calendar.")


def write_day(value: object) -> str:
    """The same, of a date or the date of a moment."""
    if not isinstance(value, datetime.date):
        raise TypeError(type(value).__name__)
    return f"{value.day:02}/{value.month:02}/{value.year:04}"
