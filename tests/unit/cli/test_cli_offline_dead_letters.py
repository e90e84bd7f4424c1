"""`gateway offline dead-letters`: listed by state, shown without a body, counted for cron."""

from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import Store
from gateway.records import DeadLetter, DeadLetterState
from tests.support.operators import Installation
from tests.support.store import at, digest, sealed


def put(store: Store, name: str, state: DeadLetterState) -> None:
    letter = DeadLetter(
        letter_id=name,
        vhost="partners",
        queue="from.alpha",
        reason="rejected",
        message_id="[red]their id",
        content_type="application/jose",
        size=300,
        digest=digest(name),
        at=at(1),
        state=state,
        body=sealed(300),
    )
    store.dead_letters.put(letter, AuditEvent(AuditCode.DEAD_LETTER_STORED, letter.at, name))


def test_nothing_died(desk: Installation) -> None:
    assert desk.ask("offline", "dead-letters", "list") == {"schema": "dead-letters/1", "dead_letters": [], "after": None}
    said = desk.run("offline", "dead-letters", "show", "none", "--json")
    assert (said.code, said.error["code"]) == (3, "not-found")


def test_letters_are_listed_by_state_and_page(desk: Installation) -> None:
    desk.change(lambda store: [put(store, "one", DeadLetterState.TAKEN), put(store, "two", DeadLetterState.NEEDS_A_PERSON)])  # type: ignore[arg-type, return-value]
    found = desk.ask("offline", "dead-letters", "list", "--limit", "1")
    assert ([one["letter_id"] for one in found["dead_letters"]], found["after"]) == (["one"], 1)  # type: ignore[attr-defined]
    said = desk.run("offline", "dead-letters", "list", "--state", "needs-a-person", "--fail-if-any")
    assert said.code == 10
    assert "two" in said.out
    assert "one" not in said.out
    assert desk.run("offline", "dead-letters", "list", "--state", "taken", "--fail-if-any").code == 0
    assert desk.run("offline", "dead-letters", "list", "--state", "lost").code == 2


def test_a_letter_is_shown_without_its_body(desk: Installation) -> None:
    desk.change(lambda store: put(store, "two", DeadLetterState.NEEDS_A_PERSON))
    shown = desk.ask("offline", "dead-letters", "show", "two")["dead_letter"]
    assert isinstance(shown, dict)
    assert (shown["state"], shown["body_kept"], shown["message_id"]) == ("needs-a-person", True, "[red]their id")
    assert "body" not in shown
    assert "from.alpha" in desk.run("offline", "dead-letters", "show", "two").out


def test_doctor_says_that_a_person_is_needed(desk: Installation) -> None:
    def found() -> str:
        checks = desk.ask("doctor")["checks"]
        assert isinstance(checks, list)
        return next(one["state"] for one in checks if one["name"] == "dead letters")

    desk.change(lambda store: put(store, "one", DeadLetterState.TAKEN))
    assert found() == "ok"
    desk.change(lambda store: put(store, "two", DeadLetterState.NEEDS_A_PERSON))
    assert found() == "warning"
