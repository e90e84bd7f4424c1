"""Control totals: what a batch's last line says of the lines before it.

What it is: the sums of the columns of some values, as they are read and as they are written. What it is not: the
judgement (`csv_walk`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from adapters.agencies.declarative.csv_lines import Column
from adapters.agencies.declarative.language import Total, Trailer
from adapters.agencies.declarative.tables import Field, Record, places_of
from adapters.values import MisreadError

_DIGITS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(slots=True)
class Sums:
    """The totals of the lines so far."""

    trailer: Trailer | None
    _sums: dict[str, int] = field(default_factory=dict)
    _unsure: set[str] = field(default_factory=set)

    def add(self, record: Record | None, columns: Sequence[Column]) -> None:
        """One line. Where its columns are not known, nobody can say what its sender summed."""
        for name, total in self._summed():
            if record is None or len(columns) != len(columns_of(record)):
                self._unsure.add(name)
                continue
            self._add(name, total, record, columns)

    def of(self, name: str, total: Total) -> int:
        """What the trailer has to say."""
        found = self._sums.get(name, 0)
        return found if total.digits is None else found % 10**total.digits

    def sure(self, name: str) -> bool:
        """False: some column of it cannot be read; the message of that line falls anyway."""
        return name not in self._unsure

    def _summed(self) -> list[tuple[str, Total]]:
        return [(name, total) for name, total in self.trailer.totals.items() if total.sums] if self.trailer else []

    def _add(self, name: str, total: Total, record: Record, columns: Sequence[Column]) -> None:
        said = dict(zip(columns_of(record), columns, strict=True))
        for one in record.fields:
            text = said.get(one.places[0][0])
            if one.value in total.sums and text:
                amount = _amount(one, text, total)
                if amount is None:
                    self._unsure.add(name)
                else:
                    self._sums[name] = self._sums.get(name, 0) + amount


def _amount(field_: Field, text: str, total: Total) -> int | None:
    try:
        (value,) = field_.kind.read((text,))
    except MisreadError:
        return None
    return int(Decimal(str(value)) * total.times)


def columns_of(record: Record) -> tuple[str, ...]:
    """The columns of a line after its word, in order."""
    return tuple(place[0] for item in record.items for place in places_of(item))


def total_said(text: str) -> int | None:
    """A total as the trailer writes it; None where it is none."""
    return int(text) if _DIGITS.fullmatch(text) else None
