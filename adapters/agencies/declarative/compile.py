"""A mapping held against the canonical model, and made into tables.

What it is: every check that can be made before a message comes; all mistakes are told at once, each with its place in
the YAML. What it is not: the proof by messages (`gateway dialect check`), nor code that reads or writes them.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from adapters.agencies.declarative import language
from adapters.agencies.declarative.canonical import is_mandatory, leaves_of, lists_of
from adapters.agencies.declarative.csv_checks import check_batch
from adapters.agencies.declarative.envelope import check_words, facts_of
from adapters.agencies.declarative.kinds import Codes
from adapters.agencies.declarative.members import Expansion, Spelling
from adapters.agencies.declarative.mistakes import MappingError, Mistake, Notes, Place
from adapters.agencies.declarative.reasons import Reasons
from adapters.agencies.declarative.tables import Record, Repeats, Steps, Table, Tables
from adapters.agencies.declarative.tabling import check_value, codes_of
from adapters.agencies.declarative.yaml_text import read_yaml
from schemas.canonical.case import Deletion
from schemas.catalogue import CATALOGUE, KEYS
from schemas.leaves import Path


def read_mapping(text: str) -> tuple[language.DialectMapping, Notes]:
    """A mapping as it is written, and where mistakes in it can be noted. Raises MappingError."""
    data, lines = read_yaml(text)
    notes = Notes(lines)
    try:
        return language.DialectMapping.model_validate(data), notes
    except ValidationError as error:
        language.note_errors([(one["type"], one["loc"], one["msg"]) for one in error.errors(include_url=False, include_input=False)], data, notes)
        notes.settle()
        raise MappingError([Mistake("", 0, "it cannot be read")]) from None


def compiled(mapping: language.DialectMapping, notes: Notes) -> Tables:
    """The tables of a mapping. Raises MappingError with every mistake."""
    tables = _Compiler(mapping, notes).tables()
    notes.settle()
    return tables


class _Compiler:
    """One mapping on its way to tables."""

    def __init__(self, mapping: language.DialectMapping, notes: Notes) -> None:
        self._mapping = mapping
        self._notes = notes
        self._codes: Mapping[str, Codes] = {name: codes_of(name, table, notes) for name, table in mapping.codes.items()}
        self._spelling = Spelling(mapping, self._codes, notes)
        self._common = Reasons(mapping.left_out, ("left_out",), notes)

    def tables(self) -> Tables:
        mapping, notes = self._mapping, self._notes
        for name, value in mapping.values.items():
            check_value(name, value, self._codes, notes, json=mapping.form == "json")
        messages = {name: self._table(name, said) for name, said in mapping.messages.items() if self._is_known(name)}
        facts = facts_of(mapping, self._spelling, notes)
        self._check_called(messages)
        if mapping.empty_word is not None and mapping.empty_word != mapping.empty_word.strip():
            notes.add(("empty_word",), "blanks around it are not kept")
        self._common.note_unused()
        self._spelling.note_unused()
        return Tables(
            dialect=mapping.dialect,
            title=mapping.title,
            empty_word=mapping.empty_word,
            messages=messages,
            facts=facts,
        )

    def _is_known(self, name: str) -> bool:
        if name not in CATALOGUE:
            self._notes.add(("messages", name), "there is no such message type; there are " + ", ".join(CATALOGUE))
        return name in CATALOGUE

    def _check_called(self, messages: Mapping[str, Table]) -> None:
        first: dict[str, str] = {}
        for name, table in messages.items():
            if self._mapping.messages[name].called is not None and self._mapping.form == "json":
                self._notes.add(("messages", name, "called"), "only XML and CSV have a word for a type here")
            if self._mapping.form == "csv" and first.setdefault(table.called, name) != name:
                self._notes.add(("messages", name), f"{first[table.called]} is called {table.called} too")
        if self._mapping.csv is not None:
            check_batch(self._mapping, self._mapping.csv, messages, self._notes)
        check_words(self._mapping, {name: table.called for name, table in messages.items()}, self._notes)

    def _table(self, name: str, said: language.Message) -> Table:
        place: Place = ("messages", name)
        reads, writes = said.only != "written", said.only != "read"
        record = self._record(CATALOGUE[name], said, place, reads=reads)
        deletion = self._deletion(name, said, place) if said.deletion is not None else None
        if deletion is not None and self._mapping.csv is None and not _needed(record) - deletion.leaves:
            self._notes.add((*place, "deletion"), "it cannot be told from a whole delete: everything that is needed stands in both")
        return Table(record=record, deletion=deletion, reads=reads, writes=writes, called=said.called or name)

    def _deletion(self, name: str, said: language.Message, place: Place) -> Record | None:
        if name not in KEYS:
            self._notes.add((*place, "deletion"), "this type has no reduced form of delete")
            return None
        short = language.Message(members=said.deletion or ())
        return self._record(Deletion, short, (*place, "deletion"), reads=said.only != "written", members=(*place, "deletion"))

    def _record(self, model: type[BaseModel], said: language.Message | language.Repeated, place: Place, *, reads: bool, members: Place | None = None) -> Record:
        """The record of one model: what its members carry, and an account of everything else."""
        expansion = Expansion(said.members, members or (*place, "members"))
        items = self._spelling.items(expansion, model, reads=reads)
        lists = tuple(self._lists(model, said, place, reads=reads)) if isinstance(said, language.Message) else ()
        carried = self._spelling.claimed(expansion) | {(one.of,) for one in (said.lists if isinstance(said, language.Message) else ())}
        given = self._spelling.given(model, said.given, (*place, "given"), carried)
        uncarried = self._account(model, carried | {path for path, _ in given}, Reasons(said.left_out, (*place, "left_out"), self._notes), place, reads=reads)
        record = Record(items=items, lists=lists, uncarried=uncarried, given=given)
        self._check_lists(record, place)
        return record

    def _lists(self, model: type[BaseModel], said: language.Message, place: Place, *, reads: bool) -> list[Repeats]:
        found: list[Repeats] = []
        for number, one in enumerate(said.lists):
            where: Place = (*place, "lists", number)
            if one.of not in lists_of(model):
                self._notes.add((*where, "of"), "there is no such list; there is " + (", ".join(lists_of(model)) or "none"))
            elif one.of in {other.name for other in found}:
                self._notes.add((*where, "of"), f"{one.of} is carried twice")
            else:
                record = self._record(lists_of(model)[one.of], one, where, reads=reads)
                steps = self._spelling.steps(one.place, (*where, "place"))
                if steps[-1].startswith("@") and self._mapping.form == "xml":
                    self._notes.add((*where, "place"), "an attribute does not repeat")
                found.append(Repeats(steps, one.of, record, is_mandatory(model, one.of)))
        return found

    def _check_lists(self, record: Record, place: Place) -> None:
        taken: set[Steps] = set(record.leaves)
        for number, one in enumerate(record.lists):
            if one.place in taken | record.inner or any(one.place[:length] in taken for length in range(1, len(one.place))):
                self._notes.add((*place, "lists", number, "place"), "the place is used twice")
            taken.add(one.place)

    def _account(self, model: type[BaseModel], carried: set[Path], own: Reasons, place: Place, *, reads: bool) -> tuple[tuple[Path, str], ...]:
        """Everything without a place, each with its reason; a list that has none is told once, not item by item."""
        wanted = {path: leaf.mandatory for path, leaf in leaves_of(model).items()}
        wanted |= {(name,): is_mandatory(model, name) for name in lists_of(model)}
        for path in sorted(carried & wanted.keys()):
            own.note_carried(path)
        uncarried: list[tuple[Path, str]] = []
        for path in sorted(wanted.keys() - carried):
            reason = own.reason(path) or self._common.reason(path)
            if reason is None:
                self._notes.add(place, f"{'.'.join(path)} has no place; give it one, or say under left_out why not")
            elif wanted[path] and reads:
                self._notes.add(place, f"{'.'.join(path)} is mandatory: it needs a place, or a value under given")
            uncarried.append((path, reason or ""))
        own.note_unused()
        return tuple(uncarried)


def _needed(record: Record) -> frozenset[Steps]:
    """Places without which the record cannot be read."""
    return frozenset(place for item in record.fields if item.required for place in item.places[:1]) | {one.place for one in record.lists if one.required}
