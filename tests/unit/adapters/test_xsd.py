"""The XSD by itself: its structure, its words, and what it takes and refuses."""

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.answers import interchange_response
from adapters.agencies.ndelius.codes import COUNT, DECIMAL, TEXT
from adapters.agencies.ndelius.documents import NAMESPACE
from adapters.agencies.ndelius.schema import xsd
from adapters.agencies.ndelius.schema_fields import Field, fields_of
from adapters.agencies.ndelius.schema_values import value_type
from adapters.agencies.ndelius.tables import SHAPES, own_leaves
from adapters.agencies.ndelius.writing import write_interchange
from adapters.contract import Outgoing
from schemas.canonical.case import Deletion, EntityVersion
from schemas.catalogue import KEYS
from schemas.envelope import Action, Message, Misread
from schemas.faults import Fault, FaultCode, Refusal
from schemas.messages.contact import Contact
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.versions import VERSIONS
from tests.support.dialects import SPG, VECTORS, Letter, interchanges, message, messages, outgoing, outgoing_for, vector
from tests.support.xsd import complaint

XS = "{http://www.w3.org/2001/XMLSchema}"
NEWEST = "0-9-14"
_NAMES = sorted(path.stem for path in (VECTORS / "plain").glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))
_ADAPTER = NdeliusAdapter()


def _sample(name: str) -> etree._Element:
    return etree.fromstring(vector(f"plain/{name}.xml"), etree.XMLParser(remove_blank_text=True))


@cache
def _schema(version: str = NEWEST) -> etree._Element:
    return etree.fromstring(xsd(version))


def _fault_of(root: etree._Element) -> Fault | None:
    try:
        entries = _ADAPTER.read(etree.tostring(root, encoding="utf-8")).entries
    except Refusal as refusal:
        return refusal.fault
    return next((entry.faults[0] for entry in entries if isinstance(entry, Misread)), None)


def _taken(root: etree._Element) -> bool:
    return _fault_of(root) is None


# What it looks like.


@pytest.mark.parametrize("version", VERSIONS)
def test_head_of_the_schema(version: str) -> None:
    root = _schema(version)
    assert (root.get("targetNamespace"), root.get("elementFormDefault"), root.get("version")) == (NAMESPACE, "qualified", version)
    assert [element.get("name") for element in root.findall(f"{XS}element")] == ["SPGInterchange", "SPGInterchangeResponse"]
    assert root.find(f".//{XS}attribute[@name='SchemaVersion']").get("fixed") == version
    assert [one.get("value") for one in root.iterfind(f"{XS}simpleType[@name='SchemaVersionValue']//{XS}enumeration")] == [version]


def test_schema_is_the_same_each_time_and_knows_no_other_version() -> None:
    assert xsd(NEWEST) == xsd(NEWEST)
    with pytest.raises(KeyError):
        xsd("0-9-8")


def test_schemas_of_two_versions_differ_in_their_head_alone() -> None:
    older, newer = (xsd(version).decode().replace(version, "").replace(VERSIONS[version].isoformat(), "") for version in ("0-9-13", NEWEST))
    assert older == newer


@pytest.mark.parametrize("version", VERSIONS)
def test_schema_says_where_a_version_is_guesswork(version: str) -> None:
    words = etree.tostring(_schema(version).find(f"{XS}annotation"), method="text", encoding="unicode")
    assert ("is not known" in words) == (version not in {"0-9-13", "0-9-14"})


@pytest.mark.parametrize("kind", SHAPES)
def test_every_message_has_a_named_type_with_its_words_and_source(kind: str) -> None:
    (named,) = _schema().findall(f"{XS}complexType[@name='{kind}']")
    words = [one.text or "" for one in named.iterfind(f"{XS}annotation/{XS}documentation")]
    assert any(word.startswith("Source: the public payload template") and word.endswith(("Gateway.", "Gateway")) for word in words), words
    assert any(word.startswith("MessageType: ") for word in words)


def test_every_value_is_documented() -> None:
    silent = [
        (kind.get("name"), element.get("name"))
        for kind in _schema().iterfind(f"{XS}complexType")
        for element in kind.iter(f"{XS}element")
        if str(element.get("type")).endswith("Value") and element.find(f"{XS}annotation") is None
    ]
    assert silent == []


def test_words_of_a_field_are_those_of_its_model() -> None:
    (alert,) = _schema().findall(f"{XS}complexType[@name='ContactRecord']//{XS}element[@name='RARContact']")
    assert [one.text for one in alert.iter(f"{XS}documentation")] == ["Counts towards a rehabilitation activity requirement.", "In JSON: /rar"]


def test_no_type_goes_unused_or_unnamed() -> None:
    root = _schema()
    assert all(kind.getparent() is root for tag in ("complexType", "simpleType") for kind in root.iter(f"{XS}{tag}"))
    named = {str(kind.get("name")) for kind in root if kind.tag in {f"{XS}complexType", f"{XS}simpleType"}}
    used = {name.removeprefix("spg:") for node in root.iter() for key in ("type", "memberTypes") for name in node.get(key, "").split()}
    assert named == {name for name in used if not name.startswith("xs:")}


@pytest.mark.parametrize("kind", [TEXT, COUNT, DECIMAL])
def test_form_without_a_name_stops_the_generator(kind: object) -> None:
    with pytest.raises(KeyError):
        value_type(kind, Field.model_validate({"pattern": "^new$", "minimum": 3}))


def test_unknown_place_of_a_model_stops_the_generator() -> None:
    with pytest.raises(KeyError):
        fields_of(Contact).at(("responsible", "colour"))


# What it takes and refuses: versions and envelope.


def test_document_of_another_version_is_refused() -> None:
    root = _sample("Contact-upd-min")
    assert complaint(root) == ""
    assert "SchemaVersion" in complaint(root, "0-9-9")
    root.find(f".//{SPG}MessageVersionNumber").text = "0-9-9"
    assert "MessageVersionNumber" in complaint(root)


def test_empty_message_version_is_refused() -> None:
    # A fixed value would fill it in.
    root = _sample("Contact-upd-min")
    root.find(f".//{SPG}MessageVersionNumber").text = None
    assert "MessageVersionNumber" in complaint(root)


@pytest.mark.parametrize("change", [{"SchemaDate": "21.10.2019"}, {"SchemaDate": "2019-10-21Z"}, {"SchemaDate": None}, {"SchemaVersion": None}, {"Other": "1"}])
def test_attributes_of_the_root(change: dict[str, str | None]) -> None:
    root = _sample("Contact-upd-min")
    version = str(root.get("SchemaVersion"))
    for name, value in change.items():
        if value is None:
            del root.attrib[name]
        else:
            root.set(name, value)
    assert complaint(root, version)
    assert not _taken(root)


@pytest.mark.parametrize(("status", "valid"), [("200", True), (" 599 ", True), ("000200", True), ("99", False), ("1000", False), ("", False), ("ok", False)])
def test_synchronous_answer(status: str, *, valid: bool) -> None:
    answer = etree.fromstring(interchange_response(200).replace(b">200<", f">{status}<".encode()))
    assert (complaint(answer, NEWEST) == "") is valid


# Values: the schema and the adapter judge alike.

_DATES = (("2020-02-29", "\n 2020-01-01 "), ("2019-02-29", "2020-13-01", "0000-01-01", "2020-01-01Z", "20200101", "12020-01-01", "2020-1-1", ""))
_TIMES = (("23:59:59", "10:00:00.1", "10:00:00.123456"), ("24:00:00", "23:59:60", "10:00", "10:00:00Z", "10:00:00.1234567", "10:00:00.", "25:00:00", ""))
_MOMENTS = (("2020-01-01T10:00:00", "2020-01-01T10:00:00.5"), ("2020-01-01 10:00:00", "2020-01-01T24:00:00", "2020-01-01T10:00:00+01:00", "2020-01-01"))
_FLAGS = (("Y", " N\n"), ("y", "YES", "1", "true", ""))
_OPTIONAL_FLAGS = (("Y", "", " \n"), ("y", "0"))
_COUNTS = (("0", "999999999", " 7 "), ("00", "007", "1000000000", "-1", "+5", "1.5", "1e3", ""))
_SCORES = (("", "0", "999"), ("1000", "012", "1.5"))
_MONEY = (("", "0", "0.5", "150.00", "9999999999.99"), ("10000000000", "00.5", ".5", "1.", "1.555", "-1", "1,50"))
_RISKS = (("", "999.99", "0"), ("1000", "1.555"))
_IDS = (("0", "1" * 18, "\t12\n"), ("1" * 19, "12a", "-1", "１２", ""))
_OPTIONAL_IDS = (("", "  ", "5"), ("x", "1" * 19))
_TEAMS = (("C05A01", "C05A01/", "C05A01 / The  Team / North", "C05A01/" + "y" * 500), ("C05A0", "c05a01", "C05A01-x", "/Name", "C05A01/" + "y" * 501, ""))
_CODES = (("A", "CASE ORDER", "x" * 100, "x" * 100 + " / " + "é" * 500), ("x" * 101, "-x", "Àb", "/x", "x/" + "é" * 501, ""))
_OPTIONAL_CODES = (("", " ", "A/b"), ("_x", "x" * 101))
_LINES = (("SURNAME,FORENAME", "x" * 500, "😀" * 500, "O\u2019Neil & Co <x>"), ("x" * 501, "😀" * 501, "", " \n\t "))
_BLANK_LINES = (("", "  ", "x" * 500), ("x" * 501,))
_NOTES = (("", " ", "a\n  b", "Z" * 200_000), ("Z" * 200_001,))
_VERSIONS = (("0" * 32, "f" * 32, "ABCDEF0123456789" * 2), ("F" * 31, "F" * 33, "G" * 32, ""))
_PROVIDERS = (("C05", "N03", " 007 "), ("c05", "C055", "C0", ""))
_CASES = (("A123456",), ("a123456", "A12345", "A1234567", "1234567", ""))
_ACTIONS = (("INS", "UPD", " DEL "), ("ins", "INSERT", ""))


def _judged() -> Iterator[tuple[str, str, str, bool]]:
    rows = (
        ("Event-ins-full", "Event/OffenceDate", _DATES),
        ("Event-ins-full", "Event/OffenceCount", _COUNTS),
        ("Event-ins-full", "Event/OGRS2Score", _SCORES),
        ("Event-ins-full", "Event/Value", _MONEY),
        ("Event-ins-full", "Event/RSRScore", _RISKS),
        ("Event-ins-full", "Event/OSResponsibleTeam", _TEAMS),
        ("Event-ins-full", "Event/OSProvider", _PROVIDERS),
        ("Event-ins-full", "Event/OffenceCode", _CODES),
        ("Event-ins-full", "Event/OrderType", _OPTIONAL_CODES),
        ("Event-ins-full", "Event/Notes", _NOTES),
        ("Contact-upd-min", "Contact/ContactStartTime", _TIMES),
        ("Contact-upd-min", "Contact/Alert", _FLAGS),
        ("Contact-ins-full", "Contact/RARContact", _OPTIONAL_FLAGS),
        ("Contact-ins-full", "Contact/EventID", _OPTIONAL_IDS),
        ("Contact-upd-min", "Contact/ContactID", _IDS),
        ("Contact-upd-min", "Offender/CaseReferenceNumber", _CASES),
        ("Contact-upd-min", "SPGVersion/SPGVersion", _VERSIONS),
        ("Contact-upd-min", "SPGVersion/SPGUpdateUser", _LINES),
        ("Contact-upd-min", "SPGMessageHeader/MessageType", _ACTIONS),
        ("Address-ins-full", "OffenderAddress/County", _BLANK_LINES),
        ("ProcessContact-ins-full", "ProcessContact/ProcessStageDateTime", _MOMENTS),
        ("ConnectionNotification-xmltpl-202-rcr", "ConnectionNotification/NotificationCode", (("", "100", "999"), ("99", "1000", "0200"))),
        ("InterchangeStatusNotification-202", "InterchangeStatusNotification/StatusCode", (("100", " 999 "), ("99", "1000", "0200", ""))),
        ("GetDocumentList-ins", "GetDocumentList/CRCSearchID", (("a_b.c-1", "1" * 64), ("1" * 65, "-1", "a b", ""))),
        ("ConsolidatedTransferRequest-OM-new", "OMTransferRequest/OMTransferStatus", (("PN", "TW"), ("pn", "XX", ""))),
        ("Contact-upd-min", "SPGInterchangeHeader/TimeOfPreparation", _TIMES),
    )
    for name, place, (good, bad) in rows:
        yield from ((name, place, value, True) for value in good)
        yield from ((name, place, value, False) for value in bad)


@pytest.mark.parametrize(("name", "place", "value", "valid"), list(_judged()), ids=lambda value: str(value)[:40].encode("unicode_escape").decode())
def test_values(name: str, place: str, value: str, *, valid: bool) -> None:
    root = _sample(name)
    root.find(".//" + "/".join(SPG + step for step in place.split("/"))).text = value
    assert (complaint(root) == "") is valid
    assert _taken(root) is valid


def test_blanks_around_every_value_are_allowed() -> None:
    for name in ("Event-ins-full", "ConsolidatedTransferResponse-OM-reject", "Address-ins-full", "InterchangeStatusNotification-202"):
        root = _sample(name)
        for leaf in root.iter():
            if not len(leaf):
                leaf.text = f"\n   {leaf.text or ''}\t "
        assert complaint(root) == ""
        assert _taken(root)


# Where the schema is known to take more than the adapter, or less.


@pytest.mark.parametrize("value", ["A\nB", "A\tB"])
def test_collapsing_hides_a_line_break_inside_a_code(value: str) -> None:
    root = _sample("Contact-upd-min")
    root.find(f".//{SPG}ContactType").text = value
    assert complaint(root) == ""
    assert not _taken(root)


@pytest.mark.parametrize(("place", "valid", "taken"), [("Contact/Location", False, True), ("SPGVersion/SPGUpdateUser", True, False)])
def test_no_break_space_is_no_white_space_of_xml(place: str, *, valid: bool, taken: bool) -> None:
    root = _sample("Contact-ins-full")
    root.find(".//" + "/".join(SPG + step for step in place.split("/"))).text = "\u00a0"
    assert (complaint(root) == "") is valid
    assert _taken(root) is taken


def test_padding_of_long_text_counts() -> None:
    root = _sample("Contact-ins-full")
    root.find(f".//{SPG}Notes").text = " " + "x" * 200_000
    assert complaint(root)
    assert _taken(root)


_ONE_WITH_ANOTHER = {
    FaultCode.MESSAGE_REFERENCE_MISMATCH,
    FaultCode.CONTROL_COUNT_WRONG,
    FaultCode.CONTROL_REFERENCE_MISMATCH,
    FaultCode.IDENTITY_MISMATCH,
}
_SAID_TWICE = {"CaseReferenceNumber", "OffenderID", "TransferID"}
"""In a transfer, by every block."""
_PIECES = st.one_of(
    st.sampled_from(
        ["/", " ", "  ", "-", ".", "_", ":", "0", "9", "A", "z", "é", "+", "\n", "\t", "\r", "&", "C05", "A01", "2020-01-01", "T10:00:00", "Y", "x" * 99]
    ),
    st.characters(categories=("L", "N", "P", "S")),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_NAMES), st.integers(min_value=0), st.lists(_PIECES, max_size=6).map("".join), st.integers(0, 12))
def test_any_text_in_any_place_is_judged_alike(name: str, place: int, text: str, kept: int) -> None:
    root = _sample(name)
    leaves = [one for one in root.iter() if not len(one)]
    leaf = leaves[place % len(leaves)]
    leaf.text = (leaf.text or "")[:kept] + text
    fault, told = _fault_of(root), complaint(root)
    if told:
        assert fault is not None, told
    elif fault is not None:
        where = etree.QName(leaf).localname
        twice = fault.code is FaultCode.VALUE_INVALID and where in _SAID_TWICE
        broken = fault.code is FaultCode.CODE_UNKNOWN and any(mark in leaf.text.strip() for mark in "\r\n\t")
        reasoned = where.endswith(("TransferRejectedReason", "TransferStatus")) and fault.code in {FaultCode.ELEMENT_MISSING, FaultCode.STRUCTURE_INVALID}
        assert fault.code in _ONE_WITH_ANOTHER or twice or broken or reasoned, fault


# Structure.


def test_optional_elements_of_the_header() -> None:
    root = _sample("Contact-upd-min")
    header = root.find(f"{SPG}SPGInterchangeHeader")
    for name in ("ApplicationReference", "TestIndicator"):
        header.find(SPG + name).text = ""
        assert complaint(root) == ""
        header.remove(header.find(SPG + name))
        assert complaint(root) == ""
    header.remove(header.find(f"{SPG}TimeOfPreparation"))
    assert "SPGInterchangeHeader" in complaint(root)


@pytest.mark.parametrize("kind", KEYS)
def test_optional_and_empty_leaves_of_each_record(kind: str) -> None:
    """An optional element may be absent or empty; one that may be empty must be there; any other needs a value."""
    root = _sample({"CommunityRequirement": "CommunityRequirement-ins-full-0"}.get(kind, f"{kind}-ins-full"))
    record = root.find(f".//{SPG}{SHAPES[kind].block.records[-1].element}/{SPG}OffenderID/..")
    seen = 0
    for leaf in own_leaves(SHAPES[kind]):
        found = record.find(SPG + leaf.element)
        if found is None:
            continue
        text, found.text = found.text, None
        assert (complaint(root) == "") is (leaf.empty or not leaf.required), leaf.element
        found.text = text
        place = record.index(found)
        record.remove(found)
        assert (complaint(root) == "") is (not leaf.required), leaf.element
        record.insert(place, found)
        seen += 1
    assert seen > 3
    assert complaint(root) == ""


def _written(*made: Message, **changes: object) -> etree._Element:
    facts: Outgoing = outgoing_for(made[0], **changes)
    return etree.fromstring(write_interchange(made, facts).content)


def _deletion(kind: str) -> Message:
    return message(Deletion(crn="A123456", version=EntityVersion(updated_by="Wray,Corin"), record_id="7"), type=kind, action=Action.DELETE)


@pytest.mark.parametrize("kind", KEYS)
def test_reduced_delete_is_a_choice_beside_the_whole_record(kind: str) -> None:
    reduced = _written(_deletion(kind))
    assert complaint(reduced) == ""
    top = reduced.find(f".//{SPG}SPGMessage")[1]
    details = top[0]
    top.append(etree.fromstring(etree.tostring(details)))
    assert kind in complaint(reduced), "one details element is enough"
    del top[:]
    assert kind in complaint(reduced), "one details element there must be"


def test_parts_of_a_transfer_come_in_any_order_and_number_up_to_a_thousand() -> None:
    root = _sample("ConsolidatedTransferRequest-OM+OS-new")
    transfer = root.find(f".//{SPG}ConsolidatedTransferRequest")
    master, case, order = transfer
    transfer[1:] = [order, case, *(etree.fromstring(etree.tostring(order)) for _ in range(998))]
    assert complaint(root) == ""
    transfer.append(etree.fromstring(etree.tostring(case)))
    assert complaint(root)
    transfer[1:] = []
    assert complaint(root)
    transfer[:] = [case, master]
    assert complaint(root)


def _statuses(count: int) -> etree._Element:
    entries = [{"reference": number, "status_code": 409, "fault": "version-conflict", "current_version": "A" * 32} for number in range(1, count + 1)]
    payload = InterchangeStatusNotification.model_validate({"status_code": 409, "messages": entries})
    return _written(message(payload, in_reply_to="1569786981737"))


def test_status_notification_with_entries() -> None:
    root = _statuses(3)
    assert complaint(root) == ""
    notification = root.find(f".//{SPG}InterchangeStatusNotification")
    notification.append(notification[0])
    assert "StatusCode" in complaint(root)


def test_many_messages_in_one_interchange() -> None:
    root = _statuses(1)
    one = root[1]
    root[1:2] = [etree.fromstring(etree.tostring(one)) for _ in range(2000)]
    assert complaint(root) == ""
    root[1:-1] = []
    assert complaint(root)


@pytest.mark.parametrize("place", ["", "SPGMessage", "Contact/ContactDetails", "ContactDetails/Contact", "ContactDetails/SPGVersion"])
def test_stray_text_and_unknown_elements(place: str) -> None:
    root = _sample("Contact-upd-min")
    element = root.find(".//" + "/".join(SPG + step for step in place.split("/"))) if place else root
    element[0].tail = "stray"
    assert complaint(root)
    element[0].tail = None
    assert complaint(root) == ""
    etree.SubElement(element, f"{SPG}Extra").text = "1"
    assert "Extra" in complaint(root)


def test_names_of_another_namespace_are_unknown() -> None:
    root = _sample("Contact-upd-min")
    root.find(f".//{SPG}Alert").tag = "Alert"
    assert "Alert" in complaint(root)


# What the gateway writes.


@settings(max_examples=120, deadline=None)
@given(messages())
def test_written_message_is_valid(made: Message) -> None:
    assert complaint(_written(made)) == ""


@settings(max_examples=30, deadline=None)
@given(interchanges())
def test_written_interchange_is_valid(letter: Letter) -> None:
    assert complaint(etree.fromstring(write_interchange(letter.messages, letter.outgoing).content)) == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_written_message_is_valid_in_every_version(version: str) -> None:
    assert complaint(etree.fromstring(write_interchange((_deletion("Contact"),), outgoing(version=version, reduced_deletes=True)).content)) == ""
