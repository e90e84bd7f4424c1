"""The JSON Schemas of the JSON form: an independent validator says of every document what the adapter says."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.canonical.schema import CONDITIONS, json_schema
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from schemas.catalogue import ACTIONS, CATALOGUE, KEYS
from schemas.classes import FieldClass
from schemas.envelope import Entry, Message
from schemas.faults import Refusal
from schemas.identifiers import MessageId
from schemas.leaves import parts_of_type
from schemas.versions import VERSIONS
from tests.support.dialects import VECTORS, messages, messages_of, outgoing_for

CANONICAL = CanonicalAdapter()
NEWEST = "0-9-14"
JsonDict = dict[str, object]


@cache
def _schema(version: str) -> JsonDict:
    return json.loads(json_schema(version))


@cache
def _root(version: str) -> Draft202012Validator:
    return Draft202012Validator(_schema(version), format_checker=FormatChecker())


@cache
def _alone(name: str) -> Draft202012Validator:
    """One form by itself: the whole schema tries 41 of them."""
    schema = {key: value for key, value in _schema(NEWEST).items() if key != "oneOf"} | {"$ref": f"#/$defs/{name}"}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _written(message: Message) -> JsonDict:
    return json.loads(CANONICAL.write(message, outgoing_for(message)).content)


def _accepted(document: object) -> bool:
    try:
        (entry,) = CANONICAL.read(json.dumps(document).encode()).entries
    except Refusal:
        return False
    return isinstance(entry, Entry)


def _samples() -> Iterator[tuple[str, JsonDict]]:
    for path in sorted((VECTORS / "plain").glob("*.xml")):
        if path.name.startswith("SPGInterchangeResponse"):
            continue
        for entry in NdeliusAdapter().read(path.read_bytes()).entries:
            assert isinstance(entry, Entry)
            yield path.stem, _written(Message(MessageId("m-1"), entry.header, entry.payload))


SAMPLES = list(_samples())
FULLEST = {document["header"]["type"]: document for _, document in sorted(SAMPLES, key=lambda sample: len(json.dumps(sample[1])))}


def test_samples_cover_every_type() -> None:
    assert set(FULLEST) == set(CATALOGUE)


@pytest.mark.parametrize("version", VERSIONS)
def test_schema_is_one_and_names_its_version(version: str) -> None:
    if version in ("0-9-9", NEWEST):  # the others have the same words, and judging them takes long
        Draft202012Validator.check_schema(_schema(version))
    assert _schema(version)["$id"] == f"urn:interagency-gateway:schema:messages:{version}"
    assert not [other for other in VERSIONS if other != version and f'"{other}"' in json_schema(version).decode()]


def test_unknown_version_has_no_schema() -> None:
    with pytest.raises(KeyError):
        json_schema("0-9-8")


@pytest.mark.parametrize(("name", "document"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_sample_validates_under_its_own_version_alone(name: str, document: JsonDict) -> None:
    version = document["header"]["version"]
    assert _root(version).is_valid(document), name
    assert not any(_root(other).is_valid(document) for other in ("0-9-9", "0-9-14") if other != version)


@settings(max_examples=60, deadline=None)
@given(messages())
def test_what_the_adapter_writes_validates(message: Message) -> None:
    document = _written(message)
    assert _root(message.header.version).is_valid(document)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(KEYS)).flatmap(lambda kind: messages_of(kind, reduced=True)))
def test_a_delete_by_key_alone_goes_with_no_other_action(message: Message) -> None:
    document = _written(message)
    assert _root(message.header.version).is_valid(document)
    document["header"]["action"] = "UPD"
    assert not _root(message.header.version).is_valid(document)
    assert not _accepted(document)


@pytest.mark.parametrize("kind", sorted(set(CATALOGUE) - set(KEYS)))
def test_other_types_have_no_delete_by_key_alone(kind: str) -> None:
    document = deepcopy(FULLEST[kind])
    document["document"] = {"crn": "X123456", "version": {"updated_by": "TEST"}, "record_id": "1"}
    assert not _root(document["header"]["version"]).is_valid(document)
    assert not _accepted(document)


WRONG: tuple[object, ...] = (
    None,
    True,
    7,
    -1,
    1.5,
    10**9,
    "",
    "  ",
    "x",
    "7",
    "x" * 501,
    "a\x01b",
    "not_ of_any/list!",
    "2020-13-01",
    "2020-02-30",
    "2020-07-01T09:30:00",
    "24:00:00",
    "09:30:00",
    "1.234",
    "0" * 32,
    [],
    {},
)
ABSENT = object()


def _places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in inner:
        yield from _places(below, (*path, step))


def _changed(value: object, path: tuple[str | int, ...], new: object) -> object:
    """The same with one place changed or gone; what does not change is shared."""
    if not path:
        return new
    copy = value.copy()
    if len(path) == 1 and new is ABSENT:
        del copy[path[0]]
    else:
        copy[path[0]] = _changed(value[path[0]] if len(path) > 1 else None, path[1:], new)
    return copy


HEADERS = {"ContactMessage", "ContactDeletion", "ConnectionNotificationMessage", "GetDocumentListMessage", "InterchangeStatusNotificationMessage"}
"""One of each kind of header: with and without a case, with and without something that it must answer."""


def _judged_elsewhere(name: str, path: tuple[str | int, ...]) -> bool:
    """Whether this place is the same definition as in the form of another type."""
    if path[0] == "header":
        return name not in HEADERS
    return name != "ContactMessage" and len(path) > 2 and path[1] in ("version", "responsible")


def _disagreements(name: str, document: JsonDict) -> list[object]:
    validator = _alone(name)
    found = []
    for path in _places(document):
        if path == ("header", "type") or _judged_elsewhere(name, path):
            continue  # another type is judged by another form
        for value in (*WRONG, ABSENT):
            changed = _changed(document, path, value)
            if validator.is_valid(changed) != _accepted(changed):
                found.append((path, value, validator.is_valid(changed)))
    return found


def _forms() -> Iterator[tuple[str, JsonDict]]:
    for kind, document in FULLEST.items():
        newest = _changed(document, ("header", "version"), NEWEST)
        yield f"{kind}Message", newest
    deletion = _changed(FULLEST["Contact"], ("header", "version"), NEWEST)
    deletion["header"]["action"] = "DEL"
    deletion["document"] = {"crn": deletion["document"]["crn"], "version": deletion["document"]["version"], "record_id": "7"}
    yield "ContactDeletion", deletion


FORMS = dict(_forms())


@pytest.mark.parametrize("name", sorted(FORMS))
def test_one_change_is_judged_as_the_adapter_judges(name: str) -> None:
    """Each place of the document holds each wrong value, or none; the blanks around a text and the case that header
    and document must share are what the schema does not say."""
    document = FORMS[name]
    document["header"].pop("case_reference", None)
    assert _alone(name).is_valid(document)
    assert _accepted(document)
    assert _disagreements(name, document) == []


@pytest.mark.parametrize("name", sorted(FORMS))
def test_nothing_may_be_added_anywhere(name: str) -> None:
    document = FORMS[name]
    for path in [(), *_places(document)]:
        holder: object = document
        for step in path:
            holder = holder[step]
        if isinstance(holder, dict):
            assert not _alone(name).is_valid(_changed(document, (*path, "more"), 1)), path


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_only_the_actions_of_the_type_validate(kind: str) -> None:
    document = FORMS[f"{kind}Message"]
    valid = {action for action in ("INS", "UPD", "DEL", "SYS", "RSP") if _alone(f"{kind}Message").is_valid(_changed(document, ("header", "action"), action))}
    assert valid == {action.value for action in ACTIONS[kind]}


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("ConsolidatedTransfer")])
def test_parts_of_a_transfer_keep_their_conditions(name: str) -> None:
    document = FORMS[name]
    part = document["document"]["parts"][0]
    for kind in ("OM", "OS"):
        for entity in (ABSENT, None, "7"):
            for status in ("TA", "TR"):
                for reason in (ABSENT, None, {"code": "NSP"}):
                    changed = {name: value for name, value in part.items() if name not in ("entity_id", "rejected_reason")} | {"kind": kind, "status": status}
                    changed |= {} if entity is ABSENT else {"entity_id": entity}
                    changed |= {} if reason is ABSENT else {"rejected_reason": reason}
                    whole = _changed(document, ("document", "parts", 0), changed)
                    assert _alone(name).is_valid(whole) == _accepted(whole), changed


def test_lengths_are_those_of_the_models() -> None:
    document = FORMS["ContactMessage"]
    for length, fits in ((200_000, True), (200_001, False)):
        assert _alone("ContactMessage").is_valid(_changed(document, ("document", "notes"), "x" * length)) is fits
        assert _accepted(_changed(document, ("document", "notes"), "x" * length)) is fits


def test_number_of_recipients_and_parts_is_bounded() -> None:
    document = FORMS["ConsolidatedTransferRequestMessage"]
    parts = document["document"]["parts"][:1]
    for path, most in ((("header", "recipients"), ["N00"] * 100), (("document", "parts"), parts * 1000)):
        for value in (most, [*most, most[0]]):
            changed = _changed(document, path, value)
            assert _alone("ConsolidatedTransferRequestMessage").is_valid(changed) == _accepted(changed) == (value is most)


def _models() -> Iterator[type[BaseModel]]:
    for kind in CATALOGUE.values():
        for field in kind.model_fields.values():
            yield from (inner for inner in parts_of_type(field.annotation) if isinstance(inner, type) and issubclass(inner, BaseModel))


def test_every_validator_of_a_model_has_its_condition() -> None:
    """A rule that spans two fields must be told to the schema by hand: this finds one that was not."""
    assert {model for model in _models() if model.__pydantic_decorators__.model_validators} <= set(CONDITIONS)


def _concepts_in(schema: JsonDict) -> bool:
    """Whether a member holds further members."""
    named = [part["$ref"].rpartition("/")[2] for part in (schema, *schema.get("anyOf", ()), schema.get("items", {})) if "$ref" in part]
    return any("properties" in _schema(NEWEST)["$defs"][name] for name in named)


def test_every_concept_and_leaf_is_told() -> None:
    concepts = {name: concept for name, concept in _schema(NEWEST)["$defs"].items() if {"$ref": f"#/$defs/{name}"} not in _schema(NEWEST)["oneOf"]}
    assert not [name for name, concept in concepts.items() if not concept.get("description")]
    leaves = {(name, member): leaf for name, of in concepts.items() for member, leaf in of.get("properties", {}).items() if not _concepts_in(leaf)}
    assert not [place for place, leaf in leaves.items() if leaf.get("x-class") not in set(FieldClass)]
    assert leaves["Contact", "notes"]["x-class"] == "personal"
    assert leaves["Contact", "offender_id"]["x-class"] == "reference"
    assert leaves["Coded", "code"]["x-class"] == "code"
