"""A CSV document to levels and back: lines that begin with a word that says what they are.

What it is: RFC 4180 with a delimiter of choice; a line for the envelope, one for the message, one for each item of a
list, perhaps one that counts. What it is not: a batch of many messages. A pointer is the number of the line and the
name of the column: /2/entryDate.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.agencies.declarative.language import Csv
from adapters.agencies.declarative.tables import Cell, Level, Record, Steps, places_of
from schemas.faults import Fault, FaultCode, refuse

MEDIA_TYPE: Final = "text/csv"
MAX_BYTES: Final = 64 * 1024 * 1024
"""Backstop; agreements set the real limit."""
_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
_TRAILER_COLUMN: Final = "count"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number, its word, its columns, and their names where they were told."""

    number: int
    word: str
    columns: tuple[str, ...]
    names: tuple[str, ...] | None


class CsvDocument:
    """The lines of a document."""

    def __init__(self, content: bytes, csv: Csv) -> None:
        """Refuses what is no such document."""
        if len(content) > MAX_BYTES:
            raise refuse(FaultCode.TOO_LARGE, f"Documents of more than {MAX_BYTES} bytes are not read.")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise refuse(FaultCode.MALFORMED, f"The text is not UTF-8 at byte {error.start}.") from None
        lines = list(_named(_lines(text, csv.delimiter), csv))
        if not lines or lines[0].word != csv.header:
            raise refuse(FaultCode.ELEMENT_MISSING, f"The first line begins with {csv.header}.", pointer="/1")
        self._header, *self._others = lines
        if csv.trailer is not None:
            self._check_trailer(csv.trailer)

    def header(self, record: Record) -> Level:
        """The places of the header."""
        return _level(self._header, record)

    def message(self, called: str, record: Record) -> Level:
        """The places of the message: the first line after the header, and the lines of its lists."""
        line = self._others[0] if self._others else None
        if line is None or line.word != called:
            raise refuse(FaultCode.ELEMENT_MISSING, f"This line begins with {called}.", pointer=f"/{line.number if line else self._header.number + 1}")
        level = _level(line, record)
        lists = {repeats.place[0]: repeats for repeats in record.lists}
        for other in self._others[1:]:
            if other.word not in lists:
                level.faults.append(Fault(FaultCode.ELEMENT_UNKNOWN, "No line begins so here.", f"/{other.number}"))
                continue
            repeats = lists[other.word]
            items = level.lists.setdefault(repeats.place, [])
            if isinstance(items, list):
                items.append(_level(other, repeats.record))
        return level

    def _check_trailer(self, word: str) -> None:
        last = self._others.pop() if self._others else self._header
        if last.word != word:
            raise refuse(FaultCode.ELEMENT_MISSING, f"The last line begins with {word}.", pointer=f"/{last.number}")
        if last.columns != (str(len(self._others)),):
            raise refuse(FaultCode.CONTROL_COUNT_WRONG, "It counts the lines between the first and itself.", pointer=f"/{last.number}/{_TRAILER_COLUMN}")


def columns_of(record: Record) -> tuple[str, ...]:
    """The columns of a line, in order."""
    return tuple(place[0] for item in record.items for place in places_of(item))


def _level(line: Line, record: Record) -> Level:
    level = Level(lambda steps: "/".join((f"/{line.number}", *steps)))
    known = columns_of(record)
    names = known if line.names is None else line.names
    for name in names:
        if name not in known:
            level.faults.append(Fault(FaultCode.ELEMENT_UNKNOWN, "The line has no such column.", level.locate((name[:64],))))
    if len(line.columns) > len(names):
        level.faults.append(Fault(FaultCode.ELEMENT_UNKNOWN, "The line has too many columns.", f"/{line.number}/{len(names) + 2}"))
    if len(line.columns) < len(names):
        level.faults += [Fault(FaultCode.ELEMENT_MISSING, "The line has too few columns.", level.locate((name,))) for name in names[len(line.columns) :]]
    for name, value in zip(names, line.columns, strict=False):
        level.cells[(name,)] = Cell(value.strip() or None)
    return level


def _named(lines: Iterator[tuple[int, list[str]]], csv: Csv) -> Iterator[Line]:
    """The lines with their columns' names, if names are told."""
    names: dict[str, tuple[str, ...]] = {}
    for number, (word, *columns) in lines:
        if csv.names and word.startswith("#"):
            told = tuple(columns)
            twice = next((name for name in told if told.count(name) > 1), None)
            if twice is not None or word[1:] in names:
                raise refuse(FaultCode.ELEMENT_REPEATED, "A name stands twice.", pointer=f"/{number}" + (f"/{twice[:64]}" if twice else ""))
            names[word[1:]] = told
        elif csv.names and word not in names and word != csv.trailer:
            raise refuse(FaultCode.ELEMENT_MISSING, "The names of the columns stand before the first such line.", pointer=f"/{number}")
        else:
            yield Line(number, word, tuple(columns), names.get(word))


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every line with its number; a line that spans several, by a line end in quotation marks, has that of its first."""
    cell = re.compile(rf'(?:"((?:[^"]|"")*)"|([^"\r\n{re.escape(delimiter)}]*))({re.escape(delimiter)}|\r\n|\n|\r|\Z)')
    position, number = 0, 1
    while position < len(text):
        first, columns, end = number, list[str](), delimiter
        while end == delimiter:
            found = cell.match(text, position)
            if found is None:
                raise refuse(FaultCode.MALFORMED, f"The quotation marks of column {len(columns) + 1} are wrong.", pointer=f"/{first}")
            quoted, plain, end = found[1], found[2], found[3]
            columns.append(plain if quoted is None else quoted.replace('""', '"'))
            number += len(re.findall(r"\r\n|\n|\r", quoted or ""))
            position = found.end()
        number += 1
        if columns != [""]:
            yield first, columns


def written(csv: Csv, header: Level, header_columns: Sequence[str], called: str, level: Level, record: Record) -> bytes:
    """The bytes of a document."""
    rows = [(csv.header, tuple(header_columns), [header]), (called, columns_of(record), [level])]
    for repeats in record.lists:
        items = level.lists.get(repeats.place, [])
        inside = [one for one in items if isinstance(one, Level)] if isinstance(items, list) else []
        rows.append((repeats.place[0], columns_of(repeats.record), inside))
    lines: list[str] = []
    for word, columns, levels in rows:
        if csv.names and levels:
            lines.append(_line(csv, (f"#{word}", *columns)))
        lines += [_line(csv, (word, *(_said(one, (name,)) for name in columns))) for one in levels]
    if csv.trailer is not None:
        lines.append(_line(csv, (csv.trailer, str(sum(len(levels) for _, _, levels in rows[1:])))))
    return "".join(lines).encode()


def _said(level: Level, steps: Steps) -> str:
    cell = level.cells.get(steps)
    return "" if cell is None or cell.value is None else str(cell.value)


def _line(csv: Csv, columns: Sequence[str]) -> str:
    return csv.delimiter.join(_quoted(csv, column) for column in columns) + _ENDS[csv.line_end]


def _quoted(csv: Csv, column: str) -> str:
    if csv.quoting == "all" or any(mark in column for mark in (csv.delimiter, '"', "\r", "\n")):
        return '"' + column.replace('"', '""') + '"'
    return column
