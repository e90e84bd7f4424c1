"""Sample letters are re-addressed and re-dated, and everything in them that must agree still does."""

from datetime import UTC, datetime

import pytest

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from gateway.rehearsal import interchange
from gateway.rehearsal.interchange import Addressing, SpgStatus
from schemas.envelope import Entry
from schemas.messages.interchange_status_notification import InterchangeStatusNotification

WINTER = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 9, 30, tzinfo=UTC)
SAMPLES = (
    interchange.TRANSFER_REQUEST,
    interchange.TRANSFER_REQUEST_WITH_ORDER,
    interchange.CONTACT,
    interchange.ADDRESS,
    interchange.CUSTODY_RELEASE,
)


def addressing(prepared_at: datetime = WINTER, answers: str | None = None) -> Addressing:
    return Addressing(sender="N00", receiver="C07", reference="1500000000001", prepared_at=prepared_at, answers=answers)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_gateways_own_dialect_reads_every_letter_without_fault(sample: str) -> None:
    letter = interchange.write(sample, addressing(), {"CaseReferenceNumber": "X123456"})
    read = NdeliusAdapter().read(letter)
    assert (read.sender, read.recipients, read.control_reference, read.prepared_at) == ("N00", ("C07",), "1500000000001", WINTER)
    assert {entry.header.case_reference for entry in read.entries if isinstance(entry, Entry)} == {"X123456"}
    assert all(isinstance(entry, Entry) for entry in read.entries)


def test_times_of_preparation_are_local() -> None:
    letter = interchange.write(interchange.CONTACT, addressing(SUMMER), {})
    assert b"<TimeOfPreparation>10:30:00.000<" in letter


def test_a_letter_reads_back_what_was_put_in() -> None:
    values = {"CaseReferenceNumber": "X123456", "ContactID": "77"}
    read = interchange.read(interchange.write(interchange.CONTACT, addressing(), values))
    (message,) = read.messages
    assert (read.sender, read.receiver, read.reference) == ("N00", "C07", "1500000000001")
    assert (message.type, message.case, message.key) == ("Contact", "X123456", "77")


def test_a_status_notification_names_what_it_answers() -> None:
    read = interchange.read(interchange.write(interchange.STATUS_NOTIFICATION, addressing(answers="1000000000042"), {"StatusCode": "202"}))
    assert (read.answers, read.messages[0].values["StatusCode"]) == ("1000000000042", "202")


def test_a_soap_fault_gives_its_code_and_receipt() -> None:
    fault = b'<e xmlns="urn:interagency-gateway:fault"><GatewayFault><Code>stale</Code><Title>Old</Title><Receipt>a.b.c</Receipt></GatewayFault></e>'
    told = interchange.fault(fault)
    assert (told.code, told.title, told.receipt) == ("stale", "Old", "a.b.c")


@pytest.mark.parametrize("content", [b"", b"<html/>", b"not xml at all"])
def test_anything_else_is_no_fault_of_the_gateway(content: bytes) -> None:
    assert interchange.fault(content).code == ""


ENDED = (SpgStatus(1, 202), SpgStatus(2, 409, "version-conflict", "AB" * 16))


@pytest.mark.parametrize("detailed", [True, False])
def test_a_status_notification_says_the_worst_and_by_agreement_each(detailed: bool) -> None:
    content = interchange.status_notification(addressing(answers="1000000000042"), ENDED, detailed=detailed)
    (message,) = interchange.read(content).messages
    assert message.values["StatusCode"] == "409"
    assert message.statuses == (ENDED if detailed else ())
    (entry,) = NdeliusAdapter().read(content).entries
    assert isinstance(entry, Entry)
    assert isinstance(entry.payload, InterchangeStatusNotification)
    assert [(one.reference, one.status_code, one.current_version) for one in entry.payload.messages] == (
        [(1, 202, None), (2, 409, "AB" * 16)] if detailed else []
    )


def test_letters_are_joined_in_order_under_the_first_ones_envelope() -> None:
    letters = [interchange.write(sample, addressing(), {"CaseReferenceNumber": "X123456"}) for sample in (interchange.CONTACT, interchange.ADDRESS)]
    joined = NdeliusAdapter().read(interchange.join(letters))
    assert [(entry.reference, entry.header.type) for entry in joined.entries if isinstance(entry, Entry)] == [(1, "Contact"), (2, "Address")]


def test_a_message_names_its_action_and_version() -> None:
    (message,) = interchange.read(interchange.write(interchange.CONTACT, addressing(), {"SPGVersion": "ab" * 16, "MessageType": "UPD"})).messages
    assert (message.action, message.named) == ("UPD", "AB" * 16)
