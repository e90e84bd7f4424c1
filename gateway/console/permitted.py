"""Permission per route: `permitted(Permission.X)` is the dependency that every route but the sign-in's has, once.

What it is: session found, permission held, action not forged; else the request ends here. What it is not: the table
of who may what (`gateway.oversight.access`). Browsers are known by their cookie and only at pages; command lines by
their bearer token and only below /api: neither gets anywhere with the other's. A test walks all routes.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from gateway.console.csrf import SAFE_METHODS, form_token, is_same
from gateway.console.errors import ConsoleError, SignInNeeded, is_api
from gateway.console.masking import unmasked
from gateway.console.parts import ConsoleParts
from gateway.console.viewer import Viewer
from gateway.oversight.access import Permission
from gateway.oversight.records import OperatorSession, SessionKind

_BEARER = "bearer "
FormToken = Annotated[str | None, Depends(form_token)]


def parts_of(request: Request) -> ConsoleParts:
    """What the running application was made with."""
    parts = request.app.state.parts
    if not isinstance(parts, ConsoleParts):
        raise TypeError("the application was not made by create_console")
    return parts


@dataclass(frozen=True, slots=True)
class Permitted:
    """The dependency: answers the viewer, or ends the request."""

    permission: Permission
    counts_as_use: bool = True

    def __call__(self, request: Request, token: FormToken) -> Viewer:
        """401 or the sign-in page, 403, or who it is."""
        viewer = _known(request, token, counts_as_use=self.counts_as_use)
        if not viewer.may(self.permission):
            raise ConsoleError(403)
        return viewer


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The dependency of the few routes that need a session and nothing more: signing out, letting a command line in."""

    def __call__(self, request: Request, token: FormToken) -> Viewer:
        """401 or the sign-in page, or who it is."""
        return _known(request, token, counts_as_use=True)


def permitted(permission: Permission) -> Permitted:
    """For a route: `viewer: Annotated[Viewer, Depends(permitted(Permission.WATCH))]`."""
    return Permitted(permission)


def permitted_quietly(permission: Permission) -> Permitted:
    """The same for what a page asks by itself: an open page is no use of the session, or it would never be idle."""
    return Permitted(permission, counts_as_use=False)


def _known(request: Request, token: str | None, *, counts_as_use: bool) -> Viewer:
    session = _session(request, counts_as_use=counts_as_use)
    if session is None:
        raise SignInNeeded
    viewer = Viewer(session)
    request.state.viewer = viewer
    unsafe = request.method not in SAFE_METHODS
    if unsafe and session.kind is SessionKind.BROWSER and not is_same(unmasked(token or ""), session.csrf):
        raise ConsoleError(403, "The form is out of date", "Nothing was done. Go back, load the page again and repeat what you did.", "forged")
    return viewer


def _session(request: Request, *, counts_as_use: bool) -> OperatorSession | None:
    parts = parts_of(request)
    look = parts.sessions.use if counts_as_use else parts.sessions.find
    if is_api(request):
        given = request.headers.get("authorization", "")
        return look(given[len(_BEARER) :].strip(), SessionKind.COMMAND_LINE) if given.lower().startswith(_BEARER) else None
    return look(request.cookies.get(parts.cookies.session, ""), SessionKind.BROWSER)
