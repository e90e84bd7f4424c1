"""The broker's promises kept in one process: the embedded default where no RabbitMQ can be had.

What it is: the twin of `broker.rabbitmq`, with queues, bindings and limits from the same topology values, for
any number of threads. What it is not: durable: the store is the truth, and the sweeper refills it at start.
Called by `bootstrap` and the tests.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType

from broker.contract import BrokerUnavailable, Confirm, Outcome, Publication, Received
from broker.topology import DEAD, DELIVERY_LIMIT, Queue, Topology


@dataclass(frozen=True, slots=True)
class _Held:
    """One message in a queue, and how often it has come back."""

    publication: Publication
    position: int
    user_id: str = ""
    returns: int = 0
    headers: Mapping[str, object] = field(default_factory=dict)


class _Queue:
    """Waiting messages in order, and the consumers that were attached, oldest first."""

    def __init__(self, declared: Queue) -> None:
        self.declared = declared
        self.waiting: deque[_Held] = deque()
        self.held_bytes = 0
        self.consumers: list[MemoryConsumer] = []
        self._next_position = 0

    def is_full(self) -> bool:
        # as in RabbitMQ, the limit is looked at before a message, not with it
        limit = self.declared.byte_limit
        return limit is not None and self.held_bytes >= limit

    def put(self, publication: Publication, user_id: str, headers: Mapping[str, object]) -> None:
        self._next_position += 1
        self.held_bytes += len(publication.body)
        self.waiting.append(_Held(publication, self._next_position, user_id, headers=headers))

    def put_back(self, held: Sequence[_Held]) -> None:
        """To their old places: order is kept for who consumes next."""
        merged = sorted([*held, *self.waiting], key=lambda one: one.position)
        self.waiting = deque(merged)

    def drop(self, held: _Held) -> None:
        self.held_bytes -= len(held.publication.body)

    def serves(self, consumer: "MemoryConsumer") -> bool:
        """With a single active consumer, the one that came first is served until it goes."""
        return not self.declared.single_active or (bool(self.consumers) and self.consumers[0] is consumer)


class MemoryBroker:
    """Queues of one process. See `broker.contract.Broker`."""

    def __init__(self, topology: Topology) -> None:
        self.changed = threading.Condition()
        self._exchanges: set[tuple[str, str]] = set()
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._bindings: dict[tuple[str, str, str], list[_Queue]] = {}
        self._fanouts: set[tuple[str, str]] = set()
        self.apply(topology)

    def apply(self, topology: Topology) -> None:
        """Add what the topology names; what is there already stays with its messages."""
        with self.changed:
            for exchange in topology.exchanges:
                self._exchanges.add((exchange.vhost, exchange.name))
                if exchange.kind == "fanout":
                    self._fanouts.add((exchange.vhost, exchange.name))
            for queue in topology.queues:
                self._queues.setdefault((queue.vhost, queue.name), _Queue(queue))
            for binding in topology.bindings:
                bound = self._bindings.setdefault(self._key(binding.vhost, binding.exchange, binding.routing_key), [])
                target = self._queues[binding.vhost, binding.queue]
                if target not in bound:
                    bound.append(target)

    def publisher(self, user_id: str = "") -> "MemoryPublisher":
        """A publisher; `user_id` is what receivers see, believed here because nobody else is in the process."""
        return MemoryPublisher(self, user_id)

    def consumer(self, vhost: str, queue: str, *, prefetch: int = 400) -> "MemoryConsumer":
        """See `broker.contract.Broker`."""
        return MemoryConsumer(self, vhost, queue, prefetch)

    def close(self) -> None:
        """Nothing to release: consumers are closed by their threads."""

    def queue(self, vhost: str, name: str) -> _Queue:
        """A declared queue. Raises BrokerUnavailable for any other name. The caller holds `changed`."""
        try:
            return self._queues[vhost, name]
        except KeyError:
            raise BrokerUnavailable(f"there is no queue {name!r}") from None

    def route(self, publication: Publication, user_id: str, headers: Mapping[str, object] = MappingProxyType({})) -> Confirm:
        """Put one message into every bound queue. The caller holds `changed`."""
        if (publication.vhost, publication.exchange) not in self._exchanges:
            raise BrokerUnavailable(f"there is no exchange {publication.exchange!r}")
        queues = self._bindings.get(self._key(publication.vhost, publication.exchange, publication.routing_key), [])
        if not queues:
            return Confirm.RETURNED
        if any(queue.is_full() for queue in queues):
            return Confirm.REJECTED
        for queue in queues:
            queue.put(publication, user_id, headers)
        return Confirm.CONFIRMED

    def bury(self, queue: _Queue, held: _Held, reason: str) -> None:
        """Move a message to the dead letter queue of its vhost. The caller holds `changed`."""
        queue.drop(held)
        if queue.declared.arguments.get("x-dead-letter-exchange") == DEAD:
            death = {"queue": queue.declared.name, "reason": reason, "count": 1, "time": datetime.now(UTC)}
            self.route(replace(held.publication, exchange=DEAD), held.user_id, {"x-death": [death]})

    def _key(self, vhost: str, exchange: str, routing_key: str) -> tuple[str, str, str]:
        return vhost, exchange, "" if (vhost, exchange) in self._fanouts else routing_key


class MemoryPublisher:
    """See `broker.contract.Publisher`."""

    def __init__(self, broker: MemoryBroker, user_id: str) -> None:
        self._broker = broker
        self._user_id = user_id

    def publish(self, publications: Sequence[Publication]) -> Sequence[Confirm]:
        """Confirmed at once: what is in the queue is as safe as it gets here."""
        with self._broker.changed:
            try:
                return [self._broker.route(publication, self._user_id) for publication in publications]
            finally:
                self._broker.changed.notify_all()

    def close(self) -> None:
        """Nothing to release."""


class MemoryConsumer:
    """See `broker.contract.Consumer`."""

    def __init__(self, broker: MemoryBroker, vhost: str, queue: str, prefetch: int) -> None:
        self._broker = broker
        self._place = (vhost, queue)
        self._prefetch = prefetch
        self._next_tag = 0
        self._unsettled: dict[int, _Held] = {}
        self._queue: _Queue | None = None

    def receive(self, limit: int, wait_seconds: float, linger_seconds: float = 0.005) -> Sequence[Received]:
        """See `broker.contract.Consumer`."""
        with self._broker.changed:
            queue = self._attach()
            if self._wait_for(queue, 1, wait_seconds):
                self._wait_for(queue, limit, linger_seconds)
            return [self._take(queue) for _ in range(min(limit, self._available(queue)))]

    def settle(self, received: Sequence[Received], outcome: Outcome) -> None:
        """See `broker.contract.Consumer`."""
        with self._broker.changed:
            queue = self._attach()
            held = [self._claim(item) for item in received]
            match outcome:
                case Outcome.DONE:
                    for one in held:
                        queue.drop(one)
                case Outcome.AGAIN:
                    self._give_back(queue, held)
                case Outcome.POISON:
                    for one in held:
                        self._broker.bury(queue, one, "rejected")
            self._broker.changed.notify_all()

    def close(self) -> None:
        """Leave the queue; whatever was not settled goes back to it."""
        with self._broker.changed:
            queue = self._queue
            if queue is None:
                return
            queue.consumers.remove(self)
            self._queue = None
            self._give_back(queue, list(self._unsettled.values()))
            self._unsettled.clear()
            self._broker.changed.notify_all()

    def _attach(self) -> _Queue:
        if self._queue is None:
            self._queue = self._broker.queue(*self._place)
            self._queue.consumers.append(self)
        return self._queue

    def _available(self, queue: _Queue) -> int:
        return min(len(queue.waiting), self._prefetch - len(self._unsettled)) if queue.serves(self) else 0

    def _wait_for(self, queue: _Queue, count: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._available(queue) < count and (left := deadline - time.monotonic()) > 0:
            self._broker.changed.wait(left)
        return self._available(queue) > 0

    def _take(self, queue: _Queue) -> Received:
        held = queue.waiting.popleft()
        self._next_tag += 1
        self._unsettled[self._next_tag] = held
        item = held.publication
        return Received(item.body, self._next_tag, item.message_id, item.content_type, held.user_id, redelivered=held.returns > 0, headers=dict(held.headers))

    def _claim(self, received: Received) -> _Held:
        held = self._unsettled.pop(received.tag, None)
        if held is None:
            raise ValueError("a message was settled twice")
        return held

    def _give_back(self, queue: _Queue, held: Sequence[_Held]) -> None:
        """Put back with one more return each; above the limit to the dead letters, as a quorum queue does."""
        returned = [replace(one, returns=one.returns + 1) for one in held]
        queue.put_back([one for one in returned if one.returns <= _limit(queue)])
        for one in returned:
            if one.returns > _limit(queue):
                self._broker.bury(queue, one, "delivery_limit")


def _limit(queue: _Queue) -> int:
    return int(queue.declared.arguments.get("x-delivery-limit", DELIVERY_LIMIT))
