"""Pause, resume and test a partner: what would happen first, then one button.

What it is: the three forms and what they do. What it is not: the doing itself, which `gateway.control.partners` does; a
test message is sent by a worker with the keys. What was typed is kept where something is wrong with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.errors import ConsoleError
from gateway.console.flash import after
from gateway.console.pages.partner import Seen, look
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.console.words import UK, uk_moment
from gateway.control.desk import NotPossible, NotThere
from gateway.control.partners import PartnerActions
from gateway.oversight.access import Permission
from gateway.oversight.reasons import PAUSE_REASONS, ReasonInvalid, checked
from gateway.partners.party import Standing
from schemas.identifiers import PartyCode

Pauser = Annotated[Viewer, Depends(permitted(Permission.PAUSE))]
Tester = Annotated[Viewer, Depends(permitted(Permission.TEST))]
Short = Annotated[str, Form(max_length=64)]
Text = Annotated[str, Form(max_length=1000)]
_HOURS: Final = {"1h": 1, "4h": 4}
_MORNING: Final = time(8)


class UntilInvalid(ValueError):
    """The time cannot be read or chosen. Its own text may be shown to the person who typed it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A pause as it was typed."""

    reason: str = ""
    text: str = ""
    until: str = ""
    day: str = ""
    month: str = ""
    year: str = ""
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with it, and where."""

    text: str
    field: str


def routes(parts: ConsoleParts) -> APIRouter:
    """Asking and doing."""
    router, desk = APIRouter(), _Desk(parts, PartnerActions(parts.desk))

    @router.get("/partners/{organisation}/pause")
    def ask_pause(request: Request, viewer: Pauser, organisation: str) -> Response:
        """What a pause does, and its form."""
        return desk.ask_pause(request, viewer, organisation, Wish())

    @router.post("/partners/{organisation}/pause")
    def pause(
        request: Request,
        viewer: Pauser,
        organisation: str,
        reason: Short = "",
        text: Text = "",
        until: Short = "",
        day: Annotated[str, Form(alias="own-day", max_length=64)] = "",
        month: Annotated[str, Form(alias="own-month", max_length=64)] = "",
        year: Annotated[str, Form(alias="own-year", max_length=64)] = "",
        clock: Annotated[str, Form(alias="own-time", max_length=64)] = "",
    ) -> Response:
        """Pause, or change the pause."""
        return desk.pause(request, viewer, organisation, Wish(reason, text, until, day, month, year, clock))

    @router.get("/partners/{organisation}/resume")
    def ask_resume(request: Request, viewer: Pauser, organisation: str) -> Response:
        """What waits, and the button."""
        return desk.ask_resume(request, viewer, organisation)

    @router.post("/partners/{organisation}/resume")
    def resume(viewer: Pauser, organisation: str) -> Response:
        """Go on."""
        return desk.resume(viewer, organisation)

    @router.get("/partners/{organisation}/test")
    def ask_test(request: Request, viewer: Tester, organisation: str) -> Response:
        """To which party, and the button."""
        return desk.ask_test(request, viewer, organisation)

    @router.post("/partners/{organisation}/test")
    def test(request: Request, viewer: Tester, organisation: str, party: Short = "") -> Response:
        """Ask a worker to send one."""
        return desk.test(request, viewer, organisation, party)

    return router


@dataclass(frozen=True, slots=True)
class _Desk:
    """The three actions at the console."""

    parts: ConsoleParts
    actions: PartnerActions

    def ask_pause(self, request: Request, viewer: Viewer, organisation: str, wish: Wish, wrong: Sequence[Wrong] = (), status: int = HTTPStatus.OK) -> Response:
        seen = look(self.parts, organisation)
        known = seen.card.organisation
        if known.standing not in (Standing.LIVE, Standing.PROVING):
            raise ConsoleError(409, "It cannot be paused", f"The partner is {known.standing.value}: nothing is handed over to it anyway.")
        return self._page(
            request,
            viewer,
            seen,
            "partner_pause.html",
            wrong,
            status,
            wish=wish,
            reasons=[{"value": code, "text": words} for code, words in PAUSE_REASONS.items()],
            morning=uk_moment(_tomorrow(seen.now)),
        )

    def pause(self, request: Request, viewer: Viewer, organisation: str, wish: Wish) -> Response:
        known, now = look(self.parts, organisation).card.organisation.organisation_id, self.parts.clock()
        wrong = wrong_in(wish, now)
        if not wrong:
            try:
                self.actions.pause(known, until_of(wish, now), wish.reason, wish.text, viewer.operator)
            except NotPossible as impossible:
                wrong = (Wrong(str(impossible), "until"),)
        if wrong:
            return self.ask_pause(request, viewer, organisation, wish, wrong, HTTPStatus.UNPROCESSABLE_ENTITY)
        return _back(f"/partners/{known}", "paused")

    def ask_resume(self, request: Request, viewer: Viewer, organisation: str) -> Response:
        seen = look(self.parts, organisation)
        if seen.card.pause is None:
            raise ConsoleError(409, "It is not paused", "Somebody has resumed it, or the pause is over: deliveries go on.")
        return self._page(request, viewer, seen, "partner_resume.html")

    def resume(self, viewer: Viewer, organisation: str) -> Response:
        known = look(self.parts, organisation).card.organisation.organisation_id
        try:
            self.actions.resume(known, viewer.operator)
        except NotPossible as impossible:
            raise ConsoleError(409, "It is not paused", str(impossible)) from impossible
        return _back(f"/partners/{known}", "resumed")

    def ask_test(
        self, request: Request, viewer: Viewer, organisation: str, chosen: str = "", wrong: Sequence[Wrong] = (), status: int = HTTPStatus.OK
    ) -> Response:
        seen = look(self.parts, organisation)
        parties = [line for line in seen.card.lines if line.agreement is not None]
        if not parties:
            raise ConsoleError(409, "It cannot be tested", "Nothing is sent to this partner.")
        return self._page(request, viewer, seen, "partner_test.html", wrong, status, parties=parties, chosen=chosen)

    def test(self, request: Request, viewer: Viewer, organisation: str, party: str) -> Response:
        seen = look(self.parts, organisation)
        if party not in seen.parties:
            wrong = (Wrong("Choose the party that it is sent to.", "party"),)
            return self.ask_test(request, viewer, organisation, party, wrong, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            self.actions.ask_test(PartyCode(party), viewer.operator)
        except NotThere as missing:
            raise ConsoleError(404) from missing
        except NotPossible as impossible:
            return self.ask_test(request, viewer, organisation, party, (Wrong(str(impossible), "party"),), HTTPStatus.CONFLICT)
        return _back(f"/partners/{seen.card.organisation.organisation_id}/attempts", "testing")

    def _page(
        self,
        request: Request,
        viewer: Viewer,
        seen: Seen,
        template: str,
        wrong: Sequence[Wrong] = (),
        status: int = HTTPStatus.OK,
        **values: object,
    ) -> Response:
        back = f"/partners/{seen.card.organisation.organisation_id}"
        return self.parts.renderer.page(request, viewer, template, status=status, card=seen.card, errors=wrong, back=back, **values)


def wrong_in(wish: Wish, now: datetime) -> Sequence[Wrong]:
    """Everything that is wrong with a pause as it was typed, in the order of the form."""
    found = []
    try:
        checked(wish.reason, wish.text, PAUSE_REASONS)
    except ReasonInvalid as invalid:
        found.append(Wrong(str(invalid), "text" if wish.reason in PAUSE_REASONS else "reason"))
    try:
        until_of(wish, now)
    except UntilInvalid as invalid:
        found.append(Wrong(str(invalid), "until"))
    return found


def until_of(wish: Wish, now: datetime) -> datetime:
    """The end that was chosen. Raises UntilInvalid."""
    if wish.until in _HOURS:
        return now + timedelta(hours=_HOURS[wish.until])
    if wish.until == "morning":
        return _tomorrow(now)
    if wish.until == "own":
        return _own(wish, now)
    raise UntilInvalid("Choose when it ends.")


def _tomorrow(now: datetime) -> datetime:
    """8 in the morning of tomorrow in the United Kingdom."""
    day = now.astimezone(UK).date() + timedelta(days=1)
    return datetime.combine(day, _MORNING, UK).astimezone(now.tzinfo)


def _own(wish: Wish, now: datetime) -> datetime:
    try:
        day = date(int(wish.year), int(wish.month), int(wish.day))
        clock = datetime.strptime(wish.clock.strip(), "%H:%M").time()  # noqa: DTZ007 (a time of day has no zone)
    except ValueError as unreadable:
        raise UntilInvalid("Write the end as a day, a month, a year and a time such as 17:30.") from unreadable
    return datetime.combine(day, clock, UK).astimezone(now.tzinfo)


def _back(path: str, code: str) -> Response:
    return RedirectResponse(after(path, code), HTTPStatus.SEE_OTHER)
