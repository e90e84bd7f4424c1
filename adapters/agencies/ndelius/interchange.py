"""SPGInterchange to canonical: header, messages, trailer, and that they agree.

What it is: what is checked before any message is read: identities, both references, the count, message
references, versions. What it is not: the payloads (see `reading`). One message that cannot be read becomes
an entry with its fault; whatever makes the envelope itself doubtful refuses the whole.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree
from pydantic import ValidationError

from adapters.agencies.ndelius.codes import DATE, FLAG, NUMBER, TIME, MisreadError, instant
from adapters.agencies.ndelius.documents import QUALIFIED, Leaf, Record, Shape
from adapters.agencies.ndelius.parsing import ROOT_ATTRIBUTES, children, misplaced, name_of, parse, structure, texts
from adapters.agencies.ndelius.reading import read_payload
from adapters.agencies.ndelius.tables import SHAPES
from schemas.canonical.values import Text
from schemas.catalogue import ACTIONS, ANSWERING, VERSIONS, case_of
from schemas.checks import crn
from schemas.envelope import Action, Entry, Header, Interchange
from schemas.faults import Fault, FaultCode, Refusal, refuse
from schemas.identifiers import ControlReferenceField, PartyField
from schemas.payload import Concept, Payload
from schemas.validation import fault_of

MAX_MESSAGES: Final = 1000
_ROOT: Final = "/SPGInterchange"


_HEADER: Final = Record(
    "SPGInterchangeHeader",
    (
        Leaf(element="SenderIdentity", path=("sender",)),
        Leaf(element="ReceiverIdentity", path=("receiver",)),
        Leaf(element="SenderControlReference", path=("reference",)),
        Leaf(element="ReceiverControlReference", path=("answers",), required=False),
        Leaf(element="DateOfPreparation", path=("date",), kind=DATE),
        Leaf(element="TimeOfPreparation", path=("time",), kind=TIME),
        Leaf(element="ApplicationReference", path=("application",), required=False),
        Leaf(element="TestIndicator", path=("test",), kind=FLAG, required=False),
        Leaf(element="TestControlData", path=("test_control_data",), required=False),
    ),
)
_TRAILER: Final = Record(
    "SPGInterchangeTrailer",
    (
        Leaf(element="SenderControlReference", path=("reference",)),
        Leaf(element="ReceiverControlReference", path=("answers",), required=False),
        Leaf(element="ControlCount", path=("count",), kind=NUMBER),
        Leaf(element="SenderIdentity", path=("sender",)),
        Leaf(element="ReceiverIdentity", path=("receiver",)),
    ),
)
_MESSAGE_HEADER: Final = Record(
    "SPGMessageHeader",
    (
        Leaf(element="MessageType", path=("action",)),
        Leaf(element="MessageVersionNumber", path=("version",)),
        Leaf(element="MessageReferenceNumber", path=("reference",), kind=NUMBER),
    ),
)
_MESSAGE_TRAILER: Final = Record("SPGMessageTrailer", (Leaf(element="MessageReferenceNumber", path=("reference",), kind=NUMBER),))


class InterchangeHeader(Concept):
    """SPGInterchangeHeader."""

    sender: PartyField
    receiver: PartyField
    reference: ControlReferenceField
    answers: ControlReferenceField | None = None
    date: datetime.date
    time: datetime.time
    application: Text | None = None
    test: bool = False
    test_control_data: Text | None = None


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What every message of one interchange shares."""

    header: InterchangeHeader
    version: str
    prepared_at: datetime.datetime


def read_interchange(content: bytes) -> Interchange:
    """Verified bytes to canonical. Refuses what is wrong with the interchange as a whole."""
    root = parse(content, "SPGInterchange")
    version = _version(root)
    found = children(root, _ROOT)
    messages = found[1:-1]
    _check_order(found, messages)
    header = _header(found[0])
    _check_trailer(header, _values(found[-1], _TRAILER, f"{_ROOT}/{_TRAILER.element}"), len(messages))
    envelope = _Envelope(header, version, instant(header.date, header.time))
    return Interchange(
        sender=header.sender,
        recipients=(header.receiver,),
        control_reference=header.reference,
        answers=header.answers,
        prepared_at=envelope.prepared_at,
        version=version,
        test=header.test,
        entries=tuple(_entry(element, number, envelope) for number, element in enumerate(messages, 1)),
    )


def _version(root: etree._Element) -> str:
    for attribute in map(str, root.keys()):
        if attribute not in ROOT_ATTRIBUTES:
            raise refuse(FaultCode.ELEMENT_UNKNOWN, "The root has no such attribute.", pointer=f"{_ROOT}/@{attribute[:64]}")
    version, date = root.get("SchemaVersion", "").strip(), root.get("SchemaDate", "").strip()
    if not version:
        raise refuse(FaultCode.ELEMENT_MISSING, "The schema version is mandatory.", pointer=f"{_ROOT}/@SchemaVersion")
    if version not in VERSIONS:
        raise refuse(FaultCode.VERSION_UNKNOWN, "Spoken here: " + ", ".join(VERSIONS) + ".", pointer=f"{_ROOT}/@SchemaVersion")
    try:
        DATE.read(date)
    except MisreadError as error:
        raise refuse(FaultCode.VALUE_INVALID if date else FaultCode.ELEMENT_MISSING, str(error), pointer=f"{_ROOT}/@SchemaDate") from None
    return version


def _check_order(found: list[etree._Element], messages: list[etree._Element]) -> None:
    names = [_HEADER.element, "SPGMessage", _TRAILER.element]
    if len(messages) > MAX_MESSAGES:
        raise refuse(FaultCode.TOO_COMPLEX, f"More than {MAX_MESSAGES} messages in one interchange are not read.", pointer=_ROOT)
    expected = [names[0], *("SPGMessage" for _ in messages), names[2]]
    if len(found) < 3 or [child.tag for child in found] != [QUALIFIED + name for name in expected]:
        others = [child for child in found if child.tag != QUALIFIED + "SPGMessage"]
        one_each = others if len(others) == len(found) else [*others, next(child for child in found if child.tag == QUALIFIED + "SPGMessage")]
        raise misplaced(one_each, names, names, _ROOT)


def _values(element: etree._Element, record: Record, where: str) -> dict[str, object]:
    values: dict[str, object] = {}
    for leaf, text in texts(element, record, where):
        pointer = f"{where}/{leaf.element}"
        if text:
            try:
                values[leaf.path[0]] = leaf.kind.read(text)
            except MisreadError as error:
                raise refuse(FaultCode.VALUE_INVALID, str(error), pointer=pointer) from None
        elif leaf.required:
            raise refuse(FaultCode.ELEMENT_MISSING, "It is mandatory here, and empty.", pointer=pointer)
    return values


def _header(element: etree._Element) -> InterchangeHeader:
    where = f"{_ROOT}/{_HEADER.element}"
    values = _values(element, _HEADER, where)
    elements = {leaf.path: leaf.element for leaf in _HEADER.leaves}
    try:
        return InterchangeHeader.model_validate(values)
    except ValidationError as error:
        raise Refusal(fault_of(error, lambda location: f"{where}/{elements[(str(location[0]),)]}")) from None


def _check_trailer(header: InterchangeHeader, trailer: Mapping[str, object], messages: int) -> None:
    where = f"{_ROOT}/{_TRAILER.element}"
    if trailer["reference"] != header.reference:
        raise refuse(FaultCode.CONTROL_REFERENCE_MISMATCH, "It is not the header's.", pointer=f"{where}/SenderControlReference")
    if trailer.get("answers") != header.answers:
        raise refuse(FaultCode.CONTROL_REFERENCE_MISMATCH, "It is not the header's.", pointer=f"{where}/ReceiverControlReference")
    if trailer["count"] != messages:
        raise refuse(FaultCode.CONTROL_COUNT_WRONG, f"There are {messages} messages.", pointer=f"{where}/ControlCount")
    if trailer["sender"] != header.sender:
        raise refuse(FaultCode.IDENTITY_MISMATCH, "It is not the header's.", pointer=f"{where}/SenderIdentity")
    if trailer["receiver"] != header.receiver:
        raise refuse(FaultCode.IDENTITY_MISMATCH, "It is not the header's.", pointer=f"{where}/ReceiverIdentity")


def _entry(element: etree._Element, number: int, envelope: _Envelope) -> Entry:
    where = f"{_ROOT}/SPGMessage[{number}]"
    found = children(element, where)
    if len(found) != 3 or found[0].tag != QUALIFIED + _MESSAGE_HEADER.element or found[2].tag != QUALIFIED + _MESSAGE_TRAILER.element:
        raise structure("A message is a header, one payload and a trailer.", where)
    header = _values(found[0], _MESSAGE_HEADER, f"{where}/{_MESSAGE_HEADER.element}")
    trailer = _values(found[2], _MESSAGE_TRAILER, f"{where}/{_MESSAGE_TRAILER.element}")
    _check_references(header["reference"], trailer["reference"], number, where)
    action = _action(header["action"], number, where)
    content = _content(found[1], str(header["version"]), action, number, envelope)
    return Entry(_message_header(found[1], action, number, envelope, content), content)


def _check_references(header: object, trailer: object, number: int, where: str) -> None:
    if header != number:
        pointer = f"{where}/{_MESSAGE_HEADER.element}/MessageReferenceNumber"
        raise refuse(FaultCode.MESSAGE_REFERENCE_MISMATCH, f"Message {number} of the interchange has another number.", pointer=pointer, reference=number)
    if trailer != number:
        pointer = f"{where}/{_MESSAGE_TRAILER.element}/MessageReferenceNumber"
        raise refuse(FaultCode.MESSAGE_REFERENCE_MISMATCH, "It is not the one of the message's header.", pointer=pointer, reference=number)


def _action(text: object, number: int, where: str) -> Action:
    try:
        return Action(str(text))
    except ValueError:
        pointer = f"{where}/{_MESSAGE_HEADER.element}/MessageType"
        raise refuse(FaultCode.CODE_UNKNOWN, "Known: " + ", ".join(Action) + ".", pointer=pointer, reference=number) from None


def _content(element: etree._Element, version: str, action: Action, number: int, envelope: _Envelope) -> Payload | Fault:
    where = f"{_ROOT}/SPGMessage[{number}]"
    head = f"{where}/{_MESSAGE_HEADER.element}"
    shape = SHAPES.get(name_of(element)) if str(element.tag).startswith(QUALIFIED) else None
    if shape is None:
        return Fault(FaultCode.TYPE_UNKNOWN, "Known: " + ", ".join(SHAPES) + ".", f"{where}/{name_of(element)}", number)
    if version != envelope.version:
        return Fault(FaultCode.VERSION_UNKNOWN, "It is not the interchange's SchemaVersion.", f"{head}/MessageVersionNumber", number)
    if action not in ACTIONS[shape.type]:
        return Fault(FaultCode.CODE_UNKNOWN, "This type goes with " + ", ".join(sorted(ACTIONS[shape.type])) + ".", f"{head}/MessageType", number)
    try:
        return read_payload(element, shape, where, _from_header(envelope.header, shape))
    except Refusal as refusal:
        fault = refusal.fault
        return Fault(fault.code, fault.detail, fault.pointer, number)


def _from_header(header: InterchangeHeader, shape: Shape) -> dict[str, object]:
    """What the interchange header says for the payload, once it is known which type it heads."""
    where = f"{_ROOT}/{_HEADER.element}"
    if shape.type in ANSWERING and header.answers is None:
        raise refuse(FaultCode.ELEMENT_MISSING, "This type must name what it answers.", pointer=f"{where}/ReceiverControlReference")
    if header.test_control_data is None:
        return {}
    if "TestControlData" not in shape.header:
        raise refuse(FaultCode.ELEMENT_UNKNOWN, "Only a connection test has it.", pointer=f"{where}/TestControlData")
    return {"test_control_data": header.test_control_data}


def _message_header(element: etree._Element, action: Action, number: int, envelope: _Envelope, content: Payload | Fault) -> Header:
    header = envelope.header
    return Header(
        sender=header.sender,
        recipients=(header.receiver,),
        type=name_of(element),
        action=action,
        version=envelope.version,
        sender_message_id=f"{header.reference}/{number}",
        control_reference=header.reference,
        reference=number,
        case_reference=_claimed_case(element) if isinstance(content, Fault) else case_of(content),
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
