"""What ends a case early: it did not hold, or it cannot be asked here.

What it is: two exceptions with what a reader of the report needs. What it is not: a fault of the gateway's own table.
"""

from dataclasses import dataclass
from enum import StrEnum


class Whose(StrEnum):
    """Who has to act."""

    PARTNER = "the partner"
    BOTH = "both: an endpoint that cannot be reached may be a firewall of either side"


@dataclass(eq=False)
class Wrong(Exception):
    """The case did not hold."""

    found: str
    """What was seen, in one sentence, without content."""
    todo: str
    """What to do about it."""
    whose: Whose = Whose.PARTNER

    def __str__(self) -> str:
        return self.found


@dataclass(eq=False)
class NotHere(Exception):
    """The case cannot be asked of this partner."""

    why: str

    def __str__(self) -> str:
        return self.why
