"""Which language a command reads or writes: one of the gateway's by its name, or one that a file describes.

What it is: what may be typed, known without loading a dialect. What it is not: the languages themselves (`languages`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.names import Dialect
from gateway.commands.output import CommandError, Exit

MAPPING: Final = "mapping:"
"""Before the name of a file that describes a language."""
TOLD: Final = frozenset({Dialect.CANONICAL, Dialect.CASEFLOW, Dialect.FLATFILE})
"""Those that a document's looks do not tell: all JSON looks alike, and a broken flat file like nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the two."""

    name: Dialect | None = None
    mapping: Path | None = None


def choice(text: str, allowed: Collection[Dialect] = frozenset(Dialect)) -> Choice:
    """What was typed. Raises CommandError."""
    if text.startswith(MAPPING):
        return Choice(mapping=_file(text.removeprefix(MAPPING)))
    known = {dialect.value: dialect for dialect in Dialect if dialect in allowed}
    if text not in known:
        raise CommandError(Exit.USAGE, "usage", "There is no such dialect.", f"one of {', '.join(known)}, or {MAPPING}FILE")
    return Choice(name=known[text])


def _file(path: str) -> Path:
    if path in {"", "-"}:
        raise CommandError(Exit.USAGE, "usage", "A mapping is read from a file.", f"{MAPPING}FILE")
    return Path(path)
