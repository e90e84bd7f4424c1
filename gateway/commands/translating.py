"""Payloads read in one dialect and written in another, with an account of what was lost.

What it is: the work of `gateway translate`, and its report. What it is not: the road: message ids, references and
times stay those of the sender unless an option says otherwise, and no agreement is asked.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from adapters.agencies.flatfile.writing import write_batch
from adapters.agencies.ndelius.tables import SHAPES
from adapters.agencies.ndelius.writing import write_interchange
from adapters.contract import LeftOut, Outgoing
from adapters.names import Dialect
from gateway.commands.checking import NOT_CHECKED, faults_in, type_of
from gateway.commands.explaining import Placed, lines, members, place, plain
from gateway.commands.languages import Form, Language
from gateway.commands.output import CommandError, Exit
from gateway.commands.payloads import Found, documents_in, find, read
from schemas.checks import control_reference, party_code
from schemas.envelope import Interchange, Message, Misread
from schemas.faults import FaultCode, Refusal, refuse
from schemas.identifiers import EXTERNAL_ID_FORM, FORMS, MessageId, PartyCode
from schemas.versions import VERSIONS

Emit = Callable[[bytes], None]
"""Takes one finished document."""
_NO_GATEWAY: Final = "https://gateway.example/v1/deliveries/00000000-0000-7000-8000-000000000000/detail"
"""Where events point when there is no delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the translation is to be; what is None is taken from what was read."""

    source: Language
    target: Language
    version: str | None = None
    sender: PartyCode | None = None
    recipient: PartyCode | None = None
    control_reference: str | None = None
    answers: str | None = None
    prepared_at: datetime | None = None
    reduced_deletes: bool = False
    message_statuses: bool = False

    def checked(self) -> "Wish":
        """The same, tidied. Raises CommandError for what no header could carry."""
        if self.version is not None and self.version not in VERSIONS:
            raise CommandError(Exit.USAGE, "usage", f"There is no version {plain(self.version)}.", f"one of {', '.join(VERSIONS)}")
        if self.answers is not None and re.fullmatch(EXTERNAL_ID_FORM, self.answers) is None:
            raise CommandError(Exit.USAGE, "usage", FORMS[EXTERNAL_ID_FORM])
        try:
            return replace(
                self,
                sender=None if self.sender is None else party_code(self.sender),
                recipient=None if self.recipient is None else party_code(self.recipient),
                control_reference=None if self.control_reference is None else control_reference(self.control_reference),
            )
        except Refusal as refusal:
            raise CommandError(Exit.USAGE, "usage", refusal.fault.detail) from None


@dataclass(frozen=True, slots=True)
class Lost:
    """Something that the target cannot carry, and of which message."""

    document: int
    message: int
    type: str
    what: LeftOut


@dataclass(slots=True)
class Translated:
    """One file: what became of it."""

    name: str
    documents: int = 0
    messages: int = 0
    """How many were read, or were to be; a document refused as a whole counts as one."""
    translated: int = 0
    """How many of them were written, to every recipient."""
    written: int = 0
    """Documents written."""
    lost: list[Lost] = field(default_factory=list)
    faults: list[Placed] = field(default_factory=list)
    wrapped: bool = False
    """True where SOAP or a JWS was around something."""
    unreadable: CommandError | None = None

    @property
    def complete(self) -> bool:
        """True where every message was written."""
        return self.unreadable is None and self.messages == self.translated


def translate_file(name: str, content: bytes | CommandError, wish: Wish, emit: Emit) -> Translated:
    """Translate one file, document by document. Never raises for what stands in it."""
    if isinstance(content, CommandError):
        return Translated(name, unreadable=content)
    translated = Translated(name)
    for number, document in enumerate(documents_in(content, wish.source), 1):
        translated.documents = number
        try:
            found = find(document, wish.source)
            translated.wrapped |= bool(found.envelope)
            interchange = _interchange(found, wish)
            recipients = _recipients(interchange, wish)
        except Refusal as refusal:
            translated.messages += 1
            translated.faults += [Placed(fault, number) for fault in (refusal.fault, *refusal.also)]
            continue
        kept = _judge(translated, number, interchange, wish)
        translated.messages += len(interchange.entries)
        translated.translated += len(kept)
        # As the gateway would: each recipient gets a document of its own.
        for content in [content for recipient in recipients for content in _documents(kept, _outgoing(interchange, recipient, wish), wish)]:
            emit(content)
            translated.written += 1
    return translated


def _interchange(found: Found, wish: Wish) -> Interchange:
    if found.form is Form.ANSWER:
        raise refuse(FaultCode.NOT_TRANSLATABLE, "An SPGInterchangeResponse answers on the connection of its question; it is never translated.")
    if found.form is not wish.source.form:
        raise refuse(FaultCode.MALFORMED, f"This is {found.form}, which {wish.source.name} is not written in.")
    said = read(found, wish.source)
    if not isinstance(said, Interchange):
        raise TypeError("an answer is no interchange")
    return said


def _recipients(interchange: Interchange, wish: Wish) -> tuple[PartyCode, ...]:
    recipients = (wish.recipient,) if wish.recipient else interchange.recipients
    if not recipients:
        raise refuse(FaultCode.NO_RECIPIENT, "Nobody is named; --recipient can.", pointer="/header/recipients")
    return recipients


def _judge(translated: Translated, number: int, interchange: Interchange, wish: Wish) -> Sequence[Message]:
    """The messages that the target can say. Each is written alone, so that what it refuses or loses is told by message."""
    outgoing, kept = _outgoing(interchange, _recipients(interchange, wish)[0], wish), []
    for entry in interchange.entries:
        kind = type_of(entry)
        translated.faults += [Placed(fault, number, kind) for fault in faults_in(entry)]
        if isinstance(entry, Misread):
            continue
        message = Message(MessageId(entry.sender_message_id), entry.header, entry.payload)
        try:
            document = wish.target.adapter.write(message, outgoing)
        except Refusal as refusal:
            translated.faults += [Placed(replace(fault, reference=entry.reference), number, kind) for fault in (refusal.fault, *refusal.also)]
        else:
            translated.lost += [Lost(number, entry.reference, kind, what) for what in document.left_out]
            kept.append(message)
    return kept


def _documents(messages: Sequence[Message], outgoing: Outgoing, wish: Wish) -> list[bytes]:
    """One interchange of them all where SPG has one header for all, one batch; else a document each."""
    if wish.target.name == Dialect.FLATFILE and messages:
        return [write_batch(messages, outgoing).content]
    if wish.target.name == Dialect.NDELIUS and len({_headed(message) for message in messages}) == 1:
        return [write_interchange(messages, outgoing).content]
    return [wish.target.adapter.write(message, outgoing).content for message in messages]


def _headed(message: Message) -> tuple[object, ...]:
    """What of the interchange header hangs on the type of its messages."""
    shape = SHAPES[message.header.type]
    return shape.header, shape.schema_location


def _outgoing(interchange: Interchange, recipient: PartyCode, wish: Wish) -> Outgoing:
    return Outgoing(
        sender=wish.sender or interchange.sender,
        recipient=recipient,
        control_reference=wish.control_reference or interchange.control_reference,
        answers=wish.answers or interchange.answers,
        version=wish.version or interchange.version,
        prepared_at=wish.prepared_at or interchange.prepared_at,
        reduced_deletes=wish.reduced_deletes,
        message_statuses=wish.message_statuses,
        detail_url=_NO_GATEWAY,
    )


def summary(found: Sequence[Translated]) -> dict[str, object]:
    """What became of each file, for a script."""
    wrapped = any(one.wrapped for one in found)
    return {"complete": all(one.complete for one in found), "signatures": "not-checked" if wrapped else "none", "files": [_members(one) for one in found]}


def _members(one: Translated) -> dict[str, object]:
    error = one.unreadable
    lost = [{"document": it.document, "message": it.message, "type": it.type, "pointer": it.what.pointer, "reason": it.what.reason} for it in one.lost]
    return {
        "file": plain(one.name),
        "complete": one.complete,
        "documents": one.documents,
        "messages": one.messages,
        "translated": one.translated,
        "written": one.written,
        "left_out": lost,
        "faults": [members(placed) for placed in one.faults],
        "error": {"code": error.code, "title": plain(error.title)} if error else None,
    }


def account(found: Sequence[Translated]) -> list[str]:
    """What was left out and refused of each file, for people; nothing of one that went through whole."""
    told = [line for one in found for line in _account(one)]
    return [*told, NOT_CHECKED] if any(one.wrapped for one in found) else told


def _account(one: Translated) -> list[str]:
    if one.unreadable:
        return [plain(one.unreadable.title)]
    several = one.documents > 1
    lost = [f"  {place(it.document, it.message, it.type, several=several)}: left out {plain(it.what.pointer)}: {it.what.reason}" for it in one.lost]
    refused = [line for placed in one.faults for line in lines(placed, several=several)]
    return [f"{plain(one.name)}: {one.translated} of {one.messages} translated", *lost, *refused] if lost or refused else []


def verdict(found: Sequence[Translated]) -> CommandError | None:
    """How the command ends."""
    unreadable = next((one.unreadable for one in found if one.unreadable), None)
    if unreadable is not None:
        return unreadable
    asked, done = sum(one.messages for one in found), sum(one.translated for one in found)
    if asked == done:
        return None
    code, name = (Exit.PARTLY_DONE, "partly-translated") if done else (Exit.CHECKS_FAILED, "not-translated")
    return CommandError(code, name, f"Translated: {done} of {asked} messages.")
