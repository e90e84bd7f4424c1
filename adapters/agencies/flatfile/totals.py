"""Control totals: what a batch's trailer says of its lines.

What it is: the sums of record ids, of minutes and of pence over the columns that hold them, as they are read and as
they are written. What it is not: the judgement (see `batch`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.agencies.flatfile.csv_lines import Cell
from adapters.agencies.flatfile.shapes import Record
from adapters.agencies.flatfile.values import Total, amount

ID_MODULUS: Final = 10**12
"""The sum of record ids means nothing; its last twelve digits are told."""


@dataclass(slots=True)
class Sums:
    """The totals of the lines so far."""

    _totals: dict[Total, int] = field(default_factory=lambda: dict.fromkeys(Total, 0))
    _unsure: set[Total] = field(default_factory=set)

    def add(self, record: Record | None, cells: Sequence[Cell]) -> None:
        """One line, and what is known of its columns. None, or another number of columns: nothing is."""
        if record is None or len(cells) != record.width:
            self._unsure.update(Total)
            return
        for column, cell in zip(record.columns, cells[1:], strict=True):
            if column.kind.sums is not None and cell:
                self._add(column.kind.sums, amount(column.kind, cell))

    def _add(self, total: Total, found: int | None) -> None:
        if found is None:
            self._unsure.add(total)
        else:
            self._totals[total] += found

    def of(self, total: Total) -> int:
        """What the trailer has to say."""
        return self._totals[total] % ID_MODULUS if total is Total.IDS else self._totals[total]

    def sure(self, total: Total) -> bool:
        """False: some column of it cannot be read, so nobody can say what its sender summed; its message falls anyway."""
        return total not in self._unsure
