"""Reveal: some hidden fields of one message, for a stated purpose, for some minutes, on record.

What it is: the page that asks why, and the grant. What it is not: a page that shows a value: after the grant the
message's own page does, to this session alone and until its time is over. What is chosen and why goes by POST only.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.errors import ConsoleError
from gateway.console.flash import after
from gateway.console.pages.message import record_of
from gateway.console.pages.messages import action_of
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.desk import NotPossible, NotThere
from gateway.control.looking import MOST_FIELDS, REVEALED_FOR
from gateway.oversight.access import Permission
from gateway.oversight.reasons import LONGEST_TEXT, REVEAL_PURPOSES, ReasonInvalid, bounded_text
from gateway.records import MessageRecord

Revealer = Annotated[Viewer, Depends(permitted(Permission.REVEAL))]
MINUTES: Final = int(REVEALED_FOR.total_seconds() // 60)
Fields = Annotated[list[str], Form(max_length=MOST_FIELDS * 10)]


def routes(parts: ConsoleParts) -> APIRouter:
    """Asking, and granting."""
    router = APIRouter()

    @router.post("/messages/{message_id}/reveal-ask")
    def ask(request: Request, viewer: Revealer, message_id: str, field: Fields = []) -> Response:  # noqa: B006 (FastAPI copies it)
        """Why? Nothing is shown yet."""
        return _asking(parts, request, viewer, record_of(parts, message_id), field)

    @router.post("/messages/{message_id}/reveal")
    def reveal(
        request: Request,
        viewer: Revealer,
        message_id: str,
        field: Fields = [],  # noqa: B006 (FastAPI copies it)
        purpose: Annotated[str, Form(max_length=64)] = "",
        text: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        """Let this session see them for some minutes."""
        record = record_of(parts, message_id)
        _chosen(field)
        try:
            granted = parts.looking.reveal(record.message_id, field, purpose, text, viewer.session)
        except ReasonInvalid as invalid:
            return _asking(parts, request, viewer, record, field, purpose, text, str(invalid))
        except NotThere as missing:
            raise ConsoleError(404) from missing
        except NotPossible as impossible:
            raise ConsoleError(409, "This cannot be shown", str(impossible)) from impossible
        return RedirectResponse(after(f"/messages/{record.message_id}", "revealed", len(granted)) + "#content", HTTPStatus.SEE_OTHER)

    return router


def _asking(
    parts: ConsoleParts, request: Request, viewer: Viewer, record: MessageRecord, chosen: Sequence[str], purpose: str = "", text: str = "", error: str = ""
) -> Response:
    _chosen(chosen)
    try:
        fields = parts.looking.hidden(record, chosen)
    except NotPossible as impossible:
        raise ConsoleError(409, "This cannot be shown", str(impossible)) from impossible
    # What is wrong with the text is said beside the text; an unknown purpose beside the purposes.
    place = "text" if error and purpose in REVEAL_PURPOSES else "purpose"
    return parts.renderer.page(
        request,
        viewer,
        "reveal.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        errors=({"field": place, "text": error},) if error else (),
        message=record,
        action=action_of(record),
        fields=fields,
        purposes=REVEAL_PURPOSES,
        purpose=purpose,
        text=_repeated(text),
        minutes=MINUTES,
        back=f"/messages/{record.message_id}",
    )


def _chosen(fields: Sequence[str]) -> None:
    if not fields:
        raise ConsoleError(422, "Nothing was chosen", "Go back and tick at least one hidden field.")


def _repeated(text: str) -> str:
    """What was typed, for the form to keep; but not a person's number, which the page must not hold."""
    try:
        bounded_text(text[:LONGEST_TEXT])
    except ReasonInvalid:
        return ""
    return text
