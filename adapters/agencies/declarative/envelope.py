"""Where the facts of the envelope stand in a partner's XML or CSV.

What it is: the check of `header`, and the way between its places and the header of the JSON form, whose rules hold for
every form. What it is not: the header of JSON documents, which stands in adapters.json_form.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, TypeVar

from pydantic import Field, ValidationError

from adapters.agencies.declarative import language
from adapters.agencies.declarative.canonical import meant_by
from adapters.agencies.declarative.kinds import Kind, single, text_of
from adapters.agencies.declarative.members import Spelling
from adapters.agencies.declarative.mistakes import Notes, Place
from adapters.agencies.declarative.tables import Cell, FactSlot, Fixed, Level, Record, Steps, Tables, nowhere
from adapters.contract import LeftOut, Outgoing
from adapters.json_form import FormHeader, header_facts
from adapters.values import MisreadError, UnsayableError
from schemas.canonical.values import Text
from schemas.catalogue import ACTIONS, ANSWERING
from schemas.envelope import Message
from schemas.faults import Fault, FaultCode, refusal_of, refuse
from schemas.identifiers import ControlReferenceField, ExternalIdField, PartyField
from schemas.payload import Concept
from schemas.validation import Location, faults_of
from schemas.versions import VERSIONS

PREPARED: Final = "prepared_at"
CLOCK: Final = f"{PREPARED}.time"
"""Its time of day, where that has a place of its own."""
_Facts = TypeVar("_Facts", bound=Concept)
_MAY_BE_ABSENT: Final = frozenset({"recipients", "case_reference", "in_reply_to", "test", "application"})
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
    if (mapping.xml if mapping.form == "xml" else mapping.csv) is None:
        notes.add((), f"a mapping of {mapping.form} needs `{mapping.form}`: what is around the messages")
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


def _slots(mapping: language.DialectMapping, header: language.Header, spelling: Spelling, notes: Notes) -> Mapping[str, FactSlot]:
    slots: dict[str, FactSlot] = {}
    taken: dict[Steps, str] = {}
    for name in language.Header.model_fields:
        said = getattr(header, name)
        for part, slot in _slot(name, language.Fact(place=said) if isinstance(said, str) else said, mapping, spelling, notes).items():
            if slot.place is not None and taken.setdefault(slot.place, part) != part:
                notes.add(("header", name), f"the place is that of {taken[slot.place]} too")
            slots[part] = slot
    answering = sorted(ANSWERING & mapping.messages.keys())
    if answering and "in_reply_to" not in slots:
        notes.add(("header",), f"{' and '.join(answering)} must name what it answers: give in_reply_to a place")
    return slots


def _slot(name: str, said: language.Fact | None, mapping: language.DialectMapping, spelling: Spelling, notes: Notes) -> dict[str, FactSlot]:
    place: Place = ("header", name)
    if said is None:
        return {}
    if (said.place is None) == (said.constant is None):
        notes.add(place, "it has either a place or a constant")
        return {}
    if said.constant is not None:
        return {name: _constant(name, said.constant, place, notes)}
    if isinstance(said.place, tuple):
        return _two_slots(name, said.place, said.value, spelling, notes)
    kind = _kind(name, said, mapping, spelling, notes)
    return {name: FactSlot(place=spelling.steps(said.place or "", place), constant=None, kind=kind)}


def _two_slots(name: str, places: tuple[str, str], wanted: str | None, spelling: Spelling, notes: Notes) -> dict[str, FactSlot]:
    """The day of an instant and its time, each in a place of its own."""
    place: Place = ("header", name)
    value = spelling.value(wanted, place) if wanted is not None else None
    if name != PREPARED or not isinstance(value, language.DateTime) or value.time is None:
        notes.add(place, "two places are for prepared_at, with a date-time of values that has a `time`")
        return {}
    day = spelling.kind(language.Date.model_validate({"is": "date", "pattern": value.pattern}), place)
    clock = spelling.kind(language.Time.model_validate({"is": "time", "pattern": value.time}), place)
    made = {PREPARED: day or _AS_IT_IS, CLOCK: clock or _AS_IT_IS}
    return {part: FactSlot(place=spelling.steps(one, place), constant=None, kind=made[part]) for part, one in zip(made, places, strict=True)}


def _constant(name: str, constant: str, place: Place, notes: Notes) -> FactSlot:
    if name in _NEVER_CONSTANT:
        notes.add(place, "it differs from message to message")
    try:
        meant_by(WholeHeader, (name,), (constant,) if name == "recipients" else constant)
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


class SharedFacts(Concept):
    """What the header of a document says of all its messages."""

    sender: PartyField
    recipients: Annotated[tuple[PartyField, ...], Field(max_length=100)] = ()
    control_reference: ControlReferenceField
    in_reply_to: ExternalIdField | None = None
    version: str
    prepared_at: datetime
    test: bool | None = None
    application: Text | None = None


class WholeHeader(FormHeader):
    """Facts of a document that holds one message."""

    application: Text | None = None


def read_whole(level: Level, tables: Tables) -> WholeHeader:
    """The facts of the envelope. Refuses with everything that is wrong with them."""
    return _validated(WholeHeader, level, tables)


def read_shared(level: Level, tables: Tables) -> SharedFacts:
    """The facts of all messages of a batch. Refuses with everything that is wrong with them."""
    return _validated(SharedFacts, level, tables)


def _validated(model: type[_Facts], level: Level, tables: Tables) -> _Facts:
    facts, faults = read_facts(level, tables, model.model_fields)
    if faults:
        raise refusal_of(faults)
    try:
        return model.model_validate(facts)
    except ValidationError as error:
        raise refusal_of(faults_of(error, lambda location: fact_pointer(location, level, tables), model=model)) from None


def read_facts(level: Level, tables: Tables, names: Collection[str]) -> tuple[dict[str, object], list[Fault]]:
    """Those of these facts that are there, and what is wrong with them one by one."""
    faults: list[Fault] = list(level.faults)
    facts: dict[str, object] = {}
    if level.broken:
        return facts, faults
    wanted = {name: slot for name, slot in tables.facts.items() if name.partition(".")[0] in names}
    for name, slot in wanted.items():
        value = _said(name, slot, level, faults)
        if value is not None:
            facts[name] = tuple(str(value).split()) if name == "recipients" else value
    _join_prepared(facts)
    return facts, faults


def _join_prepared(facts: dict[str, object]) -> None:
    """One instant of a day and its time, or of a moment; none of these has a zone, and UTC is meant."""
    day, clock = facts.get(PREPARED), facts.pop(CLOCK, None)
    if isinstance(day, date) and isinstance(clock, time):
        day = datetime.combine(day, clock)
    if isinstance(day, datetime):
        facts[PREPARED] = day.replace(tzinfo=UTC).isoformat()


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
        unknown = name == "type" and error.code is FaultCode.CODE_UNKNOWN
        faults.append(Fault(FaultCode.TYPE_UNKNOWN if unknown else error.code, error.detail, pointer))
        return None
    if name == "version" and value not in VERSIONS:
        faults.append(Fault(FaultCode.VERSION_UNKNOWN, "Spoken here: " + ", ".join(VERSIONS) + ".", pointer))
    return value


def facts_to_write(message: Message, outgoing: Outgoing) -> dict[str, object]:
    """What the envelope of one delivery says, by the names of `header`. Refuses with `not-translatable`."""
    facts = header_facts(message, outgoing)
    prepared = outgoing.prepared_at.astimezone(UTC).replace(tzinfo=None)
    facts |= {"recipients": outgoing.recipient, PREPARED: prepared}
    return facts if message.header.application is None else {**facts, "application": message.header.application}


def write_facts(facts: Mapping[str, object], tables: Tables) -> tuple[Level, list[LeftOut]]:
    """The places of the envelope filled with these facts, and what they do not say. Refuses with `not-translatable`."""
    level, lost = Level(nowhere), list[LeftOut]()
    for name, slot in tables.facts.items():
        fact = facts.get(name.partition(".")[0])
        if slot.place is not None and fact is not None:
            level.cells[slot.place] = _written(name, fact, slot, lost, apart=CLOCK in tables.facts)
    for name, value in facts.items():
        if _is_lost(name, value, tables.facts.get(name)):
            lost.append(LeftOut(f"/header/{name}", f"{tables.title} has no place for it."))
    return level, lost


def _written(name: str, fact: object, slot: FactSlot, lost: list[LeftOut], *, apart: bool) -> Cell:
    meant = fact
    if isinstance(fact, datetime):
        meant = f"{fact.isoformat()}Z" if slot.kind is _AS_IT_IS else fact
        if apart:
            meant = fact.time() if name == CLOCK else fact.date()
    try:
        (value,) = slot.kind.write((meant,))
    except UnsayableError as error:
        raise refuse(FaultCode.NOT_TRANSLATABLE, str(error), pointer=f"/header/{name}") from None
    reason = slot.kind.lost((meant,))
    if reason is not None:
        lost.append(LeftOut(f"/header/{name.partition('.')[0]}", reason))
    return Cell(value)


def _is_lost(name: str, said: object, slot: FactSlot | None) -> bool:
    """The case stands in the message too, and a message that is no test is meant where nothing is said."""
    if slot is not None:
        return slot.place is None and slot.constant != said
    return name in {"in_reply_to", "recipients", "application"} or (name == "test" and said is True)


def header_record(tables: Tables) -> Record:
    """The places of the envelope, in order, as a record that holds nothing else."""
    return Record(items=tuple(Fixed(slot.place, "") for slot in tables.facts.values() if slot.place is not None))
