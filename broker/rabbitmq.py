"""RabbitMQ over AMQP 0-9-1: publishing with windows of confirms, consuming in batches.

What it is: the real twin of `broker.contract`, on pika, one connection in a thread of its own per publisher and
vhost and per consumer. What it is not: a builder of queues: that is `broker.admin`. Called by `bootstrap` and
the simulated partners. Follows RabbitMQ's Publisher Confirms and Consumer Acknowledgements guides.
"""

import ssl
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import assert_never
from weakref import WeakSet

import pika
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic, BasicProperties

from broker.contract import BrokerUnavailable, Confirm, Outcome, Publication, Received
from broker.link import Link

HEARTBEAT_SECONDS = 30
SOCKET_SECONDS = 10.0
CONFIRM_SECONDS = 30.0
"""A broker that confirms nothing for so long (memory alarm, lost quorum) counts as unavailable."""
WINDOW_MESSAGES = 1000
WINDOW_BYTES = 16 * 1024 * 1024
"""At most so much is published before its confirms are awaited, which bounds what waits in our memory."""
PERSISTENT = 2


class _Window:
    """Publications on their way together, and what became of each."""

    def __init__(self, publications: Sequence[Publication]) -> None:
        self.publications = publications
        self.confirms: list[Confirm | None] = [None] * len(publications)
        self.left = len(publications)
        self.done = threading.Event()
        self.failure = ""

    def resolve(self, index: int, confirm: Confirm) -> None:
        # a return comes before the confirm of the same message, and says more
        if self.confirms[index] is None:
            self.confirms[index] = confirm

    def settle_one(self) -> None:
        self.left -= 1
        if not self.left:
            self.done.set()

    def fail(self, reason: str) -> None:
        self.failure = reason
        self.done.set()

    def answers(self) -> list[Confirm]:
        known = [confirm for confirm in self.confirms if confirm is not None]
        if len(known) != len(self.publications):
            raise BrokerUnavailable(self.failure)
        return known


class _Pipe:
    """One publishing channel. `_pending` and `_next_tag` belong to the link's thread."""

    def __init__(self, parameters: pika.ConnectionParameters, user_id: str | None) -> None:
        self._user_id = user_id
        self._next_tag = 0
        self._pending: OrderedDict[int, tuple[_Window, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._waiting: set[_Window] = set()
        self._link = Link(parameters, self._prepare, self._lost)

    @property
    def alive(self) -> bool:
        return self._link.alive

    def carry(self, publications: Sequence[Publication]) -> list[Confirm]:
        """Publish and wait for every answer."""
        window = _Window(publications)
        # known before it is sent, so that a loss at any moment reaches it
        with self._lock:
            self._waiting.add(window)
        try:
            self._link.call(partial(self._send, window))
            return self._await(window)
        finally:
            with self._lock:
                self._waiting.discard(window)

    def close(self) -> None:
        self._link.close()

    def _await(self, window: _Window) -> list[Confirm]:
        if not window.done.wait(CONFIRM_SECONDS):
            self._link.give_up("the broker does not confirm")
            raise BrokerUnavailable(f"no confirm within {CONFIRM_SECONDS:.0f} s")
        return window.answers()

    def _prepare(self, link: Link, channel: Channel) -> None:
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=link.ready)

    def _send(self, window: _Window, channel: Channel) -> None:
        for index, item in enumerate(window.publications):
            self._next_tag += 1
            self._pending[self._next_tag] = (window, index)
            properties = BasicProperties(content_type=item.content_type, delivery_mode=PERSISTENT, message_id=item.message_id, user_id=self._user_id)
            channel.basic_publish(item.exchange, item.routing_key, item.body, properties, mandatory=True)

    def _confirmed(self, frame: Method) -> None:
        answer = frame.method
        confirm = Confirm.CONFIRMED if isinstance(answer, Basic.Ack) else Confirm.REJECTED
        for tag in self._tags(answer.delivery_tag, multiple=answer.multiple):
            window, index = self._pending.pop(tag)
            window.resolve(index, confirm)
            window.settle_one()

    def _tags(self, last: int, *, multiple: bool) -> list[int]:
        if not multiple:
            return [last] if last in self._pending else []
        tags = []
        for tag in self._pending:
            if tag > last:
                break
            tags.append(tag)
        return tags

    def _returned(self, _channel: Channel, method: Basic.Return, properties: BasicProperties, _body: bytes) -> None:
        """Find what came back: returns carry no tag, but come in the order of publishing."""
        wanted = (properties.message_id, method.exchange, method.routing_key)
        for window, index in self._pending.values():
            item = window.publications[index]
            if window.confirms[index] is None and (item.message_id, item.exchange, item.routing_key) == wanted:
                window.resolve(index, Confirm.RETURNED)
                return

    def _lost(self, reason: str) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for window in waiting:
            window.fail(reason)


class RabbitPublisher:
    """One connection per vhost, opened when first needed and again after a loss. Any thread may publish."""

    def __init__(self, parameters: Callable[[str], pika.ConnectionParameters], user_id: str | None = None) -> None:
        self._parameters = parameters
        self._user_id = user_id
        self._lock = threading.Lock()
        self._pipes: dict[str, _Pipe] = {}

    def publish(self, publications: Sequence[Publication]) -> Sequence[Confirm]:
        """See `broker.contract.Publisher`."""
        answers: dict[int, Confirm] = {}
        by_vhost: dict[str, list[int]] = {}
        for index, item in enumerate(publications):
            by_vhost.setdefault(item.vhost, []).append(index)
        for vhost, indices in by_vhost.items():
            confirms = self._through(vhost, [publications[index] for index in indices])
            answers.update(zip(indices, confirms, strict=True))
        return [answers[index] for index in range(len(publications))]

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            pipes, self._pipes = list(self._pipes.values()), {}
        for pipe in pipes:
            pipe.close()

    def _through(self, vhost: str, publications: Sequence[Publication]) -> list[Confirm]:
        return [confirm for window in _windows(publications) for confirm in self._pipe(vhost).carry(window)]

    def _pipe(self, vhost: str) -> _Pipe:
        with self._lock:
            pipe = self._pipes.get(vhost)
            if pipe is None or not pipe.alive:
                pipe = self._pipes[vhost] = _Pipe(self._parameters(vhost), self._user_id)
            return pipe


class RabbitConsumer:
    """One queue through one connection. What lies in `_buffer` is not yet taken; `_unsettled` is in order of arrival."""

    def __init__(self, parameters: pika.ConnectionParameters, queue: str, prefetch: int) -> None:
        self._parameters = parameters
        self._queue = queue
        self._prefetch = prefetch
        self._changed = threading.Condition(threading.RLock())
        self._wanted = 1
        self._buffer: deque[Received] = deque()
        self._unsettled: OrderedDict[int, None] = OrderedDict()
        self._epoch = 0
        self._base = 0
        self._last = 0
        self._failure: str | None = None
        self._link: Link | None = None

    def receive(self, limit: int, wait_seconds: float, linger_seconds: float = 0.005) -> Sequence[Received]:
        """See `broker.contract.Consumer`."""
        self._connect()
        with self._changed:
            if self._wait_for(1, wait_seconds):
                self._wait_for(limit, linger_seconds)
            if self._failure is not None:
                # said once: the next call connects again
                reason = self._failure
                self._forget_link()
                raise BrokerUnavailable(reason)
            return [self._buffer.popleft() for _ in range(min(limit, len(self._buffer)))]

    def settle(self, received: Sequence[Received], outcome: Outcome) -> None:
        """See `broker.contract.Consumer`. Raises BrokerUnavailable for what came by a connection since lost:
        it will come again."""
        with self._changed:
            tags = sorted(item.tag for item in received if item.tag > self._base)
            runs = list(self._runs(tags))
            base = self._base
        if runs and self._link is not None:
            self._link.call(partial(_answer, outcome, [(tag - base, multiple) for tag, multiple in runs]))
        if len(tags) != len(received):
            raise BrokerUnavailable("the connection that these came by was lost; they will come again")

    def close(self) -> None:
        """Close the connection; whatever was not settled goes back to its queue."""
        if self._link is not None:
            self._link.close()
            self._forget_link()

    def _connect(self) -> None:
        if self._link is None:
            with self._changed:
                self._epoch += 1
                epoch = self._epoch
            try:
                self._link = Link(self._parameters, partial(self._prepare, epoch), partial(self._lost, epoch))
            except BrokerUnavailable:
                self._forget_link()
                raise

    def _forget_link(self) -> None:
        """From now on nothing that the old link still says is heard."""
        with self._changed:
            self._drop_unsettled()
            self._epoch += 1
            self._link, self._failure = None, None

    def _wait_for(self, count: int, seconds: float) -> bool:
        self._wanted = count
        self._changed.wait_for(lambda: len(self._buffer) >= count or self._failure is not None, timeout=seconds)
        return bool(self._buffer)

    def _runs(self, tags: Sequence[int]) -> Iterator[tuple[int, bool]]:
        """Answers to give: one multiple answer for what is settled from the oldest on, then one each."""
        wanted = set(tags)
        head = 0
        while self._unsettled and (oldest := next(iter(self._unsettled))) in wanted:
            del self._unsettled[oldest]
            wanted.discard(oldest)
            head = oldest
        if head:
            yield head, True
        for tag in sorted(wanted):
            if tag not in self._unsettled:
                raise ValueError("a message was settled twice")
            del self._unsettled[tag]
            yield tag, False

    def _prepare(self, epoch: int, link: Link, channel: Channel) -> None:
        channel.add_on_cancel_callback(lambda _frame: link.give_up("the queue is gone"))
        channel.basic_qos(prefetch_count=self._prefetch)
        channel.basic_consume(self._queue, partial(self._arrived, epoch), callback=link.ready)

    def _arrived(self, epoch: int, _channel: Channel, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> None:
        with self._changed:
            if epoch != self._epoch:
                return
            tag = self._last = self._base + method.delivery_tag
            self._unsettled[tag] = None
            self._buffer.append(_received(tag, method, properties, body))
            if len(self._buffer) >= self._wanted:
                self._changed.notify()

    def _lost(self, epoch: int, reason: str) -> None:
        with self._changed:
            if epoch == self._epoch:
                self._drop_unsettled()
                self._failure = reason
                self._changed.notify()

    def _drop_unsettled(self) -> None:
        # the broker counts its tags anew on each channel; ours go on, so that an old one settles nothing new
        self._base = self._last
        self._buffer.clear()
        self._unsettled.clear()


class RabbitBroker:
    """Connects to one broker; its vhosts by logical name. See `broker.contract.Broker`."""

    def __init__(self, urls: Mapping[str, str], *, ssl_context: ssl.SSLContext | None = None) -> None:
        """`urls`: one AMQP URL per logical vhost, with user and password; TLS for `amqps`, by this context."""
        self._urls = dict(urls)
        self._ssl_context = ssl_context
        self._publishers: list[RabbitPublisher] = []
        # a connected consumer is kept alive by its connection's thread; one that is dropped unconnected owes nothing
        self._consumers: WeakSet[RabbitConsumer] = WeakSet()

    def publisher(self, user_id: str | None = None) -> RabbitPublisher:
        """A publisher; with `user_id`, says in each message which user publishes, and the broker checks it."""
        made = RabbitPublisher(self._parameters, user_id)
        self._publishers.append(made)
        return made

    def consumer(self, vhost: str, queue: str, *, prefetch: int = 400) -> RabbitConsumer:
        """A consumer of one queue; connects at its first `receive`."""
        made = RabbitConsumer(self._parameters(vhost), queue, prefetch)
        self._consumers.add(made)
        return made

    def close(self) -> None:
        """Close all that this made."""
        for publisher in self._publishers:
            publisher.close()
        for consumer in list(self._consumers):
            consumer.close()

    def _parameters(self, vhost: str) -> pika.ConnectionParameters:
        parameters = pika.URLParameters(self._urls[vhost])
        parameters.heartbeat = HEARTBEAT_SECONDS
        parameters.socket_timeout = parameters.stack_timeout = SOCKET_SECONDS
        parameters.connection_attempts = 1
        if parameters.ssl_options is not None and self._ssl_context is not None:
            parameters.ssl_options = pika.SSLOptions(self._ssl_context, parameters.host)
        return parameters


def _windows(publications: Sequence[Publication]) -> Iterator[list[Publication]]:
    window: list[Publication] = []
    size = 0
    for item in publications:
        if window and (len(window) == WINDOW_MESSAGES or size + len(item.body) > WINDOW_BYTES):
            yield window
            window, size = [], 0
        window.append(item)
        size += len(item.body)
    if window:
        yield window


def _received(tag: int, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> Received:
    return Received(
        body,
        tag,
        properties.message_id or "",
        properties.content_type or "",
        properties.user_id or "",
        method.redelivered,
        properties.headers or {},
    )


def _answer(outcome: Outcome, runs: Sequence[tuple[int, bool]], channel: Channel) -> None:
    for tag, multiple in runs:
        match outcome:
            case Outcome.DONE:
                channel.basic_ack(tag, multiple=multiple)
            case Outcome.AGAIN:
                channel.basic_nack(tag, multiple=multiple, requeue=True)
            case Outcome.POISON:
                channel.basic_nack(tag, multiple=multiple, requeue=False)
            case _:
                assert_never(outcome)
