"""Interchanges too large for one tree are read as small ones are: the same values, and the same faults."""

import pytest

from adapters.agencies.ndelius import parsing
from adapters.agencies.ndelius.interchange import read_interchange
from gateway.trust.wss import WssPackaging
from gateway.trust.xml_guard import canonical_document
from schemas.canonical.values import Coded
from schemas.envelope import Entry, Interchange, Misread
from schemas.faults import FaultCode, Refusal
from schemas.messages.contact import Contact
from schemas.payload import Concept
from tests.support.interchanges import interchange
from tests.support.trust import NOT_ACCEPTED, lookup_of, order, record, refusal, rsa_signer, verify

COUNT = 200
BIG = interchange(COUNT)
MIDDLE = b"<SPGMessage><SPGMessageHeader><MessageType>INS</MessageType><MessageVersionNumber>0-9-14</MessageVersionNumber><MessageReferenceNumber>150<"


def contacts(found: Interchange) -> list[Contact]:
    entries = [entry for entry in found.entries if isinstance(entry, Entry)]
    assert len(entries) == len(found.entries)
    return [entry.payload for entry in entries if isinstance(entry.payload, Contact)]


def stated(concept: Concept) -> object:
    """What a sender stated, at every depth."""
    inner = {name: stated(value) for name, value in concept.__dict__.items() if isinstance(value, Concept)}
    return set(concept.model_fields_set), inner


def in_one_tree(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Interchange:
    """As a small document is read."""
    with monkeypatch.context() as patch:
        patch.setattr(parsing, "_WHOLE_BYTES", len(content))
        return read_interchange(content)


def fault_of(content: bytes) -> tuple[FaultCode, str]:
    with pytest.raises(Refusal) as caught:
        read_interchange(content)
    return caught.value.fault.code, caught.value.fault.pointer


def changed(before: bytes, after: bytes) -> bytes:
    assert BIG.count(before) == 1, before
    return BIG.replace(before, after)


def test_two_thousand_messages_are_read_as_they_stand() -> None:
    content = interchange(2000)
    assert len(content) > 10 * parsing._WHOLE_BYTES
    found = read_interchange(content)
    assert [entry.reference for entry in found.entries] == list(range(1, 2001))
    read = contacts(found)
    assert [contact.crn for contact in read] == [f"X{number + 1:06d}" for number in range(1, 2001)]
    assert [contact.version.version for contact in read] == [f"{number:032X}" for number in range(1, 2001)]
    assert {entry.header.sender_message_id for entry in found.entries if isinstance(entry, Entry)} == {f"1700000000001/{number}" for number in range(1, 2001)}


def test_large_and_small_are_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(BIG) > parsing._WHOLE_BYTES
    assert read_interchange(BIG) == in_one_tree(BIG, monkeypatch)


def test_what_messages_share_is_what_each_of_them_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third leaves out its location, every fourth states an empty outcome, every fifth names its team."""
    pieces = BIG.split(b"</SPGMessage>")
    for number in range(COUNT):
        if number % 3 == 0:
            start, end = pieces[number].index(b"<Location>"), pieces[number].index(b"</Location>") + len(b"</Location>")
            pieces[number] = pieces[number][:start] + pieces[number][end:]
        if number % 4 == 0:
            pieces[number] = pieces[number].replace(b"<ContactOutcome>ATTC<", b"<ContactOutcome><")
        if number % 5 == 0:
            pieces[number] = pieces[number].replace(b"</ContactType>", b"/Office visit</ContactType>")
    content = b"</SPGMessage>".join(pieces)
    found, one_by_one = contacts(read_interchange(content)), []
    for number, piece in enumerate(pieces[:-1], 1):
        alone = piece[piece.index(b"<SPGMessage>") :].replace(b"<MessageReferenceNumber>%d<" % number, b"<MessageReferenceNumber>1<")
        head, tail = pieces[0][: pieces[0].index(b"<SPGMessage>")], pieces[-1].replace(b"<ControlCount>%d<" % COUNT, b"<ControlCount>1<")
        one_by_one += contacts(read_interchange(head + alone + b"</SPGMessage>" + tail))
    assert found == one_by_one
    assert [stated(contact) for contact in found] == [stated(contact) for contact in one_by_one]
    assert {"location" in contact.model_fields_set for contact in found} == {True, False}
    assert {contact.contact_type for contact in found} == {Coded(code="COAP"), Coded(code="COAP", description="Office visit")}
    copied = found[1].model_copy(update={"notes": None})
    assert copied.model_fields_set == found[1].model_fields_set
    assert [stated(contact) for contact in found] == [stated(contact) for contact in one_by_one]


@pytest.mark.parametrize(
    ("before", "after", "code", "pointer"),
    [
        (b"<ControlCount>200<", b"<ControlCount>199<", FaultCode.CONTROL_COUNT_WRONG, "/SPGInterchangeTrailer/ControlCount"),
        (
            b"<SPGInterchangeTrailer><SenderControlReference>1700000000001<",
            b"<SPGInterchangeTrailer><SenderControlReference>1700000000002<",
            FaultCode.CONTROL_REFERENCE_MISMATCH,
            "/SPGInterchangeTrailer/SenderControlReference",
        ),
        (b"</ControlCount><SenderIdentity>N00<", b"</ControlCount><SenderIdentity>C01<", FaultCode.IDENTITY_MISMATCH, "/SPGInterchangeTrailer/SenderIdentity"),
        (
            b"<MessageReferenceNumber>150</MessageReferenceNumber></SPGMessageH",
            b"<MessageReferenceNumber>151</MessageReferenceNumber></SPGMessageH",
            FaultCode.MESSAGE_REFERENCE_MISMATCH,
            "/SPGMessage[150]/SPGMessageHeader/MessageReferenceNumber",
        ),
        (b"<DateOfPreparation>2026-11-23<", b"<DateOfPreparation>23.11.2026<", FaultCode.VALUE_INVALID, "/SPGInterchangeHeader/DateOfPreparation"),
        (b'SchemaVersion="0-9-14"', b'SchemaVersion="0-9-99"', FaultCode.VERSION_UNKNOWN, "/@SchemaVersion"),
        (b"</SPGInterchangeHeader>", b"</SPGInterchangeHeader><Unknown/>", FaultCode.ELEMENT_UNKNOWN, "/Unknown"),
    ],
)
def test_faults_of_the_envelope_are_found(before: bytes, after: bytes, code: FaultCode, pointer: str) -> None:
    assert fault_of(changed(before, after)) == (code, f"/SPGInterchange{pointer}")


STRAY = [b"<!-- hidden -->", b"<?hidden?>", b"stray text"]
PLACES = {
    "before the header": b"<SPGInterchangeHeader>",
    "in the header": b"<SenderControlReference>1700000000001</SenderControlReference><DateOfPreparation>",
    "between messages": MIDDLE,
    "in a message": MIDDLE.removeprefix(b"<SPGMessage>"),
    "in the payload": b"<CaseReferenceNumber>X000151<",
    "before the trailer": b"<SPGInterchangeTrailer>",
    "in the trailer": b"<ControlCount>",
}


@pytest.mark.parametrize("stray", STRAY)
@pytest.mark.parametrize("place", PLACES)
def test_comments_instructions_and_stray_text_are_found_everywhere(place: str, stray: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may stand where no reader would look for it. Text in one message is that message's fault, and no other's."""
    content = changed(PLACES[place], stray + PLACES[place])
    if stray == b"stray text" and place in {"in a message", "in the payload"}:
        found = read_interchange(content)
        assert found == in_one_tree(content, monkeypatch)
        assert [entry.reference for entry in found.entries if isinstance(entry, Misread)] == [150]
        return
    code, _ = fault_of(content)
    assert code in {FaultCode.STRUCTURE_INVALID, FaultCode.ELEMENT_UNKNOWN}
    with pytest.raises(Refusal) as caught:
        in_one_tree(content, monkeypatch)
    assert caught.value.fault.code is code


@pytest.mark.parametrize("place", PLACES)
def test_attributes_are_found_everywhere(place: str) -> None:
    opening = PLACES[place].index(b">")
    assert fault_of(changed(PLACES[place], PLACES[place][:opening] + b' hidden="1"' + PLACES[place][opening:]))[0] is FaultCode.STRUCTURE_INVALID


def test_a_message_after_the_trailer_is_misplaced() -> None:
    assert fault_of(changed(b"</SPGInterchangeTrailer>", b"</SPGInterchangeTrailer><SPGMessage/>"))[0] is FaultCode.ELEMENT_MISPLACED


def test_a_type_declaration_and_broken_xml_are_refused() -> None:
    assert fault_of(b"<!DOCTYPE x>" + BIG)[0] is FaultCode.TOO_COMPLEX
    assert fault_of(BIG[:-3])[0] is FaultCode.MALFORMED
    assert fault_of(BIG + b"<more/>")[0] is FaultCode.MALFORMED
    assert fault_of(BIG.replace(b"SPGInterchange", b"SPGSomething"))[0] is FaultCode.STRUCTURE_INVALID


def test_one_bad_message_among_many_is_misread_alone() -> None:
    content = BIG.replace(b"<CaseReferenceNumber>X000151<", b"<CaseReferenceNumber>1234567<")
    found = read_interchange(content)
    (misread,) = [entry for entry in found.entries if isinstance(entry, Misread)]
    assert (misread.reference, len(found.entries)) == (150, COUNT)
    assert {fault.reference for fault in misread.faults} == {150}


def test_reading_stops_at_the_limit() -> None:
    assert len(read_interchange(BIG, max_messages=COUNT).entries) == COUNT
    with pytest.raises(Refusal) as caught:
        read_interchange(BIG, max_messages=COUNT - 1)
    assert caught.value.fault.code is FaultCode.TOO_COMPLEX
    with pytest.raises(Refusal) as caught:
        read_interchange(BIG[:-1000] + b"<broken", max_messages=10)
    assert caught.value.fault.code is FaultCode.TOO_COMPLEX, "what follows the limit is not looked at"


def test_a_large_envelope_gives_the_very_bytes_that_a_small_one_would() -> None:
    document = interchange(600)
    sealed = WssPackaging().seal(order(document), rsa_signer()).body
    assert len(sealed) > 1024 * 1024
    lookup = lookup_of(record(rsa_signer()))
    assert verify(WssPackaging(), sealed, lookup).content == canonical_document(document)
    altered = sealed.replace(b"<CaseReferenceNumber>X000151<", b"<CaseReferenceNumber>X000152<")
    assert refusal(WssPackaging(), altered, lookup).fault == NOT_ACCEPTED
