"""The topology as values: what architecture promises of every queue, binding and permission."""

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.topology import (
    DEAD,
    GATEWAY,
    PARTNERS,
    TO,
    Topology,
    from_queue,
    gateway_topology,
    gateway_user,
    organisation_user,
    outbound_queue,
    partners_topology,
    password_hash,
    to_queue,
)
from schemas.identifiers import OrganisationId, PartyCode

PARTIES = [PartyCode("N00"), PartyCode("C05")]
ORGANISATIONS = [OrganisationId("north-crc"), OrganisationId("south-crc")]
WHOLE = gateway_topology(PARTIES) + partners_topology(ORGANISATIONS)
names = st.from_regex(r"\A[a-z0-9-]{1,20}\Z")


def test_every_queue_is_a_quorum_queue_and_every_one_but_dead_has_the_backstop() -> None:
    for queue in WHOLE.queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.arguments["x-overflow"] == "reject-publish"
        if queue.name != DEAD:
            assert queue.arguments["x-delivery-limit"] == 100
            assert queue.arguments["x-dead-letter-exchange"] == DEAD
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"


def test_each_vhost_has_its_dead_letters() -> None:
    for vhost in (GATEWAY, PARTNERS):
        assert any((exchange.vhost, exchange.name, exchange.kind) == (vhost, DEAD, "fanout") for exchange in WHOLE.exchanges)
        assert any((binding.vhost, binding.exchange, binding.queue) == (vhost, DEAD, DEAD) for binding in WHOLE.bindings)


def test_one_consumer_at_a_time_where_order_matters() -> None:
    single = {queue.name for queue in WHOLE.queues if queue.single_active}
    assert single == {*map(outbound_queue, PARTIES), *map(from_queue, ORGANISATIONS)}


def test_partners_queues_are_bounded_and_ours_are_not() -> None:
    bounded = {queue.name for queue in WHOLE.queues if queue.byte_limit is not None}
    assert bounded == {*map(to_queue, ORGANISATIONS), *map(from_queue, ORGANISATIONS)}


def test_every_binding_joins_what_exists() -> None:
    exchanges = {(exchange.vhost, exchange.name) for exchange in WHOLE.exchanges}
    queues = {(queue.vhost, queue.name) for queue in WHOLE.queues}
    for binding in WHOLE.bindings:
        assert (binding.vhost, binding.exchange) in exchanges
        assert (binding.vhost, binding.queue) in queues
    assert {binding.queue for binding in WHOLE.bindings} == {name for _, name in queues}


def test_the_gateway_reaches_each_partner_by_its_name_alone() -> None:
    reached = [(binding.routing_key, binding.queue) for binding in WHOLE.bindings if binding.exchange == TO]
    assert reached == [(one, to_queue(one)) for one in ORGANISATIONS]


def _may(pattern: str, name: str) -> bool:
    return re.search(pattern, name) is not None


@given(own=names, other=names)
def test_a_partner_reads_and_writes_its_own_alone(own: str, other: str) -> None:
    [user] = organisation_user(OrganisationId(own), "user", "hash").users
    [right] = user.permissions
    assert right.vhost == PARTNERS
    mine, theirs = OrganisationId(own), OrganisationId(other)
    assert _may(right.write, from_queue(mine))
    assert _may(right.read, to_queue(mine))
    everything = [
        from_queue(theirs),
        to_queue(theirs),
        to_queue(mine),
        from_queue(mine),
        TO,
        DEAD,
        "",
        "amq.default",
        "amq.gen-x",
        f"from-{own}",
        f"x{from_queue(mine)}",
    ]
    assert {name for name in everything if _may(right.write, name)} <= {from_queue(mine)}
    assert {name for name in everything if _may(right.read, name)} <= {to_queue(mine)}
    assert not any(_may(right.configure, name) for name in everything if name)


@pytest.mark.parametrize("name", ["", "a.b", ".*", "a|b", "North", "a\n", "a$", "(x)"])
def test_a_name_with_a_meaning_in_expressions_is_not_taken(name: str) -> None:
    with pytest.raises(ValueError, match="lower case"):
        organisation_user(OrganisationId(name), "user", "hash")


def test_the_gateways_user_enters_both_vhosts_and_configures_nothing() -> None:
    [user] = gateway_user("gateway", "hash").users
    assert {right.vhost for right in user.permissions} == {GATEWAY, PARTNERS}
    assert {right.configure for right in user.permissions} == {"^$"}


def test_a_password_hash_is_salt_and_digest() -> None:
    salt = b"\x90\x8d\xc6\x0a"
    # the example of RabbitMQ's documentation ("Passwords", computing a hash by hand): password test12
    assert password_hash("test12", salt) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    assert base64.b64decode(password_hash("x", salt))[4:] == hashlib.sha256(salt + b"x").digest()
    with pytest.raises(ValueError, match="four"):
        password_hash("x", b"")


def test_a_password_hash_is_not_shown() -> None:
    assert "secret-hash" not in repr(organisation_user(ORGANISATIONS[0], "user", "secret-hash"))


def test_sums_name_each_vhost_once_and_lose_nothing() -> None:
    assert WHOLE.vhosts == (GATEWAY, PARTNERS)
    twice = WHOLE + gateway_user("gateway", "hash") + Topology()
    assert twice.vhosts == WHOLE.vhosts
    assert twice.queues == WHOLE.queues
    assert len(twice.users) == 1
