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
from gateway.exchange.receipts import LINES_MEDIA_TYPE, MEDIA_TYPE
from gateway.exchange.results import Declined, SubmitResult
from gateway.exchange.submission import Submission
from gateway.pipeline import Pipeline
from gateway.workers.loop import UNAVAILABLE
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId

_WAIT_SECONDS = 0.5
_SOAP = ("text/xml", "application/soap+xml")
_MOST_LINES = 200
"""Of one bundle; what stands beyond is one line too long to be a JWS, and refused as that."""


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
        letters = [submissions_of(item, self._organisation, self._clock()) for item in received]
        try:
            results = iter(self._pipeline.submit([submission for letter in letters for submission in letter]))
        except UNAVAILABLE:
            consumer.settle(received, Outcome.AGAIN)
            raise
        # Of a bundle with a bug in it, what was taken is known as a duplicate when the whole comes again.
        verdicts = [[is_bug(next(results)) for _ in letter] for letter in letters]
        whole = [not any(bugs) for bugs in verdicts]
        for outcome, wanted in ((Outcome.POISON, False), (Outcome.DONE, True)):
            some = [item for item, sound in zip(received, whole, strict=True) if sound is wanted]
            if some:
                consumer.settle(some, outcome)


def submissions_of(item: Received, organisation: OrganisationId, now: datetime) -> list[Submission]:
    """What an organisation published, as submissions by it: one, or one a line."""
    media_type = item.content_type.partition(";")[0].strip()
    bodies = item.body.split(b"\n", _MOST_LINES) if media_type == LINES_MEDIA_TYPE else [item.body]
    wires = [WireMessage(body, MEDIA_TYPE if media_type == LINES_MEDIA_TYPE else item.content_type or MEDIA_TYPE) for body in bodies]
    packaging = "wss" if media_type in _SOAP else "jws"
    return [Submission(wire=wire, packaging=packaging, channel="amqp", peer=organisation, received_at=now) for wire in wires]


def is_bug(result: SubmitResult) -> bool:
    """True where a mistake of ours kept a message from being taken."""
    return isinstance(result, Declined) and result.fault.code is FaultCode.INTERNAL_ERROR
