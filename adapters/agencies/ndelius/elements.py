"""Short ways to say what an element is, for the tables of messages.

What it is: makers of leaves. What it is not: a table (see `records`, `transfers`, `tables`).
"""

from adapters.agencies.ndelius.codes import CODED, TEXT, Kind
from adapters.agencies.ndelius.documents import Leaf


def must(element: str, name: str, kind: Kind = TEXT) -> Leaf:
    """An element that is there and has a value."""
    return Leaf(element=element, path=(name,), kind=kind)


def may(element: str, name: str, kind: Kind = TEXT) -> Leaf:
    """An element that may be absent; empty, it says that there is no value."""
    return Leaf(element=element, path=(name,), kind=kind, required=False)


def blank(element: str, name: str, kind: Kind = TEXT) -> Leaf:
    """An element that is there, and may be empty."""
    return Leaf(element=element, path=(name,), kind=kind, empty=True)


def responsible(provider: str, team: str, officer: str, *path: str) -> tuple[Leaf, Leaf, Leaf]:
    """Provider, team and officer, in the order of the wire."""
    return (
        Leaf(element=provider, path=(*path, "provider")),
        Leaf(element=team, path=(*path, "team"), kind=CODED),
        Leaf(element=officer, path=(*path, "officer"), kind=CODED),
    )


OFFENDER_ID = must("OffenderID", "offender_id")
EVENT_ID = must("EventID", "event_id")
