"""Expectations: what the story says must happen, noted as it does or does not.

What it is: a list of claims that failed, each in words. What it is not: an assertion: the story goes on, so that its
end can name everything that went wrong. Called by the story and the demo.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.rehearsal.journal import Entry, Journal


@dataclass(slots=True)
class Expectations:
    """Collects what did not hold."""

    patience_seconds: float
    """How long a thing that must happen may take."""
    failed: list[str] = field(default_factory=list)
    held: int = 0

    def that(self, claim: str, holds: bool) -> None:
        """Note a claim."""
        if holds:
            self.held += 1
        else:
            self.failed.append(claim)

    def soon(self, claim: str, journal: Journal, found: Callable[[Entry], bool]) -> Entry | None:
        """Wait until a journal has such an entry, and note whether it came."""
        entry = journal.wait_for(found, self.patience_seconds)
        self.that(claim, entry is not None)
        return entry
