"""Alerts: take one, silence its rule for its subject for a while, and end the silence.

What it is: these actions, each under the person's name. What it is not: the alerts' own life: they are raised and
resolved by the watcher, and a silence keeps people from being told, not an alert from being raised. Called by the console.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import StoreUnavailable
from gateway.control.desk import Desk, NotPossible, NotThere
from gateway.oversight.alert_rules import RULES
from gateway.oversight.reasons import MUTE_REASONS, checked
from gateway.oversight.records import Alert, AlertState, Assignment, Mute, Operator

LONGEST_MUTE: Final = timedelta(days=7)
"""What is to be silent for longer is no alert: its threshold is wrong."""
_READINGS: Final = 5


class AlertActions:
    """What operators do with alerts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def acknowledge(self, alert_id: str, by: Operator) -> Alert:
        """Take it; it is then theirs to look after, unless it is somebody's. Raises NotThere, and NotPossible where it is over or somebody has it."""
        for _ in range(_READINGS):
            alert, now = self._known(alert_id), self._desk.clock()
            if alert.state is AlertState.RESOLVED:
                raise NotPossible("The alert is over.")
            if alert.acknowledged_by is not None:
                raise NotPossible(f"{alert.acknowledged_by.name} has taken it already.")
            taken = replace(alert, acknowledged_at=now, acknowledged_by=by)
            event = AuditEvent(AuditCode.ALERT_ACKNOWLEDGED, now, alert_id, {"by": by.subject, "rule": alert.rule, "about": alert.subject})
            assignment = Assignment(about=f"alert:{alert_id}", to=by, by=by, at=now)
            assigned = AuditEvent(AuditCode.WORK_ASSIGNED, now, assignment.about, {"by": by.subject, "to": by.subject})
            if self._desk.store.oversight.take_alert(taken, event, assignment, assigned):
                return replace(taken, version=alert.version + 1)
        # The watcher writes down what it sees, some times a minute; five times in a row it was quicker.
        raise StoreUnavailable("the alert changes too often now")

    def mute(self, rule: str, subject: str, until: datetime, code: str, text: str, by: Operator) -> Mute:
        """Tell nobody about this rule and subject until then, or change the end of the silence. Raises ReasonInvalid,
        NotPossible, and NotThere for a rule that does not exist."""
        code, text = checked(code, text, MUTE_REASONS)
        now = self._desk.clock()
        if rule not in RULES:
            raise NotThere(f"There is no rule {rule}.")
        if not now < until <= now + LONGEST_MUTE:
            raise NotPossible(f"A silence ends in the future, within {LONGEST_MUTE.days} days.")
        words = f"{MUTE_REASONS[code]}. {text}".strip() if text else MUTE_REASONS[code]
        mute = Mute(rule=rule, subject=subject, until=until, reason=words, by=by)
        facts = {"by": by.subject, "rule": rule, "until": until.isoformat(), "reason": code, "words": text}
        self._desk.store.oversight.put_mute(mute, AuditEvent(AuditCode.ALERT_MUTED, now, _about(rule, subject), facts))
        return mute

    def unmute(self, rule: str, subject: str, by: Operator) -> None:
        """Tell people again. Raises NotPossible where there is no silence."""
        event = AuditEvent(AuditCode.ALERT_UNMUTED, self._desk.clock(), _about(rule, subject), {"by": by.subject, "rule": rule})
        if not any((one.rule, one.subject) == (rule, subject) for one in self._mutes()) or not self._desk.store.oversight.end_mute(rule, subject, event):
            raise NotPossible("It is not muted.")

    def _known(self, alert_id: str) -> Alert:
        alert = self._desk.store.oversight.alert(alert_id)
        if alert is None:
            raise NotThere("There is no such alert.")
        return alert

    def _mutes(self) -> Sequence[Mute]:
        """Those that last: one whose time is over is only not swept up yet."""
        return self._desk.store.oversight.mutes(self._desk.clock())


def _about(rule: str, subject: str) -> str:
    """What an auditor would search for: the party or organisation; of the whole gateway, the rule."""
    return subject or rule
