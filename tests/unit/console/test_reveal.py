"""Reveal at the console: some fields, to one session, for a purpose, for minutes, on record, and in no address."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode
from gateway.contract import StoreUnavailable
from gateway.oversight.access import Role
from gateway.oversight.views import AuditSearch
from schemas.identifiers import MessageId
from tests.support.console import Browser
from tests.support.console_world import SECRETS, Lit, light
from tests.support.world import contact

NOTES = SECRETS[1]
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'words' {{ 7 * 7 }} " + "x" * 400


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


@pytest.fixture
def sent(lit: Lit) -> MessageId:
    return lit.send("m-1", crn="X000042")


def _reveal(browser: Browser, sent: MessageId, *fields: str, purpose: str = "fault", text: str = "", path: str = "reveal"):  # type: ignore[no-untyped-def]
    return browser.post(f"/messages/{sent}/{path}", {"field": list(fields), "purpose": purpose, "text": text})  # type: ignore[dict-item]


def _granted(lit: Lit) -> list[dict[str, object]]:
    found = lit.world.store.watch.audit(AuditSearch(code=AuditCode.FIELD_REVEALED.value), None, 50)
    return [{"subject": record.event.subject, **record.event.facts} for record in found]


def test_hidden_fields_can_be_ticked_by_whoever_may_reveal(lit: Lit, sent: MessageId) -> None:
    page = lit.browser(Role.REVEAL).get(f"/messages/{sent}").text
    ticked = re.findall(r'type="checkbox" name="field" value="([^"]+)"', page)
    assert {"/header/case_reference", "/crn", "/notes", "/version/updated_by"} <= set(ticked)
    assert "/contact_type/code" not in ticked
    assert f'action="/messages/{sent}/reveal-ask"' in page


def test_the_page_that_asks_why_names_fields_and_shows_no_value(lit: Lit, sent: MessageId) -> None:
    page = _reveal(lit.browser(Role.REVEAL), sent, "/notes", "/crn", path="reveal-ask")
    assert page.status_code == 200
    assert "Reveal 2 hidden fields" in page.text
    assert page.text.count('name="field"') == 2
    assert "for 5 minutes" in page.text
    assert not [secret for secret in (*SECRETS, "X000042") if secret in page.text]
    assert _granted(lit) == [], "nothing is shown yet"


def test_a_field_is_shown_to_this_session_for_five_minutes(
    lit: Lit, sent: MessageId, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    browser, same_person = lit.browser(Role.REVEAL), lit.browser(Role.REVEAL)
    said = _reveal(browser, sent, "/notes", "/header/case_reference", text="Ticket 12.")
    assert said.status_code == 303
    assert said.headers["location"] == f"/messages/{sent}?done=revealed&count=2#content"
    page = browser.get(f"/messages/{sent}?done=revealed&count=2")
    assert NOTES in page.text
    assert ">X000042<" in page.text
    assert "2 fields are shown for a few minutes" in page.text
    assert "Shown to Vera Example (fictional), to find out why a message failed; hidden again at <time" in page.text
    assert "23 November 2026 at 12:05:00" in page.text
    assert 'data-hide-after="300"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "Made,Up" not in page.text, "and no other field"
    assert NOTES not in same_person.get(f"/messages/{sent}").text
    lit.pass_time(minutes=4, seconds=59)
    assert NOTES in browser.get(f"/messages/{sent}").text
    lit.pass_time(seconds=1)
    after = browser.get(f"/messages/{sent}")
    assert after.status_code == 200
    assert NOTES not in after.text
    assert "X000042" not in after.text
    told = [caplog.text, *capfd.readouterr(), repr(lit.world.events), str(said.headers)]
    assert not [text for text in told if NOTES in text or "X000042" in text]


def test_each_field_has_its_record_with_the_purpose(lit: Lit, sent: MessageId) -> None:
    browser = lit.browser(Role.REVEAL)
    _reveal(browser, sent, "/notes", "/crn", "/notes", purpose="incident", text="Ticket 12")
    records = _granted(lit)
    assert sorted(str(one["field"]) for one in records) == ["/crn", "/notes"]
    assert {(one["subject"], one["by"], one["purpose"], one["words"]) for one in records} == {(sent, "u-vera", "incident", "Ticket 12")}
    story = browser.get(f"/messages/{sent}?looks=true").text
    assert "The field /notes was revealed" in story
    assert "To deal with an incident. Ticket 12." in story
    assert "The field" not in browser.get(f"/messages/{sent}").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUDITOR, Role.ADMIN])
def test_who_may_not_reveal_is_refused_and_offered_nothing(lit: Lit, sent: MessageId, role: Role) -> None:
    browser = lit.browser(role)
    page = browser.get(f"/messages/{sent}").text
    assert "/reveal" not in page
    assert 'type="checkbox"' not in page
    assert _reveal(browser, sent, "/notes").status_code == 403
    assert _reveal(browser, sent, "/notes", path="reveal-ask").status_code == 403
    assert _granted(lit) == []
    assert NOTES not in browser.get(f"/messages/{sent}").text


def test_a_purpose_is_needed_and_the_fields_stay(lit: Lit, sent: MessageId) -> None:
    for purpose in ("", "curiosity"):
        page = _reveal(lit.browser(Role.REVEAL), sent, "/notes", purpose=purpose, text="Ticket 12")
        assert page.status_code == 422
        assert 'href="#purpose"' in page.text
        assert 'name="field" value="/notes"' in page.text
        assert 'value="Ticket 12"' in page.text
    assert _granted(lit) == []


@pytest.mark.parametrize("text", ["About X000042", "Born 1.2.1990", "x" * 301])
def test_a_persons_number_is_no_part_of_a_purpose(lit: Lit, sent: MessageId, text: str) -> None:
    page = _reveal(lit.browser(Role.REVEAL), sent, "/notes", purpose="incident", text=text)
    assert page.status_code == 422
    assert 'href="#text"' in page.text
    assert re.search(r'value="incident"[^>]* checked', page.text)
    assert "X000042" not in page.text
    assert "1.2.1990" not in page.text
    assert _granted(lit) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [((), 422), (("/no/such/field",), 409), (("/contact_type/code",), 409), (("/notes", "/version"), 409), (tuple(f"/{n}" for n in range(21)), 409)],
)
@pytest.mark.parametrize("path", ["reveal", "reveal-ask"])
def test_only_hidden_fields_can_be_revealed_and_not_all_at_once(lit: Lit, sent: MessageId, fields: tuple[str, ...], status: int, path: str) -> None:
    browser = lit.browser(Role.REVEAL)
    assert _reveal(browser, sent, *fields, path=path).status_code == status
    assert _granted(lit) == []
    assert NOTES not in browser.get(f"/messages/{sent}").text


def test_there_is_nothing_to_reveal_of_what_is_not_there(lit: Lit) -> None:
    browser = lit.browser(Role.REVEAL)
    for path in ("reveal", "reveal-ask"):
        assert _reveal(browser, MessageId("no-such-message"), "/notes", path=path).status_code == 404


def test_no_record_no_reveal(lit: Lit, sent: MessageId, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreUnavailable

    browser = lit.browser(Role.REVEAL)
    with monkeypatch.context() as broken:
        broken.setattr(type(lit.world.store.oversight), "put_reveals", refuse)
        page = _reveal(browser, sent, "/notes")
    assert page.status_code == 503
    assert NOTES not in page.text
    assert NOTES not in browser.get(f"/messages/{sent}").text


def test_an_ended_session_sees_nothing_any_more(lit: Lit, sent: MessageId) -> None:
    browser = lit.browser(Role.REVEAL)
    _reveal(browser, sent, "/notes")
    browser.post("/sign-out")
    assert browser.get(f"/messages/{sent}").status_code == 303
    assert NOTES not in lit.browser(Role.REVEAL).get(f"/messages/{sent}").text


def test_what_somebody_wrote_stays_text(lit: Lit) -> None:
    wire = lit.world.signed("alpha", contact("m-9", notes=HOSTILE))
    accepted = lit.world.pipeline.submit([lit.world.submission("alpha", wire)])[0]
    sent = accepted.message_ids[0]  # type: ignore[union-attr]
    browser = lit.browser(Role.REVEAL)
    _reveal(browser, sent, "/notes")
    page = browser.get(f"/messages/{sent}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quoted&#34; &#39;words&#39; {{ 7 * 7 }}" in page
    assert "x" * 400 in page
