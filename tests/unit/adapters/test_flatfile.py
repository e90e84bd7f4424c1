"""The flat file: its lines, codes, dates, ids and control totals, both ways, and everything that can be wrong with it."""

import datetime
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.agencies.flatfile import csv_lines
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.agencies.flatfile.batch import read_batch
from adapters.agencies.flatfile.codes import CODE_TABLES, TRANSFER_KINDS, TRANSFER_STATUSES
from adapters.agencies.flatfile.csv_lines import lines_of, written
from adapters.agencies.flatfile.tables import ACTIONS, SHAPES
from adapters.agencies.flatfile.writing import write_batch
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from schemas.canonical.case import CaseRecord, Deletion
from schemas.canonical.transfer import TransferKind, TransferStatus
from schemas.catalogue import CATALOGUE, KEYS
from schemas.envelope import Action, Entry, Interchange, Message, Misread
from schemas.faults import FaultCode, Refusal
from schemas.identifiers import MessageId
from schemas.messages.connection_notification import ConnectionNotification
from schemas.messages.contact import Contact
from schemas.messages.event import Event
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.messages.unpaid_work import UPWContact
from tests.support.dialects import message, outgoing, taken, vector
from tests.support.flatfile import FLATFILE

_ADAPTER = FlatFileAdapter()
_PLAIN = sorted((FLATFILE / "plain").glob("*.csv"))
_FROM_SPG = [path for path in _PLAIN if (FLATFILE.parent / "spg/plain" / f"{path.stem}.xml").exists()]
_LOOSE = {"padded-with-blanks", "no-recipient", "other-minutes-and-fractions"}
"""Read, and written in another way."""
_each_type = pytest.mark.parametrize("kind", sorted(CATALOGUE))
F = FaultCode
_WHOLE: dict[str, tuple[FaultCode, str]] = {
    "bare-cr-in-unquoted": (F.MALFORMED, "line 5, column 8"),
    "bare-lf-in-unquoted": (F.MALFORMED, "line 5, column 8"),
    "byte-order-mark": (F.MALFORMED, "line 1"),
    "control-character-in-unquoted": (F.MALFORMED, "line 5, column 8"),
    "empty-line": (F.MALFORMED, "line 4"),
    "format-unknown": (F.VERSION_UNKNOWN, "line 1, column 2 (Format)"),
    "header-missing": (F.ELEMENT_MISSING, "line 1, column 1 (Line)"),
    "header-narrow": (F.STRUCTURE_INVALID, "line 1"),
    "header-twice": (F.ELEMENT_REPEATED, "line 2"),
    "id-total-wrong": (F.CONTROL_COUNT_WRONG, "line 8, column 4 (IdTotal)"),
    "last-line-not-ended": (F.MALFORMED, "line 8, column 6"),
    "latin-1": (F.MALFORMED, ""),
    "line-before-first-message": (F.ELEMENT_MISPLACED, "line 2"),
    "line-total-wrong": (F.CONTROL_COUNT_WRONG, "line 8, column 3 (Lines)"),
    "lines-end-with-lf": (F.MALFORMED, "line 1, column 11"),
    "message-number-wrong": (F.MESSAGE_REFERENCE_MISMATCH, "line 4, column 2 (MessageNo)"),
    "message-total-wrong": (F.CONTROL_COUNT_WRONG, "line 8, column 2 (Messages)"),
    "minute-total-wrong": (F.CONTROL_COUNT_WRONG, "line 8, column 5 (MinuteTotal)"),
    "no-messages": (F.ELEMENT_MISSING, "line 2"),
    "nul": (F.MALFORMED, "line 3, column 26"),
    "pence-total-wrong": (F.CONTROL_COUNT_WRONG, "line 8, column 6 (PenceTotal)"),
    "prepared-date-american": (F.VALUE_INVALID, "line 1, column 7 (PreparedDate)"),
    "prepared-time-with-colons": (F.VALUE_INVALID, "line 1, column 8 (PreparedTime)"),
    "quote-in-unquoted": (F.MALFORMED, "line 5, column 8"),
    "quote-not-closed": (F.MALFORMED, "line 3, column 26"),
    "schema-version-unknown": (F.VERSION_UNKNOWN, "line 1, column 9 (SchemaVersion)"),
    "sender-missing": (F.ELEMENT_MISSING, "line 1, column 3 (Sender)"),
    "sender-misspelt": (F.IDENTIFIER_INVALID, "line 1, column 3 (Sender)"),
    "text-after-quote": (F.MALFORMED, "line 7, column 4"),
    "too-many-columns": (F.TOO_COMPLEX, "line 5"),
    "trailer-in-words": (F.VALUE_INVALID, "line 8, column 2 (Messages)"),
    "trailer-missing": (F.ELEMENT_MISSING, "line 7"),
    "trailer-narrow": (F.STRUCTURE_INVALID, "line 8"),
    "trailer-twice": (F.ELEMENT_MISPLACED, "line 9"),
}
"""What makes the whole batch doubtful, and is refused with it."""
_ONE: dict[str, tuple[int, FaultCode, str, str]] = {
    "action-misfit": (2, F.CODE_UNKNOWN, "line 4, column 4 (Action)", "S"),
    "action-unknown": (2, F.CODE_UNKNOWN, "line 4, column 4 (Action)", "Z"),
    "answers-missing": (1, F.ELEMENT_MISSING, "line 1, column 6 (Answers)", ""),
    "case-number-misspelt": (2, F.IDENTIFIER_INVALID, "line 5, column 2 (CaseNo)", ""),
    "code-of-ndelius": (1, F.CODE_UNKNOWN, "line 3, column 13 (Type)", ""),
    "code-unlisted": (1, F.CODE_UNKNOWN, "line 3, column 23 (Enforcement)", "91"),
    "code-with-a-comma": (2, F.CODE_UNKNOWN, "line 5, column 9 (ProjectType)", ""),
    "control-character-in-quoted": (1, F.VALUE_INVALID, "line 3, column 26 (Notes)", ""),
    "data-line-missing": (2, F.ELEMENT_MISSING, "line 4", ""),
    "data-line-of-another-type": (2, F.ELEMENT_MISPLACED, "line 5, column 1 (Line)", "UPA"),
    "data-line-twice": (2, F.ELEMENT_REPEATED, "line 6, column 1 (Line)", ""),
    "data-line-unknown": (2, F.ELEMENT_UNKNOWN, "line 5, column 1 (Line)", "UPZ"),
    "date-iso": (2, F.VALUE_INVALID, "line 5, column 11 (Date)", ""),
    "date-not-in-calendar": (2, F.VALUE_INVALID, "line 5, column 11 (Date)", ""),
    "decimal-not-quoted": (1, F.STRUCTURE_INVALID, "line 3", ""),
    "decimal-with-point": (1, F.VALUE_INVALID, "line 3, column 18 (Value)", ""),
    "flag-in-letters": (2, F.VALUE_INVALID, "line 5, column 15 (Vest)", "Y"),
    "id-of-another-kind": (2, F.IDENTIFIER_INVALID, "line 5, column 7 (EventRef)", ""),
    "id-without-prefix": (2, F.IDENTIFIER_INVALID, "line 5, column 7 (EventRef)", ""),
    "key-line-in-an-insert": (3, F.STRUCTURE_INVALID, "line 7", ""),
    "key-of-another-record": (3, F.IDENTIFIER_INVALID, "line 7, column 5 (RecordRef)", ""),
    "mandatory-absent": (2, F.ELEMENT_MISSING, "line 5, column 8 (Project)", ""),
    "mandatory-stated-empty": (2, F.ELEMENT_MISSING, "line 5, column 8 (Project)", ""),
    "message-line-wide": (2, F.STRUCTURE_INVALID, "line 4", ""),
    "minutes-with-leading-zero": (2, F.VALUE_INVALID, "line 5, column 14 (Minutes)", ""),
    "name-of-a-code-stated-empty": (1, F.STRUCTURE_INVALID, "line 3, column 21 (LocationName)", ""),
    "name-without-code": (1, F.ELEMENT_MISSING, "line 3, column 20 (Location)", ""),
    "officer-short": (2, F.IDENTIFIER_INVALID, "line 5, column 17 (Worker)", ""),
    "one-column-too-few": (2, F.STRUCTURE_INVALID, "line 5", ""),
    "one-column-too-many": (2, F.STRUCTURE_INVALID, "line 5", ""),
    "own-id-missing": (2, F.ELEMENT_MISSING, "line 4, column 5 (OwnId)", ""),
    "own-id-twice": (2, F.ELEMENT_REPEATED, "line 4, column 5 (OwnId)", ""),
    "own-id-with-blank": (2, F.IDENTIFIER_INVALID, "line 4, column 5 (OwnId)", ""),
    "part-before-master": (1, F.ELEMENT_MISPLACED, "line 3, column 1 (Line)", "TSP"),
    "part-without-subject": (1, F.STRUCTURE_INVALID, "line 4", ""),
    "parts-missing": (1, F.ELEMENT_MISSING, "line 3", ""),
    "reason-without-rejection": (1, F.STRUCTURE_INVALID, "line 4", ""),
    "rejection-without-reason": (1, F.ELEMENT_MISSING, "line 4", ""),
    "several-faults": (2, F.VALUE_INVALID, "line 5, column 11 (Date)", ""),
    "time-past-midnight": (2, F.VALUE_INVALID, "line 5, column 13 (EndTime)", ""),
    "time-with-colons": (2, F.VALUE_INVALID, "line 5, column 12 (StartTime)", ""),
    "type-unknown": (2, F.TYPE_UNKNOWN, "line 4, column 3 (Type)", "UPX"),
    "worker-not-joined": (2, F.IDENTIFIER_INVALID, "line 5, column 17 (Worker)", ""),
}
"""What falls alone: number of the message, its first fault, the place and the value that may be told."""


def _flat(name: str) -> bytes:
    return (FLATFILE / f"{name}.csv").read_bytes()


def _read(name: str) -> Interchange:
    return _ADAPTER.read(_flat(name))


def _spg(name: str) -> Entry:
    (entry,) = NdeliusAdapter().read(vector(f"plain/{name}.xml")).entries
    assert isinstance(entry, Entry)
    return entry


def _messages(interchange: Interchange) -> list[Message]:
    return [Message(MessageId(entry.sender_message_id), entry.header, taken(entry)) for entry in interchange.entries if isinstance(entry, Entry)]


def _written(interchange: Interchange) -> bytes:
    made = _messages(interchange)
    facts = outgoing(
        sender=interchange.sender,
        recipient=interchange.recipients[0],
        control_reference=interchange.control_reference,
        answers=interchange.answers,
        version=interchange.version,
        prepared_at=interchange.prepared_at,
        reduced_deletes=any(isinstance(one.payload, Deletion) for one in made),
        message_statuses=True,
    )
    return write_batch(made, facts).content


def test_every_type_has_a_vector() -> None:
    kinds = {entry.header.type for path in _PLAIN for entry in _ADAPTER.read(path.read_bytes()).entries if isinstance(entry, Entry)}
    assert kinds == set(CATALOGUE) == set(SHAPES)


@pytest.mark.parametrize("path", _FROM_SPG, ids=lambda path: path.stem)
def test_vectors_say_what_the_samples_of_spg_say(path: Path) -> None:
    entry, theirs = _spg(path.stem), _ADAPTER.read(path.read_bytes()).entries[0]
    assert taken(theirs).model_dump(exclude_unset=True) == entry.payload.model_dump(exclude_unset=True)
    assert isinstance(theirs, Entry)
    assert (theirs.header.prepared_at, theirs.header.test, theirs.header.action) == (entry.header.prepared_at, entry.header.test, entry.header.action)
    assert (theirs.header.in_reply_to, theirs.header.application) == (entry.header.in_reply_to, entry.header.application)


@pytest.mark.parametrize("path", [path for path in _PLAIN if path.stem not in _LOOSE], ids=lambda path: path.stem)
def test_vectors_are_written_as_they_were_read(path: Path) -> None:
    content = path.read_bytes()
    assert _written(_ADAPTER.read(content)) == content


def test_what_is_read_loosely_is_written_strictly() -> None:
    padded, plain = _read("plain/padded-with-blanks"), _read("plain/Contact-ins-full")
    assert _written(padded) == _written(plain)
    contact = taken(_read("plain/other-minutes-and-fractions").entries[0])
    assert isinstance(contact, Contact)
    assert contact.start_time == datetime.time(11, 49, 16, 500_000)
    assert b",114916.500000," in _written(_read("plain/other-minutes-and-fractions"))


def test_a_batch_of_three() -> None:
    batch = _read("plain/batch-of-three")
    assert (batch.sender, batch.recipients, batch.control_reference, batch.answers, batch.version) == ("C07", ("N00",), "20201213-01", None, "0-9-14")
    assert batch.prepared_at == datetime.datetime(2020, 12, 13, 22, 8, 7, tzinfo=datetime.UTC)
    contact, appointment, deletion = map(taken, batch.entries)
    assert [(one.reference, one.sender_message_id) for one in batch.entries] == [(1, "DB-1001"), (2, "DB-1002"), (3, "DB-1003")]
    assert isinstance(contact, Contact)
    assert (contact.contact_type.code, contact.outcome and contact.outcome.code, contact.contact_id) == ("COAP", "ATTC", "0")
    assert (contact.notes, contact.version.updated_by) == ('Said "no", then left.', "Thackery,Ione")
    assert isinstance(appointment, UPWContact)
    assert (appointment.version.version, appointment.minutes_offered, appointment.project_type.description) == (None, 390, "Group placement")
    assert (appointment.responsible.team.description, appointment.responsible.officer.description) == ("Harbour team", "Wray,Corin")
    assert "notes" in appointment.model_fields_set
    assert isinstance(deletion, Deletion)
    assert (deletion.crn, deletion.record_id) == ("E935133", "2561080409")
    assert [one.header.case_reference for one in batch.entries if isinstance(one, Entry)] == ["X876973", "K227678", "E935133"]


def test_batch_without_a_recipient_is_for_the_gateway_to_route() -> None:
    batch = _read("plain/no-recipient")
    assert batch.recipients == ()
    assert isinstance(batch.entries[0], Entry)
    assert batch.entries[0].header.recipients == ()


def test_quoted_text_is_never_a_line_of_its_own() -> None:
    (entry,) = _read("plain/quoted-line-breaks").entries
    contact = taken(entry)
    assert isinstance(contact, Contact)
    assert contact.notes == 'Came.\r\nM,2,CON,I,"x"\r\nT,1,4,0,0,0'


def test_what_looks_like_a_formula_is_text() -> None:
    contact = taken(_read("plain/looks-like-a-formula").entries[0])
    assert isinstance(contact, Contact)
    assert (contact.notes, contact.version.updated_by) == ("=1+1", "@Ione")


def test_quoted_emptiness_says_that_there_is_no_value() -> None:
    stated, whole = taken(_read("plain/stated-empty").entries[0]), taken(_read("plain/Contact-upd-min").entries[0])
    assert isinstance(stated, Contact)
    assert {"location", "outcome", "enforcement_action", "rar", "notes", "licence_condition_id"} <= stated.model_fields_set
    assert (stated.location, stated.outcome, stated.notes) == (None, None, None)
    assert not {"location", "outcome", "enforcement_action", "rar", "notes", "licence_condition_id"} & whole.model_fields_set


def test_entries_per_message() -> None:
    status = taken(_read("plain/status-with-entries").entries[0])
    assert isinstance(status, InterchangeStatusNotification)
    assert [(one.reference, one.status_code, one.fault, "current_version" in one.model_fields_set) for one in status.messages] == [
        (1, 202, None, False),
        (2, 409, "version-conflict", True),
        (3, 409, "version-conflict", True),
    ]


def test_every_bogus_batch_is_expected() -> None:
    assert {path.stem for path in (FLATFILE / "bogus").glob("*.csv")} == {*_WHOLE, *_ONE}


@pytest.mark.parametrize("name", sorted(_WHOLE))
def test_doubtful_batches_are_refused_whole(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        _read(f"bogus/{name}")
    fault = caught.value.fault
    assert (fault.code, fault.pointer) == _WHOLE[name]
    assert fault.detail
    assert not caught.value.also


@pytest.mark.parametrize("name", sorted(_ONE))
def test_a_wrong_message_falls_alone(name: str) -> None:
    number, code, pointer, value = _ONE[name]
    batch = _read(f"bogus/{name}")
    (wrong,) = [entry for entry in batch.entries if isinstance(entry, Misread)]
    fault = wrong.faults[0]
    assert (wrong.reference, fault.code, fault.pointer, fault.value, fault.reference) == (number, code, pointer, value, number)
    assert fault.detail
    assert all(isinstance(entry, Entry) for entry in batch.entries if entry is not wrong)


def test_everything_wrong_with_a_message_is_told_once() -> None:
    (wrong,) = [entry for entry in _read("bogus/several-faults").entries if isinstance(entry, Misread)]
    assert [fault.pointer for fault in wrong.faults] == [
        "line 5, column 11 (Date)",
        "line 5, column 13 (EndTime)",
        "line 5, column 14 (Minutes)",
        "line 5, column 17 (Worker)",
    ]
    assert (wrong.type, wrong.case_reference, wrong.sender_message_id) == ("UPWContact", "K227678", "DB-1002")


def test_a_misread_message_keeps_a_name() -> None:
    named = [_read(f"bogus/{name}").entries[1] for name in ("type-unknown", "own-id-missing", "message-line-wide")]
    assert [(one.type, one.sender_message_id) for one in named if isinstance(one, Misread)] == [
        ("UPX", "DB-1002"),
        ("UPWContact", "20201213-01/2"),
        ("", "20201213-01/2"),
    ]


def test_totals_are_not_judged_by_what_cannot_be_read() -> None:
    """Nobody can say what the sender summed; the message that holds it falls, the others stand."""
    for broken in (b"UPZ,K227678", b"UPA,K227678,more"):
        batch = _ADAPTER.read(_flat("plain/batch-of-three").replace(b"UPA,K227678", broken).replace(b",390,0\r\n", b",360,7\r\n"))
        assert [isinstance(entry, Entry) for entry in batch.entries] == [True, False, True]


def test_faults_of_a_whole_batch_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.agencies.flatfile.batch.MAX_FAULTS_OF_BATCH", 5)
    header, _, _, _, wrong, *_ = _flat("bogus/several-faults").split(b"\r\n")
    message_line = b"M,%d,UPA,U,W%d"
    lines = [header, *(line for number in range(1, 5) for line in (message_line % (number, number), wrong)), b"T,4,10,40933716380,0,0", b""]
    assert [len(entry.faults) for entry in _ADAPTER.read(b"\r\n".join(lines)).entries if isinstance(entry, Misread)] == [4, 4, 1, 1]


def test_free_text_in_the_column_of_the_type_becomes_no_name() -> None:
    for typed, kept in ((b"UPX", "UPX"), (b"QUILLMARLOW", ""), (b'"' + b"x" * 100_000 + b'"', "")):
        wrong = _ADAPTER.read(_flat("plain/batch-of-three").replace(b"M,2,UPA", b"M,2," + typed)).entries[1]
        assert isinstance(wrong, Misread)
        assert (wrong.type, wrong.faults[0].code, wrong.faults[0].value) == (kept, FaultCode.TYPE_UNKNOWN, kept)


def test_the_longest_notes_fit_on_a_line() -> None:
    """Every character doubled, and every other text of the widest line as long as it may be."""
    event = _messages(_read("plain/Event-ins-full"))[0].payload
    assert isinstance(event, Event)
    said = event.model_dump(mode="json") | {"notes": '"' * 200_000}
    for value in said.values():
        if isinstance(value, dict) and "code" in value:
            value["description"] = '"' * 500
    longest = Event.model_validate_json(json.dumps(said))
    assert taken(_ADAPTER.read(_ADAPTER.write(message(longest), outgoing()).content).entries[0]) == longest


@pytest.mark.parametrize("total", [b"T,3,8,", b"T,3,08,", b"T,003,8,"])
def test_totals_may_be_padded_with_zeros(total: bytes) -> None:
    assert len(_ADAPTER.read(_flat("plain/batch-of-three").replace(b"T,3,8,", total)).entries) == 3


def test_all_totals_that_are_wrong_are_told() -> None:
    trailer = _flat("plain/batch-of-three").rpartition(b"T,")[2]
    with pytest.raises(Refusal) as caught:
        _ADAPTER.read(_flat("plain/batch-of-three").replace(b"T," + trailer, b"T,0,0,1,1,1\r\n"))
    faults = (caught.value.fault, *caught.value.also)
    assert {fault.code for fault in faults} == {FaultCode.CONTROL_COUNT_WRONG}
    assert [fault.pointer.partition("(")[2] for fault in faults] == ["Messages)", "Lines)", "IdTotal)", "MinuteTotal)", "PenceTotal)"]
    assert not any(digits in fault.detail for fault in faults for digits in ("2553305242", "5242"))


@pytest.mark.parametrize(("name", "limit", "code"), [("MAX_LINES", 7, F.TOO_COMPLEX), ("MAX_BYTES", 100, F.TOO_LARGE), ("MAX_CHARACTERS", 100, F.TOO_COMPLEX)])
def test_files_are_bounded(monkeypatch: pytest.MonkeyPatch, name: str, limit: int, code: FaultCode) -> None:
    content = _flat("plain/batch-of-three")
    monkeypatch.setattr(csv_lines, name, limit)
    with pytest.raises(Refusal) as caught:
        _ADAPTER.read(content)
    assert caught.value.fault.code is code


def test_parts_are_bounded() -> None:
    rows = _flat("plain/ConsolidatedTransferResponse-RQ-reject").split(b"\r\n")
    total = int(rows[4].split(b",")[3]) + 1000 * 2514983138
    lines = [*rows[:4], *([rows[3]] * 1000), b"T,1,1005,%d,0,0" % (total % 10**12), b""]
    (wrong,) = _ADAPTER.read(b"\r\n".join(lines)).entries
    assert isinstance(wrong, Misread)
    assert [(fault.code, fault.pointer) for fault in wrong.faults] == [(FaultCode.TOO_COMPLEX, "line 3")]


def test_messages_and_faults_are_bounded() -> None:
    content = _flat("plain/batch-of-three")
    with pytest.raises(Refusal) as caught:
        read_batch(content, max_messages=2)
    assert (caught.value.fault.code, caught.value.fault.pointer) == (FaultCode.TOO_COMPLEX, "line 6")
    faults = _ADAPTER.read(_flat("plain/status-with-entries").replace(b"STM,1,202,,\r\n", b"STM,x,y,,\r\n" * 500).replace(b"T,1,7", b"T,1,506")).entries[0]
    assert isinstance(faults, Misread)
    assert len(faults.faults) == 100


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        (b"a,b\r\n", [("a", "b")]),
        (b"a,,\r\n", [("a", None, None)]),
        (b'a,"",""\r\n', [("a", "", "")]),
        (b'a, ," "\r\n', [("a", None, "")]),
        (b"a, ,  b \r\n", [("a", None, "  b ")]),
        (b'"a""b","c,d"\r\n"e\r\nf"\r\n', [('a"b', "c,d"), ("e\r\nf",)]),
        (b'""""\r\n', [('"',)]),
        ("é,\u2028,\ufeff\r\n".encode(), [("é", "\u2028", "\ufeff")]),
    ],
)
def test_lines_keep_what_the_csv_module_loses(content: bytes, cells: list[tuple[str | None, ...]]) -> None:
    assert [line.cells for line in lines_of(content)] == cells


@pytest.mark.parametrize("cells", [("a", None), ("", "b"), ('"', "x,y", "p\r\nq", " r", "s ", "\t"), ("=1+1", "+1", "-1", "@x")])
def test_cells_survive_being_written(cells: tuple[str | None, ...]) -> None:
    assert [line.cells for line in lines_of(written(cells).encode())] == [cells]


def test_blanks_around_are_quoted() -> None:
    assert written((" r", "s ", "t u")) == '" r","s ",t u\r\n'


@pytest.mark.parametrize("quoted", [b"", b'""'])
def test_columns_are_bounded_with_quotation_marks_and_without(quoted: bytes) -> None:
    assert len(next(lines_of(quoted + b"," * 99 + b"\r\n")).cells) == 100
    with pytest.raises(Refusal) as caught:
        next(lines_of(quoted + b"," * 100 + b"\r\n"))
    assert caught.value.fault.code is FaultCode.TOO_COMPLEX


@pytest.mark.parametrize(("said", "pointer"), [(b"C17UAT/C17B341", "line 5, column 17 (Worker)"), (b"GRP", "line 5, column 9 (ProjectType)")])
def test_what_is_mandatory_cannot_be_stated_as_empty(said: bytes, pointer: str) -> None:
    wrong = _ADAPTER.read(_flat("plain/batch-of-three").replace(said, b'""').replace(b",Group placement,", b",,")).entries[1]
    assert isinstance(wrong, Misread)
    assert [(fault.code, fault.pointer) for fault in wrong.faults] == [(FaultCode.ELEMENT_MISSING, pointer)]


def test_what_only_follows_is_not_told_besides() -> None:
    """A reason that cannot be read is not missing, nor is the rejection without one."""
    (wrong,) = _ADAPTER.read(_flat("plain/ConsolidatedTransferResponse-RQ-reject").replace(b",2,501,", b",2,999,")).entries
    assert isinstance(wrong, Misread)
    assert [(fault.code, fault.pointer) for fault in wrong.faults] == [(FaultCode.CODE_UNKNOWN, "line 4, column 7 (RejectReason)")]


def test_minutes_pence_and_ids_are_summed() -> None:
    event = _messages(_read("plain/Event-ins-full"))[0]
    assert isinstance(event.payload, Event)
    assert event.payload.value == Decimal("150.00")
    many = [Message(MessageId(f"E{number}"), event.header, event.payload) for number in range(400)]
    trailer = write_batch(many, outgoing()).content.decode().splitlines()[-1]
    ids = int(event.payload.offender_id) * 400
    assert ids >= 10**12
    assert trailer == f"T,400,802,{ids % 10**12},0,{400 * 15000}"
    assert len(_ADAPTER.read(write_batch(many, outgoing()).content).entries) == 400


def test_codes_that_no_list_has_are_refused_by_place() -> None:
    payload = _messages(_read("plain/Contact-ins-full"))[0].payload
    assert isinstance(payload, Contact)
    other = payload.model_copy(update={"contact_type": payload.contact_type.model_copy(update={"code": "ZZZZ"})})
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(message(other), outgoing())
    assert (caught.value.fault.code, caught.value.fault.pointer) == (FaultCode.NOT_TRANSLATABLE, "/payload/contact_type/code")
    assert "ZZZZ" not in str(caught.value)


def test_names_of_listed_codes_are_left_out_and_told() -> None:
    payload = _messages(_read("plain/Contact-ins-full"))[0].payload
    assert isinstance(payload, Contact)
    named = payload.model_copy(update={"contact_type": payload.contact_type.model_copy(update={"description": "Office visit"})})
    document = _ADAPTER.write(message(named), outgoing())
    assert [item.pointer for item in document.left_out] == ["/payload/contact_type/description"]
    assert b"Office visit" not in document.content


def test_what_else_is_left_out_is_told() -> None:
    test = message(ConnectionNotification.model_validate({"code": 202, "test_control_data": "Run 7"}), version="0-9-9")
    lost = {item.pointer for item in _ADAPTER.write(test, outgoing(version="0-9-14")).left_out}
    assert lost == {"/payload/test_control_data", "/header/version"}
    status = message(InterchangeStatusNotification.model_validate({"status_code": 409, "messages": [{"reference": 1, "status_code": 409}]}))
    assert [item.pointer for item in _ADAPTER.write(status, outgoing(answers="1")).left_out] == ["/payload/messages"]


def test_a_delete_goes_out_in_the_agreed_form() -> None:
    whole = _messages(_read("plain/Contact-upd-min"))[0]
    delete = message(whole.payload, action=Action.DELETE)
    full, short = _ADAPTER.write(delete, outgoing()), _ADAPTER.write(delete, outgoing(reduced_deletes=True))
    assert not full.left_out
    assert taken(_ADAPTER.read(full.content).entries[0]) == whole.payload
    key = taken(_ADAPTER.read(short.content).entries[0])
    assert isinstance(key, Deletion)
    assert isinstance(whole.payload, Contact)
    assert (key.crn, key.record_id, key.version) == (whole.payload.crn, whole.payload.contact_id, whole.payload.version)
    lost = {item.pointer for item in short.left_out}
    assert {"/payload/offender_id", "/payload/contact_type/code", "/payload/responsible/officer/code"} <= lost
    assert not {"/payload/contact_id", "/payload/outcome/code", "/payload/version/version"} & lost
    assert len(short.content.splitlines()) == 4


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_every_record_can_be_deleted_by_key(kind: str) -> None:
    key = Deletion.model_validate({"crn": "X123456", "version": {"updated_by": "Quill,Marlow"}, "record_id": "7"})
    made = message(key, type=kind)
    (entry,) = _ADAPTER.read(_ADAPTER.write(made, outgoing(reduced_deletes=True)).content).entries
    assert (taken(entry), isinstance(entry, Entry) and entry.header.type) == (key, kind)
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(made, outgoing())
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE


def _of_type(made: Message, kind: str) -> Message:
    return replace(made, header=replace(made.header, type=kind))


@pytest.mark.parametrize(
    ("made", "facts"),
    [
        (message(ConnectionNotification(), action=Action.INSERT), {}),
        (_of_type(message(ConnectionNotification()), "Unheard"), {}),
        (message(ConnectionNotification()), {"version": "7"}),
        (message(InterchangeStatusNotification(status_code=202)), {}),
        (message(Deletion.model_validate({"crn": "X123456", "version": {"updated_by": "Q"}, "record_id": "7"}), type="OFFLOCRequest"), {}),
    ],
)
def test_what_a_flat_file_cannot_say_is_refused(made: Message, facts: dict[str, object]) -> None:
    with pytest.raises(Refusal) as caught:
        _ADAPTER.write(made, outgoing(**{"reduced_deletes": True, **facts}))
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE


def test_one_header_speaks_for_all_messages() -> None:
    test, live = (message(ConnectionNotification(), test=flag) for flag in (True, False))
    with pytest.raises(Refusal) as caught:
        write_batch([test, live], outgoing())
    assert caught.value.fault.code is FaultCode.NOT_TRANSLATABLE
    assert len(_ADAPTER.read(write_batch([test, test], outgoing()).content).entries) == 2


def test_clocks_that_are_put_back_do_not_lose_an_hour() -> None:
    """The header's time is UTC: local time would come twice in the last night of October."""
    for hour in (0, 1):
        prepared = datetime.datetime(2020, 10, 25, hour, 30, tzinfo=datetime.UTC)
        assert _ADAPTER.read(_ADAPTER.write(message(ConnectionNotification()), outgoing(prepared_at=prepared)).content).prepared_at == prepared


def test_lists_are_total_over_our_closed_codes_and_reversible() -> None:
    assert set(TRANSFER_KINDS.own) == set(TransferKind)
    assert set(TRANSFER_STATUSES.own) == set(TransferStatus)
    assert set(ACTIONS.values()) == set(Action)
    for table in CODE_TABLES:
        assert {table.canonical[own]: own for own in table.canonical} == dict(table.own)
        assert not set(table.own) & set(table.canonical), "a code that means another on the other side invites mistakes"


def test_deletion_key_is_the_fifth_column() -> None:
    for kind, name in KEYS.items():
        assert SHAPES[kind].record.columns[4].paths == ((name,),)
        assert issubclass(CATALOGUE[kind], CaseRecord)
