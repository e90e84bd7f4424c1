"""The traps of SPG's envelope, each by its name: headers that differ by type, versions, many messages, deletes, answers.

What it is: one test or more for each oddity around the payload. What it is not: names and values inside (see
`test_ndelius_traps`), nor everything that can be wrong (`test_ndelius_almost_right`).
"""

import datetime
import re
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.interchange import read_interchange
from adapters.agencies.ndelius.tables import SHAPES
from adapters.agencies.ndelius.writing import write_interchange
from adapters.contract import Document
from schemas.canonical.case import Deletion
from schemas.catalogue import ACTIONS, ANSWERING, CATALOGUE, KEYS
from schemas.envelope import Action, Entry, Interchange, Message, Misread
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import MessageId
from schemas.messages.connection_notification import ConnectionNotification
from schemas.messages.interchange_status_notification import InterchangeStatusNotification, MessageStatus
from schemas.payload import Payload
from schemas.versions import VERSIONS
from tests.support.dialects import VECTORS, first_fault, infoset, message, outgoing, outgoing_for, taken, vector

_ADAPTER = NdeliusAdapter()
_TYPES = pytest.mark.parametrize("kind", sorted(CATALOGUE))
_INTERCHANGES = sorted(path for path in (VECTORS / "plain").glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))
_WITHOUT_TEST = {"GetDocumentList", "InterchangeStatusNotification"}
_WITHOUT_LOCATION = {"GetDocumentList", "OFFLOCRequest2", "ApprovedPremisesReferral", "ConnectionNotification", "InterchangeStatusNotification"}


def _sample(kind: str) -> Message:
    """The message of the first sample of this type."""
    path = sorted((VECTORS / "plain").glob(f"{kind}-*.xml"))[0]
    (entry,) = read_interchange(path.read_bytes()).entries
    assert isinstance(entry, Entry)
    return Message(MessageId("m"), entry.header, entry.payload)


def _written(made: Message, **changes: object) -> str:
    return _document(made, **changes).content.decode()


def _document(made: Message, **changes: object) -> Document:
    return _ADAPTER.write(made, outgoing_for(made, **{"answers": "77", **changes}))


def _lost(document: Document) -> list[str]:
    return [item.pointer for item in document.left_out]


def _not_translatable(made: Message, **changes: object) -> str:
    with pytest.raises(Refusal) as caught:
        _document(made, **changes)
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE
    return caught.value.fault.pointer


def _whole(content: str) -> tuple[FaultCode, str]:
    with pytest.raises(Refusal) as caught:
        read_interchange(content.encode())
    return caught.value.fault.code, caught.value.fault.pointer


# What the header holds


@pytest.mark.parametrize("kind", sorted(ANSWERING))
def test_what_belongs_to_an_interchange_must_name_it(kind: str) -> None:
    assert _not_translatable(_sample(kind), answers=None) == "/header/in_reply_to"
    content = _written(_sample(kind))
    assert content.count("<ReceiverControlReference>77</ReceiverControlReference>") == 2
    without = content.replace("<ReceiverControlReference>77</ReceiverControlReference>", "")
    fault = first_fault(read_interchange(without.encode()).entries[0])
    assert (fault.code, fault.pointer.rpartition("/")[2]) == (FaultCode.ELEMENT_MISSING, "ReceiverControlReference")


def test_a_connection_test_may_name_what_it_answers() -> None:
    ping = _sample("ConnectionNotification")
    assert "<ReceiverControlReference>77<" in _written(ping)
    assert "ReceiverControlReference" not in _written(ping, answers=None)


@pytest.mark.parametrize("kind", sorted(set(CATALOGUE) - ANSWERING - {"ConnectionNotification"}))
def test_other_types_name_nothing_that_they_answer_and_say_so(kind: str) -> None:
    document = _document(_sample(kind))
    assert "/header/in_reply_to" in _lost(document)
    assert b"ReceiverControlReference" not in document.content


@_TYPES
@pytest.mark.parametrize("test", [None, False, True])
def test_the_test_indicator_goes_by_type(kind: str, test: bool | None) -> None:
    made = _sample(kind)
    document = _document(replace(made, header=replace(made.header, test=test)))
    content = document.content.decode()
    (entry,) = read_interchange(document.content).entries
    assert isinstance(entry, Entry)
    if kind in _WITHOUT_TEST:
        assert ("/header/test" in _lost(document)) is (test is True)
        assert entry.header.test is None
    elif kind == "ConnectionNotification":
        assert entry.header.test is test
    else:
        assert f"<TestIndicator>{'Y' if test else 'N'}</TestIndicator>" in content
        assert entry.header.test is bool(test)
    assert ("TestIndicator" in content) is (kind not in _WITHOUT_TEST and not (kind == "ConnectionNotification" and test is None))


def test_only_a_connection_test_may_leave_out_its_application() -> None:
    for kind in CATALOGUE:
        made = _sample(kind)
        content = _written(replace(made, header=replace(made.header, application=None)))
        assert ("<ApplicationReference>SPG</ApplicationReference>" in content) is (kind != "ConnectionNotification")


def test_test_control_data_travels_in_the_header() -> None:
    ping = message(ConnectionNotification(code=200, test_control_data="a & b"), test=True)
    content = _written(ping)
    assert "<TestIndicator>Y</TestIndicator><TestControlData>a &amp; b</TestControlData></SPGInterchangeHeader>" in content
    (entry,) = read_interchange(content.encode()).entries
    assert taken(entry) == ping.payload


@_TYPES
@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_schema_location_goes_by_type_and_one_file_has_an_odd_name(kind: str, version: str) -> None:
    content = _written(_sample(kind), version=version)
    odd = {"0-9-10": "0-9-10-2"}.get(version, version)
    location = f'xsi:schemaLocation="http://www.justice.gsi.gov.uk/SPG/ SPG-XML_Message_Root-V{odd}.xsd"'
    assert (location in content) is (kind not in _WITHOUT_LOCATION)
    assert ("schemaLocation" in content) is (kind not in _WITHOUT_LOCATION)
    assert f'SchemaDate="{VERSIONS[version].isoformat()}" SchemaVersion="{version}"' in content
    assert f"<MessageVersionNumber>{version}</MessageVersionNumber>" in content


def test_a_status_notification_may_declare_namespaces_that_it_does_not_use() -> None:
    content = vector("plain/InterchangeStatusNotification-202.xml").decode()
    spare = 'xmlns:spg="http://www.justice.gsi.gov.uk/SPG/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    declared = content if "xmlns:spg" in content else content.replace("<SPGInterchange ", f"<SPGInterchange {spare} ", 1)
    assert "xmlns:spg" in declared
    assert read_interchange(declared.encode()).entries == read_interchange(content.encode()).entries


def test_the_trailer_has_its_own_order() -> None:
    content = _written(_sample("InterchangeStatusNotification"))
    trailer = content[content.index("<SPGInterchangeTrailer>") :]
    names = re.findall("<([A-Z][A-Za-z]+)>", trailer)
    assert names[1:] == ["SenderControlReference", "ReceiverControlReference", "ControlCount", "SenderIdentity", "ReceiverIdentity"]


@pytest.mark.parametrize(
    ("date", "time", "utc"),
    [
        ("2020-10-25", "01:30:00", "2020-10-25T00:30:00+00:00"),
        ("2020-10-25", "02:30:00", "2020-10-25T02:30:00+00:00"),
        ("2020-07-01", "00:30:00.5", "2020-06-30T23:30:00.500000+00:00"),
    ],
)
def test_times_of_preparation_are_local(date: str, time: str, utc: str) -> None:
    content = vector("plain/Contact-ins-full.xml").decode().replace("2020-12-13", date).replace("09:13:15.792", time)
    assert read_interchange(content.encode()).prepared_at == datetime.datetime.fromisoformat(utc)


def test_an_instant_without_a_local_date_cannot_be_written() -> None:
    first = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
    assert _not_translatable(_sample("Contact"), prepared_at=first) == "/header/prepared_at"
    assert "<DateOfPreparation>0001-01-01<" in _written(_sample("Contact"), prepared_at=first + datetime.timedelta(hours=1))


# Versions


@pytest.mark.parametrize(("source", "target"), [("0-9-13", "0-9-14"), ("0-9-14", "0-9-13"), ("0-9-9", "0-9-9")])
def test_between_versions_that_are_known_nothing_is_said(source: str, target: str) -> None:
    made = _sample("Contact")
    made = replace(made, header=replace(made.header, version=source))
    document = _document(made, version=target, answers=None)
    assert document.left_out == ()
    assert taken(read_interchange(document.content).entries[0]) == made.payload


@pytest.mark.parametrize(("source", "target"), [("0-9-12", "0-9-13"), ("0-9-14", "0-9-9")])
def test_between_versions_that_are_not_known_it_is_said(source: str, target: str) -> None:
    made = _sample("Contact")
    made = replace(made, header=replace(made.header, version=source))
    document = _document(made, version=target, answers=None)
    (told,) = document.left_out
    assert told.pointer == "/header/version"
    assert source in told.reason
    assert target in told.reason
    assert taken(read_interchange(document.content).entries[0]) == made.payload


def test_an_unknown_version_is_refused_with_those_that_are_spoken() -> None:
    content = vector("plain/Contact-ins-full.xml").decode().replace("0-9-14", "0-9-15")
    with pytest.raises(Refusal) as caught:
        read_interchange(content.encode())
    fault = caught.value.fault
    assert (fault.code, fault.pointer, fault.value) == (FaultCode.VERSION_UNKNOWN, "/SPGInterchange/@SchemaVersion", "0-9-15")
    assert all(version in fault.detail for version in VERSIONS)
    _not_translatable(_sample("Contact"), version="0-9-15")


def test_a_message_has_the_version_of_its_interchange() -> None:
    content = vector("plain/Contact-ins-full.xml").decode()
    other = content.replace("<MessageVersionNumber>0-9-14", "<MessageVersionNumber>0-9-13")
    fault = first_fault(read_interchange(other.encode()).entries[0])
    assert (fault.code, fault.pointer.rpartition("/")[2]) == (FaultCode.VERSION_UNKNOWN, "MessageVersionNumber")


# Many messages


def _letter(*kinds: str) -> tuple[list[Message], str]:
    made = [replace(one, header=replace(one.header, test=False, application="SPG")) for one in map(_sample, kinds)]
    return made, write_interchange(made, outgoing()).content.decode()


def test_messages_are_numbered_from_1_and_counted() -> None:
    made, content = _letter("Contact", "Event", "ConsolidatedTransferRequest", "UPWDetails")
    assert re.findall("<MessageReferenceNumber>([0-9]+)<", content) == ["1", "1", "2", "2", "3", "3", "4", "4"]
    assert "<ControlCount>4</ControlCount>" in content
    found = read_interchange(content.encode())
    assert [taken(entry) for entry in found.entries] == [one.payload for one in made]
    assert [entry.sender_message_id for entry in found.entries] == [f"1569786981737/{number}" for number in range(1, 5)]


def test_messages_that_need_several_headers_are_not_written_under_one() -> None:
    contact, ping = _sample("Contact"), message(ConnectionNotification(test_control_data="a"))
    tested = replace(contact, header=replace(contact.header, test=True))
    other = message(ConnectionNotification(test_control_data="b"))
    for made in ([contact, _sample("GetDocumentList")], [contact, ping], [contact, tested], [ping, other]):
        with pytest.raises(Refusal) as caught:
            write_interchange(made, outgoing(answers="77"))
        assert (caught.value.fault.code, caught.value.fault.pointer) == (FaultCode.NOT_TRANSLATABLE, "/header")
    assert len(read_interchange(write_interchange([ping, ping], outgoing()).content).entries) == 2


@pytest.mark.parametrize("number", ["0", "1", "3", "02x"])
def test_a_wrong_number_makes_the_whole_doubtful(number: str) -> None:
    _, content = _letter("Contact", "Event")
    wrong = content.replace("<MessageReferenceNumber>2<", f"<MessageReferenceNumber>{number}<")
    if number == "02x":
        assert isinstance(read_interchange(wrong.encode()).entries[1], Misread)
    else:
        assert _whole(wrong) == (FaultCode.MESSAGE_REFERENCE_MISMATCH, "/SPGInterchange/SPGMessage[2]/SPGMessageHeader/MessageReferenceNumber")


def test_one_wrong_message_leaves_the_others_as_they_are() -> None:
    made, content = _letter("Contact", "Event", "Address")
    wrong = content.replace("<OffenceCount>1<", "<OffenceCount>one<")
    first, second, third = read_interchange(wrong.encode()).entries
    assert (taken(first), taken(third)) == (made[0].payload, made[2].payload)
    fault = first_fault(second)
    assert (fault.code, fault.reference, fault.pointer) == (
        FaultCode.VALUE_INVALID,
        2,
        "/SPGInterchange/SPGMessage[2]/Event/EventDetails/Event/OffenceCount",
    )
    assert isinstance(second, Misread)
    assert (second.type, second.sender_message_id, second.case_reference) == ("Event", "1569786981737/2", made[1].header.case_reference)


def test_everything_wrong_with_a_message_is_told_at_once() -> None:
    _, content = _letter("Contact")
    wrong = content.replace("<Alert>N</Alert>", "").replace("2018-02-28", "today").replace("<Team>C07A12<", "<Team>C07<")
    (entry,) = read_interchange(wrong.encode()).entries
    assert isinstance(entry, Misread)
    assert {(fault.code, fault.pointer.rpartition("/")[2]) for fault in entry.faults} == {
        (FaultCode.ELEMENT_MISSING, "Alert"),
        (FaultCode.VALUE_INVALID, "ContactDate"),
        (FaultCode.IDENTIFIER_INVALID, "Team"),
    }


# Deletes


def _deletion(kind: str, **changes: object) -> Message:
    facts = {"crn": "X123456", "version": {"version": "AB" * 16, "updated_by": "Quill,Marlow"}, "record_id": "42"}
    return message(Deletion.model_validate(facts), type=kind, **changes)


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_a_reduced_delete_carries_the_key_alone_both_ways(kind: str) -> None:
    made = _deletion(kind)
    content = _written(made, answers=None)
    group = SHAPES[kind].block.details + "D"
    assert f"<{kind}><{group}><Offender><CaseReferenceNumber>X123456<" in content
    assert content.count(">42<") == 1
    (entry,) = read_interchange(content.encode()).entries
    assert isinstance(entry, Entry)
    assert (entry.payload, entry.header.type, entry.header.action, entry.header.case_reference) == (made.payload, kind, Action.DELETE, "X123456")


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_a_full_delete_is_cut_where_it_is_agreed_and_says_what_it_lost(kind: str) -> None:
    made = _sample(kind)
    made = replace(made, header=replace(made.header, action=Action.DELETE))
    document = _document(made, reduced_deletes=True, answers=None)
    short = taken(read_interchange(document.content).entries[0])
    assert isinstance(short, Deletion)
    assert (short.crn, short.version, short.record_id) == (made.payload.crn, made.payload.version, getattr(made.payload, KEYS[kind]))
    assert "/payload/offender_id" in _lost(document)
    assert f"/payload/{KEYS[kind]}" not in _lost(document)
    whole = _document(made, reduced_deletes=False, answers=None)
    assert taken(read_interchange(whole.content).entries[0]) == made.payload
    assert whole.left_out == ()


def test_a_reduced_delete_cannot_become_whole() -> None:
    _not_translatable(_deletion("Contact"), reduced_deletes=False)


@pytest.mark.parametrize("action", ["INS", "UPD"])
def test_only_a_delete_has_the_reduced_form(action: str) -> None:
    content = _written(_deletion("Contact"), answers=None).replace("<MessageType>DEL<", f"<MessageType>{action}<")
    assert first_fault(read_interchange(content.encode()).entries[0]).code is FaultCode.STRUCTURE_INVALID


def test_transfers_and_requests_have_no_reduced_form() -> None:
    assert {kind for kind, shape in SHAPES.items() if shape.reduced is None} == set(CATALOGUE) - set(KEYS)
    made = _sample("ConsolidatedTransferRequest")
    made = replace(made, header=replace(made.header, action=Action.DELETE))
    assert taken(read_interchange(_document(made, reduced_deletes=True).content).entries[0]) == made.payload


@_TYPES
def test_an_action_that_does_not_go_with_its_type_is_not_written(kind: str) -> None:
    made = _sample(kind)
    for action in set(Action) - ACTIONS[kind]:
        assert _not_translatable(replace(made, header=replace(made.header, action=action))) == "/header/action"


# Answers


_STATUS = InterchangeStatusNotification(
    status_code=409,
    messages=(
        MessageStatus(reference=1, status_code=202),
        MessageStatus.model_validate({"reference": 2, "status_code": 409, "fault": "version-conflict", "current_version": "CD" * 16}),
    ),
)


def test_an_entry_per_message_both_ways() -> None:
    content = _written(message(_STATUS, in_reply_to="77"))
    assert (
        "<StatusCode>409</StatusCode><MessageStatus><MessageReferenceNumber>1</MessageReferenceNumber><StatusCode>202</StatusCode></MessageStatus>" in content
    )
    assert f"<FaultCode>version-conflict</FaultCode><CurrentVersion>{'CD' * 16}</CurrentVersion>" in content
    assert taken(read_interchange(content.encode()).entries[0]) == _STATUS


def test_entries_per_message_are_left_out_where_nobody_agreed_on_them() -> None:
    document = _document(message(_STATUS), message_statuses=False)
    assert _lost(document) == ["/payload/messages"]
    assert taken(read_interchange(document.content).entries[0]) == InterchangeStatusNotification(status_code=409)


def test_an_answer_without_entries_loses_nothing() -> None:
    assert _lost(_document(message(InterchangeStatusNotification(status_code=202)), message_statuses=False)) == []


# All samples


def _again(interchange: Interchange, **changes: object) -> bytes:
    made = [Message(MessageId("m"), entry.header, entry.payload) for entry in interchange.entries if isinstance(entry, Entry)]
    return write_interchange(made, outgoing_for(made[0], prepared_at=interchange.prepared_at, **changes)).content


@pytest.mark.parametrize("path", _INTERCHANGES, ids=lambda path: path.stem)
def test_a_sample_under_another_version_differs_only_there(path: Path) -> None:
    content = path.read_bytes()
    version = "0-9-13" if b"0-9-14" in content else "0-9-14"
    found = read_interchange(content)
    other = _again(found, version=version)
    back = other.decode().replace(version, found.version).replace(VERSIONS[version].isoformat(), VERSIONS[found.version].isoformat(), 1)
    assert infoset(back.encode()) == infoset(content)


def _payloads(content: str) -> list[Payload]:
    return [taken(entry) for entry in read_interchange(content.encode()).entries]


def test_the_document_is_the_same_each_time() -> None:
    made, content = _letter("Contact", "Address")
    assert write_interchange(made, outgoing()).content.decode() == content
    assert _payloads(content) == [one.payload for one in made]
