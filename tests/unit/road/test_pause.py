"""A paused partner: nothing is handed over, nothing is lost, and all of it goes on in order afterwards."""

from datetime import timedelta

import pytest

from gateway.partners.party import Pause
from gateway.partners.pausing import pause, resume
from gateway.records import Delivery, DeliveryState
from gateway.workers.sweeper import Sweeper
from schemas.identifiers import OrganisationId
from tests.support.world import World
from tests.unit.road.test_deliver import accept, now_of


def _pause(world: World, organisation: str = "beta", hours: float = 2) -> None:
    wanted = Pause(since=world.now.isoformat(), until=(world.now + timedelta(hours=hours)).isoformat(), reason="partner-asked", text="", by="op", by_name="Op")
    world.store.partners.put_organisation(*pause(world.store.partners.directory().organisations[OrganisationId(organisation)], wanted, world.now))


def _resume(world: World, organisation: str = "beta") -> None:
    world.store.partners.put_organisation(*resume(world.store.partners.directory().organisations[OrganisationId(organisation)], "op", world.now))


def _sweep(world: World, recipient: str = "C17") -> int:
    swept = Sweeper(world.store, lambda: world.now, world.means, holder="t").sweep()
    world.deliver(recipient)
    return swept


def _states(world: World, deliveries: list[Delivery]) -> list[DeliveryState]:
    return [now_of(world, one.message_id).state for one in deliveries]


@pytest.mark.parametrize("early", [True, False], ids=["resumed", "run out"])
def test_what_came_in_a_pause_goes_on_in_order_after_it(world: World, *, early: bool) -> None:
    _pause(world)
    deliveries = [accept(world, name, crn="X000007") for name in ("m1", "m2", "m3")]
    world.deliver("C17")
    world.pass_time(minutes=10)
    assert _sweep(world) == 0
    assert world.queue.handed == []
    assert _states(world, deliveries) == [DeliveryState.WAITING] * 3
    assert [now_of(world, one.message_id).attempts for one in deliveries] == [0, 0, 0]
    if early:
        _resume(world)
    else:
        world.pass_time(hours=2)
    assert _sweep(world) == 1  # the head of its lane: the rest follows it
    assert _states(world, deliveries) == [DeliveryState.HANDED_OVER] * 3


def test_others_are_not_held_up(world: World) -> None:
    _pause(world, "gamma")
    delivery = accept(world, "m1")
    world.deliver("C17")
    assert now_of(world, delivery.message_id).state is DeliveryState.HANDED_OVER
