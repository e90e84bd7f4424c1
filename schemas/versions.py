"""Versions of the message schema, and what is known of their differences.

What it is: the six versions with their dates, and one row per step between neighbours. What it is not: the
messages. No public source says what changed between two versions; one product served both 0-9-13 and 0-9-14
from the same templates, so between these two nothing is taken to differ but version, date and schema file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

VERSIONS: Final[Mapping[str, date]] = MappingProxyType(
    {
        "0-9-9": date(2016, 9, 5),
        "0-9-10": date(2017, 3, 30),
        "0-9-11": date(2017, 9, 4),
        "0-9-12": date(2017, 12, 5),
        "0-9-13": date(2018, 2, 8),
        "0-9-14": date(2019, 10, 21),
    }
)
"""Version of the message schema to its date, as both stand on an SPG interchange; oldest first."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is known of the change from one version to the next."""

    older: str
    newer: str
    known: bool
    """True: both versions have been seen to carry the same elements."""
    source: str


_UNKNOWN: Final = "No public source shows a message of the older version."
STEPS: Final = (
    Step("0-9-9", "0-9-10", known=False, source=_UNKNOWN),
    Step("0-9-10", "0-9-11", known=False, source=_UNKNOWN),
    Step("0-9-11", "0-9-12", known=False, source=_UNKNOWN),
    Step("0-9-12", "0-9-13", known=False, source=_UNKNOWN),
    Step("0-9-13", "0-9-14", known=True, source="The public payload templates write both versions with the same elements."),
)


def unknown_between(source: str, target: str) -> str:
    """One sentence that says which changes are not known when a message goes from one version to another; empty
    where all are. The message is then written with the same elements under the other version's name."""
    order = list(VERSIONS)
    low, high = sorted((order.index(source), order.index(target)))
    if all(step.known for step in STEPS[low:high]):
        return ""
    return f"What changed between {order[low]} and {order[high]} is not known; the elements are written as they are."
