"""Three ways to use a page: with a mouse, with nothing but a keyboard, and with a mouse in a browser that runs no script.

Each finds things as a person does, by role and name, and does the same few things with them. The keyboard gets
everywhere by Tab and by the arrows of a group, and asks at each stop whether focus can be seen.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from playwright.sync_api import Locator, Page, expect

from tests.support.browser import Tab

WAYS = ("mouse", "keyboard", "no-script")
Way = Literal["mouse", "keyboard", "no-script"]
Kind = Literal["link", "button"]
_MOST_STOPS = 250
_SHOWS_FOCUS = """each => {
    const box = each.getBoundingClientRect(), style = getComputedStyle(each), beside = each.nextElementSibling
    const drawn = one => ['outlineStyle', 'boxShadow', 'borderStyle'].some(name => getComputedStyle(one)[name] !== 'none')
        || (one === each && style.backgroundColor === 'rgb(255, 221, 0)')
    const around = beside && getComputedStyle(beside, '::before').boxShadow !== 'none'
    return each.matches(':focus-visible') && box.bottom > 0 && box.top < innerHeight && (drawn(each) || around)
}"""


class Hand(Protocol):
    """What a person does with a page."""

    page: Page

    def press(self, kind: Kind, name: str) -> None:
        """Follow a link or press a button."""

    def open(self, words: str) -> None:
        """Open what is folded."""

    def write(self, label: str, text: str) -> None:
        """Type into a field."""

    def choose(self, name: str) -> None:
        """One of several."""

    def tick(self, name: str) -> None:
        """A box."""

    def pick(self, label: str, option: str) -> None:
        """From a list that opens."""


def hand(way: str, tab: Tab) -> Hand:
    """That way's."""
    return KeyboardHand(tab.page) if way == "keyboard" else MouseHand(tab.page)


def options_of(way: str) -> dict[str, object]:
    """Of the browser."""
    return {"java_script_enabled": False} if way == "no-script" else {}


def _thing(page: Page, kind: Kind, name: str) -> Locator:
    """That of the page itself, rather than one of its head by the same name."""
    inside = page.locator("main").get_by_role(kind, name=name, exact=True)
    return inside.first if inside.count() else page.get_by_role(kind, name=name, exact=True).first


def _summary(page: Page, words: str) -> Locator:
    return page.locator("summary").filter(has_text=words).first


@dataclass
class MouseHand:
    """Points and clicks."""

    page: Page

    def press(self, kind: Kind, name: str) -> None:
        _thing(self.page, kind, name).click()

    def open(self, words: str) -> None:
        _summary(self.page, words).click()

    def write(self, label: str, text: str) -> None:
        field = self.page.get_by_label(label, exact=True)
        field.click()
        field.fill(text)

    def choose(self, name: str) -> None:
        self.page.get_by_role("radio", name=name, exact=True).click(force=True)

    def tick(self, name: str) -> None:
        self.page.get_by_role("checkbox", name=name, exact=True).first.click(force=True)

    def pick(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(label=option)


@dataclass
class KeyboardHand:
    """Presses keys, and looks where focus is."""

    page: Page

    def press(self, kind: Kind, name: str) -> None:
        self._go_to(_thing(self.page, kind, name))
        self.page.keyboard.press("Enter")

    def open(self, words: str) -> None:
        self._go_to(_summary(self.page, words))
        self.page.keyboard.press("Enter")

    def write(self, label: str, text: str) -> None:
        self._go_to(self.page.get_by_label(label, exact=True))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, name: str) -> None:
        """Tab stops once at a group; the arrows go through it."""
        wanted = self.page.get_by_role("radio", name=name, exact=True)
        group = wanted.get_attribute("name")
        self._go_to(self.page.locator(f"input[type=radio][name='{group}']"), anyone=True)
        for _ in range(20):
            if wanted.evaluate("each => each === document.activeElement"):
                self.page.keyboard.press("Space")
                expect(wanted).to_be_checked()
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows never came to {name}")

    def tick(self, name: str) -> None:
        self._go_to(self.page.get_by_role("checkbox", name=name, exact=True).first)
        self.page.keyboard.press("Space")

    def pick(self, label: str, option: str) -> None:
        field = self.page.get_by_label(label, exact=True)
        self._go_to(field)
        self.page.keyboard.type(option)
        expect(field.locator("option:checked")).to_have_text(option)

    def _go_to(self, wanted: Locator, *, anyone: bool = False) -> None:
        """Tab until it has focus: this one, or anyone of them."""
        wanted.first.wait_for(state="attached")
        for _ in range(_MOST_STOPS):
            self.page.keyboard.press("Tab")
            has_focus = "them => them.includes(document.activeElement)"
            if wanted.evaluate_all(has_focus) if anyone else wanted.evaluate("each => each === document.activeElement"):
                focused = self.page.locator(":focus")
                assert focused.evaluate(_SHOWS_FOCUS), f"focus does not show on {focused.evaluate('each => each.outerHTML')[:200]}"
                return
        raise AssertionError(f"Tab never came to {wanted}")
