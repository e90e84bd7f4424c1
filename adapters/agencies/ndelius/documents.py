"""What an SPG document looks like: elements in order, and where each goes in the canonical model.

What it is: the words in which `tables` describes messages. What it is not: code that reads or writes. A
block is `Top > TopDetails > Offender, SPGVersion, Inner`; a message has one, or a master and parts.
"""

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from adapters.agencies.ndelius.codes import TEXT, VERSION, Kind

NAMESPACE: Final = "http://www.justice.gsi.gov.uk/SPG/"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
QUALIFIED: Final = "{" + NAMESPACE + "}"

Path = tuple[str, ...]
"""Names from the payload, or from the part, down to one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One element that holds text."""

    element: str
    path: Path
    kind: Kind = TEXT
    required: bool = True
    """False: the element may be absent, and is not written where there is no value."""
    empty: bool = False
    """True: the element must be there, is always written, and is empty where there is no value."""
    shared: bool = False
    """True in parts: the value belongs to the master, repeats it, and must agree with it."""
    tag: str = field(init=False)
    get: "attrgetter[object]" = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", QUALIFIED + self.element)
        object.__setattr__(self, "get", attrgetter(".".join(self.path)))


@dataclass(frozen=True, slots=True)
class Record:
    """An element that holds leaves, in order."""

    element: str
    leaves: tuple[Leaf, ...]
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", QUALIFIED + self.element)


@dataclass(frozen=True, slots=True)
class Block:
    """`Top > TopDetails > records`. `top` and `details` are None where the record stands alone."""

    top: str
    details: str
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A block that may follow the master, and what its name says: the kind."""

    kind: str
    block: Block


@dataclass(frozen=True, slots=True)
class Group:
    """A record that may follow any number of times, and the field of the payload that holds them."""

    field: str
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One message type."""

    type: str
    plain: Record | None = None
    """A payload without blocks: the two system messages."""
    group: Group | None = None
    """What may follow the leaves of `plain`."""
    block: Block | None = None
    reduced: Block | None = None
    """The block of a delete that carries the key alone: its details element ends in `D`."""
    parts: tuple[Part, ...] = ()
    """Not empty: `block` is the master inside an element named as the type, followed by parts."""
    header: frozenset[str]
    """Which optional elements the interchange header has in this type."""
    schema_location: bool = True


def offender(*, shared: bool = False) -> Record:
    """The case that a block is about."""
    return Record("Offender", (Leaf(element="CaseReferenceNumber", path=("crn",), shared=shared),))


def version() -> Record:
    """The record version: a container whose first child has the same name."""
    return Record(
        "SPGVersion",
        (Leaf(element="SPGVersion", path=("version", "version"), kind=VERSION), Leaf(element="SPGUpdateUser", path=("version", "updated_by"))),
    )


def block(top: str, inner: str, *leaves: Leaf, shared: bool = False) -> Block:
    """A block with its three records."""
    return Block(top, f"{top}Details", (offender(shared=shared), version(), Record(inner, leaves)))


def request(top: str, *leaves: Leaf) -> Block:
    """The block of a request: it changes no record, so it has no version."""
    return Block(top, f"{top}Details", (offender(), Record(top, leaves)))


def reduced(whole: Block) -> Block:
    """The block of a delete that carries only the key, the first leaf of its record.

    Our reading: nDelius lists, per message, a group whose name is one letter longer, and the key.
    """
    case, held, record = whole.records
    key = Leaf(element=record.leaves[0].element, path=("record_id",))
    return Block(whole.top, f"{whole.details}D", (case, held, Record(record.element, (key,))))
