"""Every component in a real browser: no violation, no word on the console, nothing lost on phones, in large text or forced colours."""

import json
import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gateway.console.live import Ticker
from gateway.contract import StoreUnavailable
from tests.support.browser import DESK, PHONE, Tab, open_tab, serving
from tests.support.gallery import gallery

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATHS = ("/", "/problem", "/signed-out")


@pytest.fixture(scope="module")
def address(chromium: Browser) -> str:
    """The gallery, served while this module runs."""
    with serving(gallery()) as url:
        yield url


def _open(tab: Tab, url: str) -> None:
    assert tab.page.goto(url) is not None


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_and_the_console_says_nothing(chromium: Browser, address: str, path: str) -> None:
    with open_tab(chromium) as tab:
        _open(tab, address + path)
        tab.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert tab.violations() == []
        assert tab.page.evaluate("window.pwned") is None
        assert tab.said == []


def test_what_axe_and_the_console_would_say_is_heard(chromium: Browser, address: str) -> None:
    with open_tab(chromium) as tab:
        _open(tab, address)
        tab.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"/none\"><p style=\"color:red\">x</p>')")
        assert any("image-alt" in each for each in tab.violations())
        assert any("style" in each for each in tab.said)


@pytest.mark.parametrize("path", PATHS)
def test_a_phone_needs_no_sideways_scroll(chromium: Browser, address: str, path: str) -> None:
    with open_tab(chromium, viewport=PHONE) as tab:
        _open(tab, address + path)
        assert (tab.sideways(), tab.clipped()) == (0, [])
        assert tab.violations() == []


def test_text_at_twice_its_size_fits(chromium: Browser, address: str) -> None:
    with open_tab(chromium) as tab:
        _open(tab, address)
        tab.double_text()
        assert (tab.sideways(), tab.clipped()) == (0, [])


def test_text_with_wide_spacing_fits(chromium: Browser, address: str) -> None:
    for size in (PHONE, DESK):
        with open_tab(chromium, viewport=size) as tab:
            _open(tab, address)
            tab.space_text()
            assert (tab.sideways(), tab.clipped()) == (0, [])


def test_the_menu_of_actions_opens_and_closes_by_keyboard(chromium: Browser, address: str) -> None:
    with open_tab(chromium) as tab:
        _open(tab, address)
        tab.page.get_by_role("button", name="Actions").press("Enter")
        expect(tab.page.get_by_role("button", name="Retry", exact=True)).to_be_focused()
        assert tab.violations() == []
        tab.page.keyboard.press("Escape")
        expect(tab.page.get_by_role("button", name="Actions")).to_be_focused()


def test_forced_colours_keep_drawings_and_tiles(chromium: Browser, address: str) -> None:
    with open_tab(chromium, forced_colors="active") as tab:
        _open(tab, address)
        line = "getComputedStyle(document.querySelector('.chart-line--2'))"
        assert tab.page.evaluate(f"{line}.stroke") == tab.page.evaluate("getComputedStyle(document.querySelector('main')).color")
        assert tab.page.evaluate(f"{line}.strokeDasharray") != "none"
        assert tab.page.evaluate("getComputedStyle(document.querySelector('.console-tile')).borderTopStyle") == "solid"


def test_without_javascript_everything_is_there(chromium: Browser, address: str) -> None:
    with open_tab(chromium, java_script_enabled=False) as tab:
        _open(tab, address)
        expect(tab.page.get_by_role("button", name="Pause live updates")).to_be_hidden()
        expect(tab.page.get_by_text("Load the page again for newer ones.")).to_be_visible()
        expect(tab.page.get_by_role("link", name="Audit")).to_be_visible()
        expect(tab.page.get_by_role("button", name="Assign to me")).to_be_visible()
        tab.page.get_by_text("Deliveries in the last 24 hours: as a table").click()
        expect(tab.page.get_by_role("table", name="Deliveries in the last 24 hours")).to_be_visible()


def test_the_first_page_is_small(chromium: Browser, address: str) -> None:
    """Under 100 KB as sent, with every style sheet and script."""
    with open_tab(chromium) as tab:
        _open(tab, address)
        tab.page.wait_for_load_state("load")
        timing = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        sizes = tab.page.evaluate(f"{timing}.filter(each => !each.name.endsWith('/live')).map(each => each.encodedBodySize)")
        assert len(sizes) >= 7
        assert sum(sizes) < 100_000


def test_by_keyboard_the_skip_link_comes_first_and_focus_shows(chromium: Browser, address: str) -> None:
    with open_tab(chromium) as tab:
        _open(tab, f"{address}/signed-out")
        tab.page.keyboard.press("Tab")
        expect(tab.page.get_by_role("link", name="Skip to main content")).to_be_focused()
        tab.page.keyboard.press("Enter")
        expect(tab.page).to_have_url(re.compile("#main-content$"))


def test_choosing_all_rows_needs_one_press(chromium: Browser, address: str) -> None:
    with open_tab(chromium) as tab:
        _open(tab, address)
        tab.page.get_by_label("Select all").check(force=True)
        assert tab.page.locator("input[name=delivery]:checked").count() == 9


class Switch:
    """Figures that a test sets while a page shows them."""

    def __init__(self) -> None:
        self.cells = {"waiting": "41", "C05.health": "Working", "dead": "12"}
        self.fault: Exception | None = None

    def __call__(self) -> dict[str, str]:
        if self.fault:
            raise self.fault
        return dict(self.cells)


def test_live_figures_change_pause_and_never_move_anything(chromium: Browser) -> None:
    switch = Switch()
    ticker = Ticker(switch, tick_seconds=0.1)
    with serving(gallery(ticker), ticker.close) as url, open_tab(chromium) as tab:
        _open(tab, url)
        waiting, health = tab.page.locator("[data-live=waiting]").first, tab.page.locator("[data-live='C05.health']")
        expect(waiting).to_have_text("41")
        expect(health).to_have_class("govuk-tag govuk-tag--green")
        link = tab.page.get_by_role("link", name="C01")
        link.focus()
        rows = tab.page.locator("table").first.locator("tr").count()
        switch.cells = {"waiting": "42", "C05.health": "Down", "dead": "15"}
        expect(waiting).to_have_text("42")
        expect(health).to_have_class("govuk-tag govuk-tag--red")
        expect(tab.page.locator("[data-live-more]")).to_contain_text("3 new, show the newest")
        expect(link).to_be_focused()
        assert tab.page.locator("table").first.locator("tr").count() == rows
        tab.page.get_by_role("button", name="Pause live updates").click()
        expect(tab.page.get_by_role("status")).to_contain_text("Live updates are paused. Figures of ")
        switch.cells["waiting"] = "43"
        tab.page.wait_for_timeout(500)
        expect(waiting).to_have_text("42")
        assert ticker.viewers == 0
        tab.page.reload()
        expect(tab.page.get_by_role("status")).to_contain_text("Live updates are paused. Figures of ")
        tab.page.get_by_role("button", name="Resume live updates").click()
        expect(waiting).to_have_text("43")
        assert tab.said == []


def test_a_page_that_hears_nothing_says_so(chromium: Browser) -> None:
    ticker = Ticker(Switch(), tick_seconds=0.1, beat_seconds=60)
    with serving(gallery(ticker), ticker.close) as url, open_tab(chromium) as tab:
        tab.page.clock.install()
        _open(tab, url)
        expect(tab.page.get_by_role("status")).to_have_text("Live updates are on.")
        expect(tab.page.locator("[data-live=waiting]").first).to_have_text("41")
        tab.page.clock.fast_forward(32_000)
        expect(tab.page.get_by_role("status")).to_contain_text("nothing has been heard for 30 seconds")


def test_a_stream_that_was_refused_is_asked_for_again(chromium: Browser) -> None:
    ticker = Ticker(Switch(), tick_seconds=0.1)
    with serving(gallery(ticker), ticker.close) as url, open_tab(chromium) as tab:
        tab.page.clock.install()
        tab.page.route("**/live", lambda route: route.fulfill(status=503, body=""))
        with tab.page.expect_response("**/live"):
            _open(tab, url)
        tab.page.clock.fast_forward(32_000)
        expect(tab.page.get_by_role("status")).to_contain_text("may be old")
        tab.page.unroute("**/live")
        tab.page.clock.fast_forward(11_000)
        expect(tab.page.locator("[data-live=waiting]").first).to_have_text("41")
        expect(tab.page.get_by_role("status")).to_have_text("Live updates are on.")


def test_figures_that_cannot_be_read_are_said_to_be_so(chromium: Browser) -> None:
    switch = Switch()
    ticker = Ticker(switch, tick_seconds=0.1, beat_seconds=0.3)
    with serving(gallery(ticker), ticker.close) as url, open_tab(chromium) as tab:
        _open(tab, url)
        expect(tab.page.locator("[data-live=waiting]").first).to_have_text("41")
        switch.fault = StoreUnavailable("locked")
        expect(tab.page.get_by_role("status")).to_contain_text("The figures cannot be read now.")
        switch.fault = None
        expect(tab.page.get_by_role("status")).to_have_text("Live updates are on.")
        assert tab.said == []


def test_a_viewer_who_leaves_is_gone_on_the_server_too(chromium: Browser) -> None:
    numbers = count()
    ticker = Ticker(lambda: {"waiting": str(next(numbers))}, tick_seconds=0.05)
    with serving(gallery(ticker), ticker.close) as url, open_tab(chromium) as tab:
        _open(tab, url)
        expect(tab.page.get_by_role("status")).to_have_text("Live updates are on.")
        tab.page.wait_for_function("document.querySelector('[data-live=waiting]').textContent !== '12'")
        assert ticker.viewers == 1
        _open(tab, f"{url}/problem")
        for _ in range(40):
            if ticker.viewers == 0:
                break
            tab.page.wait_for_timeout(50)
        assert ticker.viewers == 0


def test_lost_pictures_of_this_page_are_none(chromium: Browser, address: str, tmp_path: Path) -> None:
    """Not a comparison: that a picture can be made, and is not blank."""
    with open_tab(chromium) as tab:
        _open(tab, address)
        picture = tab.page.screenshot(path=tmp_path / "gallery.png", full_page=True)
        assert len(picture) > 50_000
        assert json.loads(tab.page.evaluate("JSON.stringify(getComputedStyle(document.body).fontFamily)")).startswith('"Helvetica Neue"')
