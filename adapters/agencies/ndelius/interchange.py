"""SPGInterchange to canonical: header, messages, trailer, and that they agree.

What it is: what is checked before any message is read: identities, both references, the count, message
references, versions. What it is not: the payloads (see `reading`). One message that cannot be read becomes
an entry with its fault; whatever makes the envelope itself doubtful refuses the whole.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from lxml import etree
from pydantic import ValidationError

from adapters.agencies.ndelius.codes import DATE, instant
from adapters.agencies.ndelius.documents import QUALIFIED, Record, Shape
from adapters.agencies.ndelius.envelope import HEADER, MESSAGE_HEADER, MESSAGE_TRAILER, TRAILER
from adapters.agencies.ndelius.parsing import ROOT_ATTRIBUTES, children, misplaced, name_of, parse_by_child, structure, texts
from adapters.agencies.ndelius.reading import read_payload
from adapters.agencies.ndelius.sharing import Shared
from adapters.agencies.ndelius.tables import SHAPES
from adapters.contract import MAX_MESSAGES, too_many
from adapters.values import MisreadError
from schemas.canonical.case import Deletion
from schemas.canonical.values import Text
from schemas.catalogue import ACTIONS, ANSWERING, case_of
from schemas.checks import crn
from schemas.classes import FieldClass, repeatable
from schemas.envelope import Action, Entry, Header, Interchange, Misread
from schemas.faults import Fault, FaultCode, Refusal, refusal_of, refuse
from schemas.identifiers import ControlReferenceField, PartyField
from schemas.payload import Concept, Payload
from schemas.validation import faults_of
from schemas.versions import VERSIONS

_ROOT: Final = "/SPGInterchange"
_AROUND: Final = frozenset({QUALIFIED + MESSAGE_HEADER.element, QUALIFIED + MESSAGE_TRAILER.element})


class InterchangeHeader(Concept):
    """SPGInterchangeHeader."""

    sender: PartyField
    """Who sends."""
    receiver: PartyField
    """Who is to receive it."""
    reference: ControlReferenceField
    """The sender's own number for this interchange. The same number again means the same interchange again."""
    answers: ControlReferenceField | None = None
    """The number of the interchange that this one answers."""
    date: Annotated[datetime.date, FieldClass.CODE]
    """Local date, in London."""
    time: Annotated[datetime.time, FieldClass.CODE]
    """Local time, in London."""
    application: Text | None = None
    """The application that sends."""
    test: bool | None = None
    """Y for a test; N where it is absent."""
    test_control_data: Text | None = None
    """Free text."""


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What every message of one interchange shares."""

    header: InterchangeHeader
    version: str
    prepared_at: datetime.datetime


def read_interchange(content: bytes, max_messages: int = MAX_MESSAGES) -> Interchange:
    """Verified bytes to canonical. Refuses what is wrong with the interchange as a whole."""
    messages = _Messages(max_messages)
    root = parse_by_child(content, "SPGInterchange", "SPGMessage", messages.take)
    found = children(root, _ROOT)
    _check_order(found)
    envelope = messages.envelope or _envelope(root)
    header = envelope.header
    trailer = _values(found[-1], TRAILER, f"{_ROOT}/{TRAILER.element}")
    doubts = [*messages.doubts, *_trailer_faults(header, trailer, len(messages.entries))]
    if doubts:
        raise refusal_of([*doubts, *_further(messages.entries, doubts)])
    return Interchange(
        sender=header.sender,
        recipients=(header.receiver,),
        control_reference=header.reference,
        answers=header.answers,
        prepared_at=envelope.prepared_at,
        version=envelope.version,
        test=bool(header.test),
        entries=tuple(messages.entries),
    )


def _further(entries: list[Entry | Misread], doubts: list[Fault]) -> list[Fault]:
    """What is wrong with single messages besides; not what they miss in a header that is itself in doubt."""
    header = f"{_ROOT}/{HEADER.element}/"
    faults = [fault for entry in entries if isinstance(entry, Misread) for fault in entry.faults]
    return [fault for fault in faults if fault not in doubts and not fault.pointer.startswith(header)]


@dataclass(slots=True)
class _Messages:
    """What was read so far; the envelope is read before the first message."""

    limit: int
    envelope: _Envelope | None = None
    entries: list[Entry | Misread] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)
    """Wrong numbers: nobody could say which message an answer is about, so the whole falls."""
    shared: Shared = field(default_factory=Shared)

    def take(self, root: etree._Element, element: etree._Element) -> None:
        """One SPGMessage, complete."""
        if root[0].tag != QUALIFIED + HEADER.element:
            return  # The order of the whole is judged at the end.
        if self.envelope is None:
            self.envelope = _envelope(root)
        if len(self.entries) == self.limit:
            raise too_many(self.limit, _ROOT)
        entry = _entry(element, len(self.entries) + 1, self.envelope)
        if self.entries and isinstance(entry, Entry):
            entry = replace(entry, payload=self.shared.taken(entry.payload))
        if isinstance(entry, Misread):
            self.doubts += [fault for fault in entry.faults if fault.code is FaultCode.MESSAGE_REFERENCE_MISMATCH]
        self.entries.append(entry)


def _envelope(root: etree._Element) -> _Envelope:
    version = _version(root)
    header = _header(root[0])
    return _Envelope(header, version, instant(header.date, header.time))


def _version(root: etree._Element) -> str:
    for attribute in map(str, root.keys()):
        if attribute not in ROOT_ATTRIBUTES:
            raise refuse(FaultCode.ELEMENT_UNKNOWN, "The root has no such attribute.", pointer=f"{_ROOT}/@{attribute[:64]}")
    version, date = root.get("SchemaVersion", "").strip(), root.get("SchemaDate", "").strip()
    if not version:
        raise refuse(FaultCode.ELEMENT_MISSING, "The schema version is mandatory.", pointer=f"{_ROOT}/@SchemaVersion")
    if version not in VERSIONS:
        told = repeatable(version, FieldClass.CODE)
        raise refuse(FaultCode.VERSION_UNKNOWN, "Spoken here: " + ", ".join(VERSIONS) + ".", pointer=f"{_ROOT}/@SchemaVersion", value=told)
    try:
        DATE.read(date)
    except MisreadError as error:
        raise refuse(FaultCode.VALUE_INVALID if date else FaultCode.ELEMENT_MISSING, str(error), pointer=f"{_ROOT}/@SchemaDate") from None
    return version


def _check_order(found: list[etree._Element]) -> None:
    names = [HEADER.element, "SPGMessage", TRAILER.element]
    between = all(child.tag == QUALIFIED + "SPGMessage" for child in found[1:-1])
    if len(found) < 3 or found[0].tag != QUALIFIED + names[0] or found[-1].tag != QUALIFIED + names[2] or not between:
        others = [child for child in found if child.tag != QUALIFIED + "SPGMessage"]
        messages = [place for place, child in enumerate(found) if child.tag == QUALIFIED + "SPGMessage"]
        trailer = next((place for place, child in enumerate(found) if child.tag == QUALIFIED + names[2]), len(found))
        # One stands for all: the first that comes too late, else the first.
        shown = found[next((place for place in messages if place > trailer), messages[0])] if messages else None
        one_each = [child for child in found if child in others or child is shown]
        raise refusal_of(misplaced(one_each, names, names, _ROOT))


def _values(element: etree._Element, record: Record, where: str, reference: int | None = None) -> dict[str, object]:
    faults: list[Fault] = []
    values: dict[str, object] = {}
    for leaf, text in texts(element, record, where, faults):
        pointer = f"{where}/{leaf.element}"
        if text:
            try:
                values[leaf.path[0]] = leaf.kind.read(text)
            except MisreadError as error:
                faults.append(Fault(FaultCode.VALUE_INVALID, str(error), pointer))
        elif leaf.required:
            faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here, and empty.", pointer))
    if faults:
        raise refusal_of([replace(fault, reference=reference) for fault in faults])
    return values


def _header(element: etree._Element) -> InterchangeHeader:
    where = f"{_ROOT}/{HEADER.element}"
    values = _values(element, HEADER, where)
    elements = {leaf.path: leaf.element for leaf in HEADER.leaves}
    try:
        return InterchangeHeader.model_validate(values)
    except ValidationError as error:
        raise refusal_of(faults_of(error, lambda location: f"{where}/{elements[(str(location[0]),)]}", model=InterchangeHeader)) from None


def _trailer_faults(header: InterchangeHeader, trailer: Mapping[str, object], messages: int) -> list[Fault]:
    """Everything in which the trailer does not repeat the header, or does not count right."""
    where, other = f"{_ROOT}/{TRAILER.element}", "It is not the header's."
    repeated = (
        ("reference", header.reference, FaultCode.CONTROL_REFERENCE_MISMATCH, "SenderControlReference"),
        ("answers", header.answers, FaultCode.CONTROL_REFERENCE_MISMATCH, "ReceiverControlReference"),
        ("sender", header.sender, FaultCode.IDENTITY_MISMATCH, "SenderIdentity"),
        ("receiver", header.receiver, FaultCode.IDENTITY_MISMATCH, "ReceiverIdentity"),
    )
    faults = [Fault(code, other, f"{where}/{element}") for name, right, code, element in repeated if trailer.get(name) != right]
    if trailer["count"] != messages:
        faults.append(Fault(FaultCode.CONTROL_COUNT_WRONG, f"The number of messages is {messages}.", f"{where}/ControlCount"))
    return faults


def _entry(element: etree._Element, number: int, envelope: _Envelope) -> Entry | Misread:
    """One message. What is wrong with it is its own."""
    where = f"{_ROOT}/SPGMessage[{number}]"
    inside = [child for child in element if child.tag not in _AROUND]
    try:
        header, payload = _read_message(element, number, where, envelope)
        return Entry(header, payload)
    except Refusal as refusal:
        return Misread(
            reference=number,
            sender_message_id=f"{envelope.header.reference}/{number}",
            type=name_of(inside[0]) if len(inside) == 1 else "",
            case_reference=_claimed_case(element),
            faults=tuple(replace(fault, reference=number) for fault in (refusal.fault, *refusal.also)),
        )


def _read_message(element: etree._Element, number: int, where: str, envelope: _Envelope) -> tuple[Header, Payload]:
    found = children(element, where)
    if len(found) != 3 or found[0].tag != QUALIFIED + MESSAGE_HEADER.element or found[2].tag != QUALIFIED + MESSAGE_TRAILER.element:
        raise _misfit(found, where)
    header = _values(found[0], MESSAGE_HEADER, f"{where}/{MESSAGE_HEADER.element}")
    trailer = _values(found[2], MESSAGE_TRAILER, f"{where}/{MESSAGE_TRAILER.element}")
    _check_references(header["reference"], trailer["reference"], number, where)
    shape, action = _judged(found[1], header, where, envelope)
    payload = read_payload(found[1], shape, where, _from_header(envelope.header, shape))
    if action is not Action.DELETE and isinstance(payload, Deletion):
        raise refuse(FaultCode.STRUCTURE_INVALID, "Only a delete has the reduced form.", pointer=f"{where}/{shape.type}")
    return _message_header(shape.type, action, number, envelope, payload), payload


def _misfit(found: list[etree._Element], where: str) -> Refusal:
    """Why these are not a header, one payload and a trailer."""
    inside = [child for child in found if child.tag not in _AROUND]
    if len(inside) != 1:
        return structure("A message is a header, one payload and a trailer.", where)
    names = (MESSAGE_HEADER.element, name_of(inside[0]), MESSAGE_TRAILER.element)
    return refusal_of(misplaced(found, names, names, where))


def _check_references(header: object, trailer: object, number: int, where: str) -> None:
    if header != number:
        pointer = f"{where}/{MESSAGE_HEADER.element}/MessageReferenceNumber"
        raise refuse(FaultCode.MESSAGE_REFERENCE_MISMATCH, f"Message {number} of the interchange has another number.", pointer=pointer, reference=number)
    if trailer != number:
        pointer = f"{where}/{MESSAGE_TRAILER.element}/MessageReferenceNumber"
        raise refuse(FaultCode.MESSAGE_REFERENCE_MISMATCH, "It is not the one of the message's header.", pointer=pointer, reference=number)


def _judged(element: etree._Element, header: Mapping[str, object], where: str, envelope: _Envelope) -> tuple[Shape, Action]:
    """Which type, and what is to be done: both known, and fitting each other and the interchange's version."""
    shape = SHAPES.get(name_of(element)) if str(element.tag).startswith(QUALIFIED) else None
    if shape is None:
        raise refuse(FaultCode.TYPE_UNKNOWN, "Known: " + ", ".join(sorted(SHAPES)) + ".", pointer=f"{where}/{name_of(element)}")
    head, claimed = f"{where}/{MESSAGE_HEADER.element}", str(header["action"])
    if header["version"] != envelope.version:
        told = repeatable(header["version"], FieldClass.CODE)
        raise refuse(FaultCode.VERSION_UNKNOWN, f"The interchange's SchemaVersion is {envelope.version}.", pointer=f"{head}/MessageVersionNumber", value=told)
    if claimed not in ACTIONS[shape.type]:
        known = "This type goes with " + ", ".join(sorted(ACTIONS[shape.type])) + "."
        raise refuse(FaultCode.CODE_UNKNOWN, known, pointer=f"{head}/MessageType", value=repeatable(claimed, FieldClass.CODE))
    return shape, Action(claimed)


def _from_header(header: InterchangeHeader, shape: Shape) -> dict[str, object]:
    """What the interchange header says for the payload, once it is known which type it heads."""
    where = f"{_ROOT}/{HEADER.element}"
    if shape.type in ANSWERING and header.answers is None:
        raise refuse(FaultCode.ELEMENT_MISSING, "This type must name what it answers.", pointer=f"{where}/ReceiverControlReference")
    if header.test_control_data is None:
        return {}
    if "TestControlData" not in shape.header:
        raise refuse(FaultCode.ELEMENT_UNKNOWN, "Only a connection test has it.", pointer=f"{where}/TestControlData")
    return {"test_control_data": header.test_control_data}


def _message_header(kind: str, action: Action, number: int, envelope: _Envelope, payload: Payload) -> Header:
    header = envelope.header
    return Header(
        sender=header.sender,
        recipients=(header.receiver,),
        type=kind,
        action=action,
        version=envelope.version,
        sender_message_id=f"{header.reference}/{number}",
        control_reference=header.reference,
        reference=number,
        case_reference=case_of(payload),
        in_reply_to=header.answers,
        prepared_at=envelope.prepared_at,
        test=header.test,
        application=header.application,
    )


def _claimed_case(element: etree._Element) -> str | None:
    """The case of a message that could not be read, where it names one."""
    found = element.find(f".//{QUALIFIED}CaseReferenceNumber")
    try:
        return crn(found.text or "") if found is not None else None
    except Refusal:
        return None
