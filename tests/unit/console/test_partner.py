"""One partner: what is known of it, and pausing, resuming and testing it, exactly as was said and under a name."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.console.pages.partner import by_day, by_hour
from gateway.console.pages.partner_actions import UntilInvalid, Wish, until_of
from gateway.console.partner_terms import rows_of
from gateway.oversight.access import Role
from gateway.oversight.views import AuditSearch, Measure, Tally
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.filters import ContentFilter, Match
from gateway.partners.history import DirectoryChanges
from gateway.partners.hours import Day, WorkingHours
from gateway.partners.party import Party, Standing
from gateway.partners.watching import Thresholds
from gateway.records import DeliveryState
from schemas.identifiers import OrganisationId, PartyCode
from schemas.receipts import Stage
from tests.support.console_world import SECRETS, Lit, fill, light
from tests.support.world import NOW

BETA = OrganisationId("beta")
PAGES = ("", "/attempts", "/keys", "/profile")
PAUSE = {"reason": "planned-maintenance", "text": "Their <b>store</b> moves.", "until": "4h"}


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _audited(lit: Lit, code: AuditCode) -> list[dict[str, object]]:
    return [dict(record.event.facts) for record in lit.world.store.watch.audit(AuditSearch(code=code.value), None, 50)]


def _paused(lit: Lit) -> object:
    return lit.world.store.partners.directory().organisations[BETA].paused


def test_health_now_and_in_history(lit: Lit) -> None:
    fill(lit)
    page = lit.browser(Role.VIEWER).get("/partners/beta").text
    words = _words(page)
    assert "Struggling Stands behind C17" in words
    assert "Last heard Never Last reached 23 November 2026 at midday" in words
    assert "1 failure in a row since the last success" in words
    assert "The recipient could not be reached. The connection was refused. 23 November 2026 at 12:00:05" in words
    assert "Reached in the last 24 hours: 3, at most 3 an hour" in page
    for title in ("The last 24 hours", "The last 14 days"):
        assert title in words
    for link in ("/queues/C17?state=waiting&amp;state=retrying", "/dead-letters?recipient=C17", "/receipts?standing=late&amp;party=C17"):
        assert f'href="{link}"' in page


def test_attempts_say_what_was_said_and_when_the_next_is(lit: Lit) -> None:
    ids = fill(lit)
    page = lit.browser(Role.VIEWER).get("/partners/beta/attempts").text
    words = _words(page)
    assert "Try later The recipient could not be reached. The connection was refused. 23 November 2026 at 12:00:05" in words
    assert "It answered 400." in words
    assert f'href="/messages/{ids["retrying"]}"' in page
    assert "No test message was asked for" in words


def test_keys_and_agreements_are_said_in_words(lit: Lit) -> None:
    browser = lit.browser(Role.VIEWER)
    keys = _words(browser.get("/partners/ndelius/keys").text)
    assert "Signs messages RS256, certificate N00 2" in keys
    assert "22 December 2026 29 days left" in keys
    profile = _words(browser.get("/partners/ndelius/profile").text)
    assert "Endpoint https://ndelius.example/in" in profile
    assert "We call its endpoint" in profile
    assert "When more than 100 messages wait; the oldest has waited 30 minutes" in profile


def test_no_page_of_a_partner_holds_anything_personal_or_changes_anything(lit: Lit) -> None:
    fill(lit)
    browser = lit.browser(Role.VIEWER)
    before = len(lit.world.store.queries.audit(0, 1000))
    for tail in PAGES:
        page = browser.get(f"/partners/beta{tail}")
        assert page.status_code == 200
        assert not [secret for secret in SECRETS if secret in page.text]
        assert browser.get(f"/partners/nobody{tail}").status_code == 404
    assert len(lit.world.store.queries.audit(0, 1000)) == before


def test_a_partner_without_anything_has_every_page(lit: Lit) -> None:
    event = AuditEvent(AuditCode.PARTNER_CHANGED, NOW, "test")
    known = lit.world.store.partners.directory().organisations[BETA]
    lit.world.store.partners.put_organisation(
        replace(known, organisation_id=OrganisationId("new"), name='A "name" <b>', standing=Standing.APPLIED, contact_mailbox="a@example.org"), event
    )
    for tail in PAGES:
        page = lit.browser(Role.OPERATOR).get(f"/partners/new{tail}").text
        assert "A &#34;name&#34; &lt;b&gt;" in page
        assert "Joining" in page
        assert "/partners/new/pause" not in page


# -- pausing ---------------------------------------------------------------------------------------------------------


def test_a_pause_is_asked_for_said_and_on_record(lit: Lit) -> None:
    fill(lit)
    browser = lit.browser(Role.OPERATOR)
    assert "2 deliveries wait" in browser.get("/partners/beta/pause").text
    answer = browser.post("/partners/beta/pause", PAUSE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/partners/beta?done=paused")
    page = browser.get(answer.headers["location"]).text
    words = _words(page)
    assert "The partner is paused: nothing is handed over to it." in words
    assert "Why Planned maintenance at the partner In words Their &lt;b&gt;store&lt;/b&gt; moves. Paused by Vera Example (fictional)" in words
    assert "Until 23 November 2026 at 4pm. Then deliveries go on by themselves. Waiting meanwhile 2 deliveries" in words
    assert _audited(lit, AuditCode.PARTNER_PAUSED) == [{"until": "2026-11-23T16:00:00+00:00", "reason": "planned-maintenance", "by": "u-vera"}]
    assert "/partners/beta/resume" in page
    assert "/partners/beta/test" not in page


def test_resuming_before_the_end(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    browser.post("/partners/beta/pause", PAUSE)
    assert "Vera Example (fictional) paused it until 23 November 2026 at 4pm" in browser.get("/partners/beta/resume").text
    assert browser.post("/partners/beta/resume").headers["location"] == "/partners/beta?done=resumed"
    assert _paused(lit) is None
    assert _audited(lit, AuditCode.PARTNER_RESUMED) == [{"by": "u-vera"}]
    assert browser.post("/partners/beta/resume").status_code == 409
    assert browser.get("/partners/beta/resume").status_code == 409


def test_a_pause_is_changed_by_another(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    browser.post("/partners/beta/pause", PAUSE)
    assert "takes the place of that" in browser.get("/partners/beta/pause").text
    browser.post("/partners/beta/pause", {"reason": "security", "until": "morning"})
    assert "24 November 2026 at 8am" in browser.get("/partners/beta").text
    assert len(_audited(lit, AuditCode.PARTNER_PAUSED)) == 2


OWN = {"reason": "security", "until": "own", "own-month": "11", "own-year": "2026", "own-time": "9:00"}


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"until": "1h"}, "Choose a reason.", "reason"),
    ({"reason": "bad", "until": "1h"}, "Choose a reason.", "reason"),
    ({"reason": "security", "until": "1h", "text": "about X123456"}, "Leave out dates of birth", "text"),
    ({"reason": "security", "text": "We look."}, "Choose when it ends.", "until"),
    ({**OWN, "own-day": "31"}, "Write the end as a day", "until"),
    (
        {"reason": "security", "until": "own", "own-day": "22", "own-month": "11", "own-year": "2026", "own-time": "9:00"},
        "A pause ends in the future",
        "until",
    ),
    ({**OWN, "own-day": "1", "own-month": "12"}, "within 7 days", "until"),
]
"""What is typed, what is said about it, and where."""


def test_a_wrong_form_comes_back_with_what_was_typed(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    for form, words, field in WRONG:
        answer = browser.post("/partners/beta/pause", form)
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
        assert words in answer.text
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}"' in answer.text
        assert [value for name, value in form.items() if name not in ("reason", "until") and value not in answer.text] == []
    both = browser.post("/partners/beta/pause", {}).text
    assert 'href="#reason"' in both
    assert 'href="#until"' in both
    assert _paused(lit) is None


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish(until="1h"), datetime(2026, 7, 6, 18, 0, tzinfo=UTC)),
        (Wish(until="morning"), datetime(2026, 7, 7, 7, 0, tzinfo=UTC)),
        (Wish(until="own", day="7", month="07", year="2026", clock=" 9:30 "), datetime(2026, 7, 7, 8, 30, tzinfo=UTC)),
    ],
)
def test_ends_are_meant_in_uk_time(wish: Wish, expected: datetime) -> None:
    assert until_of(wish, datetime(2026, 7, 6, 17, 0, tzinfo=UTC)) == expected


@pytest.mark.parametrize("clock", ["", "25:00", "noon", "9.30"])
def test_what_is_no_time_is_none(clock: str) -> None:
    with pytest.raises(UntilInvalid):
        until_of(Wish(until="own", day="7", month="7", year="2026", clock=clock), NOW)


def test_nobody_who_is_not_connected_is_paused(lit: Lit) -> None:
    known = lit.world.store.partners.directory().organisations[BETA]
    lit.world.store.partners.put_organisation(replace(known, standing=Standing.SUSPENDED), AuditEvent(AuditCode.PARTNER_CHANGED, NOW, "test"))
    browser = lit.browser(Role.OPERATOR)
    assert browser.get("/partners/beta/pause").status_code == 409
    assert browser.post("/partners/beta/pause", PAUSE).status_code == 409
    assert _paused(lit) is None


def test_a_viewer_has_no_buttons_and_no_way(lit: Lit) -> None:
    browser = lit.browser(Role.VIEWER)
    for action in ("pause", "resume", "test"):
        assert f"/partners/beta/{action}" not in browser.get("/partners/beta").text
        assert browser.get(f"/partners/beta/{action}").status_code == 403
        assert browser.post(f"/partners/beta/{action}", {**PAUSE, "party": "C17"}).status_code == 403
    assert _paused(lit) is None
    assert lit.world.store.oversight.waiting_orders(5) == []


def test_what_changed_between_reading_and_writing_is_read_again(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    partners, event = lit.world.store.partners, AuditEvent(AuditCode.PARTNER_CHANGED, NOW, "test")
    real, others = partners.apply, [replace(partners.directory().organisations[BETA], name="Renamed meanwhile")]

    def late(changes: DirectoryChanges, version: int) -> bool:
        if others:
            partners.put_organisation(others.pop(), event)
        return real(changes, version)

    monkeypatch.setattr(type(partners), "apply", lambda _, changes, version: late(changes, version))
    lit.browser(Role.OPERATOR).post("/partners/beta/pause", PAUSE)
    known = partners.directory().organisations[BETA]
    assert (known.name, known.paused is not None) == ("Renamed meanwhile", True)
    assert len(_audited(lit, AuditCode.PARTNER_PAUSED)) == 1


# -- testing ---------------------------------------------------------------------------------------------------------


def test_a_test_message_is_followed_from_the_order_to_its_receipt(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    assert "It goes to C17" in browser.get("/partners/beta/test").text
    answer = browser.post("/partners/beta/test", {"party": "C17"})
    assert answer.headers["location"] == "/partners/beta/attempts?done=testing"
    assert "Asked for A worker sends it in a moment." in _words(browser.get("/partners/beta/attempts").text)
    assert lit.carry_out() == 1
    [order] = lit.world.store.oversight.orders_about(["C17"])
    message_id = order.outcome.removeprefix("Sent as message ").rstrip(".")
    page = browser.get("/partners/beta/attempts").text
    assert f'href="/messages/{message_id}"' in page
    assert browser.get(f"/messages/{message_id}").status_code == 200
    assert "Done Waiting since" in _words(page)
    lit.hand_over(message_id)  # type: ignore[arg-type]
    lit.say(message_id, Stage.APPLIED)  # type: ignore[arg-type]
    assert "Done Applied since 23 November 2026 at 12:00:00 Its timeline" in _words(browser.get("/partners/beta/attempts").text)
    names = [_audited(lit, code)[0]["by"] for code in (AuditCode.TEST_ASKED, AuditCode.TEST_SENT, AuditCode.ORDER_DONE)]
    assert names == ["u-vera"] * 3


def test_a_second_test_waits_for_the_first(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    browser.post("/partners/beta/test", {"party": "C17"})
    answer = browser.post("/partners/beta/test", {"party": "C17"})
    assert answer.status_code == 409
    assert "has been asked for already" in answer.text
    assert len(_audited(lit, AuditCode.TEST_ASKED)) == 1


def test_a_party_of_somebody_else_is_not_tested_here(lit: Lit) -> None:
    answer = lit.browser(Role.OPERATOR).post("/partners/beta/test", {"party": "C20"})
    assert answer.status_code == 422
    assert "Choose the party" in answer.text
    assert lit.world.store.oversight.waiting_orders(5) == []


def test_a_paused_partner_is_not_tested(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    browser.post("/partners/beta/pause", PAUSE)
    answer = browser.post("/partners/beta/test", {"party": "C17"})
    assert answer.status_code == 409
    assert "it is paused" in answer.text


def test_a_pause_between_asking_and_sending_ends_the_order(lit: Lit) -> None:
    browser = lit.browser(Role.OPERATOR)
    browser.post("/partners/beta/test", {"party": "C17"})
    browser.post("/partners/beta/pause", PAUSE)
    lit.carry_out()
    assert "Refused Nothing may be handed to this party now" in _words(browser.get("/partners/beta/attempts").text)
    assert lit.world.parcels("C17") == []


def test_a_worker_that_died_after_sending_does_not_send_again(lit: Lit) -> None:
    lit.browser(Role.OPERATOR).post("/partners/beta/test", {"party": "C17"})
    [order] = lit.world.store.oversight.waiting_orders(5)
    lit.orders()._test(order)
    assert lit.carry_out() == 1
    assert len(lit.world.parcels("C17")) == 1
    [settled] = lit.world.store.oversight.orders_about(["C17"])
    assert settled.outcome.startswith("Sent as message ")


def test_of_many_parties_one_is_chosen(lit: Lit) -> None:
    event = AuditEvent(AuditCode.PARTNER_CHANGED, NOW, "test")
    lit.world.store.partners.put_party(Party(code=PartyCode("C99"), name="Ninety-nine", organisation=BETA), event)
    lit.world.store.partners.put_agreement(
        Agreement(party=PartyCode("C99"), direction=Direction.OUTBOUND, dialect="canonical", version="0-9-14", packaging="jws", mode=DeliveryMode.SHELF), event
    )
    browser = lit.browser(Role.OPERATOR)
    page = browser.get("/partners/beta/test").text
    assert "To which of its parties?" in page
    assert "C99, Ninety-nine" in page
    assert browser.post("/partners/beta/test", {}).status_code == 422
    browser.post("/partners/beta/test", {"party": "C99"})
    lit.carry_out()
    assert "Its timeline" in browser.get("/partners/beta/attempts").text


# -- pure parts ------------------------------------------------------------------------------------------------------


def test_charts_count_by_hour_and_by_the_day_of_the_united_kingdom() -> None:
    now = datetime(2026, 7, 6, 17, 34, tzinfo=UTC)
    late = datetime(2026, 7, 5, 23, 0, tzinfo=UTC)  # already the 6th in London
    tallies = [
        Tally(late, PartyCode("C17"), Measure.REACHED, 3),
        Tally(now.replace(minute=0), PartyCode("C17"), Measure.REACHED, 2),
        Tally(now.replace(minute=0), PartyCode("C17"), Measure.DELAYED, 1),
        Tally(now.replace(minute=0) - timedelta(days=13), PartyCode("C17"), Measure.ACCEPTED, 7),
        Tally(now.replace(minute=0), PartyCode("C17"), Measure.APPLIED, 9),
    ]
    hours, days = by_hour(tallies, now), by_day(tallies, now)
    assert hours.rows[-1] == ("6pm", "2", "1", "0")
    assert hours.rows[5] == ("midnight", "3", "0", "0")
    assert (days.rows[0], days.rows[-1]) == (("23 Jun", "0", "0", "7"), ("6 Jul", "5", "1", "0"))
    assert len(days.rows) == 14


def test_an_agreement_with_everything_in_words() -> None:
    rule = Match(types=frozenset({"Contact"}), actions=frozenset({"INS"}), codes=(("/contact_type/code", frozenset({"COAP"})),))
    agreed = Agreement(
        party=PartyCode("C17"),
        direction=Direction.OUTBOUND,
        dialect="caseflow",
        version="0-9-14",
        packaging="jws",
        mode=DeliveryMode.DROP,
        own_ids=True,
        filters=ContentFilter(only=(rule,), excepted=(Match(),)),
        broadcast_reference_data=False,
        broadcast_offender_data=False,
        working_hours=WorkingHours(days=frozenset({Day.FRI, Day.MON}), opens="09:00", closes="17:00"),
        thresholds=Thresholds(waiting=0, waiting_minutes=0, receipt_minutes=0, set_aside=0, silence_hours=0, certificate_days=0),
    )
    rows = dict(rows_of(agreed))
    assert rows["Content filter"] == "Only Contact and INS and /contact_type/code in COAP; except everything"
    assert rows["Working hours"] == "Mon, Fri, 09:00 to 17:00 (Europe/London)"
    assert rows["Broadcasts"] == "Gets none"
    assert rows["A person is told"] == "Never"
    assert rows["Hands over again"] == "After 15 minutes without its receipt"
    inward = dict(rows_of(replace(agreed, direction=Direction.INBOUND, absorb=True, partial=True, broadcast_types=frozenset({"Contact"}))))
    assert inward["Disabled"].startswith("What it sends is verified")
    assert "the good ones are taken" in inward["Interchange"]
    assert DeliveryState.WAITING.value not in inward
