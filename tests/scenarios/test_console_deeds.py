"""Attacks on what operators do: twice, at once, half done, on another thing than was shown, under another's name, as markup."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from adapters.contract import Refused
from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import StoreUnavailable
from gateway.control.dead_letters import ASKED, DeadLetterActions
from gateway.control.desk import NotPossible
from gateway.control.work import WorkActions
from gateway.operations import Operations
from gateway.oversight.access import GRANTS, Permission, Role
from gateway.oversight.reasons import ReasonInvalid, bounded_text
from gateway.oversight.records import Operator, OrderState
from gateway.oversight.views import AuditSearch
from gateway.records import Delivery, DeliveryState
from gateway.store.head import Head
from schemas.faults import Fault, FaultCode
from schemas.identifiers import DeliveryId, MessageId, OrganisationId
from schemas.receipts import Stage
from tests.support.alerts import raised
from tests.support.console import Browser
from tests.support.console_attacks import filled, form_post, newest, page_routes
from tests.support.console_world import SECRETS, Lit, fill, light

GROUP = "recipient-refused|C17|Contact"
MARKUP = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}{%raw%}"
WILL = Operator("u-will", "Will Example (fictional)")


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _dead(lit: Lit, name: str = "m-1", crn: str = "X000001") -> Delivery:
    return lit.refuse(lit.send(name, crn=crn))


def _codes(lit: Lit, code: AuditCode) -> list[dict[str, object]]:
    return [dict(one.event.facts) for one in lit.world.store.watch.audit(AuditSearch(code=code.value), None, 100)]


def _at_once(*deeds: Callable[[], httpx.Response]) -> list[int]:
    """All of them, let go in the same moment."""
    gate, said = threading.Barrier(len(deeds)), list[int]()

    def go(deed: Callable[[], httpx.Response]) -> None:
        gate.wait(10)
        said.append(deed().status_code)

    threads = [threading.Thread(target=go, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(said)


def _discard(browser: Browser, delivery: Delivery, reason: str = "superseded") -> httpx.Response:
    return browser.post("/dead-letters-discard", {"delivery": delivery.delivery_id, "expected": "1", "reason": reason})


def _retry(browser: Browser, delivery: Delivery) -> httpx.Response:
    return browser.post("/dead-letters-retry", {"delivery": delivery.delivery_id, "expected": "1"})


class TestAtOnce:
    """Two people, or two clicks, have one effect, and each is told the truth."""

    def test_one_letter_retried_by_two(self, lit: Lit) -> None:
        letter = _dead(lit)
        one, other = lit.browser(Role.OPERATOR), lit.house.signed_in(Role.OPERATOR, operator=WILL)
        assert _at_once(lambda: _retry(one, letter), lambda: _retry(other, letter)) == [303, 409]
        assert len(_codes(lit, AuditCode.DELIVERY_RETRIED)) == 1

    def test_one_letter_discarded_by_two(self, lit: Lit) -> None:
        letter = _dead(lit)
        one, other = lit.browser(Role.OPERATOR), lit.house.signed_in(Role.OPERATOR, operator=WILL)
        assert _at_once(lambda: _discard(one, letter), lambda: _discard(other, letter, "test-data")) == [303, 409]
        assert len(_codes(lit, AuditCode.DISCARD_ASKED)) == 1
        assert lit.carry_out() == 1
        assert _discard(one, letter).status_code == 409

    def test_who_asks_in_the_same_moment_is_not_told_that_it_was_theirs(self, lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
        letter, actions = _dead(lit), DeadLetterActions(lit.house.parts.desk)
        assert actions.ask_discard([letter.delivery_id], "superseded", "", WILL).done == (letter.delivery_id,)
        # What was read before somebody else's order was written.
        real, looks = DeadLetterActions._waiting, list[int]()

        def stale(self: DeadLetterActions, ids: list[DeliveryId]) -> object:
            looks.append(1)
            return {} if len(looks) == 1 else real(self, ids)

        monkeypatch.setattr(DeadLetterActions, "_waiting", stale)
        late = actions.ask_discard([letter.delivery_id], "test-data", "", Operator("u-vera", "Vera"))
        assert (late.done, dict(late.refused)) == ((), {letter.delivery_id: ASKED})
        assert len(_codes(lit, AuditCode.DISCARD_ASKED)) == 1

    def test_a_group_retried_by_two(self, lit: Lit) -> None:
        for number in range(3):
            _dead(lit, f"m-{number}", f"X00000{number}")
        browsers = [lit.browser(Role.OPERATOR), lit.house.signed_in(Role.OPERATOR, operator=WILL)]
        deeds = [lambda browser=browser: browser.post("/dead-letters-retry", {"group": GROUP, "expected": "3"}) for browser in browsers]
        assert _at_once(*deeds) == [303, 409]
        assert len(_codes(lit, AuditCode.GROUP_RETRIED)) == 1
        assert len(_codes(lit, AuditCode.DELIVERY_RETRIED)) == 3

    def test_one_alert_taken_by_two(self, lit: Lit) -> None:
        raised(lit.world, "a1")
        one, other = lit.browser(Role.OPERATOR), lit.house.signed_in(Role.OPERATOR, operator=WILL)
        assert _at_once(lambda: one.post("/alerts/a1/acknowledge"), lambda: other.post("/alerts/a1/acknowledge")) == [303, 409]
        assert len(_codes(lit, AuditCode.ALERT_ACKNOWLEDGED)) == 1

    def test_one_pause_ended_by_two(self, lit: Lit) -> None:
        one, other = lit.browser(Role.OPERATOR), lit.house.signed_in(Role.OPERATOR, operator=WILL)
        assert one.post("/partners/beta/pause", {"reason": "partner-asked", "until": "4h"}).status_code == 303
        assert _at_once(lambda: one.post("/partners/beta/resume"), lambda: other.post("/partners/beta/resume")) == [303, 409]
        assert len(_codes(lit, AuditCode.PARTNER_RESUMED)) == 1

    def test_a_test_message_asked_for_by_two(self, lit: Lit) -> None:
        one, other = lit.browser(Role.OPERATOR), lit.house.signed_in(Role.OPERATOR, operator=WILL)
        assert _at_once(*(lambda who=who: who.post("/partners/beta/test", {"party": "C17"}) for who in (one, other))) == [303, 409]
        assert len(_codes(lit, AuditCode.TEST_ASKED)) == 1


class TestDiscardAndRetry:
    """One of the two, whichever came first, and nothing is both sent and discarded."""

    def test_nothing_is_retried_while_its_discard_waits(self, lit: Lit) -> None:
        letter, browser = _dead(lit), lit.browser(Role.OPERATOR)
        assert _discard(browser, letter).status_code == 303
        page = browser.get(f"/dead-letters/{letter.delivery_id}").text
        assert "/dead-letters-retry" not in page
        refused = _retry(browser, letter)
        assert refused.status_code == 409
        assert "A discard was asked for" in refused.text
        assert lit.carry_out() == 1
        assert lit.delivery_now(letter.delivery_id).state is DeliveryState.DISCARDED

    def test_a_group_leaves_out_what_waits_for_its_discard(self, lit: Lit) -> None:
        first, second = _dead(lit, "m-1"), _dead(lit, "m-2", "X000002")
        browser = lit.browser(Role.OPERATOR)
        _discard(browser, first)
        done = browser.post("/dead-letters-retry", {"group": GROUP, "expected": "2"})
        assert done.headers["location"] == "/dead-letters?done=retried&count=1&left=1"
        assert lit.delivery_now(first.delivery_id).state is DeliveryState.REFUSED
        assert lit.delivery_now(second.delivery_id).state is DeliveryState.WAITING

    def test_an_order_to_end_a_dead_letter_ends_nothing_that_was_put_back(self, lit: Lit) -> None:
        letter = _dead(lit)
        _discard(lit.browser(Role.OPERATOR), letter)
        # At the machine itself, or in the moment between the console's look and its write.
        Operations(store=lit.world.store, clock=lambda: lit.world.now, parts=lit.orders()._operations._parts).retry(letter.delivery_id, "somebody")
        assert lit.carry_out() == 1
        assert lit.delivery_now(letter.delivery_id).state is DeliveryState.WAITING
        [order] = lit.world.store.oversight.orders_about([letter.delivery_id])
        assert order.state is OrderState.REFUSED
        assert "put back on the road" in order.outcome

    def test_what_was_acknowledged_between_asking_and_doing_is_left_alone(self, lit: Lit) -> None:
        message = lit.send("m-1")
        letter = lit.hand_over(message)
        lit.world.pass_time(minutes=1)
        browser = lit.browser(Role.OPERATOR)
        asked = browser.get(f"/dead-letters-retry?delivery={letter.delivery_id}")
        assert asked.status_code == 200
        lit.say(message, Stage.APPLIED)
        refused = _retry(browser, letter)
        assert refused.status_code == 409
        assert "acknowledged" in refused.text
        assert _discard(browser, letter).status_code == 409
        assert not _codes(lit, AuditCode.DELIVERY_RETRIED)

    def test_an_order_that_cannot_be_carried_out_holds_up_no_other(self, lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = _dead(lit, "m-1"), _dead(lit, "m-2", "X000002")
        browser, worker = lit.browser(Role.OPERATOR), lit.orders()
        _discard(browser, first)
        lit.pass_time(seconds=1)
        _discard(browser, second)
        real = Operations.discard

        def broken(self: Operations, delivery_id: DeliveryId, reason: str, by: str) -> Delivery:
            if delivery_id == first.delivery_id:
                raise KeyError("a bug of ours")
            return real(self, delivery_id, reason, by)

        monkeypatch.setattr(Operations, "discard", broken)
        with pytest.raises(KeyError):
            worker.look()
        assert lit.delivery_now(second.delivery_id).state is DeliveryState.DISCARDED
        monkeypatch.setattr(Operations, "discard", real)
        assert worker.look() == 1


class TestTargets:
    """An action is about what its page showed, under the name of the session, and nothing else."""

    def test_the_number_that_was_shown_is_the_number_that_is_done(self, lit: Lit) -> None:
        first, second = _dead(lit, "m-1"), _dead(lit, "m-2", "X000002")
        browser = lit.browser(Role.OPERATOR)
        csrf = browser.session.csrf if browser.session else ""
        both = f"csrf={csrf}&delivery={first.delivery_id}&delivery={second.delivery_id}"
        for body, status in (
            (f"{both}&expected=1", 409),
            (f"{both}&expected=0", 409),
            (f"{both}&expected=2&group={GROUP}", 422),
            (f"csrf={csrf}&expected=0", 422),
            (f"csrf={csrf}&expected=0&group={GROUP}", 409),
            (f"csrf={csrf}&expected=1&group=a|b", 404),
            (f"{both}&expected=2&expected=-1", 400),
            ("&".join([f"csrf={csrf}", "expected=201", *(f"delivery=d{number}" for number in range(201))]), 422),
        ):
            for name in ("retry", "discard"):
                answer = form_post(lit, browser, f"/dead-letters-{name}", f"{body}&reason=superseded".encode())
                assert answer.status == status, (name, body[-60:])
        assert {lit.delivery_now(one.delivery_id).state for one in (first, second)} == {DeliveryState.REFUSED}
        assert form_post(lit, browser, "/dead-letters-retry", f"{both}&delivery={first.delivery_id}&expected=2".encode()).status == 303

    def test_no_form_says_who_acts_or_writes_what_it_does_not_show(self, lit: Lit) -> None:
        _dead(lit)
        browser = lit.browser(Role.OPERATOR)
        extra = {
            "by": "u-admin",
            "to": "u-admin",
            "operator": "u-admin",
            "at": "2001-01-01",
            "note_id": "n1",
            "role": "admin",
            "roles": "admin",
            "subject": "x",
        }
        assert browser.post("/work/take", {"about": "partner:beta", **extra}).status_code == 303
        assert browser.post("/work/note", {"about": "partner:beta", "text": "Called.", **extra}).status_code == 303
        assignment = lit.world.store.oversight.assignments(["partner:beta"])["partner:beta"]
        [note] = lit.world.store.oversight.notes("partner:beta")
        assert {assignment.to.subject, assignment.by.subject, note.by.subject} == {"u-vera"}
        assert (note.at, note.note_id != "n1") == (lit.world.now, True)
        assert browser.session is not None
        assert lit.house.parts.sessions.active()[0].roles == (Role.OPERATOR,)

    def test_a_partners_page_acts_on_that_partner_alone(self, lit: Lit) -> None:
        browser = lit.browser(Role.OPERATOR)
        given = {"reason": "partner-asked", "until": "4h", "organisation": "beta", "organisation_id": "beta"}
        browser.post("/partners/alpha/pause", given)
        assert lit.world.store.partners.directory().organisations[OrganisationId("beta")].paused is None
        assert browser.post("/partners/alpha/test", {"party": "C17"}).status_code in {404, 409, 422}
        assert not _codes(lit, AuditCode.TEST_ASKED)

    def test_notes_and_work_are_about_what_is_there(self, lit: Lit) -> None:
        letter, browser = _dead(lit), lit.browser(Role.OPERATOR)
        raised(lit.world, "a1")
        there = [f"delivery:{letter.delivery_id}", f"message:{letter.message_id}", "alert:a1", "partner:beta", f"group:{GROUP}"]
        for about in there:
            assert browser.post("/work/take", {"about": about}).status_code == 303
            assert browser.post("/work/release", {"about": about}).status_code == 303
        nowhere = [
            "delivery:X000001",
            "message:x",
            "alert:a2",
            "partner:X000001",
            "group:a|b|c",
            "group:a",
            "letter:x",
            "nobody:x",
            "",
            "delivery:",
            "delivery:../..",
        ]
        for about in [*nowhere, "partner:beta\r\nset-cookie: a=b", f"partner:beta{chr(0)}", "partner:Ьeta", "delivery:" + "x" * 300]:
            assert browser.post("/work/take", {"about": about}).status_code in {400, 404}, about
            assert browser.post("/work/note", {"about": about, "text": "x"}).status_code in {400, 404}, about
        assert {one["by"] for one in _codes(lit, AuditCode.WORK_ASSIGNED)} == {"u-vera"}
        assert len(_codes(lit, AuditCode.WORK_ASSIGNED)) == len(there)
        with pytest.raises(NotPossible):
            WorkActions(lit.house.parts.desk).unassign("delivery:X000001", WILL)

    def test_no_role_gets_further_by_parameters(self, lit: Lit) -> None:
        letter = _dead(lit)
        tricks = {"permission": "retry", "role": "admin", "delivery": letter.delivery_id, "group": "", "expected": "1", "about": "partner:beta", "text": "x"}
        before = newest(lit)[0].sequence
        for role in (Role.VIEWER, Role.AUDITOR, Role.REVEAL):
            browser = lit.browser(role)
            for path in (
                "/dead-letters-retry",
                "/dead-letters-discard",
                "/work/note",
                "/work/take",
                "/partners/beta/pause",
                "/partners/beta/test",
                "/sessions/" + "a" * 64 + "/end",
            ):
                assert browser.post(path, tricks, headers={"sec-fetch-site": "same-origin", "x-role": "admin", "x-forwarded-user": "admin"}).status_code == 403
        assert {one.event.code for one in newest(lit, 20) if one.sequence > before} == {AuditCode.OPERATOR_SIGNED_IN}
        assert Permission.REVEAL not in GRANTS[Role.ADMIN] | GRANTS[Role.OPERATOR] | GRANTS[Role.AUDITOR]


class TestWords:
    """What people and partners write is text, wherever it comes out."""

    def test_markup_stays_text_on_every_page(self, lit: Lit) -> None:
        lit.world.queue.answers = [Refused(Fault(FaultCode.RECIPIENT_REFUSED, MARKUP))]
        letter = lit.hand_over(lit.send("m-1"))
        raised(lit.world, "a1", value=MARKUP, threshold=MARKUP)
        organisation = lit.world.store.partners.directory().organisations[OrganisationId("beta")]
        lit.world.store.partners.put_organisation(replace(organisation, name=MARKUP), AuditEvent(AuditCode.PARTNER_CHANGED, lit.world.now, "beta", {}))
        browser = lit.house.signed_in(*Role, operator=Operator(f"u{MARKUP}", MARKUP))
        for about in (f"delivery:{letter.delivery_id}", f"message:{letter.message_id}", "alert:a1", "partner:beta", f"group:{GROUP}"):
            assert browser.post("/work/take", {"about": about}).status_code == 303
            assert browser.post("/work/note", {"about": about, "text": MARKUP}).status_code == 303
        browser.post("/partners/beta/pause", {"reason": "partner-asked", "until": "4h", "text": MARKUP})
        browser.post("/alerts/a1/mute", {"hours": "4", "reason": "known-work", "text": MARKUP})
        browser.post("/dead-letters-discard", {"delivery": letter.delivery_id, "expected": "1", "reason": "other", "text": MARKUP})
        ids: dict[str, MessageId] = {"refused": MessageId(letter.message_id or ""), "applied": MessageId(letter.message_id or "")}
        seen = 0
        for route in page_routes(lit, "GET"):
            text = browser.get(filled(route.path, lit, ids)).text
            assert "<script>alert" not in text, route.path
            assert "<img" not in text, route.path
            assert 'onerror=alert(1)>"' not in text, route.path
            assert not re.search(r"\b49\b(?=\{%raw)", text), route.path
            seen += "&lt;script&gt;alert(1)" in text
        assert seen > 8

    @pytest.mark.parametrize(
        "text",
        [
            "Case X000001",
            "Case \uff38\uff10\uff10\uff10\uff10\uff10\uff11",
            "born 1980-01-01",
            "A1234BC",
            "01/01/1980",
            "X\u0660\u0660\u0660\u0660\u0660\u0661",
        ],
    )
    def test_numbers_of_people_are_refused_however_they_are_written(self, text: str) -> None:
        with pytest.raises(ReasonInvalid):
            bounded_text(text)

    @pytest.mark.parametrize("sign", ["\x00", "\x1b", "\u202e", "\u200b", "\u2066", "\ud800", "\x85\x9b"])
    def test_signs_that_nobody_sees_are_refused(self, sign: str) -> None:
        with pytest.raises(ReasonInvalid):
            bounded_text(f"a{sign}b")

    def test_words_of_people_stay(self) -> None:
        assert bounded_text("Caf\u00e9 \u2013 called at 9; they\u2019ll ring back. \u2713") == "Caf\u00e9 \u2013 called at 9; they\u2019ll ring back. \u2713"


class TestRecord:
    """No record, no deed and no data; and every deed has its record under its subject and its name."""

    def test_without_the_audit_nothing_is_done_and_nothing_is_shown(self, lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = fill(lit)
        letter, browser = lit.delivery(ids["refused"]), lit.browser(*Role)
        raised(lit.world, "a1")
        found = re.search(r'name="field" value="([^"]+)"', browser.get(f"/messages/{ids['applied']}").text)
        assert found
        hidden, end = found[1], newest(lit)[0].sequence

        def full(*_: object) -> None:
            raise StoreUnavailable("disk full")

        monkeypatch.setattr(Head, "append", full)
        said = [
            browser.get(f"/messages/{ids['applied']}"),
            browser.post("/search", {"query": "X000001"}),
            browser.post(f"/messages/{ids['applied']}/reveal", {"field": hidden, "purpose": "fault"}),
            _retry(browser, letter),
            _discard(browser, letter),
            browser.post("/work/note", {"about": "partner:beta", "text": "x"}),
            browser.post("/work/take", {"about": "partner:beta"}),
            browser.post("/partners/beta/pause", {"reason": "partner-asked", "until": "4h"}),
            browser.post("/partners/beta/test", {"party": "C17"}),
            browser.post("/alerts/a1/acknowledge"),
            browser.post("/alerts/a1/mute", {"hours": "4", "reason": "known-work"}),
        ]
        assert [answer.status_code for answer in said] == [503] * len(said)
        for answer in said:
            assert not [secret for secret in SECRETS if secret in answer.text]
            assert "C17" not in answer.text
        monkeypatch.undo()
        assert newest(lit)[0].sequence == end
        store = lit.world.store
        assert lit.delivery_now(letter.delivery_id).state is DeliveryState.REFUSED
        assert not store.oversight.waiting_orders(10)
        assert not store.oversight.notes("partner:beta")
        assert not store.oversight.assignments(["partner:beta"])
        assert not store.oversight.mutes(lit.world.now)
        assert store.partners.directory().organisations[OrganisationId("beta")].paused is None

    def test_every_deed_is_on_record_under_its_subject_and_name(self, lit: Lit) -> None:
        letter, browser = _dead(lit), lit.browser(*Role)
        raised(lit.world, "a1")
        own = letter.delivery_id
        deeds: list[tuple[Callable[[], httpx.Response], AuditCode, str]] = [
            (lambda: browser.post("/work/note", {"about": "partner:beta", "text": "x"}), AuditCode.NOTE_WRITTEN, "partner:beta"),
            (lambda: browser.post("/work/take", {"about": f"delivery:{own}"}), AuditCode.WORK_ASSIGNED, f"delivery:{own}"),
            (lambda: browser.post("/work/release", {"about": f"delivery:{own}"}), AuditCode.WORK_UNASSIGNED, f"delivery:{own}"),
            (lambda: browser.post("/alerts/a1/acknowledge"), AuditCode.ALERT_ACKNOWLEDGED, "a1"),
            (lambda: browser.post("/alerts/a1/mute", {"hours": "4", "reason": "known-work"}), AuditCode.ALERT_MUTED, "C17"),
            (lambda: browser.post("/alerts/unmute", {"rule": "depth", "subject": "C17"}), AuditCode.ALERT_UNMUTED, "C17"),
            (lambda: browser.post("/partners/beta/test", {"party": "C17"}), AuditCode.TEST_ASKED, "C17"),
            (lambda: browser.post("/partners/beta/pause", {"reason": "partner-asked", "until": "4h"}), AuditCode.PARTNER_PAUSED, "beta"),
            (lambda: browser.post("/partners/beta/resume"), AuditCode.PARTNER_RESUMED, "beta"),
            (lambda: _retry(browser, letter), AuditCode.DELIVERY_RETRIED, own),
            (lambda: _discard(browser, letter), AuditCode.DISCARD_ASKED, own),
            (lambda: browser.post("/sign-out"), AuditCode.OPERATOR_SIGNED_OUT, "u-vera"),
        ]
        for deed, code, subject in deeds:
            assert deed().status_code == 303, code
            said = [(one.event.code, one.event.subject, one.event.facts.get("by")) for one in newest(lit, 2)]
            assert (code, subject, "u-vera") in said
            lit.pass_time(seconds=1)

    def test_sessions_last_as_long_as_they_say(self, lit: Lit) -> None:
        session = lit.browser(Role.VIEWER).session
        assert session is not None
        assert session.expires_at - session.created_at <= timedelta(hours=10)
