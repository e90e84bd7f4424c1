"""What is wrong with a mapping, told all at once.

What it is: a mistake with its place and line in the YAML, the collector that the checks fill, and the one error. What
it is not: a fault of a message: a mapping is its author's, and is checked before any message comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Place = tuple[str | int, ...]
"""Where in the YAML: names and positions, from the outside in."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend."""

    place: str
    """`messages.Contact.members[3].of`; empty for the whole."""
    line: int
    """From 1; 0 where there is none."""
    what: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "the mapping"
        return f"{where}: {self.place}: {self.what}" if self.place else f"{where}: {self.what}"


class MappingError(ValueError):
    """The mapping cannot be used. Carries every mistake."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("; ".join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(slots=True)
class Notes:
    """Mistakes found so far, each with the line of the nearest thing that is there."""

    lines: Mapping[Place, int]
    found: list[Mistake] = field(default_factory=list)

    def add(self, place: Place, what: str) -> None:
        """Note a mistake once."""
        mistake = Mistake(told(place), self._line(place), what)
        if mistake not in self.found:
            self.found.append(mistake)

    def settle(self) -> None:
        """Raise everything that was found, in the order of the lines; nothing where nothing was."""
        if self.found:
            raise MappingError(sorted(self.found, key=lambda mistake: mistake.line))

    def _line(self, place: Place) -> int:
        shorter = (place[:length] for length in range(len(place), -1, -1))
        return next((self.lines[part] for part in shorter if part in self.lines), 0)


def told(place: Place) -> str:
    """A place as people write it."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return steps.removeprefix(".")
