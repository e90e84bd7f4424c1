"""A console for tests: real pages and sign-in over a store of dictionaries, and browsers that come to it."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from gateway.api.server import BackgroundServer
from gateway.audit.events import AuditCode, AuditEvent
from gateway.config import Settings, load_settings
from gateway.console.app import Console, create_console, stop_console
from gateway.console.composing import console_door, console_parts, with_free_port
from gateway.console.parts import ConsoleParts
from gateway.console.sessions import Opened
from gateway.contract import StoreUnavailable
from gateway.exchange.ids import uuid7
from gateway.oversight.access import Role
from gateway.oversight.records import Operator, OperatorSession, SessionKind, SignIn
from gateway.partners.directory import Directory
from gateway.rehearsal.identity_provider import CLIENT_ID, ROLE_CLAIMS, SimulatedProvider
from gateway.telemetry import Telemetry
from gateway.trust.sealing import ArchiveKeys
from schemas.identifiers import Digest

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
URL = "https://console.example"
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
KEYLESS: Any = SimpleNamespace(new_id=uuid7, archive=ArchiveKeys("", {}), lookup_key=b"")
"""Of the means, what the console takes: here nothing can be opened or found."""
VERA = Operator("u-vera", "Vera Example (fictional)")


class MemoryOversight:
    """Sessions and sign-ins, as the store keeps them."""

    def __init__(self) -> None:
        self.kept: dict[Digest, OperatorSession] = {}
        self.sign_ins: dict[Digest, SignIn] = {}
        self.events: list[AuditEvent] = []
        self.touched: list[Digest] = []
        self.down = False

    def _check(self) -> None:
        if self.down:
            raise StoreUnavailable

    def put_session(self, session: OperatorSession, event: AuditEvent) -> None:
        self._check()
        self.kept[session.session] = session
        self.events.append(event)

    def session(self, session: Digest) -> OperatorSession | None:
        self._check()
        return self.kept.get(session)

    def sessions(self, now: datetime) -> Sequence[OperatorSession]:
        return [one for one in reversed(self.kept.values()) if one.ended_at is None and one.expires_at > now]

    def touch_session(self, session: Digest, now: datetime) -> None:
        self.touched.append(session)
        self.kept[session] = replace(self.kept[session], seen_at=now)

    def end_session(self, session: Digest, now: datetime, event: AuditEvent) -> bool:
        found = self.kept.get(session)
        if found is None or found.ended_at is not None:
            return False
        self.kept[session] = replace(found, ended_at=now)
        self.events.append(event)
        return True

    def put_sign_in(self, sign_in: SignIn) -> None:
        self._check()
        self.sign_ins[sign_in.state] = sign_in

    def take_sign_in(self, state: Digest, kind: str, now: datetime) -> SignIn | None:
        found = self.sign_ins.get(state)
        if found is None or found.kind != kind:
            return None
        del self.sign_ins[state]
        return found if found.expires_at > now else None

    def note_look(self, events: Sequence[AuditEvent]) -> None:
        self.events += events


class MemoryStore:
    """What a console's doorstep needs of the store."""

    def __init__(self) -> None:
        self.oversight = MemoryOversight()
        self.up = True

    def ready(self) -> bool:
        return self.up


@dataclass
class House:
    """A console with its clock and its store in hand."""

    settings: Settings
    now: datetime = NOW
    store: Any = field(default_factory=MemoryStore)
    means: Any = field(default_factory=lambda: KEYLESS)
    directory: Callable[[], Directory] = Directory
    parts: ConsoleParts = field(init=False)
    app: Console = field(init=False)

    def __post_init__(self) -> None:
        self.parts = console_parts(self.settings, self.store, self.directory, lambda: self.now, Telemetry(), self.means)
        self.app = create_console(self.parts)
        if self.parts.provider is not None:
            _asking.append(self.parts.provider)

    @property
    def oversight(self) -> MemoryOversight:
        found = self.store.oversight
        assert isinstance(found, MemoryOversight)
        return found

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)

    def browser(self) -> "Browser":
        return Browser(self)

    def signed_in(self, *roles: Role, operator: Operator = VERA) -> "Browser":
        """A browser with a session of these roles."""
        browser = self.browser()
        browser.become(self.parts.sessions.open(operator, roles, SessionKind.BROWSER, "test"))
        return browser

    def command_line(self, *roles: Role, operator: Operator = VERA) -> dict[str, str]:
        """The header of a command line with these roles."""
        return {"authorization": f"Bearer {self.parts.sessions.open(operator, roles, SessionKind.COMMAND_LINE, 'test').token}"}

    def codes(self) -> list[AuditCode]:
        """What the audit says, by code."""
        return [event.code for event in self.oversight.events]


class Http:
    """httpx on the application, without a socket."""

    def __init__(self, house: House) -> None:
        transport = httpx.ASGITransport(house.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=house.settings.console_url, follow_redirects=False)
        self.cookies = self._client.cookies

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **given))

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def delete(self, path: str, **given: Any) -> httpx.Response:
        return self.request("DELETE", path, **given)


class Browser:
    """Cookies and the headers that browsers send."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.http = Http(house)
        self.session: OperatorSession | None = None

    def become(self, opened: Opened) -> None:
        self.session = opened.session
        self.http.cookies.set(self.house.parts.cookies.session, opened.token, domain=urlsplit(self.house.settings.console_url).hostname or "")

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.http.get(path, **given)

    def post(self, path: str, data: Mapping[str, str] | None = None, *, token: str | None = "own", **given: Any) -> httpx.Response:
        """A form of a page of ours, unless told otherwise."""
        headers = given.pop("headers", SAME_ORIGIN)
        own = self.session.csrf if self.session else ""
        field = {} if token is None else {"csrf": own if token == "own" else token}
        return self.http.post(path, data={**field, **(data or {})}, headers=headers, **given)


def house_for(**given: Any) -> House:
    """A console with these settings; the environment is left out of it."""
    return House(load_settings(**{"environment": "test", "console_url": URL, "console_tls_ends_at_proxy": True, **given}))


_asking: list[Any] = []
"""Consoles' sides of the connections to a provider, to be let go of with it."""


def provided(provider: SimulatedProvider, **given: Any) -> House:
    """A console whose people sign in with this provider."""
    settings = {"console_issuer": provider.issuer, "console_client_id": CLIENT_ID, "console_role_claims": dict(ROLE_CLAIMS), **given}
    if provider.client_secret is not None:
        settings["console_client_secret"] = provider.client_secret
    return house_for(**settings)


@contextmanager
def running(provider: SimulatedProvider) -> Iterator[SimulatedProvider]:
    """Started, and stopped after it."""
    provider.start()
    try:
        yield provider
    finally:
        while _asking:
            _asking.pop().close()
        provider.stop()


def go_to_provider(browser: Browser, subject: str, goal: str = "/") -> str:
    """Start a sign-in and choose this person; the address that the provider sends the browser back to."""
    begun = browser.get("/sign-in/start", params={"next": goal})
    assert begun.status_code == 303, begun.text
    chosen = httpx.get(begun.headers["location"], params={**questions(begun.headers["location"]), "login_hint": subject})
    assert chosen.status_code == 303, chosen.text
    return path_of(chosen.headers["location"])


def sign_in(browser: Browser, subject: str, goal: str = "/") -> httpx.Response:
    """The whole way there and back."""
    return browser.get(go_to_provider(browser, subject, goal))


def questions(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def form_value(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name}"
    return found[1]


@contextmanager
def serving(house: House) -> Iterator[str]:
    """The console on a socket of this machine; its address."""
    with BackgroundServer(house.app, console_door(house.settings), stop_console):
        yield house.settings.console_url


def local_house(**given: Any) -> House:
    """A console on this machine, over http, as in development."""
    settings = {"environment": "dev", "console_port": 0, "stop_seconds": 2, **given}
    return House(with_free_port(load_settings(**settings)))
