"""Messages: the list, narrowed by what may stand in an address, or by a search that was kept.

What it is: the newest first, a page at a time, each with the states of its deliveries; nothing sealed is read for it.
What it is not: the making of a search (`search`), nor one message (`message`). A kept search belongs to whoever made it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.errors import ConsoleError
from gateway.console.message_filters import Asked, Chip, FilterInvalid, Filters, filters_of
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.console.words import STATES, UK, tag_of, uk_moment
from gateway.oversight.access import Permission
from gateway.oversight.causes import Cause, cause_of
from gateway.oversight.records import Search
from gateway.oversight.redaction import shown_id
from gateway.oversight.views import MessageRow, MessageSearch, RefusedRow
from gateway.records import DeliveryState, MessageRecord
from schemas.catalogue import CATALOGUE
from schemas.identifiers import MessageId

Searcher = Annotated[Viewer, Depends(permitted(Permission.SEARCH))]
PAGE: Final = 50
MOST_REFUSED: Final = 20
GONE: Final = "Searches are kept for 24 hours, and only for whoever made them. Search again."
SOUGHT: Final[Mapping[str, str]] = {
    "case_lookup": "Case",
    "control_reference": "Control reference",
    "message_id": "Message id",
    "sender_message_id": "The sender’s own id",
}
"""What a kept search holds, in words."""
THE_ONE: Final = "the one you searched for"
_ACTIONS: Final[Mapping[str, str]] = {"INS": "insert", "UPD": "update", "DEL": "delete", "SYS": "system", "RSP": "response"}
_NAMES: Final = {"party": "From or to", "sender": "From", "recipient": "To", "type": "Type"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    row: MessageRow
    action: str
    reference: str
    """The sender's control reference, as it may be shown."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A submission that was refused at the door."""

    row: RefusedRow
    reference: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results."""

    lines: tuple[Listed, ...]
    older: str = ""
    newest: str = ""
    """Address of the first page, where this is not it."""
    newer: str = ""
    """Address that asks for what came since the first line."""
    refused: tuple[Refused, ...] = ()
    """Submissions that never became messages, where a reference was searched for."""


def routes(parts: ConsoleParts) -> APIRouter:
    """The list."""
    router = APIRouter()

    @router.get("/messages")
    def messages(request: Request, viewer: Searcher, asked: Annotated[Asked, Query()]) -> Response:
        """Newest first."""
        try:
            filters = filters_of(asked, parts.clock())
        except FilterInvalid as invalid:
            raise ConsoleError(400, text=str(invalid)) from invalid
        search = kept_search(parts, asked.search, viewer)
        return listing(parts, request, viewer, filters, search, _found(parts, filters, search, asked), since_then=bool(asked.newer))

    return router


def action_of(record: MessageRecord) -> str:
    """What its sender wants done, in words."""
    return _ACTIONS.get(record.action, record.action)


def kept_search(parts: ConsoleParts, search_id: str, viewer: Viewer) -> Search | None:
    """The search with this id; None where none is named. Raises ConsoleError for one that is too old or another's."""
    if not search_id:
        return None
    search = parts.store.oversight.search(search_id, parts.clock())
    if search is None or search.by.subject != viewer.subject:
        raise ConsoleError(404, "This search is not here any more", GONE)
    return search


def listing(
    parts: ConsoleParts,
    request: Request,
    viewer: Viewer,
    filters: Filters,
    search: Search | None,
    found: Found | None,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    since_then: bool = False,
) -> Response:
    """The page: the form, what it is narrowed by, and what was found; nothing is looked for while the form is wrong."""
    directory = parts.directory()
    return parts.renderer.page(
        request,
        viewer,
        "messages.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        errors=errors,
        filters=filters,
        found=found,
        chips=_chips(filters, search),
        since_then=since_then,
        now=parts.clock(),
        since_field=_local(filters.since),
        until_field=_local(filters.until) if filters.until else "",
        parties=sorted((party.code, party.name) for party in directory.parties.values()),
        types=sorted(CATALOGUE),
        states=tuple(DeliveryState),
        sought=tuple(SOUGHT[name] for name in SOUGHT if search and name in search.wanted),
    )


def _found(parts: ConsoleParts, filters: Filters, search: Search | None, asked: Asked) -> Found:
    wanted = filters.wanted(search.wanted if search else {})
    newer_than, after = MessageId(asked.newer) if asked.newer else None, MessageId(asked.after) if asked.after else None
    rows = parts.store.watch.find(wanted, PAGE + 1, after, newer_than=newer_than)
    # Of what came since, the nearest are shown: where there is more, it is newer still.
    shown = rows[-PAGE:] if newer_than else rows[:PAGE]
    more = len(rows) > PAGE
    ids = [row.message.message_id for row in shown]
    return Found(
        lines=tuple(Listed(row, action_of(row.message), shown_id(row.message.control_reference)) for row in shown),
        older=filters.address(after=ids[-1]) if ids and (more or newer_than) else "",
        newest=filters.address() if after or newer_than else "",
        refused=_refused(parts, wanted) if not after and not newer_than else (),
        newer=filters.address(newer=ids[0] if ids else asked.newer or asked.after) if ids or newer_than or after else "",
    )


def _refused(parts: ConsoleParts, wanted: MessageSearch) -> tuple[Refused, ...]:
    """What was refused under the reference that is searched for. Whom it was to be for is not known of it."""
    reference = wanted.control_reference or wanted.sender_message_id
    if reference is None or wanted.case_lookup or wanted.recipient or wanted.type or wanted.states:
        return ()
    rows = parts.store.watch.refused(reference, wanted.since, wanted.until, MOST_REFUSED)
    senders = {wanted.sender, wanted.party} - {None}
    return tuple(Refused(row, shown_id(row.control_reference), cause_of(row.fault)) for row in rows if senders <= {row.sender})


def _chips(filters: Filters, search: Search | None) -> tuple[Chip, ...]:
    chips = []
    if search is not None:
        chips.append(Chip("; ".join(_said(name, search.wanted[name]) for name in SOUGHT if name in search.wanted), filters.address("search")))
    chips += [Chip(f"{words}: {value}", filters.address(name)) for name, words in _NAMES.items() if (value := str(getattr(filters, name)))]
    chips += [Chip(f"State: {tag_of(STATES, one).text}", filters.address(state=one)) for one in filters.states]
    if filters.since_given:
        chips.append(Chip(f"Accepted since {uk_moment(filters.since)}", filters.address("since")))
    if filters.until:
        chips.append(Chip(f"Accepted before {uk_moment(filters.until)}", filters.address("until")))
    return tuple(chips)


def _said(name: str, value: str) -> str:
    """A case is never named, and an id that may hold a person's number is not either."""
    plain = name != "case_lookup" and shown_id(value) == value
    return f"{SOUGHT[name]}: {value if plain else THE_ONE}"


def _local(at: datetime) -> str:
    """As a date and time field of a form has it."""
    return f"{at.astimezone(UK):%Y-%m-%dT%H:%M}"
