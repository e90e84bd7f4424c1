"""The SOAP doors: the real gateway's path and a short one, SOAP 1.1 and 1.2, WS-Security.

What it is: bounds, media type, the envelope's version for the shape of an answer. What it is not: an XML
parser: the pipeline verifies behind its own limits. The message signature identifies the caller; a client
certificate, where one is presented, must be pinned. Follows docs/protocol/soap.md.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.contract import WireMessage
from gateway.api.bodies import Body
from gateway.api.caller import peer_of
from gateway.api.faults import ENVELOPES, SOAP_11, SOAP_12, soap_fault
from gateway.api.parts import At, Doorway
from gateway.api.schemas import PLACE, XML_FORM
from gateway.api.submissions import noted
from gateway.api.wsdl import describe
from gateway.exchange.results import Accepted, Declined, Settled, SubmitResult
from gateway.exchange.submission import Submission
from schemas.faults import FaultCode, Refusal, refuse
from schemas.identifiers import OrganisationId

PATHS = ("/cxf/InboundSPGProxy/1.2", "/spg")
RECEIVED = 200
"""SPGInterchangeResponseType: durable with the gateway."""
_SPOKEN = frozenset({"text/xml", "application/soap+xml", "application/xml", "text/plain"})
"""text/plain: the real product posts a plain string (wire-format.md §2)."""
_HEAD_BYTES = 2048
router = APIRouter(tags=["soap"])
_ENVELOPE: dict[str, object] = {
    "schema": {
        "type": "string",
        "description": "A SOAP envelope whose Body holds one SPGInterchange, signed by WS-Security. `x-xsd` names the schemas of the interchange.",
        "x-xsd": [PLACE + name for name in XML_FORM.values()],
    }
}
_BODY: dict[str, object] = {"requestBody": {"required": True, "content": {"application/soap+xml": _ENVELOPE, "text/xml": _ENVELOPE}}}
_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "SPGInterchangeResponse: durable.", "content": {"application/soap+xml": {}, "text/xml": {}}},
    400: {"description": "SOAP 1.2 fault, code Sender."},
    415: {"description": "SOAP 1.2 fault: the media type is not spoken."},
    500: {"description": "SOAP 1.1 fault, or SOAP 1.2 fault with code Receiver."},
}


def _peer(request: Request, at: At) -> OrganisationId | None:
    return peer_of(request.scope, at.parts)


Peer = Annotated[OrganisationId | None, Depends(_peer)]


async def _bounded(request: Request, at: At, peer: Peer) -> AsyncIterator[bytes]:
    settings = at.parts.settings
    at.refusals.require(peer, at.parts.clock().timestamp())
    if _media_type(request) not in _SPOKEN:
        raise refuse(FaultCode.UNSUPPORTED_MEDIA_TYPE, "Send text/xml or application/soap+xml.")
    body = Body(request, at.budget, settings.max_body_bytes)
    try:
        yield await body.read(settings.body_timeout_seconds)
    except Refusal as refusal:
        at.refusals.charge(peer, refusal.fault, at.parts.clock().timestamp())
        raise
    finally:
        body.release()


@router.post(PATHS[0], responses=_ANSWERS, openapi_extra=_BODY, operation_id="soap_inbound")
@router.post(PATHS[1], responses=_ANSWERS, openapi_extra=_BODY, operation_id="soap_inbound_short")
def receive(request: Request, at: At, peer: Peer, body: Annotated[bytes, Depends(_bounded)]) -> Response:
    """Hand in a signed SPGInterchange: SPGInterchangeResponse 200 once it is durable, else a SOAP fault."""
    version = request.state.soap_version = spoken_version(body, _media_type(request))
    wire = WireMessage(body, request.headers.get("content-type", ""))
    submission = Submission(wire=wire, packaging="wss", channel="soap", peer=peer, received_at=at.parts.clock())
    result = noted(at.commits.submit(submission, at.parts.settings.batch_timeout_seconds), at, peer)
    return _dress(result, version, request, at)


@router.get(PATHS[0], operation_id="wsdl", include_in_schema=True)
@router.get(PATHS[1], operation_id="wsdl_short", include_in_schema=False)
def wsdl(request: Request, at: At) -> Response:
    """`?wsdl` answers the service description."""
    if "wsdl" not in (name.lower() for name in request.query_params):
        raise HTTPException(405, headers={"Allow": "POST"})
    return Response(describe(at.parts.settings.public_url + request.scope["path"]), media_type="text/xml; charset=utf-8")


def is_soap(path: str) -> bool:
    """True for the paths whose refusals are SOAP faults."""
    return path in PATHS


def fault_for(request: Request, refusal: Refusal) -> Response:
    """A refusal that never reached the pipeline, in the version that the caller seems to speak."""
    version = getattr(request.state, "soap_version", None) or spoken_version(b"", _media_type(request))
    return soap_fault(refusal.fault, version, instance=request.state.reference, also=refusal.also)


def spoken_version(body: bytes, media_type: str) -> str:
    """The SOAP version by the envelope's namespace near the start, else by media type, else 1.2, the real
    product's default. Decides the shape of an answer and nothing else."""
    head = body[:_HEAD_BYTES].replace(b"\x00", b"")  # UTF-16 too
    found = {version: head.find(namespace.encode()) for version, namespace in ENVELOPES.items()}
    named = sorted((place, version) for version, place in found.items() if place >= 0)
    if named:
        return named[0][1]
    return SOAP_11 if media_type == "text/xml" else SOAP_12


def _dress(result: SubmitResult, version: str, request: Request, at: Doorway) -> Response:
    match result:
        case Declined():
            return soap_fault(result.fault, version, instance=request.state.reference, also=result.also, receipt=result.receipt)
        case Accepted() | Settled():
            at.bell.ring()
            wire = at.parts.intake.soap_answer(RECEIVED, version, _bare(result, at))
            return Response(wire.body, 200, dict(wire.headers), wire.content_type)


def _bare(result: Accepted | Settled, at: Doorway) -> bool:
    """Whether the sender's agreement expects the answer without a signature."""
    agreement = at.parts.directory().inbound(result.sender) if result.sender else None
    return agreement is not None and agreement.bare_response


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
