"""How single values stand in a partner's document, both ways.

What it is: one `Kind` made from each word of `values`. A kind goes between the places of theirs and the places of ours
that a member names, mostly one each. What it is not: a check of identifiers and lengths, which the canonical model does.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from adapters.agencies.declarative import formats, language
from adapters.agencies.declarative.formats import Moment, Pattern
from adapters.values import MisreadError, UnsayableError
from schemas.faults import FaultCode
from schemas.record_ids import NONE_YET, OWN_FORM, OwnReference

Scalar = str | int
"""What stands in a document; a flag of JSON is an int by nature."""
Found = tuple[Scalar | None, ...]
"""What stands in the partner's places; None where nothing does."""
Values = tuple[object, ...]
"""What stands in ours."""
_REFERENCE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_DIGITS: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


def nothing_lost(_: Values) -> str | None:
    """Of a value that comes back as it went."""
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """One form. `lost` tells what `write` cannot keep of a value, if anything."""

    read: Callable[[Found], Values]
    write: Callable[[Values], Found]
    lost: Callable[[Values], str | None] = nothing_lost
    words: tuple[str, ...] = ()
    """Codes of ours that it knows, where it knows a list and nothing else."""


def single(read: Callable[[Scalar], object], write: Callable[[object], Scalar], lost: Callable[[object], str | None] = lambda _: None) -> Kind:
    """A kind of one place on either side."""
    return Kind(lambda found: (read(_there(found[0])),), lambda values: (write(values[0]),), lambda values: lost(values[0]))


def _there(value: Scalar | None) -> Scalar:
    if value is None:
        raise MisreadError("It is mandatory here.", FaultCode.ELEMENT_MISSING)
    return value


def text_of(value: Scalar) -> str:
    """A text. Blanks around it were taken away with the rest of its form."""
    if not isinstance(value, str):
        raise MisreadError("A string was expected.")
    return value


def text(said: language.Text) -> Kind:
    """Text, perhaps of a bounded length."""
    longest = said.longest

    def write(value: object) -> str:
        whole = str(value)
        if longest is None or len(whole) <= longest:
            return whole
        if said.too_long == "refuse":
            raise UnsayableError(f"The partner keeps {longest} characters.")
        return whole[:longest].rstrip()

    def lost(value: object) -> str | None:
        return f"The partner keeps {longest} characters." if longest is not None and len(str(value)) > longest else None

    return single(text_of, write, lost)


def number(said: language.Number, *, as_text: bool) -> Kind:
    """A whole number, as JSON has it or in digits."""
    if said.written != "text" and not as_text:
        return single(_integer, lambda value: int(str(value)))
    width = said.width

    def read(value: Scalar) -> int:
        digits = text_of(value)
        fits = re.fullmatch(f"[0-9]{{{width}}}", digits, re.ASCII) if width else _DIGITS.fullmatch(digits)
        if fits is None:
            raise MisreadError(f"A number is written in {width} digits." if width else "A number is written in digits.")
        return int(digits)

    def write(value: object) -> str:
        digits = f"{int(str(value)):0{width or 1}d}"
        if width and len(digits) > width:
            raise UnsayableError(f"The partner keeps {width} digits.")
        return digits

    return single(read, write)


def _integer(value: Scalar) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise MisreadError("A whole number was expected.")
    return value


def decimal(said: language.Decimal) -> Kind:
    """A number with a fraction, in digits."""
    places, point = said.places, said.point
    fraction = f"[0-9]{{{places}}}" if places is not None else "[0-9]{1,2}"
    tail = "" if places == 0 else f"{re.escape(point)}{fraction}"
    form = re.compile(f"[0-9]+({tail})" if places is not None else f"(0|[1-9][0-9]{{0,9}})({tail})?", re.ASCII)

    def read(value: Scalar) -> Decimal:
        digits = text_of(value)
        if form.fullmatch(digits) is None or len(digits) > 20:
            raise MisreadError(f"A decimal is written as {_example(said)}.")
        return Decimal(digits) / 10 ** (places or 0) if not point else Decimal(digits.replace(point, "."))

    def write(value: object) -> str:
        amount = Decimal(str(value))
        if places is None:
            return f"{amount:f}".replace(".", point)
        rounded = amount.quantize(Decimal(1).scaleb(-places))
        if rounded != amount:
            raise UnsayableError(f"The partner keeps {places} digits after the point.")
        return f"{rounded:f}".replace(".", point)

    return single(read, write)


def _example(said: language.Decimal) -> str:
    return f"12{said.point}{'50'[: 2 if said.places is None else said.places]}".rstrip(".,")


def moment(pattern: Pattern, to_moment: Callable[[object], Moment], of_moment: Callable[[Moment], object]) -> Kind:
    """A date, a time or both, by one pattern."""

    def read(value: Scalar) -> object:
        found = pattern.read(text_of(value))
        if found is None:
            raise MisreadError(f"It is written {pattern.text}.")
        return of_moment(found)

    def lost(value: object) -> str | None:
        meant = to_moment(value)
        return None if pattern.read(pattern.write(meant)) == meant else f"The partner writes {pattern.text} and keeps no more."

    return single(read, lambda value: pattern.write(to_moment(value)), lost)


def date(said: language.Date) -> Kind:
    """A day."""
    return moment(formats.date_pattern(said.pattern), formats.day_of, lambda found: found.date())


def time(said: language.Time) -> Kind:
    """A time of day."""
    return moment(formats.time_pattern(said.pattern), formats.clock_of, lambda found: found.time())


def date_time(said: language.DateTime) -> Kind:
    """A day with its time, in one place or in two."""
    if said.time is None:
        return moment(formats.date_time_pattern(said.pattern), formats.moment_of, lambda found: found)
    day = date(language.Date(**{"is": "date", "pattern": said.pattern}))
    clock = time(language.Time(**{"is": "time", "pattern": said.time}))

    def read(found: Found) -> Values:
        (on,), (at,) = day.read(found[:1]), clock.read(found[1:])
        return (datetime.datetime.combine(formats.day_of(on).date(), formats.clock_of(at).time()),)

    def write(values: Values) -> Found:
        whole = formats.moment_of(values[0])
        return *day.write((whole.date(),)), *clock.write((whole.time(),))

    return Kind(read, write, lambda values: clock.lost((formats.moment_of(values[0]).time(),)))


def flag(said: language.Flag) -> Kind:
    """Yes or no, in the partner's words."""
    words = {False: said.no, True: said.yes}

    def read(value: Scalar) -> bool:
        for meaning, word in words.items():
            # JSON's true is no 1, though Python's is.
            if value == word and isinstance(value, bool) == isinstance(word, bool):
                return meaning
        if isinstance(said.yes, str) and not isinstance(value, str):
            raise MisreadError("A string was expected.")
        raise MisreadError(f"A flag is {said.yes} or {said.no}.")

    return single(read, lambda value: words[bool(value)])


def reference(said: language.Reference) -> Kind:
    """A prefix and the record's number, or what says that there is none yet; or a mark and the partner's own id."""
    start, new, mark = said.prefix, said.new, said.own
    detail = f"It is written {start} and up to 18 digits" + (f", or {start}{new}." if new else ".")

    def read(value: Scalar) -> str:
        whole = text_of(value)
        if mark is not None and whole.startswith(mark) and OWN_FORM.fullmatch(whole.removeprefix(mark)) is not None:
            return OwnReference(whole.removeprefix(mark))
        rest = whole.removeprefix(start)
        if whole.startswith(start) and new is not None and rest == new:
            return "0"
        if not whole.startswith(start) or _REFERENCE.fullmatch(rest) is None or (new is not None and rest == "0"):
            raise MisreadError(detail, FaultCode.IDENTIFIER_INVALID)
        return rest

    def write(value: object) -> str:
        if mark is not None and isinstance(value, OwnReference):
            return mark + value.own_id
        return start + (new if new is not None and str(value) == "0" else str(value))

    return single(read, write)


def beside(kind: Kind) -> Kind:
    """A number, and the partner's own id of the record in a place of its own. One of them is enough."""

    def read(found: Found) -> Values:
        number, own = found[0], found[1] if len(found) > 1 else None
        values = kind.read((number,)) if number is not None or own is None else (NONE_YET,)
        if own is None:
            return values
        if OWN_FORM.fullmatch(text_of(own)) is None:
            raise MisreadError("An own id begins with a letter or digit and has up to 64 of these and . _ : / -", FaultCode.IDENTIFIER_INVALID)
        return (OwnReference(text_of(own), str(values[0])),)

    def write(values: Values) -> Found:
        (value,) = values
        return *kind.write((str(value),)), value.own_id if isinstance(value, OwnReference) else None

    return Kind(read, write, kind.lost)


@dataclass(frozen=True, slots=True)
class Codes:
    """A table, ready for use in both directions."""

    name: str
    theirs: Mapping[str, str]
    ours: Mapping[str, str]
    one_way: frozenset[str]
    """Codes of ours that come back as another."""
    same: bool

    def read(self, value: Scalar) -> str:
        """Theirs to ours."""
        code = text_of(value)
        found = self.ours.get(code)
        if found is None and (not self.same or code in self.theirs):
            raise MisreadError(f"The code is not in the list {self.name}.", FaultCode.CODE_UNKNOWN)
        return code if found is None else found

    def write(self, value: object) -> str:
        """Ours to theirs."""
        code = str(value)
        found = self.theirs.get(code)
        if found is None and (not self.same or code in self.ours):
            raise UnsayableError(f"The partner's list {self.name} has no such code.")
        return code if found is None else found


def code(codes: Codes) -> Kind:
    """A code of a list."""

    def lost(value: object) -> str | None:
        return f"The partner's list {codes.name} has one code for several." if str(value) in codes.one_way else None

    kind = single(codes.read, codes.write, lost)
    return kind if codes.same else replace(kind, words=tuple(codes.theirs))


def joined(said: language.Joined, count: int) -> Kind:
    """Several of ours in one of theirs. Everything after the last separator that is needed belongs to the last."""
    least = said.least or count

    def read(found: Found) -> Values:
        parts = text_of(_there(found[0])).split(said.separator, count - 1)
        if len(parts) < least:
            raise MisreadError(f"It is written as {count} parts with {said.separator} between.", FaultCode.IDENTIFIER_INVALID)
        return *parts, *(None,) * (count - len(parts))

    def write(values: Values) -> Found:
        parts = [str(value) for value in values if value is not None]
        gap = any(value is None for value in values[: len(parts)])
        if len(parts) < least or gap or any(said.separator in part for part in parts[: count - 1]):
            raise UnsayableError(f"It cannot be told with {said.separator} between its parts.")
        return (said.separator.join(parts),)

    return Kind(read, write)


def split(said: language.Split, count: int) -> Kind:
    """One of ours in several of theirs."""

    def read(found: Found) -> Values:
        parts = [text_of(value) for value in found if value is not None]
        if any(value is None for value in found[: len(parts)]) or any(said.separator in part for part in parts[:-1]):
            raise MisreadError("Its parts do not make one value.")
        return (said.separator.join(parts),)

    def write(values: Values) -> Found:
        parts = str(values[0]).split(said.separator, count - 1)
        if any(part != part.strip() or not part for part in parts):
            raise UnsayableError(f"It cannot be told in {count} parts.")
        return *parts, *(None,) * (count - len(parts))

    return Kind(read, write)
