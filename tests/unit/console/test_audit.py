"""The audit at the console: searched by anything but a case, exported, checked; each look on record itself."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.audit.chain import ChainHead, Checkpoint, Flaw
from gateway.audit.events import AuditCode, AuditEvent, AuditRecord
from gateway.console.app import create_console
from gateway.console.audit_links import links_of
from gateway.console.pages.audit import as_csv, as_lines
from gateway.control import auditing
from gateway.control.auditing import AuditActions, Reader
from gateway.control.desk import Desk
from gateway.oversight.access import Role
from gateway.oversight.chain_checks import chain_facts
from gateway.oversight.views import AuditSearch
from gateway.trust.signing import jwk_of
from gateway.workers.timers import sign_checkpoint
from tests.support.console import VERA
from tests.support.console_world import SECRETS, Lit, fill, light


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _audited(lit: Lit, code: AuditCode) -> list[AuditEvent]:
    return [record.event for record in lit.world.store.watch.audit(AuditSearch(code=code.value), None, 50)]


def _said(lit: Lit) -> list[dict[str, object]]:
    """What the searches on record say, oldest first."""
    return [dict(event.facts) for event in reversed(_audited(lit, AuditCode.AUDIT_SEARCHED))]


def test_records_are_shown_newest_first_with_where_they_lead(lit: Lit) -> None:
    ids = fill(lit)
    page = lit.browser(Role.AUDITOR).get("/audit").text
    table = page.partition("<tbody")[2]
    assert table.index("operator.signed-in") < table.index("delivery.delayed") < table.index("partner.changed")
    assert f'href="/messages/{ids["waiting"]}"' in page
    assert f'href="/dead-letters/{lit.delivery(ids["refused"]).delivery_id}"' in page
    assert "It has not been checked yet." in page
    assert not [secret for secret in SECRETS if secret in page]


def test_a_search_is_on_record_with_its_filters(lit: Lit) -> None:
    lit.refuse(lit.send("m-1"))
    browser = lit.browser(Role.AUDITOR)
    typed = browser.post("/audit", {"code": "delivery.", "subject": " abc ", "since": "2026-11-20T09:00"})
    assert typed.headers["location"] == "/audit?subject=abc&code=delivery.&since=2026-11-20T09%3A00"
    assert _said(lit) == []  # nothing was looked for yet
    page = browser.get(typed.headers["location"])
    assert "No record matches" in page.text
    browser.get("/audit", params={"before": "12"})
    assert _said(lit) == [
        {"by": "u-vera", "code": "delivery.", "how": "page", "since": "2026-11-20T09:00:00+00:00", "subject": "abc"},
        {"before": 12, "by": "u-vera", "how": "page"},
    ]


@pytest.mark.parametrize("field", ["by", "subject"])
def test_a_case_is_no_filter_and_its_number_is_in_no_address(lit: Lit, field: str) -> None:
    browser = lit.browser(Role.AUDITOR)
    refused = browser.post("/audit", {field: "X123456"})
    assert refused.status_code == 422
    assert "search for its messages on the page Messages" in refused.text
    assert "X123456" not in refused.text + str(refused.headers)
    again = browser.get("/audit", params={field: "X123456"})
    assert again.status_code == 400
    assert "X123456" not in again.text
    assert browser.post("/audit/export", {field: "X123456"}).status_code == 400
    assert _said(lit) == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"code": "nonsense"}, "There is no such event"),
        ({"since": "soon"}, "Give a day and a time"),
        ({"since": "2026-11-23T10:00", "until": "2026-11-22"}, "must come after"),
    ],
)
def test_what_cannot_be_read_is_said_beside_it(lit: Lit, form: dict[str, str], words: str) -> None:
    refused = lit.browser(Role.AUDITOR).post("/audit", {**form, "subject": "kept"})
    assert refused.status_code == 422
    assert "<title>Error: " in refused.text
    assert words in refused.text
    assert 'value="kept"' in refused.text


def test_what_was_typed_is_no_markup(lit: Lit) -> None:
    page = lit.browser(Role.AUDITOR).get("/audit", params={"subject": "<script>alert(1)</script>"})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


def test_pages_go_on_by_cursor(lit: Lit) -> None:
    lit.world.store.oversight.note_look([AuditEvent(AuditCode.MESSAGE_VIEWED, lit.world.now, f"m-{number}", {"by": "u-x"}) for number in range(60)])
    browser = lit.browser(Role.AUDITOR)
    first = browser.get("/audit?by=u-x").text
    assert first.count('href="/messages/m-') == 50
    older = first.split('href="/audit?by=u-x&amp;before=')[1].split('"')[0]
    second = browser.get(f"/audit?by=u-x&before={older}").text
    assert second.count('href="/messages/m-') == 10
    assert 'href="/messages/m-0"' in second
    assert 'href="/messages/m-59"' not in second


def test_one_record_tells_its_facts_its_place_and_what_it_belongs_to(lit: Lit) -> None:
    message_id = lit.send("m-1")
    delivery = lit.refuse(message_id)
    record = lit.world.store.watch.audit(AuditSearch(code="delivery.refused"), None, 1)[0]
    browser = lit.browser(Role.AUDITOR)
    page = browser.get(f"/audit/{record.sequence}").text
    assert all(part in page for part in (record.digest, record.previous, delivery.delivery_id, "recipient-refused"))
    assert f'href="/messages/{message_id}"' in page
    assert 'href="/partners/beta"' in page
    assert f'href="/audit/{record.sequence - 1}"' in page
    assert not [secret for secret in SECRETS if secret in page]
    assert _said(lit) == [{"by": "u-vera", "record": record.sequence}]
    assert browser.get("/audit/1").status_code == 200
    assert browser.get("/audit/999999").status_code == 404
    assert browser.get("/audit/0").status_code == 400


def test_a_submission_leads_to_its_messages_and_a_note_to_what_it_is_about(lit: Lit) -> None:
    message_id = lit.send("m-1")
    store = lit.world.store
    accepted = next(record.event for record in store.queries.audit(0, 100) if record.event.code is AuditCode.SUBMISSION_ACCEPTED)
    directory = store.partners.directory()
    assert f"/messages/{message_id}" in [link.href for link in links_of(accepted, store.queries, directory)]
    at = lit.world.now
    for event, href in (
        (AuditEvent(AuditCode.NOTE_WRITTEN, at, "partner:beta", {"by": "u"}), "/partners/beta"),
        (AuditEvent(AuditCode.PARTNER_PAUSED, at, "beta", {"by": "u"}), "/partners/beta"),
        (AuditEvent(AuditCode.TEST_ASKED, at, "C17", {"by": "u"}), "/partners/beta"),
        (AuditEvent(AuditCode.ALERT_RAISED, at, "a-1", {"rule": "silence"}), "/alerts/a-1"),
        (AuditEvent(AuditCode.ORDER_DONE, at, "d-1", {"kind": "discard"}), "/dead-letters/d-1"),
    ):
        assert [link.href for link in links_of(event, None, directory)] == [href], event
    assert links_of(AuditEvent(AuditCode.NOTE_WRITTEN, at, "message:../../x", {}), None, directory) == []


@pytest.mark.parametrize(("kind", "media"), [("csv", "text/csv; charset=utf-8"), ("jsonl", "application/jsonl; charset=utf-8")])
def test_an_export_is_what_was_found_and_on_record(lit: Lit, kind: str, media: str) -> None:
    lit.refuse(lit.send("m-1"))
    browser = lit.browser(Role.AUDITOR)
    assert 'name="code" value="delivery."' in browser.get("/audit?code=delivery.").text
    file = browser.post("/audit/export", {"code": "delivery.", "format": kind})
    assert (file.status_code, file.headers["content-type"]) == (200, media)
    assert file.headers["content-disposition"] == f'attachment; filename="audit.{kind}"'
    rows = list(csv.DictReader(io.StringIO(file.text))) if kind == "csv" else [json.loads(line) for line in file.text.splitlines()]
    assert [row["code"] for row in rows] == ["delivery.refused", "delivery.prepared"]
    assert _said(lit)[-1] == {"by": "u-vera", "code": "delivery.", "how": f"export-{kind}"}
    assert browser.post("/audit/export", {"format": "pdf"}).status_code == 400


def test_an_export_is_bounded(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.console.pages.audit.MOST_EXPORTED", 3)
    lit.send("m-1")
    assert len(lit.browser(Role.AUDITOR).post("/audit/export", {"format": "jsonl"}).text.splitlines()) == 3


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_calculates_nothing(begins: str) -> None:
    event = AuditEvent(AuditCode.NOTE_WRITTEN, datetime(2026, 11, 23, tzinfo=UTC), f"{begins}HYPERLINK(1)", {"by": "u"})
    record = AuditRecord(1, event, "p", "d")
    row = next(csv.DictReader(io.StringIO(as_csv([record]), newline="")))
    assert row["subject"] == f"'{begins}HYPERLINK(1)"
    assert json.loads(as_lines([record]))["subject"] == event.subject


def test_the_chain_is_checked_now_and_what_came_of_it_is_on_record(lit: Lit) -> None:
    lit.send("m-1")
    browser = lit.browser(Role.AUDITOR)
    records = len(lit.world.store.queries.audit(0, 1000))
    said = browser.post("/audit/check").text
    assert "The chain is whole" in said
    assert f"All {records} records" in said
    checked = _audited(lit, AuditCode.AUDIT_CHECKED)[0]
    assert dict(checked.facts) == {"part": "whole", "records": records, "flaws": 0, "ok": True, "by": "u-vera"}
    page = browser.get("/audit").text
    assert "Whole</strong>" in page
    assert "u-vera" in page


def test_a_record_that_was_altered_is_named_and_stays_an_alarm(lit: Lit, tmp_path: Path) -> None:
    lit.send("m-1")
    _meddle(tmp_path, "UPDATE audit_records SET subject = 'm-other' WHERE sequence = 2")
    browser = lit.browser(Role.AUDITOR)
    said = browser.post("/audit/check").text
    assert "The chain does not hold" in said
    assert "altered" in said
    event = _audited(lit, AuditCode.AUDIT_CHECKED)[0]
    assert chain_facts(event).first == "altered at record 2"
    assert "Broken</strong> altered at record 2" in browser.get("/audit").text


def test_records_that_vanished_from_the_end_are_named(lit: Lit, tmp_path: Path) -> None:
    lit.send("m-1")
    last = lit.world.store.checkpoints.head().sequence
    _meddle(tmp_path, f"DELETE FROM audit_records WHERE sequence > {last - 2:d}")
    found = AuditActions(_desk(lit), _nothing).check(VERA)
    assert (found.whole, [one.flaw for one in found.findings][:1]) == (False, [Flaw.TRUNCATED])


def test_a_chain_that_was_rewritten_meets_its_checkpoint(lit: Lit) -> None:
    lit.send("m-1")
    head = lit.world.store.checkpoints.head()
    lit.world.store.checkpoints.put("a.signed.place", head.sequence, AuditEvent(AuditCode.CHECKPOINT_SIGNED, lit.world.now, "chain", {}))
    held = AuditActions(_desk(lit), lambda: lambda _: Checkpoint(issuer="gateway", issued_at=0, head=head)).check(VERA)
    assert held.whole
    other = ChainHead(head.sequence, "sha-256:" + "1" * 64)
    forked = AuditActions(_desk(lit), lambda: lambda _: Checkpoint(issuer="gateway", issued_at=0, head=other)).check(VERA)
    assert [one.flaw for one in forked.findings] == [Flaw.FORKED]
    unproven = AuditActions(_desk(lit), lambda: lambda _: None).check(VERA)
    assert [one.detail for one in unproven.findings] == ["the latest checkpoint does not hold"]
    # The page was given no keys: it says nothing of a chain whose checkpoint it cannot believe.
    refused = lit.browser(Role.AUDITOR).post("/audit/check")
    assert refused.status_code == 503
    assert "Nothing is said of the chain" in refused.text


def test_a_checkpoint_is_believed_by_the_published_keys_alone(lit: Lit) -> None:
    lit.send("m-1")
    means = lit.world.means
    assert sign_checkpoint(lit.world.store, means, lambda: lit.world.now)
    for signer, words in ((means.message_signer, "The chain is whole"), (means.wss_signer, "Nothing is said of the chain")):
        lit.house.parts = replace(lit.house.parts, jwks=lambda signer=signer: {"keys": [jwk_of(signer)]})  # type: ignore[misc]
        lit.house.app = create_console(lit.house.parts)
        assert words in lit.browser(Role.AUDITOR).post("/audit/check").text


def test_a_check_that_takes_too_long_says_nothing_of_the_rest(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    lit.send("m-1")
    monkeypatch.setattr(auditing, "_PAGE", 5)
    moments = iter(lit.world.now + timedelta(seconds=12 * number) for number in range(100))
    slow = Desk(lit.world.store, lambda: next(moments), lit.world.means.new_id)
    found = AuditActions(slow, _nothing).check(VERA)
    assert (found.finished, found.whole, found.records, found.findings) == (False, False, 5, ())
    assert _audited(lit, AuditCode.AUDIT_CHECKED) == []
    assert _said(lit)[-1] == {"by": "u-vera", "how": "check", "records": 5}


def _meddle(tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as database, database:
        database.execute(statement)


def _desk(lit: Lit) -> Desk:
    return lit.house.parts.desk


def _nothing() -> Reader:
    raise AssertionError("no checkpoint is there to be believed")
