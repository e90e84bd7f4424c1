"""What the reads owe: lanes, what is due, the shelf, queues, receipts by cursor, the search in pages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.audit.events import AuditCode
from gateway.changes import Changes
from gateway.contract import MessageFilter, Store
from gateway.records import Delivery, DeliveryKind, DeliveryState
from schemas.identifiers import DeliveryId, MessageId, OrganisationId, PartyCode, SubmissionId
from tests.support.store import accepted, at, delivery, event, message, receipt

C05, C06 = PartyCode("C05"), PartyCode("C06")
OPEN = frozenset({DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.SET_ASIDE})


def _place(store: Store, *placed: Delivery) -> None:
    """Commit these deliveries as they are, in this order."""
    changes = [Changes(new_deliveries=(item,), events=(event(AuditCode.MESSAGE_ACCEPTED, item.delivery_id),)) for item in placed]
    assert store.unit_of_work.commit(changes).stale == frozenset()


def _ids(found: object) -> list[str]:
    return [item.delivery_id for item in found]  # type: ignore[attr-defined]


def test_lanes_answer_with_the_first_of_each(store: Store) -> None:
    _place(
        store,
        delivery("a1", lane="A", state=DeliveryState.DELIVERED),
        delivery("a2", lane="A"),
        delivery("b1", lane="B", state=DeliveryState.RETRYING),
        delivery("a3", lane="A", state=DeliveryState.SET_ASIDE),
        delivery("a4", lane="A"),
        delivery("x1", lane="A", recipient="C06"),
        delivery("c1", lane="C", state=DeliveryState.APPLIED),
    )
    found = store.queries.lanes(C05, ["A", "B", "C", "nowhere"], OPEN, 2)
    assert {lane: _ids(items) for lane, items in found.items()} == {"A": ["d-a2", "d-a3"], "B": ["d-b1"]}
    every = store.queries.lanes(C05, ["A"], frozenset(DeliveryState), 10)
    assert _ids(every["A"]) == ["d-a1", "d-a2", "d-a3", "d-a4"]
    assert store.queries.lanes(C05, [], OPEN, 2) == {}
    many = store.queries.lanes(C05, [f"L{number}" for number in range(1200)] + ["B"], OPEN, 1)
    assert list(many) == ["B"]


def test_due_is_the_head_of_its_lane_whose_time_has_come(store: Store) -> None:
    _place(
        store,
        delivery("late", lane="A", due=10),
        delivery("behind", lane="A", due=1),
        delivery("soon", lane="B", due=50),
        delivery("other-party", lane="A", recipient="C06", due=30, state=DeliveryState.RETRYING),
        delivery("sent", lane="C", due=5, state=DeliveryState.HANDED_OVER),
        delivery("after-sent", lane="C", due=20),
        delivery("stuck", lane="D", due=1, state=DeliveryState.SET_ASIDE),
        delivery("behind-stuck", lane="D", due=1),
        delivery("done", lane="E", due=1, state=DeliveryState.APPLIED),
        delivery("after-done", lane="E", due=40),
        delivery("no-time", lane="F"),
    )
    assert _ids(store.queries.due(at(40), 10)) == ["d-sent", "d-late", "d-after-sent", "d-other-party", "d-after-done"]
    assert _ids(store.queries.due(at(40), 2)) == ["d-sent", "d-late"]
    assert _ids(store.queries.due(at(4), 10)) == []


def test_the_shelf_shows_what_waits_in_order_and_nothing_behind_what_is_stuck(store: Store) -> None:
    _place(
        store,
        delivery("a1", lane="A"),
        delivery("b1", lane="B", state=DeliveryState.SET_ASIDE),
        delivery("b2", lane="B"),
        delivery("a2", lane="A"),
        delivery("x1", lane="A", recipient="C06"),
        delivery("y1", lane="A", recipient="C07"),
        delivery("c1", lane="C", state=DeliveryState.RETRYING),
        delivery("d1", lane="D", state=DeliveryState.DELIVERED),
        delivery("d2", lane="D"),
    )
    found = store.queries.shelf([C05, C06], 0, 10)
    assert _ids(found) == ["d-a1", "d-a2", "d-x1", "d-d2"]
    assert _ids(store.queries.shelf([C05, C06], 0, 2)) == ["d-a1", "d-a2"]
    assert _ids(store.queries.shelf([C05, C06], found[1].sequence, 10)) == ["d-x1", "d-d2"]
    assert store.queries.shelf([], 0, 10) == []


def test_deliveries_of_messages_and_submissions_leave_notices_out(store: Store) -> None:
    notice = replace(delivery("n1"), kind=DeliveryKind.NOTICE, message_id=None, submission_id=SubmissionId("s-one"))
    _place(store, replace(delivery("second", recipient="C06"), message_id=MessageId("m-one"), submission_id=SubmissionId("s-one")), notice, delivery("one"))
    assert {name: _ids(items) for name, items in store.queries.deliveries_of_messages([MessageId("m-one"), MessageId("none")]).items()} == {
        "m-one": ["d-second", "d-one"]
    }
    assert {name: _ids(items) for name, items in store.queries.deliveries_of_submissions([SubmissionId("s-one")]).items()} == {"s-one": ["d-second", "d-one"]}
    assert store.queries.deliveries([DeliveryId("d-n1")])[DeliveryId("d-n1")].message_id is None


def test_queues_count_what_is_unfinished(store: Store) -> None:
    _place(
        store,
        replace(delivery("a"), created_at=at(9)),
        replace(delivery("b"), created_at=at(5), state=DeliveryState.HANDED_OVER),
        delivery("c", state=DeliveryState.APPLIED),
        replace(delivery("d", recipient="C06"), created_at=at(7)),
        replace(delivery("e"), created_at=at(8)),
        delivery("f", recipient="C07", state=DeliveryState.DISCARDED),
    )
    found = {figures.recipient: figures for figures in store.queries.queues()}
    assert set(found) == {"C05", "C06"}
    assert found[C05].counts == {DeliveryState.WAITING: 2, DeliveryState.HANDED_OVER: 1}
    assert (found[C05].oldest_unfinished, found[C06].oldest_unfinished) == (at(5), at(7))


def test_receipts_are_collected_by_cursor(store: Store) -> None:
    store.unit_of_work.commit([accepted("one"), accepted("two")])
    theirs = receipt("one", stage="delivered", organisation="crc")
    later = receipt("one", stage="applied")
    store.unit_of_work.commit([Changes(receipts=(theirs, later), events=(event(AuditCode.RECEIPT_ISSUED, "m-one"),))])
    ours = store.queries.receipts_for(OrganisationId("ndelius"), 0, 10)
    assert [record.digest for _, record in ours] == [receipt("one").digest, receipt("two").digest, later.digest]
    assert store.queries.receipts_for(OrganisationId("ndelius"), ours[0][0], 1) == [ours[1]]
    assert store.queries.receipts_for(OrganisationId("ndelius"), ours[2][0], 10) == []
    assert [record.stage for record in store.queries.receipts_of_submission(SubmissionId("s-one"))] == ["accepted", "delivered", "applied"]


def test_the_search_pages_newest_first(store: Store) -> None:
    made = [replace(message(f"{number:02}", seconds=number // 3), type="Contact" if number % 2 else "Address") for number in range(20)]
    changes = [Changes(messages=(item,), events=(event(AuditCode.MESSAGE_ACCEPTED, item.message_id),)) for item in made]
    store.unit_of_work.commit(changes)
    newest = sorted(made, key=lambda item: (item.accepted_at, item.message_id), reverse=True)
    seen, after = [], None
    while page := store.queries.find(MessageFilter(), 6, after):
        seen += page
        after = page[-1].message_id
    assert seen == newest
    contacts = [item for item in newest if item.type == "Contact"]
    assert list(store.queries.find(MessageFilter(type="Contact"), 100)) == contacts
    assert list(store.queries.find(MessageFilter(type="Contact"), 100, contacts[3].message_id)) == contacts[4:]
    assert list(store.queries.find(MessageFilter(), 10, MessageId("nobody"))) == []


def test_the_search_knows_every_part_of_a_filter(store: Store) -> None:
    store.unit_of_work.commit([accepted("one", recipient="C05"), accepted("two", recipient="C06")])
    stored = store.queries.messages([MessageId("m-one")])[MessageId("m-one")]
    parts = MessageFilter(
        message_id="m-one",
        sender_message_id="their-one",
        control_reference="one",
        case_lookup=stored.case_lookup,
        party="C05",
        type="Contact",
        state=DeliveryState.WAITING,
        after=at(0),
        before=at(0) + timedelta(microseconds=1),
    )
    assert list(store.queries.find(parts, 10)) == [stored]
    wrong = {"message_id": "m-two", "sender_message_id": "their-two", "control_reference": "two", "case_lookup": "0", "party": "C06", "type": "Address"}
    for name, value in wrong.items():
        assert list(store.queries.find(replace(parts, **{name: value}), 10)) == [], name
        assert store.queries.find(MessageFilter(**{name: value}), 10) == store.queries.find(replace(MessageFilter(), **{name: value}), 10)
    for other in (
        replace(parts, state=DeliveryState.APPLIED),
        replace(parts, state=DeliveryState.REFUSED),
        replace(parts, after=at(1)),
        replace(parts, before=at(0)),
    ):
        assert list(store.queries.find(other, 10)) == []
    assert [item.message_id for item in store.queries.find(MessageFilter(party="N00"), 10)] == ["m-two", "m-one"]
    assert [item.message_id for item in store.queries.find(MessageFilter(party="C06"), 10)] == ["m-two"]


@pytest.mark.parametrize("state", list(DeliveryState))
def test_the_search_finds_every_state(store: Store, state: DeliveryState) -> None:
    store.unit_of_work.commit([replace(accepted("one"), new_deliveries=(delivery("one", state=state),))])
    assert [item.message_id for item in store.queries.find(MessageFilter(state=state), 10)] == ["m-one"]
    others = [other for other in DeliveryState if other is not state]
    assert all(not store.queries.find(MessageFilter(state=other), 10) for other in others)


def test_audit_reads_in_order_and_about_subjects(store: Store) -> None:
    store.unit_of_work.commit([accepted("one"), accepted("two")])
    assert [record.sequence for record in store.queries.audit(2, 3)] == [3, 4, 5]
    about = store.queries.audit_about(["s-two", "m-one"])
    assert [(record.sequence, record.event.subject) for record in about] == [(2, "m-one"), (4, "s-two"), (6, "s-two")]
    assert [record.sequence for record in store.queries.audit_about(["s-two", "m-one"], 2)] == [2, 4]
