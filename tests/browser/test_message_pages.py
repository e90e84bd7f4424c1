"""The pages of messages in a real browser: searched, read and revealed by mouse, by keyboard, without scripts and on a phone."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from gateway.config import load_settings
from gateway.console.app import stop_console
from gateway.console.composing import with_free_port
from gateway.exchange.results import Accepted
from gateway.oversight.access import Role
from gateway.oversight.records import SessionKind
from schemas.identifiers import MessageId
from tests.support.browser import DESK, PHONE, Tab, open_tab
from tests.support.console import VERA, House, serving
from tests.support.console_world import Lit, fill, light
from tests.support.world import contact

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = "word-without-any-place-to-break-" * 40
LONG_ID = "id.without.any.place.to.break." * 2


@dataclass(frozen=True)
class Place:
    """A console over a world with everything in it."""

    url: str
    house: House
    ids: dict[str, MessageId]

    def enter(self, tab: Tab, *roles: Role) -> None:
        """Be somebody with these roles."""
        opened = self.house.parts.sessions.open(VERA, roles or (Role.OPERATOR, Role.REVEAL), SessionKind.BROWSER, "test")
        tab.page.context.add_cookies([{"name": self.house.parts.cookies.session, "value": opened.token, "url": self.url}])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    lit = light(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'gateway.db'}")
    ids = fill(lit) | {"long": _long(lit)}
    settings = with_free_port(load_settings(environment="dev", console_port=0, stop_seconds=2))
    world = lit.world
    house = House(settings, now=world.now, store=world.store, means=world.means, directory=world.store.partners.directory)
    with serving(house) as url:
        yield Place(url, house, ids)
    stop_console(house.app)
    world.store.close()


def _long(lit: Lit) -> MessageId:
    wire = lit.world.signed("alpha", contact(LONG_ID, crn="X000099", notes=LONG))
    accepted = lit.world.pipeline.submit([lit.world.submission("alpha", wire)])[0]
    assert isinstance(accepted, Accepted)
    lit.refuse(accepted.message_ids[0])
    return accepted.message_ids[0]


def _pages(place: Place) -> tuple[str, ...]:
    one = f"/messages/{place.ids['long']}"
    return ("/messages", "/messages?state=refused&recipient=C17&since=2026-11-20", "/messages?type=Event", one, f"{one}?looks=true", "/messages?search=gone")


def _reveal(tab: Tab, place: Place) -> None:
    """The long notes."""
    tab.page.goto(f"{place.url}/messages/{place.ids['long']}")
    tab.page.get_by_label("Reveal Notes", exact=True).check(force=True)
    tab.page.get_by_role("button", name="Reveal what is ticked").click()
    tab.page.get_by_label("To deal with an incident").check(force=True)
    tab.page.get_by_role("button", name="Reveal").click()
    expect(tab.page.get_by_text("1 field is shown for a few minutes. It is on record.")).to_be_visible()


def test_axe_finds_nothing_and_the_console_says_nothing(chromium: Browser, place: Place) -> None:
    for size in (DESK, PHONE):
        with open_tab(chromium, viewport=size) as tab:
            place.enter(tab)
            for path in _pages(place):
                tab.page.goto(place.url + path)
                tab.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
                assert tab.violations() == [], path
                assert (tab.sideways(), tab.clipped()) == (0, []), path
            assert tab.said == []


def test_long_values_and_wrong_forms_fit_a_phone_and_large_text(chromium: Browser, place: Place) -> None:
    with open_tab(chromium, viewport=PHONE) as tab:
        place.enter(tab)
        _reveal(tab, place)
        expect(tab.page.get_by_text(LONG)).to_be_visible()
        assert (tab.sideways(), tab.clipped()) == (0, [])
        assert tab.violations() == []
        tab.space_text()
        assert (tab.sideways(), tab.clipped()) == (0, [])
        tab.page.goto(f"{place.url}/messages")
        tab.page.get_by_role("searchbox").fill("somebody")
        tab.page.get_by_role("searchbox").press("Enter")
        expect(tab.page.get_by_role("heading", name="There is a problem")).to_be_visible()
        assert (tab.sideways(), tab.clipped(), tab.violations()) == (0, [], [])
    with open_tab(chromium) as tab:
        place.enter(tab)
        tab.page.goto(f"{place.url}/messages/{place.ids['long']}")
        tab.double_text()
        assert (tab.sideways(), tab.clipped()) == (0, [])


@pytest.mark.parametrize("scripts", [True, False])
def test_a_case_is_found_and_its_field_revealed(chromium: Browser, place: Place, scripts: bool) -> None:
    with open_tab(chromium, java_script_enabled=scripts) as tab:
        place.enter(tab)
        tab.page.goto(f"{place.url}/messages")
        tab.page.get_by_role("searchbox").fill("X000002")
        tab.page.get_by_role("button", name="Search", exact=True).click()
        assert "X000002" not in tab.page.url
        expect(tab.page.get_by_role("link", name="Case: the one you searched for")).to_be_visible()
        tab.page.get_by_role("link", name="Contact, insert").click()
        assert tab.page.url == f"{place.url}/messages/{place.ids['applied']}"
        tab.page.get_by_label("Reveal Case reference number", exact=True).check(force=True)
        tab.page.get_by_role("button", name="Reveal what is ticked").click()
        tab.page.get_by_role("button", name="Reveal").click()
        expect(tab.page.get_by_role("link", name="Choose a reason.")).to_be_visible()
        tab.page.get_by_label("To check the quality of data").check(force=True)
        tab.page.get_by_role("button", name="Reveal").click()
        expect(tab.page.get_by_text("X000002", exact=True)).to_be_visible()
        assert "X000002" not in tab.page.url
        if scripts:
            assert tab.said == []


def test_an_open_page_hides_it_again_by_itself(chromium: Browser, place: Place) -> None:
    with open_tab(chromium) as tab:
        place.enter(tab)
        tab.page.clock.install()
        _reveal(tab, place)
        tab.page.clock.fast_forward("04:55")
        expect(tab.page.get_by_text(LONG)).to_be_visible()
        tab.page.clock.fast_forward("00:10")
        expect(tab.page.get_by_text("Hidden again", exact=True)).to_be_visible()
        assert LONG not in tab.page.content()


def test_by_keyboard_alone_a_list_is_narrowed(chromium: Browser, place: Place) -> None:
    with open_tab(chromium) as tab:
        place.enter(tab)
        tab.page.goto(f"{place.url}/messages")
        tab.page.locator("summary").press("Enter")
        tab.page.get_by_label("Refused", exact=True).press("Space")
        tab.page.get_by_label("To", exact=True).press("C")
        tab.page.get_by_role("button", name="Search messages").press("Enter")
        chip = tab.page.get_by_role("link", name="Remove this filter: State: Refused")
        expect(chip).to_be_visible()
        chip.press("Enter")
        expect(chip).to_have_count(0)


def test_from_a_message_in_trouble_to_what_to_do_is_one_click(chromium: Browser, place: Place) -> None:
    with open_tab(chromium) as tab:
        place.enter(tab)
        tab.page.goto(f"{place.url}/messages/{place.ids['refused']}")
        tab.page.get_by_role("link", name="What to do about the delivery to C17").click()
        expect(tab.page.get_by_text("What to do next")).to_be_visible()
