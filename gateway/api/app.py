"""The application: every door for machines, and what each says when it says no.

What it is: FastAPI put together from the doors, with one exception handler per kind of refusal. What it is
not: a place that knows databases, brokers or packagings. Called by `bootstrap` and by tests. RFC 9110, RFC 9457.
"""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api import details, health, keys, mailbox, messages, reference, schemas, soap, submissions
from gateway.api.batching import GroupCommit
from gateway.api.bell import Bell
from gateway.api.bodies import BodyBudget
from gateway.api.faults import problem
from gateway.api.parts import ApiParts, Doorway
from gateway.api.refusals import Refusals
from gateway.contract import StoreUnavailable
from gateway.telemetry import Telemetry
from gateway.trust.contract import SignerUnavailable
from schemas.faults import Fault, FaultCode, Refusal, refuse

_BY_STATUS = {404: FaultCode.NOT_FOUND, 405: FaultCode.METHOD_NOT_ALLOWED, 415: FaultCode.UNSUPPORTED_MEDIA_TYPE}
_SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_NOT_STORED = (b"cache-control", b"no-store")


def create_app(parts: ApiParts) -> FastAPI:
    """The doors over these parts. Runs its group commit between start-up and shutdown of the application."""
    settings = parts.settings
    commits = GroupCommit(
        parts.intake.submit,
        items=settings.batch_items,
        linger_seconds=settings.batch_seconds,
        waiting=settings.batch_waiting,
        done=lambda items: parts.telemetry.batch("submit", items),
    )
    doorway = Doorway(parts, commits, Bell(), BodyBudget(settings.max_bodies_bytes), Refusals(settings.refusals_per_minute))
    app = FastAPI(
        title="Interagency Gateway",
        version="1",
        summary="Hand in signed messages, collect what waits for you, and read what became of both.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.doorway = doorway
    for router in (
        *(submissions.router, messages.router, mailbox.router, details.router, soap.router),
        *(keys.router, health.router_for(parts), schemas.router, reference.router),
    ):
        app.include_router(router)
    _answer_refusals(app)
    app.add_middleware(_Frame, telemetry=parts.telemetry)
    return app


def stop_waiting(app: FastAPI) -> None:
    """Send long polls home: the server is about to stop."""
    app.state.doorway.bell.close()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    doorway: Doorway = app.state.doorway
    current_default_thread_limiter().total_tokens = doorway.parts.settings.request_threads
    doorway.commits.start()
    yield
    doorway.bell.close()
    doorway.commits.stop()


def _answer_refusals(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(StoreUnavailable, _on_unavailable)
    app.add_exception_handler(SignerUnavailable, _on_unavailable)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_bug)


def _say(request: Request, refusal: Refusal) -> Response:
    """A refusal in the language of the door."""
    if soap.is_soap(request.scope["path"]) and request.method == "POST":
        return soap.fault_for(request, refusal)
    return problem(refusal.fault, instance=request.state.reference, also=refusal.also)


async def _on_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    if soap.is_soap(request.scope["path"]):  # nobody is known there before the pipeline has verified a signature
        request.app.state.doorway.parts.telemetry.refused("soap", error.fault.code, error.cause)
    return _say(request, error)


async def _on_unavailable(request: Request, _error: Exception) -> Response:
    return _say(request, refuse(FaultCode.UNAVAILABLE))


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Names the parameters and never repeats what they held."""
    places = error.errors() if isinstance(error, RequestValidationError) else []
    names = sorted({str(entry["loc"][-1]) for entry in places if entry["loc"][0] in {"query", "path", "header"}})
    return _say(request, refuse(FaultCode.REQUEST_INVALID, f"Parameter not valid: {', '.join(names)}." if names else ""))


async def _on_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    answer = _say(request, refuse(_BY_STATUS.get(status, FaultCode.MALFORMED)))
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


async def _on_disconnect(request: Request, _error: Exception) -> Response:
    """Nobody reads this answer; the body never arrived whole, so nothing was handed in."""
    return _say(request, refuse(FaultCode.MALFORMED, "The body did not arrive whole."))


async def _on_bug(request: Request, error: Exception) -> Response:
    parts = request.app.state.doorway.parts
    parts.telemetry.bug("api", error, request.state.reference)
    answer = _say(request, Refusal(Fault(FaultCode.INTERNAL_ERROR)))
    answer.headers.update({name.decode(): value.decode() for name, value in (*_SAFE_HEADERS, _NOT_STORED)})
    return answer


class _Frame:
    """Around every request: a reference to quote, safe headers, and the counters."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["reference"] = f"urn:uuid:{uuid.uuid4()}"
        began, status = time.monotonic(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _with_safe(message.get("headers", ()))}
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._telemetry.request(door_of(scope["path"]), status, time.monotonic() - began)


def _with_safe(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    named = {name.lower() for name, _ in headers}
    return [*headers, *(header for header in (*_SAFE_HEADERS, _NOT_STORED) if header[0] not in named)]


def door_of(path: str) -> str:
    """A short name for a path, out of a closed list: what counters are labelled with."""
    if soap.is_soap(path):
        return "soap"
    return next((name for start, name in _DOORS if path.startswith(start)), "other")


_DOORS = (
    ("/v1/messages", "messages"),
    ("/v1/mailbox", "mailbox"),
    ("/v1/deliveries", "details"),
    ("/v1/receipts", "receipts"),
    ("/schemas", "schemas"),
    ("/health", "health"),
    ("/metrics", "metrics"),
)
