"""Header and message: the canonical envelope around every payload.

What it is: who says what to whom, after SBDH and the SPG interchange header. What it is not: a wire
form (see `adapters`). Called by adapters, which read and write it, and by the rules of the road.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.faults import Fault
from schemas.identifiers import MessageId, PartyCode
from schemas.payload import Payload


class Action(StrEnum):
    """What the sender wants done: the SPG MessageType."""

    INSERT = "INS"
    UPDATE = "UPD"
    DELETE = "DEL"
    SYSTEM = "SYS"
    RESPONSE = "RSP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Facts about one message that every dialect carries in some form."""

    sender: PartyCode
    recipients: tuple[PartyCode, ...]
    type: str
    """Name of the message type in `schemas.catalogue`, for example `Contact`."""
    action: Action
    version: str
    """Version of the message schema that the sender used, for example `0-9-14`."""
    sender_message_id: str
    """The sender's own id (JSON), or control reference and message number (SPG)."""
    control_reference: str
    reference: int = 1
    """Position of the message in its interchange, from 1."""
    case_reference: str | None = None
    """CRN. None for messages that concern no case."""
    in_reply_to: str | None = None
    """Control reference or message id, as the recipient knows it, of what this answers."""
    prepared_at: datetime
    """UTC."""
    test: bool | None = None
    """None: the sender did not say, and means no test."""
    application: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One business message that was read, checked and understood."""

    message_id: MessageId
    header: Header
    payload: Payload


@dataclass(frozen=True, slots=True)
class OwnName:
    """A record that the sender named by its own id."""

    place: tuple[str | int, ...]
    """Where in the payload the number of the record stands."""
    own_id: str
    pointer: str
    """Where it stood in the sender's document."""
    number: str = "0"
    """nDelius's number, where the sender wrote both; else the payload has `0`."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a document says: its payload, and which records of it the sender named by own ids."""

    payload: Payload
    own_ids: tuple[OwnName, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of an interchange that was read and checked."""

    header: Header
    payload: Payload
    own_ids: tuple[OwnName, ...] = ()
    """Where the sender wrote its own id of a record."""

    @property
    def reference(self) -> int:
        """Position in the interchange, from 1."""
        return self.header.reference

    @property
    def sender_message_id(self) -> str:
        """What the sender calls it."""
        return self.header.sender_message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """One message of an interchange that cannot be taken, and everything that was found wrong with it."""

    reference: int
    sender_message_id: str
    type: str = ""
    """As the sender named it; perhaps no type that exists."""
    case_reference: str | None = None
    faults: tuple[Fault, ...]
    """At least one; the first is the one that a short answer tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """What one submission says once it is read: 1..n messages under one control reference."""

    sender: PartyCode
    recipients: tuple[PartyCode, ...]
    control_reference: str
    answers: str | None = None
    """ReceiverControlReference: the control reference that this interchange answers."""
    prepared_at: datetime
    version: str
    test: bool = False
    entries: tuple[Entry | Misread, ...]
