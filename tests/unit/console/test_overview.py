"""Overview and queues: every number is the store's, and leads to its list."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.console.composing import _figures
from gateway.oversight.access import Role
from gateway.partners.party import Pause
from gateway.partners.pausing import pause
from schemas.identifiers import OrganisationId
from tests.support.console_world import SECRETS, Lit, fill, light

PATHS = ("/", "/queues", "/queues/C17", "/queues/C17?state=refused&state=waiting")


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _cells(page: str) -> dict[str, str]:
    """What the server wrote into each live cell."""
    return dict(re.findall(r'data-live="([^"]+)"[^>]*>([^<]*)<', page))


def test_an_empty_gateway_has_its_pages(lit: Lit) -> None:
    browser = lit.browser(Role.VIEWER)
    for path in PATHS:
        assert browser.get(path).status_code == 200
    assert "Nothing here" in browser.get("/queues/C17").text
    assert browser.get("/queues/C99").status_code == 404
    assert browser.get("/queues/C17?state=nonsense").status_code == 400


def test_what_is_shown_is_what_is_there_and_what_a_script_would_write(lit: Lit) -> None:
    fill(lit)
    browser = lit.browser(Role.VIEWER)
    cells = _figures(lit.world.store, lit.world.store.partners.directory, lambda: lit.world.now)
    for path in ("/", "/queues", "/queues/C17"):
        shown = _cells(browser.get(path).text)
        assert shown
        assert {key: cells[key] for key in shown} == shown
    assert cells["total.dead"] == "1"
    assert cells["total.delivered"] == "3"  # applied, delivered and not applied: each once, whatever was said first
    assert cells["total.waiting"] == "2"
    assert cells["C17.handed-over"] == "1"
    assert cells["health.beta"] == "Struggling"


def test_every_number_leads_to_a_list(lit: Lit) -> None:
    fill(lit)
    browser = lit.browser(Role.OPERATOR)
    known = {"/", "/queues", "/dead-letters", "/messages", "/receipts", "/partners", "/alerts"}
    for path in ("/", "/queues"):
        links = set(re.findall(r'<a class="[^"]*" href="(/[^"]*)"', browser.get(path).text))
        assert links
        for link in links:
            target = link.replace("&amp;", "&").split("?")[0]
            assert any(target == one or target.startswith(f"{one}/") for one in known), link


def test_a_queue_lists_in_order_and_by_state(lit: Lit) -> None:
    ids = fill(lit)
    browser = lit.browser(Role.VIEWER)
    page = browser.get("/queues/C17").text
    order = [place for state in ("handed-over", "retrying", "waiting") if (place := page.find(ids[state]))]
    assert order == sorted(order)
    assert -1 not in order
    assert ids["refused"] not in page
    only = browser.get("/queues/C17?state=refused").text
    assert ids["refused"] in only
    assert ids["waiting"] not in only


def test_pages_of_a_long_queue_follow_one_another(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.console.pages.queues.PAGE", 2)
    ids = [lit.send(f"m-{number}", crn=f"X00010{number}") for number in range(5)]
    browser, path, seen = lit.browser(Role.VIEWER), "/queues/C17", []
    while path:
        page = browser.get(path).text
        seen.append([one for one in ids if one in page])
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == [ids[:2], ids[2:4], ids[4:]]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_personal_is_on_them(lit: Lit, path: str) -> None:
    fill(lit)
    page = lit.browser(*Role).get(path).text
    assert not [secret for secret in SECRETS if secret in page]


def test_a_pause_is_said_where_its_queue_is(lit: Lit) -> None:
    world = lit.world
    wanted = Pause(since=world.now.isoformat(), until=(world.now + timedelta(hours=2)).isoformat(), reason="partner-asked", text="", by="op", by_name="Op")
    beta = world.store.partners.directory().organisations[OrganisationId("beta")]
    world.store.partners.put_organisation(*pause(replace(beta), wanted, world.now))
    browser = lit.browser(Role.VIEWER)
    for path in ("/queues", "/queues/C17"):
        assert "until 23 November 2026 at 2pm" in browser.get(path).text


def test_a_name_that_is_markup_stays_text(lit: Lit) -> None:
    world = lit.world
    beta = world.store.partners.directory().organisations[OrganisationId("beta")]
    wanted = Pause(since=world.now.isoformat(), until=(world.now + timedelta(hours=2)).isoformat(), reason="security", text="", by="op", by_name="Op")
    world.store.partners.put_organisation(*pause(replace(beta, name="<script>alert(1)</script>"), wanted, world.now))
    for path in PATHS:
        assert "<script>alert" not in lit.browser(Role.VIEWER).get(path).text
