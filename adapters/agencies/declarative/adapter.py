"""A described language at work: the port of `adapters.contract` over a checked mapping.

What it is: text of a mapping in, an adapter out. What it is not: a reader of files; who keeps mappings where is the
composition root's to know. Holds nothing that changes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pydantic import JsonValue

from adapters.agencies.declarative import csv_walk, json_walk, xml_walk
from adapters.agencies.declarative.compile import compiled, read_mapping
from adapters.agencies.declarative.csv_walk import CsvDocument
from adapters.agencies.declarative.envelope import fact_pointer, header_record, read_header, write_header
from adapters.agencies.declarative.language import Csv, DialectMapping, Xml
from adapters.agencies.declarative.tables import Level, Record, Table, Tables
from adapters.agencies.declarative.translation import read_payload, write_payload
from adapters.agencies.declarative.xml_walk import XmlDocument
from adapters.contract import Document, LeftOut, Outgoing
from adapters.json_form import MEDIA_TYPE, FormHeader, header_facts, interchange_of, read_form, write_form
from adapters.xml_form import MEDIA_TYPE as XML_TYPE
from schemas.canonical.case import Deletion
from schemas.catalogue import CATALOGUE
from schemas.envelope import Action, Entry, Interchange, Message, Misread
from schemas.faults import Fault, FaultCode, Refusal, refuse
from schemas.payload import Payload

_LevelOf = Callable[[Table, Record], Level]
"""The message of a document as one record would have it."""


def load(text: str) -> "DescribedAdapter":
    """The adapter of a mapping in YAML. Raises MappingError with every mistake."""
    mapping, notes = read_mapping(text)
    return DescribedAdapter(mapping, compiled(mapping, notes))


class DescribedAdapter:
    """One described language."""

    def __init__(self, mapping: DialectMapping, tables: Tables) -> None:
        self._tables = tables
        self._form = mapping.form
        self._xml = mapping.xml or Xml(root="Message")
        self._csv = mapping.csv or Csv()
        self._header = header_record(tables)

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return self._tables.dialect

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return {"json": MEDIA_TYPE, "xml": XML_TYPE, "csv": csv_walk.MEDIA_TYPE}[self._form]

    @property
    def tables(self) -> Tables:
        """What it goes by."""
        return self._tables

    def read(self, content: bytes) -> Interchange:
        """A document of the partner to canonical."""
        if self._form == "json":
            return read_form(content, self._json_payload)
        document = XmlDocument(content, self._xml) if self._form == "xml" else CsvDocument(content, self._csv)
        return self._interchange(document)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as the partner's document, and what that cannot carry of it."""
        table, record = self._table_to_write(message)
        level, lost = write_payload(message.payload, record, self._tables.empty_word)
        if self._form == "json":
            return write_form(message, outgoing, json_walk.written(level), lost)
        header, unsaid = write_header(header_facts(message, outgoing), self._tables)
        if message.header.application is not None:
            unsaid.append(LeftOut("/header/application", f"{self._tables.title} does not name the sending application."))
        if self._form == "xml":
            return Document(xml_walk.written(self._xml, header, table.called, level), (*unsaid, *lost))
        columns = csv_walk.columns_of(self._header)
        return Document(csv_walk.written(self._csv, header, columns, table.called, level, record), (*unsaid, *lost))

    def _table_to_write(self, message: Message) -> tuple[Table, Record]:
        kind = message.header.type
        table = self._tables.messages.get(kind)
        if table is None or not table.writes:
            raise refuse(FaultCode.NOT_TRANSLATABLE, f"{self._tables.title} has no document for the type {kind}.")
        if not isinstance(message.payload, Deletion):
            return table, table.record
        if table.deletion is None:
            raise refuse(FaultCode.NOT_TRANSLATABLE, f"{self._tables.title} deletes a whole document, not a key.")
        return table, table.deletion

    def _json_payload(self, header: FormHeader, document: dict[str, JsonValue]) -> Payload:
        return self._payload(header, lambda _, record: json_walk.read_level(document, record, "/document"), "/header/type")

    def _interchange(self, document: XmlDocument | CsvDocument) -> Interchange:
        level = document.header(self._header)
        header = read_header(level, self._tables)
        kind = fact_pointer(("type",), level, self._tables)
        try:
            content: Payload | Sequence[Fault] = ()
            if header.type in CATALOGUE:
                content = self._payload(header, lambda table, record: document.message(table.called, record), kind)
        except Refusal as refusal:
            content = tuple(replace(fault, reference=1) for fault in (refusal.fault, *refusal.also))
        found = interchange_of(header, content)
        return replace(found, entries=tuple(self._placed(entry, level) for entry in found.entries))

    def _placed(self, entry: Entry | Misread, level: Level) -> Entry | Misread:
        """The entry with faults of the header where its facts stand in this form."""
        if isinstance(entry, Entry):
            return entry
        return replace(entry, faults=tuple(self._moved(fault, level) for fault in entry.faults))

    def _moved(self, fault: Fault, level: Level) -> Fault:
        if fault.pointer.startswith("/header/") and fault.pointer.removeprefix("/header/") in FormHeader.model_fields:
            return replace(fault, pointer=fact_pointer((fault.pointer.removeprefix("/header/"),), level, self._tables))
        return replace(fault, pointer=level.locate(())) if fault.pointer == "/document" else fault

    def _payload(self, header: FormHeader, level_of: _LevelOf, type_pointer: str) -> Payload:
        table = self._tables.messages.get(header.type)
        if table is None or not table.reads:
            raise refuse(FaultCode.TYPE_UNKNOWN, f"{self._tables.title} has no document for this type.", pointer=type_pointer)
        if table.deletion is not None and header.action is Action.DELETE:
            short = level_of(table, table.deletion)
            if not short.faults:
                return read_payload(short, table.deletion, Deletion, self._tables.empty_word)
        return read_payload(level_of(table, table.record), table.record, CATALOGUE[header.type], self._tables.empty_word)
