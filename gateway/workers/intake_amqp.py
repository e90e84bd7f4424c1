"""AMQP intake: what organisations published to their own exchange `from.<org>`.

What it is: a door: a thread and a consumer per organisation; the queue that a message lies in says whose
connection wrote it. What it is not: a decision. A broker's confirm on `from.<org>` is no receipt: ours goes
to `to.<org>` through the outbox, and a message is acknowledged only when that is durable.
"""

import threading
from collections.abc import Sequence
from datetime import datetime

from adapters.contract import WireMessage
from broker.contract import Broker, Consumer, Outcome, Received
from gateway.contract import Clock
from gateway.exchange.results import Declined, SubmitResult
from gateway.exchange.submission import Submission
from gateway.pipeline import Pipeline
from gateway.workers.loop import UNAVAILABLE
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId

_WAIT_SECONDS = 0.5


class AmqpIntake:
    """The intake of one organisation."""

    def __init__(
        self, organisation: OrganisationId, broker: Broker, pipeline: Pipeline, clock: Clock, *, items: int = 100, linger_seconds: float = 0.005
    ) -> None:
        self._organisation, self._broker, self._pipeline, self._clock = organisation, broker, pipeline, clock
        self._items, self._linger_seconds = items, linger_seconds

    @property
    def name(self) -> str:
        """Thread name."""
        return f"intake.{self._organisation}"

    def run(self, stop: threading.Event) -> None:
        """Take in until told to stop."""
        consumer = self._broker.consumer("partners", f"from.{self._organisation}", prefetch=4 * self._items)
        try:
            while not stop.is_set():
                received = consumer.receive(self._items, _WAIT_SECONDS, self._linger_seconds)
                if received:
                    self._take(consumer, received)
        finally:
            consumer.close()

    def _take(self, consumer: Consumer, received: Sequence[Received]) -> None:
        try:
            results = self._pipeline.submit([submission_of(item, self._organisation, self._clock()) for item in received])
        except UNAVAILABLE:
            consumer.settle(received, Outcome.AGAIN)
            raise
        mistaken = [item for item, result in zip(received, results, strict=True) if is_bug(result)]
        if mistaken:
            consumer.settle(mistaken, Outcome.POISON)
        done = [item for item, result in zip(received, results, strict=True) if not is_bug(result)]
        if done:
            consumer.settle(done, Outcome.DONE)


def submission_of(item: Received, organisation: OrganisationId, now: datetime) -> Submission:
    """What an organisation published, as a submission by it."""
    packaging = "wss" if item.content_type.partition(";")[0].strip() in ("text/xml", "application/soap+xml") else "jws"
    return Submission(
        wire=WireMessage(item.body, item.content_type or "application/jose"), packaging=packaging, channel="amqp", peer=organisation, received_at=now
    )


def is_bug(result: SubmitResult) -> bool:
    """True where a mistake of ours kept a message from being taken."""
    return isinstance(result, Declined) and result.fault.code is FaultCode.INTERNAL_ERROR
