"""Checks of the audit chain, as the chain itself remembers them.

What it is: what an `audit.checked` event says, written and read in one place. What it is not: the check
(`gateway.audit.chain`). Called by whoever checks, and by the alerts.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from gateway.audit.chain import ChainHead, Finding
from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.oversight.alerting import ChainFacts


class Part(StrEnum):
    """How much of it was checked."""

    WHOLE = "whole"
    """From the first record on."""
    TAIL = "tail"
    """What came since the last check. On record only where something was wrong."""


def checked(part: Part, head: ChainHead, records: int, findings: Sequence[Finding], now: datetime, by: str = "") -> AuditEvent:
    """The event of one check; `by` is the operator's subject where a person asked for it."""
    facts: dict[str, Fact] = {"part": part.value, "records": records, "flaws": len(findings), "ok": not findings}
    if findings:
        facts["first"] = f"{findings[0].flaw.value} at record {findings[0].sequence}"
    return AuditEvent(AuditCode.AUDIT_CHECKED, now, f"chain:{head.sequence}", {**facts, **({"by": by} if by else {})})


def chain_facts(latest: AuditEvent | None) -> ChainFacts:
    """What the latest check says. A tail that holds is not on record, so a break stands until the whole chain was found whole."""
    if latest is None or latest.facts.get("ok") is True:
        return ChainFacts()
    flaws = latest.facts.get("flaws")
    return ChainFacts(flaws=flaws if isinstance(flaws, int) and flaws > 0 else 1, first=str(latest.facts.get("first", "not stated")))


def is_whole(event: AuditEvent) -> bool:
    """Whether it says something of the whole chain."""
    return event.facts.get("part") == Part.WHOLE.value
