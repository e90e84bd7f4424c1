"""A page with every component of the console, in every state, over made-up things; and the application that serves it."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from gateway.console import charts
from gateway.console.assets import PREFIX
from gateway.console.headers import NONCE_KEY, framed
from gateway.console.live import Ticker, live_response
from gateway.console.rendering import assets, render
from gateway.oversight.access import Permission

PAGES = Path(__file__).parents[1] / "browser/pages"
AT = datetime(2026, 7, 6, 17, 34, 5, tzinfo=UTC)
HOSTILE = """<script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">' {{ 7*7 }}"""
LONG = "Humberside-Lincolnshire-and-North-Yorkshire-Community-Rehabilitation-Company-Limited-" * 2


@dataclass(frozen=True)
class Person:
    """Who looks."""

    name: str = "Ada Example"
    csrf: str = "a-token-of-a-session"
    permissions: frozenset[str] = frozenset(permission.value for permission in Permission)


@dataclass(frozen=True)
class Place:
    """What a page is told besides its values."""

    viewer: Person | None = field(default_factory=Person)
    environment: str = "dev"
    path: str = "/dead-letters/group"
    nonce: str = "bm9uY2U="


def values(**others: object) -> dict[str, object]:
    """What the gallery shows."""
    hours = [f"{(hour + 18) % 24}:00" for hour in range(24)]
    delivered = [40 + (hour * 37) % 60 for hour in range(24)]
    lines = (charts.Line("Delivered", delivered), charts.Line("Failed", [None if hour in (7, 8) else (hour * 7) % 9 for hour in range(24)]))
    chart = charts.line_chart("day", "Deliveries in the last 24 hours", "Delivered stays between 40 and 100 an hour; failed below 9.", hours, lines)
    bars = charts.bar_chart("bars", "Attempts in the last 24 hours", "Between 40 and 100 an hour.", hours, delivered)
    events = [
        {"title": "Received", "at": AT, "text": "From N00, 1 message."},
        {"title": "Attempt refused", "at": AT + timedelta(minutes=1), "text": HOSTILE, "byline": "C05"},
        {"title": "Discarded", "at": AT + timedelta(hours=2), "text": "Sent twice by mistake.", "byline": "Ada Example"},
    ]
    return {
        "at": AT,
        "chart": chart,
        "bars": bars,
        "spark": charts.spark("Waiting in the last day: mostly none", [0, 1, 4, 2, None, 0, 0, 9, 3]),
        "hostile": HOSTILE,
        "long": LONG,
        "events": events,
        "figures_at": AT,
        "live": True,
        "crumbs": ({"text": "Overview", "href": "/"}, {"text": "Dead letters", "href": "/dead-letters"}),
        "notices": ({"text": "3 messages were accepted for retry. They are not delivered yet.", "kind": "success"}, {"text": "Partner C05 is paused."}),
    } | others


def gallery(ticker: Ticker | None = None) -> ASGIApp:
    """The application: `/`, `/problem` (with errors), `/signed-out`, `/live` and the static files, in the console's frame."""
    numbers = count(1)
    ticker = ticker or Ticker(lambda: {"waiting": str(next(numbers)), "C05.health": "Down" if next(numbers) % 4 else "Working", "dead": "17"}, tick_seconds=0.2)

    async def page(request: Request) -> Response:
        place = Place(path="/dead-letters/group", nonce=getattr(request.state, NONCE_KEY))
        if request.url.path == "/problem":
            errors = ({"text": "Choose a reason", "field": "reason"}, {"text": HOSTILE})
            return render(place, "gallery.html", status=422, folders=(PAGES,), **values(errors=errors, notices=(), live=False, crumbs=(), back="/"))
        if request.url.path == "/signed-out":
            return render(replace(place, viewer=None, environment="live"), "signed_out.html", folders=(PAGES,))
        return await asyncio.to_thread(render, place, "gallery.html", folders=(PAGES,), **values())

    async def live(_: Request) -> Response:
        return live_response(ticker)

    routes = [Route("/live", live), Mount(PREFIX, assets()), *(Route(path, page) for path in ("/", "/problem", "/signed-out"))]
    return framed(Starlette(routes=routes))
