"""What an open page does by itself, and how far it is from an alert to what is wrong: over the real console."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.console_stage import Stage, staged

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]
SEEN_WITHIN_SECONDS = 2.0
MOST_CLICKS = 3


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("watching")) as made:
        yield made


def _cell(page: Page) -> Locator:
    return page.locator("main [data-live='total.dead']").first


def _one_more(stage: Stage, name: str, crn: str) -> None:
    stage.lit.refuse(stage.lit.send(name, crn=crn))


def test_a_change_is_seen_in_time_focus_stays_and_a_pause_holds(chromium: Browser, stage: Stage) -> None:
    with stage.tab(chromium) as tab:
        tab.page.goto("/")
        expect(tab.page.get_by_role("status").first).to_contain_text("Live updates are on.")
        link = tab.page.locator("main a").first
        link.focus()
        before = int(_cell(tab.page).inner_text())
        _one_more(stage, "live-1", "X000061")
        began = time.monotonic()
        expect(_cell(tab.page)).to_have_text(str(before + 1), timeout=5000)
        assert time.monotonic() - began < SEEN_WITHIN_SECONDS
        expect(link).to_be_focused()
        tab.page.get_by_role("button", name="Pause live updates").click()
        _one_more(stage, "live-2", "X000062")
        tab.page.wait_for_timeout(2500)
        expect(_cell(tab.page)).to_have_text(str(before + 1))
        tab.page.get_by_role("button", name="Resume live updates").click()
        expect(_cell(tab.page)).to_have_text(str(before + 2))
        assert tab.said == []


class Walk:
    """Counts what a person clicks."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, link: Locator) -> None:
        link.click()
        self.page.wait_for_load_state()
        self.clicks += 1


def test_from_an_alert_to_the_failed_message_and_its_cause(chromium: Browser, stage: Stage) -> None:
    with stage.tab(chromium) as tab:
        tab.page.goto("/alerts")
        walk = Walk(tab.page)
        walk.click(tab.page.get_by_role("link", name="Dead letters for C17").first)
        row = tab.page.locator("main form table tbody tr").filter(has_text="recipient-refused").first
        walk.click(row.get_by_role("link").first)
        expect(tab.page.get_by_role("heading", level=1)).to_contain_text("refused the message")
        for fact in ("Whose fault", "What to do next", "What was said", "It answered 400."):
            expect(tab.page.locator("main")).to_contain_text(fact)
        walk.click(tab.page.get_by_role("link", name="The whole message and its timeline"))
        expect(tab.page.get_by_role("heading", level=1)).to_contain_text("Contact from C05 to C17")
        assert walk.clicks <= MOST_CLICKS


def test_from_an_alert_of_waiting_messages_to_one_of_them(chromium: Browser, stage: Stage) -> None:
    with stage.tab(chromium) as tab:
        tab.page.goto("/alerts/alert-oldest-waiting")
        walk = Walk(tab.page)
        walk.click(tab.page.get_by_role("link", name="The queue to C17"))
        walk.click(tab.page.locator("main table tbody a[href^='/messages/']").first)
        expect(tab.page.locator("main")).to_contain_text("Timeline")
        assert walk.clicks <= MOST_CLICKS
