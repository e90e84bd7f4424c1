"""Acting on dead letters: retry or discard one, several, or a whole group.

What it is: for each action a page that names the exact count and asks, and the doing. What it is not: the rule of what
is possible (`gateway.control.dead_letters`). A group is acted on only while its count is the one that was shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.errors import ConsoleError
from gateway.console.flash import after
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.dead_letters import MOST_AT_ONCE, PER_SECOND, DeadLetterActions
from gateway.control.desk import CountDiffers, Done, NotPossible, NotThere
from gateway.oversight.access import Permission
from gateway.oversight.causes import Cause, cause_of, filter_of
from gateway.oversight.reasons import DISCARD_REASONS, ReasonInvalid
from gateway.oversight.records import Operator
from gateway.oversight.views import LetterFilter
from schemas.identifiers import DeliveryId

MOST_CHOSEN: Final = 200
Ids = Annotated[list[str], Form()]
Text = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Ask:
    """What the asking page shows, and what comes back from it."""

    group: str
    ids: tuple[DeliveryId, ...]
    count: int
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One of the two."""

    name: str
    permission: Permission
    template: str
    done: str
    do: Callable[[Sequence[DeliveryId], Ask, Operator], Done]


def routes(parts: ConsoleParts) -> APIRouter:
    """Asking and doing, for both actions."""
    router, actions = APIRouter(), DeadLetterActions(parts.desk)
    retry = Action("retry", Permission.RETRY, "retry.html", "retried", lambda ids, _, by: actions.retry(ids, by))
    discard = Action("discard", Permission.DISCARD, "discard.html", "discarding", lambda ids, ask, by: actions.ask_discard(ids, ask.reason, ask.text, by))
    for action in (retry, discard):
        _add(router, _Desk(parts, actions, action))
    return router


def _add(router: APIRouter, desk: "_Desk") -> None:
    # Not Annotated[…]: the permission differs between the two, and a closure's name is no type.
    allowed, path = Depends(permitted(desk.action.permission)), f"/dead-letters-{desk.action.name}"

    @router.get(path, name=f"ask-{desk.action.name}-group")
    def ask_group(
        request: Request, group: Annotated[str, Query(max_length=200)] = "", delivery: Annotated[str, Query(max_length=64)] = "", viewer: Viewer = allowed
    ) -> Response:
        """What would be done to a group, or to one."""
        return desk.ask(request, viewer, group, delivery)

    @router.post(f"{path}/chosen", name=f"ask-{desk.action.name}-chosen")
    def ask_chosen(request: Request, delivery: Ids = [], viewer: Viewer = allowed) -> Response:  # noqa: B006 (FastAPI copies it)
        """What would be done to those that were ticked. Nothing is done yet."""
        return desk.ask_chosen(request, viewer, tuple(DeliveryId(one) for one in dict.fromkeys(delivery)))

    @router.post(path, name=f"do-{desk.action.name}")
    def do(
        request: Request,
        expected: Annotated[int, Form(ge=0)],
        group: Annotated[str, Form(max_length=200)] = "",
        delivery: Ids = [],  # noqa: B006 (FastAPI copies it)
        reason: Annotated[str, Form(max_length=64)] = "",
        text: Text = "",
        viewer: Viewer = allowed,
    ) -> Response:
        """Do it, and say what became of it."""
        return desk.do(request, viewer, Ask(group, tuple(DeliveryId(one) for one in dict.fromkeys(delivery)), expected, reason, text))


@dataclass(frozen=True, slots=True)
class _Desk:
    """One action at the console."""

    parts: ConsoleParts
    actions: DeadLetterActions
    action: Action

    def ask(self, request: Request, viewer: Viewer, group: str, delivery: str) -> Response:
        if delivery:
            return self._page(request, viewer, Ask("", (DeliveryId(delivery),), 1))
        return self._page(request, viewer, Ask(group, (), self.parts.store.watch.count_letters(_filter(group))))

    def ask_chosen(self, request: Request, viewer: Viewer, ids: tuple[DeliveryId, ...]) -> Response:
        if not ids:
            raise ConsoleError(422, "Nothing was chosen", "Go back and tick at least one dead letter.")
        if len(ids) > MOST_CHOSEN:
            raise ConsoleError(422, "Too many were chosen", f"Choose at most {MOST_CHOSEN}, or act on a whole group.")
        return self._page(request, viewer, Ask("", ids, len(ids)))

    def do(self, request: Request, viewer: Viewer, ask: Ask) -> Response:
        try:
            done = self.action.do(self._ids(ask), ask, viewer.operator)
        except ReasonInvalid as invalid:
            return self._page(request, viewer, ask, str(invalid), HTTPStatus.UNPROCESSABLE_ENTITY)
        except CountDiffers as differs:
            return self._page(request, viewer, replace(ask, count=differs.found), str(differs), HTTPStatus.CONFLICT)
        except NotThere as missing:
            raise ConsoleError(404) from missing
        except NotPossible as impossible:
            raise ConsoleError(409, "This cannot be done now", str(impossible)) from impossible
        if not done.done:
            raise ConsoleError(409, "Nothing was done", " ".join(dict.fromkeys(done.refused.values())))
        return RedirectResponse(after(_back(ask), self.action.done, len(done.done), len(done.refused)), HTTPStatus.SEE_OTHER)

    def _ids(self, ask: Ask) -> Sequence[DeliveryId]:
        """What it is about, as the page that asked named it: a group, or some, and never another number of them."""
        if ask.group and not ask.ids:
            return self.actions.ids_of(_filter(ask.group), ask.count)
        if ask.group or not 0 < len(ask.ids) <= MOST_CHOSEN:
            raise ConsoleError(422, "Nothing was done", "Go back and choose a group, or some dead letters of the list.")
        if len(ask.ids) != ask.count:
            raise CountDiffers(ask.count, len(ask.ids))
        return ask.ids

    def _page(self, request: Request, viewer: Viewer, ask: Ask, error: str = "", status: int = HTTPStatus.OK) -> Response:
        if ask.count == 0:
            raise ConsoleError(409, "The group is empty", "Somebody has worked it off, or its messages were delivered meanwhile.")
        found = self.parts.store.queries.deliveries(ask.ids[:1])
        if ask.ids and not found:
            raise ConsoleError(404)
        return self.parts.renderer.page(
            request,
            viewer,
            self.action.template,
            status=status,
            ask=ask,
            cause=_cause(ask, [one.fault for one in found.values()]),
            wanted=filter_of(ask.group),
            most=MOST_AT_ONCE,
            per_second=PER_SECOND,
            reasons=[{"value": code, "text": words} for code, words in DISCARD_REASONS.items()],
            errors=({"text": error, "field": "reason"},) if error else (),
            back=_back(ask),
        )


def _back(ask: Ask) -> str:
    return f"/dead-letters/{ask.ids[0]}" if len(ask.ids) == 1 else "/dead-letters"


def _filter(group: str) -> LetterFilter:
    wanted = filter_of(group)
    if wanted is None:
        raise ConsoleError(404)
    return wanted


def _cause(ask: Ask, faults: Sequence[str | None]) -> Cause | None:
    """Of a group or of one; several that were ticked may have several."""
    wanted = filter_of(ask.group)
    if wanted is not None:
        return cause_of(wanted.fault)
    return cause_of(faults[0]) if len(ask.ids) == 1 and faults else None
