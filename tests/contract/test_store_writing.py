"""What the one writer owes: all or nothing, nothing stale, numbers in order of commit, every write on the chain."""

from dataclasses import replace

import pytest

from gateway.audit.chain import GENESIS, verify
from gateway.audit.events import AuditCode
from gateway.changes import Changes, Committed
from gateway.contract import Store
from gateway.records import DeliveryState, Verdict
from schemas.identifiers import DeliveryId, MessageId, SubmissionId
from tests.support.store import accepted, at, attempt, delivery, event, key, message, outbox_entry, progressed, receipt, refused, sealed, submission


def _delivery(store: Store, name: str) -> object:
    return store.queries.deliveries([DeliveryId(f"d-{name}")])[DeliveryId(f"d-{name}")]


def test_everything_written_reads_back_as_it_was(store: Store) -> None:
    changes = accepted("one", due=10)
    extra = replace(
        changes,
        messages=(*changes.messages, replace(message("second", of="one", reference=2), case_lookup=None, in_reply_to="m-x", test=True)),
        attempts=(attempt("one"), attempt("one", 2, "refused")),
    )
    assert store.unit_of_work.commit([extra]) == Committed()
    assert store.queries.submissions([SubmissionId("s-one")]) == {"s-one": changes.submission}
    assert store.queries.submissions_by_key([key("one"), key("other")]) == {key("one"): changes.submission}
    assert list(store.queries.messages_of(SubmissionId("s-one"))) == list(extra.messages)
    assert store.queries.messages([MessageId("m-second"), MessageId("nobody")]) == {"m-second": extra.messages[1]}
    assert store.queries.deliveries([DeliveryId("d-one")]) == {"d-one": replace(changes.new_deliveries[0], sequence=1)}
    assert store.queries.deliveries_by_sequence([1, 2]) == {1: replace(changes.new_deliveries[0], sequence=1)}
    assert list(store.queries.attempts(DeliveryId("d-one"))) == list(extra.attempts)
    assert list(store.queries.receipts_of_submission(SubmissionId("s-one"))) == list(changes.receipts)
    assert [record.event for record in store.queries.audit(0, 10)] == list(changes.events)
    assert list(store.outbox.pending(at(0), 10)) == [replace(entry, outbox_id=place) for place, entry in enumerate(changes.outbox, 1)]


def test_an_update_of_a_delivery_reads_back_whole(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    before = store.queries.deliveries([DeliveryId("d-one")])[DeliveryId("d-one")]
    changed = replace(
        before,
        state=DeliveryState.RETRYING,
        attempts=3,
        failures=1,
        next_attempt_at=at(77),
        document=sealed(),
        sent_digest="sha-256:" + "a" * 64,
        left_out='[{"pointer":"/a","reason":"r"}]',
        last_receipt="sha-256:" + "b" * 64,
        fault="recipient-unreachable",
        fault_detail="refused",
        updated_at=at(60),
    )
    update = Changes(deliveries=(changed,), events=(event(AuditCode.DELIVERY_DELAYED, "d-one", state="retrying"),))
    assert store.unit_of_work.commit([update]).stale == frozenset()
    assert _delivery(store, "one") == replace(changed, version=2)
    later = replace(changed, version=2, state=DeliveryState.DELIVERED, document=None, next_attempt_at=None)
    store.unit_of_work.commit([Changes(deliveries=(later,), events=(event(AuditCode.DELIVERY_DELIVERED, "d-one", state="delivered"),))])
    assert _delivery(store, "one") == replace(later, version=3)


def test_a_change_without_an_event_is_a_bug(store: Store) -> None:
    with pytest.raises(ValueError, match="audit event"):
        store.unit_of_work.commit([replace(accepted("one"), events=())])
    assert store.queries.submissions([SubmissionId("s-one")]) == {}


def test_one_item_may_not_update_a_delivery_twice(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    stored = store.queries.deliveries([DeliveryId("d-one")])[DeliveryId("d-one")]
    with pytest.raises(ValueError, match="twice"):
        store.unit_of_work.commit([Changes(deliveries=(stored, stored), events=(event(AuditCode.DELIVERY_DELAYED, "d-one"),))])


def test_nothing_is_nothing(store: Store) -> None:
    assert store.unit_of_work.commit([]) == Committed()
    assert store.unit_of_work.commit([Changes()]) == Committed()
    assert store.checkpoints.head() == GENESIS


def test_an_event_alone_is_written(store: Store) -> None:
    store.unit_of_work.commit([Changes(events=(event(AuditCode.SUBMISSION_DUPLICATE, "s-one"),))])
    assert store.checkpoints.head().sequence == 1


def test_a_taken_key_makes_an_item_stale_and_leaves_no_trace_of_it(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    rival = replace(accepted("rival"), submission=submission("rival", reference="one"))
    assert store.unit_of_work.commit([rival, accepted("two")]).stale == {0}
    assert set(store.queries.submissions([SubmissionId("s-rival"), SubmissionId("s-two")])) == {"s-two"}
    assert store.queries.messages([MessageId("m-rival")]) == {}
    assert store.queries.audit_about(["s-rival"]) == []
    assert store.queries.submissions_by_key([key("one")])[key("one")].submission_id == "s-one"


def test_of_two_equal_keys_in_a_batch_the_later_is_stale(store: Store) -> None:
    rival = replace(accepted("rival"), submission=submission("rival", reference="one"))
    assert store.unit_of_work.commit([accepted("one"), rival]).stale == {1}
    assert set(store.queries.submissions([SubmissionId("s-one"), SubmissionId("s-rival")])) == {"s-one"}


def test_keys_are_equal_only_where_every_part_is(store: Store) -> None:
    other = replace(submission("two"), key=replace(key("one"), receiver="C06"))
    assert store.unit_of_work.commit([accepted("one"), replace(accepted("two"), submission=other)]).stale == frozenset()


def test_a_refusals_key_can_be_taken_over_on_purpose_only(store: Store) -> None:
    store.unit_of_work.commit([refused("bad", reference="ref")])
    corrected = replace(accepted("good"), submission=submission("good", reference="ref"))
    assert store.unit_of_work.commit([corrected]).stale == {0}
    assert store.unit_of_work.commit([replace(corrected, supersedes=key("ref"))]).stale == frozenset()
    assert store.queries.submissions_by_key([key("ref")])[key("ref")].submission_id == "s-good"
    assert store.queries.submissions([SubmissionId("s-bad")])[SubmissionId("s-bad")].verdict is Verdict.REFUSED


def test_an_accepted_submissions_key_is_never_taken_over(store: Store) -> None:
    store.unit_of_work.commit([replace(accepted("good"), submission=submission("good", reference="ref"))])
    thief = replace(accepted("thief"), submission=submission("thief", reference="ref"), supersedes=key("ref"))
    assert store.unit_of_work.commit([thief]).stale == {0}


def test_a_refusal_may_be_superseded_within_its_batch(store: Store) -> None:
    corrected = replace(accepted("good"), submission=submission("good", reference="ref"), supersedes=key("ref"))
    assert store.unit_of_work.commit([refused("bad", reference="ref"), corrected]).stale == frozenset()
    assert store.queries.submissions_by_key([key("ref")])[key("ref")].submission_id == "s-good"


def test_an_outdated_delivery_makes_its_item_stale_whole(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    read = store.queries.deliveries([DeliveryId("d-one")])[DeliveryId("d-one")]
    first = progressed(read, DeliveryState.HANDED_OVER, AuditCode.DELIVERY_HANDED_OVER, attempts=1)
    second = replace(
        progressed(read, DeliveryState.DISCARDED, AuditCode.DELIVERY_DISCARDED), attempts=(attempt("one"),), receipts=(receipt("one", stage="discarded"),)
    )
    assert store.unit_of_work.commit([first]).stale == frozenset()
    assert store.unit_of_work.commit([second]).stale == {0}
    assert _delivery(store, "one") == replace(first.deliveries[0], version=2)
    assert store.queries.attempts(DeliveryId("d-one")) == []
    assert len(store.queries.receipts_of_submission(SubmissionId("s-one"))) == 1


def test_the_same_delivery_twice_in_a_batch_is_stale_the_second_time(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    read = store.queries.deliveries([DeliveryId("d-one")])[DeliveryId("d-one")]
    both = [
        progressed(read, DeliveryState.HANDED_OVER, AuditCode.DELIVERY_HANDED_OVER),
        progressed(read, DeliveryState.DISCARDED, AuditCode.DELIVERY_DISCARDED),
    ]
    assert store.unit_of_work.commit(both).stale == {1}
    assert _delivery(store, "one") == replace(both[0].deliveries[0], version=2)


def test_an_update_may_follow_a_creation_in_the_same_batch(store: Store) -> None:
    made = delivery("one")
    update = progressed(replace(made, sequence=0), DeliveryState.SET_ASIDE, AuditCode.DELIVERY_SET_ASIDE, document=sealed())
    assert store.unit_of_work.commit([accepted("one"), update]).stale == frozenset()
    stored = store.queries.deliveries([DeliveryId("d-one")])[DeliveryId("d-one")]
    assert (stored.state, stored.version, stored.sequence, stored.document) == (DeliveryState.SET_ASIDE, 2, 1, update.deliveries[0].document)


def test_an_unknown_delivery_is_stale(store: Store) -> None:
    assert store.unit_of_work.commit([progressed(delivery("ghost"), DeliveryState.DELIVERED, AuditCode.DELIVERY_DELIVERED)]).stale == {0}
    assert store.checkpoints.head() == GENESIS


def test_a_stale_item_takes_the_rest_of_its_lane_with_it_and_nothing_else(store: Store) -> None:
    store.unit_of_work.commit([accepted("taken")])
    stale = replace(accepted("rival", lane="A"), submission=submission("rival", reference="taken"))
    batch = [accepted("a0", lane="A"), stale, accepted("b1", lane="B"), accepted("a2", lane="A"), accepted("free"), accepted("a3", lane="A")]
    assert store.unit_of_work.commit(batch).stale == {1, 3, 5}
    names = [SubmissionId(f"s-{name}") for name in ("a0", "rival", "b1", "a2", "free", "a3")]
    assert set(store.queries.submissions(names)) == {"s-a0", "s-b1", "s-free"}


def test_a_key_wanted_by_a_fallen_item_stays_free(store: Store) -> None:
    store.unit_of_work.commit([accepted("taken")])
    stale = replace(accepted("rival", lane="A"), submission=submission("rival", reference="taken"))
    fallen = replace(accepted("x", lane="A"), submission=submission("x", reference="wanted"))
    other = replace(accepted("y"), submission=submission("y", reference="wanted"))
    assert store.unit_of_work.commit([stale, fallen, other]).stale == {0, 1}
    assert store.queries.submissions_by_key([key("wanted")])[key("wanted")].submission_id == "s-y"


def test_a_big_batch_goes_in_whole_and_in_order(store: Store) -> None:
    store.unit_of_work.commit([accepted("n7")])
    assert store.unit_of_work.commit([accepted(f"n{number}") for number in range(1300)]).stale == {7}
    ids = [DeliveryId(f"d-n{number}") for number in range(1300)]
    stored = store.queries.deliveries(ids)
    assert len(stored) == 1300
    assert [stored[delivery_id].sequence for delivery_id in ids if delivery_id != "d-n7"] == list(range(2, 1301))
    updates = [progressed(stored[delivery_id], DeliveryState.HANDED_OVER, AuditCode.DELIVERY_HANDED_OVER) for delivery_id in ids]
    assert store.unit_of_work.commit(updates).stale == frozenset()
    assert {found.version for found in store.queries.deliveries(ids).values()} == {2}


def test_every_write_is_on_a_whole_chain(store: Store) -> None:
    for number in range(5):
        store.unit_of_work.commit([accepted(f"{number}-{item}") for item in range(3)])
    records = store.queries.audit(0, 1000)
    assert len(records) == 45
    assert verify(records, GENESIS, [store.checkpoints.head()]) == []


def test_a_surprise_is_raised_and_leaves_nothing(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    same_id = replace(accepted("other"), messages=(message("one", of="other"),))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.unit_of_work.commit([accepted("before"), same_id])
    assert store.queries.submissions([SubmissionId("s-before"), SubmissionId("s-other")]) == {}
    assert len(store.queries.audit(0, 100)) == 3
    assert store.unit_of_work.commit([accepted("after")]).stale == frozenset()


def test_outbox_numbers_go_on_after_the_outbox_was_emptied(store: Store) -> None:
    store.unit_of_work.commit([accepted("one")])
    store.outbox.published([entry.outbox_id for entry in store.outbox.pending(at(0), 10)], at(1))
    store.unit_of_work.commit([Changes(outbox=(outbox_entry("next"),), events=(event(AuditCode.DELIVERY_RETRIED, "d-one"),))])
    assert [entry.outbox_id for entry in store.outbox.pending(at(0), 10)] == [3]
