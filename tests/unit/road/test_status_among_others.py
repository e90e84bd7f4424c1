"""A status notification among other messages: refused, since nobody would read it as an answer."""

import re

import pytest

from gateway.exchange.results import Accepted, Declined
from gateway.partners.agreement import DeliveryMode
from schemas.faults import FaultCode
from tests.support.world import World, both, default_agreements, make_world
from tests.unit.road.test_spg import interchange, soap_in
from tests.unit.road.test_submit import read_receipt

_MESSAGE = re.compile(r"<SPGMessage>.*</SPGMessage>", re.DOTALL)


def _with(name: str) -> bytes:
    """A notification, and one message more in the same interchange."""
    status = interchange("InterchangeStatusNotification-202", reference="1500000000777").decode()
    first, second = (_MESSAGE.search(text) for text in (status, interchange(name).decode()))
    assert first is not None
    assert second is not None
    other = second[0].replace("<MessageReferenceNumber>1<", "<MessageReferenceNumber>2<")
    other = re.sub(r"<MessageVersionNumber>[^<]*<", "<MessageVersionNumber>0-9-14<", other)
    return status.replace(first[0], first[0] + other).replace("<ControlCount>1<", "<ControlCount>2<").encode()


@pytest.mark.parametrize(("name", "wrong"), [("Contact-upd-min", {1}), ("InterchangeStatusNotification-202", {1, 2})])
def test_among_others_it_refuses_the_whole(world: World, name: str, wrong: set[int]) -> None:
    result = soap_in(world, _with(name))
    assert isinstance(result, Declined)
    assert {(fault.code, fault.reference) for fault in (result.fault, *result.also)} == {(FaultCode.STRUCTURE_INVALID, number) for number in wrong}
    assert world.parcels("C17") == []


def test_where_the_good_ones_are_taken_it_refuses_itself_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    agreed = both("N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://ndelius.example/in", partial=True)
    world = make_world(f"sqlite:///{tmp_path / 'partly.db'}", [*(a for a in default_agreements() if a.party != "N00"), *agreed])
    result = soap_in(world, _with("Contact-upd-min"))
    assert isinstance(result, Accepted)
    assert [entry.verdict for entry in read_receipt(world, result.receipt, "ndelius").messages] == ["refused", "accepted"]
    assert len(world.parcels("C17")) == 1
    world.store.close()
