"""One partner: how it is doing and was, what was tried, its keys, and what is agreed with it.

What it is: four pages of one organisation. What it is not: a probe: the console never calls a partner, so what is known
of an endpoint is what its last attempts said; to try it now, somebody sends a test message (`partner_actions`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from gateway.console import charts
from gateway.console.errors import ConsoleError
from gateway.console.flash import notices
from gateway.console.partner_terms import Row, rows_of
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.console.words import UK, uk_time
from gateway.control.cards import Card, card_of
from gateway.control.partners import PartnerActions
from gateway.control.picture import Picture, take
from gateway.oversight.access import Permission
from gateway.oversight.causes import cause_of
from gateway.oversight.reasons import PAUSE_REASONS
from gateway.oversight.views import AttemptRow, Measure, Tally
from gateway.partners.directory import Directory
from schemas.identifiers import OrganisationId, PartyCode

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
MOST_ATTEMPTS: Final = 30
MOST_TESTS: Final = 20
DAYS: Final = 14
_HOUR: Final = timedelta(hours=1)
REACHED: Final = frozenset({Measure.REACHED})
FAILED: Final = frozenset({Measure.DELAYED, Measure.REJECTED, Measure.SET_ASIDE, Measure.NOT_APPLIED})
LINES: Final = {"Reached": REACHED, "Failed": FAILED, "Heard": frozenset({Measure.ACCEPTED})}
"""What charts count: deliveries that reached it, once each; attempts and deliveries that failed; messages accepted from it."""
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Seen:
    """What every page of a partner starts from."""

    picture: Picture
    card: Card
    now: datetime

    @property
    def parties(self) -> Sequence[PartyCode]:
        """The codes that it serves."""
        return [line.party for line in self.card.lines]


def routes(parts: ConsoleParts) -> APIRouter:
    """Health, attempts and tests, keys, agreements."""
    router = APIRouter()

    def show(request: Request, viewer: Viewer, organisation: str, tab: str, values: Callable[[ConsoleParts, Seen], Values]) -> Response:
        seen = look(parts, organisation)
        shown = {**frame(request, seen, tab), **values(parts, seen)}
        return parts.renderer.page(request, viewer, f"partner_{tab}.html", status=HTTPStatus.OK, **shown)

    @router.get("/partners/{organisation}")
    def partner(request: Request, viewer: Watcher, organisation: str) -> Response:
        """How it is doing, and was."""
        return show(request, viewer, organisation, "health", _health)

    @router.get("/partners/{organisation}/attempts")
    def attempts(request: Request, viewer: Watcher, organisation: str) -> Response:
        """What was tried, with what outcome, and when the next attempt is; and test messages."""
        return show(request, viewer, organisation, "attempts", _attempts)

    @router.get("/partners/{organisation}/keys")
    def keys(request: Request, viewer: Watcher, organisation: str) -> Response:
        """Every key that was pinned for it."""
        return show(request, viewer, organisation, "keys", lambda _, seen: {"keys": seen.card.keys, "now": seen.now})

    @router.get("/partners/{organisation}/profile")
    def profile(request: Request, viewer: Watcher, organisation: str) -> Response:
        """What is agreed, and which profiles said so."""
        return show(request, viewer, organisation, "profile", _profile)

    return router


def look(parts: ConsoleParts, organisation: str) -> Seen:
    """The partner as it is now; 404 where there is none."""
    now, directory = parts.clock(), parts.directory()
    picture = take(parts.store, directory, now)
    card = card_of(picture, directory, OrganisationId(organisation))
    if card is None:
        raise ConsoleError(404)
    return Seen(picture, card, now)


def frame(request: Request, seen: Seen, tab: str) -> dict[str, object]:
    """What all four pages show."""
    return {
        "card": seen.card,
        "tab": tab,
        "pause_reasons": PAUSE_REASONS,
        "sent_to": [line.party for line in seen.card.lines if line.agreement is not None],
        "notices": notices(request),
        "crumbs": ({"text": "Partners", "href": "/partners"},),
        "live": True,
        "figures_at": seen.now,
    }


def _health(parts: ConsoleParts, seen: Seen) -> Values:
    about = f"partner:{seen.card.organisation.organisation_id}"
    tallies = {party: parts.store.watch.tallies(_first_day(seen.now), seen.now, party) for party in seen.parties}
    all_of_them = [one for some in tallies.values() for one in some]
    return {
        "chart": by_hour(all_of_them, seen.now),
        "days": by_day(all_of_them, seen.now),
        "sparks": {party: _spark(some, seen.now) for party, some in tallies.items()},
        "checks": {party: _last_attempt(parts, party) for party in seen.parties},
        "cause_of": cause_of,
        "about": about,
        "notes": parts.store.oversight.notes(about),
        "assignment": parts.store.oversight.assignments([about]).get(about),
    }


def _attempts(parts: ConsoleParts, seen: Seen) -> Values:
    actions = PartnerActions(parts.desk)
    found = [row for party in seen.parties for row in parts.store.watch.attempts(party, MOST_ATTEMPTS)]
    tests = actions.tests(seen.parties, MOST_TESTS)
    return {
        "attempts": sorted(found, key=lambda row: row.at, reverse=True)[:MOST_ATTEMPTS],
        "tests": tests,
        "sent": actions.sent(tests),
        "cause_of": cause_of,
        "most": MOST_ATTEMPTS,
    }


def _profile(parts: ConsoleParts, seen: Seen) -> Values:
    directory = parts.directory()
    terms = [(line, _both(directory, line.party)) for line in seen.card.lines]
    return {"terms": terms, "versions": list(reversed(parts.store.partners.profiles(seen.card.organisation.organisation_id)))}


def _both(directory: Directory, party: PartyCode) -> Sequence[tuple[str, Sequence[Row]]]:
    """What is agreed both ways, as rows with their names."""
    found = (("What it sends", directory.inbound(party)), ("What it is sent", directory.outbound(party)))
    return [(words, rows_of(agreement)) for words, agreement in found if agreement is not None]


def by_hour(tallies: Sequence[Tally], now: datetime) -> charts.Chart:
    """The last 24 hours; the hour that runs is the last."""
    hours = _hours(now)
    lines = [charts.Line(name, _counted(tallies, hours, measures)) for name, measures in LINES.items()]
    return charts.line_chart("hours", "The last 24 hours", _words(lines), [uk_time(hour) for hour in hours], lines, first="Hour from")


def by_day(tallies: Sequence[Tally], now: datetime) -> charts.Chart:
    """The last 14 days, as the United Kingdom counts them; today is the last."""
    first = _first_day(now).date()
    days = [first + timedelta(days=number) for number in range(DAYS)]
    lines = [charts.Line(name, _by_day(tallies, days, measures)) for name, measures in LINES.items()]
    return charts.line_chart("days", f"The last {DAYS} days", _words(lines), [f"{day:%-d %b}" for day in days], lines, first="Day")


def _words(lines: Sequence[charts.Line]) -> str:
    return "; ".join(f"{line.name}: {sum(value or 0 for value in line.values):,}" for line in lines) + "."


def _by_day(tallies: Sequence[Tally], days: Sequence[date], measures: frozenset[Measure]) -> list[int]:
    counts = dict.fromkeys(days, 0)
    for one in tallies:
        day = one.hour.astimezone(UK).date()
        if one.measure in measures and day in counts:
            counts[day] += one.count
    return list(counts.values())


def _spark(tallies: Sequence[Tally], now: datetime) -> Markup:
    reached = _counted(tallies, _hours(now), REACHED)
    return charts.spark(f"Reached in the last 24 hours: {sum(reached):,}, at most {max(reached):,} an hour", reached)


def _hours(now: datetime) -> list[datetime]:
    last = now.replace(minute=0, second=0, microsecond=0)
    return [last - back * _HOUR for back in range(23, -1, -1)]


def _first_day(now: datetime) -> datetime:
    midnight = now.astimezone(UK).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=DAYS - 1)


def _counted(tallies: Sequence[Tally], hours: Sequence[datetime], measures: frozenset[Measure]) -> list[int]:
    counts = dict.fromkeys(hours, 0)
    for one in tallies:
        if one.measure in measures and one.hour in counts:
            counts[one.hour] += one.count
    return list(counts.values())


def _last_attempt(parts: ConsoleParts, party: PartyCode) -> AttemptRow | None:
    return next(iter(parts.store.watch.attempts(party, 1)), None)
