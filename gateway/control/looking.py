"""Looking: opening a message, revealing a field of it, searching, each on record under the person's name.

What it is: the looks that a person must answer for. What it is not: figures and lists of header facts, which name
nobody. The archive's keys are handed in: what is opened here leaves redacted, but for what was revealed. Called by the console.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.control.desk import Desk, NotPossible, NotThere
from gateway.oversight.reasons import REVEAL_PURPOSES, checked
from gateway.oversight.records import Operator, OperatorSession, Reveal, Search
from gateway.oversight.redaction import FieldRow, case_row, pointers, rows_of
from gateway.oversight.views import MessageSearch
from gateway.records import MessageRecord
from gateway.trust.contract import SignerUnavailable
from gateway.trust.sealing import ArchiveKeys, Unsealable, unseal
from schemas.catalogue import load
from schemas.envelope import Message
from schemas.identifiers import MessageId

REVEALED_FOR: Final = timedelta(minutes=5)
SEARCH_KEPT: Final = timedelta(hours=24)
MOST_FIELDS: Final = 20
"""Fields that are revealed at one time; nobody needs all of a person's life to mend a message."""


@dataclass(frozen=True, slots=True)
class Content:
    """A message's content as it may be shown to this session now."""

    rows: tuple[FieldRow, ...] = ()
    reveals: Mapping[str, Reveal] = field(default_factory=lambda: MappingProxyType({}))
    """What is revealed, by pointer: for how long, and for what purpose."""
    kept: bool = True
    """False where it cannot be opened: erased by law, or no key is here."""


class Looking:
    """What operators look at, on record."""

    def __init__(self, desk: Desk, archive: ArchiveKeys, lookup: Callable[[str], str]) -> None:
        self._desk, self._archive, self._lookup = desk, archive, lookup

    def content(self, record: MessageRecord, session: OperatorSession) -> Content:
        """The redacted content, after the look is on record."""
        self.seen(record, session)
        message = self._open(record)
        if message is None:
            return Content(kept=False)
        reveals = self._revealed(session, record.message_id)
        return Content(_rows(message, frozenset(reveals)), reveals)

    def seen(self, record: MessageRecord, session: OperatorSession) -> None:
        """Put on record that somebody opened the page of a message, also where its content is not theirs to see."""
        event = AuditEvent(AuditCode.MESSAGE_VIEWED, self._desk.clock(), record.message_id, {"by": session.operator.subject})
        self._desk.store.oversight.note_look([event])

    def hidden(self, record: MessageRecord, wanted: Sequence[str]) -> Sequence[FieldRow]:
        """The fields that somebody chose, without their values, for the page that asks why. Raises NotPossible."""
        message, chosen = self._open(record), frozenset(wanted)
        if message is None:
            raise NotPossible("Its content is no longer kept.")
        return _choice(_rows(message, ()), chosen)

    def reveal(self, message_id: MessageId, wanted: Sequence[str], purpose: str, text: str, session: OperatorSession) -> Sequence[Reveal]:
        """Let this session see these fields for some minutes. Raises ReasonInvalid, NotPossible, NotThere."""
        purpose, text = checked(purpose, text, REVEAL_PURPOSES)
        record = self._desk.store.queries.messages([message_id]).get(message_id)
        if record is None:
            raise NotThere("There is no message with this id.")
        message = self._open(record)
        if message is None:
            raise NotPossible("Its content is no longer kept.")
        fields = [row.pointer for row in _choice(_rows(message, ()), frozenset(wanted))]
        return self._grant(record.message_id, fields, purpose, text, session)

    def search(self, wanted: Mapping[str, str], crn: str, by: Operator) -> Search:
        """Keep what is searched for under an id of its own, so that a case reference number is in no address."""
        now = self._desk.clock()
        kept = {name: value for name, value in wanted.items() if value} | ({"case_lookup": self._lookup(crn)} if crn else {})
        search = Search(search_id=self._desk.new_id(), by=by, wanted=kept, made_at=now, expires_at=now + SEARCH_KEPT)
        facts = {"by": by.subject, "fields": ",".join(sorted(kept))}
        self._desk.store.oversight.put_search(search, AuditEvent(AuditCode.SEARCH_MADE, now, kept.get("case_lookup", search.search_id), facts))
        return search

    def related(self, record: MessageRecord, limit: int) -> Sequence[MessageRecord]:
        """Other messages of the same case, newest first; none for one that concerns no case."""
        if record.case_lookup is None:
            return ()
        since = record.accepted_at - timedelta(days=3650)
        found = self._desk.store.watch.find(MessageSearch(since=since, case_lookup=record.case_lookup), limit + 1)
        return [row.message for row in found if row.message.message_id != record.message_id][:limit]

    def _grant(self, message_id: MessageId, fields: Sequence[str], purpose: str, text: str, session: OperatorSession) -> Sequence[Reveal]:
        now = self._desk.clock()
        first = Reveal(session=session.session, message_id=message_id, pointer="", purpose=purpose, granted_at=now, expires_at=now + REVEALED_FOR)
        reveals = [replace(first, pointer=pointer) for pointer in fields]
        facts = {"by": session.operator.subject, "purpose": purpose, "words": text}
        events = [AuditEvent(AuditCode.FIELD_REVEALED, now, message_id, {**facts, "field": reveal.pointer}) for reveal in reveals]
        self._desk.store.oversight.put_reveals(reveals, events)
        return reveals

    def _revealed(self, session: OperatorSession, message_id: MessageId) -> Mapping[str, Reveal]:
        return {one.pointer: one for one in self._desk.store.oversight.reveals(session.session, message_id, self._desk.clock())}

    def _open(self, record: MessageRecord) -> Message | None:
        try:
            return load(unseal(record.canonical, self._archive, record.message_id.encode()))
        except (Unsealable, SignerUnavailable):
            return None


def _choice(rows: Sequence[FieldRow], chosen: frozenset[str]) -> Sequence[FieldRow]:
    if not 0 < len(chosen) <= MOST_FIELDS:
        raise NotPossible(f"Choose between 1 and {MOST_FIELDS} fields.")
    if not pointers(rows) >= chosen:
        raise NotPossible("The message has no such hidden field.")
    return [row for row in rows if row.pointer in chosen]


def _rows(message: Message, revealed: frozenset[str] | tuple[()]) -> tuple[FieldRow, ...]:
    case = case_row(message.header.case_reference, revealed)
    return (*((case,) if case else ()), *rows_of(message.payload, revealed))
