"""Samples of the real gateway's templates: each is read, written back and compared."""

import datetime

import pytest

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.answers import interchange_response, read_interchange_response
from adapters.agencies.ndelius.writing import write_interchange
from schemas.catalogue import CATALOGUE
from schemas.envelope import Action, Entry, Header, Message, Misread
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import MessageId
from schemas.messages.address import Address
from schemas.messages.connection_notification import ConnectionNotification
from schemas.messages.consolidated_transfer_request import ConsolidatedTransferRequest
from schemas.messages.consolidated_transfer_response import ConsolidatedTransferResponse
from schemas.messages.contact import Contact
from schemas.messages.unpaid_work import UPWContact
from tests.support.dialects import VECTORS, infoset, outgoing, taken, vector

_ADAPTER = NdeliusAdapter()
_READABLE = sorted(path.name for path in (VECTORS / "plain").glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))


def _entry(name: str) -> Entry:
    (entry,) = _ADAPTER.read(vector(f"plain/{name}")).entries
    assert isinstance(entry, Entry), entry.faults
    return entry


def test_samples_of_every_type_are_there() -> None:
    assert {name.split("-")[0] for name in _READABLE} - {"multi"} == set(CATALOGUE)


@pytest.mark.parametrize("name", _READABLE)
def test_sample_is_written_back_as_it_was(name: str) -> None:
    content = vector(f"plain/{name}")
    interchange = _ADAPTER.read(content)
    facts = outgoing(
        sender=interchange.sender,
        recipient=interchange.recipients[0],
        control_reference=interchange.control_reference,
        answers=interchange.answers,
        version=interchange.version,
        prepared_at=interchange.prepared_at,
    )
    messages = [Message(MessageId("m"), _header_of(entry), taken(entry)) for entry in interchange.entries]
    document = write_interchange(messages, facts)
    assert infoset(document.content) == infoset(content)
    assert document.left_out == ()


def _header_of(entry: Entry | Misread) -> Header:
    assert isinstance(entry, Entry)
    return entry.header


def test_header_of_a_message() -> None:
    header = _entry("ConsolidatedTransferRequest-OM+OS-new.xml").header
    assert (header.sender, header.recipients, header.type, header.action) == ("N00", ("C14",), "ConsolidatedTransferRequest", Action.INSERT)
    assert (header.sender_message_id, header.control_reference, header.reference) == ("1526430060457/1", "1526430060457", 1)
    assert (header.case_reference, header.version, header.test, header.application) == ("L611903", "0-9-13", True, "nDelius")
    assert header.prepared_at == datetime.datetime(2020, 1, 10, 11, 47, 6, 792000, tzinfo=datetime.UTC)


def test_summer_times_are_an_hour_ahead_of_utc() -> None:
    assert _entry("Address-upd-full.xml").header.prepared_at == datetime.datetime(2019, 5, 7, 19, 33, 25, tzinfo=datetime.UTC)


def test_parts_of_a_transfer_request() -> None:
    payload = _entry("ConsolidatedTransferRequest-OM+OS-new.xml").payload
    assert isinstance(payload, ConsolidatedTransferRequest)
    assert [(part.kind, part.entity_id, part.status) for part in payload.parts] == [("OM", None, "PN"), ("OS", "2529366729", "PN")]
    assert payload.parts[0].reason.code == "COMPONENT"
    assert payload.parts[1].receiving.officer.code == "C14A763"
    assert payload.version.version is None


@pytest.mark.parametrize("kind", ["CR", "IR", "LC", "NSI", "OM", "OS", "PSS", "RQ"])
def test_all_eight_kinds_are_read(kind: str) -> None:
    payload = _entry(f"ConsolidatedTransferRequest-{kind}-new.xml").payload
    assert isinstance(payload, ConsolidatedTransferRequest)
    assert [part.kind for part in payload.parts] == [kind]


def test_rejection_comes_with_its_reason() -> None:
    payload = _entry("ConsolidatedTransferResponse-RQ-reject.xml").payload
    assert isinstance(payload, ConsolidatedTransferResponse)
    assert payload.parts[0].status == "TR"
    assert payload.parts[0].rejected_reason is not None
    assert payload.parts[0].rejected_reason.code == "TRR1"


def test_padding_is_trimmed_and_code_is_a_number() -> None:
    entry = _entry("ConnectionNotification-xmltpl-202-rcr.xml")
    assert entry.payload == ConnectionNotification(code=202)
    assert entry.header.in_reply_to == "1524544695551"


def test_description_after_a_slash_and_accents() -> None:
    interchange = _ADAPTER.read(vector("plain/multi-inferred-2-Contact+UPWContact.xml"))
    first, second = map(taken, interchange.entries)
    assert isinstance(first, Contact)
    assert first.location is not None
    assert (first.location.code, first.location.description) == ("C05L01", "Harbour House")
    assert first.notes == "Naïve café – accented text with “quotes”"
    assert isinstance(second, UPWContact)
    assert [(entry.reference, entry.sender_message_id) for entry in interchange.entries] == [(1, "1569786981737/1"), (2, "1569786981737/2")]
    assert (first.crn, second.crn) == ("K262456", "K262456")


def test_address_has_its_own_inner_name() -> None:
    payload = _entry("Address-ins-full.xml").payload
    assert isinstance(payload, Address)
    assert (payload.address_id, payload.postcode, payload.no_fixed_abode) == ("0", "ZZ99 3CZ", False)


@pytest.mark.parametrize(
    ("name", "code", "pointer"),
    [
        ("control-count-mismatch", FaultCode.CONTROL_COUNT_WRONG, "/SPGInterchange/SPGInterchangeTrailer/ControlCount"),
        ("trailer-identity-mismatch", FaultCode.IDENTITY_MISMATCH, "/SPGInterchange/SPGInterchangeTrailer/SenderIdentity"),
        (
            "message-reference-mismatch",
            FaultCode.MESSAGE_REFERENCE_MISMATCH,
            "/SPGInterchange/SPGMessage[1]/SPGMessageTrailer/MessageReferenceNumber",
        ),
        ("malformed-unescaped-Contact", FaultCode.MALFORMED, ""),
    ],
)
def test_bogus_interchange_is_refused_for_its_own_reason(name: str, code: FaultCode, pointer: str) -> None:
    with pytest.raises(Refusal) as caught:
        _ADAPTER.read(vector(f"bogus/{name}.xml"))
    assert (caught.value.fault.code, caught.value.fault.pointer) == (code, pointer)


def test_element_of_a_generator_fault_is_unknown() -> None:
    (entry,) = _ADAPTER.read(vector("bogus/unknown-transaction-request-has-fail-element.xml")).entries
    assert isinstance(entry, Misread)
    assert entry.faults[0].code is FaultCode.ELEMENT_UNKNOWN
    assert entry.faults[0].pointer == "/SPGInterchange/SPGMessage[1]/ConsolidatedTransferRequest/fail"
    assert entry.case_reference == "J727045"


def test_synchronous_answer_both_ways() -> None:
    sample = vector("plain/SPGInterchangeResponse-200.xml")
    assert read_interchange_response(sample) == 200
    assert infoset(interchange_response(200)) == infoset(sample)
    assert read_interchange_response(b"  " + interchange_response(599)) == 599


@pytest.mark.parametrize("status", ["", "20x", "20", "-20", "2000", "<a/>"])
def test_answers_without_a_status_are_refused(status: str) -> None:
    with pytest.raises(Refusal):
        read_interchange_response(interchange_response(200).replace(b">200<", f">{status}<".encode()))


def test_interchange_is_no_answer() -> None:
    with pytest.raises(Refusal):
        read_interchange_response(vector("plain/Contact-upd-min.xml"))
    with pytest.raises(Refusal):
        _ADAPTER.read(vector("plain/SPGInterchangeResponse-200.xml"))
