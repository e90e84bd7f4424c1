"""The tally: every record of the chain is counted exactly once, whatever ends in between; on both databases."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.contract import Store
from gateway.oversight.views import Measure
from gateway.records import Verdict
from gateway.store import oversight_tally
from gateway.store.opening import SqlStore
from schemas.identifiers import PartyCode
from tests.support.oversight import happened, occurred
from tests.support.store import accepted, at, submission

HOUR = timedelta(hours=1)
WHOLE = (at(0) - 30 * 24 * HOUR, at(0) + 24 * HOUR)
Counts = Counter[tuple[int, str, str]]


def _counts(store: Store) -> Counts:
    """By hours after the test's first one, party and measure."""
    first = at(0).replace(minute=0, second=0, microsecond=0)
    return Counter({((one.hour - first) // HOUR, one.party, one.measure.value): one.count for one in store.watch.tallies(*WHOLE)})


def _all(store: Store, limit: int = 1000) -> int:
    counted = 0
    while page := store.oversight.tally(limit):
        counted += page
    return counted


def _story() -> list[AuditEvent]:
    """A day with everything in it."""
    code = AuditCode
    return [
        occurred(code.SUBMISSION_ACCEPTED, "s-1", 0, sender="N00", messages=3),
        occurred(code.SUBMISSION_ACCEPTED, "s-2", 10, sender="N00", messages=2, refused=1),
        occurred(code.MESSAGE_REFUSED, "s-2", 10, fault="structure-invalid"),
        occurred(code.SUBMISSION_REFUSED, "s-3", 20, organisation="crc-thames", sender="C05", fault="structure-invalid"),
        occurred(code.SUBMISSION_REFUSED, "s-4", 20, organisation="crc-thames", fault="signature-invalid"),
        occurred(code.SUBMISSION_DUPLICATE, "s-1", 30, organisation="ndelius", sender="N00"),
        occurred(code.MESSAGE_ACCEPTED, "m-1", 0, recipients="C05"),
        occurred(code.DELIVERY_PREPARED, "d-1", 40, recipient="C05"),
        occurred(code.DELIVERY_DELAYED, "d-1", 50, recipient="C05", fault="recipient-unreachable"),
        occurred(code.DELIVERY_DELAYED, "d-1", 55, recipient="C05", breaker="open"),
        occurred(code.DELIVERY_SET_ASIDE, "d-1", 60, recipient="C05"),
        occurred(code.DELIVERY_RETRIED, "d-1", 3700, recipient="C05", by="op-anne"),
        occurred(code.DELIVERY_RETRIED, "d-2", 3700, recipient="C05", mode="shelf"),
        occurred(code.DELIVERY_HANDED_OVER, "d-1", 3701, recipient="C05"),
        occurred(code.DELIVERY_DELIVERED, "d-1", 3702, recipient="C05"),
        occurred(code.DELIVERY_APPLIED, "d-1", 3703, recipient="C05", before="delivered"),
        occurred(code.DELIVERY_NOT_APPLIED, "d-3", 3704, recipient="C06", before="handed-over"),
        occurred(code.DELIVERY_REFUSED, "d-4", 3705, recipient="C06"),
        occurred(code.DELIVERY_DISCARDED, "d-4", 3706, recipient="C06", by="op-anne"),
        occurred(code.DELIVERY_DELAYED, "d-5", 3707, recipient="C06"),
        occurred(code.NOTICE_SENT, "d-6", 3708, recipient="N00"),
    ]


EXPECTED = {
    (0, "N00", "accepted"): 5,
    (0, "N00", "refused"): 1,
    (0, "C05", "refused"): 1,
    (0, "", "refused"): 1,
    (0, "N00", "duplicate"): 1,
    (0, "C05", "delayed"): 1,
    (0, "C05", "set-aside"): 1,
    (1, "C05", "retried"): 1,
    (1, "C05", "handed-over"): 1,
    (1, "C05", "delivered"): 1,
    (1, "C05", "reached"): 1,  # of an older record, which does not say what was before
    (1, "C06", "reached"): 1,
    (1, "C05", "applied"): 1,
    (1, "C06", "not-applied"): 1,
    (1, "C06", "rejected"): 1,
    (1, "C06", "discarded"): 1,
    (1, "C06", "delayed"): 1,
}


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_a_mixed_story_is_counted_exactly(store: Store, limit: int) -> None:
    assert store.oversight.tally(limit) == 0
    happened(store, *_story())
    assert _all(store, limit) == len(_story())
    assert _counts(store) == EXPECTED
    assert _all(store, limit) == 0
    assert _counts(store) == EXPECTED
    assert {measure for _, _, measure in EXPECTED} == {measure.value for measure in Measure}


def test_parties_are_heard_and_reached_whatever_the_pages(store: Store) -> None:
    happened(store, *_story())
    _all(store, 4)
    activity = store.watch.activity([PartyCode(code) for code in ("N00", "C05", "C06", "C07")])
    found = {party: (one.last_accepted_at, one.last_delivered_at, one.last_failed_at, one.failures_since_success) for party, one in activity.items()}
    assert found == {
        "N00": (at(10), None, None, 0),
        "C05": (None, at(3703), at(60), 0),
        "C06": (None, at(3704), at(3707), 1),
    }
    happened(store, *(occurred(AuditCode.DELIVERY_DELAYED, "d-5", 4000 + number, recipient="C06") for number in range(3)))
    _all(store)
    assert store.watch.activity([PartyCode("C06")])[PartyCode("C06")].failures_since_success == 4


def test_tallies_are_read_by_hour_and_party(store: Store) -> None:
    happened(store, *_story())
    _all(store)
    one_hour = store.watch.tallies(at(3600), at(3600), PartyCode("C06"))
    assert [(one.party, one.measure.value, one.count) for one in one_hour] == [
        ("C06", "delayed", 1),
        ("C06", "discarded", 1),
        ("C06", "not-applied", 1),
        ("C06", "reached", 1),
        ("C06", "rejected", 1),
    ]
    assert {one.hour for one in store.watch.tallies(at(1800), at(3600))} == {at(0).replace(minute=0, second=0, microsecond=0) + n * HOUR for n in (0, 1)}
    assert store.watch.tallies(at(7300), at(9000)) == []


def test_older_records_of_submissions_are_counted_for_whom_their_row_names(store: Store) -> None:
    old = submission("old", verdict=Verdict.REFUSED)
    store.unit_of_work.commit(
        [
            accepted("one"),
            Changes(submission=old, events=(occurred(AuditCode.SUBMISSION_REFUSED, old.submission_id, 5, organisation="ndelius"),)),
            Changes(events=(occurred(AuditCode.SUBMISSION_DUPLICATE, "s-one", 6, organisation="ndelius"),)),
        ]
    )
    _all(store)
    assert _counts(store) == {(0, "N00", "accepted"): 1, (0, "N00", "refused"): 1, (0, "N00", "duplicate"): 1}


def test_what_ends_between_the_cursor_and_the_counts_counts_nothing_and_then_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    happened(store, *_story())
    assert store.oversight.tally(5) == 5

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(oversight_tally, "_keep_activity", dies)
        with pytest.raises(KeyboardInterrupt):
            store.oversight.tally(1000)
    assert sum(_counts(store).values()) == 8
    assert _all(store) == len(_story()) - 5
    assert _counts(store) == EXPECTED


def test_several_that_count_at_once_count_once(store: Store) -> None:
    happened(store, *_story())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [store.oversight.tally(3) for _ in range(20)], range(4)))
    _all(store)
    assert _counts(store) == EXPECTED


def test_events_that_come_meanwhile_are_counted_too(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [happened(store, *_story()) for _ in range(5)])
        while not writing.done():
            store.oversight.tally(10)
        writing.result()
    _all(store)
    assert _counts(store) == {key: 5 * count for key, count in EXPECTED.items()}


def test_counting_asks_nothing_of_the_head_for_which_writers_wait(store: Store) -> None:
    assert isinstance(store, SqlStore)
    happened(store, *_story())
    writer, sent = store.watch._database._writer, list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(writer, "before_cursor_execute", note)
    _all(store)
    event.remove(writer, "before_cursor_execute", note)
    assert any("INSERT INTO tallies" in statement for statement in sent)
    assert [statement for statement in sent if "audit_head" in statement or "audit_records" in statement] == []
