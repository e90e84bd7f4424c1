"""One message as a batch of its own.

What it is: the lines of a batch from levels, in the order of the mapping, with the control totals of what was written.
What it is not: CSV itself (`csv_lines`).
"""

from collections.abc import Sequence

from adapters.agencies.declarative.csv_lines import Column, written
from adapters.agencies.declarative.csv_totals import Sums, columns_of
from adapters.agencies.declarative.language import Csv
from adapters.agencies.declarative.tables import Level, Record


def write_batch(csv: Csv, envelope: Level, word: str, level: Level, record: Record) -> bytes:
    """The bytes of a batch of one message."""
    opening = {csv.message.number: "1"}
    lines = [
        (csv.header.word, *_columns(envelope, csv.header.columns, csv, csv.header.edition)),
        (csv.message.word, *_columns(envelope, csv.message.columns, csv, opening)),
    ]
    sums = Sums(csv.trailer)
    for tag, its, one in _own_lines(word, level, record):
        columns = _columns(one, columns_of(its), csv, {})
        sums.add(its, columns)
        lines.append((tag, *columns))
    if csv.trailer is not None:
        counted = {"messages": 1, "lines": len(lines) + 1}
        totals = csv.trailer.totals.items()
        lines.append((csv.trailer.word, *(str(counted[total.counts] if total.counts else sums.of(name, total)) for name, total in totals)))
    return "".join(written(csv, line) for line in lines).encode()


def _own_lines(word: str, level: Level, record: Record) -> list[tuple[str, Record, Level]]:
    found = [(word, record, level)]
    for repeats in record.lists:
        items = level.lists.get(repeats.place, [])
        found += [(repeats.place[0], repeats.record, one) for one in items if isinstance(one, Level)] if isinstance(items, list) else []
    return found


def _columns(level: Level, names: Sequence[str], csv: Csv, fixed: dict[str, str]) -> tuple[Column, ...]:
    return tuple(fixed.get(name) or _column(level, name, csv) for name in names)


def _column(level: Level, name: str, csv: Csv) -> Column:
    cell = level.cells.get((name,))
    if cell is None:
        return None
    return str(cell.value) if cell.value is not None else "" if csv.empty == "quoted" else None
