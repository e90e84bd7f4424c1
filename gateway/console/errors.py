"""What the console says when it says no: a page for people, a problem document (RFC 9457) for the command line.

What it is: the two errors that pages raise, and one handler per kind of trouble. What it is not: a decision. Nothing
of an error's own text is shown: it may hold what nobody but the case's officers should read. Called by `app`.
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.console.viewer import Viewer
from gateway.contract import StoreUnavailable
from gateway.telemetry import Telemetry

API_PREFIX = "/api/"
PROBLEM_TYPE = "application/problem+json"
NAMESPACE = "urn:interagency-gateway:console"
_TITLES: Mapping[int, tuple[str, str, str]] = {
    400: ("request-invalid", "The request is not valid", "Something in the address or the form could not be read. Go back and try again."),
    401: ("not-signed-in", "You are not signed in", "Sign in, then try again."),
    403: ("not-allowed", "You are not allowed to do this", "Your roles do not include it. Ask an administrator if you need it."),
    404: ("not-found", "Page not found", "There is nothing at this address, or it is no longer kept."),
    405: ("method-not-allowed", "This cannot be done here", "The address is right, but not for what was asked of it."),
    409: ("conflict", "This cannot be done now", "Things have changed since the page was shown. Look again."),
    413: ("too-large", "The form is too large", "Nothing was done."),
    429: ("too-many-tries", "Too many tries", "Wait a minute, then try again."),
    500: ("internal-error", "Sorry, there is a problem with the console", "It was written down. Nothing that you asked for was done by halves."),
    503: ("unavailable", "The console is not available now", "The store cannot be reached. Messages that were accepted are safe. Try again in a minute."),
}
"""Status → code, title, and what to do."""


class ConsoleError(Exception):
    """The console cannot do it; everything in it may be shown to the person."""

    def __init__(self, status: int, title: str = "", text: str = "", code: str = "") -> None:
        super().__init__(code or title)
        said = _TITLES.get(status, _TITLES[400])
        self.status = status
        self.code, self.title, self.text = code or said[0], title or said[1], text or said[2]


class SignInNeeded(Exception):
    """Nobody is signed in: a browser is sent to the sign-in page, a command line is told."""


class Renders(Protocol):
    """What makes pages."""

    def page(self, request: Request, viewer: Viewer | None, template: str, *, status: int = 200, **values: object) -> Response: ...


def is_api(request: Request) -> bool:
    """True where the command line asks."""
    return str(request.scope["path"]).startswith(API_PREFIX)


def answer(renderer: Renders, request: Request, error: ConsoleError) -> Response:
    """An error as the one who asked reads it."""
    if is_api(request):
        return problem(error, reference_of(request))
    viewer = getattr(request.state, "viewer", None)
    return renderer.page(
        request, viewer, "error.html", status=error.status, number=error.status, title=error.title, text=error.text, reference=reference_of(request)
    )


def install(app: FastAPI, renderer: Renders, telemetry: Telemetry) -> None:
    """Answer every error that can leave a page."""
    say = partial(answer, renderer)

    async def on_console(request: Request, error: Exception) -> Response:
        return say(request, error if isinstance(error, ConsoleError) else ConsoleError(500))

    async def on_sign_in(request: Request, _error: Exception) -> Response:
        return problem(ConsoleError(401), reference_of(request)) if is_api(request) else RedirectResponse(_sign_in_address(request), HTTPStatus.SEE_OTHER)

    async def on_unavailable(request: Request, _error: Exception) -> Response:
        return say(request, ConsoleError(503))

    async def on_invalid(request: Request, error: Exception) -> Response:
        return say(request, ConsoleError(400, text=_places(error)))

    async def on_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        return say(request, ConsoleError(status if status in _TITLES else 400))

    async def on_bug(request: Request, error: Exception) -> Response:
        telemetry.bug("console", error, reference_of(request))
        return say(request, ConsoleError(500))

    app.add_exception_handler(ConsoleError, on_console)
    app.add_exception_handler(SignInNeeded, on_sign_in)
    app.add_exception_handler(StoreUnavailable, on_unavailable)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(ClientDisconnect, on_http)
    app.add_exception_handler(Exception, on_bug)


def problem(error: ConsoleError, reference: str) -> Response:
    """The problem document of an error."""
    members = {"type": f"{NAMESPACE}:{error.code}", "code": error.code, "title": error.title, "status": error.status}
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse({**members, "detail": error.text, "instance": reference}, error.status, headers, PROBLEM_TYPE)


def reference_of(request: Request) -> str:
    """What the person quotes to us; the log has it too."""
    return str(getattr(request.state, "reference", ""))


def _sign_in_address(request: Request) -> str:
    """Back to the page where it can be shown again; an action is not repeated after sign-in."""
    if request.method not in {"GET", "HEAD"} or request.url.path == "/":
        return "/sign-in"
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return f"/sign-in?{urlencode({'next': asked})}"


def _places(error: Exception) -> str:
    """Names what was wrong and never repeats what it held."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    names = sorted({str(entry["loc"][-1]) for entry in found if entry["loc"][0] in {"query", "path", "body"}})
    return f"Not valid: {', '.join(names)}." if names else ""
