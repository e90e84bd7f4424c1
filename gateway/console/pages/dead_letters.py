"""Dead letters: what was refused or set aside, grouped by cause, and one of them in full.

What it is: the lists, and one page that says what went wrong, whose fault it is and what to do next. What it is not:
the doing: see `dead_letter_actions`. Looking takes nothing out and counts as nothing.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.cursors import After
from gateway.console.errors import ConsoleError
from gateway.console.flash import notices
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.dead_letters import ACKNOWLEDGED
from gateway.exchange.delivery import Event, may_follow
from gateway.oversight.access import Permission
from gateway.oversight.causes import cause_of, group_key
from gateway.oversight.records import OrderState
from gateway.oversight.views import LetterFilter, LetterGroup
from gateway.records import DeadLetterState
from schemas.identifiers import DeliveryId, PartyCode

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
PAGE: Final = 50
MOST_BROKER: Final = 100
MOST_GROUPS: Final = 25
"""The largest are shown first; the others when they are asked for."""
Asked = Annotated[str | None, Query(max_length=64)]


def routes(parts: ConsoleParts) -> APIRouter:
    """The lists and one letter."""
    router = APIRouter()

    @router.get("/dead-letters")
    def letters(
        request: Request,
        viewer: Watcher,
        fault: Asked = None,
        recipient: Asked = None,
        type: Asked = None,  # noqa: A002 (the name in the address)
        mine: bool = False,
        after: After = 0,
        groups: Asked = None,
    ) -> Response:
        """Groups by cause, then the letters themselves, oldest first."""
        wanted = LetterFilter(
            fault=fault, recipient=PartyCode(recipient) if recipient else None, type=type, assigned_to=viewer.operator.subject if mine else None
        )
        asked = {name: value for name, value in (("fault", fault), ("recipient", recipient), ("type", type)) if value is not None}
        asked |= {"mine": "true"} if mine else {}
        shown = _listed(parts, wanted, asked, after) | _groups(parts, wanted, every=groups == "all")
        return parts.renderer.page(request, viewer, "dead_letters.html", status=HTTPStatus.OK, notices=notices(request), **shown)

    @router.get("/dead-letters/{delivery_id}")
    def letter(request: Request, viewer: Watcher, delivery_id: str) -> Response:
        """One delivery: what went wrong, whose fault, what next, every attempt, notes and who has it."""
        values = _one(parts, DeliveryId(delivery_id))
        if values is None:
            raise ConsoleError(404)
        return parts.renderer.page(request, viewer, "dead_letter.html", status=HTTPStatus.OK, notices=notices(request), **values)

    return router


def _listed(parts: ConsoleParts, wanted: LetterFilter, asked: Mapping[str, str], after: int) -> dict[str, object]:
    """What the list shows."""
    watch, found = parts.store.watch, parts.store.watch.letters(wanted, after, PAGE + 1)
    return {
        "letters": found[:PAGE],
        "count": watch.count_letters(wanted),
        "asked": asked,
        "older": f"/dead-letters?{urlencode({**asked, 'after': found[PAGE - 1].delivery.sequence})}" if len(found) > PAGE else "",
        "newer": f"/dead-letters?{urlencode(asked)}" if after else "",
        "broker": parts.store.dead_letters.list(0, MOST_BROKER, DeadLetterState.NEEDS_A_PERSON),
        "live": True,
        "figures_at": parts.clock(),
    }


def _groups(parts: ConsoleParts, wanted: LetterFilter, *, every: bool) -> dict[str, object]:
    """The groups that the list is of: the largest, or all of them."""
    found = [group for group in parts.store.watch.letter_groups() if _asked_for(group, wanted)]
    groups = [(group, cause_of(group.fault), group_key(group)) for group in (found if every else found[:MOST_GROUPS])]
    return {
        "groups": groups,
        "groups_left": len(found) - len(groups),
        "assigned": parts.store.oversight.assignments([f"group:{key}" for _, _, key in groups]),
    }


def _asked_for(group: LetterGroup, wanted: LetterFilter) -> bool:
    return wanted.recipient in (None, group.recipient) and wanted.type in (None, group.type) and wanted.fault in (None, group.fault)


def _one(parts: ConsoleParts, key: DeliveryId) -> dict[str, object] | None:
    """What the page of one shows; None where there is none."""
    queries, oversight = parts.store.queries, parts.store.oversight
    delivery = queries.deliveries([key]).get(key)
    if delivery is None:
        return None
    about, orders = f"delivery:{key}", oversight.orders_about([key])
    return {
        "delivery": delivery,
        "record": queries.messages([delivery.message_id]).get(delivery.message_id) if delivery.message_id else None,
        "submission": queries.submissions([delivery.submission_id])[delivery.submission_id],
        "cause": cause_of(delivery.fault),
        "attempts": queries.attempts(key),
        "orders": orders,
        "asked_for": any(order.state is OrderState.WAITING for order in orders),
        "may_retry": may_follow(delivery.state, Event.RETRY),
        "may_discard": may_follow(delivery.state, Event.DISCARD),
        "acknowledged": delivery.state in ACKNOWLEDGED,
        "about": about,
        "notes": oversight.notes(about),
        "assignment": oversight.assignments([about]).get(about),
        "crumbs": ({"text": "Dead letters", "href": "/dead-letters"},),
    }
