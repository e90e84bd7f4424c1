"""Dead letters: the queues `dead` of both vhosts, drained into the store.

What it is: the last door: what the broker gave up on becomes a row and an audit event. What a partner sent may
have been innocent, prefetched by a worker that was killed a few times: it is kept sealed and handed in once
more, alone. What it is not: a retry: whatever meets a mistake of ours again, or ends the process, waits for a
person. The gateway's own parcels need no second try: the sweeper puts back what the store calls unfinished.
"""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from broker.contract import Broker, Consumer, Outcome, Received
from broker.topology import DEAD, GATEWAY, PARTNERS
from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import Clock, Store
from gateway.exchange.means import Means
from gateway.exchange.results import Declined
from gateway.pipeline import Pipeline
from gateway.records import DeadLetter, DeadLetterState
from gateway.trust.digests import digest
from gateway.trust.sealing import seal
from gateway.workers.intake_amqp import is_bug, submissions_of
from gateway.workers.loop import patiently
from schemas.identifiers import OrganisationId

T = TypeVar("T")
_ITEMS = 20
_WAIT_SECONDS = 0.5
_LEASE, _LEASE_SECONDS = "dead-letters", 30.0
_FROM = "from."
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class _Death:
    """What the broker says about the last death of a message; the first entry of `x-death` is its own."""

    queue: str = ""
    reason: str = ""
    time: str = ""


class DeadLetterWorker:
    """One active; the lease keeps it so."""

    name = "dead-letters"

    def __init__(self, store: Store, broker: Broker, pipeline: Pipeline, clock: Clock, means: Means, *, holder: str) -> None:
        self._store, self._broker, self._pipeline, self._clock, self._means = store, broker, pipeline, clock, means
        self._holder = holder
        self._lease_until: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Drain until told to stop."""
        consumers: dict[str, Consumer] = {}
        try:
            while not stop.is_set():
                if not self._holds_lease():
                    _close_all(consumers)
                    stop.wait(1.0)
                    continue
                for vhost in (GATEWAY, PARTNERS):
                    if vhost not in consumers:
                        consumers[vhost] = self._broker.consumer(vhost, DEAD, prefetch=_ITEMS)
                    self._drain(vhost, consumers[vhost], stop)
        finally:
            _close_all(consumers)
            self._lease_until = None
            self._store.leases.release(_LEASE, self._holder)

    def _holds_lease(self) -> bool:
        """Renewed at half time. Two that drain by mistake harm nobody: the broker gives each its own letters."""
        now = self._clock()
        if self._lease_until is None or now >= self._lease_until - timedelta(seconds=_LEASE_SECONDS / 2):
            held = self._store.leases.acquire(_LEASE, self._holder, now, _LEASE_SECONDS)
            self._lease_until = now + timedelta(seconds=_LEASE_SECONDS) if held else None
        return self._lease_until is not None

    def _drain(self, vhost: str, consumer: Consumer, stop: threading.Event) -> None:
        for item in consumer.receive(_ITEMS, _WAIT_SECONDS):
            if stop.is_set():
                return  # whatever was not settled comes again
            self.bury(vhost, item, stop)
            consumer.settle([item], Outcome.DONE)

    def bury(self, vhost: str, item: Received, stop: threading.Event) -> None:
        """Store one, and where a partner sent it, try it once more. Raises what UNAVAILABLE names: then it comes again."""
        letter = self._letter(vhost, item)
        event = AuditEvent(AuditCode.DEAD_LETTER_STORED, letter.at, letter.letter_id, _facts(letter))
        if self._store.dead_letters.put(letter, event):
            if letter.state is DeadLetterState.STORED:
                self._settle(letter, self._try(letter, item, stop), stop)
            return
        kept = self._store.dead_letters.get(letter.letter_id)
        if kept is not None and kept.state is DeadLetterState.STORED:
            # Nobody noted what came of it: the try ended its process, and shall not end the next one.
            self._settle(letter, DeadLetterState.NEEDS_A_PERSON, stop)

    def _try(self, letter: DeadLetter, item: Received, stop: threading.Event) -> DeadLetterState:
        submissions = submissions_of(item, OrganisationId(letter.queue.removeprefix(_FROM)), letter.at)
        results = patiently(lambda: self._pipeline.submit(submissions), stop)
        if any(is_bug(result) for result in results):
            return DeadLetterState.NEEDS_A_PERSON
        return DeadLetterState.DECLINED if all(isinstance(result, Declined) for result in results) else DeadLetterState.TAKEN

    def _settle(self, letter: DeadLetter, state: DeadLetterState, stop: threading.Event) -> None:
        event = AuditEvent(AuditCode.DEAD_LETTER_TRIED, self._clock(), letter.letter_id, {"state": state.value, "queue": letter.queue})
        patiently(lambda: self._store.dead_letters.settle(letter.letter_id, state, event), stop)

    def _letter(self, vhost: str, item: Received) -> DeadLetter:
        death = _death(item.headers)
        state = _first_state(vhost, death.queue)
        content = digest(item.body)
        identity = "\x00".join((vhost, death.queue, death.time, item.message_id, content))
        letter_id = hashlib.sha256(identity.encode()).hexdigest()[:32]
        return DeadLetter(
            letter_id=letter_id,
            vhost=vhost,
            queue=death.queue,
            reason=death.reason,
            message_id=_plain(item.message_id),
            content_type=_plain(item.content_type),
            size=len(item.body),
            digest=content,
            at=self._clock(),
            state=state,
            body=None if state is DeadLetterState.IN_STORE else seal(item.body, self._means.archive, associated(letter_id), self._means.random),
        )


def _close_all(consumers: dict[str, Consumer]) -> None:
    while consumers:
        consumers.popitem()[1].close()


def associated(letter_id: str) -> bytes:
    """What the seal of a letter's body binds besides the content."""
    return b"dead-letter\x00" + letter_id.encode()


def _first_state(vhost: str, queue: str) -> DeadLetterState:
    if vhost == PARTNERS and queue.startswith(_FROM):
        return DeadLetterState.STORED
    if vhost == GATEWAY or queue:
        return DeadLetterState.IN_STORE  # a parcel, or what we signed for a partner: the store has both
    return DeadLetterState.NEEDS_A_PERSON


def _death(headers: Mapping[str, object]) -> _Death:
    deaths = headers.get("x-death")
    last = deaths[0] if isinstance(deaths, list) and deaths else None
    if not isinstance(last, dict):
        return _Death()
    return _Death(*(_plain(str(last.get(name, ""))) for name in ("queue", "reason", "time")))


def _facts(letter: DeadLetter) -> dict[str, str | int | bool]:
    facts: dict[str, str | int | bool] = {"vhost": letter.vhost, "queue": letter.queue, "reason": letter.reason, "state": letter.state.value}
    facts |= {"content": letter.digest, "bytes": letter.size}
    return facts | ({"delivery": letter.message_id} if letter.vhost == GATEWAY else {})


def _plain(text: str) -> str:
    """What a partner named itself is shown to people and kept in columns of text."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST_TEXT]
