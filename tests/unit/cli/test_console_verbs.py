"""The operators' verbs, against a served console: what they tell, what they refuse, and with which exit code."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.commands.console_client import KeptSession, SessionFile
from gateway.oversight.access import Role
from gateway.oversight.records import Alert, AlertState
from gateway.records import DeliveryState
from schemas.identifiers import MessageId
from tests.support.console_line import Line, lined, nobody
from tests.support.console_world import SECRETS, fill

GROUP = "recipient-refused|C17|Contact"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Line, dict[str, MessageId]]]:
    """One message in every state; nothing here changes them."""
    with lined(f"sqlite:///{tmp_path_factory.mktemp('full') / 'gateway.db'}") as line:
        yield line, fill(line.lit)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """An empty world, to be changed."""
    with lined(f"sqlite:///{tmp_path / 'gateway.db'}") as found:
        yield found


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody(tmp_path, monkeypatch)


def _reads(ids: dict[str, MessageId], delivery: str) -> dict[tuple[str, ...], str]:
    """Every verb that only looks, and the schema of its document."""
    return {
        ("queues",): "queues/1",
        ("queues", "C17"): "queue/1",
        ("dead-letters", "list"): "dead-letters/1",
        ("dead-letters", "show", delivery): "dead-letter/1",
        ("dead-letters", "broker"): "broker-dead-letters/1",
        ("messages", "find", "--party", "C17"): "messages/1",
        ("messages", "show", ids["applied"]): "message/1",
        ("messages", "timeline", ids["applied"]): "timeline/1",
        ("partners", "list"): "partners/2",
        ("partners", "health", "beta"): "partner-health/1",
        ("receipts", "late"): "receipts/1",
        ("receipts", "expected", "--party", "C17"): "receipts/1",
        ("receipts", "negative"): "receipts/1",
        ("alerts", "list"): "alerts/1",
        ("audit", "search", "--code", "delivery."): "audit/1",
        ("audit", "show", "3"): "audit-record/1",
        ("work", "show", f"delivery:{delivery}"): "work/1",
    }


def test_every_look_is_a_document_and_words_without_anything_personal(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, ids = full
    line.sign_in(*Role)
    for arguments, schema in _reads(ids, line.lit.delivery(ids["refused"]).delivery_id).items():
        found = line.ask(*arguments)
        assert found["schema"] == schema, arguments
        words = line.run(*arguments)
        assert words.code == 0, (arguments, words.err)
        assert words.out.strip(), arguments
        assert not [secret for secret in SECRETS if secret in words.out + json.dumps(found)], arguments


def test_not_signed_in_is_4_and_a_console_that_is_away_is_9(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, ids = full
    for arguments in _reads(ids, "d"):
        assert line.code(*arguments) == (4, "not-signed-in"), arguments

    SessionFile().put(KeptSession("http://127.0.0.1:9", "t", "2026-11-24T00:00:00+00:00", "Vera"))
    for arguments in list(_reads(ids, "d"))[::4]:
        assert line.code(*arguments) == (9, "console-unreachable"), arguments


def test_a_session_of_the_wrong_role_is_5(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, ids = full
    line.sign_in(Role.VIEWER)
    delivery = line.lit.delivery(ids["refused"]).delivery_id
    for arguments in (
        ("dead-letters", "retry", delivery, "--yes"),
        ("dead-letters", "retry", delivery, "--dry-run"),
        ("dead-letters", "discard", delivery, "--yes", "--reason", "test-data:"),
        ("partners", "pause", "beta", "--until", "2026-11-24T12:00", "--yes", "--reason", "investigation:"),
        ("partners", "pause", "beta", "--hours", "1", "--dry-run"),
        ("partners", "resume", "beta"),
        ("partners", "test", "beta", "--party", "C17"),
        ("messages", "show", ids["applied"], "--reveal", "/notes", "--purpose", "fault:"),
        ("audit", "search"),
        ("audit", "show", "1"),
        ("audit", "check"),
        ("alerts", "ack", "a"),
        ("alerts", "mute", "a", "--hours", "1", "--reason", "known-work:"),
        ("work", "note", f"delivery:{delivery}", "words"),
        ("work", "take", f"delivery:{delivery}"),
        ("work", "take", f"delivery:{delivery}", "--dry-run"),
        ("work", "release", f"delivery:{delivery}"),
    ):
        assert line.code(*arguments) == (5, "not-allowed"), arguments
    line.sign_in(Role.AUDITOR)
    assert line.code("messages", "find")[0] == 5


def test_what_is_not_there_is_3(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, _ = full
    line.sign_in(*Role)
    for arguments in (
        ("queues", "Z99"),
        ("dead-letters", "show", "none"),
        ("dead-letters", "retry", "none", "--yes"),
        ("dead-letters", "retry", "none", "--dry-run"),
        ("dead-letters", "discard", "--group", "nonsense", "--expect-count", "1", "--yes", "--reason", "test-data:"),
        ("messages", "show", "none"),
        ("messages", "timeline", "none"),
        ("messages", "find", "--search", "none"),
        ("partners", "health", "nobody"),
        ("partners", "test", "beta", "--party", "Z99"),
        ("receipts", "late", "--party", "Z99"),
        ("alerts", "show", "none"),
        ("alerts", "ack", "none"),
        ("audit", "show", "999999"),
    ):
        assert line.code(*arguments)[0] == 3, arguments


def test_what_cannot_be_read_is_2(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, ids = full
    line.sign_in(*Role)
    for arguments in (
        ("queues", "C17", "--state", "lost"),
        ("dead-letters", "retry"),
        ("dead-letters", "retry", "d", "--group", GROUP),
        ("dead-letters", "retry", "--group", GROUP, "--yes"),
        ("dead-letters", "retry", line.lit.delivery(ids["refused"]).delivery_id),
        ("dead-letters", "discard", "d", "--yes"),
        ("messages", "find", "--crn", "X000001"),
        ("messages", "find", "--state", "lost"),
        ("messages", "find", "--since", "soon"),
        ("messages", "show", ids["applied"], "--reveal", "/notes"),
        ("partners", "pause", "beta", "--reason", "investigation:"),
        ("partners", "pause", "beta", "--until", "soon", "--yes", "--reason", "investigation:"),
        ("audit", "search", "--subject", "X000001"),
        ("audit", "search", "--code", "nonsense"),
    ):
        said = line.run(*arguments, "--json")
        assert said.code == 2, (arguments, said)
        assert "X000001" not in said.out + said.err


def test_a_case_is_found_by_its_number_from_standard_input_alone(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, ids = full
    line.sign_in(Role.VIEWER)
    found = line.ask("messages", "find", "--crn", "-", stdin="x000002\n")
    assert [one["message_id"] for one in found["messages"]] == [ids["applied"]]  # type: ignore[attr-defined]
    assert "X000002" not in json.dumps(found).upper()
    again = line.ask("messages", "find", "--search", str(found["search"]))
    assert again["messages"] == found["messages"]
    assert line.code("messages", "find", "--crn", "-", stdin="somebody\n") == (2, "request-invalid")


def test_pages_follow_one_another(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, ids = full
    line.sign_in(*Role)
    found, after = [], None
    while True:
        page = line.ask("messages", "find", "--limit", "2", *(("--after", str(after)) if after else ()))
        found += [one["message_id"] for one in page["messages"]]  # type: ignore[attr-defined]
        after = page["after"]
        if after is None:
            break
    assert sorted(found) == sorted(ids.values())
    first = line.ask("audit", "search", "--limit", "2")
    second = line.ask("audit", "search", "--limit", "2", "--before", str(first["before"]))
    places = [one["sequence"] for page in (first, second) for one in page["records"]]  # type: ignore[attr-defined]
    assert places[:2] == [places[0], places[0] - 1]
    assert places[2:] == [places[1] - 1, places[1] - 2]


def test_a_hidden_field_is_shown_for_a_purpose_and_on_record(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, ids = full
    line.sign_in(Role.VIEWER, Role.REVEAL)
    content = line.ask("messages", "show", ids["delivered"])["content"]
    hidden = next(one["pointer"] for one in content if one["hidden"] and "notes" in one["pointer"])  # type: ignore[attr-defined]
    seen = line.ask("messages", "show", ids["delivered"], "--reveal", hidden, "--purpose", "fault:it failed")
    assert [one["shown"] for one in seen["fields"]] == [SECRETS[1]]  # type: ignore[attr-defined]
    assert line.code("messages", "show", ids["delivered"], "--reveal", hidden, "--purpose", "curiosity:") == (2, "reason-invalid")
    revealed = [one.event for one in line.lit.world.store.queries.audit_about([ids["delivered"]]) if one.event.code is AuditCode.FIELD_REVEALED]
    assert [(one.facts["by"], one.facts["purpose"], one.facts["field"]) for one in revealed] == [("u-vera", "fault", hidden)]


def test_cron_is_told_by_exit_10(full: tuple[Line, dict[str, MessageId]]) -> None:
    line, _ = full
    line.sign_in(Role.VIEWER)
    for arguments in (("queues",), ("dead-letters", "list"), ("partners", "list"), ("receipts", "negative")):
        assert line.run(*arguments, "--fail-if-any").code == 10, arguments
        assert line.run(*arguments).code == 0, arguments
    assert line.run("alerts", "list", "--fail-if-any").code == 0


def _dead(line: Line, count: int = 2) -> list[str]:
    return [line.lit.refuse(line.lit.send(f"m-{number}", crn=f"X00010{number}")).delivery_id for number in range(count)]


def test_a_group_is_retried_only_while_it_is_the_number_that_was_expected(line: Line) -> None:
    ids = _dead(line)
    line.sign_in(Role.OPERATOR)
    preview = line.ask("dead-letters", "retry", "--group", GROUP, "--dry-run")
    assert (preview["count"], preview["recipients"], preview["refused"]) == (2, ["C17"], {})
    assert line.code("dead-letters", "retry", "--group", GROUP, "--yes", "--expect-count", "1") == (6, "count-differs")
    assert {line.lit.delivery_now(one).state for one in ids} == {DeliveryState.REFUSED}  # type: ignore[arg-type]
    done = line.ask("dead-letters", "retry", "--group", GROUP, "--yes", "--expect-count", "2")
    assert (done["schema"], done["done"], done["refused"]) == ("dead-letters-retried/1", ids, {})
    assert {line.lit.delivery_now(one).state for one in ids} == {DeliveryState.WAITING}  # type: ignore[arg-type]
    assert line.code("dead-letters", "retry", ids[0], "--yes") == (6, "not-possible")


def test_some_of_it_is_8(line: Line) -> None:
    ids = _dead(line)
    line.sign_in(Role.OPERATOR)
    line.ask("dead-letters", "retry", ids[0], "--yes")
    said = line.run("dead-letters", "retry", *ids, "--yes", "--json")
    assert (said.code, said.json["done"], list(said.json["refused"])) == (8, [ids[1]], [ids[0]])  # type: ignore[call-overload]


def test_a_discard_names_its_reason_and_a_worker_does_it(line: Line) -> None:
    delivery = _dead(line, 1)[0]
    line.sign_in(Role.OPERATOR)
    assert line.code("dead-letters", "discard", delivery, "--yes", "--reason", "nonsense:") == (2, "reason-invalid")
    assert line.ask("dead-letters", "discard", delivery, "--dry-run")["count"] == 1
    assert line.lit.world.store.oversight.waiting_orders(10) == []
    done = line.ask("dead-letters", "discard", delivery, "--yes", "--reason", "sent-in-error:Agreed with its sender.")
    assert done["done"] == [delivery]
    assert line.lit.carry_out() == 1
    after = line.ask("dead-letters", "show", delivery)["delivery"]
    assert (after["state"], after["fault_detail"]) == ("discarded", "Its sender says that it was sent in error. Agreed with its sender.")  # type: ignore[index]


@pytest.mark.parametrize(("typed", "code", "state"), [("C17\n", 0, DeliveryState.WAITING), ("C18\n", 6, DeliveryState.REFUSED)])
def test_a_person_types_the_partner(line: Line, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, state: DeliveryState) -> None:
    delivery = _dead(line, 1)[0]
    line.sign_in(Role.OPERATOR)
    monkeypatch.setattr("gateway.commands.asking.somebody_types", lambda: True)
    said = line.run("dead-letters", "retry", "--group", GROUP, stdin=typed)
    assert said.code == code
    assert "Retry 1 to C17. Type C17 to go on" in said.err
    assert line.lit.delivery_now(delivery).state is state  # type: ignore[arg-type]


def test_a_partner_is_paused_resumed_and_tested(line: Line) -> None:
    line.sign_in(Role.OPERATOR)
    dry = line.ask("partners", "pause", "beta", "--until", "2026-11-24T09:00", "--dry-run")
    assert dry["schema"] == "dry-run/1"
    assert line.code("partners", "resume", "beta") == (6, "not-possible")
    parties = line.ask("partners", "health", "beta")["parties"]
    pausing = ("partners", "pause", "beta", "--until", "2026-11-24T09:00", "--yes", "--reason", "partner-asked:By telephone.")
    assert line.code(*pausing, "--expect-count", "99") == (6, "count-differs")
    done = line.ask(*pausing, "--expect-count", str(len(parties)))  # type: ignore[arg-type]
    assert done["paused"]["reason"] == "partner-asked"  # type: ignore[index]
    assert "paused until" in line.run("partners", "health", "beta").out
    assert line.ask("partners", "resume", "beta")["paused"] is None
    assert line.ask("partners", "test", "beta", "--party", "C17", "--dry-run")["would"] == "send a test message to C17"
    order = line.ask("partners", "test", "beta", "--party", "C17")["order"]
    assert order["state"] == "waiting"  # type: ignore[index]
    assert line.code("partners", "test", "beta", "--party", "C17") == (6, "not-possible")


def test_an_alert_is_taken_and_silenced(line: Line) -> None:
    now = line.lit.world.now
    alert = Alert(
        alert_id="a-1", rule="oldest-waiting", subject="C17", state=AlertState.FIRING, value="43 minutes", threshold="30 minutes", raised_at=now, seen_at=now
    )
    assert line.lit.world.store.oversight.put_alert(alert, AuditEvent(AuditCode.ALERT_RAISED, now, "a-1", {"rule": alert.rule}))
    line.sign_in(Role.OPERATOR)
    assert line.run("alerts", "list", "--fail-if-any").code == 10
    assert line.ask("alerts", "ack", "a-1", "--dry-run")["dry_run"] is True
    assert line.ask("alerts", "ack", "a-1")["alert"]["acknowledged_by"] == "Vera Example (fictional)"  # type: ignore[index]
    assert line.code("alerts", "ack", "a-1") == (6, "not-possible")
    mute = ("alerts", "mute", "a-1", "--until", "2026-11-24T09:00", "--reason")
    assert line.code(*mute, "nonsense:") == (2, "reason-invalid")
    assert line.ask(*mute, "known-work:Upgrade.")["alert"]["muted_until"] == "2026-11-24T09:00:00.000Z"  # type: ignore[index]
    assert line.ask("alerts", "unmute", "a-1")["alert"]["muted_until"] is None  # type: ignore[index]
    assert line.code("alerts", "unmute", "a-1") == (6, "not-possible")
    shown = line.run("alerts", "show", "a-1").out
    assert "43 minutes" in shown
    assert "/runbooks/oldest-waiting" in shown


def test_work_is_noted_taken_and_given_back(line: Line) -> None:
    about = f"delivery:{_dead(line, 1)[0]}"
    line.sign_in(Role.OPERATOR)
    assert line.ask("work", "note", about, "Called them.")["notes"][0]["text"] == "Called them."  # type: ignore[index]
    assert line.ask("work", "take", about)["assigned_to"] == {"subject": "u-vera", "name": "Vera Example (fictional)"}
    assert line.ask("work", "release", about)["assigned_to"] is None
    assert line.code("work", "release", about) == (6, "not-possible")
    assert line.code("work", "note", about, "about X123456") == (2, "reason-invalid")
    assert line.run("work", "note", about, "x", "--dry-run").code == 0
    assert "Called them." in line.run("work", "show", about).out


def test_the_chain_is_checked_through_the_console(line: Line) -> None:
    _dead(line, 1)
    line.sign_in(Role.AUDITOR)
    found = line.ask("audit", "check")
    assert (found["whole"], found["finished"], found["flaws"]) == (True, True, 0)
    assert "audit: whole" in line.run("audit", "check").out


def test_a_chain_that_does_not_hold_is_10(line: Line, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as database, database:
        database.execute("UPDATE audit_records SET subject = 'm-other' WHERE sequence = 2")
    line.sign_in(Role.AUDITOR)
    said = line.run("audit", "check", "--json")
    assert (said.code, said.json["whole"]) == (10, False)
    assert said.json["findings"][0] == {"sequence": 2, "flaw": "altered", "detail": ""}  # type: ignore[index]
