"""Cases of the conformance suite: what each proves, how much it matters, and to whom it applies.

What it is: the words in which the suite is a table. What it is not: the cases (`suite` and the modules of plays), nor
their playing (`play`). Called by all of them and by the page that lists them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.rehearsal.conformance.stand import Stand


class Level(StrEnum):
    """What a failure means."""

    MUST = "must"
    """A partner that fails it cannot be live."""
    SHOULD = "should"
    """A partner that fails it is told."""


class Group(StrEnum):
    """What a case is about. In the order of playing."""

    CONNECTION = "connection"
    SCHEMA = "schema"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    CLOCK = "clock"
    REPLAY = "replay"
    DUPLICATES = "duplicates"
    ORDER = "order"
    SIZE = "size"
    CHARACTERS = "characters"
    RECEIPTS = "receipts"
    SENDING = "sending"
    FILES = "files"
    DETAILS = "details"
    SPEED = "speed"
    KEYS = "keys"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Scope:
    """To whom a case applies; what is not said applies to everybody."""

    modes: frozenset[str] = frozenset()
    packagings: frozenset[str] = frozenset()
    dialects: frozenset[str] = frozenset()
    inside: bool = False
    """Only where the partner's own journal can be read: a simulator."""

    def told(self) -> str:
        """In words, for the table."""
        parts = [", ".join(sorted(names)) for names in (self.modes, self.packagings, self.dialects) if names]
        return "; ".join([*parts, *(["simulated"] if self.inside else [])]) or "all"


EVERYBODY = Scope()
PUSHED = Scope(modes=frozenset({"push"}))
JSON = Scope(packagings=frozenset({"detached", "jws"}))
SOAP = Scope(packagings=frozenset({"wss"}))
FILES = Scope(modes=frozenset({"drop"}))
DETAILS = Scope(dialects=frozenset({"domain-events"}))
INSIDE = Scope(inside=True)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a partner is to do."""

    id: str
    group: Group
    title: str
    proves: str
    play: Callable[[Stand], None]
    """Returns when it held; raises `Wrong` where it did not, and `NotHere` where it cannot be asked."""
    level: Level = Level.MUST
    scope: Scope = EVERYBODY
