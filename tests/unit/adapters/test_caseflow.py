"""Caseflow: its names, codes, ids and dates, and what it cannot carry."""

import json
from pathlib import Path

import pytest

from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.caseflow.codes import CODE_LISTS, TRANSFER_KINDS, TRANSFER_STATUSES, CodeList
from adapters.agencies.caseflow.documents import SHAPES
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from schemas.canonical.case import Deletion
from schemas.canonical.transfer import TransferKind, TransferStatus
from schemas.catalogue import CATALOGUE
from schemas.envelope import Entry, Message, Misread
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import MessageId
from schemas.leaves import leaves
from schemas.messages.contact import Contact
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from tests.support.dialects import first_fault, message, outgoing, taken, vector

_ADAPTER = CaseflowAdapter()


def _from_spg(name: str) -> Message:
    (entry,) = NdeliusAdapter().read(vector(f"plain/{name}")).entries
    return Message(MessageId("01902d3a-0000-7000-8000-000000000001"), entry.header, taken(entry))


def _written(name: str) -> dict[str, dict[str, object]]:
    return json.loads(_ADAPTER.write(_from_spg(name), outgoing()).content)


def _read(form: dict[str, dict[str, object]]) -> Entry | Misread:
    (entry,) = _ADAPTER.read(json.dumps(form).encode()).entries
    return entry


def test_contact_in_caseflows_words() -> None:
    form = _written("Contact-ins-full.xml")
    assert form["header"] == {
        "message_id": "01902d3a-0000-7000-8000-000000000001",
        "sender": "N00",
        "recipients": ["C05"],
        "type": "Contact",
        "action": "INS",
        "version": "0-9-14",
        "control_reference": "1569786981737",
        "case_reference": "X876973",
        "prepared_at": "2020-07-01T09:30:00.005000Z",
        "test": False,
    }
    assert form["document"] == {
        "caseNo": "X876973",
        "personRef": "CF-PER-2553305242",
        "recordVersion": "CB1CF9D6CE475DD58274951576C023FC",
        "changedBy": "Thackery,Ione",
        "entryRef": "CF-ENT-NEW",
        "sentenceRef": "CF-SEN-2554608065",
        "conditionRef": "CF-CON-2599320187",
        "requirementRef": "CF-REQ-2595913822",
        "alert": "No",
        "entryType": "OFFICE-VISIT",
        "entryDate": "28/02/2018",
        "entryTime": "11:49:16",
        "provider": "C07",
        "worker": "C07A12:C07A294",
        "site": "C07L02",
        "outcome": "CAME-COMPLIED",
        "enforcement": "START-BREACH",
        "restricted": "No",
        "narrative": "Telephone call; will attend next appointment.",
    }


def test_what_caseflow_cannot_carry_is_named() -> None:
    lost = _ADAPTER.write(_from_spg("Contact-ins-full.xml"), outgoing()).left_out
    assert {item.pointer for item in lost} == {"/header/application", "/payload/nsi_id", "/payload/pss_requirement_id", "/payload/rar"}
    assert all(item.reason for item in lost)


def test_answers_come_from_caseflow() -> None:
    form = _written("ConsolidatedTransferResponse-RQ-reject.xml")
    (part,) = form["document"]["components"]
    assert (part["component"], part["state"], part["declineReason"]) == ("REQUIREMENT", "DECLINED", "WRONG-AREA")
    assert taken(_read(form)) == _from_spg("ConsolidatedTransferResponse-RQ-reject.xml").payload


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"entryType": "COAP"}, FaultCode.CODE_UNKNOWN, "/document/entryType"),
        ({"entryType": "office-visit"}, FaultCode.CODE_UNKNOWN, "/document/entryType"),
        ({"entryDate": "2018-02-28"}, FaultCode.VALUE_INVALID, "/document/entryDate"),
        ({"entryDate": "02/28/2018"}, FaultCode.VALUE_INVALID, "/document/entryDate"),
        ({"entryTime": "11:49"}, FaultCode.VALUE_INVALID, "/document/entryTime"),
        ({"entryTime": "11:49:16 PM"}, FaultCode.VALUE_INVALID, "/document/entryTime"),
        ({"alert": True}, FaultCode.VALUE_INVALID, "/document/alert"),
        ({"alert": "yes"}, FaultCode.VALUE_INVALID, "/document/alert"),
        ({"worker": "C07A12/C07A294"}, FaultCode.IDENTIFIER_INVALID, "/document/worker"),
        ({"worker": "C07A12:C07A29"}, FaultCode.IDENTIFIER_INVALID, "/document/worker"),
        ({"personRef": "2553305242"}, FaultCode.IDENTIFIER_INVALID, "/document/personRef"),
        ({"personRef": "CF-SEN-2553305242"}, FaultCode.IDENTIFIER_INVALID, "/document/personRef"),
        ({"personRef": "CF-PER-0"}, FaultCode.IDENTIFIER_INVALID, "/document/personRef"),
        ({"caseNo": "1"}, FaultCode.IDENTIFIER_INVALID, "/document/caseNo"),
        ({"caseNo": None}, FaultCode.ELEMENT_MISSING, "/document/caseNo"),
        ({"provider": ["C07"]}, FaultCode.VALUE_INVALID, "/document/provider"),
        ({"mood": "good"}, FaultCode.ELEMENT_UNKNOWN, "/document/mood"),
        ({"narrative": "bell\u0007"}, FaultCode.VALUE_INVALID, "/document/narrative"),
    ],
)
def test_wrong_documents(changes: dict[str, object], code: FaultCode, pointer: str) -> None:
    form = _written("Contact-ins-full.xml")
    form["document"] |= changes
    fault = first_fault(_read(form))
    assert (fault.code, fault.pointer, fault.reference) == (code, pointer, 1)


@pytest.mark.parametrize(
    ("components", "code", "pointer"),
    [
        (None, FaultCode.ELEMENT_MISSING, "/document/components"),
        ([], FaultCode.ELEMENT_MISSING, "/document/components"),
        ({}, FaultCode.STRUCTURE_INVALID, "/document/components"),
        (["x"], FaultCode.STRUCTURE_INVALID, "/document/components/0"),
        ([{"component": "WHOLE-CASE", "more": 1}], FaultCode.ELEMENT_UNKNOWN, "/document/components/0/more"),
    ],
)
def test_wrong_components(components: object, code: FaultCode, pointer: str) -> None:
    form = _written("ConsolidatedTransferRequest-OM+OS-new.xml")
    form["document"]["components"] = components
    fault = first_fault(_read(form))
    assert (fault.code, fault.pointer) == (code, pointer)


def test_wrong_value_in_the_second_component_is_found_there() -> None:
    form = _written("ConsolidatedTransferRequest-OM+OS-new.xml")
    form["document"]["components"][1]["toProvider"] = "nowhere"
    fault = first_fault(_read(form))
    assert (fault.code, fault.pointer) == (FaultCode.IDENTIFIER_INVALID, "/document/components/1/toProvider")


def test_unknown_code_is_not_translated() -> None:
    payload = _from_spg("Contact-ins-full.xml").payload
    assert isinstance(payload, Contact)
    odd = payload.model_copy(update={"contact_type": payload.contact_type.model_copy(update={"code": "ZZZZ"})})
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(message(odd), outgoing())
    assert (caught.value.fault.code, caught.value.fault.pointer) == (FaultCode.NOT_TRANSLATABLE, "/payload/contact_type/code")
    assert "ZZZZ" not in str(caught.value)


def test_lists_are_total_over_our_closed_codes() -> None:
    assert set(TRANSFER_KINDS.theirs) == set(TransferKind)
    assert set(TRANSFER_STATUSES.theirs) == set(TransferStatus)
    assert set(SHAPES) < set(CATALOGUE)


def test_lists_are_reversible() -> None:
    for codes in CODE_LISTS:
        assert {codes.ours[theirs] for theirs in codes.theirs.values()} == set(codes.theirs)
    with pytest.raises(ValueError, match="share"):
        CodeList("twice", {"A": "X", "B": "X"})


def test_partner_page_names_every_code_and_everything_left_out() -> None:
    page = Path("docs/partners/caseflow.md").read_text()
    for codes in CODE_LISTS:
        for ours, theirs in codes.theirs.items():
            assert f"| `{ours}` | `{theirs}` |" in page
    for kind, shape in SHAPES.items():
        carried = {path for member in shape.members for path in member.paths} | {("parts", *path) for member in shape.parts for path in member.paths}
        for path in leaves(CATALOGUE[kind]) - carried:
            place = "messages" if path[0] == "messages" else "/".join(path).replace("parts/", "parts/n/")
            assert f"`/payload/{place}`" in page.partition(f"### {kind}\n")[2].partition("\n### ")[0]


def test_null_says_empty_both_ways_and_absent_says_nothing() -> None:
    form = _written("Contact-ins-full.xml")
    form["document"] |= {"outcome": None, "narrative": None, "conditionRef": None, "workerName": None}
    del form["document"]["enforcement"]
    payload = taken(_read(form))
    assert isinstance(payload, Contact)
    assert {"outcome", "notes", "licence_condition_id"} <= payload.model_fields_set
    assert (payload.outcome, payload.notes, payload.licence_condition_id) == (None, None, None)
    assert "description" in payload.responsible.officer.model_fields_set
    assert "enforcement_action" not in payload.model_fields_set
    again = json.loads(_ADAPTER.write(message(payload), outgoing()).content)
    assert again["document"] == form["document"]


def test_an_empty_element_of_spg_becomes_null() -> None:
    content = vector("plain/Contact-ins-full.xml").replace(b"<ContactOutcome>ATTC</ContactOutcome>", b"<ContactOutcome/>")
    (entry,) = NdeliusAdapter().read(content).entries
    document = json.loads(_ADAPTER.write(message(taken(entry)), outgoing()).content)["document"]
    assert document["outcome"] is None


def test_emptiness_that_caseflow_has_no_place_for_is_named() -> None:
    payload = _from_spg("Contact-ins-full.xml").payload.model_copy(update={"nsi_id": None, "rar": None})
    lost = {item.pointer for item in _ADAPTER.write(message(payload), outgoing()).left_out}
    assert {"/payload/nsi_id", "/payload/rar"} <= lost


@pytest.mark.parametrize(("messages", "lost"), [((), []), (({"reference": 1, "status_code": 400},), ["/payload/messages"])])
def test_entries_per_message_are_named_once(messages: tuple[object, ...], lost: list[str]) -> None:
    payload = InterchangeStatusNotification.model_validate({"status_code": 400, "messages": messages})
    assert [item.pointer for item in _ADAPTER.write(message(payload), outgoing(answers="1")).left_out] == lost


def test_types_that_caseflow_does_not_speak_are_refused_both_ways() -> None:
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(_from_spg("Event-ins-full.xml"), outgoing())
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE
    form = _written("Contact-ins-full.xml")
    form["header"]["type"] = "Event"
    fault = first_fault(_read(form))
    assert (fault.code, fault.pointer) == (FaultCode.TYPE_UNKNOWN, "/header/type")


def test_a_delete_by_key_alone_is_not_translated() -> None:
    key = Deletion.model_validate({"crn": "X123456", "version": {"updated_by": "Quill,Marlow"}, "record_id": "7"})
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(message(key, type="Contact"), outgoing(reduced_deletes=True))
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE
