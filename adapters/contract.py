"""What a dialect and a channel owe the gateway.

What it is: the two ports that face a partner. `Adapter` is pure: bytes to canonical and back, telling
what it left out. `Channel` is the only outward call: it hands over bytes that it never parses. Proved by
`tests/contract`. Packaging (how content is signed) is neither: see `gateway.trust.contract`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from schemas.envelope import Interchange, Message
from schemas.faults import Fault, FaultCode, Refusal, refuse
from schemas.identifiers import OrganisationId, PartyCode


@dataclass(frozen=True, slots=True)
class WireMessage:
    """A packaged message as it travels: bytes, content type, transport headers in lower case."""

    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a dialect cannot carry, named without its value."""

    pointer: str
    """JSON pointer into the canonical message: /payload/notes."""
    reason: str


KEY_ALONE: Final = "The agreed form of delete carries the key alone."
"""Why a delete left out what it did; every dialect says it alike."""


MAX_MESSAGES: Final = 10_000
"""In one document, where an agreement sets no lower limit."""


def too_many(limit: int, pointer: str) -> Refusal:
    """What a reader refuses at the message after the last that it may read; the caller raises it."""
    return refuse(FaultCode.TOO_COMPLEX, f"There are more than {limit} messages; the agreed limit is {limit}.", pointer=pointer)


def no_whole_record() -> Refusal:
    """A key cannot become a whole record; the caller raises it."""
    return refuse(FaultCode.NOT_TRANSLATABLE, "The sender deleted by key alone; the recipient's agreement wants the whole record.")


@dataclass(frozen=True, slots=True)
class Document:
    """A message in the recipient's language, not yet signed."""

    content: bytes
    left_out: tuple[LeftOut, ...] = ()
    detail: bytes | None = None
    """Where `content` only points at it: the message itself, for the recipient to fetch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What an adapter needs to know, besides the message, to write it for one recipient."""

    sender: PartyCode
    recipient: PartyCode
    control_reference: str
    """Ours for this delivery, unique for ever."""
    answers: str | None
    """The control reference or message id, as the recipient knows it, of what this answers."""
    version: str
    prepared_at: datetime
    """UTC; fixed at the first writing, so that a document never changes."""
    application: str = "SPG"
    reduced_deletes: bool = False
    """True: a delete goes out as its key alone."""
    message_statuses: bool = False
    """True: a status notification goes out with an entry per message."""
    detail_url: str | None = None
    """Where the recipient fetches the message itself, for dialects that only point at it."""
    detail_digest: str | None = None
    """Content digest of what lies there."""
    own_ids: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    """The recipient's own ids of records, by kind and nDelius's id, for dialects that can carry them."""
    name_case: bool = True
    """False: what only points at a message does not name its case either."""


class Adapter(Protocol):
    """One dialect. Pure: no clock, no network, no randomness, no log."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""

    def read(self, content: bytes, max_messages: int = MAX_MESSAGES, /) -> Interchange:
        """Verified bytes to canonical. Refuses (`Refusal`) what cannot be read as a whole; a message that
        cannot be taken by itself becomes a `Misread` with everything that is wrong with it.

        `max_messages` is at least one. Reading stops at the message after the last one allowed (`too_many`):
        neither that one nor what follows is looked at or kept.
        """

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """Canonical to the recipient's bytes. Deterministic. Refuses with `not-translatable` what cannot be
        said at all; what is merely lost is named in `left_out`."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The peer took it. `answer` is unverified until `trust` has seen it."""

    answer: WireMessage | None = None


@dataclass(frozen=True, slots=True)
class TryLater:
    """Nobody knows, or the peer said later. The same message will be handed over again."""

    fault: Fault
    answer: WireMessage | None = None
    """What the peer said with its no (a SOAP fault comes with HTTP 500). Unverified."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The peer said no in a way that a resend cannot change. `answer` is unverified."""

    fault: Fault
    answer: WireMessage | None = None


Handover = HandedOver | TryLater | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a channel hands over: facts of the agreement and nothing else."""

    organisation: OrganisationId
    recipient: PartyCode
    url: str | None = None
    timeout_seconds: float = 30.0
    message_id: str = ""
    """Id of what is handed over, for transport headers and names of files."""
    is_receipt: bool = False
    """True for a receipt of ours, where a channel keeps them apart from messages."""
    sequence: int | None = None
    """Place in the order of acceptance, for names that tell it; the same each time."""


class Channel(Protocol):
    """One road to partners. Does I/O; never parses what it carries."""

    @property
    def name(self) -> str: ...

    def hand_over(self, items: Sequence[tuple[WireMessage, Address]]) -> Sequence[Handover]:
        """One outcome each, in the same order. Never raises for what a peer does."""

    def close(self) -> None: ...
