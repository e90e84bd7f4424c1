"""Dead letters at the console: shown by cause, acted on exactly, under a name, and never twice."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from gateway.audit.events import AuditCode
from gateway.console.pages import dead_letters
from gateway.oversight.access import Role
from gateway.oversight.views import AuditSearch
from gateway.records import DeliveryState
from schemas.identifiers import MessageId, PartyCode
from schemas.receipts import Stage
from tests.support.console_world import SECRETS, Lit, light

GROUP = "recipient-refused|C17|Contact"


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _dead(lit: Lit, count: int = 3) -> list[MessageId]:
    ids = [lit.send(f"m-{number}", crn="X000001" if number == 1 else f"X00010{number}") for number in range(1, count + 1)]
    for one in ids:
        lit.refuse(one)
    return ids


def _audited(lit: Lit, code: AuditCode) -> list[dict[str, object]]:
    return [dict(record.event.facts) for record in lit.world.store.watch.audit(AuditSearch(code=code.value), None, 50)]


def _state(lit: Lit, message_id: MessageId) -> DeliveryState:
    return lit.delivery(message_id).state


def test_an_empty_list_says_so(lit: Lit) -> None:
    page = lit.browser(Role.VIEWER).get("/dead-letters")
    assert page.status_code == 200
    assert "No dead letters" in page.text


def test_groups_and_letters_are_shown_without_anything_personal(lit: Lit) -> None:
    ids = _dead(lit)
    page = lit.browser(Role.OPERATOR).get("/dead-letters").text
    assert "The recipient&#39;s system refused the message" in page
    assert all(lit.delivery(one).delivery_id in page for one in ids)
    assert not [secret for secret in SECRETS if secret in page]
    detail = lit.browser(Role.OPERATOR).get(f"/dead-letters/{lit.delivery(ids[0]).delivery_id}").text
    assert "The recipient" in detail
    assert "It answered 400." in detail
    assert not [secret for secret in SECRETS if secret in detail]


def test_the_largest_groups_come_first_and_the_others_when_asked_for(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    lit.refuse(lit.send("m-1"))
    (largest,) = lit.world.store.watch.letter_groups()
    found = [largest, replace(largest, type="Event"), replace(largest, recipient=PartyCode("C05"), fault="value-too-long")]
    monkeypatch.setattr(type(lit.world.store.watch), "letter_groups", lambda _: found)
    browser = lit.browser(Role.OPERATOR)
    assert "smaller group" not in browser.get("/dead-letters").text
    monkeypatch.setattr(dead_letters, "MOST_GROUPS", 1)
    page = browser.get("/dead-letters").text
    assert _groups(page) == [GROUP]
    assert "Show 2 smaller groups too" in page
    assert _groups(browser.get("/dead-letters?groups=all").text) == [GROUP, "recipient-refused|C17|Event", "value-too-long|C05|Contact"]
    assert _groups(browser.get("/dead-letters?type=Event").text) == ["recipient-refused|C17|Event"]
    assert _groups(browser.get("/dead-letters?fault=value-too-long").text) == ["value-too-long|C05|Contact"]


def _groups(page: str) -> list[str]:
    return [unquote(key) for key in re.findall(r'href="/dead-letters-retry\?group=([^"]*)"', page)]


def test_looking_changes_nothing_at_all(lit: Lit) -> None:
    ids = _dead(lit)
    before = [lit.delivery(one) for one in ids], lit.world.store.queries.audit(0, 1000)
    browser = lit.browser(Role.VIEWER)
    signed_in = len(lit.world.store.queries.audit(0, 1000))
    for path in ("/dead-letters", f"/dead-letters/{before[0][0].delivery_id}", "/queues", "/queues/C17", "/"):
        assert browser.get(path).status_code == 200
    assert [lit.delivery(one) for one in ids] == before[0]
    assert len(lit.world.store.queries.audit(0, 1000)) == signed_in


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_a_viewer_has_no_buttons_and_no_way(lit: Lit, action: str) -> None:
    delivery = lit.refuse(lit.send("m-1"))
    browser = lit.browser(Role.VIEWER)
    assert f"dead-letters-{action}" not in browser.get("/dead-letters").text
    assert browser.get(f"/dead-letters-{action}", params={"delivery": delivery.delivery_id}).status_code == 403
    answer = browser.post(f"/dead-letters-{action}", {"expected": "1", "delivery": delivery.delivery_id, "reason": "test-data"})
    assert answer.status_code == 403
    assert lit.delivery_now(delivery.delivery_id) == delivery


def test_one_is_retried_with_its_id_and_place(lit: Lit) -> None:
    message_id = lit.send("m-1")
    delivery = lit.refuse(message_id)
    browser = lit.browser(Role.OPERATOR)
    asked = browser.get("/dead-letters-retry", params={"delivery": delivery.delivery_id})
    assert "exactly <strong>1 dead letter</strong>" in asked.text
    answer = browser.post("/dead-letters-retry", {"expected": "1", "delivery": delivery.delivery_id})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/dead-letters/{delivery.delivery_id}?done=retried&count=1")
    assert "1 delivery was put back on the road" in browser.get(answer.headers["location"]).text
    after = lit.delivery(message_id)
    assert (after.state, after.delivery_id, after.sequence, after.sent_digest) == (
        DeliveryState.WAITING,
        delivery.delivery_id,
        delivery.sequence,
        delivery.sent_digest,
    )
    assert [facts["by"] for facts in _audited(lit, AuditCode.DELIVERY_RETRIED)] == ["u-vera"]


def test_a_group_is_retried_in_order_and_spread_over_time(lit: Lit) -> None:
    ids = _dead(lit, 5)
    browser = lit.browser(Role.OPERATOR)
    assert "exactly <strong>5 dead letters</strong>" in browser.get("/dead-letters-retry", params={"group": GROUP}).text
    answer = browser.post("/dead-letters-retry", {"expected": "5", "group": GROUP})
    assert answer.headers["location"] == "/dead-letters?done=retried&count=5"
    times = [lit.delivery(one).next_attempt_at for one in ids]
    assert times == sorted(times)  # type: ignore[type-var]
    assert len(set(times)) == 5
    assert _audited(lit, AuditCode.GROUP_RETRIED) == [{"by": "u-vera", "count": 5}]
    assert len(_audited(lit, AuditCode.DELIVERY_RETRIED)) == 5


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_a_group_that_has_changed_is_shown_again_and_left_alone(lit: Lit, action: str) -> None:
    ids = _dead(lit, 2)
    browser = lit.browser(Role.OPERATOR)
    answer = browser.post(f"/dead-letters-{action}", {"expected": "1", "group": GROUP, "reason": "test-data"})
    assert answer.status_code == 409
    assert "There are 2 now, not 1" in answer.text
    assert "exactly <strong>2 dead letters</strong>" in answer.text
    assert [_state(lit, one) for one in ids] == [DeliveryState.REFUSED] * 2
    assert lit.world.store.oversight.waiting_orders(10) == []


def test_those_that_were_ticked_are_counted_before_anything_is_done(lit: Lit) -> None:
    ids = [lit.delivery(one).delivery_id for one in _dead(lit, 3)]
    browser = lit.browser(Role.OPERATOR)
    asked = browser.http.post("/dead-letters-retry/chosen", data={"csrf": browser.session.csrf, "delivery": ids[:2]}, headers={"sec-fetch-site": "same-origin"})
    assert "exactly <strong>2 dead letters</strong>" in asked.text
    assert re.findall(r'name="delivery" value="([^"]+)"', asked.text) == ids[:2]
    assert {lit.delivery_now(one).state for one in ids} == {DeliveryState.REFUSED}
    assert browser.post("/dead-letters-retry/chosen").status_code == 422


def test_what_was_acknowledged_is_never_sent_again(lit: Lit) -> None:
    message_id = lit.send("m-1")
    delivery = lit.refuse(message_id)
    lit.say(message_id, Stage.APPLIED)  # its late word, after all
    browser = lit.browser(Role.OPERATOR)
    answer = browser.post("/dead-letters-retry", {"expected": "1", "delivery": delivery.delivery_id})
    assert answer.status_code == 409
    assert "acknowledged it already" in answer.text
    assert _state(lit, message_id) is DeliveryState.APPLIED
    assert _audited(lit, AuditCode.DELIVERY_RETRIED) == []


def test_a_discard_tells_its_sender_why_by_a_receipt_that_a_worker_signs(lit: Lit) -> None:
    message_id = lit.send("m-1")
    delivery = lit.refuse(message_id)
    lit.world.post("alpha")
    browser = lit.browser(Role.OPERATOR)
    answer = browser.post("/dead-letters-discard", {"expected": "1", "delivery": delivery.delivery_id, "reason": "other", "text": "Agreed with C05."})
    assert answer.headers["location"].endswith("?done=discarding&count=1")
    assert _state(lit, message_id) is DeliveryState.REFUSED  # the console has no key
    assert "A discard was asked for" in browser.get(f"/dead-letters/{delivery.delivery_id}").text
    assert lit.carry_out() == 1
    after = lit.delivery(message_id)
    assert after.state is DeliveryState.DISCARDED
    assert after.fault_detail == "Another reason, stated in words. Agreed with C05."
    assert len(lit.world.post("alpha")) == 1
    receipts = lit.world.store.queries.receipts_of_submission(after.submission_id)
    assert receipts[-1].stage == Stage.DISCARDED.value
    assert [facts["by"] for code in (AuditCode.DISCARD_ASKED, AuditCode.DELIVERY_DISCARDED, AuditCode.ORDER_DONE) for facts in _audited(lit, code)] == [
        "u-vera"
    ] * 3
    assert lit.carry_out() == 0


def test_a_worker_that_died_after_the_discard_says_that_it_is_done(lit: Lit) -> None:
    delivery = lit.refuse(lit.send("m-1"))
    lit.browser(Role.OPERATOR).post("/dead-letters-discard", {"expected": "1", "delivery": delivery.delivery_id, "reason": "test-data"})
    order = lit.world.store.oversight.waiting_orders(1)[0]
    lit.orders()._operations.discard(delivery.delivery_id, "It was a test.", "u-vera")
    assert lit.carry_out() == 1
    assert [(one.order_id, one.state.value) for one in lit.world.store.oversight.orders_about([delivery.delivery_id])] == [(order.order_id, "done")]
    receipts = lit.world.store.queries.receipts_of_submission(delivery.submission_id)
    assert [one.stage for one in receipts].count(Stage.DISCARDED.value) == 1


def test_a_discard_that_came_too_late_is_refused_and_says_so(lit: Lit) -> None:
    message_id = lit.send("m-1")
    delivery = lit.refuse(message_id)
    browser = lit.browser(Role.OPERATOR)
    browser.post("/dead-letters-discard", {"expected": "1", "delivery": delivery.delivery_id, "reason": "test-data"})
    lit.say(message_id, Stage.APPLIED)
    lit.carry_out()
    assert _state(lit, message_id) is DeliveryState.APPLIED
    assert [facts["by"] for facts in _audited(lit, AuditCode.ORDER_REFUSED)] == ["u-vera"]
    assert "could not be done" in browser.get(f"/dead-letters/{delivery.delivery_id}").text


@pytest.mark.parametrize(
    ("form", "words"), [({}, "Choose a reason."), ({"reason": "other"}, "Say in a few words why."), ({"reason": "other", "text": "about X123456"}, "Leave out")]
)
def test_a_discard_needs_a_reason_and_keeps_what_was_typed(lit: Lit, form: dict[str, str], words: str) -> None:
    delivery = lit.refuse(lit.send("m-1"))
    answer = lit.browser(Role.OPERATOR).post("/dead-letters-discard", {"expected": "1", "delivery": delivery.delivery_id, **form})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert words in answer.text
    assert form.get("text", "") in answer.text
    assert lit.world.store.oversight.waiting_orders(10) == []


def test_a_note_and_an_assignment_are_on_record_without_the_words(lit: Lit) -> None:
    delivery = lit.refuse(lit.send("m-1"))
    about = f"delivery:{delivery.delivery_id}"
    browser = lit.browser(Role.OPERATOR)
    assert browser.post("/work/note", {"about": about, "text": "Called <b>them</b>."}).headers["location"] == f"/dead-letters/{delivery.delivery_id}?done=noted"
    browser.post("/work/take", {"about": about})
    page = browser.get(f"/dead-letters/{delivery.delivery_id}").text
    assert "Called &lt;b&gt;them&lt;/b&gt;." in page
    assert "You have it" in page
    assert "Called" not in str(_audited(lit, AuditCode.NOTE_WRITTEN))
    assert [facts["to"] for facts in _audited(lit, AuditCode.WORK_ASSIGNED)] == ["u-vera"]
    assert delivery.delivery_id in browser.get("/dead-letters?mine=true").text
    browser.post("/work/release", {"about": about})
    assert "Nobody has it yet" in browser.get(f"/dead-letters/{delivery.delivery_id}").text


@pytest.mark.parametrize("about", ["http://evil.example/", "delivery:../x", "other:1"])
def test_a_form_leads_nowhere_else(lit: Lit, about: str) -> None:
    answer = lit.browser(Role.OPERATOR).post("/work/take", {"about": about})
    assert answer.status_code == 404
