"""The JSON form: strict parsing, its header, and the dialects that use it."""

import datetime
import json

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.catalogue import DIALECTS
from adapters.contract import Adapter
from schemas.faults import FaultCode, Refusal
from tests.support.dialects import first_fault, taken

_HEADER = {
    "message_id": "m-1",
    "sender": "C05",
    "recipients": ["N00"],
    "type": "InterchangeStatusNotification",
    "action": "RSP",
    "version": "0-9-14",
    "control_reference": "r-1",
    "in_reply_to": "1500000000001",
    "prepared_at": "2020-07-01T10:30:00.005+01:00",
}
_DOCUMENTS = {"canonical": {"status_code": 202}, "caseflow": {"processingStatus": 202}}
_BOTH = pytest.mark.parametrize("adapter", [CanonicalAdapter(), CaseflowAdapter()], ids=lambda adapter: adapter.dialect)


def _form(adapter: Adapter, **changes: object) -> bytes:
    header = {name: value for name, value in (_HEADER | changes).items() if value is not None}
    return json.dumps({"header": header, "document": _DOCUMENTS[adapter.dialect]}).encode()


def _refused(adapter: Adapter, content: bytes) -> tuple[FaultCode, str]:
    with pytest.raises(Refusal) as caught:
        adapter.read(content)
    return caught.value.fault.code, caught.value.fault.pointer


def test_dialects_are_listed_by_their_names() -> None:
    assert {name: adapter.dialect for name, adapter in DIALECTS.items()} == {
        name: name for name in ("canonical", "caseflow", "domain-events", "flatfile", "ndelius")
    }


@_BOTH
def test_header_becomes_the_interchange(adapter: Adapter) -> None:
    interchange = adapter.read(_form(adapter))
    (entry,) = interchange.entries
    assert (interchange.sender, interchange.recipients, interchange.control_reference, interchange.answers) == ("C05", ("N00",), "r-1", "1500000000001")
    assert interchange.prepared_at == datetime.datetime(2020, 7, 1, 9, 30, 0, 5000, tzinfo=datetime.UTC)
    assert (entry.header.sender_message_id, entry.header.control_reference, entry.header.reference) == ("m-1", "r-1", 1)
    assert taken(entry).status_code == 202


@_BOTH
def test_recipients_and_test_may_be_absent(adapter: Adapter) -> None:
    interchange = adapter.read(_form(adapter, recipients=None))
    assert interchange.recipients == ()
    assert not interchange.test


@_BOTH
@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"message_id": None}, FaultCode.ELEMENT_MISSING, "/header/message_id"),
        ({"message_id": "a b"}, FaultCode.IDENTIFIER_INVALID, "/header/message_id"),
        ({"message_id": 5}, FaultCode.VALUE_INVALID, "/header/message_id"),
        ({"type": ["Contact"]}, FaultCode.STRUCTURE_INVALID, "/header/type"),
        ({"sender": "c05"}, FaultCode.IDENTIFIER_INVALID, "/header/sender"),
        ({"recipients": ["N00", "x"]}, FaultCode.IDENTIFIER_INVALID, "/header/recipients/1"),
        ({"recipients": ["N00"] * 101}, FaultCode.TOO_COMPLEX, "/header/recipients"),
        ({"action": "GET"}, FaultCode.CODE_UNKNOWN, "/header/action"),
        ({"version": "1-0"}, FaultCode.VERSION_UNKNOWN, "/header/version"),
        ({"control_reference": None}, FaultCode.ELEMENT_MISSING, "/header/control_reference"),
        ({"case_reference": "nonsense"}, FaultCode.IDENTIFIER_INVALID, "/header/case_reference"),
        ({"prepared_at": "2020-07-01T10:30:00"}, FaultCode.VALUE_INVALID, "/header/prepared_at"),
        ({"prepared_at": "1600000000"}, FaultCode.VALUE_INVALID, "/header/prepared_at"),
        ({"prepared_at": "0001-01-01T00:00:00+05:00"}, FaultCode.VALUE_INVALID, "/header/prepared_at"),
        ({"test": "yes"}, FaultCode.VALUE_INVALID, "/header/test"),
        ({"application": "x"}, FaultCode.ELEMENT_UNKNOWN, "/header/application"),
    ],
)
def test_wrong_header_refuses_the_whole(adapter: Adapter, changes: dict[str, object], code: FaultCode, pointer: str) -> None:
    assert _refused(adapter, _form(adapter, **changes)) == (code, pointer)


@_BOTH
@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"type": "CourtReport"}, FaultCode.TYPE_UNKNOWN, "/header/type"),
        ({"action": "INS"}, FaultCode.CODE_UNKNOWN, "/header/action"),
        ({"in_reply_to": None}, FaultCode.ELEMENT_MISSING, "/header/in_reply_to"),
        ({"case_reference": "X123456"}, FaultCode.VALUE_INVALID, "/header/case_reference"),
    ],
)
def test_header_against_the_type_is_the_messages_fault(adapter: Adapter, changes: dict[str, object], code: FaultCode, pointer: str) -> None:
    (entry,) = adapter.read(_form(adapter, **changes)).entries
    fault = first_fault(entry)
    assert (fault.code, fault.pointer, fault.reference) == (code, pointer, 1)


@_BOTH
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", FaultCode.MALFORMED),
        (b"\xff\xfe{}", FaultCode.MALFORMED),
        ("{}".encode("utf-16"), FaultCode.MALFORMED),
        (b"\xef\xbb\xbf{}", FaultCode.MALFORMED),
        (b"{} {}", FaultCode.MALFORMED),
        (b'{"header":NaN}', FaultCode.MALFORMED),
        (b'{"header":-Infinity}', FaultCode.MALFORMED),
        (b'{"header":' + b"9" * 5000 + b"}", FaultCode.MALFORMED),
        (b'{"a":1,"\\u0061":2}', FaultCode.ELEMENT_REPEATED),
        (b'{"header":{},"document":{"x":{"a":1,"a":1}}}', FaultCode.ELEMENT_REPEATED),
        (b"[" * 17 + b"]" * 17, FaultCode.TOO_COMPLEX),
        (b"[" * 100_000 + b"]" * 100_000, FaultCode.TOO_COMPLEX),
        (b"[" * 100_000, FaultCode.TOO_COMPLEX),
        (b"[]", FaultCode.STRUCTURE_INVALID),
        (b"null", FaultCode.STRUCTURE_INVALID),
        (b"{}", FaultCode.ELEMENT_MISSING),
    ],
)
def test_json_is_read_strictly(adapter: Adapter, content: bytes, code: FaultCode) -> None:
    assert _refused(adapter, content)[0] is code


@_BOTH
def test_more_beside_header_and_document_is_refused(adapter: Adapter) -> None:
    content = _form(adapter)[:-1] + b',"extra":1}'
    assert _refused(adapter, content) == (FaultCode.ELEMENT_UNKNOWN, "/extra")


def test_canonical_documents_are_not_coerced() -> None:
    for wrong in ({"status_code": "202"}, {"status_code": 202.0}, {"status_code": True}, {"status_code": 202, "x": None}, {}):
        content = json.dumps({"header": _HEADER, "document": wrong}).encode()
        (entry,) = CanonicalAdapter().read(content).entries
        assert first_fault(entry).pointer.startswith("/document")


def test_two_faults_in_header_and_document_refuse_the_whole() -> None:
    content = json.dumps({"header": _HEADER | {"sender": "x"}, "document": {}}).encode()
    assert _refused(CanonicalAdapter(), content) == (FaultCode.IDENTIFIER_INVALID, "/header/sender")
