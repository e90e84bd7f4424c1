"""The system's Chromium, driven by Playwright: pages with their console watched, axe, and an application behind them on loopback.

Fixtures are of one module: while Playwright runs, this thread has a running event loop, which `asyncio.run` in
other tests could not bear.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import axe_playwright_python
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from starlette.types import ASGIApp

CHROMIUM = "/usr/bin/chromium"
HOST = "127.0.0.1"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_START_SECONDS = 20


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@dataclass
class Tab:
    """One page of one fresh browser profile, and everything that its console said."""

    page: Page
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser says of every page with a problem on it that it came with 422; that is what it should come with.
        answered = message.location["url"] == self.page.url and "status of 4" in message.text
        if message.type in ("error", "warning") and not answered:
            self.said.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A stream that is closed when its page is left has not failed.
        if not request.url.endswith("/live"):
            self.said.append(f"failed: {request.url} {request.failure}")

    def violations(self) -> list[str]:
        """What axe finds; its script is evaluated, since the policy of the page admits no added one."""
        self.page.evaluate(_AXE)
        found = self.page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", list(WCAG))
        return [f"{each['id']}: {node['html'][:300]} | {node['failureSummary']}" for each in found["violations"] for node in each["nodes"]]

    def sideways(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def clipped(self) -> list[str]:
        """Texts that stick out of the window without a scroll box of their own."""
        return list(
            self.page.evaluate(
                """() => [...document.querySelectorAll('body *')].filter(each => {
                const box = each.getBoundingClientRect()
                const out = box.width > 0 && box.right > document.documentElement.clientWidth + 1
                return out && !each.closest('.console-scroll, svg, .govuk-visually-hidden, .govuk-skip-link')
                }).map(each => each.outerHTML.slice(0, 160))"""
            )
        )

    def double_text(self) -> None:
        """Text at 200 %, without zoom."""
        self.page.evaluate("document.documentElement.style.fontSize = '200%'")

    def space_text(self) -> None:
        """The spacing that WCAG 1.4.12 asks a page to bear."""
        rules = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }"
        self.page.evaluate("rules => { const sheet = new CSSStyleSheet(); sheet.replaceSync(rules); document.adoptedStyleSheets = [sheet] }", rules)


@contextmanager
def open_tab(browser: Browser, **options: object) -> Iterator[Tab]:
    """A tab of its own profile; options are those of Playwright's `new_context`."""
    context: BrowserContext = browser.new_context(**({"viewport": DESK, "reduced_motion": "reduce"} | options))
    context.set_default_timeout(15_000)
    try:
        yield Tab(context.new_page())
    finally:
        context.close()


@contextmanager
def serving(app: ASGIApp, stopping: Callable[[], None] = lambda: None) -> Iterator[str]:
    """The address of this application, served on a free port of loopback until the block ends. `stopping` runs in its loop."""
    listener = socket.create_server((HOST, 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=5))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _START_SECONDS
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            assert thread.is_alive(), "the server ended"
            time.sleep(0.01)
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stopping)
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"
        loop.close()
