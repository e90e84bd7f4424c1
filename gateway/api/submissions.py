"""POST /v1/messages: a message or a receipt as a compact JWS.

What it is: the JSON door. What it is not: a parser: authenticate, bound, hand to the pipeline, dress the
result. Follows docs/protocol/http.md.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.contract import WireMessage
from gateway.api.bodies import Body
from gateway.api.caller import Caller, Known
from gateway.api.faults import documented, problem
from gateway.api.parts import At, Doorway
from gateway.api.schemas import JSON_FORM, one_of
from gateway.exchange.results import Accepted, Declined, Settled, SubmitResult
from gateway.exchange.submission import Submission
from schemas.faults import FaultCode, Refusal, refuse
from schemas.identifiers import OrganisationId

JOSE = "application/jose"
router = APIRouter(tags=["messages"])
_COMMON = (
    FaultCode.NOT_AUTHENTICATED,
    FaultCode.SIGNATURE_NOT_ACCEPTED,
    FaultCode.CALLER_NOT_CONNECTED,
    FaultCode.SENDER_NOT_ALLOWED,
    FaultCode.MALFORMED,
    FaultCode.TOO_LARGE,
    FaultCode.UNSUPPORTED_MEDIA_TYPE,
    FaultCode.RATE_LIMITED,
    FaultCode.UNAVAILABLE,
)
_OK: dict[int | str, dict[str, object]] = {
    200: {"description": "A receipt was taken.", "content": {"application/json": {}}},
    202: {"description": "Durable; our signed receipt, a compact JWS.", "content": {JOSE: {}}},
}
SUBMITTED = _OK | documented(
    *_COMMON, FaultCode.STALE, FaultCode.WRONG_AUDIENCE, FaultCode.KEY_REUSED, FaultCode.UNKNOWN_RECIPIENT, FaultCode.STRUCTURE_INVALID
)
SETTLING = {200: _OK[200]} | documented(
    *_COMMON, FaultCode.NOT_FOUND, FaultCode.RECEIPT_NOT_OURS, FaultCode.RECEIPT_DIGEST_MISMATCH, FaultCode.RECEIPT_STAGE_INVALID
)
COMPACT_FORM = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"
_COMPACT: dict[str, object] = {"type": "string", "pattern": COMPACT_FORM}


def _body(schema: dict[str, object]) -> dict[str, object]:
    return {"requestBody": {"required": True, "content": {JOSE: {"schema": schema}}}}


JOSE_BODY = _body(_COMPACT | {"description": "A receipt as a compact JWS (RFC 7515)."})
MESSAGE_BODY = _body(
    _COMPACT
    | {
        "description": "A compact JWS (RFC 7515). Its payload is a message in the JSON form, as contentSchema tells, or a receipt.",
        "contentMediaType": JOSE,
        "contentSchema": one_of(JSON_FORM),
    }
)


async def _bounded(request: Request, at: At, caller: Known) -> AsyncIterator[bytes]:
    """The body, read only after the caller was authenticated, and while not too much of what it hands in is refused."""
    settings = at.parts.settings
    _require_open(at, caller)
    body = Body(request, at.budget, settings.max_body_bytes)
    try:
        yield await body.read(settings.body_timeout_seconds)
    except Refusal as refusal:
        at.refusals.charge(caller.organisation, refusal.fault, at.parts.clock().timestamp())
        raise
    finally:
        body.release()


Bounded = Annotated[bytes, Depends(_bounded)]


def _require_open(at: Doorway, caller: Caller) -> None:
    """Refuses with `rate-limited` a caller that has used up its refusals; the operator sees it counted."""
    try:
        at.refusals.require(caller.organisation, at.parts.clock().timestamp())
    except Refusal as refusal:
        at.parts.telemetry.refused("https", refusal.fault.code, refusal.cause)
        raise


@router.post("/v1/messages", status_code=202, responses=SUBMITTED, openapi_extra=MESSAGE_BODY)
def submit_message(request: Request, at: At, caller: Known, body: Bounded) -> Response:
    """Hand in a signed message. 202 with our signed receipt once it is durable; the same receipt again for
    an exact duplicate. A signed receipt may be handed in here too: 200."""
    return dress(submit_jws(request, at, caller, body), request, at)


def submit_jws(request: Request, at: Doorway, caller: Caller, body: bytes) -> SubmitResult:
    """Give one compact JWS to the pipeline. Refuses with `unsupported-media-type` anything else."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != JOSE:
        raise refuse(FaultCode.UNSUPPORTED_MEDIA_TYPE, f"Send {JOSE}.")
    submission = Submission(wire=WireMessage(body, JOSE), packaging="jws", channel="https", peer=caller.organisation, received_at=at.parts.clock())
    return noted(at.commits.submit(submission, at.parts.settings.batch_timeout_seconds), at, caller.organisation)


def noted(result: SubmitResult, at: Doorway, known: OrganisationId | None) -> SubmitResult:
    """The same result; a refusal without a receipt is charged to whoever caused it."""
    at.refusals.note(result, known, at.parts.clock().timestamp())
    return result


def dress(result: SubmitResult, request: Request, at: Doorway) -> Response:
    """A pipeline's result as a JSON door says it."""
    match result:
        case Accepted():
            at.bell.ring()
            return Response(result.receipt, 202, _accepted_headers(result), JOSE)
        case Settled():
            return JSONResponse({"settled": list(result.message_ids), "repeated": result.repeated})
        case Declined():
            return problem(result.fault, instance=request.state.reference, also=result.also, receipt=result.receipt)


def _accepted_headers(result: Accepted) -> dict[str, str]:
    """Location: of the message where there is one, of the submission where there are several."""
    (place,) = result.message_ids if len(result.message_ids) == 1 else (result.submission_id,)
    return {"Location": f"/v1/messages/{place}", "Gateway-Submission": result.submission_id, "Gateway-Duplicate": "true" if result.duplicate else "false"}
