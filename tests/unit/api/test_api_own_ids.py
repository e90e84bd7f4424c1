"""A consumer of events that knows records by ids of its own: it names them in its receipts, and its details have them."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.records import Delivery
from schemas.receipts import Receipt, Stage, encode
from tests.support.events import EventHouse, event_house
from tests.support.routing import contact, took


@pytest.fixture
def house(tmp_path: Path) -> Iterator[EventHouse]:
    with event_house(f"sqlite:///{tmp_path / 'gateway.db'}") as made:
        yield made


def told(house: EventHouse, **fields: object) -> Delivery:
    """A contact of a known number, as an event on its way to the consumer."""
    (delivery,) = took(house.world, contact("C05", "C17", action="UPD", contact_id="2500000088", **fields))
    house.world.deliver("C17")
    return house.now_of(delivery.message_id)


def receipt(house: EventHouse, delivery: Delivery, local_id: str) -> None:
    said = Receipt(
        issuer="beta",
        audience=house.world.means.issuer,
        receipt_id=secrets.token_hex(6),
        issued_at=int(house.world.now.timestamp()),
        stage=Stage.APPLIED,
        subject=str(delivery.message_id),
        recipient="C17",
        sent_digest=delivery.sent_digest,
        local_id=local_id,
    )
    house.world.pipeline.submit([house.world.submission("beta", house.world.signed("beta", encode(said), kind="receipt"))])


def named(house: EventHouse, delivery: Delivery) -> object:
    return json.loads(house.opened(house.fetch("beta", str(delivery.delivery_id)).content))["document"]["contact_id"]


@pytest.mark.parametrize(("agreed", "expected"), [(True, "~B-7"), (False, "2500000088")])
def test_what_a_consumer_calls_a_record_stands_in_the_details_after(house: EventHouse, agreed: bool, expected: str) -> None:
    with house.agreed("C17", own_ids=agreed):
        first = told(house)
        assert named(house, first) == "2500000088"
        receipt(house, first, "B-7")
        assert named(house, told(house)) == expected
        assert "B-7" not in json.dumps(house.events())
