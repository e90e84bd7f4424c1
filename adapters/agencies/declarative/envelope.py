"""Where the facts of the envelope stand in a partner's XML or CSV.

What it is: the check of `header`, and the way between its places and the header of the JSON form, whose rules hold for
every form. What it is not: the header of JSON documents, which stands in adapters.json_form.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from adapters.agencies.declarative import language
from adapters.agencies.declarative.canonical import meant_by
from adapters.agencies.declarative.kinds import Kind, MisreadError, UnsayableError, single, text_of
from adapters.agencies.declarative.members import Spelling
from adapters.agencies.declarative.mistakes import Notes, Place
from adapters.agencies.declarative.tables import Cell, FactSlot, Fixed, Level, Record, Steps, Tables, nowhere
from adapters.contract import LeftOut
from adapters.json_form import FormHeader
from schemas.catalogue import ACTIONS, ANSWERING
from schemas.faults import Fault, FaultCode, refusal_of, refuse
from schemas.validation import Location, faults_of
from schemas.versions import VERSIONS

_MAY_BE_ABSENT: Final = frozenset({"recipients", "case_reference", "in_reply_to", "test"})
_NEVER_CONSTANT: Final = frozenset({"message_id", "control_reference", "prepared_at", "case_reference", "in_reply_to"})
_VALUES: Final[Mapping[str, tuple[type[language.Described], ...]]] = {
    "prepared_at": (language.DateTime,),
    "test": (language.Flag,),
    "type": (language.Code, language.Text),
    "action": (language.Code, language.Text),
    "version": (language.Code, language.Text),
    "sender": (language.Code, language.Text),
    "recipients": (language.Text,),
}
"""Kinds of value of a fact; text for the others."""
_ELEMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_AS_IT_IS: Final = single(text_of, str)


def facts_of(mapping: language.DialectMapping, spelling: Spelling, notes: Notes) -> Mapping[str, FactSlot]:
    """The facts of the envelope, checked; empty for JSON."""
    for form, said in (("xml", mapping.xml), ("csv", mapping.csv)):
        if said is not None and mapping.form != form:
            notes.add((form,), f"this is a mapping of {mapping.form}")
    if mapping.form == "json":
        if mapping.header is not None:
            notes.add(("header",), "JSON has the header of the JSON form; leave this out")
        return {}
    if mapping.form == "xml" and mapping.xml is None:
        notes.add((), "a mapping of XML needs `xml`, which names the root")
    if mapping.header is None:
        notes.add((), f"a mapping of {mapping.form} needs `header`: where the facts of the envelope stand")
        return {}
    return _slots(mapping, mapping.header, spelling, notes)


def check_words(mapping: language.DialectMapping, called: Mapping[str, str], notes: Notes) -> None:
    """Whether the words around messages can stand where they are put."""
    if mapping.form == "xml" and mapping.xml is not None:
        named: dict[Place, str] = {("xml", "root"): mapping.xml.root, ("xml", "header"): mapping.xml.header}
        named |= {("messages", kind): word for kind, word in called.items()}
        for place, word in named.items():
            if _ELEMENT.fullmatch(word) is None:
                notes.add(place, f"{word} is no name of an element")
        if mapping.xml.header in called.values():
            notes.add(("xml", "header"), "a message is called so")
    if mapping.form == "csv":
        _check_csv(mapping.csv or language.Csv(), called, notes)


def _check_csv(csv: language.Csv, called: Mapping[str, str], notes: Notes) -> None:
    if {csv.header, csv.trailer} & {*called.values()} or csv.header == csv.trailer:
        notes.add(("csv",), "header, trailer and messages begin with words of their own")
    mark = csv.delimiter
    if mark in '"#' or mark.isalnum() or not (mark.isprintable() or mark == "\t"):
        notes.add(("csv", "delimiter"), "it could not be told from what it divides")


def _slots(mapping: language.DialectMapping, header: language.Header, spelling: Spelling, notes: Notes) -> Mapping[str, FactSlot]:
    slots: dict[str, FactSlot] = {}
    taken: dict[Steps, str] = {}
    for name in language.Header.model_fields:
        said = getattr(header, name)
        slot = _slot(name, language.Fact(place=said) if isinstance(said, str) else said, mapping, spelling, notes)
        if slot is None:
            continue
        if slot.place is not None and taken.setdefault(slot.place, name) != name:
            notes.add(("header", name), f"the place is that of {taken[slot.place]} too")
        slots[name] = slot
    answering = sorted(ANSWERING & mapping.messages.keys())
    if answering and "in_reply_to" not in slots:
        notes.add(("header",), f"{' and '.join(answering)} must name what it answers: give in_reply_to a place")
    return slots


def _slot(name: str, said: language.Fact | None, mapping: language.DialectMapping, spelling: Spelling, notes: Notes) -> FactSlot | None:
    place: Place = ("header", name)
    if said is None:
        return None
    if (said.place is None) == (said.constant is None):
        notes.add(place, "it has either a place or a constant")
        return None
    if said.constant is not None:
        return _constant(name, said.constant, place, notes)
    kind = _kind(name, said, mapping, spelling, notes)
    return FactSlot(place=spelling.steps(said.place or "", place), constant=None, kind=kind)


def _constant(name: str, constant: str, place: Place, notes: Notes) -> FactSlot | None:
    if name in _NEVER_CONSTANT:
        notes.add(place, "it differs from message to message")
    try:
        meant_by(FormHeader, (name,), (constant,) if name == "recipients" else constant)
    except ValueError as error:
        notes.add(place, str(error))
    return FactSlot(place=None, constant=constant, kind=_AS_IT_IS)


def _kind(name: str, said: language.Fact, mapping: language.DialectMapping, spelling: Spelling, notes: Notes) -> Kind:
    place: Place = ("header", name)
    if said.value is None:
        if name == "test":
            notes.add(place, "it needs a flag of values")
        return _AS_IT_IS
    value = spelling.value(said.value, (*place, "value"))
    if value is None:
        return _AS_IT_IS
    if not isinstance(value, _VALUES.get(name, (language.Text,))):
        notes.add((*place, "value"), f"{value.is_} does not fit here")
    codes = spelling.codes(value)
    if codes is not None and not codes.same:
        missing = sorted(_needed(name, mapping) - codes.theirs.keys() - set(mapping.codes[codes.name].refused))
        if missing:
            notes.add(place, f"the list has no {', '.join(missing)}")
    return spelling.kind(value, place) or _AS_IT_IS


def _needed(name: str, mapping: language.DialectMapping) -> set[str]:
    """What a list of types, actions or versions has to know."""
    if name == "action":
        return {action.value for kind in mapping.messages if kind in ACTIONS for action in ACTIONS[kind]}
    return {"type": set(mapping.messages), "version": set(VERSIONS)}.get(name, set())


def read_header(level: Level, tables: Tables) -> FormHeader:
    """The facts of the envelope. Refuses with everything that is wrong with them."""
    faults: list[Fault] = list(level.faults)
    facts: dict[str, object] = {}
    for name, slot in tables.facts.items():
        value = _said(name, slot, level, faults)
        if value is not None:
            facts[name] = tuple(str(value).split()) if name == "recipients" else value
    if faults:
        raise refusal_of(faults)
    try:
        return FormHeader.model_validate(facts)
    except ValidationError as error:
        raise refusal_of(faults_of(error, lambda location: fact_pointer(location, level, tables), model=FormHeader)) from None


def fact_pointer(location: Location, level: Level, tables: Tables) -> str:
    """Where the fact of the envelope stands that was found wrong."""
    slot = tables.facts.get(str(location[0])) if location else None
    return level.locate(slot.place if slot is not None and slot.place is not None else ())


def _said(name: str, slot: FactSlot, level: Level, faults: list[Fault]) -> object:
    if slot.place is None:
        return slot.constant
    cell = level.cells.get(slot.place)
    pointer = level.locate(slot.place)
    if cell is None or cell.value is None:
        if name not in _MAY_BE_ABSENT:
            faults.append(cell.fault if cell is not None and cell.fault else Fault(FaultCode.ELEMENT_MISSING, "It is mandatory here.", pointer))
        return None
    try:
        (value,) = slot.kind.read((cell.value,))
    except MisreadError as error:
        faults.append(Fault(error.code, error.detail, pointer))
        return None
    # A date-time of `values` has no zone; here it is in UTC.
    return value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value


def write_header(facts: Mapping[str, object], tables: Tables) -> tuple[Level, list[LeftOut]]:
    """The header's places filled with the facts of one message, and what they do not say. Refuses with `not-translatable`."""
    level, lost = Level(nowhere), list[LeftOut]()
    said = {name: " ".join(str(one) for one in value) if isinstance(value, list) else value for name, value in facts.items()}
    for name, slot in tables.facts.items():
        if slot.place is not None and name in said:
            level.cells[slot.place] = _written(name, said[name], slot, lost)
    for name, value in said.items():
        if _is_lost(name, value, tables.facts.get(name)):
            lost.append(LeftOut(f"/header/{name}", f"{tables.title} has no place for it."))
    return level, lost


def _written(name: str, said: object, slot: FactSlot, lost: list[LeftOut]) -> Cell:
    meant = said
    if name == "prepared_at" and slot.kind is not _AS_IT_IS:
        meant = datetime.fromisoformat(str(said)).astimezone(UTC).replace(tzinfo=None)
    try:
        (value,) = slot.kind.write((meant,))
    except UnsayableError as error:
        raise refuse(FaultCode.NOT_TRANSLATABLE, str(error), pointer=f"/header/{name}") from None
    reason = slot.kind.lost((meant,))
    if reason is not None:
        lost.append(LeftOut(f"/header/{name}", reason))
    return Cell(value)


def _is_lost(name: str, said: object, slot: FactSlot | None) -> bool:
    """The case stands in the message too, and a message that is no test is meant where nothing is said."""
    if slot is not None:
        return slot.place is None and slot.constant != said
    return name in {"in_reply_to", "recipients"} or (name == "test" and said is True)


def header_record(tables: Tables) -> Record:
    """The places of the envelope, in order, as a record that holds nothing else."""
    return Record(items=tuple(Fixed(slot.place, "") for slot in tables.facts.values() if slot.place is not None))
