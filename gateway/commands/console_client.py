"""The console's API, as the command line calls it: under the operator's own session, with the operator's permissions.

What it is: `call`, which every console verb uses; where sessions are kept (one file, readable by its owner alone); and
how the console's problems become exit codes. What it is not: sign-in (`gateway.commands.login`). A verb writes
`found = call("GET", "/api/v1/queues")`. Tokens go over https, or to this machine, and nowhere else.
"""

import json
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import typer

from gateway.commands.output import CommandError, Exit

_BY_STATUS: Mapping[int, Exit] = {
    400: Exit.USAGE,
    401: Exit.NOT_SIGNED_IN,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    413: Exit.USAGE,
    422: Exit.USAGE,
    429: Exit.UNAVAILABLE,
    502: Exit.UNAVAILABLE,
    503: Exit.UNAVAILABLE,
    504: Exit.UNAVAILABLE,
}
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SECONDS = 30.0
_FILE = "sessions.json"


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session of this person at one console."""

    console: str
    token: str = field(repr=False)
    expires_at: str
    name: str


class SessionFile:
    """Sessions by console, and which one was used last."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or Path(typer.get_app_dir("gateway"))) / _FILE

    def get(self, console: str | None = None) -> KeptSession | None:
        """The session at this console, or at the one that was signed in to last."""
        kept = self._read()
        wanted = console or kept.get("current")
        sessions = kept.get("sessions")
        found = sessions.get(wanted) if isinstance(sessions, dict) and isinstance(wanted, str) else None
        return KeptSession(str(wanted), str(found["token"]), str(found["expires_at"]), str(found["name"])) if isinstance(found, dict) else None

    def put(self, session: KeptSession) -> None:
        """Keep it, and make it the one that verbs use."""
        kept = self._read()
        own = {"token": session.token, "expires_at": session.expires_at, "name": session.name}
        self._write({"current": session.console, "sessions": {**_sessions(kept), session.console: own}})

    def forget(self, console: str) -> None:
        """The session at this console is no more."""
        kept = self._read()
        left = {name: one for name, one in _sessions(kept).items() if name != console}
        self._write({"current": kept.get("current") if kept.get("current") != console else next(iter(left), None), "sessions": left})

    def _read(self) -> dict[str, object]:
        try:
            if self.path.stat().st_mode & 0o077:
                title = f"Others can read {self.path}: its sessions may be known to them."
                raise CommandError(Exit.FAILURE, "sessions-readable", title, f"gateway logout at every console, or delete the file; then chmod 600 {self.path}")
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise CommandError(
                Exit.FAILURE, "sessions-unreadable", f"{self.path} cannot be read ({type(error).__name__}).", "delete it, then gateway login"
            ) from error
        return kept if isinstance(kept, dict) else {}

    def _write(self, kept: Mapping[str, object]) -> None:
        """Whole or not at all; never readable by others, not even for a moment (mkstemp makes it 0600)."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=_FILE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        Path(name).replace(self.path)


def _sessions(kept: Mapping[str, object]) -> dict[str, object]:
    found = kept.get("sessions")
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class ConsoleClient:
    """One console, with or without a session."""

    console: str
    token: str | None = field(default=None, repr=False)

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str | int] | None = None) -> object:
        """What the console answers, as JSON; None where it says nothing. Raises CommandError with the exit code for
        what it refused."""
        # httpx costs 60 ms to import: only where a command calls.
        import httpx

        headers = {"accept": "application/json", **({"authorization": f"Bearer {self.token}"} if self.token else {})}
        try:
            with httpx.Client(base_url=self.console, timeout=_SECONDS, verify=_trust(self.console)) as http:
                answer = http.request(method, path, headers=headers, json=body, params=params)
            said = answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            title = f"The console at {self.console} cannot be reached ({type(error).__name__})."
            raise CommandError(Exit.UNAVAILABLE, "console-unreachable", title, "is gateway serve running? --console names another one") from error
        except ValueError as error:
            raise CommandError(Exit.FAILURE, "not-a-console", f"What answers at {self.console} is not a console.", "--console names another one") from error
        if not answer.is_success:
            raise _refused(answer.status_code, said)
        return said


def call(method: str, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str | int] | None = None) -> object:
    """The same at the console that was signed in to last, under that session. What every console verb uses."""
    return signed_in().call(method, path, body, params)


def signed_in(console: str | None = None) -> ConsoleClient:
    """The client of a kept session. Raises CommandError (4) where there is none."""
    kept = SessionFile().get(checked(console) if console else None)
    if kept is None:
        raise CommandError(Exit.NOT_SIGNED_IN, "not-signed-in", "You are not signed in.", "gateway login")
    return ConsoleClient(checked(kept.console), kept.token)


def checked(console: str) -> str:
    """The address without its final slash. Raises CommandError where a token sent to it could be read on the way."""
    place = urlsplit(console)
    if place.hostname and (place.scheme == "https" or (place.scheme == "http" and place.hostname in _LOOPBACK)):
        return console.rstrip("/")
    raise CommandError(Exit.USAGE, "console-not-safe", "A console's address starts with https:// (http:// on this machine alone).")


def members(said: object) -> Mapping[str, object]:
    """The answer as an object. Raises CommandError where it is none: a proxy's page, another program."""
    if not isinstance(said, dict):
        raise CommandError(Exit.FAILURE, "not-a-console", "The console's answer was not understood.", "compare the versions of both")
    return said


def _refused(status: int, said: object) -> CommandError:
    problem = said if isinstance(said, dict) else {}
    code, title, detail = (str(problem.get(name, "")) for name in ("code", "title", "detail"))
    exit_code = _BY_STATUS.get(status, Exit.FAILURE)
    remedy = "gateway login" if exit_code is Exit.NOT_SIGNED_IN else ""
    details = tuple(part for part in (detail, str(problem.get("instance", "")) if status >= 500 else "") if part)
    return CommandError(exit_code, code or f"http-{status}", f"{title or 'The console refused'}.", remedy, details)


def _trust(console: str) -> ssl.SSLContext | bool:
    """The system's certificates. Reading them takes longer than a command over http on this machine."""
    return False if console.startswith("http://") else ssl.create_default_context()
