"""Work: notes, and who looks after what, from the pages that show them.

What it is: the three forms that stand on other pages. What it is not: a page. Each goes back to where it came from.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from gateway.console.errors import ConsoleError
from gateway.console.flash import after
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.desk import NotPossible
from gateway.control.work import WorkActions
from gateway.oversight.access import Permission
from gateway.oversight.reasons import ReasonInvalid

Worker = Annotated[Viewer, Depends(permitted(Permission.NOTE))]
About = Annotated[str, Form(max_length=220)]
_PLACES = {"delivery": "/dead-letters", "message": "/messages", "alert": "/alerts", "partner": "/partners"}


def routes(parts: ConsoleParts) -> APIRouter:
    """Note, take, give back."""
    router, work = APIRouter(), WorkActions(parts.desk)

    @router.post("/work/note")
    def note(viewer: Worker, about: About, text: Annotated[str, Form(max_length=1000)]) -> Response:
        """Keep a note."""
        try:
            work.note(about, text, viewer.operator)
        except ReasonInvalid as invalid:
            raise ConsoleError(422, "The note was not kept", str(invalid)) from invalid
        except NotPossible as impossible:
            raise ConsoleError(404) from impossible
        return _back(about, "noted")

    @router.post("/work/take")
    def take(viewer: Worker, about: About) -> Response:
        """It is mine."""
        try:
            work.assign(about, viewer.operator, viewer.operator)
        except NotPossible as impossible:
            raise ConsoleError(404) from impossible
        return _back(about, "assigned")

    @router.post("/work/release")
    def release(viewer: Worker, about: About) -> Response:
        """It is nobody's."""
        try:
            work.unassign(about, viewer.operator)
        except NotPossible as impossible:
            raise ConsoleError(409, "Nobody has it", str(impossible)) from impossible
        return _back(about, "unassigned")

    return router


def _back(about: str, code: str) -> Response:
    """To the page of what it is about; made from its own name, never from an address that was sent."""
    kind, _, name = about.partition(":")
    path = f"{_PLACES[kind]}/{name}" if kind in _PLACES else "/dead-letters"
    return RedirectResponse(after(path, code), HTTPStatus.SEE_OTHER)
