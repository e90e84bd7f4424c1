"""Texts and coded values, as every concept uses them.

What it is: bounded texts without control characters, and a code of a reference list with the description
that its sender may have added. What it is not: the lists themselves, which each system keeps. Lengths are
ours: the published facts name few.
"""

import datetime
import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.payload import Concept

_PRINTABLE: Final = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]*$"
"""XML 1.0 §2.2 can carry nothing else, and nDelius blanks the rest."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=200_000, pattern=_PRINTABLE)]
"""Notes. The markers `\\n` and `/n` that nDelius knows for line feeds stay as they are."""
Code = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$")]
StatusNumber = Annotated[int, Field(ge=100, le=999)]


_DATE_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME_FORM: Final = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6}))?", re.ASCII)


def _plain_date(value: object) -> object:
    """Pydantic would also take seconds since 1970 in digits: a guess."""
    if not isinstance(value, str):
        return value
    try:
        if _DATE_FORM.fullmatch(value):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("value-invalid", "A date is written YYYY-MM-DD.")


def _plain_time(value: object) -> object:
    """A zone would be lost on the way to systems that keep civil time."""
    if isinstance(value, datetime.time) and value.tzinfo is None:
        return value
    try:
        found = _TIME_FORM.fullmatch(value) if isinstance(value, str) else None
        if found:
            return datetime.time.fromisoformat(f"{found[1]}.{found[2] or '':0<6}")
    except ValueError:
        pass
    raise PydanticCustomError("value-invalid", "A time is written HH:MM:SS, with or without a fraction, without a zone.")


CivilDate = Annotated[datetime.date, BeforeValidator(_plain_date)]
CivilTime = Annotated[datetime.time, BeforeValidator(_plain_time)]
"""Local time as it was written, not an instant."""


class Coded(Concept):
    """A value of a reference list: `CODE`, or `CODE/Description` on the SPG wire."""

    code: Code
    description: Text | None = None
