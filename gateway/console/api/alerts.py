"""Alerts, for the command line: those that fire, one of them, and what people do about it.

What it is: the alerts and their actions as documents. What it is not: their rules (`gateway.oversight.alerting`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from gateway.console.api.answers import BASE, Body, document, moment_from, refusing, work_members
from gateway.console.errors import ConsoleError
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.alerts import AlertActions
from gateway.oversight.access import Permission
from gateway.oversight.alert_rules import runbook_of, severity_of, title_of
from gateway.oversight.members import Members, moment
from gateway.oversight.records import Alert, AlertState, Mute

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Minder = Annotated[Viewer, Depends(permitted(Permission.ALERT))]
Muted = Mapping[tuple[str, str], Mute]


class ToMute(Body):
    """Until when, and why."""

    until: str = Field(max_length=40)
    reason: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=1000)


def routes(parts: ConsoleParts) -> APIRouter:
    """Looks and actions."""
    router, actions = APIRouter(prefix=BASE), AlertActions(parts.desk)

    @router.get("/alerts")
    def alerts(
        _viewer: Watcher,
        state: AlertState | None = None,
        after: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    ) -> Response:
        """Newest first."""
        found, muted = parts.store.oversight.alerts(state, limit, after), _muted(parts, parts.clock())
        return document("alerts/1", alerts=[_alert(one, muted) for one in found], after=found[-1].alert_id if len(found) == limit else None)

    @router.get("/alerts/{alert_id}")
    def alert(_viewer: Watcher, alert_id: str) -> Response:
        """One, with its runbook and notes."""
        found, about = _known(parts, alert_id), f"alert:{alert_id}"
        work = work_members(parts.store.oversight.notes(about), parts.store.oversight.assignments([about]).get(about))
        return document("alert/1", alert=_alert(found, _muted(parts, parts.clock())), **work)

    @router.post("/alerts/{alert_id}/acknowledge")
    def acknowledge(viewer: Minder, alert_id: str) -> Response:
        """Take it."""
        with refusing():
            taken = actions.acknowledge(alert_id, viewer.operator)
        return document("alert-acknowledged/1", alert=_alert(taken, _muted(parts, parts.clock())))

    @router.post("/alerts/{alert_id}/mute")
    def mute(viewer: Minder, alert_id: str, asked: ToMute) -> Response:
        """Tell nobody about its rule and subject until then."""
        found = _known(parts, alert_id)
        with refusing():
            made = actions.mute(found.rule, found.subject, moment_from(asked.until, "until"), asked.reason, asked.text, viewer.operator)
        return document("alert-muted/1", alert=_alert(found, {(made.rule, made.subject): made}))

    @router.post("/alerts/{alert_id}/unmute")
    def unmute(viewer: Minder, alert_id: str) -> Response:
        """Tell people again."""
        found = _known(parts, alert_id)
        with refusing():
            actions.unmute(found.rule, found.subject, viewer.operator)
        return document("alert-unmuted/1", alert=_alert(found, {}))

    return router


def _known(parts: ConsoleParts, alert_id: str) -> Alert:
    found = parts.store.oversight.alert(alert_id)
    if found is None:
        raise ConsoleError(404, "There is no such alert", "gateway alerts list names them.")
    return found


def _muted(parts: ConsoleParts, now: datetime) -> Muted:
    return {(one.rule, one.subject): one for one in parts.store.oversight.mutes(now)}


def _alert(alert: Alert, muted: Muted) -> Members:
    mute = muted.get((alert.rule, alert.subject))
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "title": title_of(alert.rule),
        "severity": severity_of(alert.rule).value,
        "subject": alert.subject,
        "state": alert.state.value,
        "value": alert.value,
        "threshold": alert.threshold,
        "raised_at": moment(alert.raised_at),
        "seen_at": moment(alert.seen_at),
        "acknowledged_at": moment(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by.name if alert.acknowledged_by else None,
        "resolved_at": moment(alert.resolved_at),
        "muted_until": moment(mute.until) if mute else None,
        "runbook": runbook_of(alert.rule),
    }
