"""The few shapes of Markdown that generated pages are made of.

What it is: tables, fenced blocks and the head of a page. What it is not: a fact. Called by the makers of pages.
"""

from collections.abc import Iterable, Sequence


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table whose cells may hold anything but structure."""
    lines = [list(heads), *([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def fenced(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.strip()}\n```\n"


def page(title: str, notice: str, parts: Sequence[str]) -> str:
    """A whole page: its title, the notice that it is generated, then the parts that say something."""
    return "\n".join([f"# {title}\n", notice, *(part for part in parts if part)])
