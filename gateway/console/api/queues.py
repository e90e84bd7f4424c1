"""Queues, for the command line: what waits for each party, and the deliveries of one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from gateway.console.api.answers import BASE, document, line_members, row_members
from gateway.console.cursors import After
from gateway.console.errors import ConsoleError
from gateway.console.figures import COUNTED
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.picture import take
from gateway.oversight.access import Permission
from gateway.oversight.members import moment
from gateway.records import DeliveryState
from schemas.identifiers import PartyCode

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Limit = Annotated[int, Query(ge=1, le=1000)]


def routes(parts: ConsoleParts) -> APIRouter:
    """All, and one."""
    router = APIRouter(prefix=BASE)

    @router.get("/queues")
    def queues(_viewer: Watcher) -> Response:
        """Every party that is sent to."""
        now = parts.clock()
        picture = take(parts.store, parts.directory(), now)
        lines = [line for line in picture.lines if line.agreement is not None or line.queue is not None]
        health = {line.party: picture.health[line.organisation.organisation_id].value for line in lines}
        return document("queues/1", at=moment(now), queues=[{**line_members(line), "health": health[line.party]} for line in lines])

    @router.get("/queues/{party}")
    def queue(
        _viewer: Watcher,
        party: str,
        state: Annotated[list[DeliveryState] | None, Query()] = None,
        after: After = 0,
        limit: Limit = 50,
    ) -> Response:
        """Unfinished and refused deliveries of one party, oldest first."""
        now, code = parts.clock(), PartyCode(party)
        line = next((one for one in take(parts.store, parts.directory(), now).lines if one.party == code), None)
        if line is None:
            raise ConsoleError(404, "There is no such party", "gateway queues lists them.")
        states = frozenset(one for one in state or COUNTED if one in COUNTED)
        rows = parts.store.watch.queue_items(code, states, after, limit)
        items = [row_members(row) for row in rows]
        return document("queue/1", at=moment(now), queue=line_members(line), deliveries=items, after=rows[-1].delivery.sequence if len(rows) == limit else None)

    return router
