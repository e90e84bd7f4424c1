"""Signing the command line in: through a browser, with a development token, and what is kept where."""

import json
import re
import stat
import time
import webbrowser
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from gateway import bootstrap
from gateway.cli import app
from gateway.commands import login
from gateway.commands.console_client import ConsoleClient, SessionFile, call, checked
from gateway.commands.output import CommandError, Exit
from gateway.config import ConfigurationInvalid, load_settings
from gateway.console.sessions import Lifetimes, Sessions
from gateway.oversight.access import Role
from gateway.oversight.records import SessionKind
from tests.support.console import SAME_ORIGIN, VERA, Browser, House, form_value, local_house, serving
from tests.support.operators import Installation, Said


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    made = local_house(console_bootstrap=True)
    with serving(made):
        yield made


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, house: House) -> Path:
    """Each test is another person, and minutes after the one before."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GATEWAY_CONSOLE_URL", house.settings.console_url)
    assert house.parts.bootstrap is not None
    house.parts.bootstrap._attempts._made.clear()
    return tmp_path / "gateway"


def run(*arguments: str, stdin: str | None = None) -> Said:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


class Person:
    """A browser that follows the address that the command opens."""

    def __init__(self, browser: Browser, **changed: str) -> None:
        self.browser, self.changed = browser, changed
        self.said: list[Any] = []
        self.thread: Thread | None = None

    def opens(self, address: str) -> bool:
        self.thread = Thread(target=self._goes, args=(address,), daemon=True)
        self.thread.start()
        return True

    def _goes(self, address: str) -> None:
        path = address.removeprefix(self.browser.house.settings.console_url)
        page = self.browser.get(path)
        self.said.append(page.text)
        form = {name: form_value(page.text, name) for name in ("port", "challenge", "state")} | self.changed
        sent = self.browser.post("/sign-in/command-line", form)
        self.said.append(sent.headers.get("location", sent.text))
        if sent.status_code == 303:
            self.said.append(httpx.get(sent.headers["location"]).text)


def test_through_the_browser(house: House, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(house.signed_in(Role.OPERATOR, Role.AUDITOR))
    monkeypatch.setattr(webbrowser, "open", person.opens)
    said = run("login", "--json")
    assert said.code == 0, said.err
    assert said.json["operator"] == {"subject": "u-vera", "name": "Vera Example (fictional)"}
    assert said.json["roles"] == ["operator", "auditor"]
    assert "Allow the command line to act as you?" in person.said[0]
    assert "The command line is signed in" in person.said[2]
    kept = json.loads((folder / "sessions.json").read_text())
    assert kept["current"] == house.settings.console_url
    token = kept["sessions"][house.settings.console_url]["token"]
    assert token not in said.out + said.err
    assert stat.S_IMODE((folder / "sessions.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert call("GET", "/api/v1/sessions/current")["operator"]["subject"] == "u-vera"  # type: ignore[index]


def test_without_a_browser_the_address_is_printed_and_none_is_opened(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    person, printed = Person(house.signed_in(Role.VIEWER)), []
    monkeypatch.setattr(webbrowser, "open", lambda _address: pytest.fail("a browser was opened"))

    def progress(text: str) -> None:
        printed.append(text)
        person.opens(re.findall(r"http://\S+", text)[0])

    monkeypatch.setattr(login, "progress", progress)
    assert run("login", "--no-browser").code == 0
    assert "/sign-in/command-line?" in printed[0]


def test_a_code_works_once_and_with_its_verifier_alone(house: House) -> None:
    browser, client = house.signed_in(Role.VIEWER), ConsoleClient(house.settings.console_url)
    verifier = "v" * 43
    form = {"port": "50000", "challenge": "x" * 43, "state": "s" * 20}
    stolen = httpx.URL(browser.post("/sign-in/command-line", form).headers["location"]).params["code"]
    for _ in range(2):
        with pytest.raises(CommandError) as refused:
            client.call("POST", "/api/v1/sessions", {"code": stolen, "verifier": verifier})
        assert (refused.value.exit_code, refused.value.code) == (Exit.NOT_SIGNED_IN, "code-refused")


def test_a_code_dies_after_two_minutes(house: House) -> None:
    from gateway.console.command_line import challenge_of

    browser, client = house.signed_in(Role.VIEWER), ConsoleClient(house.settings.console_url)
    form = {"port": "50000", "challenge": challenge_of("v" * 43), "state": "s" * 20}
    late, early = (httpx.URL(browser.post("/sign-in/command-line", form).headers["location"]).params["code"] for _ in range(2))
    assert client.call("POST", "/api/v1/sessions", {"code": early, "verifier": "v" * 43})
    house.pass_time(minutes=2)
    with pytest.raises(CommandError):
        client.call("POST", "/api/v1/sessions", {"code": late, "verifier": "v" * 43})


@pytest.mark.parametrize(
    "changed",
    [{"port": "80"}, {"port": "70000"}, {"port": "1.2.3.4:5000"}, {"challenge": "short"}, {"challenge": "x" * 44}, {"state": "<script>alert(1)</script>"}],
)
def test_what_no_command_of_ours_asks_is_refused(house: House, changed: dict[str, str]) -> None:
    browser = house.signed_in(Role.VIEWER)
    form = {"port": "50000", "challenge": "x" * 43, "state": "s" * 20, **changed}
    assert browser.get("/sign-in/command-line", params=form).status_code == 400
    assert browser.post("/sign-in/command-line", form).status_code == 400


def test_nothing_is_allowed_without_the_persons_own_click(house: House) -> None:
    form = {"port": "50000", "challenge": "x" * 43, "state": "s" * 20}
    browser = house.signed_in(Role.VIEWER)
    assert browser.post("/sign-in/command-line", form, token="wrong").status_code == 403
    assert browser.post("/sign-in/command-line", form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    sent = house.browser().get("/sign-in/command-line", params=form)
    assert sent.headers["location"].startswith("/sign-in?next=%2Fsign-in%2Fcommand-line%3F")


def test_the_port_takes_only_the_answer_to_its_own_question(house: House) -> None:
    with login._Waiting() as waiting:
        base = f"http://127.0.0.1:{waiting.port}"
        assert httpx.get(base, params={"code": "c", "state": "another"}).status_code == 400
        assert httpx.get(base, params={"code": "c"}).status_code == 400
        assert httpx.get(f"{base}/other", params={"code": "c", "state": waiting.state}).status_code == 400
        assert httpx.get(base, params={"code": "c", "state": waiting.state}, headers={"host": "evil.example"}).status_code == 400
        assert httpx.get(base, params={"code": "right", "state": waiting.state}).status_code == 200
        assert httpx.get(base, params={"code": "second", "state": waiting.state}).status_code == 400
        assert waiting.code(1) == "right"


def test_nobody_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "_WAIT_SECONDS", 0.05)
    said = run("login", "--no-browser", "--json")
    assert (said.code, said.error["code"]) == (4, "login-too-late")


def _token(house: House) -> str:
    assert house.parts.bootstrap is not None
    return house.parts.bootstrap.new_token()


def test_a_development_token_from_a_file_or_standard_input(house: House, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(_token(house) + "\n")
    assert run("login", "--bootstrap-token-file", str(file)).code == 0
    again = run("login", "--bootstrap-token-file", str(file), "--json")
    assert (again.code, again.error["code"]) == (4, "code-refused")
    said = run("login", "--bootstrap-token-file", "-", "--json", stdin=_token(house))
    assert said.json["roles"] == [role.value for role in Role]
    assert run("login", "--bootstrap-token-file", str(tmp_path / "absent")).code == 2


def test_guessing_development_tokens_is_slow(house: House) -> None:
    codes = [run("login", "--bootstrap-token-file", "-", stdin=f"guess-{number}").code for number in range(6)]
    assert codes == [4] * 5 + [9]


def test_whoami_and_logout(house: House, folder: Path) -> None:
    run("login", "--bootstrap-token-file", "-", stdin=_token(house))
    assert "signed in as Development operator (bootstrap)" in run("whoami").out
    kept = SessionFile().get()
    assert kept is not None
    assert run("logout").code == 0
    assert json.loads((folder / "sessions.json").read_text()) == {"current": None, "sessions": {}}
    with pytest.raises(CommandError) as ended:
        ConsoleClient(kept.console, kept.token).call("GET", "/api/v1/sessions/current")
    assert ended.value.exit_code is Exit.NOT_SIGNED_IN
    for command in ("whoami", "logout"):
        assert run(command).code == 4


def test_a_session_that_was_ended_there_is_forgotten_here(house: House) -> None:
    run("login", "--bootstrap-token-file", "-", stdin=_token(house))
    kept = SessionFile().get()
    assert kept is not None
    ConsoleClient(kept.console, kept.token).call("DELETE", "/api/v1/sessions/current")
    said = run("whoami", "--json")
    assert (said.code, said.error["remedy"]) == (4, "gateway login")
    assert run("logout").code == 0
    assert SessionFile().get() is None


def test_a_file_that_others_can_read_is_not_used(house: House, folder: Path) -> None:
    run("login", "--bootstrap-token-file", "-", stdin=_token(house))
    (folder / "sessions.json").chmod(0o644)
    said = run("whoami", "--json")
    assert (said.code, said.error["code"]) == (1, "sessions-readable")


def test_a_broken_file_is_told(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "sessions.json").write_text("{")
    (folder / "sessions.json").chmod(0o600)
    said = run("whoami", "--json")
    assert (said.code, said.error["code"]) == (1, "sessions-unreadable")


def test_a_console_that_is_away_is_exit_9() -> None:
    said = run("login", "--console", "http://127.0.0.1:9", "--bootstrap-token-file", "-", "--json", stdin="x")
    assert (said.code, said.error["code"]) == (9, "console-unreachable")


@pytest.mark.parametrize("address", ["http://console.example", "console.example", "ftp://127.0.0.1", "https://", "http://127.0.0.1.evil.example"])
def test_a_token_goes_nowhere_in_the_clear(address: str) -> None:
    said = run("login", "--console", address, "--no-browser", "--json")
    assert (said.code, said.error["code"]) == (2, "console-not-safe")


def test_addresses_that_are_safe() -> None:
    assert checked("https://console.example/") == "https://console.example"
    assert checked("http://localhost:8081") == "http://localhost:8081"


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (400, Exit.USAGE),
        (401, Exit.NOT_SIGNED_IN),
        (403, Exit.NOT_ALLOWED),
        (404, Exit.NOT_FOUND),
        (409, Exit.CONFLICT),
        (422, Exit.USAGE),
        (429, Exit.UNAVAILABLE),
        (500, Exit.FAILURE),
        (503, Exit.UNAVAILABLE),
        (302, Exit.FAILURE),
    ],
)
def test_problems_become_exit_codes(monkeypatch: pytest.MonkeyPatch, status: int, exit_code: Exit) -> None:
    problem = {"code": "some-code", "title": "Something", "detail": "Try this.", "instance": "urn:uuid:1"}
    answering = httpx.MockTransport(lambda _request: httpx.Response(status, json=problem))
    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: real(transport=answering, base_url=given["base_url"]))
    with pytest.raises(CommandError) as refused:
        ConsoleClient("http://127.0.0.1:1", "t").call("GET", "/api/v1/x")
    assert (refused.value.exit_code, refused.value.code, refused.value.title) == (exit_code, "some-code", "Something.")
    assert ("urn:uuid:1" in refused.value.details) == (status >= 500)


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json=[1])])
def test_what_is_no_console_is_told(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> None:
    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: real(transport=httpx.MockTransport(lambda _request: answer), base_url=given["base_url"]))
    said = run("login", "--bootstrap-token-file", "-", "--json", stdin="x")
    assert (said.code, said.error["code"]) == (1, "not-a-console")


def test_the_guard_lets_command_lines_through_and_nobody_elses_cookies(house: House) -> None:
    """A form of another site can send a code, but gets no cookie for it, and cannot read the answer."""
    said = house.browser().http.post("/api/v1/sessions", json={"code": "x", "verifier": "v" * 43}, headers={"origin": "https://evil.example"})
    assert said.status_code == 401
    assert "set-cookie" not in said.headers
    assert "access-control-allow-origin" not in said.headers
    assert house.browser().http.post("/api/v1/sessions", data={"code": "x"}, headers=SAME_ORIGIN).status_code == 400


def test_gateway_serve_runs_a_console_over_its_own_store(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of it: composed by `bootstrap`, on SQLite, with a live stream open while it stops."""
    monkeypatch.delenv("GATEWAY_CONSOLE_URL")
    settings = load_settings(data_dir=desk.folder, console_port=0, console_bootstrap=True, stop_seconds=5)
    gateway = bootstrap.build(settings, ("console",))
    gateway.start(("console",))
    try:
        assert gateway.console is not None
        assert gateway.bootstrap_token is not None
        url = gateway.console.url
        assert httpx.get(f"{url}/health").json() == {"ready": True, "store": "up"}
        assert run("login", "--console", url, "--bootstrap-token-file", "-", stdin=gateway.bootstrap_token).code == 0
        assert run("login", "--console", url, "--bootstrap-token-file", "-", stdin=gateway.bootstrap_token).code == 4
        assert run("whoami", "--json").json["console"] == url
        stream = Thread(target=_watches, args=(url, _browser_session(gateway)), daemon=True)
        stream.start()
        assert run("logout").code == 0
        written = [record.event.code.value for record in gateway.store.queries.audit(0, 100)]
        assert [code for code in written if code.startswith("operator.")] == [
            "operator.signed-in",
            "operator.refused",
            "operator.signed-in",
            "operator.signed-out",
        ]
    finally:
        began = time.monotonic()
        gateway.stop()
    assert time.monotonic() - began < 4
    stream.join(5)
    assert not stream.is_alive()


def _browser_session(gateway: bootstrap.Gateway) -> str:
    lifetimes = Lifetimes(timedelta(minutes=30), timedelta(hours=10))
    return Sessions(gateway.store.oversight, bootstrap.clock, lifetimes).open(VERA, [Role.VIEWER], SessionKind.BROWSER, "test").token


def _watches(url: str, token: str) -> None:
    with httpx.stream("GET", f"{url}/live", cookies={"session": token}, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for _ in answer.iter_lines():
            pass


def test_a_console_that_would_be_unsafe_is_not_served(desk: Installation) -> None:
    with pytest.raises(ConfigurationInvalid, match="console_url must be https"):
        bootstrap.build(load_settings(data_dir=desk.folder, console_url="http://console.example"), ("console",))
