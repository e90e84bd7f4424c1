"""What oversight owes: each write with its event or not at all, once where it is once; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.audit.chain import Flaw
from gateway.audit.events import AuditCode
from gateway.contract import Store
from gateway.oversight.records import Assignment, Mute, Note, OrderKind, OrderState, Reveal, Search, SignIn
from schemas.identifiers import MessageId
from tests.support.oversight import ANNE, BERT, alert, codes, deed, impossible, order, session
from tests.support.store import at, digest

M = MessageId("m-one")


def _together(store: Store, act: Callable[[int], object], times: int = 4) -> list[object]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(act, range(times)))


def test_a_session_lives_until_it_is_ended_once(store: Store) -> None:
    one = session("one")
    assert store.oversight.session(one.session) is None
    store.oversight.put_session(one, deed(AuditCode.OPERATOR_SIGNED_IN, ANNE.subject))
    assert store.oversight.session(one.session) == one
    store.oversight.touch_session(one.session, at(60))
    store.oversight.touch_session(one.session, at(30))
    assert store.oversight.session(one.session) == replace(one, seen_at=at(60))
    ended = _together(store, lambda _: store.oversight.end_session(one.session, at(90), deed(AuditCode.SESSION_ENDED, ANNE.subject)))
    assert sorted(ended) == [False, False, False, True]  # type: ignore[type-var]
    store.oversight.touch_session(one.session, at(95))
    found = store.oversight.session(one.session)
    assert (found.ended_at, found.seen_at) == (at(90), at(60))  # type: ignore[union-attr]
    assert codes(store) == [AuditCode.OPERATOR_SIGNED_IN, AuditCode.SESSION_ENDED]


def test_sessions_that_last_are_listed_newest_first(store: Store) -> None:
    assert store.oversight.sessions(at(0)) == []
    for name, made, until in (("a", 1, 900), ("b", 2, 900), ("c", 3, 50), ("d", 4, 900)):
        store.oversight.put_session(session(name, created=made, expires=until), deed(AuditCode.OPERATOR_SIGNED_IN, name))
    store.oversight.end_session(digest("d"), at(5), deed(AuditCode.SESSION_ENDED, "d"))
    assert [one.session for one in store.oversight.sessions(at(50))] == [digest("b"), digest("a")]


def test_a_sign_in_is_taken_once_in_time_and_for_its_own_kind(store: Store) -> None:
    for name in ("one", "old"):
        store.oversight.put_sign_in(SignIn(state=digest(name), kind="oidc", facts={"verifier": "v", "next": "/alerts"}, expires_at=at(60)))
    assert store.oversight.take_sign_in(digest("one"), "code", at(1)) is None
    taken = [one for one in _together(store, lambda _: store.oversight.take_sign_in(digest("one"), "oidc", at(1))) if one is not None]
    assert [one.facts for one in taken] == [{"verifier": "v", "next": "/alerts"}]  # type: ignore[attr-defined]
    assert store.oversight.take_sign_in(digest("old"), "oidc", at(60)) is None
    assert store.oversight.take_sign_in(digest("old"), "oidc", at(1)) is None
    assert store.oversight.take_sign_in(digest("never"), "oidc", at(1)) is None
    assert codes(store) == []


def test_notes_and_assignments_are_kept_as_they_were_written(store: Store) -> None:
    assert (store.oversight.notes("delivery:d-one"), store.oversight.assignments(["delivery:d-one"])) == ([], {})
    later, sooner = (Note(note_id=name, about="delivery:d-one", text=f"note {name}", by=ANNE, at=at(moment)) for name, moment in (("n1", 9), ("n2", 3)))
    for note in (later, sooner, replace(sooner, note_id="n3", about="alert:x")):
        store.oversight.put_note(note, deed(AuditCode.NOTE_WRITTEN, note.about))
    assert store.oversight.notes("delivery:d-one") == [sooner, later]
    mine = Assignment(about="delivery:d-one", to=ANNE, by=ANNE, at=at(1))
    theirs = replace(mine, to=BERT, at=at(2))
    for assignment in (mine, theirs):
        store.oversight.assign(assignment, deed(AuditCode.WORK_ASSIGNED, assignment.about))
    many = [*(f"delivery:{number}" for number in range(1200)), "delivery:d-one"]
    assert store.oversight.assignments(many) == {"delivery:d-one": theirs}
    assert store.oversight.unassign("delivery:d-one", deed(AuditCode.WORK_UNASSIGNED, "delivery:d-one"))
    assert not store.oversight.unassign("delivery:d-one", deed(AuditCode.WORK_UNASSIGNED, "delivery:d-one"))
    assert codes(store) == [AuditCode.NOTE_WRITTEN] * 3 + [AuditCode.WORK_ASSIGNED] * 2 + [AuditCode.WORK_UNASSIGNED]


def test_orders_wait_once_for_a_subject_and_are_settled_once(store: Store) -> None:
    assert store.oversight.waiting_orders(10) == []
    asked = [order("o1", subject="d-a", asked=2), order("o2", subject="d-b", asked=1), order("o3", subject="C05", kind=OrderKind.TEST_MESSAGE, asked=3)]
    events = [deed(AuditCode.GROUP_DISCARD_ASKED, "group:x", count=3), *(deed(AuditCode.DISCARD_ASKED, one.subject, order=one.order_id) for one in asked)]
    assert store.oversight.put_orders(asked, events) == 3
    assert [one.order_id for one in store.oversight.waiting_orders(10)] == ["o2", "o1", "o3"]
    assert [one.order_id for one in store.oversight.waiting_orders(1)] == ["o2"]
    again = [order("o4", subject="d-a"), order("o5", subject="d-c", asked=9)]
    assert store.oversight.put_orders(again, [deed(AuditCode.DISCARD_ASKED, one.subject, order=one.order_id) for one in again]) == 1
    assert store.oversight.put_orders([order("o6", subject="d-a")], [deed(AuditCode.DISCARD_ASKED, "d-a"), deed(AuditCode.GROUP_DISCARD_ASKED, "g")]) == 0
    assert [record.event.facts.get("order") for record in store.queries.audit(0, 20)] == [None, "o1", "o2", "o3", "o5"]
    settled = deed(AuditCode.DELIVERY_DISCARDED, "d-a")
    assert store.oversight.settle_order("o1", OrderState.DONE, "receipted", at(20), settled)
    assert not store.oversight.settle_order("o1", OrderState.REFUSED, "too late", at(21), settled)
    assert not store.oversight.settle_order("o9", OrderState.DONE, "", at(21), settled)
    with pytest.raises(ValueError, match="settled"):
        store.oversight.settle_order("o2", OrderState.WAITING, "", at(21), settled)
    (done,) = store.oversight.orders_about(["d-a"])
    assert done == replace(asked[0], state=OrderState.DONE, done_at=at(20), outcome="receipted")
    assert store.oversight.put_orders([order("o7", subject="d-a", asked=30)], [deed(AuditCode.DISCARD_ASKED, "d-a")]) == 1
    assert [one.order_id for one in store.oversight.orders_about(["d-a", "d-b", "C05", "x"])] == ["o2", "o1", "o3", "o7"]
    assert [one.order_id for one in store.oversight.orders_about(["d-a", "C05"], OrderKind.TEST_MESSAGE)] == ["o3"]
    assert codes(store).count(AuditCode.DELIVERY_DISCARDED) == 1


def test_two_people_who_order_the_same_at_once_order_it_once(store: Store) -> None:
    written = _together(
        store, lambda place: store.oversight.put_orders([order(f"o{place}", asked=place)], [deed(AuditCode.DISCARD_ASKED, "d-one", order=f"o{place}")])
    )
    assert sorted(written) == [0, 0, 0, 1]  # type: ignore[type-var]
    assert len(store.oversight.waiting_orders(10)) == 1
    assert codes(store) == [AuditCode.DISCARD_ASKED]


def test_a_field_is_revealed_to_one_session_for_one_message_for_a_while(store: Store) -> None:
    granted = [
        Reveal(session=digest("s"), message_id=M, pointer=pointer, purpose="data-quality", granted_at=at(0), expires_at=at(300)) for pointer in ("/b", "/a")
    ]
    store.oversight.put_reveals(granted, [deed(AuditCode.FIELD_REVEALED, M, field=one.pointer) for one in granted])
    assert store.oversight.reveals(digest("s"), M, at(299)) == granted[::-1]
    assert store.oversight.reveals(digest("s"), M, at(300)) == []
    assert store.oversight.reveals(digest("t"), M, at(1)) == []
    assert store.oversight.reveals(digest("s"), MessageId("m-two"), at(1)) == []
    longer = replace(granted[0], purpose="complaint", granted_at=at(200), expires_at=at(500))
    store.oversight.put_reveals([longer], [deed(AuditCode.FIELD_REVEALED, M, field="/b")])
    assert store.oversight.reveals(digest("s"), M, at(400)) == [longer]
    assert codes(store) == [AuditCode.FIELD_REVEALED] * 3


def test_a_search_is_found_again_by_its_id_until_its_time(store: Store) -> None:
    made = Search(search_id="x1", by=ANNE, wanted={"case_lookup": "ab12", "type": "Event"}, made_at=at(0), expires_at=at(60))
    store.oversight.put_search(made, deed(AuditCode.SEARCH_MADE, "x1"))
    assert store.oversight.search("x1", at(59)) == made
    assert (store.oversight.search("x1", at(60)), store.oversight.search("x2", at(1))) == (None, None)


def test_what_ended_is_forgotten_a_day_later_and_not_before(store: Store) -> None:
    store.oversight.put_session(session("ended", expires=99_999_999), deed(AuditCode.OPERATOR_SIGNED_IN, "a"))
    store.oversight.end_session(digest("ended"), at(10), deed(AuditCode.SESSION_ENDED, "a"))
    store.oversight.put_session(session("expired", expires=10), deed(AuditCode.OPERATOR_SIGNED_IN, "b"))
    store.oversight.put_session(session("lasting", expires=99_999_999), deed(AuditCode.OPERATOR_SIGNED_IN, "c"))
    store.oversight.put_sign_in(SignIn(state=digest("i"), kind="oidc", facts={}, expires_at=at(10)))
    reveal = Reveal(session=digest("s"), message_id=M, pointer="/a", purpose="p", granted_at=at(0), expires_at=at(10))
    store.oversight.put_reveals([reveal], [deed(AuditCode.FIELD_REVEALED, M)])
    store.oversight.put_search(Search(search_id="x", by=ANNE, wanted={}, made_at=at(0), expires_at=at(10)), deed(AuditCode.SEARCH_MADE, "x"))
    day = timedelta(days=1).total_seconds()
    assert store.oversight.forget(at(10 + day)) == 0
    assert store.oversight.forget(at(11 + day)) == 5
    assert (store.oversight.session(digest("ended")), store.oversight.session(digest("expired"))) == (None, None)
    assert store.oversight.session(digest("lasting")) is not None


def test_a_look_is_in_the_chain_and_nowhere_else(store: Store) -> None:
    store.oversight.note_look([deed(AuditCode.MESSAGE_VIEWED, M), deed(AuditCode.AUDIT_SEARCHED, "audit")])
    assert codes(store) == [AuditCode.MESSAGE_VIEWED, AuditCode.AUDIT_SEARCHED]
    with pytest.raises(ValueError, match="without an audit event"):
        store.oversight.note_look([])
    assert store.verify(lambda _: None).ok


WRITES: tuple[tuple[str, Callable[[Store], object]], ...] = (
    ("session", lambda store: store.oversight.put_session(session("x"), impossible(AuditCode.OPERATOR_SIGNED_IN, "x"))),
    ("end", lambda store: store.oversight.end_session(digest("kept"), at(9), impossible(AuditCode.SESSION_ENDED, "x"))),
    ("alert", lambda store: store.oversight.put_alert(alert("x"), impossible(AuditCode.ALERT_RAISED, "x"))),
    ("mute", lambda store: store.oversight.put_mute(_mute("x"), impossible(AuditCode.ALERT_MUTED, "x"))),
    ("unmute", lambda store: store.oversight.end_mute("kept", "C05", impossible(AuditCode.ALERT_UNMUTED, "x"))),
    ("note", lambda store: store.oversight.put_note(Note(note_id="x", about="x", text="t", by=ANNE, at=at(1)), impossible(AuditCode.NOTE_WRITTEN, "x"))),
    ("assign", lambda store: store.oversight.assign(Assignment(about="x", to=ANNE, by=ANNE, at=at(1)), impossible(AuditCode.WORK_ASSIGNED, "x"))),
    ("unassign", lambda store: store.oversight.unassign("kept", impossible(AuditCode.WORK_UNASSIGNED, "x"))),
    ("orders", lambda store: store.oversight.put_orders([order("x", subject="x")], [impossible(AuditCode.DISCARD_ASKED, "x")])),
    ("settle", lambda store: store.oversight.settle_order("kept", OrderState.DONE, "", at(9), impossible(AuditCode.DELIVERY_DISCARDED, "x"))),
    (
        "reveal",
        lambda store: store.oversight.put_reveals(
            [Reveal(session=digest("x"), message_id=M, pointer="/a", purpose="p", granted_at=at(0), expires_at=at(9))],
            [impossible(AuditCode.FIELD_REVEALED, "x")],
        ),
    ),
    (
        "search",
        lambda store: store.oversight.put_search(
            Search(search_id="x", by=ANNE, wanted={}, made_at=at(0), expires_at=at(9)), impossible(AuditCode.SEARCH_MADE, "x")
        ),
    ),
)


def _mute(rule: str) -> Mute:
    return Mute(rule=rule, subject="C05", until=at(900), reason="known", by=ANNE)


def _everything(store: Store) -> list[object]:
    kept = store.oversight
    return [
        kept.session(digest("x")),
        kept.session(digest("kept")),
        kept.alert("x"),
        kept.mutes(at(0)),
        kept.notes("x"),
        kept.assignments(["x", "kept"]),
        kept.waiting_orders(10),
        kept.reveals(digest("x"), M, at(1)),
        kept.search("x", at(1)),
        codes(store),
    ]


def test_what_cannot_be_put_on_record_does_not_happen(store: Store) -> None:
    store.oversight.put_session(session("kept"), deed(AuditCode.OPERATOR_SIGNED_IN, "kept"))
    store.oversight.put_mute(_mute("kept"), deed(AuditCode.ALERT_MUTED, "kept"))
    store.oversight.assign(Assignment(about="kept", to=ANNE, by=ANNE, at=at(1)), deed(AuditCode.WORK_ASSIGNED, "kept"))
    store.oversight.put_orders([order("kept", subject="kept")], [deed(AuditCode.DISCARD_ASKED, "kept")])
    before = _everything(store)
    for name, write in WRITES:
        with pytest.raises(TypeError):
            write(store)
        assert _everything(store) == before, name


def test_a_deed_that_was_hidden_from_the_search_shows_in_the_check(store: Store) -> None:
    store.oversight.note_look([deed(AuditCode.MESSAGE_VIEWED, M), deed(AuditCode.AUDIT_SEARCHED, "audit")])
    assert store.verify(lambda _: None).ok
    with store.oversight._database.writing() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("UPDATE audit_records SET person = 'op-bert' WHERE sequence = 2")
    assert [(finding.flaw, finding.sequence) for finding in store.verify(lambda _: None).findings] == [(Flaw.ALTERED, 2)]
