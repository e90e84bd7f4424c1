"""What changed between two published schemas, and whether what was valid before still is.

What it is: facts of a schema (one per place: type, length, form, order and so on), and the comparison of two such
sets. What it is not: a reader of schemas (see `json_facts` and `xsd_facts`). A change is breaking where a document
that the older schema took may be refused by the newer one. Called by `gateway schemas compare` and by the check of
what is published against the last release.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydantic import TypeAdapter

Limit = int | float
Path = str
"""Names from the outside in, joined by slashes; `[]` for what is in a list, `@` before an attribute's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a schema says of one place."""

    type: str
    required: bool = False
    empty: bool = False
    """Null, or an element without content, may stand there."""
    order: int | None = None
    """Position among its siblings, where that is fixed."""
    least: int = 0
    most: int | None = None
    """How many: items of a list, or elements of this name. None is no limit."""
    min_length: int = 0
    max_length: int | None = None
    minimum: Limit | None = None
    maximum: Limit | None = None
    form: tuple[str, ...] = ()
    """Patterns and formats, each of which must fit."""
    values: tuple[str, ...] | None = None
    """The whole list of values; none is no list."""
    closed: bool = False
    """True: no other names than those told."""
    rules: tuple[str, ...] = ()
    """Conditions that are compared as they are written."""


Facts = Mapping[Path, Fact]


class Kind(StrEnum):
    """What a change is."""

    FIELD_REMOVED = "field-removed"
    NEW_MANDATORY = "new-mandatory"
    BECAME_MANDATORY = "became-mandatory"
    TYPE_CHANGED = "type-changed"
    EMPTY_REFUSED = "empty-refused"
    ORDER_CHANGED = "order-changed"
    FEWER_ALLOWED = "fewer-allowed"
    MORE_NEEDED = "more-needed"
    SHORTER = "shorter"
    LONGER_NEEDED = "longer-needed"
    RANGE_NARROWER = "range-narrower"
    FORM_CHANGED = "form-changed"
    VALUE_REMOVED = "value-removed"
    RULE_CHANGED = "rule-changed"
    CLOSED = "closed"
    FIELD_ADDED = "field-added"
    BECAME_OPTIONAL = "became-optional"
    EMPTY_ALLOWED = "empty-allowed"
    MORE_ALLOWED = "more-allowed"
    FEWER_NEEDED = "fewer-needed"
    LONGER = "longer"
    SHORTER_ALLOWED = "shorter-allowed"
    RANGE_WIDER = "range-wider"
    FORM_DROPPED = "form-dropped"
    VALUE_ADDED = "value-added"
    RULE_DROPPED = "rule-dropped"
    OPENED = "opened"


SENTENCES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.FIELD_REMOVED: "It is no longer there.",
        Kind.NEW_MANDATORY: "It is new, and mandatory.",
        Kind.BECAME_MANDATORY: "It was optional and is mandatory.",
        Kind.TYPE_CHANGED: "It has another type.",
        Kind.EMPTY_REFUSED: "It can no longer be stated as empty.",
        Kind.ORDER_CHANGED: "What is in it stands in another order.",
        Kind.FEWER_ALLOWED: "It may stand fewer times.",
        Kind.MORE_NEEDED: "It must stand more times.",
        Kind.SHORTER: "It may be less long.",
        Kind.LONGER_NEEDED: "It must be longer.",
        Kind.RANGE_NARROWER: "Its range is narrower.",
        Kind.FORM_CHANGED: "It must have another form.",
        Kind.VALUE_REMOVED: "Its list of values lost some, or is new.",
        Kind.RULE_CHANGED: "A rule is new or another.",
        Kind.CLOSED: "It no longer takes further names.",
        Kind.FIELD_ADDED: "It is new, and optional.",
        Kind.BECAME_OPTIONAL: "It was mandatory and is optional.",
        Kind.EMPTY_ALLOWED: "It may be stated as empty.",
        Kind.MORE_ALLOWED: "It may stand more times.",
        Kind.FEWER_NEEDED: "It may stand fewer times than it had to.",
        Kind.LONGER: "It may be longer.",
        Kind.SHORTER_ALLOWED: "It may be shorter than it had to be.",
        Kind.RANGE_WIDER: "Its range is wider.",
        Kind.FORM_DROPPED: "It need no longer have a form that it had.",
        Kind.VALUE_ADDED: "Its list of values grew, or is gone.",
        Kind.RULE_DROPPED: "A rule is gone.",
        Kind.OPENED: "It takes further names.",
    }
)
BREAKING: Final = frozenset(list(Kind)[: list(Kind).index(Kind.FIELD_ADDED)])


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    kind: Kind
    path: Path
    before: str = ""
    after: str = ""

    @property
    def breaking(self) -> bool:
        """Whether something that was valid may not be so any more."""
        return self.kind in BREAKING

    @property
    def sentence(self) -> str:
        """What it is, for people."""
        return SENTENCES[self.kind]


def compare(old: Facts, new: Facts) -> tuple[Change, ...]:
    """Every difference, breaking ones first. What is inside of something new or gone is not told again."""
    found = [*_gone(old, new), *_new(old, new), *_moved(old, new)]
    for path in old:
        if path in new:
            found += [Change(kind, path, before, after) for kind, before, after in _differences(old[path], new[path])]
    return tuple(sorted(found, key=lambda change: (not change.breaking, change.path, change.kind)))


def dump_facts(facts: Facts) -> dict[str, dict[str, object]]:
    """Facts as JSON members, without what is as usual."""
    return {path: {name: value for name, value in asdict(fact).items() if value != _USUAL.get(name)} for path, fact in facts.items()}


def load_facts(members: object) -> Facts:
    """Inverse of `dump_facts`. Raises ValueError for what is not a fact."""
    return _FACTS.validate_python(members)


_FACTS: Final = TypeAdapter(dict[Path, Fact])
_USUAL: Final = {one.name: one.default for one in fields(Fact)}


def parent_of(path: Path) -> Path:
    """The place that this one is in; empty for the outermost."""
    return path.rpartition("/")[0]


def _gone(old: Facts, new: Facts) -> Iterator[Change]:
    lost = [path for path in old if path not in new]
    return (Change(Kind.FIELD_REMOVED, path, old[path].type) for path in lost if parent_of(path) not in lost)


def _new(old: Facts, new: Facts) -> Iterator[Change]:
    for path, fact in new.items():
        if path not in old and (parent_of(path) in old or not parent_of(path)):
            yield Change(Kind.NEW_MANDATORY if fact.required else Kind.FIELD_ADDED, path, "", fact.type)


def _moved(old: Facts, new: Facts) -> Iterator[Change]:
    before, after = _sequences(old, new), _sequences(new, old)
    for parent, names in before.items():
        if after.get(parent, names) != names:
            place = next(place for place, (one, other) in enumerate(zip(names, after[parent], strict=True)) if one != other)
            yield Change(Kind.ORDER_CHANGED, parent, ", ".join(names[place:]), ", ".join(after[parent][place:]))


def _sequences(facts: Facts, others: Facts) -> dict[Path, list[str]]:
    """Container to those of its ordered members that both have."""
    found: dict[Path, list[tuple[int, str]]] = {}
    for path, fact in facts.items():
        other = others.get(path)
        if fact.order is not None and other is not None and other.order is not None:
            found.setdefault(parent_of(path), []).append((fact.order, path.rpartition("/")[2]))
    return {parent: [name for _, name in sorted(members)] for parent, members in found.items()}


Difference = tuple[Kind, str, str]


def _differences(old: Fact, new: Fact) -> Iterator[Difference]:
    if old.type != new.type:
        yield Kind.TYPE_CHANGED, old.type, new.type
    yield from _switched(old, new)
    for name, ((tighter, looser), rises) in _BOUNDS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            tighter_now = _tighter(before, after, rises=rises)
            yield (tighter if tighter_now else looser), _told(before), _told(after)
    yield from _forms(old.form, new.form)
    yield from _rules(old.rules, new.rules)
    yield from _values(old.values, new.values)


_SWITCHES: Final[tuple[tuple[Callable[[Fact], bool], Kind, Kind], ...]] = (
    (lambda fact: fact.required, Kind.BECAME_MANDATORY, Kind.BECAME_OPTIONAL),
    (lambda fact: fact.closed, Kind.CLOSED, Kind.OPENED),
    (lambda fact: not fact.empty, Kind.EMPTY_REFUSED, Kind.EMPTY_ALLOWED),
)
_BOUNDS: Final[Mapping[str, tuple[tuple[Kind, Kind], bool]]] = MappingProxyType(
    {
        "least": ((Kind.MORE_NEEDED, Kind.FEWER_NEEDED), True),
        "most": ((Kind.FEWER_ALLOWED, Kind.MORE_ALLOWED), False),
        "min_length": ((Kind.LONGER_NEEDED, Kind.SHORTER_ALLOWED), True),
        "max_length": ((Kind.SHORTER, Kind.LONGER), False),
        "minimum": ((Kind.RANGE_NARROWER, Kind.RANGE_WIDER), True),
        "maximum": ((Kind.RANGE_NARROWER, Kind.RANGE_WIDER), False),
    }
)
"""Fact to what it is called when it tightens or loosens; True where more is tighter."""


def _switched(old: Fact, new: Fact) -> Iterator[Difference]:
    for holds, tighter, looser in _SWITCHES:
        if holds(old) != holds(new):
            yield (tighter if holds(new) else looser), "", ""


def _tighter(before: Limit | None, after: Limit | None, *, rises: bool) -> bool:
    """Whether a bound came closer; none is no bound."""
    if before is None or after is None:
        return before is None
    return (after > before) is rises


def _forms(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Difference]:
    """Whether one expression takes less than another is not to be known in general: another counts as breaking."""
    if set(after) - set(before):
        yield Kind.FORM_CHANGED, " and ".join(before), " and ".join(after)
    elif set(before) != set(after):
        yield Kind.FORM_DROPPED, " and ".join(before), " and ".join(after)


def _rules(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Difference]:
    if set(after) - set(before):
        yield Kind.RULE_CHANGED, "; ".join(before), "; ".join(after)
    elif set(before) != set(after):
        yield Kind.RULE_DROPPED, "; ".join(before), "; ".join(after)


def _values(before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> Iterator[Difference]:
    if before is None or after is None:
        if before != after:
            yield (Kind.VALUE_REMOVED if before is None else Kind.VALUE_ADDED), _listed(before), _listed(after)
        return
    lost, won = [one for one in before if one not in after], [one for one in after if one not in before]
    if lost:
        yield Kind.VALUE_REMOVED, ", ".join(lost), ""
    if won:
        yield Kind.VALUE_ADDED, "", ", ".join(won)


def _listed(values: tuple[str, ...] | None) -> str:
    return "any" if values is None else ", ".join(values)


def _told(bound: Limit | None) -> str:
    return "no limit" if bound is None else str(bound)
