"""Canonical to SPGInterchange, by the same tables.

What it is: messages as one interchange, in the order and with the attributes of the real templates, and already
in exclusive canonical form (no XML declaration, no insignificant blanks), so that its digest is that of the
bytes. What it is not: the SOAP envelope or its signature.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapters.agencies.ndelius.codes import LONDON, escaped, write_time
from adapters.agencies.ndelius.documents import NAMESPACE, XSI, Block, Leaf, Record, Shape
from adapters.agencies.ndelius.tables import ANSWERS, APPLICATION, CONTROL_DATA, SHAPES, TEST, own_leaves
from adapters.contract import KEY_ALONE, Document, LeftOut, Outgoing, no_whole_record
from schemas.canonical.case import CaseRecord, Deletion
from schemas.catalogue import ACTIONS, ANSWERING, KEYS
from schemas.envelope import Action, Message
from schemas.faults import FaultCode, refuse
from schemas.messages.connection_notification import ConnectionNotification
from schemas.payload import Concept, Payload
from schemas.versions import VERSIONS, unknown_between

_XSD_VERSIONS: Final = {"0-9-10": "0-9-10-2"}
"""The schema file of 0-9-10 carries a suffix of its own."""
_VERSION_PATH: Final = ("version", "version")


def schema_file(version: str) -> str:
    """Name of the XSD that an interchange of this version points to."""
    return f"SPG-XML_Message_Root-V{_XSD_VERSIONS.get(version, version)}.xsd"


def write_interchange(messages: Sequence[Message], outgoing: Outgoing) -> Document:
    """One interchange of these messages, in their order; at least one. Refuses with `not-translatable` what SPG has
    no form for, and messages that one interchange header cannot stand over."""
    shapes = [_shape(message, outgoing) for message in messages]
    first, shape = messages[0], shapes[0]
    if len({_headed(message, its) for message, its in zip(messages, shapes, strict=True)}) > 1:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "An interchange has one header, and these messages need several.", pointer="/header")
    answers = outgoing.answers if ANSWERS in shape.header else None
    lines = [_root(shape, outgoing.version)]
    _write_header(lines, first, outgoing, answers, shape)
    left_out: list[LeftOut] = []
    for number, (message, its) in enumerate(zip(messages, shapes, strict=True), 1):
        _write_message(lines, message, number, outgoing, its, left_out)
    _write_trailer(lines, outgoing, answers, len(messages))
    return Document("".join(lines).encode(), tuple(left_out))


def _shape(message: Message, outgoing: Outgoing) -> Shape:
    header = message.header
    shape = SHAPES.get(header.type)
    if shape is None:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"SPG has no message of the type {header.type}.")
    if outgoing.version not in VERSIONS:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "The agreed schema version is not one of SPG's.")
    if header.action not in ACTIONS[shape.type]:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"In SPG {header.type} does not go with {header.action}.", pointer="/header/action")
    if shape.type in ANSWERING and outgoing.answers is None:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"{header.type} must name what it answers.", pointer="/header/in_reply_to")
    return shape


def _headed(message: Message, shape: Shape) -> tuple[object, ...]:
    """What the interchange header says of a message, or for it."""
    header, payload = message.header, message.payload
    spare = payload.test_control_data if isinstance(payload, ConnectionNotification) else None
    return shape.header, bool(header.test), header.application, spare


def _root(shape: Shape, version: str) -> str:
    dates = f'SchemaDate="{VERSIONS[version].isoformat()}" SchemaVersion="{version}"'
    if not shape.schema_location:
        return f'<SPGInterchange xmlns="{NAMESPACE}" {dates}>'
    return f'<SPGInterchange xmlns="{NAMESPACE}" xmlns:xsi="{XSI}" {dates} xsi:schemaLocation="{NAMESPACE} {schema_file(version)}">'


def _write_header(lines: list[str], message: Message, outgoing: Outgoing, answers: str | None, shape: Shape) -> None:
    prepared = _local(outgoing.prepared_at)
    payload, header = message.payload, message.header
    lines.append(
        f"<SPGInterchangeHeader><SenderIdentity>{outgoing.sender}</SenderIdentity><ReceiverIdentity>{outgoing.recipient}</ReceiverIdentity>"
        f"<SenderControlReference>{escaped(outgoing.control_reference)}</SenderControlReference>"
    )
    if answers is not None:
        lines.append(f"<ReceiverControlReference>{escaped(answers)}</ReceiverControlReference>")
    lines.append(f"<DateOfPreparation>{prepared.date().isoformat()}</DateOfPreparation><TimeOfPreparation>{write_time(prepared.time())}</TimeOfPreparation>")
    # Only a connection test may leave out its application and its test indicator.
    free = CONTROL_DATA in shape.header
    if not free or header.application is not None:
        lines.append(f"<{APPLICATION}>{escaped(header.application or outgoing.application)}</{APPLICATION}>")
    if TEST in shape.header and not (free and header.test is None):
        lines.append(f"<{TEST}>{'Y' if header.test else 'N'}</{TEST}>")
    if isinstance(payload, ConnectionNotification) and payload.test_control_data is not None:
        lines.append(f"<{CONTROL_DATA}>{escaped(payload.test_control_data)}</{CONTROL_DATA}>")
    lines.append("</SPGInterchangeHeader>")


def _local(instant: datetime) -> datetime:
    try:
        return instant.astimezone(LONDON)
    except OverflowError:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "In London that instant lies before the first year.", pointer="/header/prepared_at") from None


def _write_message(lines: list[str], message: Message, number: int, outgoing: Outgoing, shape: Shape, left_out: list[LeftOut]) -> None:
    lines.append(
        f"<SPGMessage><SPGMessageHeader><MessageType>{message.header.action}</MessageType>"
        f"<MessageVersionNumber>{outgoing.version}</MessageVersionNumber>"
        f"<MessageReferenceNumber>{number}</MessageReferenceNumber></SPGMessageHeader>"
    )
    left_out += _left_out(message, outgoing, shape)
    payload = _as_agreed(message, outgoing, shape, left_out)
    if isinstance(payload, Deletion):
        if shape.reduced is None:
            raise refuse(FaultCode.NOT_TRANSLATABLE, f"{shape.type} has no reduced form of delete.")
        _write_block(lines, shape.reduced, payload, payload)
    elif shape.plain is not None:
        _write_plain(lines, shape, payload, outgoing)
    elif shape.block is not None and not shape.parts:
        _write_block(lines, shape.block, payload, payload)
    elif shape.block is not None:
        _write_parts(lines, shape, shape.block, payload)
    lines.append(f"<SPGMessageTrailer><MessageReferenceNumber>{number}</MessageReferenceNumber></SPGMessageTrailer></SPGMessage>")


def _as_agreed(message: Message, outgoing: Outgoing, shape: Shape, left_out: list[LeftOut]) -> Payload:
    """The payload in the form of delete that the recipient's agreement names."""
    payload = message.payload
    if isinstance(payload, Deletion) and not outgoing.reduced_deletes:
        raise no_whole_record()
    if message.header.action is not Action.DELETE or not outgoing.reduced_deletes or shape.reduced is None or not isinstance(payload, CaseRecord):
        return payload
    key = KEYS[shape.type]
    kept = {("crn",), (key,), _VERSION_PATH, ("version", "updated_by")}
    lost = [leaf for leaf in own_leaves(shape) if leaf.path not in kept and leaf.get(payload) is not None]
    left_out += [LeftOut("/payload/" + "/".join(leaf.path), KEY_ALONE) for leaf in lost]
    return Deletion(crn=payload.crn, version=payload.version, record_id=getattr(payload, key))


def _write_plain(lines: list[str], shape: Shape, payload: Payload, outgoing: Outgoing) -> None:
    if shape.plain is None:
        raise LookupError(shape.type)
    lines.append(f"<{shape.plain.element}>")
    _write_leaves(lines, shape.plain.leaves, payload, payload)
    if shape.group is not None and outgoing.message_statuses:
        for item in getattr(payload, shape.group.field):
            _write_record(lines, shape.group.record, item, item)
    lines.append(f"</{shape.plain.element}>")


def _write_parts(lines: list[str], shape: Shape, master: Block, payload: Payload) -> None:
    lines.append(f"<{shape.type}>")
    _write_block(lines, master, payload, payload)
    blocks = {part.kind: part.block for part in shape.parts}
    for part in getattr(payload, "parts", ()):
        _write_block(lines, blocks[part.kind], part, payload)
    lines.append(f"</{shape.type}>")


def _write_trailer(lines: list[str], outgoing: Outgoing, answers: str | None, count: int) -> None:
    lines.append(f"<SPGInterchangeTrailer><SenderControlReference>{escaped(outgoing.control_reference)}</SenderControlReference>")
    if answers is not None:
        lines.append(f"<ReceiverControlReference>{escaped(answers)}</ReceiverControlReference>")
    lines.append(
        f"<ControlCount>{count}</ControlCount><SenderIdentity>{outgoing.sender}</SenderIdentity>"
        f"<ReceiverIdentity>{outgoing.recipient}</ReceiverIdentity></SPGInterchangeTrailer></SPGInterchange>"
    )


def _write_block(lines: list[str], block: Block, own: Concept, shared: Concept) -> None:
    lines.append(f"<{block.top}><{block.details}>")
    for record in block.records:
        _write_record(lines, record, own, shared)
    lines.append(f"</{block.details}></{block.top}>")


def _write_record(lines: list[str], record: Record, own: Concept, shared: Concept) -> None:
    lines.append(f"<{record.element}>")
    _write_leaves(lines, record.leaves, own, shared)
    lines.append(f"</{record.element}>")


def _write_leaves(lines: list[str], leaves: tuple[Leaf, ...], own: Concept, shared: Concept) -> None:
    for leaf in leaves:
        value = leaf.get(shared if leaf.shared else own)
        element = leaf.element
        if value is not None or leaf.path == _VERSION_PATH:
            lines.append(f"<{element}>{leaf.kind.write(value)}</{element}>")
        elif leaf.empty or leaf.path[0] in own.model_fields_set:
            lines.append(f"<{element}></{element}>")


def _left_out(message: Message, outgoing: Outgoing, shape: Shape) -> list[LeftOut]:
    header, lost = message.header, []
    if outgoing.answers is not None and ANSWERS not in shape.header:
        lost.append(LeftOut("/header/in_reply_to", f"SPG's {shape.type} names nothing that it answers."))
    if header.test and TEST not in shape.header:
        lost.append(LeftOut("/header/test", f"SPG's {shape.type} has no test indicator."))
    if shape.group is not None and not outgoing.message_statuses and getattr(message.payload, shape.group.field):
        lost.append(LeftOut(f"/payload/{shape.group.field}", "The recipient's agreement asks for no entries per message."))
    unknown = unknown_between(header.version, outgoing.version)
    if unknown:
        lost.append(LeftOut("/header/version", unknown))
    return lost
