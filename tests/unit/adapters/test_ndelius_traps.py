"""The traps of SPG's names and values, each by its name: what a reader who guesses would get wrong.

What it is: one test or more for each oddity that docs/protocol/spg-xml.md lists below the envelope. What it is not: the
envelope's own oddities (see `test_ndelius_envelope_traps`), nor everything that can be wrong (`test_ndelius_almost_right`).
"""

import re
from collections.abc import Iterator

import pytest

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.documents import Leaf
from adapters.agencies.ndelius.tables import SHAPES, own_leaves
from schemas.catalogue import KEYS
from schemas.envelope import Message, Misread
from schemas.faults import FaultCode
from schemas.identifiers import MessageId
from schemas.payload import Payload
from tests.support.dialects import first_fault, infoset, outgoing_for, taken, vector

_ADAPTER = NdeliusAdapter()
_SAMPLES = {
    "CommunityRequirement": "CommunityRequirement-ins-full-0",
    "ConsolidatedTransferRequest": "ConsolidatedTransferRequest-OM+OS-new",
    "ConsolidatedTransferResponse": "ConsolidatedTransferResponse-OM-reject",
    "ConnectionNotification": "ConnectionNotification-xmltpl-202-rcr",
    "GetDocumentList": "GetDocumentList-ins",
    "InterchangeStatusNotification": "InterchangeStatusNotification-202",
    "OFFLOCRequest": "OFFLOCRequest-ins",
    "OFFLOCRequest2": "OFFLOCRequest2-ins",
}
_DOUBLED = sorted(kind for kind, shape in SHAPES.items() if shape.block and not shape.parts and shape.block.top == shape.block.records[-1].element)
_OTHER_INNER = {"CustodyDate": "CustodyKeyDate", "LicenceCondition": "LicCondition", "Address": "OffenderAddress", "UPWContact": "UPWAppointment"}


def _sample(kind: str) -> str:
    return vector(f"plain/{_SAMPLES.get(kind, kind + '-ins-full')}.xml").decode()


def _with(kind: str, changes: dict[str, str]) -> str:
    """The sample with other contents of these elements; the last of a name, which is the innermost."""
    content = _sample(kind)
    for element, text in changes.items():
        before, found, after = content.rpartition(f"<{element}>")
        assert found, element
        content = before + found + text + after[after.index(f"</{element}>") :]
    return content


def _read(content: str) -> Payload:
    (entry,) = _ADAPTER.read(content.encode()).entries
    return taken(entry)


def _written(content: str) -> str:
    """Read, and written under the same header."""
    (entry,) = _ADAPTER.read(content.encode()).entries
    payload = taken(entry)
    made = Message(MessageId("m"), entry.header, payload)
    return _ADAPTER.write(made, outgoing_for(made)).content.decode()


def _verdict(content: str) -> tuple[FaultCode, str]:
    """Of the first message: the code and the last step of the place."""
    (entry,) = _ADAPTER.read(content.encode()).entries
    fault = first_fault(entry)
    return fault.code, fault.pointer.rpartition("/")[2]


def _keeps(content: str) -> None:
    assert infoset(_written(content).encode()) == infoset(content.encode())


def _order(content: str, *elements: str) -> list[str]:
    return re.findall("<(" + "|".join(elements) + ")[ />]", content)


# Names


def test_spg_version_stands_in_a_container_of_its_own_name() -> None:
    content = _sample("Contact")
    assert "<SPGVersion><SPGVersion>CB1CF9D6CE475DD58274951576C023FC</SPGVersion><SPGUpdateUser>" in _written(content)
    assert _read(content).version.version == "CB1CF9D6CE475DD58274951576C023FC"
    flat = content.replace("<SPGVersion><SPGVersion>", "<SPGVersion>").replace("</SPGVersion><SPGUpdateUser>Thackery,Ione</SPGUpdateUser>", "")
    assert isinstance(_ADAPTER.read(flat.encode()).entries[0], Misread)


@pytest.mark.parametrize("kind", _DOUBLED)
def test_top_and_inner_bear_the_same_name(kind: str) -> None:
    """Contact in ContactDetails in Contact."""
    written = _written(_sample(kind))
    assert _order(written, kind, f"{kind}Details")[:3] == [kind, f"{kind}Details", kind]
    _keeps(_sample(kind))


def test_all_other_records_are_named_here() -> None:
    assert {kind: SHAPES[kind].block.records[-1].element for kind in SHAPES if kind not in _DOUBLED and kind in KEYS} == _OTHER_INNER


@pytest.mark.parametrize(("kind", "inner"), sorted(_OTHER_INNER.items()))
def test_inner_names_that_differ(kind: str, inner: str) -> None:
    assert _order(_written(_sample(kind)), kind, f"{kind}Details", inner) == [kind, f"{kind}Details", inner]
    guessed = _sample(kind).replace(f"<{inner}>", f"<{kind}>").replace(f"</{inner}>", f"</{kind}>")
    assert _verdict(guessed) == (FaultCode.ELEMENT_UNKNOWN, kind)


def test_unpaid_work_details_are_details_twice() -> None:
    written = _written(_sample("UPWDetails"))
    assert _order(written, "UPWDetails", "UPWDetailsDetails") == ["UPWDetails", "UPWDetailsDetails", "UPWDetails"]


def test_three_levels_of_a_transfer_bear_the_same_name() -> None:
    written = _written(_sample("ConsolidatedTransferRequest"))
    assert _order(written, "TransferRequest", "TransferRequestDetails") == ["TransferRequest", "TransferRequestDetails", "TransferRequest"]
    assert _order(written, "OSTransferRequest", "OSTransferRequestDetails") == ["OSTransferRequest", "OSTransferRequestDetails", "OSTransferRequest"]


def test_only_in_event_the_provider_comes_third() -> None:
    names = ("OSProvider", "OSResponsibleTeam", "OSResponsibleOfficer")
    assert _order(_written(_sample("Event")), *names) == ["OSResponsibleTeam", "OSResponsibleOfficer", "OSProvider"]
    provider = "<OSProvider>N07</OSProvider>"
    usual = _sample("Event").replace(provider, "").replace("<OSResponsibleTeam>", provider + "<OSResponsibleTeam>")
    assert _verdict(usual) == (FaultCode.ELEMENT_MISPLACED, "OSProvider")
    for kind, shape in SHAPES.items():
        last = [leaf.path[-1] for leaf in own_leaves(shape) if len(leaf.path) == 2 and leaf.path[-1] in {"provider", "team", "officer"}]
        assert not last or last == (["team", "officer", "provider"] if kind == "Event" else ["provider", "team", "officer"])


def test_event_number_comes_before_notes() -> None:
    assert _order(_written(_sample("Event")), "EventNumber", "Notes") == ["EventNumber", "Notes"]
    moved = _sample("Event").replace("<EventNumber>4</EventNumber>", "").replace("<ConvictionDate>", "<EventNumber>4</EventNumber><ConvictionDate>")
    assert _verdict(moved)[0] is FaultCode.ELEMENT_MISPLACED


def test_intervention_out_come_has_a_capital_c() -> None:
    assert _read(_sample("RateCardIntervention")).outcome.code == "SUCC"
    assert "<InterventionOutCome>SUCC</InterventionOutCome>" in _written(_sample("RateCardIntervention"))
    assert _verdict(_sample("RateCardIntervention").replace("OutCome", "Outcome")) == (FaultCode.ELEMENT_UNKNOWN, "InterventionOutcome")


def test_nsi_status_has_no_prefix_in_the_request_and_one_in_the_response() -> None:
    request = vector("plain/ConsolidatedTransferRequest-NSI-new.xml").decode()
    response = vector("plain/ConsolidatedTransferResponse-NSI-accept.xml").decode()
    assert "<TransferStatus>PN</TransferStatus>" in _written(request)
    assert "NSITransferStatus" not in _written(request)
    assert "<NSITransferStatus>TA</NSITransferStatus>" in _written(response)
    prefixed = request.replace("TransferStatus>", "NSITransferStatus>")
    bare = response.replace("NSITransferStatus>", "TransferStatus>")
    assert _verdict(prefixed) == (FaultCode.ELEMENT_UNKNOWN, "NSITransferStatus")
    assert _verdict(bare) == (FaultCode.ELEMENT_UNKNOWN, "TransferStatus")


def test_the_id_of_a_pss_requirement_has_two_spellings() -> None:
    transfer = vector("plain/ConsolidatedTransferRequest-PSS-new.xml").decode()
    for content, right, wrong in (
        (_sample("Contact"), "PSSRqmntID", "PSSRequirementID"),
        (_sample("PSSRequirement"), "PSSRequirementID", "PSSRqmntID"),
        (transfer, "PSSRequirementID", "PSSRqmntID"),
    ):
        assert f"<{right}>" in _written(content)
        assert _verdict(content.replace(f"{right}>", f"{wrong}>")) == (FaultCode.ELEMENT_UNKNOWN, wrong)


def test_a_pss_requirement_spells_its_words_three_ways() -> None:
    written = _written(_sample("PSSRequirement"))
    assert _order(written, "PSSRequirementID", "PSSRqmntTypeMainCategory", "PSSRqmntTypeSubCategory", "PSProvider") == [
        "PSSRequirementID",
        "PSSRqmntTypeMainCategory",
        "PSSRqmntTypeSubCategory",
        "PSProvider",
    ]
    _keeps(_sample("PSSRequirement"))


@pytest.mark.parametrize("kind", ["OFFLOCRequest", "OFFLOCRequest2", "GetDocumentList"])
def test_requests_have_no_version_block(kind: str) -> None:
    content = _sample(kind)
    assert "SPGVersion" not in _written(content)
    block = "<SPGVersion><SPGVersion>" + "0" * 32 + "</SPGVersion><SPGUpdateUser>Quill,Marlow</SPGUpdateUser></SPGVersion>"
    assert _verdict(content.replace("</Offender>", "</Offender>" + block)) == (FaultCode.ELEMENT_UNKNOWN, "SPGVersion")


# Values


@pytest.mark.parametrize(
    ("kind", "element", "code"),
    [
        ("Contact", "Team", "C07A12"),
        ("Contact", "ContactOfficer", "C07A294"),
        ("Contact", "Location", "C07L02"),
        ("Contact", "ContactType", "COAP"),
        ("Event", "OSResponsibleOfficer", "N07B819"),
        ("Event", "OffenceCode", "00101"),
        ("UPWContact", "UPWTeam", "C05A12"),
        ("ApprovedPremisesReferral", "SourceType", "ST1"),
    ],
)
@pytest.mark.parametrize("name", ["", "/Harbour House", "/[Unallocated] [N07]", "/a/b//c", "/Smith &amp; Sons &lt;North&gt;", "/Tŷ Gwyn – 2", "/ÿ" * 100])
def test_values_are_a_code_or_a_code_with_its_description(kind: str, element: str, code: str, name: str) -> None:
    content = _with(kind, {element: code + name})
    _keeps(content)
    assert f"<{element}>{code}{name}</{element}>" in _written(content)


@pytest.mark.parametrize(("text", "code", "description"), [("C07A12 / North ", "C07A12", "North"), ("C07A12/", "C07A12", None), ("C07A12/ ", "C07A12", None)])
def test_blanks_around_the_slash_say_nothing(text: str, code: str, description: str | None) -> None:
    team = _read(_with("Contact", {"Team": text})).responsible.team
    assert (team.code, team.description) == (code, description)
    assert "description" in team.model_fields_set or description is None


@pytest.mark.parametrize("provider", ["C07/Name", "C07 "])
def test_a_provider_is_a_code_alone(provider: str) -> None:
    content = _with("Contact", {"Provider": provider})
    if provider.strip() == "C07":
        assert _read(content).responsible.provider == "C07"
    else:
        assert _verdict(content) == (FaultCode.IDENTIFIER_INVALID, "Provider")


@pytest.mark.parametrize("notes", [r"one\ntwo", "one/ntwo", "one\ntwo\n\nthree", "tab\there", r"C:\new/notes", "“quoted” – naïve 𝔘"])
def test_line_feed_markers_and_line_feeds_stay_as_they_are(notes: str) -> None:
    content = _with("Contact", {"Notes": notes})
    assert _read(content).notes == notes
    _keeps(content)


@pytest.mark.parametrize(
    ("kind", "element"),
    [
        ("Contact", "SPGUpdateUser"),
        ("TerminateSentence", "TerminateUser"),
        ("CustodyRecall", "RecallUser"),
        ("CustodyReleaseChange", "ReleaseUser"),
        ("ConsolidatedTransferRequest", "TransferUser"),
        ("OFFLOCRequest2", "OFFLOCRequestUser"),
        ("GetDocumentList", "RefreshRequestUser"),
    ],
)
@pytest.mark.parametrize("user", ["SURNAME,FORENAME", "Surname, Forename", "O'Brien-Ŵyn,Siân", "a system"])
def test_users_are_free_text_with_a_bare_comma(kind: str, element: str, user: str) -> None:
    content = _with(kind, {element: user})
    assert f"<{element}>{user}</{element}>" in _written(content)
    _keeps(content)


def test_texts_and_numbers_may_be_padded() -> None:
    padded = re.sub(r">([^<]+)</", lambda found: f">\n      {found[1]}\t \r\n    </", _sample("Event"))
    assert padded != _sample("Event")
    assert _read(padded) == _read(_sample("Event"))
    assert infoset(_written(padded).encode()) == infoset(_sample("Event").encode())


def test_padding_is_no_value() -> None:
    assert _verdict(_with("Contact", {"Alert": "\n   "})) == (FaultCode.ELEMENT_MISSING, "Alert")
    assert "notes" in _read(_with("Contact", {"Notes": " \n "})).model_fields_set
    assert _read(_with("Contact", {"Notes": " \n "})).notes is None


def _leaves(*, required: bool) -> Iterator[tuple[str, Leaf]]:
    for kind, shape in sorted(SHAPES.items()):
        yield from ((kind, leaf) for leaf in own_leaves(shape) if leaf.required is required and f"<{leaf.element}>" in _sample(kind))


@pytest.mark.parametrize(("kind", "leaf"), list(_leaves(required=False)), ids=lambda one: getattr(one, "element", one))
def test_an_optional_element_is_kept_apart_when_empty_and_when_absent(kind: str, leaf: Leaf) -> None:
    empty = _with(kind, {leaf.element: ""})
    payload = _read(empty)
    assert leaf.path[0] in payload.model_fields_set
    assert getattr(payload, leaf.path[0]) is None
    assert f"<{leaf.element}></{leaf.element}>" in _written(empty)
    absent = empty.replace(f"<{leaf.element}></{leaf.element}>", "")
    assert leaf.path[0] not in _read(absent).model_fields_set
    assert f"<{leaf.element}>" not in _written(absent)
    _keeps(empty)
    _keeps(absent)


@pytest.mark.parametrize(("kind", "leaf"), list(_leaves(required=True)), ids=lambda one: getattr(one, "element", one))
def test_a_mandatory_element_is_refused_when_empty_unless_it_may_be(kind: str, leaf: Leaf) -> None:
    content = _with(kind, {leaf.element: ""})
    if leaf.empty:
        payload = _read(content)
        assert getattr(payload, leaf.path[0]) is None
        assert leaf.path[0] in payload.model_fields_set
        _keeps(content)
    else:
        assert _verdict(content) == (FaultCode.ELEMENT_MISSING, leaf.element)


def test_an_address_nobody_filled_in_is_all_empty_lines() -> None:
    lines = dict.fromkeys(("HouseNumber", "StreetName", "District", "TownCity", "County", "Postcode"), "")
    content = _with("Address", lines | {"NoFixedAbode": "Y"})
    _keeps(content)
    assert all(f"<{line}></{line}>" in _written(content) for line in lines)
    assert _verdict(content.replace("<County></County>", "")) == (FaultCode.ELEMENT_MISSING, "County")


def test_a_requirement_without_sub_category_and_length_has_them_empty() -> None:
    content = _with("CommunityRequirement", {"RequirementTypeSubCategory": "", "Length": ""})
    payload = _read(content)
    assert (payload.sub_category, payload.length) == (None, None)
    _keeps(content)


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_a_new_record_has_the_id_0(kind: str) -> None:
    key = next(leaf.element for leaf in own_leaves(SHAPES[kind]) if leaf.path == (KEYS[kind],))
    content = _with(kind, {key: "0"})
    assert getattr(_read(content), KEYS[kind]) == "0"
    assert f"<{key}>0</{key}>" in _written(content)


@pytest.mark.parametrize("kind", sorted(KEYS))
@pytest.mark.parametrize("action", ["INS", "UPD", "DEL"])
def test_32_zeros_are_no_version_yet_whatever_is_done(kind: str, action: str) -> None:
    zeros = re.sub(r"<SPGVersion>[0-9A-F]{32}<", f"<SPGVersion>{'0' * 32}<", _with(kind, {"MessageType": action}))
    assert _read(zeros).version.version is None
    assert f"<SPGVersion>{'0' * 32}</SPGVersion>" in _written(zeros)


def test_lower_case_versions_are_taken_and_written_in_upper_case() -> None:
    lower = _sample("Contact").replace("CB1CF9D6CE475DD58274951576C023FC", "cb1cf9d6ce475dd58274951576c023fc")
    assert _read(lower) == _read(_sample("Contact"))
    assert "CB1CF9D6CE475DD58274951576C023FC" in _written(lower)


@pytest.mark.parametrize(("element", "text"), [("Value", "150.00"), ("Value", "150"), ("Value", "0.5"), ("Value", "0"), ("RSRScore", "100.00"), ("TICS", "0")])
def test_numbers_keep_the_digits_that_they_came_with(element: str, text: str) -> None:
    assert f"<{element}>{text}</{element}>" in _written(_with("Event", {element: text}))


@pytest.mark.parametrize(("element", "text"), [("Value", "150.000"), ("Value", "1,50"), ("Value", "-1"), ("Value", "01"), ("RSRScore", "1E2"), ("TICS", "00")])
def test_numbers_of_another_form_are_refused_since_they_could_not_come_back(element: str, text: str) -> None:
    assert _verdict(_with("Event", {element: text})) == (FaultCode.VALUE_INVALID, element)


@pytest.mark.parametrize("element", ["OSTransferFromProvider", "OffenderID", "CaseReferenceNumber", "TransferID"])
def test_all_parts_of_a_transfer_agree_with_its_master(element: str) -> None:
    other = {"OSTransferFromProvider": "N99", "OffenderID": "1", "CaseReferenceNumber": "X999999", "TransferID": "2"}[element]
    content = _with("ConsolidatedTransferRequest", {element: other})
    if element == "OSTransferFromProvider":
        _keeps(content)  # Each part has its own.
    else:
        assert _verdict(content) == (FaultCode.VALUE_INVALID, element)


@pytest.mark.parametrize(
    ("kind", "element"),
    [("RQ", "RequirementID"), ("LC", "LicConditionID"), ("PSS", "PSSRequirementID"), ("NSI", "NSIID"), ("CR", "CourtReportID"), ("IR", "InstReportID")],
)
def test_each_kind_of_transfer_names_its_entity_its_own_way(kind: str, element: str) -> None:
    content = vector(f"plain/ConsolidatedTransferRequest-{kind}-new.xml").decode()
    (part,) = _read(content).parts
    assert (part.kind, f"<{element}>{part.entity_id}</{element}>" in _written(content)) == (kind, True)


def test_a_whole_case_names_no_entity() -> None:
    content = vector("plain/ConsolidatedTransferRequest-OM-new.xml").decode()
    assert _read(content).parts[0].entity_id is None
    with_id = content.replace("<OMTransferReason>", "<EventID>1</EventID><OMTransferReason>")
    assert _verdict(with_id) == (FaultCode.ELEMENT_UNKNOWN, "EventID")
