"""Liveness, readiness, metrics.

What it is: the true state of the store, and of the relay by its last confirmed publish as the store has it.
What it is not: a look at the broker: this process never touches it. Called by load balancers and Prometheus.
"""

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.api.parts import ApiParts, At
from gateway.contract import StoreUnavailable
from schemas.faults import FaultCode, refuse

_REMEMBER_SECONDS = 1.0
"""A look costs a write; strangers may ask as often as they like."""


class Readiness(BaseModel):
    """Whether this gateway can take messages and move them on."""

    ready: bool
    store: str = Field(description="`up` or `down`.")
    relay: str = Field(description="`keeping-up`, `late` (a backlog and no confirmed publish lately) or `unknown`.")


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    state: Readiness


class Watch:
    """Looks at most once a second, whoever asks."""

    def __init__(self, parts: ApiParts, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._backlog_since: datetime | None = None

    def look(self) -> Readiness:
        """The present state, or the one of a moment ago."""
        with self._lock:
            now = self._monotonic()
            if self._seen is None or now - self._seen.at >= _REMEMBER_SECONDS:
                self._seen = _Seen(now, self._readiness())
            return self._seen.state

    def _readiness(self) -> Readiness:
        store = _store_ready(self._parts)
        relay = self._relay() if store else "unknown"
        self._parts.telemetry.level("store_ready", float(store))
        return Readiness(ready=store and relay == "keeping-up", store="up" if store else "down", relay=relay)

    def _relay(self) -> str:
        outbox, level = self._parts.store.outbox, self._parts.telemetry.level
        try:
            depth, confirmed = outbox.depth(), outbox.last_confirmed()
        except StoreUnavailable:
            return "unknown"
        now = self._parts.clock()
        level("outbox_depth", depth)
        if confirmed is not None:
            level("last_confirm_age_seconds", (now - confirmed).total_seconds())
        return "late" if depth and self._silence(now, confirmed) > self._parts.settings.relay_late_seconds else self._keeping_up(depth)

    def _silence(self, now: datetime, confirmed: datetime | None) -> float:
        """Seconds without a confirm while there was something to publish. After a quiet night the last
        confirm is old and nothing is wrong: what counts is how long the backlog has been seen."""
        self._backlog_since = self._backlog_since or now
        return (now - max(self._backlog_since, confirmed or self._backlog_since)).total_seconds()

    def _keeping_up(self, depth: int) -> str:
        if not depth:
            self._backlog_since = None
        return "keeping-up"


def router_for(parts: ApiParts) -> APIRouter:
    """The endpoints, sharing one watch."""
    router, watch = APIRouter(tags=["health"]), Watch(parts)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @router.get("/health/ready", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready."}})
    def ready() -> Response:
        """The store can be written and the relay keeps up."""
        state = watch.look()
        return JSONResponse(state.model_dump(), 200 if state.ready else 503)

    @router.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
    def metrics(request: Request, at: At) -> Response:
        """Prometheus' text form, for the networks that the settings name."""
        if not _may_read(request, at.parts.settings.metrics_networks):
            raise refuse(FaultCode.NOT_FOUND)
        watch.look()
        text, kind = at.parts.telemetry.render()
        return Response(text, media_type=kind)

    return router


def _store_ready(parts: ApiParts) -> bool:
    try:
        return parts.store.ready()
    except StoreUnavailable:
        return False


def _may_read(request: Request, networks: tuple[str, ...]) -> bool:
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in networks)
