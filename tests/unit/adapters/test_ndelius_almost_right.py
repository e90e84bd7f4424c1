"""Every way in which an interchange can be almost right, each with its own code and place."""

import pytest

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.codes import NUMBER, TIME, read_date, read_time
from adapters.agencies.ndelius.interchange import read_interchange
from adapters.agencies.ndelius.tables import SHAPES, leaf_paths
from adapters.values import MisreadError
from schemas.catalogue import CATALOGUE
from schemas.envelope import Misread
from schemas.faults import FaultCode, Refusal
from schemas.leaves import leaves
from schemas.messages.address import Address
from schemas.messages.connection_notification import ConnectionNotification
from schemas.messages.contact import Contact
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from tests.support.dialects import SPG, message, outgoing, taken, vector

_ADAPTER = NdeliusAdapter()
_TOP = "/SPGInterchange"
_HEAD = f"{_TOP}/SPGInterchangeHeader"
_TAIL = f"{_TOP}/SPGInterchangeTrailer"
_MESSAGE = f"{_TOP}/SPGMessage[1]"
_CONTACT = f"{_MESSAGE}/Contact/ContactDetails/Contact"


def _verdict(content: bytes) -> tuple[FaultCode | None, str]:
    """The fault of the whole, or of the first message."""
    try:
        first = _ADAPTER.read(content).entries[0]
    except Refusal as refusal:
        return refusal.fault.code, refusal.fault.pointer
    return (first.faults[0].code, first.faults[0].pointer) if isinstance(first, Misread) else (None, "")


def _changed(name: str, old: str, new: str, *, count: int = 1) -> bytes:
    content = vector(f"plain/{name}").decode()
    assert old in content, old
    return content.replace(old, new, count).encode()


def _last(name: str, old: str, new: str) -> bytes:
    before, found, after = vector(f"plain/{name}").decode().rpartition(old)
    assert found
    return (before + new + after).encode()


_FULL, _OM = "Contact-ins-full.xml", "ConsolidatedTransferRequest-OM+OS-new.xml"


@pytest.mark.parametrize(
    ("content", "code", "pointer"),
    [
        (_changed(_FULL, "0-9-14", "0-9-15"), FaultCode.VERSION_UNKNOWN, f"{_TOP}/@SchemaVersion"),
        (_changed(_FULL, 'SchemaDate="2019-10-21"', 'SchemaDate="today"'), FaultCode.VALUE_INVALID, f"{_TOP}/@SchemaDate"),
        (_changed(_FULL, 'SchemaDate="2019-10-21" ', ""), FaultCode.ELEMENT_MISSING, f"{_TOP}/@SchemaDate"),
        (_changed(_FULL, "<SPGInterchange ", '<SPGInterchange Extra="1" '), FaultCode.ELEMENT_UNKNOWN, f"{_TOP}/@Extra"),
        (_changed(_FULL, "justice.gsi.gov.uk/SPG/", "justice.gsi.gov.uk/SPG"), FaultCode.STRUCTURE_INVALID, "/"),
        (_changed(_FULL, ">C07</ReceiverIdentity>", ">c07</ReceiverIdentity>"), FaultCode.IDENTIFIER_INVALID, f"{_HEAD}/ReceiverIdentity"),
        (_changed(_FULL, "<SenderIdentity>N00</SenderIdentity>", ""), FaultCode.ELEMENT_MISSING, f"{_HEAD}/SenderIdentity"),
        (_changed(_FULL, ">N00</SenderIdentity>", "></SenderIdentity>"), FaultCode.ELEMENT_MISSING, f"{_HEAD}/SenderIdentity"),
        (_changed(_FULL, "09:13:15.792", "09:13:15Z"), FaultCode.VALUE_INVALID, f"{_HEAD}/TimeOfPreparation"),
        (_changed(_FULL, "<TestIndicator>N", "<TestIndicator>Q"), FaultCode.VALUE_INVALID, f"{_HEAD}/TestIndicator"),
        (_changed(_FULL, "</TestIndicator>", "</TestIndicator><TestControlData>x</TestControlData>"), FaultCode.ELEMENT_UNKNOWN, f"{_HEAD}/TestControlData"),
        (_last(_FULL, "1562499662116", "1562499662117"), FaultCode.CONTROL_REFERENCE_MISMATCH, f"{_TAIL}/SenderControlReference"),
        (_last("InterchangeStatusNotification-202.xml", "1549978229521", "9"), FaultCode.CONTROL_REFERENCE_MISMATCH, f"{_TAIL}/ReceiverControlReference"),
        (
            _last("InterchangeStatusNotification-202.xml", "<ReceiverControlReference>1549978229521</ReceiverControlReference>", ""),
            FaultCode.CONTROL_REFERENCE_MISMATCH,
            f"{_TAIL}/ReceiverControlReference",
        ),
        (
            _changed("InterchangeStatusNotification-202.xml", "<ReceiverControlReference>1549978229521</ReceiverControlReference>", "", count=2),
            FaultCode.ELEMENT_MISSING,
            f"{_HEAD}/ReceiverControlReference",
        ),
        (_last(_FULL, ">C07</ReceiverIdentity>", ">C08</ReceiverIdentity>"), FaultCode.IDENTITY_MISMATCH, f"{_TAIL}/ReceiverIdentity"),
        (_changed(_FULL, "<ControlCount>1", "<ControlCount>one"), FaultCode.VALUE_INVALID, f"{_TAIL}/ControlCount"),
        (
            _changed(_FULL, "<MessageReferenceNumber>1", "<MessageReferenceNumber>2", count=2),
            FaultCode.MESSAGE_REFERENCE_MISMATCH,
            f"{_MESSAGE}/SPGMessageHeader/MessageReferenceNumber",
        ),
        (_changed(_FULL, ">INS<", ">UNK<"), FaultCode.CODE_UNKNOWN, f"{_MESSAGE}/SPGMessageHeader/MessageType"),
        (_changed(_FULL, ">INS<", ">RSP<"), FaultCode.CODE_UNKNOWN, f"{_MESSAGE}/SPGMessageHeader/MessageType"),
        (
            _changed(_FULL, "<MessageVersionNumber>0-9-14", "<MessageVersionNumber>0-9-13"),
            FaultCode.VERSION_UNKNOWN,
            f"{_MESSAGE}/SPGMessageHeader/MessageVersionNumber",
        ),
        (_changed(_FULL, "X876973", "876973X"), FaultCode.IDENTIFIER_INVALID, f"{_MESSAGE}/Contact/ContactDetails/Offender/CaseReferenceNumber"),
        (_changed(_FULL, "<Alert>N</Alert>", ""), FaultCode.ELEMENT_MISSING, f"{_CONTACT}/Alert"),
        (_changed(_FULL, "<Alert>N</Alert>", "<Alert/>"), FaultCode.ELEMENT_MISSING, f"{_CONTACT}/Alert"),
        (_changed(_FULL, "<Alert>N</Alert>", "<Alert>N</Alert><Alert>N</Alert>"), FaultCode.ELEMENT_REPEATED, f"{_CONTACT}/Alert[2]"),
        (_changed(_FULL, "<Alert>N</Alert>", "<Mood>N</Mood>"), FaultCode.ELEMENT_UNKNOWN, f"{_CONTACT}/Mood"),
        (
            _changed(_FULL, "<Alert>N</Alert><ContactType>COAP</ContactType>", "<ContactType>COAP</ContactType><Alert>N</Alert>"),
            FaultCode.ELEMENT_MISPLACED,
            f"{_CONTACT}/ContactType",
        ),
        (_changed(_FULL, "<Alert>N</Alert>", "<Alert><b/></Alert>"), FaultCode.STRUCTURE_INVALID, f"{_CONTACT}/Alert"),
        (_changed(_FULL, "<Alert>N</Alert>", "<Alert>N</Alert>loose"), FaultCode.STRUCTURE_INVALID, _CONTACT),
        (_changed(_FULL, "<Alert>N</Alert>", "<Alert>true</Alert>"), FaultCode.VALUE_INVALID, f"{_CONTACT}/Alert"),
        (_changed(_FULL, "2018-02-28", "28/02/2018"), FaultCode.VALUE_INVALID, f"{_CONTACT}/ContactDate"),
        (_changed(_FULL, "2018-02-28", "2018-02-30"), FaultCode.VALUE_INVALID, f"{_CONTACT}/ContactDate"),
        (_changed(_FULL, "<Provider>C07", "<Provider>C7"), FaultCode.IDENTIFIER_INVALID, f"{_CONTACT}/Provider"),
        (_changed(_FULL, "C07A12<", "C07A1/Some team<"), FaultCode.IDENTIFIER_INVALID, f"{_CONTACT}/Team"),
        (_changed(_FULL, "C07A294", "C07A29"), FaultCode.IDENTIFIER_INVALID, f"{_CONTACT}/ContactOfficer"),
        (_changed(_FULL, "2554608065", "25-54"), FaultCode.IDENTIFIER_INVALID, f"{_CONTACT}/EventID"),
        (_changed(_FULL, "CB1CF9D6", "ZZ1CF9D6"), FaultCode.IDENTIFIER_INVALID, f"{_MESSAGE}/Contact/ContactDetails/SPGVersion/SPGVersion"),
        (
            _changed(_OM, "<OMTransferStatus>PN", "<OMTransferStatus>XX"),
            FaultCode.CODE_UNKNOWN,
            f"{_MESSAGE}/ConsolidatedTransferRequest/*[2]/OMTransferRequestDetails/OMTransferRequest/OMTransferStatus",
        ),
        (
            _last(_OM, "L611903", "L611904"),
            FaultCode.VALUE_INVALID,
            f"{_MESSAGE}/ConsolidatedTransferRequest/*[3]/OSTransferRequestDetails/Offender/CaseReferenceNumber",
        ),
        (
            _last(_OM, "2547008294", "2547008295"),
            FaultCode.VALUE_INVALID,
            f"{_MESSAGE}/ConsolidatedTransferRequest/*[3]/OSTransferRequestDetails/OSTransferRequest/TransferID",
        ),
        (
            _changed("ConsolidatedTransferRequest-NSI-new.xml", "TransferStatus>", "NSITransferStatus>", count=2),
            FaultCode.ELEMENT_UNKNOWN,
            f"{_MESSAGE}/ConsolidatedTransferRequest/*[2]/NSITransferRequestDetails/NSITransferRequest/NSITransferStatus",
        ),
        (
            _changed("ConsolidatedTransferResponse-RQ-reject.xml", ">TR<", ">TA<"),
            FaultCode.STRUCTURE_INVALID,
            f"{_MESSAGE}/ConsolidatedTransferResponse/*[2]/RQTransferResponseDetails",
        ),
        (
            _changed("ConsolidatedTransferResponse-RQ-reject.xml", "<RQTransferRejectedReason>TRR1</RQTransferRejectedReason>", ""),
            FaultCode.ELEMENT_MISSING,
            f"{_MESSAGE}/ConsolidatedTransferResponse/*[2]/RQTransferResponseDetails",
        ),
        (_changed("InterchangeStatusNotification-202.xml", ">202<", ">2020<"), FaultCode.VALUE_INVALID, f"{_MESSAGE}/InterchangeStatusNotification/StatusCode"),
    ],
)
def test_almost_right(content: bytes, code: FaultCode, pointer: str) -> None:
    assert _verdict(content) == (code, pointer)


def test_master_without_parts_is_refused() -> None:
    content = vector("plain/ConsolidatedTransferRequest-OM-new.xml").decode()
    start, end = content.index("<OMTransferRequest>"), content.rindex("</OMTransferRequest>") + len("</OMTransferRequest>")
    assert _verdict((content[:start] + content[end:]).encode()) == (FaultCode.ELEMENT_MISSING, f"{_MESSAGE}/ConsolidatedTransferRequest")


def test_master_after_twice_the_same_part_is_out_of_order() -> None:
    content = vector("plain/ConsolidatedTransferRequest-OM-new.xml").decode()
    start, end = content.index("<OMTransferRequest>"), content.rindex("</OMTransferRequest>") + len("</OMTransferRequest>")
    part, top = content[start:end], "<ConsolidatedTransferRequest>"
    moved = (content[:start] + content[end:]).replace(top, top + part + part)
    code, pointer = _verdict(moved.encode())
    assert code is FaultCode.ELEMENT_MISPLACED
    assert pointer.startswith(f"{_MESSAGE}/ConsolidatedTransferRequest/")


def test_interchange_without_messages_is_refused() -> None:
    content = vector("plain/Contact-upd-min.xml").decode()
    start, end = content.index("<SPGMessage>"), content.index("<SPGInterchangeTrailer>")
    assert _verdict((content[:start] + content[end:]).encode()) == (FaultCode.ELEMENT_MISSING, f"{_TOP}/SPGMessage")


def test_a_lone_response_part_of_an_order_is_read() -> None:
    """The test generator cannot make one; the format can."""
    content = vector("plain/ConsolidatedTransferResponse-OM+OS-accept.xml").decode()
    start, end = content.index("<OMTransferResponse>"), content.rindex("</OMTransferResponse>") + len("</OMTransferResponse>")
    assert _verdict((content[:start] + content[end:]).encode()) == (None, "")


def test_parts_may_repeat_and_stand_in_any_order() -> None:
    content = vector("plain/ConsolidatedTransferRequest-OM+OS-new.xml").decode()
    start, end = content.index("<OSTransferRequest>"), content.rindex("</OSTransferRequest>") + len("</OSTransferRequest>")
    twice = content.replace("<OMTransferRequest><OMTransferRequestDetails>", content[start:end] + "<OMTransferRequest><OMTransferRequestDetails>", 1)
    (entry,) = _ADAPTER.read(twice.encode()).entries
    assert [part.kind for part in taken(entry).parts] == ["OS", "OM", "OS"]


def test_lower_case_versions_are_taken() -> None:
    (entry,) = _ADAPTER.read(_changed(_FULL, "CB1CF9D6CE475DD58274951576C023FC", "cb1cf9d6ce475dd58274951576c023fc")).entries
    payload = taken(entry)
    assert isinstance(payload, Contact)
    assert payload.version.version == "CB1CF9D6CE475DD58274951576C023FC"


def test_line_feed_markers_stay_as_they_are() -> None:
    (entry,) = _ADAPTER.read(_changed(_FULL, "Telephone call;", r"one\ntwo/nthree &amp; four;")).entries
    payload = taken(entry)
    assert isinstance(payload, Contact)
    assert payload.notes == r"one\ntwo/nthree & four; will attend next appointment."


def test_empty_lines_of_an_address_are_none_and_come_back_empty() -> None:
    content = _changed("Address-upd-full.xml", "<HouseNumber>17</HouseNumber>", "<HouseNumber/>")
    (entry,) = _ADAPTER.read(content).entries
    payload = taken(entry)
    assert isinstance(payload, Address)
    assert payload.house_number is None
    assert b"<HouseNumber></HouseNumber>" in _ADAPTER.write(message(payload), outgoing()).content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', FaultCode.TOO_COMPLEX),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"), FaultCode.MALFORMED),
        (b"", FaultCode.MALFORMED),
        (b"\x00", FaultCode.MALFORMED),
        (b"<a>" * 400 + b"</a>" * 400, FaultCode.MALFORMED),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', FaultCode.STRUCTURE_INVALID),
        (_changed(_FULL, ">N00<", ">N<!-- -->00<"), FaultCode.STRUCTURE_INVALID),
        (_changed(_FULL, "<SPGMessage>", "<?go now?><SPGMessage>"), FaultCode.STRUCTURE_INVALID),
        (_changed(_FULL, "<Alert>", '<Alert xsi:nil="true">'), FaultCode.STRUCTURE_INVALID),
        (_changed(_FULL, "<Alert>N</Alert>", "<Alert>&undefined;</Alert>"), FaultCode.MALFORMED),
    ],
)
def test_hostile_xml_is_refused(content: bytes, code: FaultCode) -> None:
    with pytest.raises(Refusal) as caught:
        _ADAPTER.read(content)
    assert caught.value.fault.code is code


def test_too_many_messages_are_refused() -> None:
    content = vector("plain/multi-inferred-2-Contact+UPWContact.xml")
    assert len(read_interchange(content, max_messages=2).entries) == 2
    with pytest.raises(Refusal) as caught:
        read_interchange(content, max_messages=1)
    assert caught.value.fault.code is FaultCode.TOO_COMPLEX


def test_faults_never_show_values() -> None:
    for old in ("X876973", "2554608065", "2018-02-28", "C07A294"):
        (entry,) = _ADAPTER.read(_changed(_FULL, old, "Jo Secret")).entries
        assert isinstance(entry, Misread)
        assert "Secret" not in repr(entry)
        assert (entry.case_reference is None) == (old == "X876973")


def test_tables_carry_every_leaf_of_the_model() -> None:
    from_header = {("test_control_data",)}
    for kind, payload in CATALOGUE.items():
        covered = leaf_paths(SHAPES[kind]) | from_header
        for leaf in leaves(payload) - {("parts", "kind")}:
            assert leaf in covered or leaf[:-1] in covered, (kind, leaf)
    assert set(SHAPES) == set(CATALOGUE)


def test_status_notification_must_answer_something() -> None:
    payload = InterchangeStatusNotification(status_code=202)
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(message(payload), outgoing())
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE
    assert b"<ReceiverControlReference>77</ReceiverControlReference>" in _ADAPTER.write(message(payload), outgoing(answers="77")).content


def test_what_spg_cannot_say_is_named() -> None:
    (entry,) = _ADAPTER.read(vector("plain/Contact-upd-min.xml")).entries
    document = _ADAPTER.write(message(taken(entry)), outgoing(answers="77"))
    assert [item.pointer for item in document.left_out] == ["/header/in_reply_to"]
    notification = _ADAPTER.write(message(InterchangeStatusNotification(status_code=202), test=True), outgoing(answers="77"))
    assert [item.pointer for item in notification.left_out] == ["/header/test"]


def test_a_wrong_action_or_version_cannot_be_written() -> None:
    ping = ConnectionNotification()
    for changed in (lambda: _ADAPTER.write(message(ping, action="INS"), outgoing()), lambda: _ADAPTER.write(message(ping), outgoing(version="1"))):
        with pytest.raises(Refusal) as caught:
            changed()
        assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE


def test_names_are_qualified() -> None:
    assert SHAPES["Contact"].block.records[0].tag == SPG + "Offender"


@pytest.mark.parametrize("text", ["2020-W01-1", "20200101", "2020-1-1", "0000-01-01", "+020-01-01"])
def test_dates_of_other_forms(text: str) -> None:
    with pytest.raises(MisreadError):
        read_date(text)


@pytest.mark.parametrize("text", ["10:00", "100000", "10:00:00.", "10:00:00.1234567", "10:00:00+00:00", "24:00:00", "10:00:00,5", "10:00:00.٣"])
def test_times_of_other_forms(text: str) -> None:
    with pytest.raises(MisreadError):
        read_time(text)


@pytest.mark.parametrize("text", ["10:00:00", "10:00:00.005", "10:00:00.000005"])
def test_times_come_back_as_they_were(text: str) -> None:
    assert TIME.write(read_time(text)) == text


@pytest.mark.parametrize("text", ["-1", "1.0", "٣", "1" * 10, "0x1"])
def test_numbers_of_other_forms(text: str) -> None:
    with pytest.raises(MisreadError):
        NUMBER.read(text)
