"""A batch to canonical: header, messages, trailer, and that they agree.

What it is: what is checked around messages: the lines H and T, numbers, counts and control totals. What it is not:
the payloads (see `reading`). A message that cannot be read becomes an entry with all its faults; whatever makes the
batch itself doubtful refuses the whole.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from pydantic import ValidationError

from adapters.agencies.flatfile.csv_lines import Line, lines_of, where
from adapters.agencies.flatfile.reading import Reading, read_line, read_payload, values_of
from adapters.agencies.flatfile.shapes import Shape
from adapters.agencies.flatfile.tables import ACTIONS, BY_CODE, HEADER, LINES, MESSAGE, TRAILER
from adapters.agencies.flatfile.totals import Sums
from adapters.agencies.flatfile.values import Total
from adapters.contract import MAX_MESSAGES, too_many
from schemas import catalogue
from schemas.canonical.values import Text
from schemas.catalogue import ANSWERING, case_of
from schemas.checks import crn
from schemas.classes import FieldClass, repeatable
from schemas.envelope import Action, Entry, Header, Interchange, Misread, Said
from schemas.faults import Fault, FaultCode, Refusal, refusal_of, refuse
from schemas.identifiers import ControlReferenceField, ExternalIdField, PartyField
from schemas.payload import Concept, Payload
from schemas.validation import MAX_FAULTS, faults_of

MAX_LINES_OF_MESSAGE: Final = 100_001
"""A status notification of the most messages that the canonical model holds."""
MAX_FAULTS_OF_BATCH: Final = 10_000
"""Once so many have been told, each further message that is wrong tells its first alone."""
_ANSWERS_PLACE: Final = HEADER.place(1, ("answers",))


class BatchHeader(Concept):
    """The line H."""

    format: Annotated[str, FieldClass.CODE]
    sender: PartyField
    recipient: PartyField | None = None
    reference: ControlReferenceField
    answers: ExternalIdField | None = None
    date: datetime.date
    time: datetime.time
    version: Annotated[str, FieldClass.CODE]
    test: bool | None = None
    application: Text | None = None

    @property
    def prepared_at(self) -> datetime.datetime:
        """UTC, as the batch's clock keeps it all the year round."""
        return datetime.datetime.combine(self.date, self.time, datetime.UTC)


class MessageHead(Concept):
    """The line M."""

    number: int
    type: Annotated[str, FieldClass.CODE]
    action: Annotated[str, FieldClass.CODE]
    own_id: str


class Trailer(Concept):
    """The line T."""

    messages: int
    lines: int
    ids: int
    minutes: int
    pence: int


@dataclass(slots=True)
class _Message:
    """The lines of a message that is not complete yet."""

    head: Line
    lines: list[Line] = field(default_factory=list)


def read_batch(content: bytes, max_messages: int = MAX_MESSAGES) -> Interchange:
    """Verified bytes to canonical. Refuses what is wrong with the batch as a whole."""
    lines = lines_of(content)
    batch = _Batch(_header(next(lines)), max_messages)
    for line in lines:
        batch.take(line)
    return batch.closed()


def _header(line: Line) -> BatchHeader:
    if line.tag != HEADER.tag:
        raise refuse(FaultCode.ELEMENT_MISSING, "A batch begins with a line H.", pointer=where(1, 1, "Line"))
    values = values_of(line, HEADER, BatchHeader)
    try:
        return BatchHeader.model_validate(values)
    except ValidationError as error:
        raise refusal_of(faults_of(error, lambda location: HEADER.place(1, location), model=BatchHeader)) from None


@dataclass(slots=True)
class _Batch:
    """What was read so far."""

    header: BatchHeader
    limit: int
    lines: int = 1
    sums: Sums = field(default_factory=Sums)
    message: _Message | None = None
    trailer: Line | None = None
    entries: list[Entry | Misread] = field(default_factory=list)
    own_ids: set[str] = field(default_factory=set)
    faults: int = 0

    def take(self, line: Line) -> None:
        """The next line."""
        self.lines += 1
        if self.trailer is not None:
            raise refuse(FaultCode.ELEMENT_MISPLACED, "Nothing follows the line T.", pointer=where(line.number))
        if line.tag == HEADER.tag:
            raise refuse(FaultCode.ELEMENT_REPEATED, "A batch has one line H.", pointer=where(line.number))
        if line.tag in (MESSAGE.tag, TRAILER.tag):
            self._finish()
            self.message, self.trailer = (self._opened(line), None) if line.tag == MESSAGE.tag else (None, line)
        elif self.message is None:
            raise refuse(FaultCode.ELEMENT_MISPLACED, "A line M comes before it.", pointer=where(line.number))
        elif len(self.message.lines) == MAX_LINES_OF_MESSAGE:
            raise refuse(FaultCode.TOO_COMPLEX, f"More than {MAX_LINES_OF_MESSAGE} lines in one message are not read.", pointer=where(line.number))
        else:
            self.message.lines.append(line)

    def _opened(self, line: Line) -> _Message:
        if len(self.entries) == self.limit:
            raise too_many(self.limit, where(line.number))
        return _Message(line)

    def closed(self) -> Interchange:
        """The whole, once all lines were taken."""
        if self.trailer is None:
            raise refuse(FaultCode.ELEMENT_MISSING, "A batch ends with a line T.", pointer=where(self.lines))
        self._check(self.trailer)
        header = self.header
        return Interchange(
            sender=header.sender,
            recipients=() if header.recipient is None else (header.recipient,),
            control_reference=header.reference,
            answers=header.answers,
            prepared_at=header.prepared_at,
            version=header.version,
            test=bool(header.test),
            entries=tuple(self.entries),
        )

    def _finish(self) -> None:
        """The message that the line before ended, if there is one."""
        message, number = self.message, len(self.entries) + 1
        if message is None:
            return
        entry = _entry(self.header, number, message, self.own_ids)
        self.own_ids.add(entry.sender_message_id)
        if isinstance(entry, Misread):
            entry = entry if self.faults < MAX_FAULTS_OF_BATCH else replace(entry, faults=entry.faults[:1])
            self.faults += len(entry.faults)
        self.entries.append(entry)
        shape = BY_CODE.get(message.head.cells[2] or "") if len(message.head.cells) == MESSAGE.width else None
        for line in message.lines:
            self.sums.add(shape.key if shape and shape.key and line.tag == shape.key.tag else LINES.get(line.tag), line.cells)

    def _check(self, line: Line) -> None:
        said = Trailer.model_validate(values_of(line, TRAILER, Trailer))
        found = {"messages": len(self.entries), "lines": self.lines}
        faults = [
            Fault(FaultCode.CONTROL_COUNT_WRONG, f"There are {count} {name}.", TRAILER.place(line.number, (name,)))
            for name, count in found.items()
            if getattr(said, name) != count
        ]
        faults += [
            # Not with its number: in a small batch the sum of ids is somebody's id.
            Fault(FaultCode.CONTROL_COUNT_WRONG, "It is not the total of the batch's lines.", TRAILER.place(line.number, (total,)))
            for total in Total
            if self.sums.sure(total) and getattr(said, total) != self.sums.of(total)
        ]
        if not self.entries:
            faults.append(Fault(FaultCode.ELEMENT_MISSING, "A batch holds at least one message.", where(line.number)))
        if faults:
            raise refusal_of(faults)


def _entry(header: BatchHeader, number: int, message: _Message, own_ids: set[str]) -> Entry | Misread:
    """One message. What is wrong with it is its own; only a wrong number makes the whole doubtful."""
    head = read_line(Reading(message.head, MESSAGE, MessageHead))
    if head.values.get("number", number) != number:
        detail = f"Message {number} of the batch has another number."
        raise refuse(FaultCode.MESSAGE_REFERENCE_MISMATCH, detail, pointer=MESSAGE.place(message.head.number, ("number",)), reference=number)
    shape, action, faults = _judged(head, header)
    own_id = str(head.values.get("own_id", f"{header.reference}/{number}"))
    if own_id in own_ids:
        faults.append(Fault(FaultCode.ELEMENT_REPEATED, "Another message of the batch has it.", head.place(("own_id",))))
    said = _said(shape, action, message, faults) if shape is not None else None
    if said is not None and shape is not None and action is not None and not faults:
        return Entry(_message_header(header, number, shape, action, said.payload, own_id), said.payload, said.own_ids)
    return Misread(
        reference=number,
        sender_message_id=own_id,
        # Free text may have slipped into the column: only what looks like a code is kept as a name.
        type=shape.type if shape else repeatable(head.values.get("type"), FieldClass.CODE),
        case_reference=_claimed_case(message),
        faults=tuple(replace(fault, reference=number) for fault in faults[:MAX_FAULTS]),
    )


def _judged(head: Reading, header: BatchHeader) -> tuple[Shape | None, Action | None, list[Fault]]:
    """Which type, and what is to be done: both known, and fitting each other."""
    faults, values = list(head.faults), head.values
    shape, action = BY_CODE.get(str(values.get("type"))), ACTIONS.get(str(values.get("action")))
    if shape is None and "type" in values:
        told = repeatable(values["type"], FieldClass.CODE)
        faults.append(Fault(FaultCode.TYPE_UNKNOWN, "Known: " + ", ".join(sorted(BY_CODE)) + ".", head.place(("type",)), value=told))
    fitting = catalogue.ACTIONS[shape.type] if shape else frozenset(Action)
    if action not in fitting and "action" in values:
        known = "This type goes with " + ", ".join(letter for letter, its in ACTIONS.items() if its in fitting) + "."
        told = repeatable(values["action"], FieldClass.CODE)
        faults.append(Fault(FaultCode.CODE_UNKNOWN, known, head.place(("action",)), value=told))
    if shape is not None and shape.type in ANSWERING and header.answers is None:
        faults.append(Fault(FaultCode.ELEMENT_MISSING, "This type must name what it answers.", _ANSWERS_PLACE))
    return shape, action, faults


def _said(shape: Shape, action: Action | None, message: _Message, faults: list[Fault]) -> Said | None:
    try:
        said, reduced = read_payload(shape, message.head, message.lines)
    except Refusal as refusal:
        faults += [refusal.fault, *refusal.also]
        return None
    if reduced and action is not Action.DELETE:
        faults.append(Fault(FaultCode.STRUCTURE_INVALID, "Only a delete has the reduced form.", where(message.lines[0].number)))
    return said


def _message_header(header: BatchHeader, number: int, shape: Shape, action: Action, payload: Payload, own_id: str) -> Header:
    return Header(
        sender=header.sender,
        recipients=() if header.recipient is None else (header.recipient,),
        type=shape.type,
        action=action,
        version=header.version,
        sender_message_id=own_id,
        control_reference=header.reference,
        reference=number,
        case_reference=case_of(payload),
        in_reply_to=header.answers,
        prepared_at=header.prepared_at,
        test=header.test,
        application=header.application,
    )


def _claimed_case(message: _Message) -> str | None:
    """The case of a message that could not be read, where its first line names one."""
    cells: Mapping[int, str | None] = dict(enumerate(message.lines[0].cells)) if message.lines else {}
    try:
        return crn(cells.get(1) or "")
    except Refusal:
        return None
