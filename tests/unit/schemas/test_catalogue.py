"""The catalogue, the stored form, and what the canonical model insists on."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from schemas.canonical.case import CaseRecord, Deletion
from schemas.canonical.transfer import TransferResponsePart
from schemas.catalogue import ACTIONS, ANSWERING, ANSWERS, CATALOGUE, KEYS, StoredMessageError, dump, load, model_of
from schemas.classes import FieldClass, class_of
from schemas.envelope import Action, Message
from schemas.faults import FaultCode
from schemas.leaves import leaves
from schemas.messages.address import Address
from schemas.messages.contact import Contact
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.validation import fault_of, json_pointer
from tests.support.dialects import message, messages_of

_PART = {
    "kind": "OS",
    "entity_id": "2500000001",
    "version": {"updated_by": "Quill,Marlow"},
    "status": "TA",
    "transferring_provider": "N03",
    "receiving": {"provider": "C05", "team": {"code": "C05A12"}, "officer": {"code": "C05B239"}},
}


_SHARED = {"custody", "interventions", "requests", "unpaid_work"}
"""Modules of a family of types."""


def test_each_type_has_a_module_of_its_name_or_of_its_family() -> None:
    by_module: dict[str, set[str]] = {}
    for name, payload in {**CATALOGUE, **ANSWERS}.items():
        assert name == payload.__name__
        by_module.setdefault(payload.__module__.rpartition(".")[2], set()).add(name.lower())
    assert set(by_module) == {path.stem for path in Path("schemas/messages").glob("[a-z]*.py")}
    for module, names in by_module.items():
        assert module in _SHARED or names in ({module.replace("_", "")}, {"spg" + module.replace("_", "")})
    assert all(len(by_module[module]) > 1 for module in _SHARED)


def test_there_are_25_messages_one_of_which_is_only_an_answer() -> None:
    assert (len(CATALOGUE), len(ANSWERS)) == (24, 1)
    assert not set(CATALOGUE) & set(ANSWERS)


def test_every_type_has_its_actions() -> None:
    assert set(ACTIONS) == set(CATALOGUE)
    records = frozenset({Action.INSERT, Action.UPDATE, Action.DELETE})
    for name, payload in CATALOGUE.items():
        assert (ACTIONS[name] == records) == issubclass(payload, CaseRecord)
        assert ACTIONS[name]
    assert ACTIONS["ConnectionNotification"] == {Action.SYSTEM}
    assert ACTIONS["InterchangeStatusNotification"] == {Action.RESPONSE}
    assert all(Action.DELETE not in ACTIONS[name] for name in ("OFFLOCRequest", "OFFLOCRequest2", "GetDocumentList"))
    assert set(ANSWERING) <= set(CATALOGUE)


def test_keys_are_mandatory_ids_of_their_records() -> None:
    for name, key in KEYS.items():
        field = CATALOGUE[name].model_fields[key]
        assert field.is_required()
        assert class_of(CATALOGUE[name], (key,)) is FieldClass.REFERENCE
        assert Action.DELETE in ACTIONS[name]
    transfers = {"ConsolidatedTransferRequest", "ConsolidatedTransferResponse"}
    assert set(KEYS) == {name for name, payload in CATALOGUE.items() if issubclass(payload, CaseRecord)} - transfers


def test_the_model_of_a_type_is_whole_or_reduced() -> None:
    for name in CATALOGUE:
        assert model_of(name, reduced=False) is CATALOGUE[name]
        if name in KEYS:
            assert model_of(name, reduced=True) is Deletion
        else:
            with pytest.raises(KeyError):
                model_of(name, reduced=True)


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_stored_messages_of_every_type_come_back(kind: str) -> None:
    @given(messages_of(kind))
    @settings(max_examples=8, deadline=None)
    def holds(made: Message) -> None:
        again = load(dump(made))
        assert again == made
        assert type(again.payload) is type(made.payload)
        assert again.payload.model_dump(exclude_unset=True) == made.payload.model_dump(exclude_unset=True)

    holds()


def test_stored_form_tells_empty_from_absent() -> None:
    case = {"crn": "X123456", "version": {"updated_by": "Quill,Marlow", "version": None}, "offender_id": "1"}
    address = {"address_id": "7", "status": {"code": "M"}, "start_date": "2020-01-01", "no_fixed_abode": False, "county": None}
    made = Address.model_validate(case | address)
    again = load(dump(message(made))).payload
    assert {"county"} == {name for name in again.model_fields_set if getattr(again, name) is None}
    assert "version" in again.version.model_fields_set


def test_stored_form_knows_a_delete_by_key_alone() -> None:
    key = Deletion.model_validate({"crn": "X123456", "version": {"updated_by": "Quill,Marlow"}, "record_id": "7"})
    stored = dump(message(key, type="Contact"))
    assert json.loads(stored)["reduced"] is True
    assert load(stored) == message(key, type="Contact")
    with pytest.raises(StoredMessageError):
        load(stored.replace(b'"type":"Contact"', b'"type":"OFFLOCRequest"'))


def test_stored_form_is_one_json_object_with_the_payload_last() -> None:
    stored = dump(message(InterchangeStatusNotification(status_code=202), sender_message_id='x","payload":{"y', in_reply_to="1"))
    whole = json.loads(stored)
    assert list(whole)[-1] == "payload"
    assert whole["payload"] == {"status_code": 202}
    assert load(stored).header.sender_message_id == 'x","payload":{"y'


@pytest.mark.parametrize("damage", [b"", b"{}", b"nonsense", b'{"v":2,"payload":{}}'])
def test_damaged_stored_form_is_told_as_such(damage: bytes) -> None:
    with pytest.raises(StoredMessageError):
        load(damage)


def test_truncated_stored_form_is_told_as_such() -> None:
    stored = dump(message(InterchangeStatusNotification(status_code=202)))
    for end in range(len(stored) - 1):
        with pytest.raises(StoredMessageError):
            load(stored[:end])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "TR"}, FaultCode.ELEMENT_MISSING),
        ({"rejected_reason": {"code": "TRR1"}}, FaultCode.STRUCTURE_INVALID),
        ({"kind": "OM"}, FaultCode.STRUCTURE_INVALID),
        ({"entity_id": None}, FaultCode.STRUCTURE_INVALID),
        ({"kind": "XX"}, FaultCode.CODE_UNKNOWN),
        ({"status": "XX"}, FaultCode.CODE_UNKNOWN),
        ({"entity_id": "12a"}, FaultCode.IDENTIFIER_INVALID),
        ({"more": 1}, FaultCode.ELEMENT_UNKNOWN),
    ],
)
def test_response_part_keeps_its_rules(changes: dict[str, object], code: FaultCode) -> None:
    TransferResponsePart.model_validate(_PART)
    with pytest.raises(ValidationError) as caught:
        TransferResponsePart.model_validate(_PART | changes)
    assert fault_of(caught.value, json_pointer).code is code


@pytest.mark.parametrize("text", ["2020-1-01", "20200101", "1600128000", "2020-W01-1", "2020-02-30", "2020-01-01T00:00:00", "２０２０-01-01"])
def test_dates_have_one_form(text: str) -> None:
    assert ("contact_date",) in _wrong_places({"contact_date": text})


@pytest.mark.parametrize("text", ["10:00", "36000", "10:00:00Z", "10:00:00+01:00", "25:00:00", "10:00:00.1234567"])
def test_civil_times_have_one_form_and_no_zone(text: str) -> None:
    assert ("start_time",) in _wrong_places({"start_time": text})


def test_right_dates_and_times_are_read() -> None:
    assert not {("contact_date",), ("start_time",)} & _wrong_places({"contact_date": "2020-02-29", "start_time": "23:59:59.5"})


def test_leaves_go_through_optional_fields_and_lists() -> None:
    found = leaves(CATALOGUE["ConsolidatedTransferResponse"])
    assert ("parts", "rejected_reason", "description") in found
    assert ("version", "updated_by") in found
    assert ("parts",) not in found


def test_faults_never_show_values() -> None:
    for wrong in ({"crn": "SECRETNAME"}, {"contact_date": "SECRETDATE"}, {"notes": {"SECRET": 1}}, {"contact_type": "SECRETCODE"}):
        with pytest.raises(ValidationError) as caught:
            Contact.model_validate(wrong)
        assert "SECRET" not in str(caught.value)
        assert "SECRET" not in str(fault_of(caught.value, json_pointer))


def _wrong_places(values: dict[str, object]) -> set[object]:
    with pytest.raises(ValidationError) as caught:
        Contact.model_validate_json(json.dumps(values).encode(), strict=True)
    return {error["loc"] for error in caught.value.errors() if error["type"] != "missing"}
