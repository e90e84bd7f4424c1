"""The language of a simulated partner that is told by an adapter: described in YAML, or flat files.

What it is: a case system that knows what any dialect of the gateway says, read and written by that very adapter. What it is
not: a second reading: a simulator of such a language proves a profile, a channel and its trust, and not that the description
fits the partner's real documents; `languages` are the ones written by hand. Called by `gateway simulate` and the kit.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.contract import Adapter, Outgoing
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.jose import NotBelievedError
from gateway.rehearsal.languages import CanonicalLanguage
from gateway.rehearsal.record_names import RECORD_NAMES
from schemas.envelope import Entry, Header, Interchange, Message, Misread
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import MessageId, PartyCode
from schemas.record_ids import ids_in, put

SOME_TYPE, SOME_ACTION = "Contact", "INS"
"""Of a message that cannot be read: it is to be refused by its id, and not for its type."""
_STAND_INS = 9_900_000_000_000
"""Numbers that stand for own ids on their way into a document; nDelius gives none so large."""
UNREAD = "unread"
"""In the header of a message that could not be read; a careful partner finds that there is no such member."""


class AdapterForm:
    """The documents of one dialect. See `languages.Form`."""

    def __init__(self, adapter: Adapter, flaws: Flaws | None = None) -> None:
        self._adapter, self._flaws = adapter, flaws or Flaws()

    @property
    def media_type(self) -> str:
        """Content type of the documents."""
        return self._adapter.media_type

    def read(self, document: bytes) -> dict[str, object]:
        """Header and document of its one message, in canonical JSON; of one that cannot be read its header alone, marked so."""
        try:
            interchange = self._adapter.read(document)
        except Refusal as refusal:
            raise UnreadableError(refusal.fault.code) from refusal
        if len(interchange.entries) != 1:
            raise NotBelievedError("more than one message was not agreed")
        (entry,) = interchange.entries
        if isinstance(entry, Misread):
            return _misread(entry, interchange)
        said = json.loads(entry.payload.model_dump_json(exclude_unset=True))
        for named in entry.own_ids:
            put(said, named.place, f"~{named.own_id}")
        return {"header": _told(entry.header, interchange), "document": said}

    def write(self, payload: bytes) -> bytes:
        """A message of its own, as the gateway reads it."""
        entry, owns = _stood_for(payload)
        if not isinstance(entry, Entry):
            raise NotBelievedError("its own message is not canonical")
        header = entry.header
        outgoing = Outgoing(
            sender=header.sender,
            recipient=header.recipients[0] if header.recipients else PartyCode("N00"),
            control_reference=header.control_reference,
            answers=header.in_reply_to,
            version=header.version,
            prepared_at=header.prepared_at,
            own_ids=_own_ids_of(entry, owns),
        )
        written = self._adapter.write(Message(MessageId(header.sender_message_id), header, entry.payload), outgoing).content
        return _with_unknown_type(written) if self._flaws.has(Flaw.SENDS_UNKNOWN_TYPE) else written


class DescribedLanguage(CanonicalLanguage):
    """A language that an adapter reads and writes; its case system thinks in canonical terms."""

    def __init__(self, adapter: Adapter, flaws: Flaws | None = None) -> None:
        self.name = adapter.dialect
        self.form = AdapterForm(adapter, flaws)


class UnreadableError(NotBelievedError):
    """A document as a whole cannot be read."""

    def __init__(self, code: FaultCode) -> None:
        super().__init__(f"the document cannot be read ({code.value})")
        self.code = code


def stand_in(message_id: str, party: str, *, wrong: bool) -> dict[str, object]:
    """Header and document of a message of which nothing but its id is known; `wrong`: it is to be refused."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    header: dict[str, object] = {"message_id": message_id, "sender": "N00", "recipients": [party], "type": SOME_TYPE, "action": SOME_ACTION}
    header |= {"version": "0-9-14", "control_reference": message_id, "prepared_at": now}
    return {"header": header | ({UNREAD: True, "version": ""} if wrong else {}), "document": {}}


def _told(header: Header, interchange: Interchange) -> dict[str, object]:
    told: dict[str, object] = {"message_id": header.sender_message_id, "sender": header.sender, "recipients": list(interchange.recipients)}
    told |= {"type": header.type, "action": header.action.value, "version": header.version, "control_reference": header.control_reference}
    told["prepared_at"] = header.prepared_at.isoformat().replace("+00:00", "Z")
    return told | ({"case_reference": header.case_reference} if header.case_reference else {})


def _misread(entry: Misread, interchange: Interchange) -> dict[str, object]:
    """What is known of it; where nothing but unknown members is wrong, that is what it says."""
    only_unknown = {fault.code for fault in entry.faults} == {FaultCode.ELEMENT_UNKNOWN}
    content = stand_in(entry.sender_message_id, "", wrong=True)
    kind = entry.type if entry.type in RECORD_NAMES else SOME_TYPE
    version = {"version": interchange.version} if only_unknown else {}
    known = {"sender": interchange.sender, "recipients": list(interchange.recipients), "type": kind} | version
    header = content["header"]
    return content | {"header": (header if isinstance(header, dict) else {}) | known}


def _stood_for(payload: bytes) -> tuple[Entry | Misread, Mapping[str, str]]:
    """Its one message with a number for each own id, and what each number stands for."""
    (entry,) = CanonicalAdapter().read(payload).entries
    if not isinstance(entry, Entry) or not entry.own_ids:
        return entry, {}
    content, owns = json.loads(payload), {str(_STAND_INS + number): named for number, named in enumerate(entry.own_ids)}
    for number, named in owns.items():
        put(content["document"], named.place, number)
    (entry,) = CanonicalAdapter().read(json.dumps(content).encode()).entries
    return entry, {number: named.own_id for number, named in owns.items()}


def _own_ids_of(entry: Entry, owns: Mapping[str, str]) -> Mapping[tuple[str, str], str]:
    """By kind of record and the number that stands for it."""
    said = entry.payload.model_dump(mode="json", exclude_unset=True)
    return {(kind, str(value)): owns[str(value)] for _, kind, value in ids_in(type(entry.payload), said, entry.header.type) if str(value) in owns}


def _with_unknown_type(document: bytes) -> bytes:
    """The same document of a type that nobody knows; it is a transfer's answer that is sent."""
    for name in (b"ConsolidatedTransferResponse", b"TRS,", b"TRANSFER-ANSWER"):
        if name in document:
            return document.replace(name, b"ConsolidatedRumour" + name[-1:] if name.endswith(b",") else b"ConsolidatedRumour")
    return document
