"""A test message is a message like any other on its way, and says nothing about anybody."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.exchange.testing import OWN_CODE, OWN_NAME, key_of
from gateway.oversight.access import Role
from gateway.records import DeliveryState
from schemas.identifiers import MessageId, OrganisationId, PartyCode
from tests.support.console_world import Lit, light


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _asked(lit: Lit, party: str) -> MessageId:
    organisation = lit.world.store.partners.directory().parties[PartyCode(party)].organisation
    assert lit.browser(Role.OPERATOR).post(f"/partners/{organisation}/test", {"party": party}).status_code == 303
    assert lit.carry_out() == 1
    [order] = lit.world.store.oversight.orders_about([party])
    submission = lit.world.store.queries.submissions_by_key([key_of(order.order_id)])[key_of(order.order_id)]
    assert (submission.sender, submission.organisation, submission.channel) == (OWN_CODE, OWN_NAME, "console")
    [message] = lit.world.store.queries.messages_of(submission.submission_id)
    assert (message.type, message.case_lookup) == ("ConnectionNotification", None)
    return message.message_id


def _document(body: bytes) -> dict[str, dict[str, object]]:
    payload = body.split(b".")[1]
    document: dict[str, dict[str, object]] = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    return document


def test_a_queue_gets_it_in_json(lit: Lit) -> None:
    message_id = _asked(lit, "C17")
    lit.world.deliver("C17")
    [(wire, _)] = lit.world.queue.handed
    found = _document(wire.body)
    assert (found["header"]["sender"], found["header"]["type"], found["document"]) == ("SPG", "ConnectionNotification", {})
    assert "case_reference" not in found["header"]
    assert lit.delivery(message_id).state is DeliveryState.HANDED_OVER


def test_a_shelf_holds_it_until_it_is_acknowledged(lit: Lit) -> None:
    message_id, gamma = _asked(lit, "C20"), OrganisationId("gamma")
    [item] = lit.world.pipeline.collect(gamma, 0, 10)
    assert _document(item.wire.body)["header"]["type"] == "ConnectionNotification"
    lit.world.pipeline.acknowledge(gamma, item.delivery_id)
    assert lit.delivery(message_id).state is DeliveryState.DELIVERED
    assert lit.world.parcels("C20") == []


def test_an_spg_endpoint_is_called_with_it(lit: Lit) -> None:
    _asked(lit, "N00")
    lit.world.deliver("N00")
    [(wire, address)] = lit.world.push.handed
    assert address.url == "https://ndelius.example/in"
    assert b"ConnectionNotification" in wire.body
    assert b"CaseReferenceNumber>X" not in wire.body
    assert lit.world.bugs == []
