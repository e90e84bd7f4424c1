"""The words in which a partner's language is described.

What it is: the closed pydantic model of a mapping. Its JSON Schema is partners/dialects/dialect.schema.json. What it is
not: the check that a mapping fits the canonical model (see `compile`). How to write one: docs/partners/dialects.md.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from adapters.agencies.declarative.mistakes import Notes, Place

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{0,39}$")]
"""Of something inside the mapping."""
Scalar = str | int | bool


class Described(BaseModel):
    """A part of a mapping: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, use_attribute_docstrings=True, hide_input_in_errors=True)


class Text(Described):
    """Text as it is, trimmed."""

    is_: Literal["text"] = Field(alias="is")
    longest: Annotated[int, Field(ge=1)] | None = None
    """Most characters that the partner keeps."""
    too_long: Literal["refuse", "cut"] = "refuse"
    """What becomes of a longer text: a fault, or a cut that the delivery names."""


class Number(Described):
    """A whole number."""

    is_: Literal["number"] = Field(alias="is")
    written: Literal["number", "text"] | None = None
    """In JSON a number unless said otherwise; in XML and CSV always text."""
    width: Annotated[int, Field(ge=1, le=18)] | None = None
    """Digits of a number written as text, filled with zeros."""


class Decimal(Described):
    """A number with a fraction, written as text."""

    is_: Literal["decimal"] = Field(alias="is")
    point: Literal[".", ",", ""] = "."
    """Nothing: the last `places` digits are the fraction."""
    places: Annotated[int, Field(ge=0, le=2)] | None = None
    """Digits after the point, always written; without it as many as there are."""


class Date(Described):
    """A day."""

    is_: Literal["date"] = Field(alias="is")
    pattern: Word
    """Of YYYY, MM (or MON, Mon), DD and whatever stands between; letters that mean themselves in single quotes."""


class Time(Described):
    """A time of day, in local time."""

    is_: Literal["time"] = Field(alias="is")
    pattern: Word
    """Of hh, mm, and where the partner keeps them ss and fff or ffffff; [.f] is a fraction that stands only where there is one."""


class DateTime(Described):
    """A day with its time, in one place or, with `time`, in two."""

    is_: Literal["date-time"] = Field(alias="is")
    pattern: Word
    time: Word | None = None
    """The pattern of the second place."""


class Flag(Described):
    """Yes or no."""

    is_: Literal["flag"] = Field(alias="is")
    yes: Scalar
    no: Scalar


class Code(Described):
    """A code of a list that has a translation for each."""

    is_: Literal["code"] = Field(alias="is")
    table: Name


class Reference(Described):
    """A record's number with a prefix."""

    is_: Literal["reference"] = Field(alias="is")
    prefix: Annotated[str, StringConstraints(max_length=40)] = ""
    new: Word | None = None
    """What stands for the number where the record has none yet (0)."""
    own: Word | None = None
    """What stands, instead of the prefix, before the partner's own id of a record whose number it does not know."""


class Joined(Described):
    """Several values of ours in one place of theirs, as TEAM:OFFICER."""

    is_: Literal["joined"] = Field(alias="is")
    separator: Word
    least: Annotated[int, Field(ge=1)] | None = None
    """How many must be there; without it all."""


class Split(Described):
    """One value of ours in several places of theirs, as surname and forename."""

    is_: Literal["split"] = Field(alias="is")
    separator: Word


Value = Annotated[Text | Number | Decimal | Date | Time | DateTime | Flag | Code | Reference | Joined | Split, Field(discriminator="is_")]


class Table(Described):
    """A list of codes: ours to theirs."""

    pairs: dict[Word, Word] = {}
    """Ours: theirs. One to one."""
    only_read: dict[Word, Word] = {}
    """Theirs: ours. Further codes of theirs that are understood and never written."""
    only_written: dict[Word, Word] = {}
    """Ours: theirs. Codes of ours that go out as a code that comes back as another; the delivery names the loss."""
    refused: tuple[Word, ...] = ()
    """Codes of ours that have no translation, on purpose."""
    covers: tuple[Word, ...] = ()
    """Codes of ours that the table claims to know, so that none is forgotten."""
    otherwise: Literal["refuse", "same"] = "refuse"
    """What becomes of a code that the table does not name."""


class Member(Described):
    """A place of the partner's document and the places of the canonical model that it holds."""

    place: Word | Annotated[tuple[Word, ...], Field(min_length=1)]
    """JSON name, XML element or @attribute, CSV column; inside others with slashes: `person/ref`."""
    of: Word | Annotated[tuple[Word, ...], Field(min_length=1)]
    """Path of the canonical model: `responsible.team.code`."""
    value: Name | None = None
    """How it is written: a name under `values`; without one, text, or a number where ours is one."""
    required: bool = False
    """True: the partner insists on what may be absent with us; without it a message is not translatable."""
    empty: Literal["stated", "absent"] | None = None
    """What an empty place says; see `empty` of the whole."""
    own: Word | None = None
    """Place of the partner's own id of the record whose number this is; there may be both, or one of them."""


class Use(Described):
    """All members of a shared list."""

    use: Name
    prefix: Annotated[str, StringConstraints(max_length=80)] = ""
    """Put before each place."""
    under: Annotated[str, StringConstraints(max_length=80)] = ""
    """Put before each canonical path."""


class Constant(Described):
    """What always stands in a place of the partner's document."""

    place: Word
    constant: Scalar


def _kind_of(found: object) -> str:
    names: object = found if isinstance(found, dict) else getattr(found, "model_fields_set", ())
    known = names if isinstance(names, dict | set) else ()
    return next((name for name in ("use", "constant") if name in known), "member")


Item = Annotated[Annotated[Member, Tag("member")] | Annotated[Use, Tag("use")] | Annotated[Constant, Tag("constant")], Discriminator(_kind_of)]
Items = tuple[Item, ...]
Reasons = dict[Word, Word]
"""Canonical path, in which * stands for any number of steps, to why it is left out."""


class Repeated(Described):
    """A list inside a document."""

    place: Word
    """JSON: the name of the array. XML: the element that repeats, inside others with slashes. CSV: the word that its lines begin with."""
    of: Word
    """The canonical list: `parts` or `messages`."""
    members: Items
    left_out: Reasons = {}
    given: dict[Word, Scalar] = {}


class Message(Described):
    """One message type in the partner's words."""

    members: Items
    lists: tuple[Repeated, ...] = ()
    left_out: Reasons = {}
    """What is not carried, on purpose, and why."""
    given: dict[Word, Scalar] = {}
    """What the partner never says, and what is meant by that. A message that says otherwise is told as left out."""
    deletion: Items | None = None
    """The form of a delete that names the record alone."""
    only: Literal["read", "written"] | None = None
    """`read`: the partner sends it and is never sent it; `written`: the other way round."""
    called: Word | None = None
    """XML: the element of the document. CSV: the word that its line begins with. Without it the type's name."""


class Fact(Described):
    """A fact of the envelope and where it stands, or what it always is."""

    place: Word | Annotated[tuple[Word, Word], Field()] | None = None
    """Two places for `prepared_at` as day and time."""
    constant: Word | None = None
    value: Name | None = None


class Header(Described):
    """Where the facts of the envelope stand. Those that may be absent need no place."""

    message_id: Word | Fact
    sender: Word | Fact
    recipients: Word | Fact
    """Several are separated by blanks."""
    type: Word | Fact
    action: Word | Fact
    version: Word | Fact
    control_reference: Word | Fact
    prepared_at: Word | Fact
    """An instant: RFC 3339 in UTC, or a date-time of `values`, in UTC."""
    case_reference: Word | Fact | None = None
    in_reply_to: Word | Fact | None = None
    test: Word | Fact | None = None
    application: Word | Fact | None = None


class Xml(Described):
    """The envelope of an XML document."""

    root: Word
    namespace: Word | None = None
    header: Word = "Header"
    """Element under the root in which the facts of the envelope stand."""


class Line(Described):
    """A line of a batch that holds facts of the envelope: the word that it begins with, and its columns in order."""

    word: Word
    columns: Annotated[tuple[Word, ...], Field(min_length=1)]


class HeaderLine(Line):
    """The first line of a batch."""

    edition: dict[Word, Word] = {}
    """Columns that name the form of the batch itself, and the only word that is understood there."""


class MessageLine(Line):
    """The line that opens a message."""

    number: Word
    """The column that counts messages from 1."""


class Total(Described):
    """What a column of the trailer holds."""

    counts: Literal["messages", "lines"] | None = None
    """All lines are counted, the first and the last too."""
    sums: tuple[Name, ...] = ()
    """Names of values: every column that is written so is summed."""
    times: Annotated[int, Field(ge=1)] = 1
    """100: pounds are summed as pence."""
    digits: Annotated[int, Field(ge=1, le=18)] | None = None
    """How many digits of the sum are told, the last ones."""


class Trailer(Described):
    """The last line of a batch."""

    word: Word
    totals: Annotated[dict[Word, Total], Field(min_length=1)]
    """Columns in order."""


class Csv(Described):
    """A batch: a line for all, then for each message a line that opens it, its own line, and one for each item of its list."""

    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    quoting: Literal["needed", "all"] = "needed"
    line_end: Literal["crlf", "lf"] = "crlf"
    empty: Literal["plain", "quoted"] = "plain"
    """`quoted`: an empty column in quotation marks says that there is no value, one without says nothing."""
    header: HeaderLine
    message: MessageLine
    deletion: Word | None = None
    """Word of the line of a delete that names the record alone."""
    trailer: Trailer | None = None


class DialectMapping(Described):
    """A partner's language."""

    dialect: Name
    """Its name in agreements."""
    title: Word
    form: Literal["json", "xml", "csv"]
    xml: Xml | None = None
    csv: Csv | None = None
    header: Header | None = None
    """XML and CSV; JSON has the header of the JSON form (docs/protocol/json-form.md)."""
    empty: Literal["stated", "absent"] = "stated"
    """What an empty place (null, empty element, empty column) says: that there is no value, or nothing at all."""
    empty_word: Word | None = None
    """A word that says that there is no value, where an empty place says nothing."""
    codes: dict[Name, Table] = {}
    values: dict[Name, Value] = {}
    shared: dict[Name, Items] = {}
    left_out: Reasons = {}
    """What no message carries."""
    messages: Annotated[dict[Word, Message], Field(min_length=1)]


_SAID: Final[Mapping[str, str]] = {
    "missing": "it has to be here",
    "extra_forbidden": "there is no such word here",
    "union_tag_not_found": "it needs `is`, which says what kind of value it is",
    "union_tag_invalid": "there is no such kind of value",
}


def note_errors(errors: list[tuple[str, Place, str]], data: object, notes: Notes) -> None:
    """Pydantic's errors (type, place, message) as mistakes."""
    for kind, location, message in errors:
        notes.add(_in_data(location, data), _SAID.get(kind, message[:1].lower() + message[1:]))


def _in_data(location: Place, data: object) -> Place:
    """Without the steps that are only the model's: which of several forms was tried."""
    place: list[str | int] = []
    for number, step in enumerate(location):
        last = number == len(location) - 1
        found, inner = _inside(data, step)
        if found or (last and isinstance(data, dict)):
            place.append(step)
        data = inner if found else data
    return tuple(place)


def _inside(data: object, step: str | int) -> tuple[bool, object]:
    if isinstance(data, dict) and step in data:
        return True, data[step]
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return True, data[step]
    return False, None
