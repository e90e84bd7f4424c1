"""The console: every page and its JSON twin, put together.

What it is: FastAPI made from one `routes(parts)` per module, the frame around every answer, and what is said when
something goes wrong. What it is not: a place that knows databases, keys or partners. Called by `bootstrap` and by
tests. Every route asks for one permission, but those of signing in, health and static files: a test walks them all.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console import command_line, errors, sign_in
from gateway.console.api.nouns import NOUNS
from gateway.console.assets import PREFIX as STATIC
from gateway.console.csrf import Guard
from gateway.console.headers import framed
from gateway.console.live import Ticker, live_response
from gateway.console.pages import (
    alerts,
    audit,
    dead_letter_actions,
    dead_letters,
    message,
    messages,
    overview,
    partner,
    partner_actions,
    partners,
    queues,
    receipts,
    reveal,
    search,
    sessions,
    work,
)
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted_quietly
from gateway.console.rendering import assets
from gateway.console.viewer import Viewer
from gateway.contract import StoreUnavailable
from gateway.oversight.access import Permission
from gateway.telemetry import Telemetry

Routes = Callable[[ConsoleParts], APIRouter]
DOORSTEP: tuple[Routes, ...] = (sign_in.routes, command_line.routes)
"""What nobody needs a permission for."""
PAGES: tuple[Routes, ...] = (
    overview.routes,
    queues.routes,
    dead_letters.routes,
    dead_letter_actions.routes,
    messages.routes,
    message.routes,
    search.routes,
    reveal.routes,
    receipts.routes,
    partners.routes,
    partner.routes,
    partner_actions.routes,
    alerts.routes,
    audit.routes,
    work.routes,
    sessions.routes,
)
"""Every module of pages; their JSON twins are in `NOUNS`."""
LOOPBACK = "http://127.0.0.1:*"
"""Where a browser may be sent from the form that lets a command line in."""


class Console(FastAPI):
    """The application, with its frame outermost: even what went wrong in the middle goes out in it."""

    form_targets: Sequence[str] = ()

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's own stack, framed."""
        return framed(super().build_middleware_stack(), self.form_targets)


def create_console(parts: ConsoleParts) -> Console:
    """The console over these parts."""
    app = Console(title="Interagency Gateway console", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.parts = parts
    app.state.ticker = Ticker(parts.figures)
    app.form_targets = (LOOPBACK,)
    for routes in (*DOORSTEP, *PAGES, *NOUNS, _own_routes):
        app.include_router(routes(parts))
    app.mount(STATIC, assets(), name="static")
    errors.install(app, parts.renderer, parts.telemetry)
    app.add_middleware(Guard, origin=parts.settings.console_url, answer=partial(errors.answer, parts.renderer))
    app.add_middleware(_Reference, telemetry=parts.telemetry)
    return app


def stop_console(app: FastAPI) -> None:
    """End every live stream, and let go of the identity provider: the server is about to stop."""
    ticker: Ticker = app.state.ticker
    ticker.close()
    parts: ConsoleParts = app.state.parts
    if parts.provider is not None:
        parts.provider.close()


def _own_routes(parts: ConsoleParts) -> APIRouter:
    router = APIRouter()

    @router.get("/live")
    async def live(request: Request, _viewer: Annotated[Viewer, Depends(permitted_quietly(Permission.WATCH))]) -> Response:
        """What changed, as it changes."""
        return live_response(request.app.state.ticker)

    @router.get("/health")
    def health() -> Response:
        """Whether the console can show anything."""
        try:
            ready = parts.store.ready()
        except StoreUnavailable:
            ready = False
        return JSONResponse({"ready": ready, "store": "up" if ready else "down"}, 200 if ready else 503)

    return router


class _Reference:
    """Gives every request something to quote, and counts it."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        answer = self._counted if scope["type"] == "http" else self._app
        await answer(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["reference"] = f"urn:uuid:{uuid.uuid4()}"
        statuses, began = [500], time.monotonic()

        async def noting(message: Message) -> None:
            statuses[0] = message.get("status", statuses[0])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._telemetry.request("console", statuses[0], time.monotonic() - began)
