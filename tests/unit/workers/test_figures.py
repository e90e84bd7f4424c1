"""One process looks at the store and tells; the others tell nothing, so no figure stands twice."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.oversight.records import Alert, AlertState
from gateway.partners.party import Standing
from gateway.records import DeliveryState
from gateway.telemetry_facts import Figures
from gateway.workers.figures import FiguresWorker, key_days
from schemas.identifiers import OrganisationId
from tests.support.world import NOW, World, make_world
from tests.unit.road.test_deliver import accept


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield made
    made.store.close()


def worker(world: World, told: list[Figures | None], holder: str = "one") -> FiguresWorker:
    return FiguresWorker(world.store, lambda: world.now, world.store.partners.directory, told.append, holder=holder, interval_seconds=0.01)


def test_what_waits_and_since_when(world: World) -> None:
    accept(world, "m1")
    world.pass_time(seconds=90)
    accept(world, "m2", crn="X000002")
    figures = worker(world, []).look()
    by_recipient = {one.recipient: one for one in figures.waiting}
    assert by_recipient["C17"].counts[DeliveryState.WAITING] == 2
    assert by_recipient["C17"].oldest_seconds == 90
    assert by_recipient["C20"].counts == dict.fromkeys(by_recipient["C20"].counts, 0)
    assert by_recipient["C20"].oldest_seconds == 0


def test_alerts_that_fire_are_counted_by_rule(world: World) -> None:
    for number, (rule, state) in enumerate([("depth", "firing"), ("depth", "firing"), ("silence", "firing"), ("silence", "resolved")]):
        alert = Alert(
            alert_id=f"a-{number}", rule=rule, subject=f"C{number}", state=AlertState(state), value="1", threshold="0", raised_at=NOW, seen_at=NOW, version=0
        )
        assert world.store.oversight.put_alert(alert, AuditEvent(AuditCode.ALERT_RAISED, NOW, alert.alert_id, {"rule": rule}))
    assert worker(world, []).look().alerts == {"depth": 2, "silence": 1}


def test_the_relay_is_late_only_by_the_time_of_its_backlog(world: World) -> None:
    looking = worker(world, [])
    world.store.outbox.published([], NOW - timedelta(hours=9))
    accept(world, "m1")
    assert looking.look().silence_seconds == 0  # a quiet night, and a first message: nothing is wrong yet
    world.pass_time(seconds=31)
    late = looking.look()
    assert (late.backlog, late.silence_seconds) == (2, 31)
    world.store.outbox.published([entry.outbox_id for entry in world.store.outbox.pending(world.now, 10)], world.now)
    world.pass_time(seconds=60)
    assert (looking.look().backlog, looking.look().silence_seconds) == (0, 0)
    accept(world, "m2", crn="X000002")
    assert looking.look().silence_seconds == 0


def test_days_of_the_last_key_that_counts(world: World) -> None:
    directory = world.store.partners.directory()
    (key,) = [one for one in directory.keyring.keys.values() if one.organisation == "beta"]
    assert key_days(directory, NOW)[OrganisationId("beta"), "sign"] == pytest.approx(3650)
    world.store.partners.revoke_key(key.key_id, NOW, AuditEvent(AuditCode.KEY_REVOKED, NOW, key.key_id))
    assert (OrganisationId("beta"), "sign") not in key_days(world.store.partners.directory(), NOW)
    left = replace(directory.organisations[OrganisationId("alpha")], standing=Standing.LEFT)
    gone = replace(directory, organisations={**directory.organisations, left.organisation_id: left})
    assert not any(organisation == "alpha" for organisation, _ in key_days(gone, NOW))


def test_of_two_processes_one_looks_and_the_other_tells_nothing(world: World) -> None:
    first: list[Figures | None] = []
    second: list[Figures | None] = []
    stop, other = threading.Event(), threading.Event()
    looking = threading.Thread(target=worker(world, first, "one").run, args=(stop,))
    looking.start()
    while not first:
        stop.wait(0.01)
    waiting = threading.Thread(target=worker(world, second, "two").run, args=(other,))
    waiting.start()
    while not second:
        other.wait(0.01)
    assert isinstance(first[0], Figures)
    assert set(second) == {None}
    stop.set()
    looking.join(5)
    assert first[-1] is None  # it looks no more, and so it tells no more
    while not isinstance(second[-1], Figures):
        other.wait(0.01)
    other.set()
    waiting.join(5)
