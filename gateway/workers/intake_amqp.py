"""AMQP intake: what organisations published to their own exchange `from.<org>`.

What it is: a door: a thread and a consumer per organisation; the queue that a message lies in says whose
connection wrote it. What it is not: a decision. A broker's confirm on `from.<org>` is no receipt: ours goes
to `to.<org>` through the outbox, and a message is acknowledged only when that is durable.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from adapters.contract import WireMessage
from broker.contract import Broker, Consumer, Outcome, Received
from gateway.contract import Clock
from gateway.exchange.receipts import LINES_MEDIA_TYPE, MEDIA_TYPE
from gateway.exchange.results import Declined, SubmitResult
from gateway.exchange.submission import Submission
from gateway.pipeline import Pipeline
from gateway.workers.loop import UNAVAILABLE, patiently
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId

_Letter = tuple[Received, list[Submission]]
_WAIT_SECONDS = 0.5
_SOAP = ("text/xml", "application/soap+xml")
_MOST_LINES = 200
"""Of one bundle; what stands beyond is one line too long to be a JWS, and refused as that."""


class AmqpIntake:
    """The intake of one organisation."""

    def __init__(
        self,
        organisation: OrganisationId,
        broker: Broker,
        pipeline: Pipeline,
        clock: Clock,
        *,
        items: int = 100,
        linger_seconds: float = 0.005,
        report: Callable[[str, str], None] = lambda _worker, _kind: None,
    ) -> None:
        self._organisation, self._broker, self._pipeline, self._clock = organisation, broker, pipeline, clock
        self._items, self._linger_seconds, self._report = items, linger_seconds, report

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
                    self._take(consumer, received, stop)
        finally:
            consumer.close()

    def _take(self, consumer: Consumer, received: Sequence[Received], stop: threading.Event) -> None:
        """Without a store the batch is held, not put back: RabbitMQ would bring it again in another order."""
        letters = [(item, submissions_of(item, self._organisation, self._clock())) for item in received]
        for place, some in enumerate(batches := list(_bounded(letters, self._items))):
            try:
                results = patiently(partial(self._submit, some), stop, partial(self._report, self.name))
            except UNAVAILABLE:
                consumer.settle([item for batch in batches[place:] for item, _ in batch], Outcome.AGAIN)
                raise
            self._settle(consumer, some, iter(results))

    def _submit(self, letters: Sequence[_Letter]) -> Sequence[SubmitResult]:
        return self._pipeline.submit([submission for _, letter in letters for submission in letter])

    def _settle(self, consumer: Consumer, letters: Sequence[_Letter], results: Iterator[SubmitResult]) -> None:
        # Of a bundle with a bug in it, what was taken is known as a duplicate when the whole comes again.
        verdicts = [[is_bug(next(results)) for _ in letter] for _, letter in letters]
        for outcome, wanted in ((Outcome.POISON, True), (Outcome.DONE, False)):
            some = [item for (item, _), bugs in zip(letters, verdicts, strict=True) if any(bugs) is wanted]
            if some:
                consumer.settle(some, outcome)


def _bounded(letters: Sequence[_Letter], items: int) -> Iterator[list[_Letter]]:
    """In order, so many letters at a time that their lines stay within a batch; a longer bundle is one by itself."""
    batch: list[_Letter] = []
    for letter in letters:
        if batch and sum(len(lines) for _, lines in batch) + len(letter[1]) > items:
            yield batch
            batch = []
        batch.append(letter)
    if batch:
        yield batch


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
