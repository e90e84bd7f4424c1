"""Alerts at the console: what fires and what people did about it, three actions on record, and the way to the cause."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from docs import generate
from gateway.audit.events import AuditCode, AuditEvent
from gateway.console.pages.alerts import PAGE
from gateway.console.runbooks import Kind, names, read, runbook
from gateway.contract import StoreUnavailable
from gateway.control.alerts import AlertActions
from gateway.control.desk import NotPossible, NotThere
from gateway.control.work import WorkActions
from gateway.oversight.access import Role
from gateway.oversight.alert_rules import RULES
from gateway.oversight.records import Alert, AlertState, Operator
from gateway.partners.agreement import Direction, RetryPolicy
from schemas.identifiers import PartyCode
from tests.support.alerts import QUICK, agree, audited, firing, raised, watcher
from tests.support.console_world import SECRETS, Lit, light

ANNE = Operator("op-anne", "Anne Example")


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def resolve(lit: Lit, alert: Alert) -> None:
    over = replace(alert, state=AlertState.RESOLVED, resolved_at=lit.world.now)
    assert lit.world.store.oversight.put_alert(over, AuditEvent(AuditCode.ALERT_RESOLVED, lit.world.now, alert.alert_id))


def sections(page: str) -> list[str]:
    heads = re.findall(r'<h2 class="govuk-heading-m">(.+?)</h2>', page, flags=re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", found).split()) for found in heads]


def test_nothing_fires_and_the_page_says_so(lit: Lit) -> None:
    page = lit.browser(Role.VIEWER).get("/alerts")
    assert page.status_code == 200
    assert "Nothing is firing" in page.text
    assert "No alert has ended yet" in page.text
    assert sections(page.text) == ["Resolved"]


def test_alerts_stand_by_what_people_did_about_them(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    for name, rule in (("a1", "depth"), ("a2", "oldest-waiting"), ("a3", "silence"), ("a4", "late-receipts")):
        raised(lit.world, name, rule)
    browser.post("/alerts/a2/acknowledge")
    browser.post("/alerts/a3/mute", {"hours": "4", "reason": "known-work"})
    resolve(lit, firing(lit.world)["late-receipts", "C17"])
    page = lit.browser(Role.VIEWER).get("/alerts").text
    assert sections(page) == ["Firing 1 alert", "Acknowledged 1 alert", "Muted 1 alert", "Muted rules (1)", "Resolved"]
    for rule in ("depth", "oldest-waiting", "silence", "late-receipts"):
        assert RULES[rule].title in page.replace("&#39;", "'")
    assert "43 messages" in page
    assert "20 messages" in page
    assert "Vera Example (fictional)" in page
    assert "Unmute" not in page  # a viewer only looks
    assert "Unmute" in browser.get("/alerts").text


def test_every_alert_has_words_a_way_to_its_cause_and_a_runbook(lit: Lit) -> None:
    browser = lit.browser(Role.VIEWER)
    for rule in RULES:
        alert = raised(lit.world, f"a-{rule}", rule, subject="C17" if "{subject}" in RULES[rule].page else "")
        page = browser.get(f"/alerts/{alert.alert_id}")
        assert page.status_code == 200
        text = page.text.replace("&#39;", "'").replace("&amp;", "&")
        assert RULES[rule].words in text
        assert RULES[rule].title in text
        assert f'href="{RULES[rule].page.format(subject=alert.subject)}"' in text
        assert f'href="/runbooks/{rule}"' in text
        assert browser.get(f"/runbooks/{rule}").status_code == 200


def test_an_alert_of_a_rule_that_is_no_more_is_still_shown(lit: Lit) -> None:
    raised(lit.world, "a1", "gone-rule")
    page = lit.browser(Role.OPERATOR).get("/alerts/a1").text
    assert "Gone rule: C17" in page
    assert "/runbooks/" not in page
    assert lit.browser(Role.VIEWER).get("/alerts").status_code == 200


def test_acknowledging_is_on_record_under_a_name_and_done_once(lit: Lit) -> None:
    raised(lit.world, "a1")
    browser = lit.browser(Role.OPERATOR)
    answer = browser.post("/alerts/a1/acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts/a1?done=acknowledged")
    page = browser.get(answer.headers["location"]).text
    assert "The alert is yours now." in page
    assert "Acknowledged" in page
    assert "You have it" in page
    assert "/alerts/a1/acknowledge" not in page
    again = browser.post("/alerts/a1/acknowledge")
    assert again.status_code == 409
    assert "Vera Example (fictional) has taken it already." in again.text
    assert audited(lit.world, AuditCode.ALERT_ACKNOWLEDGED) == [{"by": "u-vera", "rule": "depth", "about": "C17"}]
    assert lit.world.store.oversight.due_tellings(lit.world.now, 9) == []


def test_what_is_over_cannot_be_taken_and_has_no_button(lit: Lit) -> None:
    resolve(lit, raised(lit.world, "a1"))
    browser = lit.browser(Role.OPERATOR)
    assert "/alerts/a1/acknowledge" not in browser.get("/alerts/a1").text
    answer = browser.post("/alerts/a1/acknowledge")
    assert answer.status_code == 409
    assert "The alert is over." in answer.text
    assert audited(lit.world, AuditCode.ALERT_ACKNOWLEDGED) == []


def test_a_mute_has_an_end_a_reason_and_a_name_and_can_be_ended(lit: Lit) -> None:
    raised(lit.world, "a1")
    browser = lit.browser(Role.OPERATOR)
    assert "For how long?" in browser.get("/alerts/a1/mute").text
    answer = browser.post("/alerts/a1/mute", {"hours": "24", "reason": "being-mended", "text": "A new <b>disk</b>."})
    assert answer.headers["location"] == "/alerts/a1?done=muted"
    page = browser.get("/alerts/a1").text
    assert "Somebody is mending it. A new &lt;b&gt;disk&lt;/b&gt;." in page
    assert "24 November 2026 at midday" in page
    (mute,) = lit.world.store.oversight.mutes(lit.world.now)
    assert (mute.rule, mute.subject, mute.until, mute.by.subject) == ("depth", "C17", lit.world.now + timedelta(days=1), "u-vera")
    assert [(facts["by"], facts["reason"]) for facts in audited(lit.world, AuditCode.ALERT_MUTED)] == [("u-vera", "being-mended")]
    answer = browser.post("/alerts/unmute", {"rule": "depth", "subject": "C17", "alert": "a1"})
    assert answer.headers["location"] == "/alerts/a1?done=unmuted"
    assert lit.world.store.oversight.mutes(lit.world.now) == []
    assert [facts["by"] for facts in audited(lit.world, AuditCode.ALERT_UNMUTED)] == ["u-vera"]
    assert browser.post("/alerts/unmute", {"rule": "depth", "subject": "C17"}).status_code == 409


def test_a_silence_is_ended_from_the_list_and_leads_nowhere_else(lit: Lit) -> None:
    raised(lit.world, "a1")
    browser = lit.browser(Role.OPERATOR)
    browser.post("/alerts/a1/mute", {"hours": "1", "reason": "known-work"})
    answer = browser.post("/alerts/unmute", {"rule": "depth", "subject": "C17", "alert": "//evil.example"})
    assert answer.headers["location"] == "/alerts?done=unmuted"


WRONG = [
    ({"reason": "known-work"}, "Choose for how long.", "hours"),
    ({"hours": "9999", "reason": "known-work"}, "Choose for how long.", "hours"),
    ({"hours": "4"}, "Choose a reason.", "reason"),
    ({"hours": "4", "reason": "boredom"}, "Choose a reason.", "reason"),
    ({"hours": "4", "reason": "known-work", "text": "about X123456"}, "Leave out", "text"),
    ({"hours": "4", "reason": "known-work", "text": "x" * 301}, "at most 300", "text"),
]


def test_a_mute_that_cannot_be_taken_is_asked_for_again_and_what_was_typed_is_kept(lit: Lit) -> None:
    raised(lit.world, "a1")
    browser = lit.browser(Role.OPERATOR)
    for form, words, field in WRONG:
        answer = browser.post("/alerts/a1/mute", form)
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
        assert words in answer.text
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}"' in answer.text
        assert form.get("text", "") in answer.text
        if form.get("hours") == "4":
            assert re.search(r'value="4"\s+checked', answer.text)
    assert lit.world.store.oversight.mutes(lit.world.now) == []
    assert audited(lit.world, AuditCode.ALERT_MUTED) == []


def test_who_only_looks_has_no_buttons_and_no_way(lit: Lit) -> None:
    raised(lit.world, "a1")
    for role in (Role.VIEWER, Role.AUDITOR, Role.ADMIN):
        browser = lit.browser(role)
        page = browser.get("/alerts/a1").text
        assert "Acknowledge</button>" not in re.sub(r"\s+<", "<", page)
        assert "/alerts/a1/mute" not in page
        assert browser.get("/alerts/a1/mute").status_code == 403
        for path in ("/alerts/a1/acknowledge", "/alerts/a1/mute", "/alerts/unmute"):
            assert browser.post(path, {"hours": "4", "reason": "known-work", "rule": "depth", "subject": "C17"}).status_code == 403
    assert firing(lit.world)["depth", "C17"].acknowledged_by is None


def test_a_form_that_was_forged_does_nothing(lit: Lit) -> None:
    raised(lit.world, "a1")
    assert lit.browser(Role.OPERATOR).post("/alerts/a1/acknowledge", token="wrong").status_code == 403
    assert firing(lit.world)["depth", "C17"].acknowledged_by is None


def test_what_is_not_there_is_not_found(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    for path in ("/alerts/none", "/alerts/none/mute", "/runbooks/none", "/runbooks/..%2Fconfig", "/runbooks/Depth"):
        assert browser.get(path).status_code == 404


def test_looking_changes_nothing(lit: Lit) -> None:
    raised(lit.world, "a1")
    browser = lit.browser(Role.OPERATOR)
    before = len(lit.world.store.queries.audit(0, 1000))
    for path in ("/alerts", "/alerts/a1", "/alerts/a1/mute", "/runbooks/depth"):
        assert browser.get(path).status_code == 200
    assert len(lit.world.store.queries.audit(0, 1000)) == before


def test_history_is_paged_newest_first(lit: Lit) -> None:
    for number in range(PAGE + 2):
        resolve(lit, raised(lit.world, f"a{number:03}", raised_at=lit.world.now + timedelta(seconds=number)))
    browser = lit.browser(Role.VIEWER)
    first = browser.get("/alerts").text
    assert f"/alerts/a{PAGE + 1:03}" in first
    assert '"/alerts/a001"' not in first
    link = re.search(r'href="(/alerts\?after=[^"]+)"', first)
    assert link
    second = browser.get(link[1]).text
    assert re.findall(r'href="/alerts/(a\d+)"', second) == ["a001", "a000"]


def test_nobody_who_is_made_up_shows_on_a_page(lit: Lit) -> None:
    """Values hold counts and codes: messages behind an alert are not in it."""
    agree(lit.world, "C17", QUICK)
    lit.refuse(lit.send("m-1"))
    lit.send("m-2", crn="X000002")
    lit.pass_time(hours=1)
    watcher(lit.world).look()
    browser = lit.browser(Role.OPERATOR)
    shown = [browser.get("/alerts").text, *(browser.get(f"/alerts/{one.alert_id}").text for one in firing(lit.world).values())]
    assert len(shown) > 2
    assert not [secret for secret in SECRETS for page in shown if secret in page]


def test_notes_and_an_assignment_stand_on_the_alert(lit: Lit) -> None:
    raised(lit.world, "a1")
    browser = lit.browser(Role.OPERATOR)
    assert browser.post("/work/note", {"about": "alert:a1", "text": "Called them."}).headers["location"] == "/alerts/a1?done=noted"
    browser.post("/work/take", {"about": "alert:a1"})
    page = browser.get("/alerts/a1").text
    assert "Called them." in page
    assert "You have it" in page


def test_from_an_alert_to_the_message_and_its_cause_it_is_three_clicks_at_most(lit: Lit) -> None:
    """As somebody walks who reads the letter that came by mail: the alert, what it is about, the message."""
    agreement = lit.world.store.partners.directory().agreements[PartyCode("C17"), Direction.OUTBOUND]
    once = replace(agreement, retry=RetryPolicy(attempts=1), thresholds=QUICK)
    lit.world.store.partners.put_agreement(once, AuditEvent(AuditCode.PARTNER_CHANGED, lit.world.now, "C17"))
    message = lit.send("m-1")
    lit.fail(message)
    watcher(lit.world, relay_late=1e9).look()
    browser = lit.browser(Role.OPERATOR)
    path, clicks = "/alerts/" + firing(lit.world)["exhausted-retries", "C17"].alert_id, 0
    for wanted in (r"/dead-letters\?recipient=C17", f"/dead-letters/{lit.delivery(message).delivery_id}"):
        link = re.search(f'href="({wanted})"', browser.get(path).text)
        assert link, f"no way from {path} to {wanted}"
        path, clicks = link[1], clicks + 1
    page = browser.get(path).text
    assert clicks <= 3
    assert "The connection was refused." in page  # what was said
    assert "Whose fault" in page
    assert "What to do next" in page
    assert f"/messages/{message}" in page


# the actions by themselves


def test_who_acknowledges_takes_nothing_from_whoever_looks_after_it(lit: Lit) -> None:
    raised(lit.world, "a1")
    bert = Operator("op-bert", "Bert Example")
    WorkActions(lit.house.parts.desk).assign("alert:a1", bert, bert)
    AlertActions(lit.house.parts.desk).acknowledge("a1", ANNE)
    assert lit.world.store.oversight.assignments(["alert:a1"])["alert:a1"].to == bert


def test_an_action_needs_what_it_is_about(lit: Lit) -> None:
    actions = AlertActions(lit.house.parts.desk)
    with pytest.raises(NotThere):
        actions.acknowledge("none", ANNE)
    with pytest.raises(NotThere):
        actions.mute("no-rule", "C17", lit.world.now + timedelta(hours=1), "known-work", "", ANNE)
    for wrong in (timedelta(0), timedelta(days=7, seconds=1), timedelta(days=-1)):
        with pytest.raises(NotPossible, match="within 7 days"):
            actions.mute("depth", "C17", lit.world.now + wrong, "known-work", "", ANNE)
    with pytest.raises(NotPossible, match="not muted"):
        actions.unmute("depth", "C17", ANNE)


def test_a_silence_whose_time_is_over_cannot_be_ended(lit: Lit) -> None:
    actions = AlertActions(lit.house.parts.desk)
    actions.mute("depth", "C17", lit.world.now + timedelta(hours=1), "known-work", "", ANNE)
    lit.pass_time(hours=2)
    with pytest.raises(NotPossible):
        actions.unmute("depth", "C17", ANNE)
    assert audited(lit.world, AuditCode.ALERT_UNMUTED) == []


def test_an_alert_that_changes_meanwhile_is_taken_all_the_same(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watcher writes down what it sees between our reading and our writing."""
    raised(lit.world, "a1")
    real, writes = lit.world.store.oversight.alert, []

    def alert(alert_id: str) -> Alert | None:
        found = real(alert_id)
        if found is not None and len(writes) < 3:
            writes.append(lit.world.store.oversight.put_alert(replace(found, value=f"{len(writes)} messages"), None))
        return found

    monkeypatch.setattr(lit.world.store.oversight, "alert", alert)
    taken = AlertActions(lit.house.parts.desk).acknowledge("a1", ANNE)
    assert writes == [True] * 3
    assert (taken.acknowledged_by, real("a1")) == (ANNE, taken)


# runbooks


def test_there_is_a_runbook_for_every_rule_and_it_is_the_one_in_the_documentation() -> None:
    assert names() >= set(RULES)
    assert names() == {path.stem for path in Path("docs/runbooks").glob("*.md")}


def test_every_runbook_says_why_what_to_look_at_and_what_to_do(lit: Lit) -> None:
    browser = lit.browser(Role.VIEWER)
    for name in names():
        found = runbook(name)
        assert found is not None
        heads = ["".join(span.text for span in block.rows[0][0]) for block in found.blocks if block.kind is Kind.HEADING]
        assert {"Look", "Do", "Over when"} <= set(heads)
        page = browser.get(f"/runbooks/{name}").text
        assert found.title in page.replace("&#39;", "'")
        body = page.partition("<main")[2]
        assert not re.search(r"\*\*|\]\(|&lt;!--|`", body)
        assert set(re.findall(r'href="/runbooks/([^"]+)"', body)) <= names()


def test_every_command_in_a_runbook_exists() -> None:
    known = set(re.findall(r"^## `gateway ([^`]+)`", generate.cli_page(), flags=re.MULTILINE))
    told = {command for path in Path("docs/runbooks").glob("*.md") for command in re.findall(r"`gateway ([^`]+)`", path.read_text(encoding="utf-8"))}
    assert len(told) > 8
    for command in told:
        words = [word for word in command.split() if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
        assert " ".join(words) in known, command


def test_markup_of_a_runbook_is_read_into_spans() -> None:
    text = "<!-- x -->\n\n# A *title*\n\n1. One `a|b`\n   and more\n2. Two [three](depth.md)\n\n- point\n\n| A | B |\n|---|---|\n| `c` | **d** |\n"
    title, steps, points, table = read(text)
    assert [(span.text, span.style) for span in title.rows[0][0]] == [("A ", ""), ("title", "em")]
    assert [span.text for span in steps.rows[0][0]] == ["One ", "a|b", " and more"]
    assert steps.rows[1][0][1].href == "/runbooks/depth"
    assert points.kind is Kind.POINTS
    assert [[span.text for cell in row for span in cell] for row in table.rows] == [["A", "B"], ["c", "d"]]


def test_taking_an_alert_and_looking_after_it_are_one_deed(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    raised(lit.world, "a1")
    monkeypatch.setattr("gateway.store.oversight_work.write_assignment", _away)
    with pytest.raises(StoreUnavailable):
        AlertActions(lit.house.parts.desk).acknowledge("a1", ANNE)
    alert = lit.world.store.oversight.alert("a1")
    assert alert is not None
    assert alert.acknowledged_by is None
    assert audited(lit.world, AuditCode.ALERT_ACKNOWLEDGED) == []


def _away(*_: object) -> None:
    raise StoreUnavailable
