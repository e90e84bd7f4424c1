"""Overview: how the gateway is doing, on one page, every number a link to the list behind it.

What it is: tiles, the last 24 hours, and a line for each partner. What it is not: a place to act.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.console import charts
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.console.words import UK, uk_time
from gateway.control.picture import take
from gateway.oversight.access import Permission
from gateway.oversight.alert_rules import title_of
from gateway.oversight.records import AlertState
from gateway.oversight.views import Measure, Tally

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
MOST_ALERTS = 5
_HOUR = timedelta(hours=1)
_REACHED = frozenset({Measure.REACHED})
_FAILED = frozenset({Measure.DELAYED, Measure.REJECTED, Measure.SET_ASIDE, Measure.NOT_APPLIED})


def routes(parts: ConsoleParts) -> APIRouter:
    """The one page."""
    router = APIRouter()

    @router.get("/")
    def overview(request: Request, viewer: Watcher) -> Response:
        """All of it."""
        now = parts.clock()
        picture = take(parts.store, parts.directory(), now)
        tallies = parts.store.watch.tallies(now - 23 * _HOUR, now)
        return parts.renderer.page(
            request,
            viewer,
            "overview.html",
            picture=picture,
            alerts=parts.store.oversight.alerts(AlertState.FIRING, MOST_ALERTS),
            title_of=title_of,
            delivered_today=delivered_since(tallies, start_of_day(now)),
            today=start_of_day(now),
            chart=chart_of_day(tallies, now),
            live=True,
            figures_at=now,
        )

    return router


def start_of_day(now: datetime) -> datetime:
    """Midnight in the United Kingdom."""
    return now.astimezone(UK).replace(hour=0, minute=0, second=0, microsecond=0)


def delivered_since(tallies: Sequence[Tally], since: datetime) -> int:
    """Deliveries that reached their recipient."""
    return sum(one.count for one in tallies if one.measure is Measure.REACHED and one.hour >= since)


def chart_of_day(tallies: Sequence[Tally], now: datetime) -> charts.Chart:
    """Reached and failed by the hour; the hour that runs is the last."""
    last = now.replace(minute=0, second=0, microsecond=0)
    hours = [last - back * _HOUR for back in range(23, -1, -1)]
    reached, failed = _by_hour(tallies, hours, _REACHED), _by_hour(tallies, hours, _FAILED)
    words = f"{sum(reached):,} deliveries reached their recipient, and {sum(failed):,} attempts or deliveries failed, in 24 hours."
    lines = (charts.Line("Reached", reached), charts.Line("Failed", failed))
    return charts.line_chart("day", "The last 24 hours", words, [uk_time(hour) for hour in hours], lines, first="Hour from")


def _by_hour(tallies: Sequence[Tally], hours: Sequence[datetime], measures: frozenset[Measure]) -> list[int]:
    return [sum(one.count for one in tallies if one.hour == hour and one.measure in measures) for hour in hours]
