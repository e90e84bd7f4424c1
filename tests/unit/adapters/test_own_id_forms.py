"""Own ids in every dialect that has them: what is written comes back at its place, and the described say it as the hand-written do."""

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.declarative.adapter import DescribedAdapter, load
from adapters.agencies.declarative.proof import prove
from adapters.agencies.declarative.samples import example, outgoing_of
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.catalogue import own_ids_among
from adapters.contract import MAX_MESSAGES, Adapter
from schemas.canonical.case import CaseRecord
from schemas.catalogue import KEYS
from schemas.envelope import Action, Entry, Interchange, Message
from schemas.faults import FaultCode
from schemas.messages.terminate_sentence import TerminateSentence
from schemas.record_ids import NONE_YET, Place, ids_in
from tests.support.declarative import compiled, mistakes, whole_mapping
from tests.support.dialects import first_fault, message, outgoing
from tests.support.tree import ROOT


def _described(name: str) -> DescribedAdapter:
    return load((ROOT / f"partners/dialects/{name}.yaml").read_text(encoding="utf-8"))


CASEFLOW, FLATFILE = _described("caseflow"), _described("flatfile")
ADAPTERS: dict[str, Adapter] = {adapter.dialect: adapter for adapter in (CanonicalAdapter(), CaseflowAdapter(), CASEFLOW, FlatFileAdapter(), FLATFILE)}


def _known(made: Message) -> dict[tuple[str, str], str]:
    """An own id for every record that a message names."""
    named = ids_in(type(made.payload), made.payload.model_dump(mode="json"), made.header.type)
    return {(kind, str(said)): f"own-{kind}/{said}" for _, kind, said in named if said != NONE_YET}


def _places(made: Message) -> dict[Place, str]:
    named = ids_in(type(made.payload), made.payload.model_dump(mode="json", exclude_unset=True), made.header.type)
    return {place: f"own-{kind}/{said}" for place, kind, said in named if said != NONE_YET}


def _made(kind: str) -> Message:
    made = example(kind, CASEFLOW.tables)
    return replace(made, header=replace(made.header, action=Action.DELETE if Action.DELETE in _actions(kind) else made.header.action))


def _actions(kind: str) -> frozenset[Action]:
    return frozenset({Action.DELETE}) if kind in KEYS and issubclass(type(example(kind, CASEFLOW.tables).payload), CaseRecord) else frozenset()


@pytest.mark.parametrize("reduced", [False, True], ids=["whole", "by key"])
@pytest.mark.parametrize("dialect", ADAPTERS)
@pytest.mark.parametrize("kind", sorted(KEYS))
def test_every_record_that_is_known_goes_out_by_its_own_id_and_comes_back(kind: str, dialect: str, reduced: bool) -> None:
    adapter, made = ADAPTERS[dialect], _made(kind)
    facts = replace(outgoing_of(made), reduced_deletes=reduced)
    document = adapter.write(made, replace(facts, own_ids=_known(made)))
    plain = adapter.write(made, facts)
    assert document.left_out == plain.left_out
    (entry,) = adapter.read(document.content).entries
    (numbered,) = adapter.read(plain.content).entries
    assert isinstance(entry, Entry), entry
    assert isinstance(numbered, Entry)
    assert {name.place: name.own_id for name in entry.own_ids} == _places(replace(made, payload=numbered.payload))
    assert entry.own_ids
    assert all(name.pointer and name.number == NONE_YET for name in entry.own_ids)
    assert numbered.own_ids == ()
    for name in entry.own_ids:
        assert f"~{name.own_id}" in document.content.decode()


@pytest.mark.parametrize(("by_hand", "described"), [("caseflow", CASEFLOW), ("flatfile", FLATFILE)], ids=["caseflow", "flatfile"])
@pytest.mark.parametrize("kind", sorted(KEYS))
def test_the_described_dialects_write_and_read_them_as_the_handwritten_do(kind: str, by_hand: str, described: Adapter) -> None:
    made = _made(kind)
    facts = replace(outgoing_of(made), own_ids=_known(made))
    first, second = ADAPTERS[by_hand].write(made, facts), described.write(made, facts)
    assert first.content == second.content
    read = [adapter.read(first.content).entries[0] for adapter in (ADAPTERS[by_hand], described)]
    assert read[0] == read[1]


@pytest.mark.parametrize("own", ["~", "~ a", "~.a", "~" + "a" * 65, "~~a"])
def test_what_has_not_the_form_of_an_own_id_is_no_id(own: str) -> None:
    made = _made("Contact")
    for dialect, written in (("caseflow", "CF-ENT-"), ("flatfile", "CON#")):
        content = ADAPTERS[dialect].write(made, replace(outgoing_of(made), own_ids={})).content.decode()
        number = f"{written}{made.payload.contact_id}"  # type: ignore[attr-defined]
        assert number in content
        entry = ADAPTERS[dialect].read(content.replace(number, own).encode()).entries[0] if dialect == "caseflow" else None
        assert entry is None or first_fault(entry).code is FaultCode.IDENTIFIER_INVALID


def test_places_are_those_of_the_sender() -> None:
    made = _made("Contact")
    facts = replace(outgoing_of(made), own_ids=_known(made))
    pointers = {
        dialect: {name.place: name.pointer for name in _entry(ADAPTERS[dialect], ADAPTERS[dialect].write(made, facts).content).own_ids}[("contact_id",)]
        for dialect in ADAPTERS
    }
    assert pointers == {
        "canonical": "/document/contact_id",
        "caseflow": "/document/entryRef",
        "caseflow-described": "/document/entryRef",
        "flatfile": "line 3, column 6 (ContactRef)",
        "flatfile-described": "line 3, column 6 (ContactRef)",
    }


def _entry(adapter: Adapter, content: bytes) -> Entry:
    (entry,) = adapter.read(content).entries
    assert isinstance(entry, Entry), entry
    return entry


MEMBERS: list[dict[str, Any]] = [
    {"place": "case", "of": "crn"},
    {"place": "person", "of": "offender_id"},
    {"place": "version", "of": "version.version"},
    {"place": "by", "of": "version.updated_by"},
    {"place": "sentence", "of": "event_id", "value": "ref", "own": "ours"},
    {"place": "ended-by", "of": "terminated_by"},
    {"place": "day", "of": "termination_date", "value": "day"},
    {"place": "why", "of": "termination_reason.code"},
    {"place": "at", "of": "recorded_at", "value": "at"},
]
VALUES: dict[str, Any] = {
    "day": {"is": "date", "pattern": "YYYY-MM-DD"},
    "at": {"is": "date-time", "pattern": "YYYY-MM-DD hh:mm:ss"},
    "ref": {"is": "reference", "prefix": "S-", "new": "NEW"},
}


def _mapping(**changes: Any) -> dict[str, Any]:
    about = {"members": MEMBERS} | changes.pop("message", {})
    return (
        {"dialect": "beside", "title": "T", "form": "json", "values": VALUES, "left_out": {"*.description": "n"}}
        | changes
        | {"messages": {"TerminateSentence": about}}
    )


BESIDE = compiled(_mapping())
ENDED = message(
    TerminateSentence.model_validate(
        {
            "crn": "X123456",
            "offender_id": "1",
            "version": {"updated_by": "QUILL,MARLOW"},
            "event_id": "7",
            "terminated_by": "QUILL,MARLOW",
            "termination_date": "2020-02-29",
            "termination_reason": {"code": "A1"},
            "recorded_at": "2020-02-29T09:05:07",
        }
    ),
    action=Action.INSERT,
)


def _beside(**said: object) -> dict[str, Any]:
    """A document of the language above with this in it; None: without it."""
    whole = json.loads(BESIDE.write(ENDED, outgoing()).content)
    whole["document"] |= said
    whole["document"] = {name: value for name, value in whole["document"].items() if value is not ...}
    return whole


def test_an_own_id_may_have_a_place_beside_the_number() -> None:
    assert BESIDE.tables.own_ids
    document = json.loads(BESIDE.write(ENDED, outgoing(own_ids={("event", "7"): "ours-9"})).content)["document"]
    assert (document["sentence"], document["ours"]) == ("S-7", "ours-9")
    assert "ours" not in json.loads(BESIDE.write(ENDED, outgoing()).content)["document"]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"sentence": ..., "ours": "ours-9"}, "0"),
        ({"sentence": None, "ours": "ours-9"}, "0"),
        ({"sentence": "S-NEW", "ours": "ours-9"}, "0"),
        ({"ours": "ours-9"}, "7"),
    ],
    ids=["alone", "empty number", "new", "both"],
)
def test_one_of_both_is_enough(said: dict[str, object], number: str) -> None:
    entry = _entry(BESIDE, json.dumps(_beside(**said)).encode())
    assert entry.payload.event_id == number  # type: ignore[attr-defined]
    (name,) = entry.own_ids
    assert (name.place, name.own_id, name.number, name.pointer) == (("event_id",), "ours-9", number, "/document/sentence")


@pytest.mark.parametrize(("said", "code"), [({"sentence": ...}, FaultCode.ELEMENT_MISSING), ({"ours": "no own id"}, FaultCode.IDENTIFIER_INVALID)])
def test_none_of_both_is_missing_and_a_wrong_one_is_no_id(said: dict[str, object], code: FaultCode) -> None:
    (entry,) = BESIDE.read(json.dumps(_beside(**said)).encode()).entries
    assert (first_fault(entry).code, first_fault(entry).pointer) == (code, "/document/sentence")


@pytest.mark.parametrize("form", ["json", "xml", "csv"])
def test_the_place_beside_goes_into_every_form(form: str) -> None:
    mapping = whole_mapping(form, ["Contact"])
    (member,) = (one for one in mapping["messages"]["Contact"]["members"] if one.get("of") == "contact_id")
    member["own"] = f"{member['place']}Ours"
    adapter, made = compiled(mapping), _made("Contact")
    facts = replace(outgoing_of(made), own_ids=_known(made), reduced_deletes=False)
    (name,) = _entry(adapter, adapter.write(made, facts).content).own_ids
    number = str(made.payload.contact_id)  # type: ignore[attr-defined]
    assert (name.place, name.own_id, name.number) == (("contact_id",), f"own-contact/{number}", number)
    assert _entry(adapter, adapter.write(made, replace(facts, own_ids={})).content).own_ids == ()


def test_a_mapping_without_a_place_for_them_has_none() -> None:
    plain = _mapping(message={"members": [{name: value for name, value in one.items() if name != "own"} for one in MEMBERS]})
    none = compiled(plain)
    assert not none.tables.own_ids
    assert own_ids_among({"beside": BESIDE, "none": none, "canonical": CanonicalAdapter()}) == {"beside"}
    document = json.loads(none.write(ENDED, outgoing(own_ids={("event", "7"): "ours-9"})).content)["document"]
    assert document["sentence"] == "S-7"


@pytest.mark.parametrize(
    ("value", "member", "said"),
    [
        ({"own": "S-"}, {}, "could not be told from a number"),
        ({"own": "S-1"}, {}, "could not be told from a number"),
        ({"own": "S-N"}, {}, "could not be told from a number"),
        ({"own": " ~"}, {}, "blanks around it"),
        ({"own": "~"}, {"own": "ours"}, "it stands in one place or in the other"),
        ({}, {"of": "terminated_by"}, "is no number of a record"),
    ],
)
def test_a_mapping_that_could_not_tell_an_own_id_is_a_mistake(value: dict[str, str], member: dict[str, str], said: str) -> None:
    members = [({name: what for name, what in one.items() if name != "own"} | member) if one["place"] == "sentence" else one for one in MEMBERS]
    if "of" in member:
        members = [one | {"own": "ours"} if one["place"] == "ended-by" else one for one in MEMBERS]
    found = mistakes(_mapping(values=VALUES | {"ref": VALUES["ref"] | value}, message={"members": members}))
    assert any(said in str(one) for one in found), found


class _Careless(CaseflowAdapter):
    """Reads every own id as another one, or drops it."""

    def __init__(self, own_id: str | None) -> None:
        self._own_id = own_id

    def read(self, content: bytes, max_messages: int = MAX_MESSAGES, /) -> Interchange:
        found = super().read(content, max_messages)
        (entry,) = found.entries
        assert isinstance(entry, Entry)
        names = tuple(replace(name, own_id=self._own_id) for name in entry.own_ids) if self._own_id else ()
        return replace(found, entries=(replace(entry, own_ids=names),))


@pytest.mark.parametrize(("own_id", "said"), [("somebody", "came back as another own id"), (None, "with own ids another message comes back")])
def test_a_mapping_is_proved_with_own_ids_too(own_id: str | None, said: str) -> None:
    made = example("Contact", CASEFLOW.tables)
    (good,) = prove(CASEFLOW, [made])
    assert good.failures == ()
    (trial,) = prove(_Careless(own_id), [made])
    assert any(said in failure for failure in trial.failures), trial
