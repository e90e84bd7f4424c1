"""Watching over a small world: the watcher with its clock in hand, and alerts as tests want them."""

from dataclasses import replace
from datetime import timedelta

from gateway.audit.events import AuditCode, AuditEvent
from gateway.oversight.records import Alert, AlertState
from gateway.oversight.telling import Means
from gateway.oversight.views import AuditSearch
from gateway.partners.watching import Thresholds
from gateway.workers.watcher import Watcher
from schemas.identifiers import PartyCode
from tests.support.world import World

QUICK = Thresholds(waiting=1, waiting_minutes=5, receipt_minutes=60, set_aside=1, silence_hours=4, certificate_days=30)


def watcher(world: World, *means: Means, holder: str = "one", relay_late: float = 30.0) -> Watcher:
    """One over this world; it looks when it is told to."""
    return Watcher(
        world.store,
        lambda: world.now,
        world.store.partners.directory,
        means=means,
        new_id=world.means.new_id,
        holder=holder,
        interval_seconds=15,
        relay_late_seconds=relay_late,
    )


def agree(world: World, party: str, thresholds: Thresholds) -> None:
    """From now on these are its thresholds."""
    found = world.store.partners.directory().outbound(PartyCode(party))
    assert found is not None
    world.store.partners.put_agreement(replace(found, thresholds=thresholds), AuditEvent(AuditCode.PARTNER_CHANGED, world.now, party))


def quiet(world: World, *but: str) -> None:
    """Switch every rule off for everybody, but for these parties, who get quick ones."""
    off = Thresholds(waiting=0, waiting_minutes=0, receipt_minutes=0, set_aside=0, silence_hours=0, certificate_days=0)
    for code in ("C05", "C17", "C20", "N00"):
        agree(world, code, QUICK if code in but else off)


def firing(world: World) -> dict[tuple[str, str], Alert]:
    """What fires, by rule and subject."""
    return {(one.rule, one.subject): one for one in world.store.oversight.alerts(AlertState.FIRING, 100)}


def audited(world: World, code: AuditCode) -> list[dict[str, object]]:
    """The facts of every event of this code, oldest first."""
    return [dict(record.event.facts) for record in reversed(world.store.watch.audit(AuditSearch(code=code.value), None, 500))]


def raised(world: World, name: str, rule: str = "depth", subject: str = "C17", **given: object) -> Alert:
    """An alert that fires, without a watcher."""
    made = Alert(
        alert_id=name,
        rule=rule,
        subject=subject,
        state=AlertState.FIRING,
        value="43 messages",
        threshold="20 messages",
        raised_at=world.now - timedelta(minutes=5),
        seen_at=world.now,
    )
    made = replace(made, **given)  # type: ignore[arg-type]
    assert world.store.oversight.put_alert(made, AuditEvent(AuditCode.ALERT_RAISED, world.now, name, {"rule": rule}))
    return replace(made, version=1)
