"""Described XML: what is wrong is told at its place, and what could hide or reach out is refused as a whole."""

import pytest

from adapters.agencies.declarative.samples import example, outgoing_of
from schemas.envelope import Entry, Misread
from schemas.faults import FaultCode, Refusal
from tests.support.declarative import compiled, faults, read, told, whole_mapping

ADAPTER = compiled(whole_mapping("xml", ("Contact", "ConsolidatedTransferRequest", "GetDocumentList")))
CONTACT = ADAPTER.write(example("Contact", ADAPTER.tables), outgoing_of(example("Contact", ADAPTER.tables))).content.decode()
TRANSFER = ADAPTER.write(
    example("ConsolidatedTransferRequest", ADAPTER.tables), outgoing_of(example("ConsolidatedTransferRequest", ADAPTER.tables))
).content.decode()
BODY, PARTS = "/Letter/Contact", "/Letter/ConsolidatedTransferRequest/parts/one"


def test_the_examples_are_right() -> None:
    for content in (CONTACT, TRANSFER):
        (entry,) = ADAPTER.read(content.encode()).entries
        assert isinstance(entry, Entry), entry


@pytest.mark.parametrize(
    ("old", "new", "code", "pointer"),
    [
        ("<crn>X123456</crn>", "", FaultCode.ELEMENT_MISSING, f"{BODY}/crn"),
        ("<crn>X123456</crn>", "<crn/>", FaultCode.ELEMENT_MISSING, f"{BODY}/crn"),
        ("<crn>X123456</crn>", "<crn>X1</crn>", FaultCode.IDENTIFIER_INVALID, f"{BODY}/crn"),
        ("<crn>X123456</crn>", "<crn><x/></crn>", FaultCode.STRUCTURE_INVALID, f"{BODY}/crn"),
        ("<crn>X123456</crn>", "<crn>X123456</crn><crn>X123456</crn>", FaultCode.ELEMENT_REPEATED, f"{BODY}/crn[2]"),
        ("<crn>X123456</crn>", "<crn odd='1'>X123456</crn>", FaultCode.ELEMENT_UNKNOWN, f"{BODY}/crn/@odd"),
        ("<crn>X123456</crn>", "<crn>X123456</crn><odd/>", FaultCode.ELEMENT_UNKNOWN, f"{BODY}/odd"),
        ("<crn>X123456</crn>", "<crn>X123456</crn>text", FaultCode.STRUCTURE_INVALID, BODY),
        ("<crn>X123456</crn>", "<crn xmlns='urn:other'>X123456</crn>", FaultCode.ELEMENT_UNKNOWN, f"{BODY}/{{urn:other}}crn"),
        ('alert="J"', 'alert="Y"', FaultCode.VALUE_INVALID, f"{BODY}/@alert"),
        ('provider="C05"', 'provider="c05"', FaultCode.IDENTIFIER_INVALID, f"{BODY}/responsible/@provider"),
        ("</Contact>", "</Contact><Contact/>", FaultCode.ELEMENT_REPEATED, f"{BODY}[2]"),
        ("</Contact>", "</Contact><Odd/>", FaultCode.ELEMENT_UNKNOWN, "/Letter/Odd"),
        ("<Kind>Contact", "<Kind>Event", FaultCode.TYPE_UNKNOWN, "/Letter/Header/Kind"),
        ("<Kind>Contact", "<Kind>Quill", FaultCode.TYPE_UNKNOWN, "/Letter/Header/Kind"),
        ("<Action>INS", "<Action>SYS", FaultCode.CODE_UNKNOWN, "/Letter/Header/Action"),
        ("<Case>X123456", "<Case>X123457", FaultCode.VALUE_INVALID, "/Letter/Header/Case"),
    ],
)
def test_what_is_wrong_with_a_message_is_told_at_its_place(old: str, new: str, code: FaultCode, pointer: str) -> None:
    assert CONTACT.count(old) >= 1
    (entry,) = ADAPTER.read(CONTACT.replace(old, new, 1).encode()).entries
    assert isinstance(entry, Misread)
    assert (code, pointer, 1) in told(entry.faults)


@pytest.mark.parametrize(
    ("old", "new", "code", "pointer"),
    [
        ("<status>PN</status>", "", FaultCode.ELEMENT_MISSING, f"{PARTS}[1]/status"),
        ("<status>PN</status>", "<status>ZZ</status>", FaultCode.CODE_UNKNOWN, f"{PARTS}[1]/status"),
        ("<one>", "<one><odd/>", FaultCode.ELEMENT_UNKNOWN, f"{PARTS}[1]/odd"),
    ],
)
def test_what_is_wrong_in_a_list_names_its_item(old: str, new: str, code: FaultCode, pointer: str) -> None:
    (entry,) = ADAPTER.read(TRANSFER.replace(old, new, 1).encode()).entries
    assert isinstance(entry, Misread)
    assert (code, pointer, 1) in told(entry.faults)


def test_a_list_that_is_not_there_is_missing() -> None:
    start, end = TRANSFER.index("<parts>"), TRANSFER.index("</parts>")
    for left in ("", "<parts/>"):
        (entry,) = ADAPTER.read((TRANSFER[:start] + left + TRANSFER[end + len("</parts>") :]).encode()).entries
        assert isinstance(entry, Misread)
        assert told(entry.faults) == [(FaultCode.ELEMENT_MISSING, PARTS, 1)]


@pytest.mark.parametrize(
    ("old", "new", "code", "pointer"),
    [
        ("<From>N00</From>", "", FaultCode.ELEMENT_MISSING, "/Letter/Header/From"),
        ("<From>N00</From>", "<From>n00</From>", FaultCode.IDENTIFIER_INVALID, "/Letter/Header/From"),
        ("<Version>0-9-14", "<Version>0-9-99", FaultCode.VERSION_UNKNOWN, "/Letter/Header/Version"),
        ("<At>2020", "<At>20x0", FaultCode.VALUE_INVALID, "/Letter/Header/At"),
        ("<Test>J", "<Test>1", FaultCode.VALUE_INVALID, "/Letter/Header/Test"),
        ("<Header>", "<Header><Odd/>", FaultCode.ELEMENT_UNKNOWN, "/Letter/Header/Odd"),
        ("<Header>", "<Head>", FaultCode.MALFORMED, ""),
        ("<Letter", "<Postcard", FaultCode.MALFORMED, ""),
        ("urn:example:whole", "urn:example:other", FaultCode.STRUCTURE_INVALID, "/"),
        ("<Header>", "text<Header>", FaultCode.STRUCTURE_INVALID, "/Letter"),
        ("<Header>", "<Header/><Header>", FaultCode.ELEMENT_REPEATED, "/Letter/Header"),
        ("<Header>", "<!-- --><Header>", FaultCode.STRUCTURE_INVALID, "/"),
        ("<Header>", "<?odd ?><Header>", FaultCode.STRUCTURE_INVALID, "/"),
        ("<Letter ", "<Letter odd='1' ", FaultCode.STRUCTURE_INVALID, "/Letter"),
        ("<Letter ", "<!DOCTYPE Letter [<!ENTITY a 'b'>]><Letter ", FaultCode.TOO_COMPLEX, ""),
    ],
)
def test_what_is_wrong_with_the_whole_refuses_it(old: str, new: str, code: FaultCode, pointer: str) -> None:
    assert CONTACT.count(old) >= 1
    found = read(ADAPTER, CONTACT.replace(old, new, 1).encode())
    assert isinstance(found, tuple)
    assert (code, pointer) in [(fault.code, fault.pointer) for fault in found]


@pytest.mark.parametrize("content", [b"", b"<", b"\xff\xfe<\x00", b"<a>&lt;</a", b"<Letter xmlns='urn:example:whole'/>"])
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal):
        ADAPTER.read(content)


def test_elements_may_come_in_any_order_and_schema_locations_are_passed_over() -> None:
    moved = CONTACT.replace("<crn>X123456</crn>", "").replace("</Contact>", "<crn>X123456</crn></Contact>")
    placed = moved.replace("<Letter ", "<Letter xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b' ", 1)
    assert faults(read(ADAPTER, placed.encode())) == []
    assert read(ADAPTER, placed.encode()) == read(ADAPTER, CONTACT.encode())


def test_a_type_that_answers_names_what_it_answers() -> None:
    made = example("GetDocumentList", ADAPTER.tables)
    content = ADAPTER.write(made, outgoing_of(made)).content.replace(b"<Answers>1569786981737</Answers>", b"")
    (entry,) = ADAPTER.read(content).entries
    assert isinstance(entry, Misread)
    assert told(entry.faults) == [(FaultCode.ELEMENT_MISSING, "/Letter/Header/Answers", 1)]
