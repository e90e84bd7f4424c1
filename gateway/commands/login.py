"""`gateway login`, `gateway logout` and `gateway whoami`.

What it is: signing the command line in through the person's browser. What it is not: a password prompt; no secret is
ever an argument. As RFC 8252 §7.3: the console sends a one-time code to a port on this machine, and the code is worth
nothing without the verifier (RFC 7636), which stays here.
"""

import base64
import hashlib
import hmac
import secrets
import threading
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import typer

from gateway.commands.console_client import ConsoleClient, KeptSession, SessionFile, checked, members, signed_in
from gateway.commands.options import AsJson
from gateway.commands.output import Answer, CommandError, Exit, answer, progress

_SESSIONS = "/api/v1/sessions"
_PAGE = "/sign-in/command-line"
_WAIT_SECONDS = 300.0
_DONE = b"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Signed in</title></head>
<body><h1>The command line is signed in</h1><p>You can close this page.</p></body></html>"""
AtConsole = Annotated[str | None, typer.Option("--console", help="Address of the console; by default the last one, or GATEWAY_CONSOLE_URL.")]


def login(
    *,
    console: AtConsole = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")] = False,
    bootstrap_token_file: Annotated[
        Path | None,
        typer.Option("--bootstrap-token-file", help="Development: a file with a one-time token that `gateway serve` printed; - reads standard input."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sign the command line in to the console, through your browser. Lasts 10 hours at most."""
    client = ConsoleClient(_address(console))
    said = _by_token(client, bootstrap_token_file) if bootstrap_token_file is not None else _by_browser(client, no_browser=no_browser)
    session = members(said)
    operator = members(session.get("operator"))
    SessionFile().put(KeptSession(client.console, str(session.get("token", "")), str(session.get("expires_at", "")), str(operator.get("name", ""))))
    _tell(client.console, session, as_json=as_json)


def logout(*, console: AtConsole = None, as_json: AsJson = False) -> None:
    """End the command line's session at the console, and forget it here."""
    client = signed_in(console)
    try:
        client.call("DELETE", f"{_SESSIONS}/current")
    except CommandError as error:
        if error.exit_code is not Exit.NOT_SIGNED_IN:  # ended there already: it is forgotten here all the same
            raise
    SessionFile().forget(client.console)
    answer(Answer("logout/1", {"console": client.console}, (), (f"signed out of {client.console}",)), as_json=as_json)


def whoami(*, console: AtConsole = None, as_json: AsJson = False) -> None:
    """Who the command line is signed in as, and what it may do."""
    client = signed_in(console)
    _tell(client.console, members(client.call("GET", f"{_SESSIONS}/current")), as_json=as_json)


def _tell(console: str, session: object, *, as_json: bool) -> None:
    said = members(session)
    operator = members(said.get("operator"))
    shown = {"console": console, "operator": operator, **{name: said.get(name) for name in ("roles", "permissions", "expires_at")}}
    roles = said.get("roles")
    lines = (
        f"signed in as {operator.get('name')} ({operator.get('subject')}) at {console}",
        f"roles   {', '.join(map(str, roles)) if isinstance(roles, list) else ''}",
        f"until   {said.get('expires_at')}",
    )
    answer(Answer("whoami/1", shown, (), lines), as_json=as_json)


def _address(console: str | None) -> str:
    if console is not None:
        return checked(console)
    if (kept := SessionFile().get()) is not None:
        return checked(kept.console)
    from gateway.commands.context import configured

    with configured() as settings:
        return checked(settings.console_url)


def _by_token(client: ConsoleClient, file: Path) -> object:
    try:
        token = (typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")).strip()
    except (OSError, ValueError) as error:
        raise CommandError(Exit.USAGE, "token-unreadable", f"{file} cannot be read ({type(error).__name__}).") from error
    return client.call("POST", _SESSIONS, {"bootstrap_token": token})


def _by_browser(client: ConsoleClient, *, no_browser: bool) -> object:
    verifier = secrets.token_urlsafe(48)
    with _Waiting() as waiting:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        address = f"{client.console}{_PAGE}?{urlencode({'port': waiting.port, 'challenge': challenge, 'state': waiting.state})}"
        progress(f"Open this address in a browser on this machine:\n\n  {address}\n")
        if not no_browser:
            webbrowser.open(address)
        code = waiting.code(_WAIT_SECONDS)
    return client.call("POST", _SESSIONS, {"code": code, "verifier": verifier})


class _Waiting:
    """A port on this machine that waits for the browser, and takes only the answer to its own question."""

    def __init__(self) -> None:
        self.state = secrets.token_urlsafe(24)
        self._came = threading.Event()
        self._code = ""
        handler = type("Handler", (_Handler,), {"taken": staticmethod(self._take)})
        # One thread each: browsers open connections ahead of time and say nothing on them.
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="login", daemon=True)

    @property
    def port(self) -> int:
        """Where it waits."""
        return int(self._server.server_address[1])

    def code(self, seconds: float) -> str:
        """The code, once it came. Raises CommandError after this time."""
        if not self._came.wait(seconds):
            raise CommandError(Exit.NOT_SIGNED_IN, "login-too-late", "Nobody allowed it in time.", "gateway login")
        return self._code

    def __enter__(self) -> "_Waiting":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, host: str, path: str) -> bool:
        """Host must be ours, or another site could have this port answer under its own name (DNS rebinding)."""
        place = urlsplit(path)
        given = {name: values[0] for name, values in parse_qs(place.query).items()}
        if host != f"127.0.0.1:{self.port}" or place.path != "/" or not hmac.compare_digest(given.get("state", "").encode(), self.state.encode()):
            return False
        if not given.get("code") or self._came.is_set():
            return False
        self._code = given["code"]
        self._came.set()
        return True


class _Handler(BaseHTTPRequestHandler):
    taken: ClassVar[object]

    def do_GET(self) -> None:
        take = type(self).taken
        took = callable(take) and take(self.headers.get("host", ""), self.path)
        body = _DONE if took else b"not expected"
        self.send_response(200 if took else 400)
        self.send_header("content-type", "text/html; charset=utf-8" if took else "text/plain")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.send_header("referrer-policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """The code is in the path: it goes into no log."""
        del format, args
