"""Work, for the command line: notes, and who looks after what.

What it is: the same three actions as the forms of the pages, and a look at both. What it is not: a lock.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from gateway.console.api.answers import BASE, Body, document, refusing, work_members
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.work import WorkActions
from gateway.oversight.access import Permission

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Worker = Annotated[Viewer, Depends(permitted(Permission.NOTE))]


class About(Body):
    """`delivery:…`, `message:…`, `alert:…`, `partner:…` or `group:…`."""

    about: str = Field(max_length=220)


class ToNote(About):
    """And the words."""

    text: str = Field(max_length=1000)


def routes(parts: ConsoleParts) -> APIRouter:
    """Look, note, take, give back."""
    router, work = APIRouter(prefix=f"{BASE}/work"), WorkActions(parts.desk)

    @router.get("")
    def look(_viewer: Watcher, about: Annotated[str, Query(max_length=220)]) -> Response:
        """Notes, oldest first, and who has it."""
        return _told(parts, about)

    @router.post("/note")
    def note(viewer: Worker, asked: ToNote) -> Response:
        """Keep a note."""
        with refusing():
            work.note(asked.about, asked.text, viewer.operator)
        return _told(parts, asked.about)

    @router.post("/take")
    def take(viewer: Worker, asked: About) -> Response:
        """It is mine."""
        with refusing():
            work.assign(asked.about, viewer.operator, viewer.operator)
        return _told(parts, asked.about)

    @router.post("/release")
    def release(viewer: Worker, asked: About) -> Response:
        """It is nobody's."""
        with refusing():
            work.unassign(asked.about, viewer.operator)
        return _told(parts, asked.about)

    return router


def _told(parts: ConsoleParts, about: str) -> Response:
    return document("work/1", about=about, **work_members(parts.store.oversight.notes(about), parts.store.oversight.assignments([about]).get(about)))
