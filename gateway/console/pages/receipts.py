"""Receipts: whose last word is awaited, whose is late, and who said no.

What it is: the totals by party, and the messages behind each, oldest first. What it is not: the receipts themselves:
those stand on the message's page with their signatures.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.cursors import After
from gateway.console.errors import ConsoleError
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.console.words import RECEIPTS, duration, number
from gateway.control.picture import NEGATIVE_FOR, Line, Picture, take, terms_of
from gateway.oversight.access import Permission
from gateway.oversight.causes import cause_of
from gateway.oversight.views import ReceiptFigures, ReceiptRow, ReceiptStanding
from gateway.partners.agreement import LastStage
from gateway.records import DeliveryState
from schemas.identifiers import PartyCode

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Asked = Annotated[str, Query(max_length=64)]
PAGE: Final = 50
LISTED: Final = (ReceiptStanding.EXPECTED, ReceiptStanding.LATE, ReceiptStanding.NEGATIVE)
_SAID: Final = {
    (ReceiptStanding.EXPECTED, DeliveryState.HANDED_OVER): "Handed over; no word yet",
    (ReceiptStanding.EXPECTED, DeliveryState.DELIVERED): "Delivered; not applied yet",
    (ReceiptStanding.LATE, DeliveryState.HANDED_OVER): "Handed over; not a word since",
    (ReceiptStanding.LATE, DeliveryState.DELIVERED): "Delivered, but never applied",
    (ReceiptStanding.NEGATIVE, DeliveryState.NOT_APPLIED): "Its case system could not apply it",
    (ReceiptStanding.NEGATIVE, DeliveryState.REFUSED): "Refused",
}
"""How things stand, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message in the list."""

    row: ReceiptRow
    said: str
    for_long: str


def routes(parts: ConsoleParts) -> APIRouter:
    """The one page."""
    router = APIRouter()

    @router.get("/receipts")
    def receipts(
        request: Request,
        viewer: Watcher,
        standing: ReceiptStanding = ReceiptStanding.LATE,
        party: Asked = "",
        organisation: Asked = "",
        after: After = 0,
    ) -> Response:
        """Late ones where nothing else is asked for."""
        if standing not in LISTED:
            raise ConsoleError(400)
        now = parts.clock()
        picture = take(parts.store, parts.directory(), now)
        lines = [line for line in picture.lines if line.receipts is not None and _among(line, party, organisation)]
        if not lines and (party or organisation):
            raise ConsoleError(404, "Nothing is sent there", "No party that messages are sent to is like this.")
        entries = _entries(parts, picture, standing, {line.party: line for line in lines}, after)
        asked = {name: value for name, value in (("party", party), ("organisation", organisation)) if value}
        return parts.renderer.page(
            request,
            viewer,
            "receipts.html",
            picture=picture,
            standing=standing,
            tabs=_tabs(standing, lines, asked),
            lines=lines,
            everybody=not asked,
            what=_what(lines, party, organisation),
            entries=entries[:PAGE],
            older=_address(standing, asked, entries[PAGE - 1].row.delivery.sequence) if len(entries) > PAGE else "",
            first=_address(standing, asked) if after else "",
            thresholds={line.party: _threshold(line) for line in lines},
            days=NEGATIVE_FOR.days,
            cause_of=cause_of,
            live=True,
            figures_at=now,
        )

    return router


def _among(line: Line, party: str, organisation: str) -> bool:
    return (not party or line.party == party) and (not organisation or line.organisation.organisation_id == organisation)


def _what(lines: Sequence[Line], party: str, organisation: str) -> str:
    if party:
        return f"{lines[0].party}, {lines[0].name}"
    return lines[0].organisation.name if organisation else ""


def _tabs(standing: ReceiptStanding, lines: Sequence[Line], asked: Mapping[str, str]) -> Sequence[dict[str, object]]:
    figures = [line.receipts for line in lines if line.receipts is not None]
    return [{"text": f"{RECEIPTS[one].text}: {number(_sum(figures, one))}", "href": _address(one, asked), "active": one is standing} for one in LISTED]


def _sum(figures: Sequence[ReceiptFigures], standing: ReceiptStanding) -> int:
    return sum(_count(one, standing) for one in figures)


def _count(figures: ReceiptFigures, standing: ReceiptStanding) -> int:
    return {ReceiptStanding.EXPECTED: figures.expected, ReceiptStanding.LATE: figures.late, ReceiptStanding.NEGATIVE: figures.negative}[standing]


def _entries(parts: ConsoleParts, picture: Picture, standing: ReceiptStanding, lines: Mapping[PartyCode, Line], after: int) -> Sequence[Entry]:
    """Of all these parties, oldest first; sequences are drawn for all of them together, so one cursor serves."""
    wanted: Collection[PartyCode] = {code for code, line in lines.items() if line.receipts and _count(line.receipts, standing)}
    terms = [one for one in terms_of(parts.directory(), picture.at) if one.party in wanted]
    return [_entry(standing, row, picture.at) for row in parts.store.watch.receipts(standing, terms, after, PAGE + 1)]


def _entry(standing: ReceiptStanding, row: ReceiptRow, now: datetime) -> Entry:
    said = _SAID.get((standing, row.delivery.state), row.delivery.state.value)
    return Entry(row=row, said=said, for_long=duration((now - row.since).total_seconds()))


def _threshold(line: Line) -> str:
    minutes = line.agreement.thresholds.receipt_minutes if line.agreement else 0
    last = "applied" if line.agreement and line.agreement.last_stage is LastStage.APPLIED else "delivered"
    return f"{duration(60 * minutes)}, to {last}" if minutes else f"None, to {last}"


def _address(standing: ReceiptStanding, asked: Mapping[str, str], after: int = 0) -> str:
    return f"/receipts?{urlencode({'standing': standing.value, **asked, **({'after': str(after)} if after else {})})}"
