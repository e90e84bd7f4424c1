"""Refusals as answers: RFC 9457 problem details at the JSON doors, SOAP faults at the SOAP doors.

What it is: the face of a fault-table row over HTTP. What it is not: a decision, nor the choice of what may be
told (see `schemas.telling`). Called by the exception handlers in `app` and by doors that got a `Declined`.
"""

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from schemas.faults import FAULTS, Fault, FaultCode
from schemas.telling import MAX_ALSO, MEMBERS, bounded, members

PROBLEM_TYPE = "application/problem+json"
FAULT_NAMESPACE = "urn:interagency-gateway:fault"
RETRY_AFTER_SECONDS = 5
SOAP_11, SOAP_12 = "1.1", "1.2"
ENVELOPES = {SOAP_11: "http://schemas.xmlsoap.org/soap/envelope/", SOAP_12: "http://www.w3.org/2003/05/soap-envelope"}
SOAP_TYPES = {SOAP_11: "text/xml; charset=utf-8", SOAP_12: "application/soap+xml; charset=utf-8"}
_CODES = {SOAP_11: {"Sender": "Client", "Receiver": "Server"}, SOAP_12: {"Sender": "Sender", "Receiver": "Receiver"}}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class OneFault(BaseModel):
    """One fault: its stable code, where and what, who has to act and how."""

    code: str = Field(description=MEMBERS["code"])
    title: str = Field(description=MEMBERS["title"])
    detail: str | None = Field(None, description=MEMBERS["detail"])
    pointer: str | None = Field(None, description=MEMBERS["pointer"])
    reference: int | None = Field(None, description=MEMBERS["reference"])
    value: str | None = Field(None, description=MEMBERS["value"])
    current_version: str | None = Field(None, description=MEMBERS["current_version"])
    blame: str = Field(description=MEMBERS["blame"])
    advice: str = Field(description=MEMBERS["advice"])


class Problem(OneFault):
    """RFC 9457 problem details, with the members that the fault table adds."""

    type: str = Field(description=f"`{FAULT_NAMESPACE}:` and the code.")
    status: int
    instance: str | None = Field(None, description="Quote this to the operator.")
    retry: bool = Field(description="True where sending the same again can succeed.")
    also: list[OneFault] | None = Field(None, description=f"Further faults found in the same submission, at most {MAX_ALSO}.")
    more: int | None = Field(None, description="How many faults were found besides those told.")
    receipt: str | None = Field(None, description="Our signed negative receipt, a compact JWS, where the sender was authenticated.")


def problem(fault: Fault, *, instance: str, also: Sequence[Fault] = (), receipt: str | None = None) -> Response:
    """The answer of a JSON door that says no."""
    row = fault.row
    told, more = bounded(also)
    body = Problem(
        **members(fault),
        type=f"{FAULT_NAMESPACE}:{fault.code.value}",
        status=row.http,
        instance=instance or None,
        retry=row.retry,
        also=[OneFault(**members(other)) for other in told] or None,
        more=more or None,
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
    told, more = bounded(also)
    around = {"instance": instance, "receipt": receipt or "", "more": more or ""}
    return "".join([_element(fault, around), *(_element(other, {}) for other in told)])


def _element(fault: Fault, around: Mapping[str, str | int]) -> str:
    """The members of a problem document as elements, and the SPG status besides."""
    told = {**members(fault), "status": fault.row.spg, **around}
    inside = "".join(f"<{element}>{_text(str(value))}</{element}>" for name, value in told.items() if value != "" for element in (_element_name(name),))
    return f'<GatewayFault xmlns="{FAULT_NAMESPACE}">{inside}</GatewayFault>'


def _element_name(member: str) -> str:
    return "".join(word.capitalize() for word in member.split("_"))


def _soap_status(fault: Fault, version: str) -> int:
    if version == SOAP_11:
        return 500
    if fault.code is FaultCode.UNSUPPORTED_MEDIA_TYPE:
        return 415
    return 400 if fault.row.soap == "Sender" else 500


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value))
