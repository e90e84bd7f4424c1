"""Lines of CSV to cells and back, after RFC 4180 with a delimiter of choice.

What it is: strict where two readers could differ: quotation marks only around a whole column, one kind of line end. It
keeps what most readers lose: whether an empty column stood in quotation marks. What it is not: what a line means.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.agencies.declarative.language import Csv
from schemas.faults import FaultCode, refuse

MAX_BYTES: Final = 64 * 1024 * 1024
"""Backstop; agreements set the real limit."""
MAX_LINES: Final = 250_000
MAX_COLUMNS: Final = 1000
"""Of one line; no message has a quarter of that."""
ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
Column = str | None
"""None: empty, and not in quotation marks."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its number from 1, the word that it begins with, and the columns after that."""

    number: int
    word: str
    columns: tuple[Column, ...]


def where(number: int, column: int = 0, name: str = "") -> str:
    """A place as partners are told: line 7, column 4 (Status). The word of a line is its first column."""
    return f"line {number}" + (f", column {column} ({name})" if column else "")


def rows_of(content: bytes, csv: Csv) -> Iterator[Row]:
    """The lines of a file. Refuses the file at the first thing that is no CSV."""
    if len(content) > MAX_BYTES:
        raise refuse(FaultCode.TOO_LARGE, f"Batches of more than {MAX_BYTES} bytes are not read.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise refuse(FaultCode.MALFORMED, f"The file is not UTF-8 at byte {error.start}.") from None
    end, mark = ENDS[csv.line_end], re.escape(csv.delimiter)
    cell = re.compile(rf'(?:"((?:[^"]++|"")*+)"|([^"{mark}\x00-\x08\x0a-\x1f\x7f]*+))({mark}|{re.escape(end)})')
    position, number = 0, 0
    while position < len(text) or not number:
        number += 1
        columns, position = _row(text, position, cell, where(number), csv.delimiter)
        if number > MAX_LINES or columns == [None]:
            raise refuse(
                FaultCode.TOO_COMPLEX if number > MAX_LINES else FaultCode.MALFORMED, "There are too many lines, or an empty one.", pointer=where(number)
            )
        yield Row(number, columns[0] or "", tuple(columns[1:]))


def _row(text: str, position: int, cell: re.Pattern[str], place: str, delimiter: str) -> tuple[list[Column], int]:
    columns: list[Column] = []
    while True:
        found = cell.match(text, position)
        if found is None:
            detail = f"After column {len(columns)} comes something that is no column followed by {delimiter} or the end of the line."
            raise refuse(FaultCode.MALFORMED, detail, pointer=place)
        quoted, plain, end = found.groups()
        value = plain if quoted is None else quoted.replace('""', '"')
        columns.append((value.strip(" ") or None) if quoted is None else value.strip(" "))
        position = found.end()
        if len(columns) > MAX_COLUMNS:
            raise refuse(FaultCode.TOO_COMPLEX, f"Lines of more than {MAX_COLUMNS} columns are not read.", pointer=place)
        if end != delimiter:
            return columns, position


def written(csv: Csv, columns: Sequence[Column]) -> str:
    """One line. Without `quoting: all`, quotation marks stand only where they must."""
    return csv.delimiter.join(_column(csv, column) for column in columns) + ENDS[csv.line_end]


def _column(csv: Csv, column: Column) -> str:
    if column is None:
        return ""
    needed = not column or column != column.strip(" ") or any(mark == csv.delimiter or mark == '"' or mark < " " or mark == "\x7f" for mark in column)
    return '"' + column.replace('"', '""') + '"' if needed or csv.quoting == "all" else column
