"""The crosswalk: a partner's own ids of records, and nDelius's.

What it is: the rules by which an own id in a message finds its record, by which an insert waits for the number that its
record gets, and by which a receipt ends the waiting. What it is not: a guess: an own id that nobody told of is a fault,
and what is known never changes by a second word. Called by the steps, which load the facts.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.records import AwaitedId, Delivery, DeliveryState, KnownId, OwnId
from schemas.canonical.case import Deletion
from schemas.envelope import Action, Entry, Interchange, Message, Misread, OwnName
from schemas.faults import Fault, FaultCode
from schemas.identifiers import MessageId, OrganisationId, PartyCode
from schemas.payload import Payload
from schemas.receipts import Stage
from schemas.record_ids import NONE_YET, OWN, Place, ids_in, key_of, key_place, put

_DONE = (DeliveryState.APPLIED, DeliveryState.DELIVERED)
_ENDED = (DeliveryState.NOT_APPLIED, DeliveryState.DISCARDED)


@dataclass(slots=True)
class Crosswalk:
    """What is known of the own ids of one batch, kept up to date with the decisions before the one in hand."""

    known: dict[str, KnownId] = field(default_factory=dict)
    """By own key."""
    awaited: dict[str, AwaitedId] = field(default_factory=dict)

    def note(self, changes: Changes | None) -> None:
        """A decision was taken."""
        if changes is not None:
            self.awaited |= {one.own.key: one for one in changes.awaited_ids}


@dataclass(frozen=True, slots=True)
class Resolved:
    """An interchange that names records by nDelius's ids alone; what could not be is a message with its fault."""

    interchange: Interchange
    awaiting: Mapping[int, OwnId] = field(default_factory=dict)
    """Inserts whose record has no number yet, by the number of the message."""


@dataclass(frozen=True, slots=True)
class Ids:
    """What is known around the deliveries that are being settled."""

    awaited: Mapping[MessageId, AwaitedId] = field(default_factory=lambda: MappingProxyType({}))
    """Inserts that wait for their record's number."""
    records: Mapping[MessageId, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """The record that a message is about, kind and id, where a recipient said what it calls it."""
    known: Mapping[str, KnownId] = field(default_factory=lambda: MappingProxyType({}))
    """What stands already, by either side's key."""


def own_ids(interchange: Interchange, organisation: OrganisationId) -> list[OwnId]:
    """Every own id that the interchange names."""
    return [own for entry in interchange.entries if isinstance(entry, Entry) and entry.own_ids for _, own in _named(entry, organisation)]


def resolve(interchange: Interchange, agreement: Agreement, organisation: OrganisationId, crosswalk: Crosswalk) -> Resolved:
    """Put nDelius's ids where own ids stood."""
    if not any(isinstance(entry, Entry) and entry.own_ids for entry in interchange.entries):
        return Resolved(interchange)
    awaiting: dict[int, OwnId] = {}
    entries: list[Entry | Misread] = []
    for entry in interchange.entries:
        if not isinstance(entry, Entry) or not entry.own_ids:
            entries.append(entry)
            continue
        placed = _Placing(entry, agreement, crosswalk, _named(entry, organisation), awaiting.values())
        entries.append(placed.entry())
        if placed.awaiting is not None and isinstance(entries[-1], Entry):
            awaiting[entry.reference] = placed.awaiting
    return Resolved(replace(interchange, entries=tuple(entries)), awaiting)


class _Placing:
    """One message with own ids."""

    def __init__(self, entry: Entry, agreement: Agreement, crosswalk: Crosswalk, named: Sequence[tuple[OwnName, OwnId]], taken: Collection[OwnId]) -> None:
        self._entry, self._agreement, self._crosswalk, self._named = entry, agreement, crosswalk, named
        self._key = key_place(entry.header.type, reduced=isinstance(entry.payload, Deletion))
        self._taken = taken
        self.awaiting: OwnId | None = None

    def entry(self) -> Entry | Misread:
        faults = [fault for name, own in self._named if (fault := self._fault(name, own)) is not None]
        if faults:
            header = self._entry.header
            return Misread(
                reference=header.reference,
                sender_message_id=header.sender_message_id,
                type=header.type,
                case_reference=header.case_reference,
                faults=tuple(faults),
            )
        found = {
            name.place: self._crosswalk.known[own.key].record_id for name, own in self._named if own.key in self._crosswalk.known and name.number == NONE_YET
        }
        return replace(self._entry, payload=_with_ids(self._entry.payload, found), own_ids=())

    def _fault(self, name: OwnName, own: OwnId) -> Fault | None:
        pointer = name.pointer
        if not self._agreement.own_ids:
            return self._wrong(FaultCode.IDENTIFIER_INVALID, "Own ids are not agreed with this partner.", pointer)
        awaited, known = self._crosswalk.awaited.get(own.key), self._crosswalk.known.get(own.key)
        if name.number != NONE_YET:
            # The sender named the record by nDelius's number too: nothing is looked up, but the two must not contradict.
            other = known is not None and known.record_id != name.number
            return self._wrong(FaultCode.IDENTIFIER_INVALID, "It stands for a record of another number.", pointer) if other else None
        if name.place == self._key and self._entry.header.action is Action.INSERT:
            if known is not None or awaited is not None or own in self._taken:
                return self._wrong(FaultCode.IDENTIFIER_INVALID, "A record of this own id was inserted before; an update changes it.", pointer)
            self.awaiting = own
            return None
        if known is not None:
            return None
        said = "Its insert is not applied yet: send again then." if awaited is not None else "No insert that was applied, and no operator, has told of it."
        return self._wrong(FaultCode.IDENTIFIER_UNKNOWN, said, pointer)

    def _wrong(self, code: FaultCode, detail: str, pointer: str) -> Fault:
        return Fault(code, detail, pointer, self._entry.reference)


def pairs(settled: Delivery, record_id: str | None, local_id: str | None, ids: Ids, recipient: OrganisationId, now: datetime) -> list[KnownId]:
    """What a recipient's word says of ids: which number an insert's record got, and what it calls the record itself."""
    message = settled.message_id
    if message is None:
        return []
    found: list[KnownId] = []
    awaited, record = ids.awaited.get(message), ids.records.get(message)
    if awaited is not None and record_id is not None and is_number(record_id):
        found.append(KnownId(own=awaited.own, record_id=record_id, since=now, source=message))
    if record is not None and local_id is not None and OWN.fullmatch(f"~{local_id}") is not None and is_number(record[1]):
        found.append(KnownId(own=OwnId(organisation=recipient, kind=record[0], own_id=local_id), record_id=record[1], since=now, source=message))
    return found


def told(settled: Delivery, record_id: str | None, local_id: str | None, ids: Ids, directory: Directory, now: datetime) -> Changes:
    """What the settlement of a delivery teaches. A number is believed only of the keeper of the register that gives it;
    what a system calls a record, of itself alone and where its agreement says so."""
    awaited = ids.awaited.get(settled.message_id) if settled.message_id is not None else None
    if awaited is not None and settled.state in _ENDED:
        return Changes(given_up_ids=(awaited.own,))
    organisation, agreement = directory.organisation_of(settled.recipient), directory.outbound(settled.recipient)
    if organisation is None or agreement is None or settled.state not in _DONE:
        return Changes()
    number = number_in(Stage.APPLIED, record_id, settled.recipient, directory) if settled.state is DeliveryState.APPLIED else None
    learned = [learn(pair, ids.known) for pair in pairs(settled, number, local_id if agreement.own_ids else None, ids, organisation.organisation_id, now)]
    return Changes(
        known_ids=tuple(one for changes in learned for one in changes.known_ids),
        given_up_ids=tuple(one for changes in learned for one in changes.given_up_ids),
        events=tuple(one for changes in learned for one in changes.events),
    )


def number_in(stage: Stage, record_id: str | None, recipient: PartyCode, directory: Directory) -> str | None:
    """The number of a record in a recipient's word, where it is one that the recipient may give."""
    return record_id if stage is Stage.APPLIED and recipient in directory.registers and is_number(record_id) else None


def learn(new: KnownId, known: Mapping[str, KnownId]) -> Changes:
    """A pair becomes known; what contradicts another is told and changes nothing."""
    facts = {"organisation": new.own.organisation, "kind": new.own.kind, "source": new.source}
    for stands in (known.get(new.own.key), known.get(new.record_key)):
        if stands is not None and (stands.own, stands.record_id) != (new.own, new.record_id):
            event = AuditEvent(AuditCode.IDENTIFIER_CONFLICT, new.since, new.source, facts | {"stands": stands.source})
            return Changes(given_up_ids=(new.own,), events=(event,))
    return Changes(known_ids=(new,), events=(AuditEvent(AuditCode.IDENTIFIER_LEARNED, new.since, new.source, facts),))


def record_of(message: Message) -> tuple[str, str] | None:
    """The record that a message is about, kind and id."""
    kind, place = key_of(message.header.type), key_place(message.header.type, reduced=isinstance(message.payload, Deletion))
    return None if kind is None or place is None else (kind, str(getattr(message.payload, str(place[0]))))


def record_keys(payload: Payload, message_type: str, organisation: OrganisationId) -> dict[str, tuple[str, str]]:
    """The records that a payload names, by their key in one organisation's crosswalk, as kind and id."""
    named = {(kind, str(value)) for _, kind, value in ids_in(type(payload), payload.model_dump(mode="json"), message_type) if value != NONE_YET}
    return {f"{organisation}/{kind}/{value}": (kind, value) for kind, value in named}


def _named(entry: Entry, organisation: OrganisationId) -> list[tuple[OwnName, OwnId]]:
    said = {name.place: name for name in entry.own_ids}
    kinds = ids_in(type(entry.payload), entry.payload.model_dump(mode="json"), entry.header.type)
    return [(said[place], OwnId(organisation=organisation, kind=kind, own_id=said[place].own_id)) for place, kind, _ in kinds if place in said]


def _with_ids(payload: Payload, found: Mapping[Place, str]) -> Payload:
    document = payload.model_dump(mode="json", exclude_unset=True)
    for place, value in found.items():
        put(document, place, value)
    return type(payload).model_validate_json(json.dumps(document), strict=True)


def is_number(said: str | None) -> bool:
    """True for what nDelius could have given a record."""
    return said is not None and said.isascii() and said.isdigit() and len(said) <= 18 and bool(said.strip("0"))
