"""What watching owes: queues, dead letters, receipts, attempts; on both databases."""

from dataclasses import replace

import pytest

from gateway.audit.events import AuditCode
from gateway.changes import Changes
from gateway.contract import Store
from gateway.oversight.records import Assignment
from gateway.oversight.views import LetterFilter, LetterRow, ReceiptRow, ReceiptStanding, ReceiptTerms
from gateway.records import DeliveryKind, DeliveryState
from schemas.identifiers import PartyCode
from tests.support.oversight import ANNE, BERT, deed, head, leg, place
from tests.support.store import accepted, at, attempt, event

S = DeliveryState
C05, C06, C07 = PartyCode("C05"), PartyCode("C06"), PartyCode("C07")
ALL = LetterFilter()


def _names(rows: list[LetterRow] | list[ReceiptRow] | object) -> list[str]:
    return [row.delivery.delivery_id.removeprefix("d-") for row in rows]  # type: ignore[attr-defined]


def test_an_empty_store_shows_nothing(store: Store) -> None:
    watch, terms = store.watch, _terms(C05)
    assert watch.queues() == []
    assert watch.queue_items(C05, frozenset(S), 0, 10) == []
    assert watch.letter_groups() == []
    assert (watch.letters(ALL, 0, 10), watch.letter_ids(ALL, 10), watch.count_letters(ALL)) == ([], [], 0)
    assert watch.receipts(ReceiptStanding.EXPECTED, [terms], 0, 10) == []
    assert [(found.expected, found.late, found.negative, found.oldest_expected_at) for found in watch.receipt_figures([terms])] == [(0, 0, 0, None)]
    assert watch.receipt_figures([]) == []
    assert watch.attempts(C05, 10) == []
    assert watch.activity([C05]) == {}
    assert watch.tallies(at(0), at(9000)) == []


def test_queues_count_what_is_unfinished_and_refused(store: Store) -> None:
    place(
        store,
        leg("a", S.WAITING, seconds=9),
        leg("b", S.HANDED_OVER, seconds=5),
        leg("c", S.RETRYING, seconds=7, due=90),
        leg("d", S.RETRYING, seconds=8, due=70),
        leg("e", S.SET_ASIDE, seconds=1),
        leg("f", S.REFUSED, seconds=2),
        leg("g", S.APPLIED, seconds=0),
        leg("h", S.REFUSED, recipient="C06"),
        leg("i", S.NOT_APPLIED, recipient="C07"),
    )
    one, two = store.watch.queues()
    assert (one.recipient, two.recipient) == (C05, C06)
    assert one.counts == {S.WAITING: 1, S.HANDED_OVER: 1, S.RETRYING: 2, S.SET_ASIDE: 1, S.REFUSED: 1}
    assert (one.oldest_at, one.next_attempt_at) == (at(5), at(70))
    assert (two.counts, two.oldest_at, two.next_attempt_at) == ({S.REFUSED: 1}, None, None)


def test_items_of_a_queue_come_in_order_from_every_index_in_pages(store: Store) -> None:
    place(
        store,
        head("a", type="Event"),
        leg("a", S.REFUSED),
        leg("b", S.WAITING),
        leg("x", S.WAITING, recipient="C06"),
        leg("c", S.SET_ASIDE),
        leg("d", S.APPLIED),
        leg("e", S.WAITING),
        leg("f", S.REFUSED),
    )
    everything = frozenset(S)
    first = store.watch.queue_items(C05, everything, 0, 3)
    assert _names(first) == ["a", "b", "c"]
    assert _names(store.watch.queue_items(C05, everything, first[-1].delivery.sequence, 3)) == ["e", "f"]
    assert _names(store.watch.queue_items(C05, frozenset({S.WAITING}), 0, 10)) == ["b", "e"]
    assert _names(store.watch.queue_items(C05, frozenset({S.REFUSED}), 0, 10)) == ["a", "f"]
    assert store.watch.queue_items(C05, frozenset({S.APPLIED}), 0, 10) == []
    assert (first[0].type, first[0].control_reference, first[1].type) == ("Event", "a", "")


def test_a_list_shows_no_document_and_the_submission_s_reference_of_a_notice(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    stored = leg("n", S.WAITING)
    place(store, replace(stored, kind=DeliveryKind.NOTICE, message_id=None, submission_id=accepted("one").submission.submission_id))  # type: ignore[union-attr]
    rows = {row.delivery.delivery_id: row for row in store.watch.queue_items(C05, frozenset({S.WAITING}), 0, 10)}
    assert {row.delivery.document for row in rows.values()} == {None}
    assert (rows["d-one"].type, rows["d-one"].control_reference) == ("Contact", "one")  # type: ignore[index]
    assert (rows["d-n"].type, rows["d-n"].control_reference) == ("", "one")  # type: ignore[index]


def _dead(store: Store) -> None:
    place(
        store,
        head("a", type="Event"),
        head("b", type="Event"),
        head("c", type="Contact"),
        leg("a", S.REFUSED, fault="value-too-long", changed=10),
        leg("b", S.REFUSED, fault="value-too-long", changed=30),
        leg("c", S.SET_ASIDE, fault="attempts-exhausted", changed=5),
        leg("d", S.SET_ASIDE, recipient="C06"),
        leg("e", S.WAITING, fault="recipient-unreachable"),
        leg("f", S.NOT_APPLIED, fault="not-here"),
    )


def test_dead_letters_are_grouped_by_cause_the_largest_first(store: Store) -> None:
    _dead(store)
    groups = store.watch.letter_groups()
    assert [(group.fault, group.recipient, group.type, group.count, group.sample) for group in groups] == [
        ("value-too-long", "C05", "Event", 2, "d-a"),
        ("attempts-exhausted", "C05", "Contact", 1, "d-c"),
        ("", "C06", "", 1, "d-d"),
    ]
    assert (groups[0].first_at, groups[0].last_at) == (at(10), at(30))


def test_dead_letters_are_listed_counted_and_named_by_any_part_of_a_filter(store: Store) -> None:
    _dead(store)
    store.oversight.assign(Assignment(about="delivery:d-b", to=BERT, by=ANNE, at=at(3)), deed(AuditCode.WORK_ASSIGNED, "delivery:d-b"))
    for wanted, expected in (
        (ALL, ["a", "b", "c", "d"]),
        (LetterFilter(fault="value-too-long"), ["a", "b"]),
        (LetterFilter(fault=""), ["d"]),
        (LetterFilter(type="Contact"), ["c"]),
        (LetterFilter(type=""), ["d"]),
        (LetterFilter(recipient=C06), ["d"]),
        (LetterFilter(assigned_to=BERT.subject), ["b"]),
        (LetterFilter(assigned_to=""), ["a", "c", "d"]),
        (LetterFilter(fault="value-too-long", recipient=C05, type="Event", assigned_to=""), ["a"]),
        (LetterFilter(recipient=C07), []),
    ):
        assert _names(store.watch.letters(wanted, 0, 10)) == expected
        assert store.watch.letter_ids(wanted, 10) == [f"d-{name}" for name in expected]
        assert store.watch.count_letters(wanted) == len(expected)
    rows = store.watch.letters(ALL, 0, 2)
    assert [row.assigned_to for row in rows] == ["", BERT.name]
    assert _names(store.watch.letters(ALL, rows[-1].delivery.sequence, 2)) == ["c", "d"]
    assert store.watch.letter_ids(ALL, 3) == ["d-a", "d-b", "d-c"]


def _terms(party: PartyCode, *, applies: bool = True, late: float = 100, since: float = 0) -> ReceiptTerms:
    return ReceiptTerms(party=party, applies=applies, late_before=at(late), negative_since=at(since))


def _awaited(store: Store) -> None:
    notice = replace(leg("n", S.HANDED_OVER), kind=DeliveryKind.NOTICE)
    place(
        store,
        head("a"),
        leg("a", S.DELIVERED, changed=50),
        leg("b", S.HANDED_OVER, changed=150),
        leg("c", S.DELIVERED, changed=99),
        leg("d", S.APPLIED),
        leg("e", S.NOT_APPLIED, seconds=10),
        leg("f", S.REFUSED, seconds=40),
        leg("g", S.SET_ASIDE, seconds=40),
        leg("h", S.WAITING),
        notice,
        leg("i", S.DELIVERED, recipient="C06", changed=20),
        leg("j", S.HANDED_OVER, recipient="C06", changed=30),
    )


def test_receipts_are_figured_by_the_terms_of_each_party(store: Store) -> None:
    _awaited(store)
    asked = [_terms(C06, applies=False, late=25), _terms(C07), _terms(C05, since=20)]
    found = [(one.party, one.expected, one.late, one.negative, one.oldest_expected_at) for one in store.watch.receipt_figures(asked)]
    assert found == [("C06", 1, 0, 0, at(30)), ("C07", 0, 0, 0, None), ("C05", 3, 2, 1, at(50))]
    assert store.watch.receipt_figures([_terms(C05, since=10)])[0].negative == 2


def test_receipts_are_listed_as_they_are_figured(store: Store) -> None:
    _awaited(store)
    terms = _terms(C05)
    first = store.watch.receipts(ReceiptStanding.EXPECTED, [terms], 0, 2)
    assert _names(first) == ["a", "b"]
    assert (first[0].type, first[0].control_reference, first[0].since) == ("Contact", "a", at(50))
    assert _names(store.watch.receipts(ReceiptStanding.EXPECTED, [terms], first[-1].delivery.sequence, 2)) == ["c"]
    assert _names(store.watch.receipts(ReceiptStanding.LATE, [terms], 0, 10)) == ["a", "c"]
    assert _names(store.watch.receipts(ReceiptStanding.NEGATIVE, [terms], 0, 10)) == ["e", "f"]
    assert _names(store.watch.receipts(ReceiptStanding.NEGATIVE, [_terms(C05, since=11)], 0, 10)) == ["f"]
    assert _names(store.watch.receipts(ReceiptStanding.EXPECTED, [_terms(C06, applies=False)], 0, 10)) == ["j"]
    with pytest.raises(ValueError, match="positive"):
        store.watch.receipts(ReceiptStanding.POSITIVE, [terms], 0, 10)


def test_attempts_of_a_party_are_the_newest_whatever_became_of_the_delivery(store: Store) -> None:
    place(store, leg("a", S.RETRYING, due=70), leg("b", S.APPLIED), leg("x", S.RETRYING, recipient="C06"), leg("c", S.REFUSED))
    tried = store.queries.deliveries(["d-a"])  # type: ignore[list-item]
    place(store, replace(leg("late", S.SET_ASIDE), attempts=1))
    assert len(tried) == 1
    rows = [attempt("b", 1, "delivered"), attempt("x", 1), attempt("c", 1, "refused"), attempt("late", 1)]
    store.unit_of_work.commit([Changes(attempts=(row,), events=(event(AuditCode.DELIVERY_DELAYED, row.delivery_id),)) for row in rows])
    found = store.watch.attempts(C05, 10)
    assert [(row.delivery_id, row.outcome, row.fault) for row in found] == [
        ("d-late", "try-later", "recipient-unreachable"),
        ("d-c", "refused", "recipient-unreachable"),
        ("d-b", "delivered", "recipient-unreachable"),
    ]
    assert [row.delivery_id for row in store.watch.attempts(C05, 1)] == ["d-late"]
    assert (found[0].at, found[0].message_id, found[0].recipient, found[0].next_attempt_at) == (at(1), "m-late", "C05", None)


def test_a_look_waits_for_no_writer(store: Store) -> None:
    _dead(store)
    taken = store.unit_of_work
    assert taken is store.unit_of_work
    with store.unit_of_work._database.writing() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("UPDATE audit_head SET sequence = sequence")
        assert len(store.watch.letters(ALL, 0, 10)) == 4
        assert len(store.watch.letter_groups()) == 3
