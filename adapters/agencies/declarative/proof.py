"""A mapping tried out: messages written, read, written again.

What it is: the proof that whatever the mapping carries comes back, and that whatever does not is named. What it is not:
the checks when it is loaded (`compile`). Called by `gateway dialect check` and by tests, for any adapter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from adapters.agencies.declarative.samples import outgoing_of
from adapters.contract import Adapter, Document
from schemas.envelope import Entry, Header, Message
from schemas.faults import FaultCode, Refusal
from schemas.record_ids import NONE_YET, ids_in, put


@dataclass(frozen=True, slots=True)
class Trial:
    """One message: what became of it."""

    type: str
    failures: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    """Pointers and reasons where the language has no way to say it, and says so."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Pointers of the canonical message, with the reasons."""


def prove(adapter: Adapter, messages: Iterable[Message]) -> Iterator[Trial]:
    """Try every message; nothing is raised for what an adapter does with it."""
    for message in messages:
        yield _tried(adapter, message)


def _tried(adapter: Adapter, message: Message) -> Trial:
    kind, outgoing = message.header.type, outgoing_of(message)
    try:
        document = adapter.write(message, outgoing)
    except Refusal as refusal:
        told = tuple((fault.pointer, fault.detail) for fault in (refusal.fault, *refusal.also))
        if refusal.fault.code is FaultCode.NOT_TRANSLATABLE:
            return Trial(kind, refused=told)
        return Trial(kind, tuple(f"not written: {detail} {pointer}" for pointer, detail in told))
    lost = tuple((one.pointer, one.reason) for one in document.left_out)
    if adapter.write(message, outgoing) != document:
        return Trial(kind, ("the same message gave two documents",), left_out=lost)
    try:
        (entry,) = adapter.read(document.content).entries
    except Refusal as refusal:
        return Trial(kind, (f"not read again: {refusal.fault.detail} {refusal.fault.pointer}".strip(),), left_out=lost)
    if not isinstance(entry, Entry):
        return Trial(kind, tuple(f"not read again: {fault.detail} {fault.pointer}".strip() for fault in entry.faults), left_out=lost)
    return Trial(kind, (*_differences(adapter, message, document, entry), *_own_ids_lost(adapter, message, entry)), left_out=lost)


def _differences(adapter: Adapter, message: Message, document: Document, entry: Entry) -> Iterator[str]:
    lost = [one.pointer for one in document.left_out]
    before = _said(message.payload.model_dump(exclude_unset=True), "/payload") | _facts(message.header, message.message_id)
    after = _said(entry.payload.model_dump(exclude_unset=True), "/payload") | _facts(entry.header, entry.header.sender_message_id)
    for pointer in sorted(before.keys() | after.keys()):
        same = pointer in before and pointer in after and before[pointer] == after[pointer]
        if not same and not any(pointer == one or pointer.startswith(f"{one}/") for one in lost) and not _is_silence(pointer, before, after):
            yield f"{pointer} came back as something else, and nothing says so"
    again = Message(message.message_id, _like(entry.header, message.header), entry.payload)
    try:
        second = adapter.write(again, outgoing_of(message))
    except Refusal as refusal:
        yield f"not written again: {refusal.fault.detail} {refusal.fault.pointer}".strip()
        return
    if second.content != document.content:
        yield "what was read gives another document than what was written"


def _own_ids_lost(adapter: Adapter, message: Message, entry: Entry) -> Iterator[str]:
    """The same message for somebody who knows every record of it by an own id: where one was written it comes back."""
    kind, meant = message.header.type, entry.payload.model_dump(mode="json", exclude_unset=True)
    records = {place: (what, str(said)) for place, what, said in ids_in(type(entry.payload), meant, kind) if said not in (None, NONE_YET)}
    known = {record: f"own/{record[1]}" for record in records.values()}
    try:
        (again,) = adapter.read(adapter.write(message, replace(outgoing_of(message), own_ids=known)).content).entries
    except Refusal as refusal:
        yield f"with own ids not read again: {refusal.fault.detail} {refusal.fault.pointer}".strip()
        return
    if not isinstance(again, Entry):
        yield from (f"with own ids not read again: {fault.detail} {fault.pointer}".strip() for fault in again.faults)
        return
    tree = again.payload.model_dump(mode="json", exclude_unset=True)
    for name in again.own_ids:
        record = records.get(name.place)
        if record is None or known[record] != name.own_id:
            yield f"{name.pointer} came back as another own id"
        else:
            put(tree, name.place, record[1])
    if tree != meant:
        yield "with own ids another message comes back"


def _is_silence(pointer: str, before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """True where nothing at all came back as a stated nothing: forms whose places are always there cannot tell them apart."""
    return pointer not in before and after[pointer] is None


def _like(read: Header, meant: Header) -> Header:
    """What was read, with what the delivery gives in any case."""
    return replace(read, test=meant.test, application=meant.application)


def _said(value: object, where: str) -> dict[str, object]:
    if isinstance(value, dict):
        return {pointer: inner for name, one in value.items() for pointer, inner in _said(one, f"{where}/{name}").items()}
    if isinstance(value, list | tuple):
        return {pointer: inner for place, one in enumerate(value) for pointer, inner in _said(one, f"{where}/{place}").items()}
    return {where: value}


def _facts(header: Header, message_id: str) -> dict[str, object]:
    return {
        "/header/type": header.type,
        "/header/action": header.action,
        "/header/sender": header.sender,
        "/header/recipients": header.recipients,
        "/header/version": header.version,
        "/header/control_reference": header.control_reference,
        "/header/message_id": message_id,
        "/header/case_reference": header.case_reference,
        "/header/in_reply_to": header.in_reply_to,
        "/header/prepared_at": header.prepared_at,
        "/header/test": bool(header.test),
        "/header/application": header.application,
    }
