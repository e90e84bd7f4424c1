"""Searching: what a person typed, kept under an id that may stand in an address.

What it is: the form of the list, the one box of the header, and all messages of the case of a message. Each keeps its
search on record under the person's name, then goes to the list. What it is not: the list (`messages`). What was typed
is never shown again, nor logged, nor put in an address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.errors import ConsoleError
from gateway.console.message_filters import Asked, FilterInvalid, Filters, filters_of
from gateway.console.pages.messages import kept_search, listing
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.oversight.access import Permission
from gateway.oversight.records import Search
from schemas.identifiers import CONTROL_REFERENCE_FORM, CRN_FORM, EXTERNAL_ID_FORM, FORMS, DeliveryId, MessageId

Searcher = Annotated[Viewer, Depends(permitted(Permission.SEARCH))]
Typed = Annotated[str, Field(max_length=200)]
FAR: Final = timedelta(days=365)
"""How far back the box looks: whoever names one thing wants it, however old; the list says so and can be narrowed."""
HINT: Final = (
    "That is neither a case reference number (a letter and six digits), nor a control reference, nor a message id. "
    "Nobody can be searched for by name, date of birth, prison number or PNC number."
)
_UUID: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_FORM_OF: Final = {
    "crn": (CRN_FORM, FORMS[CRN_FORM]),
    "control_reference": (CONTROL_REFERENCE_FORM, FORMS[CONTROL_REFERENCE_FORM]),
    "message_id": (_UUID, "A message id of the gateway has 32 digits and letters a to f, in five groups."),
    "sender_message_id": (EXTERNAL_ID_FORM, FORMS[EXTERNAL_ID_FORM]),
}
"""Field → what it has to look like, and what to say where it does not."""
_OF_A_PERSON: Final = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|[A-Za-z][0-9]{4}[A-Za-z]{2}|[0-9]{2,4}/[0-9]{1,7}[A-Za-z]")
"""A date, a prison number, a PNC number."""


class SearchForm(Asked):
    """The form of the list: the filters, and what may not stand in an address."""

    crn: Typed = ""
    control_reference: Typed = ""
    message_id: Typed = ""
    sender_message_id: Typed = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was typed into the box, by its looks."""

    crn: str = ""
    ids: tuple[tuple[str, str], ...] = ()
    """Kinds of id that it may be, the likeliest first, each with its text."""


def routes(parts: ConsoleParts) -> APIRouter:
    """The form, the box, and the case of a message."""
    router = APIRouter()

    @router.post("/messages")
    def search(request: Request, viewer: Searcher, form: Annotated[SearchForm, Form()]) -> Response:
        """Keep the search of the form, and show what it finds. What it names besides the filters replaces or adds to
        the search that the form came from."""
        known = kept_search(parts, form.search, viewer)
        typed = {name: _typed(name, str(getattr(form, name))) for name in _FORM_OF}
        filters, errors = _read(parts, form, typed)
        if errors:
            return listing(parts, request, viewer, filters, known, None, errors=errors)
        crn = typed.pop("crn")
        if crn or any(typed.values()):
            known = parts.looking.search({**(known.wanted if known else {}), **{name: value for name, value in typed.items() if value}}, crn, viewer.operator)
        return _to(filters, known)

    @router.post("/search")
    def box(request: Request, viewer: Searcher, query: Annotated[str, Form(max_length=200)] = "") -> Response:
        """The one box in the header."""
        filters, seen = _far(parts), recognised(query)
        if not seen.crn and not seen.ids:
            usual = filters_of(Asked(), parts.clock())
            return listing(parts, request, viewer, usual, None, None, errors=[{"field": "console-search", "text": HINT}])
        return _to(filters, parts.looking.search(_settled(parts, seen, filters), seen.crn, viewer.operator))

    @router.post("/search/case")
    def case(viewer: Searcher, message_id: Annotated[str, Form(max_length=64)]) -> Response:
        """All messages of the case that a message is about; nobody needs to know its number for it."""
        key = MessageId(message_id)
        record = parts.store.queries.messages([key]).get(key)
        if record is None or record.case_lookup is None:
            raise ConsoleError(404)
        return _to(_far(parts), parts.looking.search({"case_lookup": record.case_lookup}, "", viewer.operator))

    return router


def recognised(query: str) -> Recognised:
    """A case reference number, or the ids that it may be; nothing where it is not to be searched for."""
    text = query.strip()
    if re.fullmatch(CRN_FORM, text.upper()):
        return Recognised(crn=text.upper())
    if re.fullmatch(_UUID, text.lower()):
        return Recognised(ids=(("message_id", text.lower()), ("sender_message_id", text)))
    if not any(letter.isdigit() for letter in text) or _OF_A_PERSON.fullmatch(text):
        return Recognised()
    return Recognised(ids=tuple((kind, text) for kind in ("control_reference", "sender_message_id") if _fits(kind, text)))


def _read(parts: ConsoleParts, form: SearchForm, typed: Mapping[str, str]) -> tuple[Filters, list[Mapping[str, str]]]:
    """The filters, and everything that is wrong with the form."""
    errors: list[Mapping[str, str]] = [{"field": name, "text": _FORM_OF[name][1]} for name, value in typed.items() if value and not _fits(name, value)]
    try:
        return filters_of(form, parts.clock()), errors
    except FilterInvalid as invalid:
        errors.append({"field": invalid.field, "text": str(invalid)})
    return filters_of(form.model_copy(update={"since": "", "until": ""}), parts.clock()), errors


def _settled(parts: ConsoleParts, seen: Recognised, filters: Filters) -> dict[str, str]:
    """Which id of several kinds it is: that of which something is there; else the likeliest."""
    for kind, text in seen.ids:
        leg = parts.store.queries.deliveries([DeliveryId(text)]).get(DeliveryId(text)) if kind == "message_id" else None
        if leg is not None and leg.message_id:
            return {kind: leg.message_id}
        if parts.store.watch.find(filters.wanted({kind: text}), 1):
            return {kind: text}
    return dict(seen.ids[:1])


def _far(parts: ConsoleParts) -> Filters:
    return Filters(since=parts.clock().replace(microsecond=0) - FAR, since_given=True)


def _to(filters: Filters, search: Search | None) -> Response:
    return RedirectResponse(replace(filters, search=search.search_id if search else "").address(), HTTPStatus.SEE_OTHER)


def _typed(name: str, text: str) -> str:
    stripped = text.strip()
    return stripped.upper() if name == "crn" else stripped.lower() if name == "message_id" else stripped


def _fits(name: str, text: str) -> bool:
    return re.fullmatch(_FORM_OF[name][0], text) is not None
