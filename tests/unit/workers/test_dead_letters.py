"""What becomes of dead letters: kept once, tried once, erased when innocent, left to a person when not."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from broker.contract import Outcome, Publication
from broker.memory import MemoryBroker
from broker.parcel import Parcel, encode
from broker.topology import DEAD, PARTNERS
from gateway.audit.events import AuditCode
from gateway.contract import StoreUnavailable
from gateway.exchange.results import SubmitResult
from gateway.exchange.submission import Submission
from gateway.pipeline import Pipeline
from gateway.records import DeadLetterState
from gateway.trust.sealing import unseal
from gateway.workers.dead_letters import associated
from schemas.identifiers import DeliveryId, PartyCode
from tests.support.dead_letters import NEVER, TOPOLOGY, buried, eventually, letters, mistaken, undertaker, working
from tests.support.world import World, contact, make_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield made
    made.store.close()


def bury(world: World, item: object, vhost: str = PARTNERS) -> None:
    undertaker(world, MemoryBroker(TOPOLOGY)).bury(vhost, item, NEVER)  # type: ignore[arg-type]


def test_an_innocent_message_is_taken_and_its_copy_erased(world: World) -> None:
    wire = world.signed("alpha", contact("m-1"))
    bury(world, buried(wire.body, "from.alpha"))
    [letter] = letters(world)
    assert (letter.state, letter.queue, letter.reason, letter.size) == (DeadLetterState.TAKEN, "from.alpha", "rejected", len(wire.body))
    kept = world.store.dead_letters.get(letter.letter_id)
    assert kept is not None
    assert kept.body is None, "the submission archives it"
    assert len(world.parcels("C17")) == 1
    assert len(world.post("alpha")) == 1, "its sender has its receipt"
    assert [event.code for event in world.events if event.subject == letter.letter_id] == [AuditCode.DEAD_LETTER_STORED, AuditCode.DEAD_LETTER_TRIED]


def test_what_meets_a_mistake_again_waits_sealed_for_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = world.signed("alpha", contact("m-1"))
    met = mistaken(monkeypatch, 1)
    bury(world, buried(wire.body, "from.alpha"))
    [letter] = letters(world)
    assert (len(met), letter.state) == (1, DeadLetterState.NEEDS_A_PERSON)
    kept = world.store.dead_letters.get(letter.letter_id)
    assert kept is not None
    assert kept.body is not None
    assert wire.body not in kept.body.ciphertext
    assert unseal(kept.body, world.means.archive, associated(letter.letter_id)) == wire.body
    assert world.post("alpha") == []


def test_what_nobody_signed_is_declined_and_erased(world: World) -> None:
    bury(world, buried(b"\x00 no message", "from.alpha", message_id="x\x00\x1b[2J"))
    [letter] = letters(world)
    assert (letter.state, letter.message_id) == (DeadLetterState.DECLINED, "x[2J")


def test_another_organisations_message_is_not_taken(world: World) -> None:
    wire = world.signed("beta", contact("m-1", sender="C17", recipients=["C05"]))
    bury(world, buried(wire.body, "from.alpha"))
    assert [letter.state for letter in letters(world)] == [DeadLetterState.DECLINED]
    assert world.parcels("C05") == []


def test_a_parcel_leaves_no_body(world: World) -> None:
    parcel = Parcel("deliver", DeliveryId("d-1"), PartyCode("C17"), "lane", b"sealed")
    bury(world, buried(encode(parcel), "outbound.C17", message_id="d-1", content_type="application/octet-stream"), "gateway")
    bury(world, buried(b"for alpha", "to.alpha"))
    assert [(letter.state, letter.queue) for letter in letters(world)] == [(DeadLetterState.IN_STORE, "outbound.C17"), (DeadLetterState.IN_STORE, "to.alpha")]
    assert [world.store.dead_letters.get(letter.letter_id).body for letter in letters(world)] == [None, None]  # type: ignore[union-attr]
    assert world.events[0].facts["delivery"] == "d-1"
    assert "delivery" not in world.events[1].facts


@pytest.mark.parametrize("headers", [{}, {"x-death": "nonsense"}, {"x-death": []}, {"x-death": [7]}])
def test_what_has_no_history_waits_for_a_person(world: World, headers: dict[str, object]) -> None:
    bury(world, replace(buried(b"whose?", "from.alpha"), headers=headers))
    assert [(letter.state, letter.queue) for letter in letters(world)] == [(DeadLetterState.NEEDS_A_PERSON, "")]


def test_a_try_that_ended_its_process_is_not_made_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    item = buried(world.signed("alpha", contact("m-1")).body, "from.alpha")

    def die(*_: object) -> Sequence[SubmitResult]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "submit", die)
        with pytest.raises(KeyboardInterrupt):
            bury(world, item)
    bury(world, item)
    bury(world, item)
    assert [letter.state for letter in letters(world)] == [DeadLetterState.NEEDS_A_PERSON]
    assert world.parcels("C17") == []


def test_the_same_message_may_die_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = world.signed("alpha", contact("m-1"))
    mistaken(monkeypatch, 1)
    bury(world, buried(wire.body, "from.alpha"))
    bury(world, buried(wire.body, "from.alpha", when="2026-11-23 12:00:01"))
    assert [letter.state for letter in letters(world)] == [DeadLetterState.NEEDS_A_PERSON, DeadLetterState.TAKEN]


def test_a_store_that_is_away_is_no_fault_of_the_letter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    away, submit = [StoreUnavailable("away")], Pipeline.submit

    def sometimes(pipeline: Pipeline, batch: Sequence[Submission]) -> Sequence[SubmitResult]:
        if away:
            raise away.pop()
        return submit(pipeline, batch)

    monkeypatch.setattr(Pipeline, "submit", sometimes)
    monkeypatch.setattr("gateway.workers.loop._AGAIN_SECONDS", 0.01)
    bury(world, buried(world.signed("alpha", contact("m-1")).body, "from.alpha"))
    assert [letter.state for letter in letters(world)] == [DeadLetterState.TAKEN]


def test_both_queues_are_drained_by_one_at_a_time(world: World) -> None:
    broker = MemoryBroker(TOPOLOGY)
    assert world.store.leases.acquire("dead-letters", "another", world.now, 3600)
    for vhost, queue, body in (("gateway", "outbound.C17", b"\xff no parcel"), ("partners", "from.alpha", world.signed("alpha", contact("m-1")).body)):
        broker.publisher().publish([Publication(vhost, vhost if vhost == "gateway" else queue, queue, body, "m-1")])
        consumer = broker.consumer(vhost, queue)
        consumer.settle(consumer.receive(1, 1), Outcome.POISON)
        consumer.close()
    with working([undertaker(world, broker, "second")]) as reports:
        threading.Event().wait(0.3)
        assert letters(world) == []
        world.store.leases.release("dead-letters", "another")
        eventually(lambda: letters(world, "taken"))
        eventually(lambda: letters(world, "in-store"))
    assert {letter.queue: letter.state.value for letter in letters(world)} == {"outbound.C17": "in-store", "from.alpha": "taken"}
    for vhost in ("gateway", "partners"):
        with broker.changed:
            assert broker.queue(vhost, DEAD).held_bytes == 0
    assert reports == []


def test_who_loses_the_lease_lets_go_of_what_it_held(world: World) -> None:
    broker = MemoryBroker(TOPOLOGY)
    with broker.changed:
        dead = broker.queue(PARTNERS, DEAD)
    with working([undertaker(world, broker, "first")]):
        assert eventually(lambda: list(dead.consumers))  # type: ignore[arg-type, return-value]
        while not world.store.leases.acquire("dead-letters", "another", world.now, 3600):
            world.pass_time(seconds=31)
        assert eventually(lambda: [] if dead.consumers else [1])  # type: ignore[arg-type, return-value]
