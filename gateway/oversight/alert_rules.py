"""Rules of alerting, as a table: what is watched, in plain words, how urgent it is, and which page it is about.

What it is: everything about a rule but when it finds something (`alerting`). What it is not: thresholds, which partners
agree (`gateway.partners.watching`). Called by `alerting`, the teller and the console.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

NO_TIME: Final = timedelta(0)
QUIET: Final = timedelta(minutes=10)
"""How long the cause of a rule that can flap has to be away."""


class Severity(StrEnum):
    """How soon somebody should look."""

    WARNING = "warning"
    """In working hours."""
    CRITICAL = "critical"
    """Now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is watched."""

    code: str
    """Stable: it stands in alerts, mutes, metrics and the names of runbooks."""
    title: str
    words: str
    severity: Severity
    page: str
    """The console's page of what it is about; `{subject}` is the alert's."""
    page_text: str
    lasting: timedelta = NO_TIME
    quiet: timedelta = QUIET


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            Rule(
                code="oldest-waiting",
                title="A message has waited too long",
                words="The oldest message that waits for this party is older than was agreed.",
                severity=Severity.WARNING,
                page="/queues/{subject}",
                page_text="The queue to {subject}",
            ),
            Rule(
                code="depth",
                title="Too many messages wait",
                words="More messages wait for this party than is usual for it, and have done so for ten minutes.",
                severity=Severity.WARNING,
                page="/queues/{subject}",
                page_text="The queue to {subject}",
                lasting=timedelta(minutes=10),
            ),
            Rule(
                code="late-receipts",
                title="Receipts are late",
                words="This party was handed messages and has not said in time what became of them.",
                severity=Severity.WARNING,
                page="/receipts?standing=late&party={subject}",
                page_text="Late receipts of {subject}",
            ),
            Rule(
                code="exhausted-retries",
                title="Deliveries were set aside",
                words="Every agreed attempt to hand something to this party failed. It goes on only when a person says so.",
                severity=Severity.CRITICAL,
                page="/dead-letters?recipient={subject}",
                page_text="Dead letters for {subject}",
                quiet=NO_TIME,
            ),
            Rule(
                code="open-breaker",
                title="A partner is down",
                words="So many attempts failed in a row that the gateway leaves this partner alone for a while between tries.",
                severity=Severity.WARNING,
                page="/partners/{subject}",
                page_text="The partner {subject}",
            ),
            Rule(
                code="certificate-days",
                title="A partner's key or certificate ends soon",
                words="When the last key of a use has ended, nothing that this partner signs or calls us with is believed.",
                severity=Severity.WARNING,
                page="/partners/{subject}",
                page_text="The partner {subject}",
                quiet=NO_TIME,
            ),
            Rule(
                code="audit-chain-break",
                title="The audit chain does not hold",
                words="Records of the audit chain were altered, removed or put in between, or the chain is shorter than it was.",
                severity=Severity.CRITICAL,
                page="/audit",
                page_text="The audit",
                quiet=NO_TIME,
            ),
            Rule(
                code="silence",
                title="Nothing is heard of a partner",
                words="In its working hours this partner sent nothing and said nothing of what it was sent for longer than was agreed.",
                severity=Severity.WARNING,
                page="/partners/{subject}",
                page_text="The partner {subject}",
            ),
            Rule(
                code="relay-late",
                title="The relay is late",
                words="There is something to publish, and the broker has confirmed nothing for too long. Nothing goes on.",
                severity=Severity.CRITICAL,
                page="/queues",
                page_text="All queues",
            ),
        )
    }
)


def page_of(rule: str, subject: str) -> str:
    """The console's page of what an alert is about; all alerts for a rule that is no more."""
    return RULES[rule].page.format(subject=subject) if rule in RULES else "/alerts"


def runbook_of(rule: str) -> str:
    """The console's page that says what to look at and do."""
    return f"/runbooks/{rule}"


def title_of(rule: str) -> str:
    """In plain words; a rule that is no more keeps its name."""
    return RULES[rule].title if rule in RULES else rule.replace("-", " ").capitalize()


def severity_of(rule: str) -> Severity:
    """Of a rule that is no more: a warning."""
    return RULES[rule].severity if rule in RULES else Severity.WARNING
