"""The watcher: one alert for one cause on a real store, whoever looks, and whom to tell of it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import StoreUnavailable
from gateway.oversight.alert_rules import QUIET, RULES
from gateway.oversight.chain_checks import Part, checked
from gateway.oversight.records import AlertState, Operator
from gateway.oversight.telling import Means
from gateway.partners import pausing
from gateway.partners.party import Pause, Standing
from gateway.workers.loop import Crew
from gateway.workers.watcher import Watcher
from schemas.identifiers import OrganisationId
from schemas.receipts import Stage
from tests.support.alerts import QUICK, agree, audited, firing, quiet, watcher
from tests.support.console_world import Lit, light

RAISED, RESOLVED = AuditCode.ALERT_RAISED, AuditCode.ALERT_RESOLVED


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    quiet(found.world, "C17")
    yield found
    found.world.store.close()


def test_a_gateway_at_rest_has_no_alert_and_writes_nothing(lit: Lit) -> None:
    before = lit.world.store.queries.audit(0, 1000)
    assert [watcher(lit.world).look() for _ in range(3)] == [0, 0, 0]
    assert lit.world.store.queries.audit(0, 1000) == before


def test_what_waits_too_long_is_raised_once_seen_again_and_resolved_when_it_is_gone(lit: Lit) -> None:
    one = watcher(lit.world, Means.MAIL, Means.WEBHOOK, relay_late=1e9)
    sent = lit.send("m-1")
    one.look()
    assert firing(lit.world) == {}
    lit.pass_time(minutes=5)
    assert one.look() == 1
    (alert,) = firing(lit.world).values()
    assert (alert.rule, alert.subject, alert.value, alert.threshold) == ("oldest-waiting", "C17", "5 minutes", "5 minutes")
    assert [(telling.means, telling.what) for telling in lit.world.store.oversight.due_tellings(lit.world.now, 9)] == [
        ("mail", "raised"),
        ("webhook", "raised"),
    ]
    lit.pass_time(minutes=7)
    assert one.look() == 0
    assert firing(lit.world)["oldest-waiting", "C17"].value == "12 minutes"
    lit.hand_over(sent)
    lit.pass_time(minutes=1)
    assert one.look() == 0
    lit.pass_time(seconds=QUIET.total_seconds())
    assert one.look() == 1
    (over,) = lit.world.store.oversight.alerts(AlertState.RESOLVED, 9)
    assert (over.alert_id, over.value, over.resolved_at) == (alert.alert_id, "12 minutes", lit.world.now)
    assert audited(lit.world, RAISED) == [{"rule": "oldest-waiting", "about": "C17", "severity": "warning", "value": "5 minutes", "threshold": "5 minutes"}]
    assert len(audited(lit.world, RESOLVED)) == 1
    assert len(lit.world.store.oversight.due_tellings(lit.world.now, 9)) == 4


def test_a_message_whose_word_is_awaited_does_not_wait(lit: Lit) -> None:
    lit.hand_over(lit.send("m-1"))
    lit.pass_time(minutes=50)
    lit.send("m-2", crn="X000002")
    watcher(lit.world, relay_late=1e9).look()
    assert firing(lit.world) == {}


def test_every_rule_is_found_in_the_store(lit: Lit) -> None:
    """One cause of each, made by the road itself."""
    agree(lit.world, "C17", replace(QUICK, certificate_days=3660))
    one = watcher(lit.world)
    lit.hand_over(lit.send("m-0", crn="X000009"))
    for number in range(1, 4):
        lit.send(f"m-{number}", crn=f"X00000{number}")
    lit.tally()
    one.look()
    lit.pass_time(hours=5)
    one.look()
    assert set(firing(lit.world)) == {("oldest-waiting", "C17"), ("depth", "C17"), ("late-receipts", "C17"), ("certificate-days", "beta"), ("relay-late", "")}
    failing(lit, 5)
    one.look()
    assert ("open-breaker", "beta") in firing(lit.world)
    lit.world.store.oversight.note_look([checked(Part.WHOLE, lit.world.store.checkpoints.head(), 9, [], lit.world.now)])
    one.look()
    assert ("audit-chain-break", "") not in firing(lit.world)
    broken = AuditEvent(AuditCode.AUDIT_CHECKED, lit.world.now, "chain:9", {"part": "tail", "ok": False, "flaws": 1, "first": "altered at record 3"})
    lit.world.store.oversight.note_look([broken])
    one.look()
    assert firing(lit.world)["audit-chain-break", ""].value == "1 flaw, the first: altered at record 3"
    lit.world.store.oversight.note_look([checked(Part.WHOLE, lit.world.store.checkpoints.head(), 9, [], lit.world.now)])
    one.look()
    assert ("audit-chain-break", "") not in firing(lit.world)
    assert set(RULES) - {rule for rule, _ in firing(lit.world)} == {"silence", "exhausted-retries", "audit-chain-break"}


def failing(lit: Lit, times: int) -> None:
    """As many failed attempts, as the chain counts them."""
    events = [AuditEvent(AuditCode.DELIVERY_DELAYED, lit.world.now, f"d-{number}", {"recipient": "C17"}) for number in range(times)]
    lit.world.store.oversight.note_look(events)
    lit.tally()


def test_a_partner_that_was_never_heard_is_not_silent_and_one_that_was_is(lit: Lit) -> None:
    one = watcher(lit.world)
    lit.pass_time(hours=30)
    one.look()
    assert firing(lit.world) == {}
    message = lit.send("m-1")
    lit.hand_over(message)
    lit.say(message, Stage.APPLIED)
    lit.tally()
    lit.pass_time(hours=4)
    one.look()
    assert firing(lit.world)["silence", "beta"].value == "4 hours"


def test_a_paused_partner_rings_nobody_and_what_rang_before_stays(lit: Lit) -> None:
    one = watcher(lit.world, relay_late=1e9)
    failing(lit, 5)
    one.look()
    assert set(firing(lit.world)) == {("open-breaker", "beta")}
    lit.send("m-1")
    organisation = lit.world.store.partners.directory().organisations[OrganisationId("beta")]
    until = (lit.world.now + timedelta(days=1)).isoformat()
    wanted = Pause(since=lit.world.now.isoformat(), until=until, reason="planned-maintenance", text="", by="op-anne", by_name="Anne Example")
    lit.world.store.partners.put_organisation(*pausing.pause(organisation, wanted, lit.world.now))
    lit.pass_time(hours=5)
    one.look()
    assert set(firing(lit.world)) == {("open-breaker", "beta")}
    lit.pass_time(hours=20)
    one.look()
    assert set(firing(lit.world)) == {("open-breaker", "beta"), ("oldest-waiting", "C17")}


def test_of_a_partner_that_has_left_everything_ends(lit: Lit) -> None:
    one = watcher(lit.world, relay_late=1e9)
    failing(lit, 5)
    one.look()
    organisation = lit.world.store.partners.directory().organisations[OrganisationId("beta")]
    lit.world.store.partners.put_organisation(replace(organisation, standing=Standing.LEFT), AuditEvent(AuditCode.PARTNER_CHANGED, lit.world.now, "beta"))
    lit.pass_time(minutes=11)
    one.look()
    assert firing(lit.world) == {}


def test_two_watchers_at_once_raise_once(lit: Lit) -> None:
    lit.send("m-1")
    lit.pass_time(minutes=6)
    both = [watcher(lit.world, Means.MAIL, holder=name, relay_late=1e9) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Watcher.look, both * 4))
    assert len(audited(lit.world, RAISED)) == 1
    assert len(lit.world.store.oversight.due_tellings(lit.world.now, 9)) == 1


def test_somebody_takes_an_alert_while_the_watcher_looks(lit: Lit) -> None:
    lit.send("m-1")
    lit.pass_time(minutes=6)
    one = watcher(lit.world, relay_late=1e9)
    one.look()
    (alert,) = firing(lit.world).values()
    taken = replace(alert, acknowledged_at=lit.world.now, acknowledged_by=Operator("op-anne", "Anne Example"))
    assert lit.world.store.oversight.put_alert(taken, AuditEvent(AuditCode.ALERT_ACKNOWLEDGED, lit.world.now, alert.alert_id))
    lit.pass_time(minutes=6)
    one.look()
    (after,) = firing(lit.world).values()
    assert (after.acknowledged_by, after.value) == (taken.acknowledged_by, "12 minutes")


def test_a_store_that_is_away_is_waited_for(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    lit.send("m-1")
    lit.pass_time(minutes=6)
    one, reports, real = watcher(lit.world, relay_late=1e9), list[tuple[str, str]](), lit.world.store.oversight.alerts
    away = threading.Event()
    away.set()

    def alerts(*given: object) -> object:
        if away.is_set():
            raise StoreUnavailable
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(lit.world.store.oversight, "alerts", alerts)
    crew = Crew(lambda *told: reports.append(told))
    crew.start([one])
    wait_for(lambda: ("watcher", "StoreUnavailable") in reports)
    away.clear()
    wait_for(lambda: bool(firing(lit.world)))
    assert crew.stop(10)
    assert lit.world.store.leases.acquire("watcher", "another", lit.world.now, 5)


def test_who_does_not_hold_the_lease_looks_at_nothing(lit: Lit) -> None:
    lit.send("m-1")
    lit.pass_time(minutes=6)
    assert lit.world.store.leases.acquire("watcher", "another", lit.world.now, 600)
    crew = Crew(lambda *_: None)
    crew.start([watcher(lit.world, relay_late=1e9)])
    threading.Event().wait(0.2)
    assert crew.stop(10)
    assert firing(lit.world) == {}


def wait_for(happened: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(500):
        if happened():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen")
