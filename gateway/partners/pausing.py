"""Pausing: nothing is handed over to an organisation for a while.

What it is: the rules of a pause as people ask for it, and whether one holds now. What it is not: a standing: a paused
organisation is live, may send and read its mailbox's receipts, and its deliveries wait in order. A pause always has an
end; then they go on by themselves. Called by `gateway.control` and, before each hand-over, by the deliver step.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Pause, Standing
from schemas.identifiers import PartyCode

LONGEST: Final = timedelta(days=7)
"""A longer one is a suspension, which is the administrator's."""


class PauseRefused(Exception):
    """The state of things, or the wish itself, forbids it. Its text may be shown to the person who asked."""


def pause(organisation: Organisation, wanted: Pause, now: datetime) -> tuple[Organisation, AuditEvent]:
    """Pause, or change the end and reason of a pause. Raises PauseRefused."""
    until = datetime.fromisoformat(wanted.until)
    if organisation.standing not in (Standing.LIVE, Standing.PROVING):
        raise PauseRefused(f"The partner is {organisation.standing.value}: nothing is handed over to it anyway.")
    if not now < until <= now + LONGEST:
        raise PauseRefused("A pause ends in the future, within 7 days.")
    facts = {"until": wanted.until, "reason": wanted.reason, "by": wanted.by}
    return replace(organisation, paused=wanted), AuditEvent(AuditCode.PARTNER_PAUSED, now, organisation.organisation_id, facts)


def resume(organisation: Organisation, by: str, now: datetime) -> tuple[Organisation, AuditEvent]:
    """End a pause before its time. Raises PauseRefused where none holds."""
    if not paused(organisation, now):
        raise PauseRefused("The partner is not paused.")
    return replace(organisation, paused=None), AuditEvent(AuditCode.PARTNER_RESUMED, now, organisation.organisation_id, {"by": by})


def paused(organisation: Organisation, now: datetime) -> bool:
    """True while a pause holds."""
    return organisation.paused is not None and now < datetime.fromisoformat(organisation.paused.until)


def paused_parties(directory: Directory, now: datetime) -> frozenset[PartyCode]:
    """Everybody who is handed nothing now because of a pause."""
    held = [one.organisation_id for one in directory.organisations.values() if paused(one, now)]
    return frozenset(code for organisation in held for code in directory.parties_of(organisation))
