"""Why something is left out: patterns over canonical paths.

What it is: the lookup, and the notes of patterns that are of no use. What it is not: the list of what has no place,
which the model gives.
"""

import re
from collections.abc import Mapping

from adapters.agencies.declarative.mistakes import Notes, Place
from schemas.leaves import Path


class Reasons:
    """The patterns of one `left_out`. A star stands for any number of steps."""

    def __init__(self, said: Mapping[str, str], place: Place, notes: Notes) -> None:
        self._said = {pattern: (re.compile(".*".join(re.escape(part) for part in pattern.split("*"))), reason) for pattern, reason in said.items()}
        self._place = place
        self._notes = notes
        self._used: set[str] = set()

    def reason(self, path: Path) -> str | None:
        """Why this path is left out; None where nobody says so."""
        dotted = ".".join(path)
        for pattern, (form, reason) in self._said.items():
            if form.fullmatch(dotted):
                self._used.add(pattern)
                return reason
        return None

    def note_carried(self, path: Path) -> None:
        """Note a path that is named here although it has a place."""
        dotted = ".".join(path)
        if dotted in self._said:
            self._used.add(dotted)
            self._notes.add((*self._place, dotted), "it is carried")

    def note_unused(self) -> None:
        """Note every pattern that nothing fitted."""
        for pattern in self._said.keys() - self._used:
            self._notes.add((*self._place, pattern), "nothing that is left out is called so")
