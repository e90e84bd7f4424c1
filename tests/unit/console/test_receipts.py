"""Receipts at the console: who owes a last word, who is late with it, and who said no."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.console.pages import receipts as page_module
from gateway.oversight.access import Role
from tests.support.console_world import SECRETS, Lit, fill, light


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _messages(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="govuk-table__header"><a class="govuk-link" href="/messages/([^"]+)"', page)


@pytest.mark.parametrize(
    ("standing", "states", "words"),
    [
        ("expected", ["handed-over", "delivered"], "Delivered; not applied yet"),
        ("negative", ["not-applied", "refused"], "Its case system could not apply it"),
    ],
)
def test_each_standing_lists_its_messages_with_links(lit: Lit, standing: str, states: list[str], words: str) -> None:
    ids = fill(lit)
    page = lit.browser(Role.VIEWER).get(f"/receipts?standing={standing}").text
    assert _messages(page) == [ids[state] for state in states]
    assert words in _words(page)
    assert "Expected: 2 Late: 0 Negative: 2" in _words(page)
    assert f'href="/dead-letters/{lit.delivery(ids[states[0]]).delivery_id}"' in page
    assert not [secret for secret in SECRETS if secret in page]


def test_what_is_owed_for_too_long_is_late(lit: Lit) -> None:
    ids = fill(lit)
    browser = lit.browser(Role.VIEWER)
    assert "No receipt is late" in browser.get("/receipts").text
    lit.pass_time(minutes=241)
    browser = lit.browser(Role.VIEWER)
    page = browser.get("/receipts").text
    assert _messages(page) == [ids["handed-over"], ids["delivered"]]
    words = _words(page)
    assert "Delivered, but never applied" in words
    assert "Handed over; not a word since" in words
    assert "4 hours 1 minute" in words
    assert "C17 C17 2 expected of C17 2 late of C17 2 negative of C17 23 Nov, midday 4 hours, to applied" in words
    for link in ("/receipts?standing=late&amp;party=C17", "/receipts?standing=expected&amp;party=C17", "/partners/beta"):
        assert f'href="{link}"' in page


def test_one_party_and_one_organisation_alone(lit: Lit) -> None:
    ids = fill(lit)
    browser = lit.browser(Role.VIEWER)
    for query in ("party=C17", "organisation=beta"):
        page = browser.get(f"/receipts?standing=expected&{query}").text
        assert _messages(page) == [ids["handed-over"], ids["delivered"]]
        assert "Show those of everybody" in page
        assert f'href="/receipts?standing=negative&amp;{query}"' in page
    other = browser.get("/receipts?standing=expected&party=C20").text
    assert _messages(other) == []
    assert "No receipt is expected" in other


def test_pages_follow_one_another(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "PAGE", 2)
    ids = [lit.send(f"m-{number}", crn=f"X00010{number}", recipients=("C17", "C05") if number == 2 else ("C17",)) for number in range(1, 6)]
    for one in ids:
        lit.hand_over(one)
    browser, path, seen = lit.browser(Role.VIEWER), "/receipts?standing=expected", []
    while path:
        page = browser.get(path).text
        seen += _messages(page)
        path = next(iter(re.findall(r'href="([^"]+)" rel="next"', page)), "").replace("&amp;", "&")
    assert seen == ids
    assert "From the start" in page


ASKED = {
    "standing=positive": 400,
    "standing=<b>": 400,
    "party=C98": 404,
    "organisation=%3Cb%3E": 404,
    "after=-1": 400,
    "standing=late&party=C17": 200,
}


def test_what_is_asked_for_is_checked(lit: Lit) -> None:
    browser = lit.browser(Role.VIEWER)
    for query, status in ASKED.items():
        answer = browser.get(f"/receipts?{query}")
        assert answer.status_code == status, query
        assert "<b>" not in answer.text


def test_looking_changes_nothing(lit: Lit) -> None:
    fill(lit)
    browser = lit.browser(Role.VIEWER)
    before = len(lit.world.store.queries.audit(0, 1000))
    for standing in ("expected", "late", "negative"):
        browser.get(f"/receipts?standing={standing}")
    assert len(lit.world.store.queries.audit(0, 1000)) == before
