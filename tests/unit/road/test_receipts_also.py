"""A first receipt tells everything that was found wrong: the first fault of each message in its entry, the others beside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.exchange.results import Accepted, Declined
from schemas.receipts import Receipt, Stage
from schemas.telling import MAX_ALSO
from tests.support.mixed import interchange_of
from tests.support.world import World, make_world
from tests.unit.road.test_fates import agreed
from tests.unit.road.test_spg import soap_in
from tests.unit.road.test_submit import read_receipt


@pytest.fixture(params=[True, False], ids=["partly", "whole"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = make_world(f"sqlite:///{tmp_path / 'also.db'}", agreed(partial=request.param, max_messages=1000))
    yield made
    made.store.close()
    assert made.bugs == []


def _first_receipt(world: World, document: bytes) -> Receipt:
    result = soap_in(world, document)
    assert isinstance(result, Accepted | Declined)
    assert result.receipt is not None
    return read_receipt(world, result.receipt, "ndelius")


def _twice_wrong(count: int) -> bytes:
    """One good message, then messages without a date and with a flag that is none."""
    document = interchange_of(("good", *["missing"] * count))
    head, _, rest = document.partition(b"<MessageReferenceNumber>2</")
    return head + b"<MessageReferenceNumber>2</" + rest.replace(b"<Alert>N<", b"<Alert>Q<").replace(b"<Alert>Y<", b"<Alert>Q<")


def test_every_fault_is_told_with_the_number_of_its_message(world: World) -> None:
    receipt = _first_receipt(world, _twice_wrong(2))
    told = [(fault.code, fault.reference, fault.value, fault.pointer.rpartition("/")[2]) for fault in receipt.also]
    further = [("value-invalid", 2, "Q", "Alert"), ("value-invalid", 3, "Q", "Alert")]
    if receipt.stage is Stage.ACCEPTED:
        assert told == further
    else:
        assert receipt.fault is not None
        assert (receipt.fault.code, receipt.fault.reference) == ("element-missing", 2)
        assert told == [further[0], ("element-missing", 3, "", "ContactDate"), further[1]]
    assert receipt.more == 0
    assert [entry.fault.code if entry.fault else "" for entry in receipt.messages] == ["", "element-missing", "element-missing"]


def test_what_does_not_fit_is_counted(world: World) -> None:
    receipt = _first_receipt(world, _twice_wrong(120))
    assert len(receipt.also) == MAX_ALSO
    assert receipt.more == (120 if receipt.stage is Stage.ACCEPTED else 239) - MAX_ALSO
