"""The workers that dead letters pass through, around a world and any broker."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from broker.contract import Broker, Received
from broker.topology import Topology, gateway_topology, partners_topology
from gateway.exchange.submission import Submission
from gateway.records import DeadLetter
from gateway.steps.submit import SubmitStep
from gateway.workers.dead_letters import DeadLetterWorker
from gateway.workers.loop import Crew, Worker
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.world import World

TOPOLOGY: Topology = gateway_topology([PartyCode("C17")]) + partners_topology([OrganisationId("alpha")])


def undertaker(world: World, broker: Broker, holder: str = "test") -> DeadLetterWorker:
    return DeadLetterWorker(world.store, broker, world.pipeline, lambda: world.now, world.means, holder=holder)


@contextmanager
def working(workers: Sequence[Worker]) -> Iterator[list[tuple[str, str]]]:
    """Each in its thread; yields what they reported."""
    reports: list[tuple[str, str]] = []
    crew = Crew(lambda name, kind: reports.append((name, kind)))
    crew.start(workers)
    try:
        yield reports
    finally:
        assert crew.stop()


def eventually(look: Callable[[], list[DeadLetter]], seconds: float = 20) -> list[DeadLetter]:
    """What is seen once something is."""
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def letters(world: World, *states: str) -> list[DeadLetter]:
    return [one for one in world.store.dead_letters.list(0, 100) if not states or one.state in states]


def buried(body: bytes, queue: str, *, message_id: str = "m-1", content_type: str = "application/jose", when: str = "2026-11-23 12:00:00") -> Received:
    """As it lies in `dead`."""
    return Received(body, 1, message_id, content_type, headers={"x-death": [{"queue": queue, "reason": "rejected", "count": 1, "time": when}]})


def mistaken(monkeypatch: pytest.MonkeyPatch, times: int) -> list[Submission]:
    """A mistake of ours in the next submissions; answers what met it."""
    met: list[Submission] = []
    verify = SubmitStep._verify

    def stumble(step: SubmitStep, submission: Submission, *rest: object) -> object:
        if len(met) < times:
            met.append(submission)
            raise ZeroDivisionError("a mistake of ours")
        return verify(step, submission, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SubmitStep, "_verify", stumble)
    return met


NEVER = threading.Event()
