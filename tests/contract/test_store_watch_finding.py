"""The search of people and the search of auditors: every criterion, alone and together, in pages; on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.audit.events import AuditCode
from gateway.contract import Store
from gateway.oversight.views import AuditSearch, MessageSearch
from gateway.records import DeliveryKind, DeliveryState
from schemas.identifiers import MessageId, PartyCode
from tests.support.oversight import happened, head, leg, occurred, place
from tests.support.store import at, refused

S = DeliveryState
C05, C06, N00 = PartyCode("C05"), PartyCode("C06"), PartyCode("N00")
SINCE = at(-1000)


def _lived(store: Store) -> None:
    """Six messages, the oldest first: a to C05; b broadcast; c and d from C05 and C06; e twice set aside; f without a leg."""
    place(
        store,
        head("a", seconds=10, case="case-1"),
        leg("a", S.APPLIED, seconds=10),
        head("b", seconds=20, type="Event", case="case-2"),
        leg("b5", S.DELIVERED, seconds=20, of="b"),
        leg("b6", S.REFUSED, recipient="C06", seconds=20, of="b"),
        head("c", seconds=30, sender="C05", case="case-1"),
        leg("c", S.WAITING, sender="C05", recipient="N00", seconds=30),
        head("d", seconds=40, sender="C06"),
        leg("d", S.DISCARDED, sender="C06", recipient="N00", seconds=40),
        head("e", seconds=50, type="Event"),
        leg("e5", S.SET_ASIDE, seconds=50, of="e"),
        leg("e6", S.SET_ASIDE, recipient="C06", seconds=50, of="e"),
        head("f", seconds=60),
        replace(leg("n", S.APPLIED, recipient="N00", seconds=60), kind=DeliveryKind.NOTICE, message_id=None),
    )


def _search(store: Store, limit: int = 50, after: str | None = None, **wanted: object) -> str:
    search = MessageSearch(**({"since": SINCE} | wanted))  # type: ignore[arg-type]
    found = store.watch.find(search, limit, None if after is None else MessageId(f"m-{after}"))
    return "".join(row.message.message_id.removeprefix("m-") for row in found)


SEARCHES = (
    ({}, "fedcba"),
    ({"message_id": "m-c"}, "c"),
    ({"sender_message_id": "their-d"}, "d"),
    ({"control_reference": "e"}, "e"),
    ({"case_lookup": "case-1"}, "ca"),
    ({"type": "Event"}, "eb"),
    ({"sender": C05}, "c"),
    ({"sender": N00}, "feba"),
    ({"recipient": C05}, "eba"),
    ({"recipient": N00}, "dc"),
    ({"party": C05}, "ecba"),
    ({"party": C06}, "edb"),
    ({"since": at(20), "until": at(50)}, "dcb"),
    ({"states": frozenset({S.APPLIED})}, "a"),
    ({"states": frozenset({S.APPLIED, S.DELIVERED, S.WAITING})}, "cba"),
    ({"states": frozenset({S.SET_ASIDE, S.REFUSED})}, "eb"),
    ({"states": frozenset({S.DISCARDED})}, "d"),
    ({"states": frozenset({S.RETRYING})}, ""),
    ({"states": frozenset(S)}, "edcba"),
    ({"recipient": C06, "states": frozenset({S.DELIVERED, S.REFUSED})}, "b"),
    ({"recipient": C06, "states": frozenset({S.DELIVERED})}, ""),
    ({"party": C05, "states": frozenset({S.APPLIED, S.WAITING})}, "ca"),
    ({"party": N00, "states": frozenset({S.REFUSED, S.DELIVERED})}, "b"),
    ({"sender": N00, "states": frozenset({S.SET_ASIDE, S.WAITING})}, "e"),
    ({"sender": N00, "states": frozenset({S.APPLIED})}, "a"),
    ({"sender": N00, "recipient": C06}, "eb"),
    ({"sender": C05, "recipient": C06}, ""),
    ({"type": "Event", "recipient": C06, "states": frozenset({S.REFUSED})}, "b"),
    ({"type": "Event", "party": C05}, "eb"),
    ({"case_lookup": "case-1", "recipient": N00}, "c"),
    ({"recipient": PartyCode("X99")}, ""),
    ({"since": at(61)}, ""),
)


def test_each_criterion_finds_its_own_and_pages_join_without_a_gap(store: Store) -> None:
    assert _search(store) == ""
    _lived(store)
    for wanted, expected in SEARCHES:
        assert _search(store, **wanted) == expected, wanted
        for size in (1, 2):
            pages, after = "", None
            while page := _search(store, size, after, **wanted):
                assert len(page) <= size
                pages, after = pages + page, page[-1]
            assert pages == expected, (wanted, size)
    assert _search(store, after="nobody") == ""


def test_pages_are_walked_back_to_the_newest_without_a_gap(store: Store) -> None:
    _lived(store)
    for wanted, expected in SEARCHES:
        for size in (1, 2):
            pages, mark = expected[-1:], MessageId(f"m-{expected[-1:]}")
            while page := store.watch.find(MessageSearch(**({"since": SINCE} | wanted)), size, newer_than=mark):  # type: ignore[arg-type]
                assert len(page) <= size
                pages = "".join(row.message.message_id.removeprefix("m-") for row in page) + pages
                mark = page[0].message.message_id
            assert pages == expected, (wanted, size)
    assert store.watch.find(MessageSearch(since=SINCE), 2, newer_than=MessageId("m-nobody")) == []


def test_a_found_message_shows_its_legs_and_nothing_sealed(store: Store) -> None:
    _lived(store)
    (found,) = store.watch.find(MessageSearch(since=SINCE, message_id="m-b"), 10)
    assert [(one.delivery_id, one.state, one.document) for one in found.deliveries] == [("d-b5", S.DELIVERED, None), ("d-b6", S.REFUSED, None)]
    assert (found.message.canonical.key_name, found.message.canonical.ciphertext) == ("", b"")
    assert (found.message.type, found.message.accepted_at) == ("Event", at(20))
    assert store.watch.find(MessageSearch(since=SINCE, message_id="m-f"), 10)[0].deliveries == ()


def test_messages_of_one_moment_are_paged_by_id(store: Store) -> None:
    for name in "bdac":
        place(store, head(name, seconds=5), leg(name, S.SET_ASIDE, seconds=5), leg(f"{name}6", S.APPLIED, recipient="C06", seconds=5, of=name))
    for wanted in ({}, {"recipient": C05}, {"recipient": C06}, {"states": frozenset({S.SET_ASIDE})}, {"party": N00}):
        first = _search(store, 3, **wanted)
        assert (first, _search(store, 3, first[-1], **wanted)) == ("dcb", "a")


def _chain(store: Store) -> None:
    happened(
        store,
        occurred(AuditCode.PARTNER_CHANGED, "crc-thames", 0, by="op-anne"),
        occurred(AuditCode.MESSAGE_ACCEPTED, "m-a", 3600),
        occurred(AuditCode.DELIVERY_REFUSED, "d-a", 7200),
        occurred(AuditCode.DELIVERY_APPLIED, "d-b", 7300),
        occurred(AuditCode.DELIVERY_RETRIED, "d-a", 10_800, by="op-bert"),
        occurred(AuditCode.PARTNER_PAUSED, "crc-thames", 14_400, by="op-anne", reason='said "by":"op-bert"'),
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (AuditSearch(), [6, 5, 4, 3, 2, 1]),
        (AuditSearch(subject="d-a"), [5, 3]),
        (AuditSearch(code="partner.paused"), [6]),
        (AuditSearch(code="message.accepted"), [2]),
        (AuditSearch(code="partner."), [6, 1]),
        (AuditSearch(code="delivery."), [5, 4, 3]),
        (AuditSearch(code="deliv"), []),
        (AuditSearch(code="nothing."), []),
        (AuditSearch(by="op-anne"), [6, 1]),
        (AuditSearch(by="op-bert"), [5]),
        (AuditSearch(by="nobody"), []),
        (AuditSearch(since=at(7200)), [6, 5, 4, 3]),
        (AuditSearch(until=at(7200)), [2, 1]),
        (AuditSearch(since=at(3601), until=at(7300)), [3]),
        (AuditSearch(since=at(99_999)), []),
        (AuditSearch(until=at(-99_999)), []),
        (AuditSearch(since=at(1), by="op-anne", code="partner.", subject="crc-thames"), [6]),
    ],
    ids=str,
)
def test_the_chain_is_searched_newest_first(store: Store, wanted: AuditSearch, expected: list[int]) -> None:
    assert store.watch.audit(wanted, None, 10) == []
    _chain(store)
    assert [record.sequence for record in store.watch.audit(wanted, None, 10)] == expected
    assert [record.sequence for record in store.watch.audit(wanted, 5, 1)] == [one for one in expected if one < 5][:1]


def test_a_found_record_is_the_one_that_was_linked(store: Store) -> None:
    _chain(store)
    assert list(store.watch.audit(AuditSearch(), None, 10))[::-1] == list(store.queries.audit(0, 10))


def test_times_out_of_order_are_found_by_what_they_say(store: Store) -> None:
    # another machine's clock is five minutes behind, and its event was linked last
    happened(
        store,
        *(occurred(AuditCode.MESSAGE_ACCEPTED, f"m-{number}", timedelta(minutes=number)) for number in range(60)),
        occurred(AuditCode.MESSAGE_ACCEPTED, "m-late", timedelta(minutes=54, seconds=30)),
    )
    found = store.watch.audit(AuditSearch(since=at(54 * 60), until=at(56 * 60)), None, 10)
    assert [record.event.subject for record in found] == ["m-late", "m-55", "m-54"]


def test_refused_submissions_are_found_by_what_their_sender_called_them(store: Store) -> None:
    since = at(-1000)
    assert store.watch.refused("r-1", since, None, 10) == []
    place(store, head("a"))
    two = refused("two", reference="r-2")
    assert two.submission is not None
    again = replace(two, submission=replace(two.submission, control_reference="r-1"))
    store.unit_of_work.commit([refused("one", reference="r-1"), again, refused("three", reference="r-3")])
    found = store.watch.refused("r-1", since, None, 10)
    assert [row.submission_id for row in found] == ["s-two", "s-one"]
    kept = store.queries.submissions([found[0].submission_id])[found[0].submission_id]
    assert (found[0].sender, found[0].fault, found[0].received_at) == (kept.sender, kept.fault, kept.received_at)
    assert [row.submission_id for row in store.watch.refused("r-1", since, None, 1)] == ["s-two"]
    assert store.watch.refused("r-1", at(99_999), None, 10) == []
    assert store.watch.refused("r-1", since, at(-999), 10) == []
    assert [row.submission_id for row in store.watch.refused("r-2", since, None, 10)] == ["s-two"]
    assert store.watch.refused("s-one", since, None, 10) == []
