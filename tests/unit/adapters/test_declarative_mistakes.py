"""Every mistake in a mapping is named with its place and line, all of them at once."""

from typing import Any

import pytest

from adapters.agencies.declarative.adapter import load
from adapters.agencies.declarative.mistakes import MappingError
from tests.support.declarative import mistakes, whole_mapping

BASE = """\
dialect: small
title: Small
form: json
codes:
  kind:
    pairs: {HDE: CURFEW, ACR: RELEASE}
values:
  day: {is: date, pattern: DD/MM/YYYY}
  id: {is: reference, prefix: S-, new: NEW}
  kind: {is: code, table: kind}
shared:
  case:
    - {place: case, of: crn}
    - {place: person, of: offender_id, value: id}
    - {place: version, of: version.version}
    - {place: by, of: version.updated_by}
left_out:
  "*.description": no names of codes
messages:
  CustodyDate:
    members:
      - use: case
      - {place: ref, of: key_date_id, value: id}
      - {place: sentence, of: event_id, value: id}
      - {place: kind, of: key_date_type.code, value: kind}
      - {place: day, of: key_date, value: day}
"""

WRONG = [
    ("form: json", "form: yaml", "form", 3, "input should be"),
    ("title: Small", "titel: Small", "titel", 2, "there is no such word here"),
    ("title: Small\n", "", "title", 1, "it has to be here"),
    ("DD/MM/YYYY", "DD/MM/YY", "values.day.pattern", 8, "Y is no part of a pattern"),
    ("DD/MM/YYYY", "MM/YYYY", "values.day.pattern", 8, "it could not be read back: there is no day"),
    ("DD/MM/YYYY", "DD/MM/YYYY DD", "values.day.pattern", 8, "the day stands twice"),
    ("DD/MM/YYYY", "DD/MM/YYYY hh", "values.day.pattern", 8, "there is no hour to write"),
    ("DD/MM/YYYY", '"DD/MM/YYYY "', "values.day.pattern", 8, "blanks around it are not kept"),
    ("new: NEW", 'new: "N "', "values.id.new", 9, "blanks around it are not kept"),
    ("new: NEW", "new: 7", "values.id.new", 9, "it could not be told from a number"),
    ("prefix: S-", 'prefix: " S"', "values.id.prefix", 9, "blanks around it are not kept"),
    ("form: json", 'form: json\nempty_word: " "', "empty_word", 4, "blanks around it are not kept"),
    ("is: date,", "is: dat,", "values.day", 8, "there is no such kind of value"),
    ("ACR: RELEASE", "ACR: CURFEW", "codes.kind.pairs.ACR", 6, "HDE and ACR share the translation CURFEW"),
    ("ACR: RELEASE", "HDE: RELEASE", "codes.kind.pairs.HDE", 6, "the name stands twice"),
    ("{HDE: CURFEW, ACR: RELEASE}", "{HDE: CURFEW}\n    only_written: {ACR: RELEASE}", "codes.kind.only_written.ACR", 7, "RELEASE cannot be read"),
    ("{HDE: CURFEW, ACR: RELEASE}", "{HDE: CURFEW}\n    covers: [HDE, LED]", "codes.kind.covers[1]", 7, "LED has no translation"),
    ("table: kind", "table: kinds", "values.kind.table", 10, "there is no list kinds under codes"),
    ("place: case, of: crn", "place: case, of: cnr", "shared.case[0].of", 13, "the message has no cnr"),
    ("- use: case", "- use: cases", "messages.CustodyDate.members[0].use", 22, "there is no cases under shared"),
    ("place: ref,", "place: case,", "messages.CustodyDate.members[1]", 23, "the place case is used twice; first at shared.case[0]"),
    ("place: ref,", 'place: "ref ",', "messages.CustodyDate.members[1].place", 23, "a step of the place is empty, or has blanks around it"),
    ("place: ref,", "place: case/ref,", "messages.CustodyDate.members[1]", 23, "case holds a value and cannot hold case/ref"),
    ("of: event_id", "of: key_date_id", "messages.CustodyDate.members[2]", 24, "key_date_id is carried twice; first at messages.CustodyDate.members[1]"),
    ("of: key_date, value: day", "of: key_date", "messages.CustodyDate.members[4]", 26, "a date needs a value that says how it is written"),
    ("of: key_date, value: day", "of: key_date, value: id", "messages.CustodyDate.members[4].value", 26, "key_date is a date; reference does not fit"),
    ("of: crn}", "of: crn, value: id}", "shared.case[0].value", 13, "crn is no number of a record, so it is never new"),
    ("      - {place: day, of: key_date, value: day}\n", "", "messages.CustodyDate", 20, "key_date has no place; give it one"),
    ('  "*.description": no names of codes', '  "*.name": no names', "left_out.*.name", 18, "nothing that is left out is called so"),
    ("  CustodyDate:", "  Custody:", "messages.Custody", 20, "there is no such message type"),
    ("  id: {is", "  idle: {is: text}\n  id: {is", "values.idle", 9, "nothing uses it"),
    ("- use: case", "- {use: case, constant: x}", "messages.CustodyDate.members[0].use", 22, "there is no such word here"),
    ("form: json", "form: xml", "", 1, "a mapping of xml needs `xml`"),
    ("form: json", "form: csv", "", 1, "a mapping of csv needs `header`"),
    ("form: json", "form: json\nxml: {root: X}", "xml", 4, "this is a mapping of json"),
    ("title: Small", "title: &a Small\nempty_word: *a", "", 3, "anchors are not read"),
    ("title: Small", "title: !!python/none Small", "title", 2, "tags are not read"),
    ("title: Small", "title: [", "", 4, "this is no YAML"),
]


def _some(form: str, **changes: object) -> dict[str, Any]:
    """A mapping of a few types that makes use of every kind of value."""
    return whole_mapping(form, ("Contact", "Event", "ConsolidatedTransferRequest", "InterchangeStatusNotification", "ProcessContact"), **changes)


def test_the_small_mapping_is_right() -> None:
    assert mistakes(BASE) == ()


@pytest.mark.parametrize(("old", "new", "place", "line", "what"), WRONG, ids=[f"{number}-{case[4][:30]}" for number, case in enumerate(WRONG)])
def test_a_mistake_is_named_with_its_place_and_line(old: str, new: str, place: str, line: int, what: str) -> None:
    assert BASE.count(old) >= 1
    found = mistakes(BASE.replace(old, new, 1))
    assert (place, line) in {(one.place, one.line) for one in found if what in one.what}, found


def test_all_mistakes_are_told_at_once_in_the_order_of_lines() -> None:
    text = BASE.replace("DD/MM", "D/M").replace("ACR: RELEASE", "ACR: CURFEW").replace("of: event_id", "of: events")
    with pytest.raises(MappingError) as caught:
        load(text)
    assert [one.line for one in caught.value.mistakes] == sorted(one.line for one in caught.value.mistakes)
    assert {"codes.kind.pairs.ACR", "values.day.pattern", "messages.CustodyDate.members[2].of"} <= {one.place for one in caught.value.mistakes}
    assert all(str(one).startswith(f"line {one.line}: ") for one in caught.value.mistakes)


def _left(extra: str) -> str:
    return BASE + extra


@pytest.mark.parametrize(
    ("extra", "what"),
    [
        ("    left_out: {key_date: because}\n", "it is carried"),
        ("    given: {key_date: 2020-01-01}\n", "it is carried"),
        ("    given: {rar: true}\n", "there is no such place in the message"),
        ("    lists: [{place: x, of: parts, members: []}]\n", "there is no such list; there is none"),
        ("    called: x\n", "only XML and CSV have a word for a type here"),
        ("    deletion: [use: case]\n", "record_id has no place"),
        ("  OFFLOCRequest:\n    members: []\n    deletion: []\n", "this type has no reduced form of delete"),
        ("  ConnectionNotification:\n    members: [{place: a, of: code}]\n    left_out: {code: x, test_control_data: y}\n", "it is carried"),
        (
            "  OFFLOCRequest:\n    members: [{place: a, of: crn}]\n    left_out: {'*': because}\n",
            "search_id is mandatory: it needs a place, or a value under given",
        ),
        (
            "  ConsolidatedTransferRequest:\n    members: [{place: a, of: parts}]\n",
            "the message has no parts; parts go under lists",
        ),
    ],
)
def test_what_a_message_says_of_itself_must_fit(extra: str, what: str) -> None:
    assert any(what in one.what for one in mistakes(_left(extra))), mistakes(_left(extra))


def test_a_list_of_states_must_be_complete() -> None:
    mapping = _some("json", codes={"state": {"pairs": {"PN": "OPEN", "TA": "TAKEN", "XX": "ODD"}}})
    mapping["values"]["state"] = {"is": "code", "table": "state"}
    for member in mapping["messages"]["ConsolidatedTransferRequest"]["lists"][0]["members"]:
        if member["of"] == "status":
            member["value"] = "state"
    told = {one.what for one in mistakes(mapping)}
    assert told == {"TR, TW of status has no translation; put it under pairs or refused", "status knows no XX"}


@pytest.mark.parametrize(("place", "what"), [("@x", "an attribute does not repeat"), ("crn", "the place is used twice"), ("crn/x", "the place is used twice")])
def test_a_list_has_a_place_of_its_own(place: str, what: str) -> None:
    mapping = _some("xml")
    mapping["messages"]["ConsolidatedTransferRequest"]["lists"][0]["place"] = place
    assert [one.what for one in mistakes(mapping)] == [what]


@pytest.mark.parametrize(
    ("value", "paths", "what"),
    [
        ({"is": "joined", "separator": " "}, ["contact_type.code", "contact_type.description"], "contact_type.code may itself hold  "),
        ({"is": "joined", "separator": "/"}, ["contact_type.code", "contact_type.description"], "contact_type.description may be absent: say how many"),
        ({"is": "joined", "separator": "/"}, ["contact_type.code"], "this value goes between one place and several paths"),
        ({"is": "split", "separator": "/"}, ["contact_type.code"], "this value goes between several places and one path"),
    ],
)
def test_what_is_joined_must_come_apart_again(value: dict[str, str], paths: list[str], what: str) -> None:
    mapping = _some("json")
    mapping["values"]["both"] = value
    members = [one for one in mapping["messages"]["Contact"]["members"] if one["of"] not in {"contact_type.code", "contact_type.description"}]
    mapping["messages"]["Contact"]["members"] = [*members, {"place": "both", "of": paths, "value": "both"}]
    assert any(what in one.what for one in mistakes(mapping)), mistakes(mapping)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"header": {}}, "it has to be here"),
        ({"xml": {"root": "a b"}}, "a b is no name of an element"),
        ({"xml": {"root": "A", "header": "Contact"}}, "a message is called so"),
    ],
)
def test_the_envelope_of_xml_must_fit(change: dict[str, object], what: str) -> None:
    assert any(what in one.what for one in mistakes(_some("xml", **change)))


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"message_id": {"constant": "x"}}, "it differs from message to message"),
        ({"sender": {"constant": "nobody"}}, "String should match pattern"),
        ({"sender": {"place": "From", "constant": "N00"}}, "it has either a place or a constant"),
        ({"sender": "To"}, "the place is that of sender too"),
        ({"test": "Test"}, "it needs a flag of values"),
        ({"prepared_at": {"place": "At", "value": "yes-no"}}, "flag does not fit here"),
        ({"in_reply_to": None}, "must name what it answers"),
        ({"sender": ["A", "B"]}, "should be"),
    ],
)
def test_facts_of_the_envelope_must_fit(facts: dict[str, object], what: str) -> None:
    mapping = _some("xml")
    mapping["header"] |= facts
    assert any(what in one.what for one in mistakes(mapping)), mistakes(mapping)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"deletion": None}, "short deletes need the word of their line"),
        ({"deletion": "GONE "}, "blanks around the word GONE  are not kept"),
        ({"deletion": "OPEN"}, "two kinds of line begin with OPEN"),
        ({"deletion": "Contact"}, "another kind of line begins with Contact too"),
        ({"delimiter": '"'}, "it could not be told from what it divides"),
        ({"empty": "quoted"}, "quotation marks that stand everywhere say nothing"),
        ({"empty": "quoted"}, "so `empty` of the whole is stated"),
        ({"trailer": {"word": "END", "totals": {"X": {}}}}, "a total either counts or sums"),
        ({"trailer": {"word": "END", "totals": {"X": {"sums": ["day"]}}}}, "day is no number, decimal or reference of values"),
        ({"message": {"word": "OPEN", "columns": ["No", "Kind", "Action"], "number": "No"}}, "MessageId is no column of the line OPEN"),
        ({"message": {"word": "OPEN", "columns": ["No", "Kind", "Action", "MessageId", "Odd"], "number": "No"}}, "nothing says what the column Odd holds"),
    ],
)
def test_the_lines_of_a_batch_must_fit(changes: dict[str, object], what: str) -> None:
    mapping = _some("csv")
    mapping["csv"] = mapping["csv"] | changes
    assert any(what in one.what for one in mistakes(mapping)), mistakes(mapping)


def test_a_mapping_has_bounds() -> None:
    assert "at most" in mistakes("#" * 1_000_001)[0].what
    assert "nested too deep" in mistakes("[" * 5000)[0].what
