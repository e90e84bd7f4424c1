"""The lists of codes and the kinds of value of a mapping, checked and made.

What it is: every name under `codes` and `values` turned into what reads and writes. What it is not: the members that
use them (see `compile`).
"""

import datetime
from collections.abc import Callable, Mapping
from typing import Final

from adapters.agencies.declarative import kinds, language
from adapters.agencies.declarative.canonical import LeafKind
from adapters.agencies.declarative.formats import Pattern, PatternError, date_pattern, date_time_pattern, time_pattern
from adapters.agencies.declarative.kinds import Codes, Kind
from adapters.agencies.declarative.mistakes import Notes, Place

_SOME_MOMENT: Final = datetime.datetime.combine(datetime.date(2000, 1, 1), datetime.time())
FITS: Mapping[type[language.Described], frozenset[LeafKind]] = {
    language.Text: frozenset({LeafKind.TEXT}),
    language.Number: frozenset({LeafKind.NUMBER}),
    language.Decimal: frozenset({LeafKind.DECIMAL}),
    language.Date: frozenset({LeafKind.DATE}),
    language.Time: frozenset({LeafKind.TIME}),
    language.DateTime: frozenset({LeafKind.DATE_TIME}),
    language.Flag: frozenset({LeafKind.FLAG}),
    language.Code: frozenset({LeafKind.TEXT, LeafKind.NUMBER}),
    language.Reference: frozenset({LeafKind.TEXT}),
    language.Joined: frozenset({LeafKind.TEXT}),
    language.Split: frozenset({LeafKind.TEXT}),
}
"""Which leaves each kind of value may stand for."""


def codes_of(name: str, table: language.Table, notes: Notes) -> Codes:
    """A list of codes; what cannot be translated back is noted."""
    place: Place = ("codes", name)
    _check_pairs(table, place, notes)
    _check_one_way(table, place, notes)
    known = {*table.pairs, *table.only_written}
    for number, code in enumerate(table.refused):
        if code in known:
            notes.add((*place, "refused", number), f"{code} has a translation")
    for number, code in enumerate(table.covers):
        if code not in {*known, *table.refused} and table.otherwise == "refuse":
            notes.add((*place, "covers", number), f"{code} has no translation; put it under pairs or refused")
    if not known and table.otherwise == "refuse":
        notes.add(place, "the list is empty")
    ours = {theirs: one for one, theirs in table.pairs.items()} | dict(table.only_read)
    one_way = frozenset(table.only_written)
    return Codes(name, {**table.pairs, **table.only_written}, ours, one_way, table.otherwise == "same")


def _check_pairs(table: language.Table, place: Place, notes: Notes) -> None:
    first: dict[str, str] = {}
    for ours, theirs in table.pairs.items():
        if theirs in first:
            notes.add((*place, "pairs", ours), f"{first[theirs]} and {ours} share the translation {theirs}; put one of them under only_written")
        first.setdefault(theirs, ours)
        if theirs != theirs.strip() or ours != ours.strip():
            notes.add((*place, "pairs", ours), "blanks around a code are not kept")


def _check_one_way(table: language.Table, place: Place, notes: Notes) -> None:
    read = {*table.pairs.values(), *table.only_read}
    for theirs in table.only_read:
        if theirs in table.pairs.values():
            notes.add((*place, "only_read", theirs), "it stands in pairs too")
    for ours, theirs in table.only_written.items():
        if ours in table.pairs:
            notes.add((*place, "only_written", ours), "it stands in pairs too")
        if theirs not in read:
            notes.add((*place, "only_written", ours), f"{theirs} cannot be read; put it under pairs, for then nothing is lost")


def kind_of(value: language.Value, codes: Mapping[str, Codes], place: Place, notes: Notes, *, json: bool, counts: tuple[int, int]) -> Kind | None:
    """What reads and writes a value between so many places of theirs and of ours; None where it cannot be."""
    if not _counted(value, counts, place, notes):
        return None
    try:
        return _made(value, codes, json=json, counts=counts)
    except PatternError:
        return None


def _made(value: language.Value, codes: Mapping[str, Codes], *, json: bool, counts: tuple[int, int]) -> Kind | None:
    match value:
        case language.Number():
            return kinds.number(value, as_text=not json)
        case language.Code():
            return kinds.code(codes[value.table]) if value.table in codes else None
        case language.Joined():
            return kinds.joined(value, counts[1])
        case language.Split():
            return kinds.split(value, counts[0])
        case _:
            return _alone(value)


def _alone(value: language.Text | language.Decimal | language.Date | language.Time | language.DateTime | language.Flag | language.Reference) -> Kind:
    """What needs nothing but itself."""
    match value:
        case language.Text():
            return kinds.text(value)
        case language.Decimal():
            return kinds.decimal(value)
        case language.Date():
            return kinds.date(value)
        case language.Time():
            return kinds.time(value)
        case language.DateTime():
            return kinds.date_time(value)
        case language.Flag():
            return kinds.flag(value)
        case language.Reference():
            return kinds.reference(value)


def check_value(name: str, value: language.Value, codes: Mapping[str, Codes], notes: Notes, *, json: bool) -> None:
    """Whether a value can be read back, whatever it stands for."""
    place: Place = ("values", name)
    _check_patterns(value, place, notes)
    _check_words(value, place, notes)
    if isinstance(value, language.Code) and value.table not in codes:
        notes.add((*place, "table"), f"there is no list {value.table} under codes")
    if isinstance(value, language.Flag) and value.yes == value.no and isinstance(value.yes, bool) == isinstance(value.no, bool):
        notes.add(place, "yes and no are the same word")
    if isinstance(value, language.Flag) and not json and not (isinstance(value.yes, str) and isinstance(value.no, str)):
        notes.add(place, "outside JSON a flag is written in words: put them in quotation marks")
    if isinstance(value, language.Decimal) and value.point == "" and value.places is None:
        notes.add(place, "without a point it needs places")
    if isinstance(value, language.Number) and value.written == "number" and (value.width or not json):
        notes.add(place, "only a number written as text has a width, and only JSON has numbers that are none")


def _check_words(value: language.Value, place: Place, notes: Notes) -> None:
    """Blanks around a text are taken away when it is read, and a word must not look like a number."""
    words: list[tuple[str, object]] = []
    if isinstance(value, language.Flag):
        words = [("yes", value.yes), ("no", value.no)]
    if isinstance(value, language.Reference):
        # A number follows the prefix, so only the blanks before it are at the edge.
        words = [("prefix", value.prefix + "1"), ("new", value.new), ("own", None if value.own is None else value.own + "1")]
        if value.new is not None and value.new.isdigit() and value.new != "0":
            notes.add((*place, "new"), "it could not be told from a number")
        if value.own is not None and _is_ambiguous(value, value.own):
            notes.add((*place, "own"), "an own id could not be told from a number")
    for name, word in words:
        if isinstance(word, str) and word != word.strip():
            notes.add((*place, name), "blanks around it are not kept")


def _is_ambiguous(value: language.Reference, own: str) -> bool:
    """What begins with the mark of own ids may be a number, or what says that there is none yet."""
    begins_alike = own.startswith(value.prefix) and own.removeprefix(value.prefix).isdigit()
    return begins_alike or f"{value.prefix}{value.new or ''}".startswith(own)


def _check_patterns(value: language.Value, place: Place, notes: Notes) -> None:
    found = _patterns(value)
    for name, text, check in found:
        try:
            said = check(text).write(_SOME_MOMENT)
        except PatternError as error:
            notes.add((*place, name), str(error))
            continue
        if said != said.strip():
            notes.add((*place, name), "blanks around it are not kept")


def _patterns(value: language.Value) -> list[tuple[str, str, Callable[[str], Pattern]]]:
    match value:
        case language.Date():
            return [("pattern", value.pattern, date_pattern)]
        case language.Time():
            return [("pattern", value.pattern, time_pattern)]
        case language.DateTime() if value.time is not None:
            return [("pattern", value.pattern, date_pattern), ("time", value.time, time_pattern)]
        case language.DateTime():
            return [("pattern", value.pattern, date_time_pattern)]
        case _:
            return []


def _counted(value: language.Value, counts: tuple[int, int], place: Place, notes: Notes) -> bool:
    theirs, ours = counts
    match value:
        case language.Joined():
            fits, wanted = theirs == 1 and ours > 1, "one place and several paths"
        case language.Split():
            fits, wanted = theirs > 1 and ours == 1, "several places and one path"
        case language.DateTime() if value.time is not None:
            fits, wanted = theirs == 2 and ours == 1, "two places and one path"
        case _:
            fits, wanted = theirs == ours == 1, "one place and one path"
    if not fits:
        notes.add(place, f"this value goes between {wanted}")
    return fits
