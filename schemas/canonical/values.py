"""Texts and coded values, as every concept uses them.

What it is: bounded texts without control characters, and a code of a reference list with the description
that its sender may have added. What it is not: the lists themselves, which each system keeps. Lengths are
ours: the published facts name few.
"""

import datetime
import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from schemas.classes import FieldClass
from schemas.identifiers import CODE_FORM
from schemas.payload import Concept

_PRINTABLE: Final = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]*$"
"""XML 1.0 §2.2 can carry nothing else, and nDelius blanks the rest."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=200_000, pattern=_PRINTABLE)]
"""Notes. The markers `\\n` and `/n` that nDelius knows for line feeds stay as they are."""
Code = Annotated[str, StringConstraints(pattern=CODE_FORM), FieldClass.CODE]
StatusNumber = Annotated[int, Field(ge=100, le=999), FieldClass.CODE]
Count = Annotated[int, Field(ge=0, le=999_999_999)]
"""How many: lengths in the unit of their category, attendances, offences."""
Minutes = Annotated[int, Field(ge=0, le=999_999_999)]
Score = Annotated[int, Field(ge=0, le=999)]
"""A risk score in whole points (OGRS)."""

MONEY_FORM: Final = "^(0|[1-9][0-9]{0,9})(\\.[0-9]{1,2})?$"
SCORE_FORM: Final = "^(0|[1-9][0-9]{0,2})(\\.[0-9]{1,2})?$"
"""nDelius keeps the RSR score in NUMBER(5,2)."""

_DATE_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME_FORM: Final = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6}))?", re.ASCII)
_DECIMAL_FORM: Final = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?", re.ASCII)


def _plain_date(value: object) -> object:
    """Pydantic would also take seconds since 1970 in digits: a guess."""
    if not isinstance(value, str):
        return value
    try:
        if _DATE_FORM.fullmatch(value):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("value-invalid", "A date is written YYYY-MM-DD and stands in the calendar.")


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


def _plain_date_time(value: object) -> object:
    """Date and time in one, in civil time like both of them."""
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value
    if isinstance(value, str) and value[10:11] == "T":
        try:
            date, time = _plain_date(value[:10]), _plain_time(value[11:])
        except PydanticCustomError:
            date = time = None
        if isinstance(date, datetime.date) and isinstance(time, datetime.time):
            return datetime.datetime.combine(date, time)
    raise PydanticCustomError("value-invalid", "A date with time is written YYYY-MM-DDTHH:MM:SS, with or without a fraction, without a zone.")


def _plain_decimal(value: object) -> object:
    """Written in digits, as text: a JSON number would lose `150.00`. A trailing zero is kept."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _DECIMAL_FORM.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError("value-invalid", "A decimal is written as text in digits, with at most two after the point.")


CivilDate = Annotated[datetime.date, BeforeValidator(_plain_date)]
CivilTime = Annotated[datetime.time, BeforeValidator(_plain_time)]
"""Local time as it was written, not an instant."""
CivilDateTime = Annotated[datetime.datetime, BeforeValidator(_plain_date_time)]
"""Local date and time as they were written, not an instant."""
Money = Annotated[
    Decimal, Field(ge=0, max_digits=12, decimal_places=2), BeforeValidator(_plain_decimal), WithJsonSchema({"type": "string", "pattern": MONEY_FORM})
]
"""Pounds and pence."""
RiskScore = Annotated[
    Decimal, Field(ge=0, max_digits=5, decimal_places=2), BeforeValidator(_plain_decimal), WithJsonSchema({"type": "string", "pattern": SCORE_FORM})
]
"""A percentage with two decimals (RSR)."""


class Coded(Concept):
    """A value of a reference list: `CODE`, or `CODE/Description` on the SPG wire."""

    code: Code
    """Value of a reference list."""
    description: Text | None = None
    """What it stands for, as the sender wrote it."""
