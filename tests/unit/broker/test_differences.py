"""The comparison of a broker with its topology: each way in which something can be not as it should be."""

from dataclasses import replace

import pytest

from broker.differences import Difference, FoundExchange, FoundQueue, FoundUser, Kind, Present, State, differences
from broker.topology import EVERYTHING, GATEWAY, NOTHING, PARTNERS, Binding, Permission, Queue, Topology, User, organisation_user, partners_topology
from schemas.identifiers import OrganisationId

NORTH = OrganisationId("north-crc")
WANTED = partners_topology([NORTH]) + organisation_user(NORTH, "north-crc", "hash")
RIGHT = WANTED.users[0].permissions[0]


def as_wanted() -> Present:
    return Present(
        vhosts=frozenset({PARTNERS}),
        exchanges={(one.vhost, one.name): FoundExchange(kind=one.kind, durable=True) for one in WANTED.exchanges},
        queues={(one.vhost, one.name): FoundQueue(durable=True, arguments=one.arguments, messages=7, consumers=1) for one in WANTED.queues},
        bindings=dict.fromkeys(WANTED.bindings, "~"),
        users={"north-crc": FoundUser(password_hash="hash")},
        permissions=frozenset({RIGHT}),
    )


def found(present: Present, wanted: Topology = WANTED, trusted: frozenset[str] = frozenset()) -> list[tuple[State, Kind, str]]:
    return [(one.state, one.kind, one.name) for one in differences(wanted, present, trusted)]


def one_of(present: Present, wanted: Topology = WANTED) -> Difference:
    [only] = differences(wanted, present, frozenset())
    return only


def test_a_broker_that_is_as_it_should_be_differs_in_nothing() -> None:
    assert found(as_wanted()) == []


def test_of_an_empty_broker_everything_is_missing_and_made_in_order() -> None:
    every = differences(WANTED, Present(), frozenset())
    assert {one.state for one in every} == {State.MISSING}
    total = sum((one.made_by for one in every), Topology())
    assert (total.vhosts, total.exchanges, total.queues, total.bindings) == (WANTED.vhosts, WANTED.exchanges, WANTED.queues, WANTED.bindings)
    assert total.users == (User("north-crc", "hash"),)
    assert [one.grant for one in every if one.grant] == [RIGHT]
    assert list(dict.fromkeys(one.kind for one in every)) == list(Kind)


def test_a_queue_of_other_arguments_is_in_conflict_and_its_arguments_are_named() -> None:
    there = as_wanted()
    name = (PARTNERS, "to.north-crc")
    changed = FoundQueue(durable=False, arguments={**there.queues[name].arguments, "x-delivery-limit": 3}, messages=2, consumers=0)
    conflict = one_of(replace(there, queues={**there.queues, name: changed}))
    assert (conflict.state, conflict.kind, conflict.messages) == (State.CONFLICT, Kind.QUEUE, 2)
    assert conflict.detail == "it is not durable; x-delivery-limit is 3, wanted 100"
    assert conflict.made_by == Topology()


def test_an_exchange_of_another_kind_is_in_conflict() -> None:
    there = as_wanted()
    wrong = replace(there, exchanges={**there.exchanges, (PARTNERS, "to"): FoundExchange(kind="topic", durable=True)})
    assert found(wrong) == [(State.CONFLICT, Kind.EXCHANGE, "to")]


def test_unknown_queues_exchanges_and_bindings_are_told_with_what_they_hold() -> None:
    there = as_wanted()
    binding = Binding(PARTNERS, "old", "old.queue", "key")
    more = replace(
        there,
        exchanges={**there.exchanges, (PARTNERS, "old"): FoundExchange(kind="direct", durable=True)},
        queues={**there.queues, (PARTNERS, "old.queue"): FoundQueue(durable=True, arguments={}, messages=5, consumers=0)},
        bindings={**there.bindings, binding: "key"},
    )
    exchange, queue, bound = differences(WANTED, more, frozenset())
    assert {exchange.state, queue.state, bound.state} == {State.UNKNOWN}
    assert (queue.messages, queue.detail, queue.surplus) == (5, "5 messages, 0 consumers", Queue(PARTNERS, "old.queue"))
    assert (bound.name, bound.surplus) == ("old to old.queue by key", binding)


@pytest.mark.parametrize(
    "wrong", [replace(RIGHT, read=EVERYTHING), replace(RIGHT, write=EVERYTHING), replace(RIGHT, configure=EVERYTHING), replace(RIGHT, read="")]
)
def test_another_right_is_different_and_exactly_the_wanted_one_is_given(wrong: Permission) -> None:
    different = one_of(replace(as_wanted(), permissions=frozenset({wrong})))
    assert (different.state, different.grant) == (State.DIFFERENT, RIGHT)


def test_a_right_of_our_users_where_they_need_none_is_different_and_a_strangers_is_unknown() -> None:
    own, strange = Permission("north-crc", GATEWAY, NOTHING, NOTHING, EVERYTHING), Permission("stranger", PARTNERS)
    there = replace(as_wanted(), permissions=frozenset({RIGHT, own, strange}))
    assert [(one.state, one.surplus) for one in differences(WANTED, there, frozenset())] == [(State.DIFFERENT, own), (State.UNKNOWN, strange)]
    assert found(there, trusted=frozenset({"stranger"})) == [(State.DIFFERENT, Kind.PERMISSION, "north-crc")]


def test_another_password_is_different() -> None:
    different = one_of(replace(as_wanted(), users={"north-crc": FoundUser(password_hash="another")}))
    assert (different.state, different.detail) == (State.DIFFERENT, "another password")
    assert different.made_by.users == (User("north-crc", "hash"),)
    assert "hash" not in repr(different)


def test_a_partners_user_with_tags_is_in_conflict_and_gets_no_right() -> None:
    tagged = replace(as_wanted(), users={"north-crc": FoundUser(password_hash="hash", tags=("administrator",))}, permissions=frozenset())
    assert found(tagged) == [(State.CONFLICT, Kind.USER, "north-crc")]


def test_our_own_user_may_have_tags_and_more_rights_than_it_needs() -> None:
    ours = User("gateway", "other", (Permission("gateway", PARTNERS, NOTHING, EVERYTHING, EVERYTHING),))
    wanted = WANTED + Topology(users=(ours,))
    there = as_wanted()
    users = {**there.users, "gateway": FoundUser(password_hash="hash", tags=("administrator",))}
    wide = replace(there, users=users, permissions=frozenset({RIGHT, Permission("gateway", PARTNERS, EVERYTHING, EVERYTHING, EVERYTHING)}))
    assert found(wide, wanted, frozenset({"gateway"})) == []
    narrow = replace(wide, permissions=frozenset({RIGHT, Permission("gateway", PARTNERS, EVERYTHING, EVERYTHING, NOTHING)}))
    assert found(narrow, wanted, frozenset({"gateway"})) == [(State.DIFFERENT, Kind.PERMISSION, "gateway")]
