"""The list of messages and its searches: a case stands in no address, page, log or audit record, and every search has its name."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.audit.events import AuditCode
from gateway.console.pages import messages
from gateway.contract import StoreUnavailable
from gateway.exchange.results import Declined
from gateway.oversight.access import Role
from gateway.oversight.records import Operator
from gateway.oversight.views import AuditSearch
from schemas.identifiers import MessageId
from tests.support.console import Browser, questions
from tests.support.console_world import SECRETS, Lit, fill, light
from tests.support.world import contact

CRN = "X000005"
"""Of the message that was refused."""
_LINK = re.compile(r'<a class="govuk-link" href="/messages/([0-9a-f-]{36})">')


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lit, dict[str, MessageId]]]:
    """A world that tests only look at: what they search for is kept, and nothing else changes."""
    lit = light(f"sqlite:///{tmp_path_factory.mktemp('messages') / 'gateway.db'}")
    yield lit, fill(lit)
    lit.world.store.close()


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _found(page: httpx.Response) -> list[str]:
    assert page.status_code == 200, page.text
    return _LINK.findall(page.text)


def _go(browser: Browser, said: httpx.Response) -> httpx.Response:
    """Where a form sends the browser."""
    assert said.status_code == 303, said.text
    return browser.get(said.headers["location"])


def _searches(lit: Lit) -> list[dict[str, object]]:
    found = lit.world.store.watch.audit(AuditSearch(code=AuditCode.SEARCH_MADE.value), None, 100)
    return [{"subject": record.event.subject, **record.event.facts} for record in found]


def _last(lit: Lit) -> int:
    return lit.world.store.watch.audit(AuditSearch(), None, 1)[0].sequence


def test_the_list_shows_every_message_with_its_states_and_nothing_sealed(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    browser = lit.browser(Role.VIEWER)
    before = _last(lit)
    page = browser.get("/messages")
    assert set(_found(page)) == set(ids.values())
    for words in ("Handed over", "Applied", "Delivered", "Not applied", "Refused", "Retrying", "Waiting"):
        assert re.search(rf'<strong class="govuk-tag govuk-tag--\w+">{words}</strong>', page.text)
    assert "16 November 2026 at midday" in page.text
    assert "(the last 7 days)" in page.text
    assert not [secret for secret in SECRETS if secret in page.text]
    assert _last(lit) == before, "a list without a search is no deed"


def test_a_list_opens_nothing_that_is_sealed(full: tuple[Lit, dict[str, MessageId]], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a list reads no message whole")

    lit, ids = full
    browser = lit.browser(Role.VIEWER)
    address = browser.post("/search", {"query": CRN}).headers["location"]
    for name in ("messages", "submissions", "deliveries_of_messages"):
        monkeypatch.setattr(type(lit.world.store.queries), name, refuse)
    monkeypatch.setattr("gateway.control.looking.unseal", refuse)
    assert set(_found(browser.get("/messages"))) == set(ids.values())
    assert _found(browser.get(address)) == [ids["refused"]]


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("state=refused", {"refused"}),
        ("state=delivered&state=applied&since=2026-11-23T00:00:00Z", {"delivered", "applied"}),
        ("recipient=C17&state=waiting", {"waiting"}),
        ("party=C17&state=waiting&type=Contact", {"waiting"}),
        ("sender=C05&recipient=C17&state=retrying&until=2026-11-24", {"retrying"}),
        ("sender=C17", set()),
        ("party=C20", set()),
        ("type=Event", set()),
        ("since=2026-11-24", set()),
        ("until=2026-11-23T11:59", set()),
        ("party=&sender=&recipient=&type=&since=&until=&search=", {"handed-over", "applied", "delivered", "not-applied", "refused", "retrying", "waiting"}),
    ],
)
def test_each_filter_narrows_the_list_and_can_be_taken_off(full: tuple[Lit, dict[str, MessageId]], query: str, states: set[str]) -> None:
    lit, ids = full
    page = lit.browser(Role.VIEWER).get(f"/messages?{query}")
    assert set(_found(page)) == {ids[state] for state in states}
    chips = re.findall(r'<a class="moj-filter__tag" href="([^"]+)">', page.text)
    given = [part for part in query.split("&") if not part.endswith("=")]
    assert len(chips) == len(given)
    assert all(lit.browser(Role.VIEWER).get(chip.replace("&amp;", "&")).status_code == 200 for chip in chips)
    if not states:
        assert "No message fits" in page.text


@pytest.mark.parametrize(
    "query",
    ["party=Smith", "state=lost", "since=yesterday", "since=0001-01-01", "since=9999-12-31T23:59", "until=2020-01-01", "type=<b>", f"search={'a' * 65}"],
)
def test_what_is_no_filter_is_refused_and_not_repeated(full: tuple[Lit, dict[str, MessageId]], query: str) -> None:
    page = full[0].browser(Role.VIEWER).get("/messages", params=dict([query.split("=", 1)]))
    assert page.status_code == 400
    assert query.split("=", 1)[1] not in page.text


def test_pages_join_without_a_gap_in_both_directions(full: tuple[Lit, dict[str, MessageId]], monkeypatch: pytest.MonkeyPatch) -> None:
    lit, ids = full
    monkeypatch.setattr(messages, "PAGE", 3)
    browser, address, seen = lit.browser(Role.VIEWER), "/messages?recipient=C17", list[list[str]]()
    while address:
        page = browser.get(address)
        seen.append(_found(page))
        older = re.search(r'href="(/messages\?[^"]*after=[^"]+)" rel="next"', page.text)
        address = older[1].replace("&amp;", "&") if older else ""
    assert [len(one) for one in seen] == [3, 3, 1]
    assert sorted(one for page_of in seen for one in page_of) == sorted(ids.values())
    newer = browser.get(f"/messages?recipient=C17&newer={seen[2][0]}")
    assert _found(newer) == seen[1]
    assert "after=" in newer.text
    assert _found(browser.get(f"/messages?recipient=C17&newer={seen[1][0]}")) == seen[0]


def test_nothing_new_is_said_as_it_is(lit: Lit) -> None:
    browser, first = lit.browser(Role.VIEWER), lit.send("m-1")
    link = re.search(r'href="([^"]+newer=[^"]+)"', browser.get("/messages").text)
    assert link
    page = browser.get(link[1])
    assert "Nothing new until 23 November 2026 at 12:00:00" in page.text
    lit.pass_time(minutes=1)
    second = lit.send("m-2", crn="X000002")
    assert _found(browser.get(link[1])) == [second]
    assert _found(browser.get("/messages")) == [second, first]


def test_an_empty_list_says_so_and_an_old_message_is_out_of_it(lit: Lit) -> None:
    browser = lit.browser(Role.VIEWER)
    assert "No message fits" in browser.get("/messages").text
    lit.send("m-1")
    lit.pass_time(days=8)
    assert _found(lit.browser(Role.VIEWER).get("/messages")) == []
    assert len(_found(lit.browser(Role.VIEWER).get("/messages?since=2026-11-23"))) == 1


def test_a_form_of_filters_alone_keeps_no_search(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    browser, before = lit.browser(Role.VIEWER), _last(lit)
    said = browser.post("/messages", {"state": "refused", "recipient": "C17", "since": "2026-11-20T00:00", "party": "", "crn": " "})
    assert questions(said.headers["location"]) == {"state": "refused", "recipient": "C17", "since": "2026-11-20T00:00:00Z"}
    assert _found(_go(browser, said)) == [ids["refused"]]
    assert _last(lit) == before


@pytest.mark.parametrize(("path", "field"), [("/messages", "crn"), ("/search", "query")])
def test_a_case_is_searched_for_and_named_nowhere(
    full: tuple[Lit, dict[str, MessageId]], path: str, field: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    lit, ids = full
    caplog.set_level(logging.DEBUG)
    browser = lit.browser(Role.VIEWER)
    said = browser.post(path, {field: f" {CRN.lower()} "})
    page = _go(browser, said)
    assert urlsplit(said.headers["location"]).path == "/messages"
    assert _found(page) == [ids["refused"]]
    assert "Case: the one you searched for" in page.text
    told = [str(said.headers), said.text, str(page.headers), page.text, caplog.text, *capfd.readouterr(), repr(_searches(lit)), repr(lit.world.events)]
    assert not [text for text in told if CRN in text.upper()]
    last = _searches(lit)[0]
    assert (last["by"], last["fields"]) == ("u-vera", "case_lookup")


def test_a_search_is_narrowed_further_and_let_go(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    browser = lit.browser(Role.VIEWER)
    said = browser.post("/messages", {"crn": CRN})
    search = questions(said.headers["location"])["search"]
    narrowed = browser.post("/messages", {"search": search, "state": "applied"})
    assert questions(narrowed.headers["location"]) == {"search": search, "state": "applied"}
    assert _found(_go(browser, narrowed)) == []
    both = browser.post("/messages", {"search": search, "control_reference": "ref-m-5"})
    page = _go(browser, both)
    assert questions(both.headers["location"])["search"] != search
    assert _found(page) == [ids["refused"]]
    assert "Case: the one you searched for; Control reference: ref-m-5" in page.text
    assert _found(_go(browser, browser.post("/messages", {"search": search, "control_reference": "ref-m-4"}))) == []
    assert _found(browser.get("/messages?state=applied")) == [ids["applied"]]


def test_a_search_belongs_to_whoever_made_it_and_is_forgotten(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    address = lit.browser(Role.VIEWER).post("/messages", {"crn": CRN}).headers["location"]
    same = lit.house.signed_in(Role.VIEWER)
    other = lit.house.signed_in(Role.VIEWER, operator=Operator("u-otto", "Otto Example (fictional)"))
    assert _found(same.get(address)) == [ids["refused"]]
    for refused in (other.get(address), other.post("/messages", {"search": questions(address)["search"]}), same.get("/messages?search=no-such-search")):
        assert refused.status_code == 404
        assert "This search is not here any more" in refused.text
    now = lit.house.now
    lit.house.now = now + timedelta(hours=24)
    try:
        assert lit.house.signed_in(Role.VIEWER).get(address).status_code == 404
    finally:
        lit.house.now = now


@pytest.mark.parametrize("kind", ["message", "delivery", "control reference", "own id"])
def test_the_box_knows_every_name_of_a_message(full: tuple[Lit, dict[str, MessageId]], kind: str) -> None:
    lit, ids = full
    wanted = ids["not-applied"]
    query = {"message": wanted.upper(), "delivery": lit.delivery(wanted).delivery_id, "control reference": "ref-m-4", "own id": " m-4 "}[kind]
    browser = lit.browser(Role.VIEWER)
    said = browser.post("/search", {"query": query})
    assert query.strip().lower() not in said.headers["location"]
    page = _go(browser, said)
    assert _found(page) == [wanted]
    assert "Accepted since 23 November 2025" in page.text
    assert _searches(lit)[0]["by"] == "u-vera"


WRONG = ("Made Up", "Smith", "A1234BC", "01/02/1990", "1990-02-01", "2015/0012345W", "", "<b>1</b>", "X000001 X000002")


@pytest.mark.parametrize("query", WRONG)
def test_the_box_hints_where_it_cannot_search_and_repeats_nothing(full: tuple[Lit, dict[str, MessageId]], query: str) -> None:
    lit, _ = full
    browser = lit.browser(Role.VIEWER)
    before = _last(lit)
    page = browser.post("/search", {"query": query})
    assert page.status_code == 422
    assert "Nobody can be searched for by name" in page.text
    assert not query or query not in page.text
    assert _last(lit) == before


def test_what_is_endless_is_refused_by_the_box(full: tuple[Lit, dict[str, MessageId]]) -> None:
    assert full[0].browser(Role.VIEWER).post("/search", {"query": "9" * 201}).status_code == 400


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("crn", "X12345", "A case reference number is a letter and six digits."),
        ("control_reference", "Made Up", "A control reference has up to 64"),
        ("message_id", "no-number-9", "A message id of the gateway has 32"),
        ("sender_message_id", "Made Up", "A message id has up to 128"),
        ("since", "yesterday", "Give a day and a time"),
        ("until", "2020-01-01T00:00", "The end of the time must come after its start."),
    ],
)
def test_a_wrong_field_is_named_and_the_filters_stay(full: tuple[Lit, dict[str, MessageId]], field: str, value: str, said: str) -> None:
    lit, _ = full
    browser = lit.browser(Role.VIEWER)
    before = _last(lit)
    page = browser.post("/messages", {"recipient": "C17", "crn": CRN, field: value})
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    assert said in page.text
    assert value not in page.text
    assert CRN not in page.text
    assert '<option value="C17" selected>' in page.text
    assert _found_none(page)
    assert _last(lit) == before


def _found_none(page: httpx.Response) -> bool:
    return not _LINK.search(page.text)


@pytest.mark.parametrize(("path", "data"), [("/messages", {"crn": CRN}), ("/search", {"query": CRN}), ("/search", {"query": "ref-m-4"})])
def test_no_record_no_search(full: tuple[Lit, dict[str, MessageId]], monkeypatch: pytest.MonkeyPatch, path: str, data: dict[str, str]) -> None:
    def refuse(*_: object) -> None:
        raise StoreUnavailable

    lit, _ = full
    browser = lit.browser(Role.VIEWER)
    monkeypatch.setattr(type(lit.world.store.oversight), "put_search", refuse)
    page = browser.post(path, data)
    assert page.status_code == 503
    assert "location" not in page.headers
    assert _found_none(page)


def test_the_case_of_a_message_is_listed_without_its_number(lit: Lit) -> None:
    ids = [lit.send("m-1", crn="X000042"), lit.send("m-2", crn="X000042")]
    lit.send("m-3", crn="X000043")
    browser = lit.browser(Role.VIEWER)
    page = _go(browser, browser.post("/search/case", {"message_id": ids[0]}))
    assert sorted(_found(page)) == sorted(ids)
    assert "Case: the one you searched for" in page.text
    assert "X000042" not in page.text
    assert _searches(lit)[0]["by"] == "u-vera"
    assert browser.post("/search/case", {"message_id": "no-such-message"}).status_code == 404


def test_what_was_refused_at_the_door_is_found_by_its_reference(lit: Lit) -> None:
    declined = lit.world.pipeline.submit([lit.world.submission("alpha", lit.world.signed("alpha", contact("m-bad-1", recipients=("C99",), notes=SECRETS[1])))])[
        0
    ]
    assert isinstance(declined, Declined)
    browser = lit.browser(Role.VIEWER)
    for name in ("ref-m-bad-1", "m-bad-1"):
        page = _go(browser, browser.post("/search", {"query": name}))
        assert _found(page) == []
        assert "Refused at the door" in page.text
        assert str(declined.submission_id) in page.text
        assert not [secret for secret in SECRETS if secret in page.text]
    assert "Refused at the door" not in _go(browser, browser.post("/messages", {"control_reference": "ref-m-bad-1", "sender": "C17"})).text
    assert "Refused at the door" not in _go(browser, browser.post("/search", {"query": "ref-m-other-1"})).text


def test_a_reference_that_holds_a_number_of_a_person_shows_its_end(lit: Lit) -> None:
    lit.send("X000042-1", crn="X000042")
    browser = lit.browser(Role.VIEWER)
    page = browser.get("/messages")
    assert len(_found(page)) == 1
    assert "X000042" not in page.text
    searched = _go(browser, browser.post("/messages", {"sender_message_id": "X000042-1"}))
    assert len(_found(searched)) == 1
    assert "The sender’s own id: the one you searched for" in searched.text
    assert "X000042" not in searched.text


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_who_may_not_search_finds_nothing(full: tuple[Lit, dict[str, MessageId]], role: Role) -> None:
    browser = full[0].browser(role)
    assert browser.get("/messages").status_code == 403
    for path, data in (("/messages", {"crn": CRN}), ("/search", {"query": CRN}), ("/search/case", {"message_id": full[1]["refused"]})):
        assert browser.post(path, data).status_code == 403
