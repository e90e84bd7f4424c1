"""Caseflow: its names, codes, ids and dates, and what it cannot carry."""

import json
from pathlib import Path

import pytest

from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.caseflow.codes import CODE_LISTS, TRANSFER_KINDS, TRANSFER_STATUSES, CodeList
from adapters.agencies.caseflow.documents import SHAPES
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from schemas.canonical.case import CaseRecord, Deletion
from schemas.canonical.transfer import TransferKind, TransferStatus
from schemas.catalogue import CATALOGUE, KEYS
from schemas.envelope import Action, Entry, Message, Misread
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import MessageId
from schemas.leaves import leaves
from schemas.messages.contact import Contact
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from tests.support.dialects import VECTORS, first_fault, message, outgoing, taken, vector
from tests.support.mutations import faults_in
from tests.support.mutations_xml import xml_bases

_ADAPTER = CaseflowAdapter()
_OWN = VECTORS.parent / "caseflow"
F = FaultCode
_BOGUS: dict[str, tuple[FaultCode, str]] = {
    "action-misfit": (F.CODE_UNKNOWN, "/header/action"),
    "amount-as-number": (F.VALUE_INVALID, "/document/amount"),
    "amount-in-pence-and-pounds": (F.VALUE_INVALID, "/document/amount"),
    "amount-with-leading-zero": (F.VALUE_INVALID, "/document/amount"),
    "amount-with-three-places": (F.VALUE_INVALID, "/document/amount"),
    "case-number-misspelt": (F.IDENTIFIER_INVALID, "/document/caseNo"),
    "code-in-lower-case": (F.CODE_UNKNOWN, "/document/standing"),
    "code-of-another-list": (F.CODE_UNKNOWN, "/document/recallReason"),
    "code-of-ndelius": (F.CODE_UNKNOWN, "/document/entryType"),
    "component-unknown-state": (F.CODE_UNKNOWN, "/document/components/0/state"),
    "component-without-subject": (F.STRUCTURE_INVALID, "/document/components/0"),
    "components-absent": (F.ELEMENT_MISSING, "/document/components"),
    "components-empty": (F.ELEMENT_MISSING, "/document/components"),
    "components-not-a-list": (F.STRUCTURE_INVALID, "/document/components"),
    "count-as-text": (F.VALUE_INVALID, "/document/offenceCount"),
    "count-negative": (F.VALUE_INVALID, "/document/attendances"),
    "count-with-a-fraction": (F.VALUE_INVALID, "/document/length"),
    "date-american": (F.VALUE_INVALID, "/document/releasedOn"),
    "date-iso": (F.VALUE_INVALID, "/document/keyDate"),
    "date-not-in-calendar": (F.VALUE_INVALID, "/document/imposedOn"),
    "date-with-time-iso": (F.VALUE_INVALID, "/document/recordedAt"),
    "date-with-time-past-midnight": (F.VALUE_INVALID, "/document/standingSince"),
    "date-with-time-without-seconds": (F.VALUE_INVALID, "/document/stageSince"),
    "date-with-zone": (F.VALUE_INVALID, "/document/stageSince"),
    "decline-without-reason": (F.ELEMENT_MISSING, "/document/components/0"),
    "delete-by-a-key-of-another-kind": (F.IDENTIFIER_INVALID, "/document/recordRef"),
    "delete-by-key-of-a-transfer": (F.ELEMENT_UNKNOWN, "/document/recordRef"),
    "delete-with-key-and-content": (F.ELEMENT_UNKNOWN, "/document/recordRef"),
    "delete-without-its-key": (F.ELEMENT_MISSING, "/document/recordRef"),
    "flag-as-json": (F.VALUE_INVALID, "/document/alert"),
    "flag-of-ndelius": (F.VALUE_INVALID, "/document/vest"),
    "id-nought": (F.IDENTIFIER_INVALID, "/document/placementRef"),
    "id-of-another-kind": (F.IDENTIFIER_INVALID, "/document/conditionRef"),
    "id-without-prefix": (F.IDENTIFIER_INVALID, "/document/sentenceRef"),
    "key-alone-in-an-update": (F.ELEMENT_UNKNOWN, "/document/recordRef"),
    "mandatory-absent": (F.ELEMENT_MISSING, "/document/requestedBy"),
    "mandatory-empty": (F.VALUE_INVALID, "/document/recordedBy"),
    "mandatory-null": (F.ELEMENT_MISSING, "/document/usage"),
    "minutes-as-hours": (F.VALUE_INVALID, "/document/minutesOrdered"),
    "name-of-the-canonical-form": (F.ELEMENT_UNKNOWN, "/document/post_code"),
    "name-unknown": (F.ELEMENT_UNKNOWN, "/document/recallNote"),
    "offence-code-misspelt": (F.CODE_UNKNOWN, "/document/offenceCode"),
    "percentage-too-large": (F.VALUE_INVALID, "/document/rsrScore"),
    "ping-code-as-text": (F.VALUE_INVALID, "/document/pingCode"),
    "reason-without-decline": (F.STRUCTURE_INVALID, "/document/components/0"),
    "record-version-of-noughts": (F.VALUE_INVALID, "/document/recordVersion"),
    "score-too-large": (F.VALUE_INVALID, "/document/ogrs3First"),
    "search-number-with-blank": (F.IDENTIFIER_INVALID, "/document/searchNo"),
    "status-as-text": (F.VALUE_INVALID, "/document/processingStatus"),
    "status-entry-fault-in-words": (F.VALUE_INVALID, "/document/messageStatuses/0/fault"),
    "status-entry-number-nought": (F.VALUE_INVALID, "/document/messageStatuses/0/messageNo"),
    "status-entry-without-number": (F.ELEMENT_MISSING, "/document/messageStatuses/0/messageNo"),
    "status-of-two-digits": (F.VALUE_INVALID, "/document/processingStatus"),
    "structure-for-a-value": (F.VALUE_INVALID, "/document/narrative"),
    "text-with-a-bell": (F.VALUE_INVALID, "/document/narrative"),
    "time-without-seconds": (F.VALUE_INVALID, "/document/workFrom"),
    "town-too-long": (F.VALUE_TOO_LONG, "/document/town"),
    "type-unknown": (F.TYPE_UNKNOWN, "/header/type"),
    "worker-not-joined": (F.IDENTIFIER_INVALID, "/document/managingWorker"),
    "worker-of-a-short-team": (F.IDENTIFIER_INVALID, "/document/worker"),
}


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
    assert set(SHAPES) == set(CATALOGUE)


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
        section = page.partition(f"### {kind}\n")[2].partition("\n### ")[0]
        carried = {path for member in shape.members for path in member.paths}
        carried |= {(shape.parts_field, *path) for member in shape.parts for path in member.paths}
        for path in leaves(CATALOGUE[kind]) - carried:
            assert f"`/payload/{'/'.join(path).replace('parts/', 'parts/n/')}`" in section
        for member in (*shape.members, *shape.parts):
            assert f"| `{member.key}` |" in section or (not member.required and f"| *`{member.key}`* |" in section)


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


_WRONG_THROUGHOUT = {"delete-by-key-of-a-transfer", "delete-with-key-and-content", "key-alone-in-an-update"}
"""Neither a key alone nor a whole document: what a whole one needs is missing."""


def _said(path: Path) -> dict[str, dict[str, object]]:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((_OWN / "plain").glob("*.json")), ids=lambda path: path.stem)
def test_every_vector_says_what_the_spg_sample_says(path: Path) -> None:
    (entry,) = NdeliusAdapter().read(xml_bases()[path.stem]).entries
    assert isinstance(entry, Entry)
    made = Message(MessageId("01902d3a-0000-7000-8000-000000000001"), entry.header, entry.payload)
    reduced = isinstance(entry.payload, Deletion)
    facts = outgoing(answers=entry.header.in_reply_to, reduced_deletes=reduced, message_statuses=True)
    written = _ADAPTER.write(made, facts)
    assert written.content == json.dumps(_said(path), ensure_ascii=False, separators=(",", ":")).encode()
    theirs, ours = taken(_read(_said(path))), entry.payload
    lost = {item.pointer.removeprefix("/payload/") for item in written.left_out if item.pointer.startswith("/payload/")}
    whole = ours.model_dump(exclude_unset=True)
    for name in lost:
        holder = whole
        *above, last = name.split("/")
        for step in above:
            holder = holder[step]
        del holder[last]
    assert theirs.model_dump(exclude_unset=True) == whole


def test_there_is_a_vector_of_each_type_and_of_each_delete() -> None:
    found = [_said(path) for path in (_OWN / "plain").glob("*.json")]
    assert {form["header"]["type"] for form in found} == set(CATALOGUE)
    assert {form["header"]["type"] for form in found if "recordRef" in form["document"]} == set(KEYS)


@pytest.mark.parametrize("path", sorted((_OWN / "bogus").glob("*.json")), ids=lambda path: path.stem)
def test_every_bogus_vector_has_one_fault_at_its_place(path: Path) -> None:
    fault, *more = faults_in(_ADAPTER.read, path.read_bytes())
    assert (fault.code, fault.pointer, fault.reference) == (*_BOGUS[path.stem], 1)
    assert not more or path.stem in _WRONG_THROUGHOUT


def test_every_bogus_vector_is_there() -> None:
    assert {path.stem for path in (_OWN / "bogus").glob("*.json")} == set(_BOGUS)


def _status(**more: object) -> Message:
    return message(InterchangeStatusNotification.model_validate({"status_code": 400, **more}), in_reply_to="1")


def test_entries_per_message_go_to_whom_they_are_agreed_with() -> None:
    made = _status(messages=({"reference": 1, "status_code": 422, "fault": "version-conflict", "current_version": None},))
    agreed = _ADAPTER.write(made, outgoing(answers="1", message_statuses=True))
    assert json.loads(agreed.content)["document"] == {
        "processingStatus": 400,
        "messageStatuses": [{"messageNo": 1, "processingStatus": 422, "fault": "version-conflict", "currentVersion": None}],
    }
    assert agreed.left_out == ()
    without = _ADAPTER.write(made, outgoing(answers="1"))
    assert json.loads(without.content)["document"] == {"processingStatus": 400}
    assert [item.pointer for item in without.left_out] == ["/payload/messages"]
    assert _ADAPTER.write(_status(), outgoing(answers="1")).left_out == ()


def test_no_entries_are_told_apart_from_an_empty_list_and_null_is_no_list() -> None:
    stated, absent = (_ADAPTER.write(made, outgoing(answers="1", message_statuses=True)) for made in (_status(messages=()), _status()))
    assert json.loads(stated.content)["document"]["messageStatuses"] == []
    assert "messageStatuses" not in json.loads(absent.content)["document"]
    form = json.loads(stated.content)
    assert "messages" in taken(_read(form)).model_fields_set
    form["document"]["messageStatuses"] = None
    assert "messages" not in taken(_read(form)).model_fields_set


_KEY = {"crn": "X123456", "version": {"updated_by": "Quill,Marlow"}, "record_id": "7"}
_PREFIXES = {
    "Address": "ADR",
    "ApprovedPremisesReferral": "PLA",
    "CommunityRequirement": "REQ",
    "Contact": "ENT",
    "CustodyDate": "KEY",
    "CustodyRecall": "SEN",
    "CustodyRecallChange": "SEN",
    "CustodyRelease": "SEN",
    "CustodyReleaseChange": "SEN",
    "Event": "SEN",
    "LicenceCondition": "CON",
    "PSSRequirement": "SUP",
    "ProcessContact": "PRO",
    "RateCardIntervention": "INT",
    "TerminateSentence": "SEN",
    "UPWContact": "WRK",
    "UPWDetails": "HRS",
}


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_a_delete_by_key_alone_names_the_record_as_its_document_does(kind: str) -> None:
    made = message(Deletion.model_validate(_KEY), type=kind)
    form = json.loads(_ADAPTER.write(made, outgoing(reduced_deletes=True)).content)
    assert form["document"] == {"caseNo": "X123456", "changedBy": "Quill,Marlow", "recordRef": f"CF-{_PREFIXES[kind]}-7"}
    assert taken(_read(form)) == made.payload


def test_a_delete_by_key_alone_goes_to_nobody_else() -> None:
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(message(Deletion.model_validate(_KEY), type="Contact"), outgoing())
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE


def test_a_type_without_a_key_has_no_delete_by_it() -> None:
    made = message(Deletion.model_validate(_KEY), type="ConsolidatedTransferRequest")
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(made, outgoing(reduced_deletes=True))
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_a_whole_delete_loses_its_content_where_that_is_agreed(kind: str) -> None:
    made = _from_spg(next(path.name for path in sorted((VECTORS / "plain").glob(f"{kind}-*.xml"))))
    payload = made.payload
    assert isinstance(payload, CaseRecord)
    deleted = message(payload, action=Action.DELETE)
    whole, short = (_ADAPTER.write(deleted, outgoing(reduced_deletes=agreed)) for agreed in (False, True))
    (entry,) = _ADAPTER.read(whole.content).entries
    assert isinstance(taken(entry), CATALOGUE[kind])
    (entry,) = _ADAPTER.read(short.content).entries
    key = taken(entry)
    assert isinstance(key, Deletion)
    assert (key.crn, key.version, key.record_id) == (payload.crn, payload.version, getattr(payload, KEYS[kind]))
    said = {path for path in leaves(type(payload)) if _at(payload, path) is not None}
    kept = {("crn",), ("version", "version"), ("version", "updated_by"), (KEYS[kind],)}
    assert {item.pointer for item in short.left_out} == {"/payload/" + "/".join(path) for path in said - kept}


def _at(found: object, path: tuple[str, ...]) -> object:
    for step in path:
        found = getattr(found, step, None)
    return found


@pytest.mark.parametrize(("amount", "score"), [("150.00", "2.35"), ("150", "2.3"), ("0", "0.00"), ("0.50", "100.00"), ("9999999999.99", "999.99")])
def test_amounts_keep_their_noughts(amount: str, score: str) -> None:
    form = _written("Event-ins-full.xml")
    form["document"] |= {"amount": amount, "rsrScore": score}
    payload = taken(_read(form))
    again = json.loads(_ADAPTER.write(message(payload), outgoing()).content)["document"]
    assert (again["amount"], again["rsrScore"]) == (amount, score)


def test_fractions_of_seconds_are_named_where_they_are_lost() -> None:
    form = _said(_OWN / "plain/TerminateSentence-ins-full.json")
    payload = taken(_read(form))
    recorded = getattr(payload, "recorded_at", None)
    assert recorded is not None
    finer = payload.model_copy(update={"recorded_at": recorded.replace(microsecond=250_000)})
    written = _ADAPTER.write(message(finer), outgoing())
    assert json.loads(written.content)["document"]["recordedAt"] == form["document"]["recordedAt"]
    assert [item.pointer for item in written.left_out] == ["/payload/recorded_at"]


def test_offence_codes_pass_as_they_are() -> None:
    form = _written("Event-ins-full.xml")
    form["document"]["offenceCode"] = "12345"
    again = json.loads(_ADAPTER.write(message(taken(_read(form))), outgoing()).content)
    assert again["document"]["offenceCode"] == "12345"


def test_everything_wrong_is_told_in_the_order_of_the_document() -> None:
    form = _said(_OWN / "plain/ConsolidatedTransferRequest-OM+OS-new.json")
    document = form["document"]
    document |= {"quill": 1, "caseNo": None, "transferDate": "2018-02-28"}
    components = document["components"]
    assert isinstance(components, list)
    components[0]["state"] = "PN"
    components[1] |= {"toWorker": "x", "mood": "good"}
    components.append("x")
    found = faults_in(_ADAPTER.read, json.dumps(form).encode())
    assert [(fault.code, fault.pointer) for fault in found] == [
        (F.ELEMENT_UNKNOWN, "/document/quill"),
        (F.ELEMENT_MISSING, "/document/caseNo"),
        (F.VALUE_INVALID, "/document/transferDate"),
        (F.CODE_UNKNOWN, "/document/components/0/state"),
        (F.ELEMENT_UNKNOWN, "/document/components/1/mood"),
        (F.IDENTIFIER_INVALID, "/document/components/1/toWorker"),
        (F.STRUCTURE_INVALID, "/document/components/2"),
    ]


def test_values_are_told_where_they_are_codes_and_nothing_else_is() -> None:
    form = _said(_OWN / "plain/Event-ins-full.json")
    form["document"] |= {"caseNo": "X1", "provider": "N0", "rsrScore": "1000.00", "narrative": "bell\u0007"}
    del form["header"]["case_reference"]
    found = faults_in(_ADAPTER.read, json.dumps(form).encode())
    assert [(fault.code, fault.pointer, fault.value) for fault in found] == [
        (F.IDENTIFIER_INVALID, "/document/caseNo", ""),
        (F.VALUE_INVALID, "/document/narrative", ""),
        (F.IDENTIFIER_INVALID, "/document/provider", "N0"),
        (F.VALUE_INVALID, "/document/rsrScore", ""),
    ]
    form["document"] |= {"order": "329", "endReason": "Quill, Marlow", "sentenceRef": "7", "referredOn": "1 May"}
    found = faults_in(_ADAPTER.read, json.dumps(form).encode())
    assert {fault.pointer: fault.value for fault in found} == {
        "/document/sentenceRef": "",
        "/document/referredOn": "",
        "/document/order": "329",
        "/document/endReason": "",
    }
