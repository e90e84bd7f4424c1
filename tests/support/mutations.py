"""Fields and the values that they must refuse, read off the canonical models.

What it is: what a field may hold, the wrong values of its kind with the fault that each must give, and one case: a
wrong document and where its one fault is. What it is not: the documents (see `mutations_xml`, `mutations_json`). All
people and numbers are made up.
"""

import datetime
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, StringConstraints

from schemas.envelope import Interchange, Misread
from schemas.faults import Fault, FaultCode, Refusal
from schemas.identifiers import (
    CODE_FORM,
    CONTROL_REFERENCE_FORM,
    CRN_FORM,
    ENTITY_FORM,
    EXTERNAL_ID_FORM,
    OFFICER_FORM,
    PROVIDER_FORM,
    SEARCH_FORM,
    SPG_VERSION_FORM,
    TEAM_FORM,
)

Wrong = tuple[str, object, FaultCode]
"""What is wrong, the wrong value, and the code of its fault."""

MISSING, REPEATED, UNKNOWN = FaultCode.ELEMENT_MISSING, FaultCode.ELEMENT_REPEATED, FaultCode.ELEMENT_UNKNOWN
MISPLACED, STRUCTURE = FaultCode.ELEMENT_MISPLACED, FaultCode.STRUCTURE_INVALID
INVALID, LONG, CODE, IDENTIFIER = FaultCode.VALUE_INVALID, FaultCode.VALUE_TOO_LONG, FaultCode.CODE_UNKNOWN, FaultCode.IDENTIFIER_INVALID
VERSION = FaultCode.VERSION_UNKNOWN

FORMS: Mapping[str, tuple[FaultCode, tuple[str, ...]]] = {
    PROVIDER_FORM: (IDENTIFIER, ("N0", "n00", "N000", "N 0", "Nø0")),
    TEAM_FORM: (IDENTIFIER, ("N00A1", "n00a12", "N00A12X")),
    OFFICER_FORM: (IDENTIFIER, ("N00A29", "n00a294", "N00A2945")),
    CRN_FORM: (IDENTIFIER, ("X12345", "x123456", "X1234567", "1234567", "X12345\u0666")),
    ENTITY_FORM: (IDENTIFIER, ("12A", "-1", "1.0", "1" * 19, "\u0666")),
    SPG_VERSION_FORM: (IDENTIFIER, ("G" * 32, "A" * 31, "A" * 33)),
    SEARCH_FORM: (IDENTIFIER, ("a b", "?", "1" * 65)),
    CONTROL_REFERENCE_FORM: (IDENTIFIER, ("a b", "-1", "1" * 65)),
    EXTERNAL_ID_FORM: (IDENTIFIER, ("a b", "-1", "1" * 129)),
    CODE_FORM: (CODE, ("?", "-A", "A" * 101, "A\u00e9")),
    "^[a-z][a-z0-9-]{0,63}$": (INVALID, ("Element-Missing", "a b", "a" * 65)),
    "^[A-Za-z][A-Za-z0-9]{0,63}$": (INVALID, ("9", "A b", "A" * 65)),
}
"""Wrong values per form, with the fault of that form."""
DATES = ("x", "2018-2-28", "20180228", "2018-02-30", "2017-02-29", "0000-01-01", "2018-02-28Z", "2018-02-28+01:00", "2018-02-28T00:00:00", "28/02/2018")
TIMES = ("x", "11:49", "1149", "25:00:00", "11:60:00", "11:49:16Z", "11:49:16+01:00", "11:49:16.", "11:49:16.1234567", "1:49:16")
_DATE_TIMES = ("x", "2018-02-28", "2018-02-28 11:49:16", "2018-02-30T11:49:16", "2018-02-28T11:49:16Z", "2018-02-28T25:00:00", "2018-02-28T11:49:16+00:00")
WORDS: Mapping[type, tuple[str, ...]] = {
    datetime.date: DATES,
    datetime.time: TIMES,
    datetime.datetime: _DATE_TIMES,
    bool: ("X", "y", "1", "true", "YN"),
    int: ("x", "-1", "1.0", "007", "1" * 10, "1 2", "\u0666", "+1"),
    Decimal: ("x", "-1", "007", "1.234", ".5", "1" * 20, "1e3", "NaN"),
}
"""Texts that are no value of a kind."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold, read off its model."""

    kind: type
    pattern: str | None = None
    longest: int | None = None
    optional: bool = False
    most: float | None = None
    least: float | None = None

    def texts(self) -> Iterator[Wrong]:
        """Wrong texts, the same in both forms where the value is a text there."""
        if self.pattern in FORMS:
            code, words = FORMS[self.pattern]
            yield from (("wrong form", word, code) for word in words)
        elif issubclass(self.kind, StrEnum):
            yield from (("wrong code", word, CODE) for word in ("ZZ", "pn", "PNX"))
        elif self.longest is not None:
            yield "too long", "x" * (self.longest + 1), LONG
        elif self.kind in WORDS:
            yield from (("wrong type", word, INVALID) for word in WORDS[self.kind])
            yield from (("out of bounds", str(number), INVALID) for number in self.outside())

    def outside(self) -> list[int]:
        """Numbers that are too small or too large."""
        low = [] if self.least is None or self.least < 1 else [int(self.least) - 1]
        return low if self.most is None else [*low, int(self.most) + 1]


def field_of(model: type[BaseModel], path: Sequence[str]) -> Field | type[BaseModel]:
    """The field at a path of a model, list positions left out; a model where the path ends at one."""
    info = model.model_fields[path[0]]
    found = list(_flat(info.annotation, info.metadata))
    inner = next((kind for kind, _ in found if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if inner is not None:
        return field_of(inner, path[1:]) if len(path) > 1 else inner
    kind, metadata = next((kind, facts) for kind, facts in found if kind is not type(None))
    texts = [fact for fact in metadata if isinstance(fact, StringConstraints)]
    bounds = {name: value for fact in metadata for name in ("ge", "le") if (value := getattr(fact, name, None)) is not None}
    pattern = next((str(fact.pattern) for fact in texts if fact.pattern), None)
    return Field(
        kind=getattr(kind, "__supertype__", kind),
        pattern=pattern,
        longest=next((fact.max_length for fact in texts if fact.max_length), None),
        optional=not info.is_required(),
        most=bounds.get("le"),
        least=bounds.get("ge"),
    )


def _flat(annotation: object, metadata: Sequence[object] = ()) -> Iterator[tuple[type, Sequence[object]]]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        inner, *facts = typing.get_args(annotation)
        yield from _flat(inner, [*metadata, *facts])
    elif origin in (typing.Union, types.UnionType, tuple):
        for one in typing.get_args(annotation):
            if one is not Ellipsis:
                yield from _flat(one, metadata)
    else:
        yield typing.cast("type", annotation), metadata


@dataclass(frozen=True, slots=True)
class Case:
    """One wrong document, and the one fault that it must give."""

    what: str
    content: bytes
    code: FaultCode
    place: str
    """Of an element that is there: its place as lxml counts it; else the pointer itself."""
    reference: int | None


def faults_in(read: Callable[[bytes], Interchange], content: bytes) -> list[Fault]:
    """Everything that was found wrong with a document."""
    try:
        interchange = read(content)
    except Refusal as refusal:
        return [refusal.fault, *refusal.also]
    return [fault for entry in interchange.entries if isinstance(entry, Misread) for fault in entry.faults]
