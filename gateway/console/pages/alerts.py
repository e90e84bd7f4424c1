"""Alerts: what fires, who has taken it, what is silenced, and what was; and the runbook of each rule.

What it is: the lists, one alert, and its three actions: acknowledge, mute, unmute. What it is not: a rule: alerts come
and go by themselves (`gateway.oversight.alerting`). A silence keeps people from being told; the alert is here all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.errors import ConsoleError
from gateway.console.flash import after as told_after
from gateway.console.flash import notices
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.runbooks import names, runbook
from gateway.console.viewer import Viewer
from gateway.control.alerts import AlertActions
from gateway.control.desk import NotPossible, NotThere
from gateway.oversight.access import Permission
from gateway.oversight.alert_rules import RULES, page_of, severity_of, title_of
from gateway.oversight.reasons import MUTE_REASONS, ReasonInvalid
from gateway.oversight.records import Alert, AlertState, Mute

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Keeper = Annotated[Viewer, Depends(permitted(Permission.ALERT))]
PAGE: Final = 50
MOST_FIRING: Final = 500
LENGTHS: Final[Mapping[str, str]] = {"1": "1 hour", "4": "4 hours", "24": "1 day", "72": "3 days", "168": "7 days"}
"""Hours of a silence, as a form offers them."""
_GROUPS: Final = (("firing", "Firing"), ("acknowledged", "Acknowledged"), ("muted", "Muted"))


@dataclass(frozen=True, slots=True)
class Row:
    """One alert as pages show it."""

    alert: Alert
    mute: Mute | None = None

    @property
    def state(self) -> str:
        """What people did about one that fires is said instead of its firing."""
        if self.alert.state is AlertState.RESOLVED:
            return self.alert.state.value
        if self.mute is not None:
            return "muted"
        return "acknowledged" if self.alert.acknowledged_by else self.alert.state.value

    @property
    def title(self) -> str:
        """In plain words."""
        return title_of(self.alert.rule)

    @property
    def severity(self) -> str:
        """How soon somebody should look."""
        return severity_of(self.alert.rule).value

    @property
    def words(self) -> str:
        """What the rule means; nothing for one that is no more."""
        return RULES[self.alert.rule].words if self.alert.rule in RULES else ""

    @property
    def page(self) -> str:
        """Of what it is about."""
        return page_of(self.alert.rule, self.alert.subject)

    @property
    def page_text(self) -> str:
        """What that page shows."""
        return RULES[self.alert.rule].page_text.format(subject=self.alert.subject) if self.alert.rule in RULES else "All alerts"


def routes(parts: ConsoleParts) -> APIRouter:
    """Looking and acting."""
    router = APIRouter()
    _add_looks(router, parts)
    actions = AlertActions(parts.desk)
    _add_acts(router, parts, actions)
    _add_mute(router, parts, actions)
    return router


def _add_looks(router: APIRouter, parts: ConsoleParts) -> None:
    @router.get("/alerts")
    def alerts(request: Request, viewer: Watcher, after: Annotated[str, Query(max_length=64)] = "") -> Response:
        """What fires, by what people did about it; silences; and what was, newest first."""
        mutes = parts.store.oversight.mutes(parts.clock())
        silent = {(mute.rule, mute.subject): mute for mute in mutes}
        found = [Row(alert, silent.get((alert.rule, alert.subject))) for alert in parts.store.oversight.alerts(AlertState.FIRING, MOST_FIRING)]
        firing = sorted(found, key=lambda row: row.severity)  # critical ones first, else newest first, as they came
        past = parts.store.oversight.alerts(AlertState.RESOLVED, PAGE + 1, after or None)
        return parts.renderer.page(
            request,
            viewer,
            "alerts.html",
            groups=[(state, words, [row for row in firing if row.state == state]) for state, words in _GROUPS],
            firing=len(firing),
            mutes=[(mute, title_of(mute.rule)) for mute in mutes],
            past=[Row(alert) for alert in past[:PAGE]],
            older=f"/alerts?{urlencode({'after': past[PAGE - 1].alert_id})}" if len(past) > PAGE else "",
            newer="/alerts" if after else "",
            notices=notices(request),
            live=True,
            figures_at=parts.clock(),
        )

    @router.get("/alerts/{alert_id}")
    def alert(request: Request, viewer: Watcher, alert_id: str) -> Response:
        """One of them: what it means, what it is about, what to do, who has it."""
        row, about = _row(parts, alert_id), f"alert:{alert_id}"
        return parts.renderer.page(
            request,
            viewer,
            "alert.html",
            row=row,
            has_runbook=row.alert.rule in names(),
            about=about,
            notes=parts.store.oversight.notes(about),
            assignment=parts.store.oversight.assignments([about]).get(about),
            notices=notices(request),
            crumbs=({"text": "Alerts", "href": "/alerts"},),
        )

    @router.get("/runbooks/{rule}")
    def one_runbook(request: Request, viewer: Watcher, rule: str) -> Response:
        """What to look at and do."""
        found = runbook(rule)
        if found is None:
            raise ConsoleError(404)
        return parts.renderer.page(request, viewer, "runbook.html", runbook=found, crumbs=({"text": "Alerts", "href": "/alerts"},))


def _add_acts(router: APIRouter, parts: ConsoleParts, actions: AlertActions) -> None:
    @router.post("/alerts/unmute")
    def unmute(
        viewer: Keeper,
        rule: Annotated[str, Form(max_length=64)],
        subject: Annotated[str, Form(max_length=64)] = "",
        alert: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """People are told again."""
        try:
            actions.unmute(rule, subject, viewer.operator)
        except NotPossible as impossible:
            raise ConsoleError(409, "It is not muted", "Its time was over, or somebody ended the silence before you.") from impossible
        # The id comes back into an address only where there is an alert by it.
        known = parts.store.oversight.alert(alert) if alert else None
        return _to(f"/alerts/{known.alert_id}" if known else "/alerts", "unmuted")

    @router.post("/alerts/{alert_id}/acknowledge")
    def acknowledge(viewer: Keeper, alert_id: str) -> Response:
        """It is mine."""
        try:
            actions.acknowledge(alert_id, viewer.operator)
        except NotThere as missing:
            raise ConsoleError(404) from missing
        except NotPossible as impossible:
            raise ConsoleError(409, "It cannot be acknowledged", str(impossible)) from impossible
        return _to(f"/alerts/{alert_id}", "acknowledged")


def _add_mute(router: APIRouter, parts: ConsoleParts, actions: AlertActions) -> None:
    @router.get("/alerts/{alert_id}/mute")
    def ask_mute(request: Request, viewer: Keeper, alert_id: str) -> Response:
        """For how long, and why?"""
        return _mute_page(parts, request, viewer, _row(parts, alert_id), _Asked())

    @router.post("/alerts/{alert_id}/mute")
    def mute(
        request: Request,
        viewer: Keeper,
        alert_id: str,
        hours: Annotated[str, Form(max_length=8)] = "",
        reason: Annotated[str, Form(max_length=64)] = "",
        text: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        """Nobody is told of this rule and subject until then."""
        row, asked = _row(parts, alert_id), _Asked(hours, reason, text)
        if hours not in LENGTHS:
            return _mute_page(parts, request, viewer, row, asked, ({"text": "Choose for how long.", "field": "hours"},))
        try:
            actions.mute(row.alert.rule, row.alert.subject, parts.clock() + timedelta(hours=int(hours)), reason, text, viewer.operator)
        except ReasonInvalid as invalid:
            field = "text" if reason in MUTE_REASONS else "reason"
            return _mute_page(parts, request, viewer, row, asked, ({"text": str(invalid), "field": field},))
        except (NotPossible, NotThere) as impossible:
            raise ConsoleError(409, "It cannot be muted", str(impossible)) from impossible
        return _to(f"/alerts/{alert_id}", "muted")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was chosen and typed."""

    hours: str = ""
    reason: str = ""
    text: str = ""


def _mute_page(parts: ConsoleParts, request: Request, viewer: Viewer, row: Row, asked: _Asked, errors: Sequence[Mapping[str, str]] = ()) -> Response:
    return parts.renderer.page(
        request,
        viewer,
        "mute.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        row=row,
        asked=asked,
        wrong={error["field"]: error["text"] for error in errors},
        lengths=[{"value": hours, "text": words} for hours, words in LENGTHS.items()],
        reasons=[{"value": code, "text": words} for code, words in MUTE_REASONS.items()],
        errors=errors,
        back=f"/alerts/{row.alert.alert_id}",
    )


def _row(parts: ConsoleParts, alert_id: str) -> Row:
    found = parts.store.oversight.alert(alert_id)
    if found is None:
        raise ConsoleError(404)
    mutes = parts.store.oversight.mutes(parts.clock())
    return Row(found, next((mute for mute in mutes if (mute.rule, mute.subject) == (found.rule, found.subject)), None))


def _to(path: str, code: str) -> Response:
    return RedirectResponse(told_after(path, code), HTTPStatus.SEE_OTHER)
