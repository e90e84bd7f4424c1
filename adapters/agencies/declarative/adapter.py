"""A described language at work: the port of `adapters.contract` over a checked mapping.

What it is: text of a mapping in, an adapter out. What it is not: a reader of files; who keeps mappings where is the
composition root's to know. Holds nothing that changes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from adapters.agencies.declarative import json_walk, xml_walk
from adapters.agencies.declarative.compile import compiled, read_mapping
from adapters.agencies.declarative.csv_walk import read_batch
from adapters.agencies.declarative.csv_writing import write_batch
from adapters.agencies.declarative.envelope import fact_pointer, facts_to_write, header_record, read_whole, write_facts
from adapters.agencies.declarative.language import DialectMapping
from adapters.agencies.declarative.tables import Level, Record, Table, Tables
from adapters.agencies.declarative.translation import lost_to_the_key, read_payload, write_payload
from adapters.agencies.declarative.xml_walk import XmlDocument
from adapters.contract import MAX_MESSAGES, Document, LeftOut, Outgoing, no_whole_record
from adapters.json_form import MEDIA_TYPE, FormHeader, interchange_of, read_form, write_form
from adapters.xml_form import MEDIA_TYPE as XML_TYPE
from schemas.canonical.case import CaseRecord, Deletion
from schemas.catalogue import ACTIONS, CATALOGUE, KEYS
from schemas.envelope import Action, Entry, Interchange, Message, Misread, Said
from schemas.faults import Fault, FaultCode, Refusal, refuse
from schemas.record_ids import with_own_ids
from schemas.versions import unknown_between

_LevelOf = Callable[[Table, Record], Level]
"""The message of a document as one record would have it."""
_TYPES: Final = {"json": MEDIA_TYPE, "xml": XML_TYPE, "csv": "text/csv"}


def load(text: str) -> "DescribedAdapter":
    """The adapter of a mapping in YAML. Raises MappingError with every mistake."""
    mapping, notes = read_mapping(text)
    return DescribedAdapter(mapping, compiled(mapping, notes))


class DescribedAdapter:
    """One described language."""

    def __init__(self, mapping: DialectMapping, tables: Tables) -> None:
        self._mapping = mapping
        self._tables = tables
        self._header = header_record(tables)

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return self._tables.dialect

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return _TYPES[self._mapping.form]

    @property
    def mapping(self) -> DialectMapping:
        """What it was made from."""
        return self._mapping

    @property
    def tables(self) -> Tables:
        """What it goes by."""
        return self._tables

    def read(self, content: bytes, max_messages: int = MAX_MESSAGES, /) -> Interchange:
        """A document of the partner to canonical. JSON and XML are one message each."""
        if self._mapping.xml is not None:
            return self._interchange(XmlDocument(content, self._mapping.xml))
        if self._mapping.csv is not None:
            return read_batch(content, self._mapping.csv, self._tables, self._batch_payload, max_messages)
        return read_form(content, self._json_payload)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as the partner's document, and what that cannot carry of it."""
        table = self._tables.messages.get(message.header.type)
        if table is None or not table.writes:
            raise refuse(FaultCode.NOT_TRANSLATABLE, f"{self._tables.title} has no document for the type {message.header.type}.")
        record, level, lost = self._level_to_write(message, outgoing, table)
        if self._mapping.form == "json":
            return write_form(message, outgoing, json_walk.written(level), lost)
        return self._document(message, outgoing, table, record, level, lost)

    def _document(self, message: Message, outgoing: Outgoing, table: Table, record: Record, level: Level, lost: Sequence[LeftOut]) -> Document:
        """Document and envelope of a form that has an envelope of its own."""
        header = message.header
        if header.action not in ACTIONS[header.type]:
            raise refuse(FaultCode.NOT_TRANSLATABLE, f"{header.type} does not go with {header.action}.", pointer="/header/action")
        envelope, unsaid = write_facts(facts_to_write(message, outgoing), self._tables)
        unknown = unknown_between(header.version, outgoing.version)
        caveat = [LeftOut("/header/version", unknown)] if unknown else []
        if self._mapping.xml is not None:
            content = xml_walk.written(self._mapping.xml, envelope, table.called, level)
        elif self._mapping.csv is not None:
            word = self._mapping.csv.deletion if record is table.deletion else None
            content = write_batch(self._mapping.csv, envelope, word or table.called, level, record)
        else:
            raise TypeError(self._mapping.form)
        return Document(content, (*unsaid, *caveat, *lost))

    def _level_to_write(self, message: Message, outgoing: Outgoing, table: Table) -> tuple[Record, Level, Sequence[LeftOut]]:
        """The level of a message in the form of delete that the recipient's agreement names."""
        payload, lost = message.payload, tuple[LeftOut, ...]()
        whole = message.header.action is Action.DELETE and outgoing.reduced_deletes and isinstance(payload, CaseRecord)
        if whole and table.deletion is not None and isinstance(payload, CaseRecord):
            key = KEYS[message.header.type]
            lost = lost_to_the_key(payload, table.record, key)
            payload = Deletion(crn=payload.crn, version=payload.version, record_id=getattr(payload, key))
        record = table.record
        if isinstance(payload, Deletion):
            if not outgoing.reduced_deletes:
                raise no_whole_record()
            if table.deletion is None:
                raise refuse(FaultCode.NOT_TRANSLATABLE, f"{self._tables.title} deletes a whole document, not a key.")
            record = table.deletion
        payload = with_own_ids(payload, message.header.type, outgoing.own_ids)
        level, unsaid = write_payload(payload, record, self._tables.empty_word, outgoing)
        return record, level, (*lost, *unsaid)

    def _batch_payload(self, kind: str, level: Level, short: bool) -> Said:
        table = self._tables.messages[kind]
        if short and table.deletion is not None:
            return read_payload(level, table.deletion, Deletion, self._tables.empty_word)
        return read_payload(level, table.record, CATALOGUE[kind], self._tables.empty_word)

    def _json_payload(self, header: FormHeader, document: dict[str, JsonValue]) -> Said:
        return self._payload(header, lambda _, record: json_walk.read_level(document, record, "/document"), "/header/type")

    def _interchange(self, document: XmlDocument) -> Interchange:
        level = document.header(self._header)
        header = read_whole(level, self._tables)
        kind = fact_pointer(("type",), level, self._tables)
        try:
            content: Said | Sequence[Fault] = ()
            if header.type in CATALOGUE:
                content = self._payload(header, lambda table, record: document.message(table.called, record), kind)
        except Refusal as refusal:
            content = tuple(replace(fault, reference=1) for fault in (refusal.fault, *refusal.also))
        found = interchange_of(header, content)
        return replace(found, entries=tuple(self._placed(entry, level, header.application) for entry in found.entries))

    def _placed(self, entry: Entry | Misread, level: Level, application: str | None) -> Entry | Misread:
        """The entry with the sending application, or with faults of the header where its facts stand in this form."""
        if isinstance(entry, Entry):
            return replace(entry, header=replace(entry.header, application=application))
        return replace(entry, faults=tuple(self._moved(fault, level) for fault in entry.faults))

    def _moved(self, fault: Fault, level: Level) -> Fault:
        if fault.pointer.startswith("/header/") and fault.pointer.removeprefix("/header/") in FormHeader.model_fields:
            return replace(fault, pointer=fact_pointer((fault.pointer.removeprefix("/header/"),), level, self._tables))
        return replace(fault, pointer=level.locate(())) if fault.pointer == "/document" else fault

    def _payload(self, header: FormHeader, level_of: _LevelOf, type_pointer: str) -> Said:
        table = self._tables.messages.get(header.type)
        if table is None or not table.reads:
            raise refuse(FaultCode.TYPE_UNKNOWN, f"{self._tables.title} has no document for this type.", pointer=type_pointer)
        if table.deletion is not None and header.action is Action.DELETE:
            short = level_of(table, table.deletion)
            if not short.faults:
                return read_payload(short, table.deletion, Deletion, self._tables.empty_word)
        return read_payload(level_of(table, table.record), table.record, CATALOGUE[header.type], self._tables.empty_word)
