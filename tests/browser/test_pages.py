"""Every page in every state, in a real browser: no violation, no word on the console, nothing lost on phones, in large text,
with wide spacing or in forced colours. The pages are those of the application's own routes, so that none can be forgotten.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gateway.oversight.access import Role
from tests.support.browser import DESK, PHONE, Tab
from tests.support.console_stage import STATES, Stage, staged

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
WRONG = (
    "/nothing-here",
    "/queues/C99",
    "/queues/C17?state=nonsense",
    "/dead-letters/nobody-knows",
    "/dead-letters-retry?delivery=nobody-knows",
    "/messages/nobody-knows",
    "/messages?type=Nonsense",
    "/partners/nobody-knows",
    "/receipts?standing=nonsense",
    "/alerts/nobody-knows",
    "/runbooks/nonsense",
    "/audit?since=nonsense",
)
"""What nobody should ask for, each of another page."""
_LOST = """() => [...document.querySelectorAll('main svg [class*=chart-line], main .govuk-tag, main .console-tile')]
    .filter(each => each.checkVisibility() && getComputedStyle(each).color === getComputedStyle(document.body).backgroundColor)
    .map(each => each.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module", params=STATES)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage"), request.param) as made:
        yield made


def _faults(tab: Tab) -> list[str]:
    """Everything that is wrong with the page that the tab shows."""
    page, found = tab.page, []
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    found += [f"axe: {each}" for each in tab.violations()]
    found += _misfits(tab, "1280 px")
    page.emulate_media(forced_colors="active")
    found += [f"lost in forced colours: {each}" for each in page.evaluate(_LOST)]
    page.emulate_media(forced_colors="none")
    page.set_viewport_size(PHONE)
    found += _misfits(tab, "320 px")
    tab.space_text()
    found += _misfits(tab, "320 px, spaced")
    page.evaluate("document.adoptedStyleSheets = []")
    page.set_viewport_size(DESK)
    tab.double_text()
    found += _misfits(tab, "200 %")
    found += [] if page.evaluate("window.pwned") is None else ["a script of somebody else's ran"]
    return found


def _misfits(tab: Tab, where: str) -> list[str]:
    sideways = tab.sideways()
    return ([f"{where}: {sideways} px too wide"] if sideways else []) + [f"{where}: sticks out: {each}" for each in tab.clipped()]


def _all_faults(tab: Tab, addresses: list[str]) -> dict[str, list[str]]:
    """By address; nothing for a page that is well."""
    found = {}
    for address in addresses:
        tab.page.goto(address)
        faults = _faults(tab) + tab.said
        tab.said.clear()
        if faults:
            found[address] = faults
    return found


def test_every_page_is_well(chromium: Browser, stage: Stage) -> None:
    addresses = stage.addresses(few=True)
    assert len(addresses) > 30
    with stage.tab(chromium) as tab:
        assert _all_faults(tab, addresses) == {}


def test_every_wrong_page_is_well(chromium: Browser, tmp_path: Path) -> None:
    with staged(tmp_path, "empty") as stage:
        with stage.tab(chromium) as tab:
            assert _all_faults(tab, list(WRONG)) == {}
        with stage.tab(chromium, Role.VIEWER) as tab:
            assert _all_faults(tab, ["/audit", "/sessions"]) == {}
            assert "403" in tab.page.content() or "not" in tab.page.inner_text("h1").lower()
