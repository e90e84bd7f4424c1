"""Runbooks: what to look at and do about an alert, as the console shows them.

What it is: the pages of docs/runbooks, which `make docs` copies beside this module, read into headings, paragraphs, lists
and tables of plain spans, so that a template writes and escapes all of it. What it is not: Markdown: what these
pages do not use is not read. Called by the page of a runbook.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "runbooks"
_NAME: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_SPAN: Final = re.compile(r"\*\*(?P<strong>[^*]+)\*\*|`(?P<code>[^`]+)`|\*(?P<em>[^*]+)\*|\[(?P<text>[^\]]+)\]\((?P<link>[a-z-]+)\.md\)")
_HEADING: Final = re.compile(r"(#{1,3}) (.+)")
_POINT: Final = re.compile(r"(?:(\d+)\.|-) +(.+)")
_RULER: Final = re.compile(r"\|[ :|-]+\|")


class Kind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    STEPS = "steps"
    """A numbered list."""
    POINTS = "points"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line; `style` is empty, strong, em, code or link."""

    text: str
    style: str = ""
    href: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block; `lines` are its items or cells, row by row."""

    kind: Kind
    rows: tuple[tuple[Line, ...], ...]
    level: int = 0


@dataclass(frozen=True, slots=True)
class Runbook:
    """One page."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@cache
def names() -> frozenset[str]:
    """Every runbook that there is."""
    return frozenset(path.stem for path in _FOLDER.glob("*.md"))


@cache
def runbook(name: str) -> Runbook | None:
    """By the code of its rule; None where there is none."""
    if not _NAME.fullmatch(name) or name not in names():
        return None
    title, *blocks = read((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    return Runbook(name, "".join(span.text for span in title.rows[0][0]), tuple(blocks))


def read(text: str) -> list[Block]:
    """The blocks of a page; the first is its title."""
    parts = re.split(r"\n\s*\n", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).strip())
    return [block for part in parts for block in _blocks(part.splitlines())]


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    if heading := _HEADING.fullmatch(lines[0]):
        yield Block(Kind.HEADING, ((spans(heading[2]),),), len(heading[1]))
        if lines[1:]:
            yield from _blocks(lines[1:])
    elif point := _POINT.fullmatch(lines[0]):
        yield Block(Kind.STEPS if point[1] else Kind.POINTS, tuple((spans(item),) for item in _items(lines)))
    elif lines[0].startswith("|"):
        yield Block(Kind.TABLE, tuple(tuple(spans(cell.strip()) for cell in line.strip("|").split("|")) for line in lines if not _RULER.fullmatch(line)))
    else:
        yield Block(Kind.PARAGRAPH, ((spans(" ".join(line.strip() for line in lines)),),))


def _items(lines: Sequence[str]) -> list[str]:
    """Items may go on over several lines."""
    found: list[str] = []
    for line in lines:
        point = _POINT.fullmatch(line)
        if point:
            found.append(point[2])
        else:
            found[-1] += " " + line.strip()
    return found


def spans(text: str) -> Line:
    """One line in pieces."""
    found, at = [], 0
    for match in _SPAN.finditer(text):
        if match.start() > at:
            found.append(Span(text[at : match.start()]))
        found.append(_span(match))
        at = match.end()
    return (*found, *((Span(text[at:]),) if at < len(text) else ()))


def _span(match: re.Match[str]) -> Span:
    if match["link"]:
        return Span(match["text"], "link", f"/runbooks/{match['link']}")
    style = next(name for name in ("strong", "code", "em") if match[name])
    return Span(match[style], style)
