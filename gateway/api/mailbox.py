"""The mailbox: what waits for an organisation that collects, and its acknowledgements.

What it is: long poll, signed receipt, plain acknowledgement. What it is not: a queue that forgets: an item
stays until its recipient has said that it has it. Collecting is the one `async` door: a waiter holds no thread.
"""

import asyncio
import base64
import time
from collections.abc import Sequence
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.caller import Caller, Known
from gateway.api.faults import documented
from gateway.api.parts import At, Doorway
from gateway.api.submissions import JOSE, JOSE_BODY, SETTLING, Bounded, dress, noted, submit_jws
from gateway.exchange.results import ShelfItem
from schemas.faults import FaultCode, refuse
from schemas.identifiers import DeliveryId

router = APIRouter(tags=["mailbox"])
_BREATH_SECONDS = 0.05
"""Shortest time between two looks of one waiter: under load the bell rings with every commit."""
_FAULTS = documented(FaultCode.NOT_AUTHENTICATED, FaultCode.CALLER_NOT_CONNECTED, FaultCode.REQUEST_INVALID, FaultCode.RATE_LIMITED, FaultCode.UNAVAILABLE)
LARGEST_CURSOR = 2**63 - 1


class MailboxItem(BaseModel):
    """One message for the caller, signed for it."""

    sequence: int = Field(description="Cursor of this item.")
    delivery_id: str
    message_id: str | None
    recipient: str = Field(description="Which of the caller's parties it is for.")
    content_type: str
    message: str | None = Field(None, description="The compact JWS.")
    message_base64: str | None = Field(None, description="The bytes, where the agreed packaging is not JWS.")


class Mailbox(BaseModel):
    """One page."""

    items: list[MailboxItem]
    next: int = Field(description="`after` of the next page. Start again at 0 to see what is not yet acknowledged.")


@router.get("/v1/mailbox", response_model_exclude_none=True, responses=_FAULTS)
async def collect(
    request: Request,
    at: At,
    caller: Known,
    after: Annotated[int, Query(ge=0, le=LARGEST_CURSOR, description="Items after this sequence.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    wait: Annotated[float, Query(ge=0, le=60, allow_inf_nan=False, description="Seconds to wait for the first item.")] = 0,
) -> Mailbox:
    """What waits for the caller's parties, oldest first; with `wait`, not before something does."""
    settings = at.parts.settings
    page = min(limit, settings.page_limit)
    with at.bell.place(caller.organisation, settings.long_polls_per_organisation) as free:
        if wait and not free:
            raise refuse(FaultCode.RATE_LIMITED, "Too many of your calls are waiting at the mailbox.")
        items = await _look_until(request, at, caller, after, page, min(wait, settings.long_poll_seconds))
    return Mailbox(items=[_item(item) for item in items], next=items[-1].sequence if items else after)


@router.post("/v1/mailbox/{delivery_id}/receipt", responses=SETTLING, openapi_extra=JOSE_BODY)
def settle(request: Request, at: At, caller: Known, delivery_id: Annotated[str, Path(max_length=64)], body: Bounded) -> Response:
    """Settle a delivery: a signed receipt, or an empty body for a plain acknowledgement."""
    require_recipient(at, caller, DeliveryId(delivery_id))
    if not body:
        return dress(noted(at.parts.intake.acknowledge(caller.organisation, DeliveryId(delivery_id)), at, caller.organisation), request, at)
    return dress(submit_jws(request, at, caller, body), request, at)


def require_recipient(at: Doorway, caller: Caller, delivery_id: DeliveryId) -> None:
    """Refuses with `not-found` where this is no delivery to one of the caller's parties."""
    delivery = at.parts.store.queries.deliveries([delivery_id]).get(delivery_id)
    if delivery is None or delivery.recipient not in caller.parties:
        raise refuse(FaultCode.NOT_FOUND)


async def _look_until(request: Request, at: Doorway, caller: Caller, after: int, limit: int, wait_seconds: float) -> Sequence[ShelfItem]:
    deadline = time.monotonic() + wait_seconds
    while True:
        items = await run_sync(at.parts.intake.collect, caller.organisation, after, limit)
        left = deadline - time.monotonic()
        if items or left <= 0 or at.bell.closed or await request.is_disconnected():
            return items
        await at.bell.wait(min(left, at.parts.settings.long_poll_look_seconds))
        await asyncio.sleep(min(_BREATH_SECONDS, max(0.0, deadline - time.monotonic())))


def _item(item: ShelfItem) -> MailboxItem:
    jose = item.wire.content_type.partition(";")[0] == JOSE
    return MailboxItem(
        sequence=item.sequence,
        delivery_id=item.delivery_id,
        message_id=item.message_id,
        recipient=item.recipient,
        content_type=item.wire.content_type,
        message=item.wire.body.decode("ascii") if jose else None,
        message_base64=None if jose else base64.b64encode(item.wire.body).decode(),
    )
