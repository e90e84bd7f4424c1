"""The catalogue, the stored form, and what the canonical model insists on."""

import datetime
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.canonical.transfer import TransferResponsePart
from schemas.catalogue import ACTIONS, CATALOGUE, StoredMessageError, dump, load
from schemas.faults import FaultCode
from schemas.leaves import leaves
from schemas.messages.contact import Contact
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.validation import fault_of, json_pointer
from schemas.versions import VERSIONS
from tests.support.dialects import message

_PART = {
    "kind": "OS",
    "entity_id": "2500000001",
    "version": {"updated_by": "Quill,Marlow"},
    "status": "TA",
    "transferring_provider": "N03",
    "receiving": {"provider": "C05", "team": {"code": "C05A12"}, "officer": {"code": "C05B239"}},
}


def test_each_type_has_a_module_of_its_name() -> None:
    for name, payload in CATALOGUE.items():
        module = payload.__module__.rpartition(".")[2]
        assert name.lower() == module.replace("_", "")
    modules = {path.stem for path in Path("schemas/messages").glob("[a-z]*.py")}
    assert len(modules) == len(CATALOGUE) == len(ACTIONS)


def test_versions_go_up_with_their_dates() -> None:
    assert list(VERSIONS.values()) == sorted(VERSIONS.values())
    assert VERSIONS["0-9-14"] == datetime.date(2019, 10, 21)


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
