"""What a broker owes: a publisher with confirms, and a consumer of batches.

What it is: the port that `rabbitmq` and `memory` both keep, proved by one suite in `tests/contract`.
What it is not: a client library. Called by the workers and by the queue channel. AMQP 0-9-1 terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol


class BrokerUnavailable(Exception):
    """The broker is not there now. Retried by whoever called, with backoff."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One durable message to publish, `mandatory`, persistent."""

    vhost: str
    """`gateway` or `partners`: a logical name, mapped to a real vhost by configuration."""
    exchange: str
    routing_key: str
    body: bytes
    message_id: str
    content_type: str = "application/octet-stream"


class Confirm(Enum):
    """What became of one publication."""

    CONFIRMED = auto()
    """Durable in a quorum of the queue."""
    RETURNED = auto()
    """No queue was bound (`basic.return`): topology is missing."""
    REJECTED = auto()
    """The queue would not take it (`basic.nack`): full, by reject-publish."""


class Outcome(Enum):
    """What to do with something that was received."""

    DONE = auto()
    AGAIN = auto()
    """Put it back: we could not work now."""
    POISON = auto()
    """Never again: to the dead letter exchange."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message out of a queue, not yet acknowledged."""

    body: bytes
    tag: int
    message_id: str = ""
    content_type: str = ""
    user_id: str = ""
    """AMQP `user_id`, checked by the broker against the connection's user."""
    redelivered: bool = False
    headers: dict[str, object] = field(default_factory=dict)


class Publisher(Protocol):
    """Publishes in a window of confirms. May be called from any thread."""

    def publish(self, publications: Sequence[Publication]) -> Sequence[Confirm]:
        """Publish in order and wait for every confirm; one answer each, in the same order.

        Raises BrokerUnavailable when the answer to any of them cannot be known: all may or may not be there.
        """

    def close(self) -> None: ...


class Consumer(Protocol):
    """Takes messages of one queue. Belongs to the thread that made it."""

    def receive(self, limit: int, wait_seconds: float, linger_seconds: float = 0.005) -> Sequence[Received]:
        """Up to `limit` messages: wait `wait_seconds` for the first, then at most `linger_seconds` for more.

        Empty when nothing came. Raises BrokerUnavailable; whatever was not settled will come again.
        """

    def settle(self, received: Sequence[Received], outcome: Outcome) -> None:
        """Acknowledge, put back, or dead-letter all of these."""

    def close(self) -> None: ...


class Broker(Protocol):
    """Makes publishers and consumers. One per process."""

    def publisher(self) -> Publisher: ...

    def consumer(self, vhost: str, queue: str, *, prefetch: int = 400) -> Consumer: ...

    def close(self) -> None: ...
