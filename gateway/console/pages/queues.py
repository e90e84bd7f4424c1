"""Queues: what waits for each party, in which state, since when, and when the next attempt is.

What it is: the list of queues and one queue, looked at in the store: looking takes nothing out. What it is not: a place
to empty one: there is no purge.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.cursors import After
from gateway.console.errors import ConsoleError
from gateway.console.figures import COUNTED
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.picture import take
from gateway.oversight.access import Permission
from gateway.oversight.views import LetterRow
from gateway.partners.pausing import paused
from gateway.records import DeliveryState
from schemas.identifiers import PartyCode

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
PAGE: Final = 50
_SHOWN: Final = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER, DeliveryState.SET_ASIDE)


def routes(parts: ConsoleParts) -> APIRouter:
    """All queues, and one."""
    router = APIRouter()

    @router.get("/queues")
    def queues(request: Request, viewer: Watcher) -> Response:
        """Every party that is sent to."""
        now = parts.clock()
        picture = take(parts.store, parts.directory(), now)
        lines = [line for line in picture.lines if line.agreement is not None or line.queue is not None]
        held = [one for one in parts.directory().organisations.values() if paused(one, now)]
        return parts.renderer.page(request, viewer, "queues.html", picture=picture, lines=lines, states=COUNTED, held=held, live=True, figures_at=now)

    @router.get("/queues/{party}")
    def queue(
        request: Request,
        viewer: Watcher,
        party: str,
        state: Annotated[list[DeliveryState] | None, Query()] = None,
        after: After = 0,
    ) -> Response:
        """The unfinished deliveries of one party, oldest first."""
        now, code = parts.clock(), PartyCode(party)
        picture = take(parts.store, parts.directory(), now)
        line = next((one for one in picture.lines if one.party == code), None)
        if line is None:
            raise ConsoleError(404)
        states = [one for one in state or _SHOWN if one in COUNTED]
        items = parts.store.watch.queue_items(code, frozenset(states), after, PAGE + 1)
        return parts.renderer.page(
            request,
            viewer,
            "queue.html",
            line=line,
            states=COUNTED,
            chosen=states,
            items=items[:PAGE],
            after=after,
            older=_next(party, states, items),
            first=f"/queues/{party}?{urlencode([('state', one.value) for one in states])}" if after else "",
            paused=paused(line.organisation, now),
            health=picture.health[line.organisation.organisation_id],
            now=now,
            crumbs=({"text": "Queues", "href": "/queues"},),
            live=True,
            figures_at=now,
        )

    return router


def _next(party: str, states: Sequence[DeliveryState], items: Sequence[LetterRow]) -> str:
    """The address of the page that follows; empty where this is the last."""
    if len(items) <= PAGE:
        return ""
    sequence = items[PAGE - 1].delivery.sequence
    return f"/queues/{party}?{urlencode([*(('state', one.value) for one in states), ('after', str(sequence))])}"
