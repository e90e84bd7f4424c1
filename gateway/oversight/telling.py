"""Telling: what is said of an alert to somebody who is not at the console.

What it is: the letter's subject and text, and the claims of the webhook; and how long telling is tried. What it is not:
a sender (`gateway.workers.teller`), nor a signature (`gateway.trust.alerts`). Nothing of a person is in an alert: rules see counts,
ages and codes of parties alone.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.oversight.alert_rules import RULES, page_of, runbook_of, severity_of, title_of
from gateway.oversight.records import Alert

TRIED_FOR: Final = timedelta(days=1)
_FIRST: Final = timedelta(seconds=30)
_LONGEST: Final = timedelta(hours=1)
_DOUBLINGS: Final = 10
"""More than lead to the longest."""


class Means(StrEnum):
    """By what somebody is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class What(StrEnum):
    """Which change of an alert."""

    RAISED = "raised"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """What became of telling, as the audit says."""

    TOLD = "told"
    GIVEN_UP = "given-up"
    """It was tried for a day."""
    MUTED = "muted"
    """It was over before the silence was."""
    OVER = "over"
    """It was over before anybody could be told of it: only its end is told."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who tells."""

    issuer: str
    console_url: str
    environment: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail's words."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one try. Nobody was told where there is a `why`."""

    why: str = ""
    left_out: int = 0
    """Recipients of a letter that the mail server would not take it for."""


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after this many failed attempts; None where a day is over."""
    waits = [min(_FIRST * 2 ** min(number, _DOUBLINGS), _LONGEST) for number in range(attempts)]
    return waits[-1] if sum(waits, timedelta(0)) <= TRIED_FOR else None


def letter(alert: Alert, what: What, origin: Origin) -> Letter:
    """For a person: what, where, since when, and two links."""
    over = what is What.RESOLVED
    about = f": {alert.subject}" if alert.subject else ""
    state = "Resolved" if over else severity_of(alert.rule).value.capitalize()
    words = RULES[alert.rule].words if alert.rule in RULES else ""
    lines = [
        f"{title_of(alert.rule)}{about}",
        *([words] if words and not over else []),
        "",
        f"{'Last seen' if over else 'Seen'}: {alert.value}",
        f"Threshold: {alert.threshold}",
        f"Since: {_moment(alert.raised_at)}",
        *([f"Over: {_moment(alert.resolved_at)}"] if alert.resolved_at else []),
        "",
        f"The alert: {origin.console_url}/alerts/{alert.alert_id}",
        f"What it is about: {origin.console_url}{page_of(alert.rule, alert.subject)}",
        f"What to do: {origin.console_url}{runbook_of(alert.rule)}",
        "",
        f"Told by {origin.issuer}. Answers to this letter are not read.",
    ]
    return Letter(f"[{origin.environment}] {state}: {title_of(alert.rule)}{about}", "\n".join(lines) + "\n")


def claims(alert: Alert, what: What, origin: Origin, now: datetime) -> bytes:
    """For a program: what is signed as `alert+jws`."""
    said = {
        "iss": origin.issuer,
        "iat": int(now.timestamp()),
        "jti": told_as(alert, what),
        "environment": origin.environment,
        "what": what.value,
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "title": title_of(alert.rule),
        "subject": alert.subject,
        "severity": severity_of(alert.rule).value,
        "value": alert.value,
        "threshold": alert.threshold,
        "raised_at": alert.raised_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "alert_url": f"{origin.console_url}/alerts/{alert.alert_id}",
        "page_url": origin.console_url + page_of(alert.rule, alert.subject),
        "runbook_url": origin.console_url + runbook_of(alert.rule),
    }
    return json.dumps({name: value for name, value in said.items() if value is not None}, separators=(",", ":")).encode()


def told_as(alert: Alert, what: What) -> str:
    """The same at every try, so that whoever is told twice can know."""
    return f"{alert.alert_id}.{what.value}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
