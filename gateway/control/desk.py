"""The desk: what every action of the console works with, and what it may answer.

What it is: store, clock and fresh ids in one place, and the two ways an action can fail to be possible. What it is not:
a session: who acts is handed to each action, and whether they may was decided at the door. Called by the actions here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.contract import Clock, Store
from schemas.identifiers import DeliveryId


class NotPossible(Exception):
    """The state of things, or the wish itself, forbids it. The text may be shown to the person who asked."""


class NotThere(Exception):
    """There is no such thing."""


class CountDiffers(NotPossible):
    """It is not the number any more that the person was shown; nothing was done."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"There are {found} now, not {expected}. Look again, then decide.")
        self.expected, self.found = expected, found


@dataclass(frozen=True, slots=True)
class Desk:
    """One per process."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an action on several things."""

    done: tuple[DeliveryId, ...] = ()
    refused: Mapping[DeliveryId, str] = field(default_factory=dict)
    """Why not, by id."""
