"""Who is signed in, and the end of a session.

What it is: the administrator's list. What it is not: a way to anybody's token: rows are named by its digest.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.errors import ConsoleError
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.oversight.access import Permission
from schemas.identifiers import Digest

Admin = Annotated[Viewer, Depends(permitted(Permission.SESSIONS))]
_HEX = r"^[0-9a-f]{64}$"


def routes(parts: ConsoleParts) -> APIRouter:
    """The list, and ending one."""
    router = APIRouter()

    @router.get("/sessions")
    def listed(request: Request, viewer: Admin) -> Response:
        """Everybody who is signed in now."""
        return parts.renderer.page(request, viewer, "sessions.html", sessions=parts.sessions.active(), own=viewer.session.session)

    @router.post("/sessions/{number}/end")
    def end(viewer: Admin, number: Annotated[str, Path(pattern=_HEX)]) -> Response:
        """End one; its browser or command line has to sign in again."""
        if parts.sessions.end(Digest(f"sha-256:{number}"), viewer.operator) is None:
            raise ConsoleError(409, "The session has ended already", "Nothing was done. Look at the list again.")
        return RedirectResponse("/sessions", HTTPStatus.SEE_OTHER)

    return router
