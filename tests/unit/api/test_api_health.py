"""Health says what is true; metrics are for those who may read them."""

from datetime import timedelta

import pytest

from gateway.api.health import Watch
from gateway.api.parts import ApiParts
from tests.support.api import NOW, House, settings_for


@pytest.fixture
def house() -> House:
    return House(settings_for(relay_late_seconds=30))


def watch(house: House) -> tuple[Watch, list[float]]:
    """A watch over the house, and its clock hand."""
    parts: ApiParts = house.app().state.doorway.parts
    seconds = [0.0]
    return Watch(parts, lambda: seconds[0]), seconds


def later(house: House, seconds: list[float], by: float) -> None:
    house.now += timedelta(seconds=by)
    seconds[0] += by


def test_live_and_ready(house: House) -> None:
    with house.open() as caller:
        assert caller.http.get("/health/live").json() == {"status": "live"}
        answer = caller.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "store": "up", "relay": "keeping-up"})


def test_a_store_that_is_down_is_not_ready_but_the_process_lives(house: House) -> None:
    house.store.down = True
    with house.open() as caller:
        answer = caller.http.get("/health/ready")
        assert (answer.status_code, answer.json()) == (503, {"ready": False, "store": "down", "relay": "unknown"})
        assert caller.http.get("/health/live").status_code == 200


def test_a_backlog_without_a_confirm_for_long_is_not_ready(house: House) -> None:
    look, hand = watch(house)
    house.store.backlog, house.store.confirmed = 3, NOW - timedelta(hours=9)
    assert look.look().ready  # a quiet night, and a first message: nothing is wrong yet
    later(house, hand, 31)
    assert look.look().relay == "late"
    house.store.confirmed = house.now
    later(house, hand, 2)
    assert look.look().ready
    later(house, hand, 31)
    assert not look.look().ready


def test_a_backlog_that_was_worked_off_starts_again(house: House) -> None:
    look, hand = watch(house)
    house.store.backlog = 3
    look.look()
    later(house, hand, 20)
    house.store.backlog = 0
    assert look.look().ready
    later(house, hand, 20)
    house.store.backlog = 1
    assert look.look().ready


def test_no_backlog_is_ready_however_old_the_last_confirm(house: House) -> None:
    house.store.confirmed = NOW - timedelta(days=3)
    assert watch(house)[0].look().ready


def test_strangers_cannot_make_the_store_work(house: House) -> None:
    look, hand = watch(house)
    look.look()
    house.store.down = True
    assert look.look().ready
    hand[0] += 1.1
    assert not look.look().ready


def test_metrics_are_for_the_networks_of_the_settings(house: House) -> None:
    with house.open() as caller:
        caller.http.get("/health/live")
        text = caller.http.get("/metrics").text
    assert 'gateway_request_seconds_count{door="health",status="200"} 1.0' in text
    assert "gateway_level" in text
    house.settings = house.settings.model_copy(update={"metrics_networks": ("10.0.0.0/8",)})
    with house.open() as caller:
        assert caller.http.get("/metrics").status_code == 404


def test_the_published_keys(house: House) -> None:
    with house.open() as caller:
        answer = caller.http.get("/.well-known/jwks.json")
    assert (answer.json(), answer.headers["content-type"]) == ({"keys": [{"kty": "OKP", "kid": "k"}]}, "application/jwk-set+json")
    assert answer.headers["cache-control"] == "public, max-age=300"
