"""The states of a delivery, as a table.

Theory of operation: a delivery is born `waiting`. Handing it over, and every word of the recipient, is an
event; the table says which state may follow. What is not in the table cannot happen, and `next_state`
says so. docs/delivery-states.md is drawn from this table and a test walks it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from gateway.records import DeliveryState as S
from schemas.receipts import Stage


class Event(StrEnum):
    """What can happen to a delivery."""

    HAND_OVER = "hand-over"
    """The queue took it; the recipient's own word is awaited."""
    DELIVER = "deliver"
    APPLY = "apply"
    NOT_APPLY = "not-apply"
    FAIL = "fail"
    """An attempt failed in a way that another may not."""
    REFUSE = "refuse"
    """The recipient, or its language, says no."""
    SET_ASIDE = "set-aside"
    RETRY = "retry"
    """A person puts it back on the road."""
    DISCARD = "discard"
    """A person ends it."""


_WORDS = {Event.DELIVER: S.DELIVERED, Event.APPLY: S.APPLIED, Event.NOT_APPLY: S.NOT_APPLIED}
_ON_THE_ROAD = {
    Event.HAND_OVER: S.HANDED_OVER,
    Event.REFUSE: S.REFUSED,
    Event.SET_ASIDE: S.SET_ASIDE,
    Event.DISCARD: S.DISCARDED,
    **_WORDS,
}
_TABLE: dict[S, dict[Event, S]] = {
    S.WAITING: {**_ON_THE_ROAD, Event.FAIL: S.RETRYING},
    S.RETRYING: {**_ON_THE_ROAD, Event.FAIL: S.RETRYING, Event.RETRY: S.WAITING},
    # A failed resend takes nothing back: the first copy may still be read and receipted.
    S.HANDED_OVER: {**_ON_THE_ROAD, Event.FAIL: S.HANDED_OVER, Event.RETRY: S.WAITING},
    S.DELIVERED: {Event.APPLY: S.APPLIED, Event.NOT_APPLY: S.NOT_APPLIED},
    # The recipient's own late word is worth more than our having given up.
    S.SET_ASIDE: {**_WORDS, Event.RETRY: S.WAITING, Event.DISCARD: S.DISCARDED},
    S.REFUSED: {**_WORDS, Event.RETRY: S.WAITING, Event.DISCARD: S.DISCARDED},
    S.APPLIED: {},
    S.NOT_APPLIED: {},
    S.DISCARDED: {},
}
TRANSITIONS: Mapping[tuple[S, Event], S] = MappingProxyType({(state, event): after for state, row in _TABLE.items() for event, after in row.items()})

UNFINISHED = frozenset({S.WAITING, S.RETRYING, S.HANDED_OVER, S.SET_ASIDE})
"""Still owed to the recipient."""
BLOCKING = frozenset({S.WAITING, S.RETRYING, S.SET_ASIDE})
"""A later message of the same case waits behind these."""
BLOCKING_UNTIL_APPLIED = BLOCKING | {S.HANDED_OVER, S.DELIVERED}
"""The same, where the recipient's agreement keeps order until applied."""

EVENT_OF_STAGE: Mapping[Stage, Event] = MappingProxyType(
    {Stage.DELIVERED: Event.DELIVER, Stage.APPLIED: Event.APPLY, Stage.NOT_APPLIED: Event.NOT_APPLY, Stage.DISCARDED: Event.DISCARD}
)


class ImpossibleTransition(ValueError):
    """The table has no such row."""


def may_follow(state: S, event: Event) -> bool:
    """True where the table has a row."""
    return (state, event) in TRANSITIONS


def next_state(state: S, event: Event) -> S:
    """The state after an event. Raises ImpossibleTransition."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ImpossibleTransition(f"{event} cannot follow {state}") from None
