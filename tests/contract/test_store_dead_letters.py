"""Dead letters in the store: one row and one event each, kept once, erased when nobody needs them."""

from dataclasses import replace

from gateway.audit.events import AuditCode
from gateway.audit.integrity import Doubt
from gateway.contract import Store
from gateway.records import DeadLetter, DeadLetterState
from tests.support.store import at, digest, event, sealed


def letter(name: str, state: DeadLetterState = DeadLetterState.STORED) -> DeadLetter:
    return DeadLetter(
        letter_id=name,
        vhost="partners",
        queue="from.alpha",
        reason="rejected",
        message_id=f"their-{name}",
        content_type="application/jose",
        size=300,
        digest=digest(name),
        at=at(1),
        state=state,
        body=sealed(300),
    )


def put(store: Store, one: DeadLetter) -> bool:
    return store.dead_letters.put(one, event(AuditCode.DEAD_LETTER_STORED, one.letter_id, queue=one.queue))


def settle(store: Store, name: str, state: DeadLetterState) -> None:
    store.dead_letters.settle(name, state, event(AuditCode.DEAD_LETTER_TRIED, name, state=state.value))


def test_a_letter_is_kept_as_it_was_and_audited(store: Store) -> None:
    one = letter("one")
    assert store.dead_letters.get("one") is None
    assert put(store, one)
    assert store.dead_letters.get("one") == replace(one, number=1)
    assert [record.event.code for record in store.queries.audit(0, 10)] == [AuditCode.DEAD_LETTER_STORED]


def test_a_letter_that_comes_again_changes_nothing(store: Store) -> None:
    one = letter("one")
    assert put(store, one)
    assert not put(store, letter("one"))
    kept = store.dead_letters.get("one")
    assert kept is not None
    assert kept.body == one.body
    assert len(store.queries.audit(0, 10)) == 1


def test_letters_are_listed_in_order_without_bodies(store: Store) -> None:
    for name in ("c", "a", "b"):
        put(store, letter(name))
    settle(store, "a", DeadLetterState.NEEDS_A_PERSON)
    found = store.dead_letters.list(0, 10)
    assert [(one.letter_id, one.body) for one in found] == [("c", None), ("a", None), ("b", None)]
    assert [one.letter_id for one in store.dead_letters.list(found[0].number, 1)] == ["a"]
    assert [one.letter_id for one in store.dead_letters.list(0, 10, DeadLetterState.NEEDS_A_PERSON)] == ["a"]


def test_a_body_stays_only_while_somebody_needs_it(store: Store) -> None:
    for name, state in (("taken", DeadLetterState.TAKEN), ("declined", DeadLetterState.DECLINED), ("bug", DeadLetterState.NEEDS_A_PERSON)):
        put(store, letter(name))
        settle(store, name, state)
    kept = {name: store.dead_letters.get(name) for name in ("taken", "declined", "bug")}
    assert {name: (one.state.value, one.body is not None) for name, one in kept.items() if one} == {
        "taken": ("taken", False),
        "declined": ("declined", False),
        "bug": ("needs-a-person", True),
    }
    assert [record.event.code for record in store.queries.audit_about(["bug"])] == [AuditCode.DEAD_LETTER_STORED, AuditCode.DEAD_LETTER_TRIED]


def test_a_letter_that_was_taken_away_shows(store: Store) -> None:
    put(store, letter("one"))
    assert store.verify(lambda _: None).ok
    lost = letter("two")
    # an event whose row is gone: as after a deletion behind the store's back
    store.dead_letters.settle("two", DeadLetterState.TAKEN, event(AuditCode.DEAD_LETTER_STORED, lost.letter_id))
    assert [(doubt.doubt, doubt.subject) for doubt in store.verify(lambda _: None).disagreements] == [(Doubt.LOST, "two")]
