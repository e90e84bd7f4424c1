"""Canonical to SPGInterchange, by the same tables.

What it is: one message as one interchange, in the order and with the attributes of the real templates, and
already in exclusive canonical form (no XML declaration, no insignificant blanks), so that its digest is that
of the bytes. What it is not: the SOAP envelope or its signature.
"""

from typing import Final

from adapters.agencies.ndelius.codes import LONDON, escaped, write_time
from adapters.agencies.ndelius.documents import NAMESPACE, XSI, Block, Record, Shape
from adapters.agencies.ndelius.tables import SHAPES
from adapters.contract import Document, LeftOut, Outgoing
from schemas.catalogue import ACTIONS, ANSWERING, VERSIONS
from schemas.envelope import Header, Message
from schemas.faults import FaultCode, refuse
from schemas.messages.connection_notification import ConnectionNotification

_XSD_VERSIONS: Final = {"0-9-10": "0-9-10-2"}
"""The schema file of 0-9-10 carries a suffix of its own."""


def write_interchange(message: Message, outgoing: Outgoing) -> Document:
    """One interchange of one message. Refuses with `not-translatable` what SPG has no form for."""
    header = message.header
    shape = SHAPES.get(header.type)
    if shape is None:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"SPG has no message of the type {header.type}.")
    if outgoing.version not in VERSIONS:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "The agreed schema version is not one of SPG's.")
    if header.action not in ACTIONS[shape.type]:
        raise refuse(FaultCode.NOT_TRANSLATABLE, f"In SPG {header.type} does not go with {header.action}.", pointer="/header/action")
    answers = outgoing.answers if "ReceiverControlReference" in shape.header else None
    if answers is None and shape.type in ANSWERING:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "A status notification must name what it answers.", pointer="/header/in_reply_to")
    lines = [_root(shape, outgoing.version)]
    _write_header(lines, message, outgoing, answers, shape)
    _write_message(lines, message, outgoing.version, shape)
    _write_trailer(lines, outgoing, answers)
    return Document("".join(lines).encode(), _left_out(header, outgoing, shape))


def _root(shape: Shape, version: str) -> str:
    dates = f'SchemaDate="{VERSIONS[version].isoformat()}" SchemaVersion="{version}"'
    if not shape.schema_location:
        return f'<SPGInterchange xmlns="{NAMESPACE}" {dates}>'
    file = f"SPG-XML_Message_Root-V{_XSD_VERSIONS.get(version, version)}.xsd"
    return f'<SPGInterchange xmlns="{NAMESPACE}" xmlns:xsi="{XSI}" {dates} xsi:schemaLocation="{NAMESPACE} {file}">'


def _write_header(lines: list[str], message: Message, outgoing: Outgoing, answers: str | None, shape: Shape) -> None:
    prepared = outgoing.prepared_at.astimezone(LONDON)
    payload, header = message.payload, message.header
    lines.append(
        f"<SPGInterchangeHeader><SenderIdentity>{outgoing.sender}</SenderIdentity><ReceiverIdentity>{outgoing.recipient}</ReceiverIdentity>"
        f"<SenderControlReference>{escaped(outgoing.control_reference)}</SenderControlReference>"
    )
    if answers is not None:
        lines.append(f"<ReceiverControlReference>{escaped(answers)}</ReceiverControlReference>")
    lines.append(
        f"<DateOfPreparation>{prepared.date().isoformat()}</DateOfPreparation>"
        f"<TimeOfPreparation>{write_time(prepared.time())}</TimeOfPreparation>"
        f"<ApplicationReference>{escaped(header.application or outgoing.application)}</ApplicationReference>"
    )
    if "TestIndicator" in shape.header and (header.test or "ReceiverControlReference" not in shape.header):
        lines.append(f"<TestIndicator>{'Y' if header.test else 'N'}</TestIndicator>")
    if isinstance(payload, ConnectionNotification) and payload.test_control_data is not None:
        lines.append(f"<TestControlData>{escaped(payload.test_control_data)}</TestControlData>")
    lines.append("</SPGInterchangeHeader>")


def _write_message(lines: list[str], message: Message, version: str, shape: Shape) -> None:
    payload = message.payload
    lines.append(
        f"<SPGMessage><SPGMessageHeader><MessageType>{message.header.action}</MessageType><MessageVersionNumber>{version}</MessageVersionNumber>"
        "<MessageReferenceNumber>1</MessageReferenceNumber></SPGMessageHeader>"
    )
    if shape.plain is not None:
        _write_record(lines, shape.plain, payload, payload)
    elif shape.block is not None and not shape.parts:
        _write_block(lines, shape.block, payload, payload)
    elif shape.block is not None:
        lines.append(f"<{shape.type}>")
        _write_block(lines, shape.block, payload, payload)
        blocks = {part.kind: part.block for part in shape.parts}
        for part in getattr(payload, "parts", ()):
            _write_block(lines, blocks[part.kind], part, payload)
        lines.append(f"</{shape.type}>")
    lines.append("<SPGMessageTrailer><MessageReferenceNumber>1</MessageReferenceNumber></SPGMessageTrailer></SPGMessage>")


def _write_trailer(lines: list[str], outgoing: Outgoing, answers: str | None) -> None:
    lines.append(f"<SPGInterchangeTrailer><SenderControlReference>{escaped(outgoing.control_reference)}</SenderControlReference>")
    if answers is not None:
        lines.append(f"<ReceiverControlReference>{escaped(answers)}</ReceiverControlReference>")
    lines.append(
        f"<ControlCount>1</ControlCount><SenderIdentity>{outgoing.sender}</SenderIdentity>"
        f"<ReceiverIdentity>{outgoing.recipient}</ReceiverIdentity></SPGInterchangeTrailer></SPGInterchange>"
    )


def _write_block(lines: list[str], block: Block, own: object, shared: object) -> None:
    lines.append(f"<{block.top}><{block.details}>")
    for record in block.records:
        _write_record(lines, record, own, shared)
    lines.append(f"</{block.details}></{block.top}>")


def _write_record(lines: list[str], record: Record, own: object, shared: object) -> None:
    lines.append(f"<{record.element}>")
    for leaf in record.leaves:
        value = leaf.get(shared if leaf.shared else own)
        element = leaf.element
        if value is not None or leaf.path == ("version", "version"):
            lines.append(f"<{element}>{leaf.kind.write(value)}</{element}>")
        elif leaf.empty:
            lines.append(f"<{element}></{element}>")
    lines.append(f"</{record.element}>")


def _left_out(header: Header, outgoing: Outgoing, shape: Shape) -> tuple[LeftOut, ...]:
    lost = []
    if outgoing.answers is not None and "ReceiverControlReference" not in shape.header:
        lost.append(LeftOut("/header/in_reply_to", f"SPG's {shape.type} names nothing that it answers."))
    if header.test and "TestIndicator" not in shape.header:
        lost.append(LeftOut("/header/test", f"SPG's {shape.type} has no test indicator."))
    return tuple(lost)
