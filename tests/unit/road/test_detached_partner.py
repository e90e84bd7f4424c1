"""A partner whose documents are signed beside them, over the doors that are no folder: pushed to, and answering."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.contract import HandedOver, WireMessage
from gateway.exchange.results import Accepted, Declined, Settled
from gateway.partners.agreement import DeliveryMode
from gateway.records import DeliveryState
from gateway.trust import compact, jws
from schemas.faults import FaultCode
from schemas.receipts import Receipt, Stage, encode
from tests.support.world import AUDIENCE, World, both, contact, make_world

FILES = "https://files.example/in"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    agreements = [
        *both("C05", dialect="canonical", packaging="detached", mode=DeliveryMode.PUSH, endpoint=FILES),
        *both("C17", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE),
    ]
    made = make_world(f"sqlite:///{tmp_path / 'gateway.db'}", agreements)
    with closing(made.store):
        yield made
    assert made.bugs == []


def send_to_alpha(place: World) -> str:
    (result,) = place.pipeline.submit([place.submission("beta", place.signed("beta", contact("m-1", sender="C17", recipients=["C05"])))])
    assert isinstance(result, Accepted)
    return result.message_ids[0]


def state(place: World, message_id: str) -> DeliveryState:
    (delivery,) = place.store.queries.deliveries_of_messages([message_id])[message_id]  # type: ignore[list-item,index]
    return delivery.state


def receipt(place: World, message_id: str, document: bytes, signer: str = "alpha") -> WireMessage:
    claims = Receipt(
        issuer=signer,
        audience=AUDIENCE,
        receipt_id="r-1",
        issued_at=1,
        stage=Stage.APPLIED,
        subject=message_id,
        recipient="C05",
        sent_digest=jws.digest(document),
    )
    return place.signed(signer, encode(claims), kind="receipt")


def test_the_signature_goes_along_in_a_header(place: World) -> None:
    message_id = send_to_alpha(place)
    place.deliver("C05")
    ((wire, address),) = place.push.handed
    assert (wire.content_type, address.url, address.message_id) == ("application/json", FILES, message_id)
    assert compact.split_detached(wire.headers["signature"].encode(), wire.body).claimed_header["typ"] == "batch+jws"
    assert state(place, message_id) is DeliveryState.DELIVERED


def test_it_may_answer_with_a_compact_receipt(place: World) -> None:
    message_id = send_to_alpha(place)
    handed = place.push

    class Answering:
        name = "push"

        def hand_over(self, items):  # type: ignore[no-untyped-def]
            handed.hand_over(items)
            return [HandedOver(receipt(place, message_id, wire.body)) for wire, _ in items]

        def close(self) -> None: ...

    place.pipeline._parts.channels["push"] = Answering()  # type: ignore[index]
    place.deliver("C05")
    assert state(place, message_id) is DeliveryState.APPLIED


def test_its_compact_receipts_are_taken_at_any_door_and_its_compact_messages_at_none(place: World) -> None:
    message_id = send_to_alpha(place)
    place.deliver("C05")
    ((wire, _),) = place.push.handed
    results = place.pipeline.submit(
        [
            place.submission("alpha", receipt(place, message_id, wire.body)),
            place.submission("alpha", place.signed("alpha", contact("m-2"))),
            place.submission("beta", receipt(place, message_id, wire.body, signer="beta")),
        ]
    )
    assert isinstance(results[0], Settled)
    assert [(type(one), one.fault.code) for one in results[1:] if isinstance(one, Declined)] == [
        (Declined, FaultCode.PARTNER_NOT_LIVE),
        (Declined, FaultCode.RECEIPT_NOT_OURS),
    ]
    assert state(place, message_id) is DeliveryState.APPLIED
