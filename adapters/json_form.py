"""The JSON form: one header and one document, as every JSON partner sends and receives them.

What it is: `{"header": {…}, "document": {…}}`, parsed strictly and written deterministically; what is inside
`document` is the dialect's. What it is not: the JWS around it (see `gateway.trust`). Called by the JSON
dialects. Follows RFC 8259; names that stand twice, numbers that JSON does not have, and deep nesting are
refused, since two parsers could read them differently.
"""

import datetime
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, JsonValue, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from adapters.contract import Document, LeftOut, Outgoing
from schemas.canonical.case import Deletion
from schemas.catalogue import ACTIONS, ANSWERING, CATALOGUE, case_of
from schemas.classes import FieldClass, repeatable
from schemas.envelope import Action, Entry, Header, Interchange, Message, Misread, Said
from schemas.faults import Fault, FaultCode, Refusal, refusal_of, refuse
from schemas.identifiers import ControlReferenceField, CrnField, ExternalIdField, PartyField
from schemas.payload import Concept, Payload
from schemas.validation import MAX_FAULTS, Location, faults_of, json_pointer
from schemas.versions import VERSIONS, unknown_between

MEDIA_TYPE: Final = "application/json"
MAX_BYTES: Final = 64 * 1024 * 1024
"""Backstop; agreements set the real limit."""
MAX_DEPTH: Final = 16
_INSTANT_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)


def _known_version(text: str) -> str:
    if text not in VERSIONS:
        raise PydanticCustomError("version-unknown", "{detail}", {"detail": "Spoken here: " + ", ".join(VERSIONS) + "."})
    return text


def _instant(value: object) -> datetime.datetime:
    """RFC 3339, as UTC. Pydantic would also take seconds since 1970 in digits."""
    try:
        if isinstance(value, str) and _INSTANT_FORM.fullmatch(value):
            return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("value-invalid", "An instant is written YYYY-MM-DDTHH:MM:SSZ (RFC 3339).")


class FormHeader(Concept):
    """The header of the JSON form, with the names of the architecture's contract."""

    message_id: Annotated[ExternalIdField, FieldClass.REFERENCE]
    """The sender's own id of the message; the same id again means the same message again."""
    sender: PartyField
    """Who sends."""
    recipients: Annotated[tuple[PartyField, ...], Field(max_length=100)] = ()
    """Who is to have it; nobody is guessed."""
    type: Annotated[str, StringConstraints(pattern="^[A-Za-z][A-Za-z0-9]{0,63}$"), FieldClass.CODE]
    """Name of the message type."""
    action: Action
    """What is to be done with the document."""
    version: Annotated[str, AfterValidator(_known_version), FieldClass.CODE]
    """Version of the message schema."""
    control_reference: ControlReferenceField
    """The sender's number for what it hands over."""
    case_reference: CrnField | None = None
    """Case reference number; where it stands, it is the document's."""
    in_reply_to: Annotated[ExternalIdField | None, FieldClass.REFERENCE] = None
    """Message id or control reference of what this answers."""
    prepared_at: Annotated[AwareDatetime, BeforeValidator(_instant), FieldClass.CODE]
    """When the sender wrote it."""
    test: bool | None = None
    """A test: nothing real is meant."""


class Form(Concept):
    """A whole document whose inside is not yet understood."""

    header: FormHeader
    """Who says what to whom."""
    document: dict[str, JsonValue]
    """What the message says, in the sender's dialect."""


def check_json(content: bytes) -> object:
    """The value of JSON in UTF-8. Refuses what is not, and what could be read in two ways."""
    if len(content) > MAX_BYTES:
        raise refuse(FaultCode.TOO_LARGE, f"Documents of more than {MAX_BYTES} bytes are not read.")
    try:
        value: object = _DECODER.decode(content.decode())
    except _DoubledError:
        raise _doubled(content) from None
    except RecursionError:
        raise refuse(FaultCode.TOO_COMPLEX, f"JSON nested deeper than {MAX_DEPTH} is not read.") from None
    except UnicodeDecodeError as error:
        raise refuse(FaultCode.MALFORMED, f"The JSON is not UTF-8 at byte {error.start}.") from None
    except json.JSONDecodeError as error:
        raise refuse(FaultCode.MALFORMED, f"The JSON is broken at line {error.lineno}, column {error.colno}.") from None
    except ValueError:
        raise refuse(FaultCode.MALFORMED, "The JSON holds a number that is not read.") from None
    if content.count(b"{") + content.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise refuse(FaultCode.TOO_COMPLEX, f"JSON nested deeper than {MAX_DEPTH} is not read.")
    return value


def read_form(content: bytes, read_document: Callable[[FormHeader, dict[str, JsonValue]], Said]) -> Interchange:
    """A JSON document to canonical: its header here, its inside by the dialect's function.

    Refuses what is wrong with form or header; a `Refusal` of the dialect becomes the entry's fault.
    """
    check_json(content)
    try:
        form = Form.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise refusal_of(faults_of(error, json_pointer, model=Form)) from None
    return interchange_of(form.header, _content(form, read_document))


def interchange_of(header: FormHeader, content: Said | Sequence[Fault]) -> Interchange:
    """The one message of a JSON document as an interchange of one entry."""
    return Interchange(
        sender=header.sender,
        recipients=header.recipients,
        control_reference=header.control_reference,
        answers=header.in_reply_to,
        prepared_at=header.prepared_at,
        version=header.version,
        test=bool(header.test),
        entries=(_entry(header, content),),
    )


def _entry(header: FormHeader, content: Said | Sequence[Fault]) -> Entry | Misread:
    found = header_fault(header, content.payload if isinstance(content, Said) else None)
    if found is None and isinstance(content, Said):
        return Entry(_message_header(header, content.payload), content.payload, content.own_ids)
    faults = () if isinstance(content, Said) else tuple(content)
    return Misread(
        reference=1,
        sender_message_id=header.message_id,
        type=header.type,
        case_reference=header.case_reference,
        faults=(found, *faults) if found else faults,
    )


def _message_header(header: FormHeader, payload: Payload) -> Header:
    return Header(
        sender=header.sender,
        recipients=header.recipients,
        type=header.type,
        action=header.action,
        version=header.version,
        sender_message_id=header.message_id,
        control_reference=header.control_reference,
        case_reference=case_of(payload),
        in_reply_to=header.in_reply_to,
        prepared_at=header.prepared_at,
        test=header.test,
    )


def header_fault(header: FormHeader, payload: Payload | None) -> Fault | None:
    """What the header says against the catalogue, or against the payload."""
    if header.type not in CATALOGUE:
        return Fault(FaultCode.TYPE_UNKNOWN, "Known: " + ", ".join(CATALOGUE) + ".", "/header/type", 1, repeatable(header.type, FieldClass.CODE))
    if header.action not in ACTIONS[header.type]:
        known = "This type goes with " + ", ".join(sorted(ACTIONS[header.type])) + "."
        return Fault(FaultCode.CODE_UNKNOWN, known, "/header/action", 1, header.action.value)
    if header.type in ANSWERING and header.in_reply_to is None:
        return Fault(FaultCode.ELEMENT_MISSING, "This type must name what it answers.", "/header/in_reply_to", 1)
    if isinstance(payload, Deletion) and header.action is not Action.DELETE:
        return Fault(FaultCode.STRUCTURE_INVALID, "Only a delete has the reduced form.", "/document", 1)
    if payload is not None and header.case_reference is not None and header.case_reference != case_of(payload):
        return Fault(FaultCode.VALUE_INVALID, "Header and document name different cases.", "/header/case_reference", 1)
    return None


def header_facts(message: Message, outgoing: Outgoing) -> dict[str, object]:
    """What the header of one delivery says, by its names in the JSON form. Refuses with `not-translatable` what no header can say."""
    header = message.header
    if outgoing.version not in VERSIONS:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "The agreed schema version is not one that exists.")
    if header.type in ANSWERING and outgoing.answers is None:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "A status notification must name what it answers.", pointer="/header/in_reply_to")
    fields: dict[str, object] = {
        "message_id": message.message_id,
        "sender": outgoing.sender,
        "recipients": [outgoing.recipient],
        "type": header.type,
        "action": header.action.value,
        "version": outgoing.version,
        "control_reference": outgoing.control_reference,
    }
    if header.case_reference is not None:
        fields["case_reference"] = header.case_reference
    if outgoing.answers is not None:
        fields["in_reply_to"] = outgoing.answers
    fields["prepared_at"] = outgoing.prepared_at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    if header.test is not None:
        fields["test"] = header.test
    return fields


def write_form(message: Message, outgoing: Outgoing, document: bytes, left_out: Sequence[LeftOut] = ()) -> Document:
    """Header and the dialect's document as the bytes that are signed. The same input gives the same bytes."""
    head = json.dumps(header_facts(message, outgoing), ensure_ascii=False, separators=(",", ":")).encode()
    return Document(b"".join((b'{"header":', head, b',"document":', document, b"}")), (*_unsaid(message.header, outgoing), *left_out))


def _unsaid(header: Header, outgoing: Outgoing) -> list[LeftOut]:
    """What the header of the form cannot say of a message."""
    lost = [LeftOut("/header/application", "The JSON form does not name the sending application.")] if header.application else []
    unknown = unknown_between(header.version, outgoing.version)
    return [*lost, LeftOut("/header/version", unknown)] if unknown else lost


def _content(form: Form, read_document: Callable[[FormHeader, dict[str, JsonValue]], Said]) -> Said | Sequence[Fault]:
    if form.header.type not in CATALOGUE:
        return ()
    try:
        return read_document(form.header, form.document)
    except Refusal as refusal:
        return tuple(replace(fault, reference=1) for fault in (refusal.fault, *refusal.also))


class _DoubledError(Exception):
    """A name stands twice in one object, somewhere."""


class _Pairs(list[tuple[str, object]]):
    """An object as it was written, doubled names and all."""


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledError
    return found


def _doubled(content: bytes) -> Refusal:
    """Every name that stands twice in its object, each with its place: read once more, since the decoder tells none."""
    try:
        value: object = json.loads(content, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return refuse(FaultCode.MALFORMED, "The JSON is broken, and a name stands twice in one object.")
    level: list[tuple[Location, object]] = [((), value)]
    faults: list[Fault] = []
    while level and len(faults) < MAX_FAULTS:
        faults += [Fault(FaultCode.ELEMENT_REPEATED, "A name stands twice in one object.", json_pointer((*path, name))) for path, name in _twice(level)]
        level = [below for place in level for below in _below(*place)]
    return refusal_of(faults[:MAX_FAULTS])


def _twice(level: Sequence[tuple[Location, object]]) -> list[tuple[Location, str]]:
    counted = [(path, Counter(name for name, _ in found)) for path, found in level if isinstance(found, _Pairs)]
    return [(path, name) for path, names in counted for name, times in names.items() if times > 1]


def _below(path: Location, found: object) -> list[tuple[Location, object]]:
    if isinstance(found, _Pairs):
        return [((*path, name), inner) for name, inner in found]
    return [((*path, place), inner) for place, inner in enumerate(found)] if isinstance(found, list) else []


def _no_constant(_: str) -> object:
    raise refuse(FaultCode.MALFORMED, "NaN and Infinity are not JSON.")


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [inner for outer in level for inner in _inside(outer)]
    return depth


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_without_doubles, parse_constant=_no_constant)
