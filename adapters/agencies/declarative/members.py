"""The members of a mapping: shared lists put in place, each place and path checked, each value made.

What it is: from `members` to the fields of a record. What it is not: the account of what has no member (`compile`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel

from adapters.agencies.declarative import language
from adapters.agencies.declarative.canonical import Leaf, LeafKind, leaves_of, lists_of, meant_by
from adapters.agencies.declarative.kinds import Codes, Kind, beside
from adapters.agencies.declarative.mistakes import Notes, Place, told
from adapters.agencies.declarative.tables import Field, Fixed, Steps, places_of
from adapters.agencies.declarative.tabling import FITS, kind_of
from schemas.identifiers import ENTITY_FORM
from schemas.leaves import Path

_XML_NAME: Final = re.compile(r"@?[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_TEXT: Final = language.Text.model_validate({"is": "text"})
_NUMBER: Final = language.Number.model_validate({"is": "number"})


@dataclass(frozen=True, slots=True)
class Expansion:
    """Items, and where they stand."""

    items: language.Items
    place: Place
    prefix: str = ""
    under: str = ""
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plain:
    """A member or constant with its full place and paths."""

    said: language.Member | language.Constant
    place: Place
    places: tuple[str, ...]
    paths: tuple[str, ...]


class Spelling:
    """How one mapping spells places and values."""

    def __init__(self, mapping: language.DialectMapping, codes: Mapping[str, Codes], notes: Notes) -> None:
        self._mapping = mapping
        self._codes = codes
        self._notes = notes
        self._used: set[Place] = set()

    def items(self, expansion: Expansion, model: type[BaseModel], *, reads: bool) -> tuple[Field | Fixed, ...]:
        """The fields and constants of a record."""
        found: list[Field | Fixed] = []
        taken: dict[Steps, Place] = {}
        carried: dict[Path, Place] = {}
        for plain in self._expanded(expansion):
            item = self._fixed(plain) if isinstance(plain.said, language.Constant) else self._field(plain, plain.said, model, reads=reads)
            if item is None:
                continue
            self._note_twice(plain, item, taken, carried)
            found.append(item)
        self._note_inside(taken)
        return tuple(found)

    def claimed(self, expansion: Expansion) -> set[Path]:
        """Every path that a member names, whether or not the member is right."""
        return {tuple(dotted.split(".")) for plain in self._expanded(expansion) for dotted in plain.paths}

    def steps(self, text: str, place: Place) -> Steps:
        """A place as steps."""
        steps = tuple(text.split("/"))
        if self._mapping.form == "csv" and len(steps) > 1:
            self._notes.add(place, "a column is a single name")
        if not all(steps) or any(step != step.strip() for step in steps):
            self._notes.add(place, "a step of the place is empty, or has blanks around it")
        if self._mapping.form == "xml":
            for number, step in enumerate(steps):
                if _XML_NAME.fullmatch(step) is None or (step.startswith("@") and number < len(steps) - 1):
                    self._notes.add(place, f"{step} is no name of an element or, at the end, @attribute")
        return steps

    def value(self, name: str | None, place: Place) -> language.Value | None:
        """The value of that name, noted as used."""
        if name is None or name == "text":
            return self._mapping.values.get("text", _TEXT)
        if name not in self._mapping.values:
            self._notes.add(place, f"there is no {name} under values")
            return None
        self._used.add(("values", name))
        found = self._mapping.values[name]
        if isinstance(found, language.Code):
            self._used.add(("codes", found.table))
        return found

    def kind(self, value: language.Value, place: Place, counts: tuple[int, int] = (1, 1)) -> Kind | None:
        """What reads and writes a value."""
        return kind_of(value, self._codes, place, self._notes, json=self._mapping.form == "json", counts=counts)

    def codes(self, value: language.Value | None) -> Codes | None:
        """The list behind a value, if there is one."""
        return self._codes.get(value.table) if isinstance(value, language.Code) else None

    def given(self, model: type[BaseModel], said: Mapping[str, language.Scalar], place: Place, carried: set[Path]) -> tuple[tuple[Path, object], ...]:
        """What is understood where the partner's documents are silent."""
        found: list[tuple[Path, object]] = []
        for dotted, word in said.items():
            path = tuple(dotted.split("."))
            if path not in leaves_of(model):
                self._notes.add((*place, dotted), "there is no such place in the message")
            elif path in carried:
                self._notes.add((*place, dotted), "it is carried")
            else:
                found += self._meant(model, path, word, (*place, dotted))
        return tuple(found)

    def note_unused(self) -> None:
        """Note every name that nobody uses: mostly a slip of the pen."""
        named: dict[str, Mapping[str, object]] = {"shared": self._mapping.shared, "values": self._mapping.values, "codes": self._mapping.codes}
        for part, names in named.items():
            for name in names:
                if (part, name) not in self._used:
                    self._notes.add((part, name), "nothing uses it")

    def _meant(self, model: type[BaseModel], path: Path, word: language.Scalar, place: Place) -> list[tuple[Path, object]]:
        try:
            return [(path, meant_by(model, path, word))]
        except ValueError as error:
            self._notes.add(place, str(error))
            return []

    def _expanded(self, expansion: Expansion) -> Iterator[_Plain]:
        for number, item in enumerate(expansion.items):
            place: Place = (*expansion.place, number)
            match item:
                case language.Use():
                    yield from self._shared(item, place, expansion)
                case language.Constant():
                    yield _Plain(item, place, (expansion.prefix + item.place,), ())
                case language.Member():
                    places = (item.place,) if isinstance(item.place, str) else item.place
                    paths = (item.of,) if isinstance(item.of, str) else item.of
                    under = f"{expansion.under}." if expansion.under else ""
                    beside = () if item.own is None else (item.own,)
                    yield _Plain(item, place, tuple(expansion.prefix + one for one in (*places, *beside)), tuple(under + one for one in paths))

    def _shared(self, item: language.Use, place: Place, around: Expansion) -> Iterator[_Plain]:
        if item.use not in self._mapping.shared:
            self._notes.add((*place, "use"), f"there is no {item.use} under shared")
            return
        self._used.add(("shared", item.use))
        if item.use in around.within:
            self._notes.add((*place, "use"), f"{item.use} uses itself")
            return
        under = ".".join(part for part in (around.under, item.under) if part)
        within = (*around.within, item.use)
        yield from self._expanded(Expansion(self._mapping.shared[item.use], ("shared", item.use), around.prefix + item.prefix, under, within))

    def _fixed(self, plain: _Plain) -> Fixed | None:
        said = plain.said
        if not isinstance(said, language.Constant):
            return None
        if self._mapping.form != "json" and not isinstance(said.constant, str):
            self._notes.add(plain.place, "outside JSON a constant is a word: put it in quotation marks")
        if isinstance(said.constant, str) and (said.constant != said.constant.strip() or not said.constant):
            self._notes.add(plain.place, "blanks around a constant are not kept, and nothing is no constant")
        return Fixed(self.steps(plain.places[0], plain.place), said.constant)

    def _field(self, plain: _Plain, said: language.Member, model: type[BaseModel], *, reads: bool) -> Field | None:
        places = tuple(self.steps(one, (*plain.place, "place")) for one in plain.places)
        leaves = [self._leaf(dotted, model, (*plain.place, "of")) for dotted in plain.paths]
        found = [leaf for leaf in leaves if leaf is not None]
        if len(found) < len(leaves):
            self.value(said.value, (*plain.place, "value")) if said.value else None
            return None
        value = self._value_for(said, found, plain.place)
        kind = self.kind(value, plain.place, (len(places) - (said.own is not None), len(found))) if value is not None else None
        if value is None or kind is None:
            return None
        self._check_fit(value, found, plain.place)
        own = self._own(said, value, found[0], plain.place)
        first = found[0]
        says = self._mapping.empty == "stated" if said.empty is None else said.empty == "stated"
        required = said.required or (first.mandatory and reads)
        return Field(
            places=places,
            paths=tuple(leaf.path for leaf in found),
            kind=beside(kind) if own == "beside" else kind,
            required=required,
            nullable=first.nullable,
            value=said.value,
            empty_says=says,
            own=own,
        )

    def _own(self, said: language.Member, value: language.Value, leaf: Leaf, place: Place) -> Literal["mark", "beside"] | None:
        """How own ids of the record are written, if at all."""
        mark = value.own if isinstance(value, language.Reference) else None
        if (mark is not None or said.own is not None) and leaf.pattern != ENTITY_FORM:
            self._notes.add(place, f"{'.'.join(leaf.path)} is no number of a record, so nobody has an own id for it")
        if mark is not None and said.own is not None:
            self._notes.add((*place, "own"), "the own id has a mark already; it stands in one place or in the other")
        if said.own is not None:
            return "beside"
        return "mark" if mark is not None else None

    def _leaf(self, dotted: str, model: type[BaseModel], place: Place) -> Leaf | None:
        path = tuple(dotted.split("."))
        leaf = leaves_of(model).get(path)
        if leaf is None:
            lists = ", ".join(lists_of(model))
            inside = f"; {lists} go under lists" if lists and path[0] in lists_of(model) else ""
            self._notes.add(place, f"the message has no {dotted}{inside}")
        return leaf

    def _value_for(self, said: language.Member, leaves: list[Leaf], place: Place) -> language.Value | None:
        if said.value is not None:
            return self.value(said.value, (*place, "value"))
        if leaves[0].kind is LeafKind.NUMBER:
            return _NUMBER
        if leaves[0].kind is not LeafKind.TEXT:
            self._notes.add(place, f"a {leaves[0].kind} needs a value that says how it is written")
            return None
        return self.value(None, place)

    def _check_fit(self, value: language.Value, leaves: list[Leaf], place: Place) -> None:
        for leaf in leaves:
            if leaf.kind not in FITS[type(value)]:
                self._notes.add((*place, "value"), f"{'.'.join(leaf.path)} is a {leaf.kind}; {value.is_} does not fit")
        if isinstance(value, language.Reference) and value.new is not None and leaves[0].pattern != ENTITY_FORM:
            self._notes.add((*place, "value"), f"{'.'.join(leaves[0].path)} is no number of a record, so it is never new")
        if isinstance(value, language.Joined):
            self._check_joined(value, leaves, place)
        codes = self.codes(value)
        if codes is not None and leaves[0].words:
            self._check_total(codes, leaves[0])

    def _check_joined(self, value: language.Joined, leaves: list[Leaf], place: Place) -> None:
        least = value.least or len(leaves)
        for number, leaf in enumerate(leaves):
            name = ".".join(leaf.path)
            if number < len(leaves) - 1 and all(leaf.may_hold(character) for character in value.separator):
                self._notes.add(place, f"{name} may itself hold {value.separator}: it could not be told where it ends")
            if number < least and not leaf.mandatory and leaf.nullable != leaves[0].nullable:
                self._notes.add(place, f"{name} may be absent: say how many there are at `least`")

    def _check_total(self, codes: Codes, leaf: Leaf) -> None:
        table = self._mapping.codes[codes.name]
        missing = sorted(leaf.words - codes.theirs.keys() - set(table.refused)) if not codes.same else []
        if missing:
            self._notes.add(("codes", codes.name), f"{', '.join(missing)} of {'.'.join(leaf.path)} has no translation; put it under pairs or refused")
        foreign = sorted({*codes.theirs, *codes.ours.values()} - leaf.words)
        if foreign:
            self._notes.add(("codes", codes.name), f"{'.'.join(leaf.path)} knows no {', '.join(foreign)}")

    def _note_twice(self, plain: _Plain, item: Field | Fixed, taken: dict[Steps, Place], carried: dict[Path, Place]) -> None:
        for place in places_of(item):
            if place in taken:
                self._notes.add(plain.place, f"the place {'/'.join(place)} is used twice; first at {told(taken[place])}")
            taken.setdefault(place, plain.place)
        for path in item.paths if isinstance(item, Field) else ():
            if path in carried:
                self._notes.add(plain.place, f"{'.'.join(path)} is carried twice; first at {told(carried[path])}")
            carried.setdefault(path, plain.place)

    def _note_inside(self, taken: Mapping[Steps, Place]) -> None:
        for steps, place in taken.items():
            for length in range(1, len(steps)):
                if steps[:length] in taken and not steps[-1].startswith("@"):
                    self._notes.add(place, f"{'/'.join(steps[:length])} holds a value and cannot hold {'/'.join(steps)}")
