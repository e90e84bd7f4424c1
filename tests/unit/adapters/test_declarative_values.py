"""How single values of a described language are written and read, and what is refused, cut or named as lost."""

import json
from typing import Any

import pytest

from adapters.agencies.declarative.adapter import DescribedAdapter
from adapters.contract import Document
from schemas.catalogue import CATALOGUE
from schemas.envelope import Action, Entry, Message
from schemas.faults import FaultCode, Refusal
from tests.support.declarative import compiled
from tests.support.dialects import first_fault, message, outgoing, taken

PAYLOADS: dict[str, dict[str, Any]] = {
    "TerminateSentence": {
        "crn": "X123456",
        "offender_id": "1",
        "version": {"updated_by": "QUILL,MARLOW"},
        "event_id": "7",
        "terminated_by": "QUILL,MARLOW",
        "termination_date": "2020-02-29",
        "termination_reason": {"code": "A1"},
        "recorded_at": "2020-02-29T09:05:07.25",
    },
    "UPWDetails": {
        "crn": "X123456",
        "offender_id": "1",
        "version": {"updated_by": "QUILL,MARLOW"},
        "details_id": "5",
        "event_id": "7",
        "length_minutes": 90,
        "status": {"code": "A1"},
    },
}


def _adapter(kind: str, members: dict[str, dict[str, object]] | None = None, **changes: Any) -> DescribedAdapter:
    """A JSON language of one type in which every path is its own place, but for these members."""
    said = {path: {"place": path, "of": path} for path in ("crn", "offender_id", "version.version", "version.updated_by", *_own(kind))} | (members or {})
    values = {"day": {"is": "date", "pattern": "YYYY-MM-DD"}, "at": {"is": "date-time", "pattern": "YYYY-MM-DD hh:mm:ss.ffffff"}} | changes.pop("values", {})
    for path, value in (("termination_date", "day"), ("recorded_at", "at")):
        if path in said:
            said[path].setdefault("value", value)
    used = {one.get("value") for one in said.values()}
    left_out = {"*.description": "no names"} | changes.pop("left_out", {})
    about = {"members": [one for one in said.values() if one], **changes.pop("message", {})}
    kept = {name: value for name, value in values.items() if name in used}
    return compiled({"dialect": "tried", "title": "Tried", "form": "json", "values": kept, "left_out": left_out, "messages": {kind: about}} | changes)


def _own(kind: str) -> tuple[str, ...]:
    coded = {"termination_reason": "termination_reason.code", "status": "status.code"}
    return tuple(coded.get(name, name) for name in PAYLOADS[kind] if name not in {"crn", "offender_id", "version"})


def _made(kind: str, **changes: object) -> Message:
    return message(CATALOGUE[kind].model_validate(PAYLOADS[kind] | changes), action=Action.INSERT)


def _written(adapter: DescribedAdapter, made: Message) -> tuple[Any, Document]:
    document = adapter.write(made, outgoing())
    return json.loads(document.content)["document"], document


def _back(adapter: DescribedAdapter, document: Document, **changes: object) -> Any:
    form = json.loads(document.content)
    form["document"] |= changes
    (entry,) = adapter.read(json.dumps(form).encode()).entries
    return entry


@pytest.mark.parametrize(
    ("value", "said", "lost"),
    [
        ({"is": "date-time", "pattern": "DD Mon YYYY, hh:mm:ss[.f]"}, "29 Feb 2020, 09:05:07.250000", False),
        ({"is": "date-time", "pattern": "YYYYMMDD'T'hhmmssfff"}, "20200229T090507250", False),
        ({"is": "date-time", "pattern": "DD-MON-YYYY hh:mm:ss"}, "29-FEB-2020 09:05:07", True),
        ({"is": "date-time", "pattern": "YYYY.MM.DD hhmm"}, "2020.02.29 0905", True),
    ],
)
def test_moments_follow_their_pattern(value: dict[str, str], said: str, lost: bool) -> None:
    adapter = _adapter("TerminateSentence", {"recorded_at": {"place": "at", "of": "recorded_at", "value": "m"}}, values={"m": value})
    made = _made("TerminateSentence")
    found, document = _written(adapter, made)
    assert found["at"] == said
    assert [one.pointer for one in document.left_out] == (["/payload/recorded_at"] if lost else [])
    assert (taken(_back(adapter, document)) == made.payload) != lost
    for wrong in ("", said + "0", said.replace("9", "x", 1), said.replace("29", "31", 1), 7, True):
        assert first_fault(_back(adapter, document, at=wrong)).pointer == "/document/at"


def test_a_moment_may_stand_in_two_places() -> None:
    member = {"place": ["day", "clock"], "of": "recorded_at", "value": "m"}
    adapter = _adapter("TerminateSentence", {"recorded_at": member}, values={"m": {"is": "date-time", "pattern": "DD/MM/YYYY", "time": "hh:mm:ss[.f]"}})
    made = _made("TerminateSentence")
    found, document = _written(adapter, made)
    assert (found["day"], found["clock"]) == ("29/02/2020", "09:05:07.250000")
    assert taken(_back(adapter, document)) == made.payload
    assert first_fault(_back(adapter, document, clock=None)).code is FaultCode.ELEMENT_MISSING


@pytest.mark.parametrize(
    ("value", "said", "wrong"),
    [
        ({"is": "number"}, 90, ["90", 1.5, True, -1]),
        ({"is": "number", "written": "text"}, "90", [90, "090", "+90", "9 0"]),
        ({"is": "number", "written": "text", "width": 5}, "00090", ["90", "000090", "0009x"]),
    ],
)
def test_numbers(value: dict[str, object], said: object, wrong: list[object]) -> None:
    adapter = _adapter("UPWDetails", {"length_minutes": {"place": "minutes", "of": "length_minutes", "value": "n"}}, values={"n": value})
    made = _made("UPWDetails")
    found, document = _written(adapter, made)
    assert found["minutes"] == said
    assert taken(_back(adapter, document)) == made.payload
    assert {first_fault(_back(adapter, document, minutes=one)).code for one in wrong} == {FaultCode.VALUE_INVALID}


def test_a_number_that_is_too_wide_cannot_be_said() -> None:
    value = {"is": "number", "written": "text", "width": 3}
    adapter = _adapter("UPWDetails", {"length_minutes": {"place": "minutes", "of": "length_minutes", "value": "n"}}, values={"n": value})
    with pytest.raises(Refusal) as caught:
        adapter.write(_made("UPWDetails", length_minutes=1000), outgoing())
    assert (caught.value.fault.code, caught.value.fault.pointer) == (FaultCode.NOT_TRANSLATABLE, "/payload/length_minutes")


def test_texts_that_are_too_long_are_cut_or_refused() -> None:
    member = {"terminated_by": {"place": "by", "of": "terminated_by", "value": "t"}}
    cutting = _adapter("TerminateSentence", member, values={"t": {"is": "text", "longest": 6, "too_long": "cut"}})
    found, document = _written(cutting, _made("TerminateSentence"))
    assert found["by"] == "QUILL,"
    assert [one.pointer for one in document.left_out] == ["/payload/terminated_by"]
    with pytest.raises(Refusal, match="not-translatable"):
        _adapter("TerminateSentence", member, values={"t": {"is": "text", "longest": 6}}).write(_made("TerminateSentence"), outgoing())


CODES = {"pairs": {"A1": "ONE", "A2": "TWO"}, "only_read": {"UNO": "A1"}, "only_written": {"A3": "TWO"}, "refused": ["A4"]}


def _coded(**changes: object) -> DescribedAdapter:
    member = {"status.code": {"place": "status", "of": "status.code", "value": "c"}}
    return _adapter("UPWDetails", member, values={"c": {"is": "code", "table": "c"}}, codes={"c": CODES | changes})


@pytest.mark.parametrize(("ours", "theirs", "back"), [("A1", "ONE", "A1"), ("A2", "TWO", "A2"), ("A3", "TWO", "A2")])
def test_codes_are_translated_and_one_way_is_named(ours: str, theirs: str, back: str) -> None:
    found, document = _written(_coded(), _made("UPWDetails", status={"code": ours}))
    assert found["status"] == theirs
    assert bool(document.left_out) == (ours != back)
    assert taken(_back(_coded(), document)).status.code == back
    assert taken(_back(_coded(), document, status="UNO")).status.code == "A1"


def test_codes_without_translation_are_refused_both_ways() -> None:
    _, document = _written(_coded(), _made("UPWDetails"))
    fault = first_fault(_back(_coded(), document, status="A1"))
    assert (fault.code, fault.pointer, fault.value) == (FaultCode.CODE_UNKNOWN, "/document/status", "A1")
    for code in ("A4", "B9"):
        with pytest.raises(Refusal, match="not-translatable"):
            _coded().write(_made("UPWDetails", status={"code": code}), outgoing())


def test_other_codes_may_pass_as_they_are_but_never_as_another() -> None:
    same = _coded(otherwise="same")
    found, document = _written(same, _made("UPWDetails", status={"code": "B9"}))
    assert found["status"] == "B9"
    assert taken(_back(same, document)).status.code == "B9"
    assert first_fault(_back(same, document, status="A2")).code is FaultCode.CODE_UNKNOWN
    with pytest.raises(Refusal, match="not-translatable"):
        same.write(_made("UPWDetails", status={"code": "ONE"}), outgoing())


def test_a_number_of_ours_may_be_a_word_of_theirs() -> None:
    mapping = {"dialect": "d", "title": "D", "form": "json", "values": {"s": {"is": "code", "table": "s"}}, "codes": {"s": {"pairs": {"202": "DONE"}}}}
    ping = {"members": [{"place": "s", "of": "code", "value": "s"}], "left_out": {"test_control_data": "none"}}
    adapter = compiled(mapping | {"messages": {"ConnectionNotification": ping}})
    made = message(CATALOGUE["ConnectionNotification"].model_validate({"code": 202}))
    found, document = _written(adapter, made)
    assert found == {"s": "DONE"}
    assert taken(_back(adapter, document)) == made.payload


def test_references_have_a_prefix_and_a_word_for_none_yet() -> None:
    member = {"details_id": {"place": "ref", "of": "details_id", "value": "r"}}
    adapter = _adapter("UPWDetails", member, values={"r": {"is": "reference", "prefix": "W-", "new": "?"}})
    assert _written(adapter, _made("UPWDetails"))[0]["ref"] == "W-5"
    found, document = _written(adapter, _made("UPWDetails", details_id="0"))
    assert found["ref"] == "W-?"
    assert taken(_back(adapter, document)).details_id == "0"
    for wrong in ("W-0", "5", "W-", "W-5x", "w-5", "?"):
        assert first_fault(_back(adapter, document, ref=wrong)).code is FaultCode.IDENTIFIER_INVALID


def test_what_is_split_comes_together_again() -> None:
    member = {"terminated_by": {"place": ["by/last", "by/first"], "of": "terminated_by", "value": "n"}}
    adapter = _adapter("TerminateSentence", member, values={"n": {"is": "split", "separator": ","}})
    found, document = _written(adapter, _made("TerminateSentence"))
    assert found["by"] == {"last": "QUILL", "first": "MARLOW"}
    assert taken(_back(adapter, document)).terminated_by == "QUILL,MARLOW"
    assert _written(adapter, _made("TerminateSentence", terminated_by="QUILL"))[0]["by"] == {"last": "QUILL"}
    assert first_fault(_back(adapter, document, by={"last": "A,B", "first": "C"})).code is FaultCode.VALUE_INVALID
    assert first_fault(_back(adapter, document, by={"first": "C"})).code is FaultCode.ELEMENT_MISSING
    assert first_fault(_back(adapter, document, by="QUILL")).code is FaultCode.STRUCTURE_INVALID
    with pytest.raises(Refusal, match="not-translatable"):
        adapter.write(_made("TerminateSentence", terminated_by="QUILL, MARLOW"), outgoing())


def test_a_constant_is_always_written_and_nothing_else_is_read() -> None:
    adapter = _adapter("UPWDetails", {"source": {"place": "source", "constant": "probation"}})
    found, document = _written(adapter, _made("UPWDetails"))
    assert found["source"] == "probation"
    assert isinstance(_back(adapter, document), Entry)
    assert first_fault(_back(adapter, document, source="court")).code is FaultCode.VALUE_INVALID
    assert first_fault(_back(adapter, document, source=None)).code is FaultCode.ELEMENT_MISSING


def test_what_is_given_is_understood_and_anything_else_is_named() -> None:
    adapter = _adapter("UPWDetails", {"length_minutes": {}}, message={"given": {"length_minutes": 90}})
    _, document = _written(adapter, _made("UPWDetails"))
    assert (document.left_out, taken(_back(adapter, document)).length_minutes) == ((), 90)
    _, document = _written(adapter, _made("UPWDetails", length_minutes=60))
    assert [one.pointer for one in document.left_out] == ["/payload/length_minutes"]


def test_a_partner_may_insist() -> None:
    adapter = _adapter("UPWDetails", {"version.version": {"place": "v", "of": "version.version", "required": True}})
    with pytest.raises(Refusal) as caught:
        adapter.write(_made("UPWDetails"), outgoing())
    assert (caught.value.fault.code, caught.value.fault.pointer) == (FaultCode.NOT_TRANSLATABLE, "/payload/version/version")


@pytest.mark.parametrize(
    ("empty", "word", "said", "lost"), [("stated", None, None, []), ("absent", "NONE", "NONE", []), ("absent", None, ..., ["/payload/version/version"])]
)
def test_that_there_is_no_value_is_stated_worded_or_lost(empty: str, word: str | None, said: object, lost: list[str]) -> None:
    adapter = _adapter("UPWDetails", empty=empty, **({"empty_word": word} if word else {}))
    found, document = _written(adapter, _made("UPWDetails", version={"version": None, "updated_by": "QUILL"}))
    assert found.get("version.version", ...) == said
    assert [one.pointer for one in document.left_out] == lost
    read = taken(_back(adapter, document)).version.model_fields_set
    assert ("version" in read) == (not lost)
    assert "version" not in taken(_back(adapter, _written(adapter, _made("UPWDetails"))[1])).version.model_fields_set


@pytest.mark.parametrize("only", ["read", "written"])
def test_a_type_may_go_one_way(only: str) -> None:
    both, one_way = _adapter("UPWDetails"), _adapter("UPWDetails", message={"only": only})
    document = both.write(_made("UPWDetails"), outgoing())
    if only == "read":
        assert taken(_back(one_way, document)) == _made("UPWDetails").payload
        with pytest.raises(Refusal, match="not-translatable"):
            one_way.write(_made("UPWDetails"), outgoing())
    else:
        assert one_way.write(_made("UPWDetails"), outgoing()) == document
        assert first_fault(_back(one_way, document)).code is FaultCode.TYPE_UNKNOWN
