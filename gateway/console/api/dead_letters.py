"""Dead letters, for the command line: by cause, one in full, and the two actions.

What it is: the lists and actions of the pages, as documents. What it is not: the rule (`gateway.control.dead_letters`).
An action names the number that it is about and does nothing while there is another; a dry run does nothing at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from gateway.console.api.answers import BASE, Body, document, order_members, refusing, row_members, work_members
from gateway.console.cursors import After
from gateway.console.errors import ConsoleError
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.dead_letters import MOST_AT_ONCE, DeadLetterActions
from gateway.control.desk import CountDiffers, Done
from gateway.exchange.delivery import Event, may_follow
from gateway.oversight.access import Permission
from gateway.oversight.causes import cause_of, filter_of, group_key
from gateway.oversight.members import Members, attempt, delivery, letter, moment
from gateway.oversight.records import Operator
from gateway.oversight.redaction import shown_id
from gateway.oversight.views import LetterFilter, LetterGroup
from gateway.records import DeadLetterState
from schemas.identifiers import DeliveryId, PartyCode

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Retrier = Annotated[Viewer, Depends(permitted(Permission.RETRY))]
Discarder = Annotated[Viewer, Depends(permitted(Permission.DISCARD))]
Limit = Annotated[int, Query(ge=1, le=1000)]
Asked = Annotated[str | None, Query(max_length=64)]
MOST_NAMED: Final = 200


class Chosen(Body):
    """What an action is about: some by their ids, or a group by its key."""

    ids: list[DeliveryId] = Field(default=[], max_length=MOST_NAMED)
    group: str = Field(default="", max_length=200)
    expect_count: int | None = Field(default=None, ge=0)
    """How many it is about; only a dry run may leave it out."""
    dry_run: bool = False


class ToDiscard(Chosen):
    """The same, with the reason that the sender reads."""

    reason: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=1000)


@dataclass(frozen=True, slots=True)
class Action:
    """One of the two."""

    schema: str
    event: Event
    do: Callable[[Sequence[DeliveryId], Operator], Done]


def routes(parts: ConsoleParts) -> APIRouter:
    """The lists, one letter, and the actions."""
    router, actions = APIRouter(prefix=BASE), DeadLetterActions(parts.desk)

    @router.get("/dead-letters")
    def letters(
        viewer: Watcher,
        fault: Asked = None,
        recipient: Asked = None,
        type: Asked = None,  # noqa: A002 (the name in the address)
        mine: bool = False,
        after: After = 0,
        limit: Limit = 50,
    ) -> Response:
        """Groups by cause, then the letters, oldest first."""
        mine_only = viewer.operator.subject if mine else None
        wanted = LetterFilter(fault=fault, recipient=PartyCode(recipient) if recipient else None, type=type, assigned_to=mine_only)
        rows = parts.store.watch.letters(wanted, after, limit)
        return document(
            "dead-letters/1",
            count=parts.store.watch.count_letters(wanted),
            groups=[_group(one) for one in parts.store.watch.letter_groups() if recipient in (None, one.recipient)],
            dead_letters=[row_members(one) for one in rows],
            after=rows[-1].delivery.sequence if len(rows) == limit else None,
        )

    @router.get("/dead-letters/broker")
    def broker(_viewer: Watcher, state: DeadLetterState | None = None, after: After = 0, limit: Limit = 50) -> Response:
        """What the broker gave up on, in order of arrival."""
        found = parts.store.dead_letters.list(after, limit, state)
        told = [{**letter(one), "message_id": shown_id(one.message_id or "")} for one in found]
        return document("broker-dead-letters/1", dead_letters=told, after=found[-1].number if len(found) == limit else None)

    @router.get("/dead-letters/{delivery_id}")
    def one_letter(_viewer: Watcher, delivery_id: str) -> Response:
        """One delivery: what went wrong, whose fault it is, what to do next."""
        return document("dead-letter/1", **_in_full(parts, DeliveryId(delivery_id)))

    @router.post("/dead-letters/retry")
    def retry(viewer: Retrier, chosen: Chosen) -> Response:
        """Put them back on the road."""
        return _do(parts, actions, chosen, viewer, Action("dead-letters-retried/1", Event.RETRY, actions.retry))

    @router.post("/dead-letters/discard")
    def discard(viewer: Discarder, chosen: ToDiscard) -> Response:
        """Ask a worker to end them."""
        action = Action("dead-letters-discarded/1", Event.DISCARD, lambda ids, by: actions.ask_discard(ids, chosen.reason, chosen.text, by))
        return _do(parts, actions, chosen, viewer, action)

    return router


def _do(parts: ConsoleParts, actions: DeadLetterActions, chosen: Chosen, viewer: Viewer, action: Action) -> Response:
    if bool(chosen.ids) == bool(chosen.group):
        raise ConsoleError(400, text="Give the ids of deliveries, or the key of a group.")
    if chosen.dry_run:
        return document(action.schema, dry_run=True, **_preview(parts, chosen, action.event))
    if chosen.expect_count is None:
        raise ConsoleError(400, text="Say how many it is about.")
    with refusing():
        done = action.do(_ids(actions, chosen, chosen.expect_count), viewer.operator)
    if not done.done:
        raise ConsoleError(409, "Nothing was done", " ".join(dict.fromkeys(done.refused.values())), "not-possible")
    return document(action.schema, dry_run=False, done=list(done.done), refused=dict(done.refused))


def _ids(actions: DeadLetterActions, chosen: Chosen, expected: int) -> Sequence[DeliveryId]:
    if chosen.group:
        return actions.ids_of(_filter(chosen.group), expected)
    ids = list(dict.fromkeys(chosen.ids))
    if len(ids) != expected:
        raise CountDiffers(expected, len(ids))
    return ids


def _preview(parts: ConsoleParts, chosen: Chosen, event: Event) -> Members:
    """How many it would be about, for whom, and which would be left alone."""
    wanted = _filter(chosen.group) if chosen.group else None
    ids = parts.store.watch.letter_ids(wanted, MOST_AT_ONCE) if wanted else list(dict.fromkeys(chosen.ids))
    found = parts.store.queries.deliveries(list(ids))
    if missing := [one for one in ids if one not in found]:
        raise ConsoleError(404, "There is no such thing", f"There is no delivery {missing[0]}.")
    refused = {one: f"It is {found[one].state.value}." for one in ids if not may_follow(found[one].state, event)}
    return {
        "count": parts.store.watch.count_letters(wanted) if wanted else len(ids),
        "at_once": MOST_AT_ONCE,
        "recipients": sorted({one.recipient for one in found.values()}),
        "refused": refused,
    }


def _filter(group: str) -> LetterFilter:
    wanted = filter_of(group)
    if wanted is None:
        raise ConsoleError(404, "There is no such group", "A group's key is in the list: fault|recipient|type.")
    return wanted


def _group(group: LetterGroup) -> Members:
    cause = cause_of(group.fault)
    return {
        "group": group_key(group),
        "fault": group.fault,
        "title": cause.title,
        "whose": cause.whose,
        "recipient": group.recipient,
        "type": group.type,
        "count": group.count,
        "first_at": moment(group.first_at),
        "last_at": moment(group.last_at),
        "sample": group.sample,
    }


def _in_full(parts: ConsoleParts, key: DeliveryId) -> Members:
    found = parts.store.queries.deliveries([key]).get(key)
    if found is None:
        raise ConsoleError(404, "There is no such delivery", "gateway dead-letters list names them.")
    cause, about = cause_of(found.fault), f"delivery:{key}"
    return {
        "delivery": delivery(found),
        "cause": {"fault": cause.code, "title": cause.title, "whose": cause.whose, "what_next": cause.what_next, "retry": cause.retry},
        "attempts": [attempt(one) for one in parts.store.queries.attempts(key)],
        "orders": [order_members(one) for one in parts.store.oversight.orders_about([key])],
        "may_retry": may_follow(found.state, Event.RETRY),
        "may_discard": may_follow(found.state, Event.DISCARD),
        **work_members(parts.store.oversight.notes(about), parts.store.oversight.assignments([about]).get(about)),
    }
