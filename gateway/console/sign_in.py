"""Signing in and out, for browsers.

What it is: the page, the way to the identity provider and back, and the end. What it is not: the provider's protocol
(`identity`), nor sessions (`sessions`). These routes and the command line's (`command_line`) are the only ones that ask
for no permission. A sign-in under way is tied to its browser by a cookie, so that nobody can be signed in as another by
a link. Trouble with the provider is a page, never an error of ours.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.audit.events import AuditCode, AuditEvent
from gateway.console.bootstrap_operator import ALL_ROLES, BOOTSTRAP, Attempts
from gateway.console.csrf import is_same
from gateway.console.errors import ConsoleError
from gateway.console.identity import IdentityProvider, Journey, Person, ProviderUnavailable, SignInRefused
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import SignedIn
from gateway.console.sessions import LONGEST_TOKEN, digest_of, new_token
from gateway.console.viewer import Viewer
from gateway.oversight.records import SessionKind, SignIn
from schemas.faults import FaultCode

T = TypeVar("T")
CALLBACK = "/sign-in/callback"
_KIND = "provider"
_LIFE = timedelta(minutes=10)
_LONGEST_PATH = 500
_STARTS = 300
"""Sign-ins begun in a minute, by everybody together: each is a row, and nobody is known yet."""
_MARK = re.compile(r"[A-Za-z0-9_-]{43}")
"""What `new_token` makes."""
_NOT_AFTERWARDS = ("/sign-", "/live", "/api/", "/static/", "/health")
_REFUSALS: Mapping[str, tuple[int, str, str, str]] = {
    "again": (400, "Sign in again", "The sign-in took too long, was used before, or began in another browser.", "sign-in-expired"),
    "declined": (403, "You were not signed in", "The identity provider did not sign you in. Try again, or ask its help desk.", "sign-in-declined"),
    "no-role": (403, "You do not have access", "Your account has no role here. Ask whoever manages your roles. This was put on record.", "no-role"),
    "not-verified": (403, "You were not signed in", "What the identity provider said of you could not be verified. This was put on record.", "not-verified"),
    "away": (503, "You cannot sign in now", "The identity provider cannot be reached. Try again in a minute.", "provider-unavailable"),
    "no-such-way": (404, "There is no such way to sign in", "This console is not set up for it.", "no-such-sign-in"),
    "wrong-token": (403, "The token was not accepted", "Each works once, for a day. A new one is printed when the console starts.", "token-refused"),
}
"""Status, title, what to do, and the code of each way of not being signed in."""


def local_path(asked: str) -> str:
    """Where to go after sign-in: a path of this console, else its first page. An address is anybody's to write."""
    if not asked.startswith("/") or asked.startswith(("//", "/\\")) or len(asked) > _LONGEST_PATH:
        return "/"
    if not asked.isascii() or not asked.isprintable() or "\\" in asked or asked.startswith(_NOT_AFTERWARDS):
        return "/"
    return asked


def routes(parts: ConsoleParts) -> APIRouter:
    """The doorstep."""
    router = APIRouter()
    desk = _Desk(parts, Attempts(time.monotonic, _STARTS))

    @router.get("/sign-in")
    def sign_in(request: Request, next: str = "") -> Response:  # noqa: A002 (the name in the address)
        """The ways to sign in; whoever is signed in goes on."""
        return desk.page(request, local_path(next))

    @router.get("/sign-in/start")
    def start(next: str = "") -> Response:  # noqa: A002 (the name in the address)
        """To the identity provider."""
        return desk.start(local_path(next))

    @router.get(CALLBACK)
    def callback(request: Request) -> Response:
        """Back from it."""
        return desk.callback(request)

    @router.post("/sign-in/token")
    def token(request: Request, token: Annotated[str, Form()], csrf: Annotated[str, Form()], next: Annotated[str, Form()] = "") -> Response:  # noqa: A002
        """The operator for development."""
        return desk.with_token(request, token, csrf, local_path(next))

    @router.post("/sign-out")
    def sign_out(viewer: Annotated[Viewer, Depends(SignedIn())]) -> Response:
        """End the session, here and on our side."""
        return desk.sign_out(viewer)

    return router


@dataclass(frozen=True, slots=True)
class _Desk:
    parts: ConsoleParts
    starts: Attempts

    def page(self, request: Request, goal: str) -> Response:
        parts, cookie = self.parts, self.parts.cookies
        if parts.sessions.find(request.cookies.get(cookie.session, ""), SessionKind.BROWSER) is not None:
            return RedirectResponse(goal, HTTPStatus.SEE_OTHER)
        sent = request.cookies.get(cookie.sign_in, "")
        # Only what we could have made ourselves is given back as a cookie: a cookie is anybody's to write.
        mark = sent if _MARK.fullmatch(sent) else new_token()
        answer = parts.renderer.page(
            request, None, "sign_in.html", has_provider=parts.provider is not None, has_token=parts.bootstrap is not None, goal=goal, token=_form_token(mark)
        )
        cookie.set_sign_in(answer, mark)
        return answer

    def start(self, goal: str) -> Response:
        self.starts.count()
        journey = self._asking(lambda provider: provider.begin(self._redirect_uri))
        mark = new_token()
        facts = {"nonce": journey.nonce, "verifier": journey.verifier, "next": goal, "browser": digest_of(mark)}
        self.parts.store.oversight.put_sign_in(SignIn(state=digest_of(journey.state), kind=_KIND, facts=facts, expires_at=self.parts.clock() + _LIFE))
        answer = RedirectResponse(journey.address, HTTPStatus.SEE_OTHER)
        self.parts.cookies.set_sign_in(answer, mark)
        return answer

    def callback(self, request: Request) -> Response:
        """(1) the answer belongs to a question of ours, asked by this browser, (2) the provider vouches, (3) a new session."""
        query = request.query_params
        begun = self._begun(query.get("state", ""), request.cookies.get(self.parts.cookies.sign_in, ""))
        if query.get("error") is not None or not query.get("code"):
            raise _refusal("declined")
        journey = Journey("", query["state"], begun.facts["nonce"], begun.facts["verifier"])
        person = self._vouched(query["code"], query.get("iss"), journey)
        return self._signed_in(request, person, "provider", begun.facts["next"])

    def with_token(self, request: Request, token: str, csrf: str, goal: str) -> Response:
        if self.parts.bootstrap is None:
            raise _refusal("no-such-way")
        if not is_same(csrf, _form_token(request.cookies.get(self.parts.cookies.sign_in, ""))):
            raise _refusal("again")
        if not self.parts.bootstrap.admit(token.strip()):
            raise _refusal("wrong-token")
        return self._signed_in(request, Person(BOOTSTRAP, ALL_ROLES), "bootstrap-token", goal)

    def sign_out(self, viewer: Viewer) -> Response:
        self.parts.sessions.sign_out(viewer.session)
        answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        self.parts.cookies.forget_session(answer)
        return answer

    @property
    def _redirect_uri(self) -> str:
        return f"{self.parts.settings.console_url}{CALLBACK}"

    def _begun(self, state: str, mark: str) -> SignIn:
        begun = self.parts.store.oversight.take_sign_in(digest_of(state), _KIND, self.parts.clock()) if 0 < len(state) <= LONGEST_TOKEN else None
        if begun is None or not is_same(digest_of(mark), begun.facts["browser"]):
            self.parts.telemetry.refused("console", FaultCode.NOT_AUTHENTICATED, "sign-in state")
            raise _refusal("again")
        return begun

    def _vouched(self, code: str, issuer: str | None, journey: Journey) -> Person:
        try:
            return self._asking(lambda provider: provider.finish(code, issuer, journey, self._redirect_uri))
        except SignInRefused as refused:
            subject = refused.operator.subject if refused.operator else "unknown"
            self.parts.store.oversight.note_look([AuditEvent(AuditCode.OPERATOR_REFUSED, self.parts.clock(), subject, {"why": refused.why, "by": subject})])
            raise _refusal("no-role" if refused.why == "no-role" else "not-verified") from refused

    def _asking(self, question: Callable[[IdentityProvider], T]) -> T:
        if self.parts.provider is None:
            raise _refusal("no-such-way")
        try:
            return question(self.parts.provider)
        except ProviderUnavailable as error:
            self.parts.telemetry.note("console.provider-unavailable", why=str(error))
            raise _refusal("away") from error

    def _signed_in(self, request: Request, person: Person, how: str, goal: str) -> Response:
        parts = self.parts
        parts.sessions.replace(request.cookies.get(parts.cookies.session, ""))
        opened = parts.sessions.open(person.operator, person.roles, SessionKind.BROWSER, how)
        answer = RedirectResponse(goal, HTTPStatus.SEE_OTHER)
        parts.cookies.set_session(answer, opened.token)
        parts.cookies.forget_sign_in(answer)
        return answer


def _form_token(mark: str) -> str:
    """The form token of a browser without a session: drawn from its cookie, which no other site can read or set."""
    return digest_of(f"form:{mark}") if mark else ""


def _refusal(why: str) -> ConsoleError:
    return ConsoleError(*_REFUSALS[why])
