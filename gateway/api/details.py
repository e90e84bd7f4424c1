"""GET /v1/deliveries/{id}/detail: the message that an event pointed its recipient at.

What it is: authenticate, ask the pipeline, dress the answer. What it is not: a way to settle: a receipt is handed in for
the event; nor a way to look around: whoever is not the recipient gets the 404 of what does not exist.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.caller import Known
from gateway.api.faults import documented, problem
from gateway.api.parts import At
from gateway.api.schemas import JSON_FORM, one_of
from gateway.api.submissions import COMPACT_FORM, JOSE
from gateway.exchange.results import Declined
from schemas.faults import FaultCode
from schemas.identifiers import DeliveryId

router = APIRouter(tags=["messages"])
_COMPACT: dict[str, object] = {
    "type": "string",
    "pattern": COMPACT_FORM,
    "description": "A compact JWS (RFC 7515), signed by the gateway for the caller. Its payload is the message in the agreed dialect.",
    "contentMediaType": JOSE,
    "contentSchema": one_of(JSON_FORM),
}
_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "The message, a compact JWS.", "content": {JOSE: {"schema": _COMPACT}}},
    **documented(
        FaultCode.NOT_AUTHENTICATED,
        FaultCode.CALLER_NOT_CONNECTED,
        FaultCode.NOT_FOUND,
        FaultCode.DISCARDED_BY_OPERATOR,
        FaultCode.REQUEST_INVALID,
        FaultCode.UNAVAILABLE,
    ),
}


@router.get("/v1/deliveries/{delivery_id}/detail", response_class=Response, responses=_ANSWERS)
def fetch(request: Request, at: At, caller: Known, delivery_id: Annotated[str, Path(max_length=64)]) -> Response:
    """The message behind an event of yours, signed for you: always the same document, under a fresh signature. Each
    fetch is in the audit log; none settles the delivery."""
    found = at.parts.intake.detail(caller.organisation, DeliveryId(delivery_id))
    if isinstance(found, Declined):
        return problem(found.fault, instance=request.state.reference)
    return Response(found.body, media_type=found.content_type)
