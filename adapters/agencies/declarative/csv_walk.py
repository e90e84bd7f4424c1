"""A batch of lines to an interchange: the walk over the lines around messages, and each message's own.

What it is: a line for all, then for each message a line that opens it and the lines that it is made of, perhaps a last
one with control totals. What it is not: CSV itself (`csv_lines`), nor what the columns of a message mean
(`translation`). What is wrong with a message is its own; what makes the batch doubtful refuses the whole.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.agencies.declarative.csv_lines import Row, rows_of, where
from adapters.agencies.declarative.csv_totals import Sums, columns_of, total_said
from adapters.agencies.declarative.envelope import SharedFacts, fact_pointer, read_facts, read_shared
from adapters.agencies.declarative.language import Csv
from adapters.agencies.declarative.tables import Cell, Level, Record, Steps, Table, Tables, places_of
from adapters.contract import MAX_MESSAGES, too_many
from schemas.catalogue import ACTIONS, ANSWERING, case_of
from schemas.checks import crn
from schemas.classes import FieldClass, repeatable
from schemas.envelope import Action, Entry, Header, Interchange, Misread, Said
from schemas.faults import Fault, FaultCode, Refusal, refusal_of, refuse
from schemas.identifiers import EXTERNAL_ID_FORM, FORMS
from schemas.payload import Payload
from schemas.validation import MAX_FAULTS

MAX_LINES_OF_MESSAGE: Final = 100_001
"""A status notification of the most messages that the canonical model holds."""
PayloadOf = Callable[[str, Level, bool], Said]
"""What a type says, from its level; true for a short delete. Refuses."""
_OWN_ID: Final = re.compile(EXTERNAL_ID_FORM.removeprefix("^").removesuffix("$"), re.ASCII)
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


@dataclass(slots=True)
class _Message:
    """The lines of a message that is not complete yet."""

    head: Row
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class _Head:
    """What the line that opens a message says."""

    level: Level
    own_id: str
    type: str
    """As the canonical model names it; empty where it is unknown."""
    claimed_type: str
    """The same, or what was said in its place where that looks like a code."""
    action: Action | None
    faults: list[Fault]


def read_batch(content: bytes, csv: Csv, tables: Tables, payload_of: PayloadOf, max_messages: int = MAX_MESSAGES) -> Interchange:
    """A batch to canonical. Refuses what is wrong with it as a whole."""
    rows = rows_of(content, csv)
    batch = _Batch(csv, tables, payload_of, _shared(next(rows), csv, tables), max_messages)
    for row in rows:
        batch.take(row)
    return batch.closed()


def level_of(row: Row, columns: Sequence[str], csv: Csv) -> Level:
    """A line as a level. A line of another width is one fault: no column of it is known."""

    def locate(steps: Steps) -> str:
        return where(row.number, columns.index(steps[0]) + 2, steps[0]) if steps and steps[0] in columns else where(row.number)

    level = Level(locate)
    if len(row.columns) != len(columns):
        detail = f"A line {row.word[:40]} has {len(columns) + 1} columns; this one has {len(row.columns) + 1}."
        level.faults.append(Fault(FaultCode.STRUCTURE_INVALID, detail, where(row.number)))
        level.broken = True
        return level
    for name, value in zip(columns, row.columns, strict=True):
        if value is not None or csv.empty == "plain":
            level.cells[(name,)] = Cell(value or None)
    return level


def _shared(row: Row, csv: Csv, tables: Tables) -> tuple[SharedFacts, Level]:
    if row.word != csv.header.word:
        raise refuse(FaultCode.ELEMENT_MISSING, f"A batch begins with a line {csv.header.word}.", pointer=where(1, 1, "Line"))
    level = level_of(row, csv.header.columns, csv)
    for name, edition in csv.header.edition.items():
        cell = level.cells.get((name,))
        if level.broken or (cell is not None and cell.value == edition):
            continue
        missing = cell is None or cell.value is None
        code = FaultCode.ELEMENT_MISSING if missing else FaultCode.VERSION_UNKNOWN
        level.faults.append(Fault(code, "It is mandatory here, and empty." if missing else f"Read here: {edition}.", level.locate((name,))))
    return read_shared(level, tables), level


@dataclass(slots=True)
class _Batch:
    """What was read so far."""

    csv: Csv
    tables: Tables
    payload_of: PayloadOf
    shared: tuple[SharedFacts, Level]
    limit: int
    lines: int = 1
    sums: Sums = field(init=False)
    words: dict[str, Record] = field(init=False)
    message: _Message | None = None
    trailer: Row | None = None
    entries: list[Entry | Misread] = field(default_factory=list)
    own_ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sums = Sums(self.csv.trailer)
        self.words = _words(self.tables)

    def take(self, row: Row) -> None:
        """The next line."""
        self.lines += 1
        if self.trailer is not None:
            raise refuse(FaultCode.ELEMENT_MISPLACED, f"Nothing follows the line {self.trailer.word}.", pointer=where(row.number))
        if row.word == self.csv.header.word:
            raise refuse(FaultCode.ELEMENT_REPEATED, f"A batch has one line {row.word}.", pointer=where(row.number))
        if self.csv.trailer is not None and row.word == self.csv.trailer.word:
            self._finish()
            self.message, self.trailer = None, row
        elif row.word == self.csv.message.word:
            self._finish()
            self.message = self._opened(row)
        elif self.message is None:
            raise refuse(FaultCode.ELEMENT_MISPLACED, f"A line {self.csv.message.word} comes before it.", pointer=where(row.number))
        elif len(self.message.rows) == MAX_LINES_OF_MESSAGE:
            raise refuse(FaultCode.TOO_COMPLEX, f"More than {MAX_LINES_OF_MESSAGE} lines in one message are not read.", pointer=where(row.number))
        else:
            self.message.rows.append(row)

    def _opened(self, row: Row) -> _Message:
        if len(self.entries) == self.limit:
            raise too_many(self.limit, where(row.number))
        return _Message(row)

    def closed(self) -> Interchange:
        """The whole, once all lines were taken."""
        if self.csv.trailer is None:
            self._finish()
        elif self.trailer is None:
            raise refuse(FaultCode.ELEMENT_MISSING, f"A batch ends with a line {self.csv.trailer.word}.", pointer=where(self.lines))
        faults = self._wrong_totals(self.trailer) if self.trailer is not None else []
        if not self.entries:
            faults.append(Fault(FaultCode.ELEMENT_MISSING, "A batch holds at least one message.", where(self.lines)))
        if faults:
            raise refusal_of(faults)
        facts = self.shared[0]
        return Interchange(
            sender=facts.sender,
            recipients=facts.recipients,
            control_reference=facts.control_reference,
            answers=facts.in_reply_to,
            prepared_at=facts.prepared_at,
            version=facts.version,
            test=bool(facts.test),
            entries=tuple(self.entries),
        )

    def _wrong_totals(self, row: Row) -> list[Fault]:
        totals = self.csv.trailer.totals if self.csv.trailer else {}
        level = level_of(row, tuple(totals), self.csv)
        faults = list(level.faults)
        said: dict[str, int] = {}
        for name in totals if not level.broken else ():
            cell = level.cells.get((name,))
            if cell is None or cell.value is None:
                faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here, and empty.", level.locate((name,))))
            elif (found := total_said(str(cell.value))) is None:
                faults.append(Fault(FaultCode.VALUE_INVALID, "A control total is written in up to 18 digits.", level.locate((name,))))
            else:
                said[name] = found
        if faults:
            raise refusal_of(faults)
        return [
            Fault(FaultCode.CONTROL_COUNT_WRONG, "It is not what the batch's lines come to.", level.locate((name,)))
            for name, number in said.items()
            if self._due(name) not in (None, number)
        ]

    def _due(self, name: str) -> int | None:
        """What a total has to be; None where nobody can say."""
        total = self.csv.trailer.totals[name] if self.csv.trailer else None
        if total is None or total.counts is not None:
            return {"messages": len(self.entries), "lines": self.lines}.get(total.counts or "") if total else None
        return self.sums.of(name, total) if self.sums.sure(name) else None

    def _finish(self) -> None:
        """The message that the line before ended, if there is one."""
        message = self.message
        if message is None:
            return
        head = self._head(message.head)
        entry = self._entry(head, message)
        self.own_ids.add(entry.sender_message_id)
        self.entries.append(entry)
        table = self.tables.messages.get(head.type)
        for row in message.rows:
            self.sums.add(_record_of(row, table, self.words, self.csv), row.columns)

    def _head(self, row: Row) -> _Head:
        number = len(self.entries) + 1
        level = level_of(row, self.csv.message.columns, self.csv)
        facts, faults = read_facts(level, self.tables, ("message_id", "type", "action"))
        self._check_number(level, number, faults)
        raw_type, raw_action = str(facts.get("type", "")), facts.get("action")
        own_id = str(facts.get("message_id", ""))
        if own_id and _OWN_ID.fullmatch(own_id) is None:
            faults.append(Fault(FaultCode.IDENTIFIER_INVALID, FORMS[EXTERNAL_ID_FORM], fact_pointer(("message_id",), level, self.tables)))
            own_id = ""
        table = self.tables.messages.get(raw_type)
        known = table is not None and table.reads
        if raw_type and not known:
            told = repeatable(raw_type, FieldClass.CODE)
            faults.append(Fault(FaultCode.TYPE_UNKNOWN, "There is no such message.", fact_pointer(("type",), level, self.tables), value=told))
        action = Action(str(raw_action)) if raw_action in set(Action) else None
        if raw_action is not None and action not in (ACTIONS[raw_type] if known else set(Action)):
            faults.append(Fault(FaultCode.CODE_UNKNOWN, "It does not go with this type.", fact_pointer(("action",), level, self.tables)))
        facts_of_all, header = self.shared
        if known and raw_type in ANSWERING and facts_of_all.in_reply_to is None:
            pointer = fact_pointer(("in_reply_to",), header, self.tables)
            faults.append(Fault(FaultCode.ELEMENT_MISSING, "This type must name what it answers.", pointer))
        own_id = own_id or f"{facts_of_all.control_reference}/{number}"
        if own_id in self.own_ids:
            faults.append(Fault(FaultCode.ELEMENT_REPEATED, "Another message of the batch has it.", fact_pointer(("message_id",), level, self.tables)))
        return _Head(level, own_id, raw_type if known else "", raw_type if known else repeatable(raw_type, FieldClass.CODE), action, faults)

    def _check_number(self, level: Level, number: int, faults: list[Fault]) -> None:
        if level.broken:
            return
        steps = (self.csv.message.number,)
        cell = level.cells.get(steps)
        if cell is None or cell.value is None:
            faults.append(Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here, and empty.", level.locate(steps)))
        elif _NUMBER.fullmatch(str(cell.value)) is None:
            faults.append(Fault(FaultCode.VALUE_INVALID, "A number is written in up to nine digits, without leading zeros.", level.locate(steps)))
        elif int(str(cell.value)) != number:
            detail = f"Message {number} of the batch has another number."
            raise refuse(FaultCode.MESSAGE_REFERENCE_MISMATCH, detail, pointer=level.locate(steps), reference=number)

    def _entry(self, head: _Head, message: _Message) -> Entry | Misread:
        number = len(self.entries) + 1
        said = self._said(head, message) if head.type else None
        if said is not None and head.action is not None and not head.faults:
            return Entry(self._header(head, number, said.payload), said.payload, said.own_ids)
        return Misread(
            reference=number,
            sender_message_id=head.own_id,
            type=head.claimed_type,
            case_reference=_claimed_case(message, self.tables.messages.get(head.type)),
            faults=tuple(replace(fault, reference=number) for fault in head.faults[:MAX_FAULTS]),
        )

    def _said(self, head: _Head, message: _Message) -> Said | None:
        table = self.tables.messages[head.type]
        try:
            level, short = _message_level(message, table, self.tables, self.csv)
            said = self.payload_of(head.type, level, short)
        except Refusal as refusal:
            head.faults += [refusal.fault, *refusal.also]
            return None
        if short and head.action is not Action.DELETE:
            head.faults.append(Fault(FaultCode.STRUCTURE_INVALID, "Only a delete has the reduced form.", where(message.rows[0].number)))
        return said

    def _header(self, head: _Head, number: int, payload: Payload) -> Header:
        facts = self.shared[0]
        if head.action is None:
            raise TypeError("a message without an action")
        return Header(
            sender=facts.sender,
            recipients=facts.recipients,
            type=head.type,
            action=head.action,
            version=facts.version,
            sender_message_id=head.own_id,
            control_reference=facts.control_reference,
            reference=number,
            case_reference=case_of(payload),
            in_reply_to=facts.in_reply_to,
            prepared_at=facts.prepared_at,
            test=facts.test,
            application=facts.application,
        )


def _message_level(message: _Message, table: Table, tables: Tables, csv: Csv) -> tuple[Level, bool]:
    """The lines of a message, and whether they are a short delete. Refuses lines that do not belong to it."""
    rows = message.rows
    if not rows:
        raise refuse(FaultCode.ELEMENT_MISSING, f"A line {table.called} follows.", pointer=where(message.head.number))
    short = table.deletion is not None and rows[0].word == csv.deletion
    record = table.deletion if short and table.deletion is not None else table.record
    word = csv.deletion if short and csv.deletion is not None else table.called
    lists = {repeats.place[0]: repeats for repeats in record.lists}
    misplaced = _misplaced(rows, word, lists, tables, csv)
    if misplaced:
        raise refusal_of(misplaced)
    level = level_of(rows[0], columns_of(record), csv)
    for row in rows[1:]:
        repeats = lists[row.word]
        items = level.lists.setdefault(repeats.place, [])
        if isinstance(items, list):
            items.append(level_of(row, columns_of(repeats.record), csv))
    return level, short


def _misplaced(rows: Sequence[Row], word: str, lists: Collection[str], tables: Tables, csv: Csv) -> list[Fault]:
    """Lines that do not belong to the message, or not where they stand."""
    faults = [] if rows[0].word == word else [_stray(rows[0], tables, csv)]
    for row in rows[1:]:
        if row.word == word:
            faults.append(Fault(FaultCode.ELEMENT_REPEATED, f"A message has one line {word}.", where(row.number, 1, "Line")))
        elif row.word not in lists:
            faults.append(_stray(row, tables, csv))
        if len(faults) == MAX_FAULTS:
            break
    return faults


def _stray(row: Row, tables: Tables, csv: Csv) -> Fault:
    known = row.word in {csv.deletion, *_words(tables)}
    code = FaultCode.ELEMENT_MISPLACED if known else FaultCode.ELEMENT_UNKNOWN
    return Fault(code, "The message has no such line here.", where(row.number, 1, "Line"), value=repeatable(row.word, FieldClass.CODE))


def _words(tables: Tables) -> dict[str, Record]:
    """The words that lines of messages begin with, and what stands on each."""
    found = {table.called: table.record for table in tables.messages.values()}
    return found | {one.place[0]: one.record for table in tables.messages.values() for one in table.record.lists}


def _record_of(row: Row, table: Table | None, words: Mapping[str, Record], csv: Csv) -> Record | None:
    if table is not None and table.deletion is not None and row.word == csv.deletion:
        return table.deletion
    return words.get(row.word)


def _claimed_case(message: _Message, table: Table | None) -> str | None:
    """The case of a message that could not be read, where its first line names one."""
    for record in (table.record, table.deletion) if table is not None and message.rows else ():
        names = [places_of(one)[0][0] for one in record.fields if one.paths == (("crn",),)] if record is not None else []
        columns = dict(zip(columns_of(record), message.rows[0].columns, strict=False)) if record is not None else {}
        for name in names:
            try:
                return crn(columns.get(name) or "")
            except Refusal:
                continue
    return None
