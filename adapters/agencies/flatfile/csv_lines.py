"""Lines of CSV after RFC 4180, read strictly and written canonically.

What it is: bytes to lines of cells and back. It keeps what Python's csv module loses: an empty cell in quotation
marks says that there is no value, one without says nothing at all. What it is not: what a line means (see `batch`).
Lines come one by one, so that a large batch is never held twice.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.faults import FaultCode, Refusal, refuse

Cell = str | None
"""None: empty and not quoted. Empty text: quoted, and nothing between the quotation marks. Blanks alone are empty."""

MAX_BYTES: Final = 64 * 1024 * 1024
"""Backstop; agreements set the real limit."""
MAX_LINES: Final = 250_000
MAX_COLUMNS: Final = 100
MAX_CHARACTERS: Final = 500_000
"""Of one line: room for the longest notes with every character doubled."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_END: Final = "\r\n"
_SPECIAL: Final = re.compile(r'["\x00-\x1f\x7f]')
_PLAIN: Final = re.compile(r'[^",\x00-\x1f\x7f]*+')
_QUOTED: Final = re.compile(r'"((?:[^"]++|"")*+)"')
_NEEDS_QUOTES: Final = re.compile(r'[",\x00-\x1f\x7f]|^ | $')


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what ends with CR LF outside quotation marks. A text may hold line breaks of its own."""

    number: int
    """From 1, as the batch's trailer counts."""
    cells: tuple[Cell, ...]

    @property
    def tag(self) -> str:
        """What kind of line it says it is."""
        return self.cells[0] or ""


def where(number: int, column: int = 0, name: str = "") -> str:
    """A place as partners are told: line 7, column 4 (Status)."""
    return f"line {number}" + (f", column {column}" if column else "") + (f" ({name})" if name else "")


def lines_of(content: bytes) -> Iterator[Line]:
    """The lines of a file, at least one. Refuses the file at the first thing that RFC 4180 does not allow."""
    text = _text_of(content)
    position = number = 0
    while position < len(text):
        number += 1
        if number > MAX_LINES:
            raise refuse(FaultCode.TOO_COMPLEX, f"More than {MAX_LINES} lines in one batch are not read.")
        cells, position = _line(text, position, number)
        yield Line(number, cells)


def written(cells: Sequence[Cell]) -> str:
    """One line. Quotation marks stand only where they must: nothing that the values begin with is changed."""
    return ",".join("" if cell is None else _quoted(cell) for cell in cells) + _END


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if not cell or _NEEDS_QUOTES.search(cell) else cell


def _text_of(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise refuse(FaultCode.TOO_LARGE, f"Batches of more than {MAX_BYTES} bytes are not read.")
    if content.startswith(_BYTE_ORDER_MARK):
        raise refuse(FaultCode.MALFORMED, "The file begins with a byte order mark.", pointer=where(1))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise refuse(FaultCode.MALFORMED, f"The file is not UTF-8 at byte {error.start}.") from None
    if not text:
        raise refuse(FaultCode.MALFORMED, "There is nothing in the file.")
    return text


def _line(text: str, start: int, number: int) -> tuple[tuple[Cell, ...], int]:
    end = text.find(_END, start)
    plain = text[start:end] if start < end <= start + MAX_CHARACTERS else ""
    if plain and plain.count(",") < MAX_COLUMNS and _SPECIAL.search(plain) is None:
        # Most lines, and far faster.
        return tuple(cell if cell.strip(" ") else None for cell in plain.split(",")), end + len(_END)
    return _line_with_care(text, start, number)


def _line_with_care(text: str, start: int, number: int) -> tuple[tuple[Cell, ...], int]:
    """Cell by cell: something in the line is quoted, or wrong."""
    cells: list[Cell] = []
    position = start
    while True:
        cell, end = _cell(text, position, number, len(cells) + 1)
        cells.append(cell)
        if end - start > MAX_CHARACTERS:
            raise refuse(FaultCode.TOO_COMPLEX, f"Lines of more than {MAX_CHARACTERS} characters are not read.", pointer=where(number))
        if text.startswith(_END, end):
            break
        if text[end : end + 1] != ",":
            raise _broken(text, position, end, where(number, len(cells)))
        if len(cells) == MAX_COLUMNS:
            raise refuse(FaultCode.TOO_COMPLEX, f"Lines of more than {MAX_COLUMNS} columns are not read.", pointer=where(number))
        position = end + 1
    if cells == [None]:
        raise refuse(FaultCode.MALFORMED, "The line is empty.", pointer=where(number))
    return tuple(cells), end + len(_END)


def _cell(text: str, start: int, number: int, column: int) -> tuple[Cell, int]:
    if not text.startswith('"', start):
        found = _PLAIN.match(text, start)
        plain, end = (found[0], found.end()) if found else ("", start)
        return plain if plain.strip(" ") else None, end
    found = _QUOTED.match(text, start)
    if found is None:
        raise refuse(FaultCode.MALFORMED, "The quoted column is not closed.", pointer=where(number, column))
    if "\x00" in found[1]:
        raise refuse(FaultCode.MALFORMED, "The file holds a NUL.", pointer=where(number, column))
    value = found[1].replace('""', '"')
    return value if value.strip(" ") else "", found.end()


def _broken(text: str, start: int, end: int, place: str) -> Refusal:
    """Why neither a comma nor the end of a line follows a cell."""
    after = text[end : end + 1]
    if not after:
        detail = "The last line does not end with CR LF."
    elif after in _END:
        detail = "Lines end with CR LF; a CR or an LF alone stands only in a quoted column."
    elif text.startswith('"', start):
        detail = "After the closing quotation mark comes a comma or the end of the line."
    elif after == '"':
        detail = "A quotation mark stands only in a quoted column, doubled."
    else:
        detail = "A control character stands only in a quoted column."
    return refuse(FaultCode.MALFORMED, detail, pointer=place)
