"""The lines around messages in a mapping of CSV, held against one another.

What it is: every word of a line is its own, every column is known and stands once, every fact of the envelope stands on
a line. What it is not: the columns of messages (see `members`).
"""

from collections.abc import Mapping

from adapters.agencies.declarative.language import Csv, DialectMapping, Fact, Header
from adapters.agencies.declarative.mistakes import Notes
from adapters.agencies.declarative.tables import Table

_OF_MESSAGES = frozenset({"message_id", "type", "action"})


def check_batch(mapping: DialectMapping, csv: Csv, messages: Mapping[str, Table], notes: Notes) -> None:
    """Note everything that does not fit together."""
    _check_words(csv, messages, notes)
    _check_columns(mapping, csv, notes)
    _check_totals(mapping, csv, notes)
    mark = csv.delimiter
    if mark == '"' or mark.isalnum() or not (mark.isprintable() or mark == "\t") or mark == " ":
        notes.add(("csv", "delimiter"), "it could not be told from what it divides")
    if csv.empty == "quoted" and csv.quoting == "all":
        notes.add(("csv", "quoting"), "quotation marks that stand everywhere say nothing")
    if csv.empty == "quoted" and mapping.empty != "stated":
        notes.add(("csv", "empty"), "what is quoted and empty says that there is no value, so `empty` of the whole is stated")
    if any(table.deletion is not None for table in messages.values()) and csv.deletion is None:
        notes.add(("csv",), "short deletes need the word of their line: deletion")


def _check_words(csv: Csv, messages: Mapping[str, Table], notes: Notes) -> None:
    around = [csv.header.word, csv.message.word, *([csv.trailer.word] if csv.trailer else []), *([csv.deletion] if csv.deletion else [])]
    for word in sorted({word for word in around if around.count(word) > 1}):
        notes.add(("csv",), f"two kinds of line begin with {word}")
    for word in around:
        if word != word.strip():
            notes.add(("csv",), f"blanks around the word {word} are not kept")
    for kind, table in messages.items():
        if table.called != table.called.strip():
            notes.add(("messages", kind, "called"), "blanks around it are not kept")
        own = [table.called, *(one.place[0] for one in table.record.lists)]
        for word in own:
            if word in around or own.count(word) > 1:
                notes.add(("messages", kind), f"another kind of line begins with {word} too")


def _check_columns(mapping: DialectMapping, csv: Csv, notes: Notes) -> None:
    columns = [*csv.header.columns, *csv.message.columns]
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        notes.add(("csv",), f"the column {name} stands twice")
    placed = _placed(mapping.header)
    for fact, places in placed.items():
        right = csv.message.columns if fact in _OF_MESSAGES else csv.header.columns
        for place in places:
            if place not in right:
                notes.add(("header", fact), f"{place} is no column of the line {(csv.message if fact in _OF_MESSAGES else csv.header).word}")
    known = {place for places in placed.values() for place in places} | {csv.message.number, *csv.header.edition}
    for name in columns:
        if name not in known:
            notes.add(("csv",), f"nothing says what the column {name} holds")
    if csv.message.number not in csv.message.columns or not csv.header.edition.keys() <= set(csv.header.columns):
        notes.add(("csv",), "number and edition name columns of their own lines")


def _placed(header: Header | None) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in Header.model_fields if header is not None else ():
        said: object = getattr(header, name)
        place = said.place if isinstance(said, Fact) else said
        if isinstance(place, tuple):
            found[name] = place
        elif isinstance(place, str):
            found[name] = (place,)
    return found


def _check_totals(mapping: DialectMapping, csv: Csv, notes: Notes) -> None:
    for name, total in (csv.trailer.totals if csv.trailer else {}).items():
        if (total.counts is None) == (not total.sums):
            notes.add(("csv", "trailer", "totals", name), "a total either counts or sums")
        for value in total.sums:
            if value not in mapping.values or mapping.values[value].is_ not in {"number", "decimal", "reference"}:
                notes.add(("csv", "trailer", "totals", name), f"{value} is no number, decimal or reference of values")
