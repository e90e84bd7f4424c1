"""Signing in of the command line: through the person's browser, to a port on the person's own machine.

What it is: the page that asks, the one-time code that goes to the loopback port, and its exchange for a session of the
command line. What it is not: a password in a terminal. As RFC 8252 §7.3 with RFC 7636: the code is worth nothing
without the verifier, which never leaves the command that made it. Called by `gateway login`.
"""

import base64
import hashlib
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.console.bootstrap_operator import ALL_ROLES, BOOTSTRAP
from gateway.console.csrf import is_same
from gateway.console.errors import ConsoleError
from gateway.console.identity import Person
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import SignedIn
from gateway.console.sessions import digest_of, new_token
from gateway.console.viewer import Viewer
from gateway.oversight.access import Role
from gateway.oversight.records import Operator, OperatorSession, SessionKind, SignIn

PAGE = "/sign-in/command-line"
SESSIONS = "/api/v1/sessions"
_KIND = "command-line"
_LIFE = timedelta(minutes=2)
Signed = Annotated[Viewer, Depends(SignedIn())]


class Loopback(BaseModel):
    """Where the command waits, and what it will prove."""

    model_config = ConfigDict(extra="ignore")

    port: int = Field(ge=1024, le=65535)
    challenge: str = Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="SHA-256 of the verifier, base64url (RFC 7636 §4.2).")
    state: str = Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")


class Asked(BaseModel):
    """A one-time code with its verifier, or a token of the operator for development."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    code: str | None = Field(None, max_length=128)
    verifier: str | None = Field(None, min_length=43, max_length=128)
    bootstrap_token: str | None = Field(None, max_length=128)


def routes(parts: ConsoleParts) -> APIRouter:
    """The page that asks, and the sessions of command lines."""
    router = APIRouter()

    @router.get(PAGE)
    def ask(request: Request, viewer: Signed, wanted: Annotated[Loopback, Query()]) -> Response:
        """Allow the command line to act as you?"""
        return parts.renderer.page(request, viewer, "command_line.html", wanted=wanted, roles=[role.value for role in viewer.session.roles])

    @router.post(PAGE)
    def allow(viewer: Signed, wanted: Annotated[Loopback, Form()]) -> Response:
        """The code goes to the port, through the browser."""
        code = _code_for(parts, viewer, wanted.challenge)
        return RedirectResponse(f"http://127.0.0.1:{wanted.port}/?{urlencode({'code': code, 'state': wanted.state})}", HTTPStatus.SEE_OTHER)

    @router.post(SESSIONS)
    def begin(asked: Asked) -> Response:
        """A session for a code, or for a development token."""
        person, how = _person(parts, asked)
        opened = parts.sessions.open(person.operator, person.roles, SessionKind.COMMAND_LINE, how)
        return JSONResponse({"schema": "session/1", "token": opened.token, **_members(opened.session)}, HTTPStatus.CREATED)

    @router.get(f"{SESSIONS}/current")
    def current(viewer: Signed) -> Response:
        """Who is signed in."""
        return JSONResponse({"schema": "session/1", **_members(viewer.session)})

    @router.delete(f"{SESSIONS}/current")
    def end(viewer: Signed) -> Response:
        """Sign out."""
        parts.sessions.sign_out(viewer.session)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def challenge_of(verifier: str) -> str:
    """RFC 7636 §4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _code_for(parts: ConsoleParts, viewer: Viewer, challenge: str) -> str:
    code, roles = new_token(), " ".join(role.value for role in viewer.session.roles)
    facts = {"challenge": challenge, "subject": viewer.subject, "name": viewer.name, "roles": roles}
    parts.store.oversight.put_sign_in(SignIn(state=digest_of(code), kind=_KIND, facts=facts, expires_at=parts.clock() + _LIFE))
    return code


def _person(parts: ConsoleParts, asked: Asked) -> tuple[Person, str]:
    if asked.bootstrap_token is not None and asked.code is None:
        if parts.bootstrap is None or not parts.bootstrap.admit(asked.bootstrap_token):
            raise _refused()
        return Person(BOOTSTRAP, ALL_ROLES), "bootstrap-token"
    if asked.code is None or asked.verifier is None:
        raise ConsoleError(400, text="Give a code with its verifier.")
    begun = parts.store.oversight.take_sign_in(digest_of(asked.code), _KIND, parts.clock())
    if begun is None or not is_same(challenge_of(asked.verifier), begun.facts["challenge"]):
        raise _refused()
    return Person(Operator(begun.facts["subject"], begun.facts["name"]), tuple(Role(role) for role in begun.facts["roles"].split())), "browser"


def _members(session: OperatorSession) -> dict[str, object]:
    return {
        "operator": {"subject": session.operator.subject, "name": session.operator.name},
        "roles": [role.value for role in session.roles],
        "permissions": sorted(permission.value for permission in session.permissions),
        "expires_at": session.expires_at.isoformat(),
    }


def _refused() -> ConsoleError:
    return ConsoleError(401, "The command line was not signed in", "The code was used before, is too old, or is not yours. Start again.", "code-refused")
