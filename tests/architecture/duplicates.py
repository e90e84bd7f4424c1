"""Finds code that stands twice: a run of equal lines in two places.

What it is: a small check for `make check`, run by a test as well. What it is not: clever; lines are compared
without indentation, comments, imports and blank lines. Run it alone to list what it finds.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WINDOW = 12
"""Equal lines in a row that count as a copy."""
_SKIPPED = re.compile(r"^(#.*|from .* import .*|import .*|[)\]}]+,?|)$")
_DATA = re.compile(r"^(\"[^\"]*\"|'[^']*'|-?[\d.]+)(: .*)?,?$")
"""A line of a literal table: tables repeat by nature."""

Line = tuple[int, str]


def significant_lines(text: str) -> list[Line]:
    """The lines that count, with their numbers."""
    stripped = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    return [(number, line) for number, line in stripped if not _SKIPPED.match(line) and not _DATA.match(line)]


def find_duplicates(texts: dict[str, str], window: int = WINDOW) -> list[tuple[str, str]]:
    """Pairs of places, `file:line`, where the same run of lines begins."""
    places: dict[tuple[str, ...], list[tuple[str, int, int]]] = defaultdict(list)
    for name, text in texts.items():
        lines = significant_lines(text)
        for index in range(len(lines) - window + 1):
            run = tuple(line for _, line in lines[index : index + window])
            places[run].append((name, index, lines[index][0]))
    return _first_of_each_copy(places.values())


def _first_of_each_copy(groups: Iterable[list[tuple[str, int, int]]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    seen: set[tuple[str, int, str, int]] = set()
    for group in groups:
        first, *others = group
        for other in others:
            key = (first[0], first[1], other[0], other[1])
            if (first[0], first[1] - 1, other[0], other[1] - 1) not in seen:
                found.append((f"{first[0]}:{first[2]}", f"{other[0]}:{other[2]}"))
            seen.add(key)
    return found


def read_sources() -> dict[str, str]:
    """The modules that are installed."""
    paths = [path for package in ("schemas", "broker", "adapters", "gateway") for path in sorted((ROOT / package).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def main() -> int:
    """List the copies; 1 where there is one."""
    found = find_duplicates(read_sources())
    sys.stdout.writelines(f"duplicate: {one} and {other}\n" for one, other in found)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
