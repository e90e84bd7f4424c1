"""Refusals as answers: RFC 9457 problem details at the JSON doors, SOAP faults at the SOAP doors.

What it is: the face of a fault-table row over HTTP. What it is not: a decision, nor a place for values that
somebody sent. Called by the exception handlers in `app` and by doors that got a `Declined`.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from schemas.faults import FAULTS, Fault, FaultCode

PROBLEM_TYPE = "application/problem+json"
FAULT_NAMESPACE = "urn:interagency-gateway:fault"
RETRY_AFTER_SECONDS = 5
SOAP_11, SOAP_12 = "1.1", "1.2"
ENVELOPES = {SOAP_11: "http://schemas.xmlsoap.org/soap/envelope/", SOAP_12: "http://www.w3.org/2003/05/soap-envelope"}
SOAP_TYPES = {SOAP_11: "text/xml; charset=utf-8", SOAP_12: "application/soap+xml; charset=utf-8"}
_CODES = {SOAP_11: {"Sender": "Client", "Receiver": "Server"}, SOAP_12: {"Sender": "Sender", "Receiver": "Receiver"}}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class OneFault(BaseModel):
    """One fault: its stable code, and where and what."""

    code: str = Field(description="A code of the fault table.")
    title: str
    detail: str | None = None
    pointer: str | None = Field(None, description="XPath or JSON pointer into what was sent.")
    reference: int | None = Field(None, description="Number of the message in its interchange.")


class Problem(OneFault):
    """RFC 9457 problem details, with the members that the fault table adds."""

    type: str = Field(description=f"`{FAULT_NAMESPACE}:` and the code.")
    status: int
    instance: str | None = Field(None, description="Quote this to the operator.")
    advice: str
    retry: bool = Field(description="True where sending the same again can succeed.")
    also: list[OneFault] | None = Field(None, description="Further faults found in the same submission.")
    receipt: str | None = Field(None, description="Our signed negative receipt, a compact JWS, where the sender was authenticated.")


def problem(fault: Fault, *, instance: str, also: Sequence[Fault] = (), receipt: str | None = None) -> Response:
    """The answer of a JSON door that says no."""
    row = fault.row
    body = Problem(
        **_one(fault).model_dump(),
        type=f"{FAULT_NAMESPACE}:{fault.code.value}",
        status=row.http,
        instance=instance or None,
        advice=row.advice,
        retry=row.retry,
        also=[_one(other) for other in also] or None,
        receipt=receipt,
    )
    return JSONResponse(body.model_dump(exclude_none=True), row.http, _headers(fault), PROBLEM_TYPE)


def soap_fault(fault: Fault, version: str, *, instance: str, also: Sequence[Fault] = (), receipt: str | None = None) -> Response:
    """The answer of a SOAP door that says no, in the caller's SOAP version.

    Status: SOAP 1.1 §6.2 asks for 500 always; SOAP 1.2 part 2 table 20 for 400 or 500 by whose fault it is,
    and for 415 where the media type is not spoken.
    """
    detail = _detail(fault, instance, also, receipt)
    template = _FAULT_11 if version == SOAP_11 else _FAULT_12
    text = template.format(
        envelope=ENVELOPES[version],
        code=_CODES[version][fault.row.soap],
        namespace=FAULT_NAMESPACE,
        subcode=fault.code.value,
        reason=_text(fault.row.title),
        detail=detail,
    )
    return Response(text.encode(), _soap_status(fault, version), _headers(fault), SOAP_TYPES[version])


def documented(*codes: FaultCode) -> dict[int | str, dict[str, object]]:
    """The error answers of one endpoint, for the API description."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(FAULTS[code].http, []).append(f"`{code.value}`: {FAULTS[code].title}")
    return {status: {"model": Problem, "description": "; ".join(texts), "content": {PROBLEM_TYPE: {}}} for status, texts in sorted(by_status.items())}


def _one(fault: Fault) -> OneFault:
    return OneFault(code=fault.code.value, title=fault.row.title, detail=fault.detail or None, pointer=fault.pointer or None, reference=fault.reference)


def _headers(fault: Fault) -> dict[str, str]:
    status = fault.row.http
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status in {429, 503} else {}
    if fault.code is FaultCode.NOT_AUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if fault.code in _UNREAD:
        headers["Connection"] = "close"
    return headers


_UNREAD = frozenset({FaultCode.TOO_LARGE, FaultCode.RATE_LIMITED, FaultCode.NOT_AUTHENTICATED, FaultCode.UNSUPPORTED_MEDIA_TYPE})
"""The rest of a body may still be on its way; nobody will read it."""

_FAULT_12 = (
    '<env:Envelope xmlns:env="{envelope}"><env:Body><env:Fault><env:Code><env:Value>env:{code}</env:Value>'
    '<env:Subcode><env:Value xmlns:g="{namespace}">g:{subcode}</env:Value></env:Subcode></env:Code>'
    '<env:Reason><env:Text xml:lang="en">{reason}</env:Text></env:Reason><env:Detail>{detail}</env:Detail></env:Fault></env:Body></env:Envelope>'
)
_FAULT_11 = (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="{envelope}"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:{code}</faultcode>'
    "<faultstring>{reason}</faultstring><detail>{detail}</detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)


def _detail(fault: Fault, instance: str, also: Sequence[Fault], receipt: str | None) -> str:
    parts = [_element(fault, instance, receipt), *(_element(other, "", None) for other in also)]
    return "".join(parts)


def _element(fault: Fault, instance: str, receipt: str | None) -> str:
    members = {
        "Code": fault.code.value,
        "Status": str(fault.row.spg),
        "Title": fault.row.title,
        "Detail": fault.detail,
        "Pointer": fault.pointer,
        "Reference": "" if fault.reference is None else str(fault.reference),
        "Advice": fault.row.advice,
        "Instance": instance,
        "Receipt": receipt or "",
    }
    inside = "".join(f"<{name}>{_text(value)}</{name}>" for name, value in members.items() if value)
    return f'<GatewayFault xmlns="{FAULT_NAMESPACE}">{inside}</GatewayFault>'


def _soap_status(fault: Fault, version: str) -> int:
    if version == SOAP_11:
        return 500
    if fault.code is FaultCode.UNSUPPORTED_MEDIA_TYPE:
        return 415
    return 400 if fault.row.soap == "Sender" else 500


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value))
