"""What a list of messages is narrowed by: the part that may stand in an address, and the part that may not.

What it is: the form's values read, the address they make, and the search of the store that they come to. What it is
not: a case, a reference or anybody's id in an address: those stand in a kept search and are named by its id alone.
Called by the pages `messages` and `search`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field, StringConstraints

from gateway.console.words import UK
from gateway.oversight.views import MessageSearch
from gateway.records import DeliveryState
from schemas.identifiers import PartyCode

PATH: Final = "/messages"
USUAL: Final = timedelta(days=7)
"""How far back a list goes where nothing else is said."""
_YEARS: Final = range(2000, 2101)
_ID: Final = 64

Code = Annotated[str, StringConstraints(pattern=r"^([A-Z0-9]{3})?$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,64}$")]


class Asked(BaseModel):
    """Of an address, or of a form: nothing here can name a person."""

    party: Code = ""
    sender: Code = ""
    recipient: Code = ""
    type: Name = ""
    state: list[DeliveryState] = Field(default=[], max_length=20)
    since: str = Field(default="", max_length=40)
    until: str = Field(default="", max_length=40)
    search: str = Field(default="", max_length=_ID)
    """Id of a kept search."""
    after: str = Field(default="", max_length=_ID)
    """The list goes on after this message."""
    newer: str = Field(default="", max_length=_ID)
    """Only what came after this message."""


class FilterInvalid(ValueError):
    """A time cannot be read; its field, and what to say."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.field = name


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that the list is narrowed by, and the same list without it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Read and checked."""

    since: datetime
    since_given: bool = False
    until: datetime | None = None
    party: str = ""
    sender: str = ""
    recipient: str = ""
    type: str = ""
    states: tuple[DeliveryState, ...] = ()
    search: str = ""
    _single: tuple[str, ...] = field(default=("party", "sender", "recipient", "type"), repr=False)

    def params(self, without: str = "", state: DeliveryState | None = None) -> list[tuple[str, str]]:
        """Names and values of the address, but for one name, or one state."""
        found = [("search", self.search), *((name, str(getattr(self, name))) for name in self._single)]
        found += [("state", one.value) for one in self.states if one is not state]
        found += [("since", _written(self.since) if self.since_given else ""), ("until", _written(self.until) if self.until else "")]
        return [(name, value) for name, value in found if value and name != without]

    def address(self, without: str = "", state: DeliveryState | None = None, **more: str) -> str:
        """Of the list."""
        query = urlencode([*self.params(without, state), *more.items()])
        return f"{PATH}?{query}" if query else PATH

    def wanted(self, kept: Mapping[str, str]) -> MessageSearch:
        """What the store is asked, with what a search keeps."""
        return MessageSearch(
            since=self.since,
            until=self.until,
            message_id=kept.get("message_id"),
            sender_message_id=kept.get("sender_message_id"),
            control_reference=kept.get("control_reference"),
            case_lookup=kept.get("case_lookup"),
            sender=PartyCode(self.sender) if self.sender else None,
            recipient=PartyCode(self.recipient) if self.recipient else None,
            party=PartyCode(self.party) if self.party else None,
            type=self.type or None,
            states=frozenset(self.states),
        )


def filters_of(asked: Asked, now: datetime) -> Filters:
    """The filters that were asked for. Raises FilterInvalid."""
    since, until = moment_of(asked.since, "since"), moment_of(asked.until, "until")
    start = since or now - USUAL
    if until is not None and until <= start:
        raise FilterInvalid("until", "The end of the time must come after its start.")
    return Filters(
        since=start,
        since_given=since is not None,
        until=until,
        party=asked.party,
        sender=asked.sender,
        recipient=asked.recipient,
        type=asked.type,
        states=tuple(dict.fromkeys(asked.state)),
        search=asked.search,
    )


def moment_of(text: str, name: str) -> datetime | None:
    """A time of a form or an address: ISO 8601, and UK time where it names no zone. None for none."""
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        found = (at if at.tzinfo else at.replace(tzinfo=UK)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FilterInvalid(name, "Give a day and a time, like 2026-11-23T09:30.") from error
    if found.year not in _YEARS:
        raise FilterInvalid(name, "Give a time of this century.")
    return found


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
