"""Pictures of the console: every page over the demo's made-up world, as docs/console/*.png. `make screenshots` runs it.

What it is: the demo's own scene and traffic, an operator who signs in as people do, and a picture of each page. What it
is not: a test: a person looks at the pictures. All people in them are made up. Needs RabbitMQ and Chromium, as the
tests do.
"""

import random
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from docs.png import shrunk
from gateway.rehearsal import scene, story
from gateway.rehearsal.expectations import Expectations
from gateway.rehearsal.scene import LARKSPUR, WEXCOMBE, Scene
from gateway.rehearsal.staying import Trickle
from gateway.rehearsal.story import Play
from gateway.rehearsal.telling import Teller

FOLDER: Final = Path(__file__).resolve().parent / "console"
DIRECTORY: Final = Path("var") / "screenshots"
CHROMIUM: Final = "/usr/bin/chromium"
WIDTH, HEIGHT, TALLEST = 1200, 900, 1500
BEFORE, AFTER = 20, 27
"""Messages before the operator acts, and at the end: in the middle of a trouble of C07's, so that something waits."""
SECONDS_BETWEEN, SETTLING_SECONDS = 0.4, 4.0
MOST_BYTES: Final = 1_500_000
PAGES: Final = {
    "overview": "/",
    "queues": "/queues",
    "queue": "/queues/C07",
    "dead-letters": "/dead-letters",
    "messages": "/messages",
    "receipts": "/receipts?standing=negative",
    "partners": "/partners",
    "partner": "/partners/larkspur",
    "alerts": "/alerts",
    "audit": "/audit",
    "sessions": "/sessions",
}
"""Name of the picture, and where it is taken; the others stand behind a link of these."""


@dataclass(slots=True)
class Album:
    """The page, and what it looked like."""

    page: Page
    pictures: dict[str, bytes] = field(default_factory=dict)

    def take(self, name: str) -> None:
        """The page as far down as one cares to look."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_timeout(300)
        height = min(TALLEST, int(self.page.evaluate("document.querySelector('footer').getBoundingClientRect().bottom + scrollY")))
        self.pictures[name] = self.page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})


def main() -> int:
    """Make all of them; 1 where they came out too large."""
    stage = scene.set_up(DIRECTORY, "sqlite", Teller().progress)
    try:
        pictures = _taken(stage)
    finally:
        stage.close()
    for name, picture in pictures.items():
        (FOLDER / f"{name}.png").write_bytes(shrunk(picture))
    total = sum((FOLDER / f"{name}.png").stat().st_size for name in pictures)
    sys.stdout.write(f"{len(pictures)} pictures, {total:,} bytes\n")
    return 0 if total <= MOST_BYTES else 1


def _taken(stage: Scene) -> dict[str, bytes]:
    trickle = _begun(stage)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text"])
        page = browser.new_page(base_url=stage.console_url, viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
        album = Album(page)
        _sign_in(album)
        _act(page)
        trickle.run(threading.Event(), seconds_between=SECONDS_BETWEEN, most=AFTER)
        time.sleep(SETTLING_SECONDS)
        for name, address in PAGES.items():
            page.goto(address)
            album.take(name)
        _take_linked(album)
        browser.close()
    return album.pictures


def _begun(stage: Scene) -> Trickle:
    """Something to look at: the story's cases, then traffic with its troubles."""
    play = Play(stage, Teller(), Expectations(20.0), random.Random(1))  # noqa: S311 - made-up case numbers
    cases = story.transfers(play)
    story.updates(play, cases)
    story.unwilling(play)
    trickle = Trickle(play, list(zip(cases, (LARKSPUR.party, WEXCOMBE.party), strict=True)))
    trickle.run(threading.Event(), seconds_between=SECONDS_BETWEEN, most=BEFORE)
    return trickle


def _sign_in(album: Album) -> None:
    album.page.goto("/")
    album.take("sign-in")
    album.page.get_by_role("button", name="Sign in with your work account").click()
    album.page.get_by_role("link", name="Alex Example").click()


def _act(page: Page) -> None:
    """What an operator did before: a pause, and a note on a dead letter."""
    page.goto("/partners/wexcombe/pause")
    page.get_by_label("Planned maintenance at the partner").check(force=True)
    page.get_by_label("For 1 hour").check(force=True)
    page.get_by_role("button", name="Pause", exact=True).click()
    _first_letter(page)
    page.get_by_role("button", name="Take it", exact=True).click()
    page.get_by_label("Write a note").fill("Rang their service desk: a release went wrong. They put it right within the hour.")
    page.get_by_role("button", name="Keep the note").click()


def _take_linked(album: Album) -> None:
    """Pages behind a link of another."""
    page = album.page
    _first_letter(page)
    album.take("dead-letter")
    page.get_by_role("link", name="The whole message and its timeline").click()
    album.take("message")
    page.locator("input[name=field]").first.check(force=True)
    page.get_by_role("button", name="Reveal what is ticked").click()
    album.take("reveal")
    page.goto("/dead-letters")
    page.get_by_role("link", name="Discard all").first.click()
    album.take("discard")
    page.goto("/alerts")
    page.locator("main th a[href^='/alerts/']").first.click()
    album.take("alert")
    page.get_by_role("link", name="What to look at and do").click()
    album.take("runbook")


def _first_letter(page: Page) -> None:
    page.goto("/dead-letters")
    page.locator("main form table tbody th a").first.click()


if __name__ == "__main__":
    sys.exit(main())
