"""A checked mapping as tables, and one level of a document between text and meaning.

What it is: what `compile` makes and the walkers go by, and the `Level`: the places of one object, element or line with
what stands there. What it is not: the mapping as it was written (see `language`), nor code that reads or writes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from adapters.agencies.declarative.kinds import Kind, Scalar
from schemas.faults import Fault
from schemas.leaves import Path

Steps = tuple[str, ...]
"""A place of the partner's document, from the outside in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Places of theirs and of ours that hold the same."""

    places: tuple[Steps, ...]
    paths: tuple[Path, ...]
    kind: Kind
    required: bool
    nullable: Path | None
    """What of ours is None where theirs says that there is no value; None where ours always has one."""
    value: str | None = None
    """Name of its value in the mapping."""
    empty_says: bool
    """True: an empty place says that there is no value; else nothing."""
    own: Literal["mark", "beside"] | None = None
    """How the partner's own id of a record is written: behind a mark in the same place, or in a place beside it, the last."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What always stands in a place."""

    place: Steps
    word: Scalar


@dataclass(frozen=True, slots=True)
class Repeats:
    """A list: its place, its canonical name, and what one item holds."""

    place: Steps
    name: str
    record: "Record"
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one object, element or line holds."""

    items: tuple[Field | Fixed, ...]
    lists: tuple[Repeats, ...] = ()
    uncarried: tuple[tuple[Path, str], ...] = ()
    """What has no place, and why."""
    given: tuple[tuple[Path, object], ...] = ()
    """What has no place and is understood to be this."""
    leaves: frozenset[Steps] = field(init=False)
    inner: frozenset[Steps] = field(init=False)
    """Places that hold others."""

    def __post_init__(self) -> None:
        leaves = frozenset(place for item in self.items for place in places_of(item))
        object.__setattr__(self, "leaves", leaves)
        whole = leaves | {repeats.place for repeats in self.lists}
        object.__setattr__(self, "inner", frozenset(place[:length] for place in whole for length in range(1, len(place))))

    @property
    def fields(self) -> tuple[Field, ...]:
        """Without what is fixed."""
        return tuple(item for item in self.items if isinstance(item, Field))


def places_of(item: Field | Fixed) -> tuple[Steps, ...]:
    """The places that an item of a record takes."""
    return item.places if isinstance(item, Field) else (item.place,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One message type."""

    record: Record
    deletion: Record | None
    reads: bool
    writes: bool
    called: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSlot:
    """Where a fact of the envelope stands, or what it always is."""

    place: Steps | None
    constant: str | None
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """A whole language."""

    dialect: str
    title: str
    empty_word: str | None
    """What says that there is no value, where there is such a word."""
    messages: Mapping[str, Table]
    facts: Mapping[str, FactSlot]
    """Empty in JSON, which has the header of the JSON form."""

    @property
    def own_ids(self) -> bool:
        """True where the partner's own id of a record has a place somewhere."""
        records = (record for table in self.messages.values() for record in (table.record, *(one.record for one in table.record.lists)))
        return any(one.own is not None for record in records for one in record.fields)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a place: a value, or None where the place is there and empty; or why it cannot be taken."""

    value: Scalar | None
    fault: Fault | None = None


@dataclass(slots=True)
class Level:
    """One object, element or line."""

    locate: Callable[[Steps], str]
    """The pointer of a place, there or not; of the level itself for no steps."""
    cells: dict[Steps, Cell] = field(default_factory=dict)
    lists: dict[Steps, "list[Level | Fault] | Fault"] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    """What is wrong with it as a whole: unknown and repeated names, first of all."""
    broken: bool = False
    """True: nothing in it has a known place."""


def nowhere(_: Steps) -> str:
    """The pointer of what is only being written."""
    return ""
