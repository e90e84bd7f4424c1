"""`gateway offline …` and `gateway audit`: what is seen and done at the store itself."""

import sqlite3

import pytest

from gateway.audit.events import AuditCode
from gateway.contract import Store
from gateway.records import DeliveryState
from schemas.identifiers import DeliveryId
from tests.support.operators import Installation
from tests.support.store import accepted, progressed


@pytest.fixture
def busy(desk: Installation) -> Installation:
    """Two messages are in the store; one delivery was set aside."""

    def work(store: Store) -> None:
        assert not store.unit_of_work.commit([accepted("one"), accepted("two", recipient="C07")]).stale
        stored = store.queries.deliveries([DeliveryId("d-two")])[DeliveryId("d-two")]
        aside = progressed(stored, DeliveryState.SET_ASIDE, AuditCode.DELIVERY_SET_ASIDE, fault="attempts-exhausted", attempts=400)
        assert not store.unit_of_work.commit([aside]).stale

    desk.change(work)
    return desk


def ids(found: dict[str, object]) -> list[str]:
    messages = found["messages"]
    assert isinstance(messages, list)
    return [message["message_id"] for message in messages]


def test_messages_are_found_by_each_part(busy: Installation) -> None:
    assert set(ids(busy.ask("offline", "messages", "find"))) == {"m-one", "m-two"}
    assert ids(busy.ask("offline", "messages", "find", "--sender-id", "their-one")) == ["m-one"]
    assert ids(busy.ask("offline", "messages", "find", "--control-reference", "two")) == ["m-two"]
    assert ids(busy.ask("offline", "messages", "find", "--party", "C07")) == ["m-two"]
    assert ids(busy.ask("offline", "messages", "find", "--state", "set-aside")) == ["m-two"]
    assert ids(busy.ask("offline", "messages", "find", "--type", "Address")) == []
    assert ids(busy.ask("offline", "messages", "find", "--since", "2030-01-01")) == []
    assert ids(busy.ask("offline", "messages", "find", "--crn", "-", stdin="X000001\n")) == []
    assert busy.run("offline", "messages", "find", "--state", "lost").code == 2


def test_pages_follow_one_another(busy: Installation) -> None:
    first = busy.ask("offline", "messages", "find", "--limit", "1")
    second = busy.ask("offline", "messages", "find", "--limit", "1", "--after", str(first["after"]))
    assert {*ids(first), *ids(second)} == {"m-one", "m-two"}


def test_one_message_is_shown_with_all_that_belongs_to_it(busy: Installation) -> None:
    shown = busy.ask("offline", "messages", "show", "m-two")
    assert shown["schema"] == "message/1"
    assert isinstance(shown["deliveries"], list)
    assert [(one["recipient"], one["state"], one["attempts"]) for one in shown["deliveries"]] == [("C07", "set-aside", 400)]
    assert isinstance(shown["receipts"], list)
    assert [one["stage"] for one in shown["receipts"]] == ["accepted"]
    said = busy.run("offline", "messages", "show", "m-none", "--json")
    assert (said.code, said.error["code"]) == (3, "not-found")


def test_a_timeline_is_in_order_of_time(busy: Installation) -> None:
    told = busy.ask("offline", "messages", "timeline", "m-two")
    moments = told["moments"]
    assert isinstance(moments, list)
    assert [one["at"] for one in moments] == sorted(one["at"] for one in moments)
    assert {"submission", "receipt", "audit"} <= {one["kind"] for one in moments}
    assert {"submission.accepted", "message.accepted", "delivery.set-aside"} <= {one["what"] for one in moments}
    assert "m-one" not in {one["subject"] for one in moments}


def test_nothing_that_is_sealed_is_printed(busy: Installation) -> None:
    for arguments in (
        ("offline", "messages", "show", "m-one"),
        ("offline", "messages", "timeline", "m-one"),
        ("offline", "messages", "find"),
        ("offline", "queues"),
    ):
        out = busy.run(*arguments, "--json").out
        assert "canonical" not in out
        assert "case_lookup" not in out
        assert "archive" not in out


def test_queues_are_counted_and_can_fail_a_cron_job(busy: Installation) -> None:
    queues = busy.ask("offline", "queues")["queues"]
    assert isinstance(queues, list)
    assert {one["recipient"]: one["counts"] for one in queues} == {"C05": {"waiting": 1}, "C07": {"set-aside": 1}}
    assert busy.run("offline", "queues").code == 0
    assert busy.run("offline", "queues", "--fail-if-any").code == 10


def test_a_retry_puts_it_back_on_the_road_and_is_audited(busy: Installation) -> None:
    after = busy.ask("offline", "deliveries", "retry", "d-two")["delivery"]
    assert isinstance(after, dict)
    assert (after["state"], after["fault"]) == ("waiting", None)
    assert after["next_attempt_at"] is not None
    moments = busy.ask("offline", "messages", "timeline", "m-two")["moments"]
    assert isinstance(moments, list)
    assert "by=cli:" in next(one["detail"] for one in moments if one["what"] == "delivery.retried")
    said = busy.run("offline", "deliveries", "retry", "d-two", "--json")
    assert (said.code, said.error["code"]) == (6, "not-possible")
    assert busy.run("offline", "deliveries", "retry", "d-none").code == 3


def test_a_discard_ends_it_with_a_signed_receipt(busy: Installation) -> None:
    after = busy.ask("offline", "deliveries", "discard", "d-two", "--reason", "sent again by hand")["delivery"]
    assert isinstance(after, dict)
    assert (after["state"], after["fault"], after["fault_detail"]) == ("discarded", "discarded-by-operator", "sent again by hand")
    assert (after["fault_blame"], after["fault_advice"]) == ("operator", "Read the operator's reason.")
    receipts = busy.ask("offline", "messages", "show", "m-two")["receipts"]
    assert isinstance(receipts, list)
    discarded = [one for one in receipts if one["stage"] == "discarded"]
    assert len(discarded) == 1
    checked = busy.ask("receipts", "verify", busy.write("receipt.jws", discarded[0]["jws"] + "\n"))["receipts"]
    assert isinstance(checked, list)
    assert (checked[0]["stage"], checked[0]["basis"], checked[0]["fault"], checked[0]["digest"]) == (
        "discarded",
        "operator",
        "discarded-by-operator",
        discarded[0]["digest"],
    )
    assert busy.run("offline", "deliveries", "discard", "d-two", "--reason", "twice").code == 6
    assert busy.run("offline", "deliveries", "retry", "d-two").code == 6
    assert busy.ask("audit", "verify")["whole"] is True


def test_a_discard_needs_a_reason(busy: Installation) -> None:
    assert busy.run("offline", "deliveries", "discard", "d-two").code == 2
    assert busy.run("offline", "deliveries", "discard", "d-two", "--reason", "  ").code == 6


def test_a_receipt_that_was_touched_does_not_verify(busy: Installation) -> None:
    busy.ask("offline", "deliveries", "discard", "d-two", "--reason", "r")
    receipts = busy.ask("offline", "messages", "show", "m-two")["receipts"]
    assert isinstance(receipts, list)
    head, payload, signature = next(one["jws"] for one in receipts if one["stage"] == "discarded").split(".")
    jwks = busy.write("jwks.json", busy.run("key", "jwks").out)
    whole = busy.write("whole.jws", f"{head}.{payload}.{signature}\n")
    assert busy.run("receipts", "verify", whole, "--jwks", jwks).code == 0
    assert busy.run("receipts", "verify", whole, "--jwks", jwks, "--audience", "somebody-else").code == 10
    swapped = payload[:20] + ("A" if payload[20] != "A" else "B") + payload[21:]
    said = busy.run("receipts", "verify", busy.write("bad.jws", f"{head}.{swapped}.{signature}\n{head}.{payload}.{signature}\n"), "--jwks", jwks, "--json")
    assert (said.code, said.json["verified"], said.json["failed"]) == (10, 1, 1)
    assert busy.run("receipts", "verify", busy.write("empty.jws", "\n")).code == 2
    assert busy.run("receipts", "verify", busy.write("junk.jws", "junk\n")).code == 10
    assert busy.run("receipts", "verify", whole, "--jwks", busy.write("no.json", {"keys": []})).code == 2


def test_an_audit_chain_that_was_touched_is_named(busy: Installation) -> None:
    made = busy.ask("audit", "checkpoint")
    assert made["made"] is True
    whole = busy.ask("audit", "verify")
    assert (whole["whole"], whole["checkpoints"], whole["findings"]) == (True, 1, [])
    with sqlite3.connect(busy.folder / "gateway.db") as database:
        database.execute("UPDATE audit_records SET subject = 'm-other' WHERE sequence = 2")
    database.close()
    said = busy.run("audit", "verify", "--json")
    assert (said.code, said.error["code"]) == (10, "audit-not-whole")
    findings = said.json["findings"]
    assert isinstance(findings, list)
    assert ("record 2", "altered") in {(one["about"], one["flaw"]) for one in findings}


def test_a_checkpoint_of_somebody_else_is_named(busy: Installation) -> None:
    busy.ask("audit", "checkpoint")
    busy.ask("key", "rotate", "message")
    assert busy.ask("audit", "verify")["whole"] is True
    with sqlite3.connect(busy.folder / "gateway.db") as database:
        database.execute("UPDATE checkpoints SET jws = 'eyJhbGciOiJub25lIn0.e30.'")
    database.close()
    said = busy.run("audit", "verify", "--json")
    assert said.code == 10
    assert "checkpoint-unproven" in said.out


def test_a_receipt_or_a_delivery_that_vanished_is_named(busy: Installation) -> None:
    with sqlite3.connect(busy.folder / "gateway.db") as database:
        database.execute("DELETE FROM receipts WHERE submission_id = 's-two'")
        database.execute("DELETE FROM deliveries WHERE delivery_id = 'd-two'")
    database.close()
    said = busy.run("audit", "verify", "--json")
    assert said.code == 10
    findings = said.json["findings"]
    assert isinstance(findings, list)
    assert ("d-two", "lost") in {(one["about"], one["flaw"]) for one in findings}
