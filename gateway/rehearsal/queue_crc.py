"""A simulated CRC on AMQP: it publishes to its own exchange and reads its own queue, and opens nothing else.

What it is: a consumer that applies once and publishes signed receipts, and a sender that publishes again until it
holds a receipt. What it is not: trusting of the broker: a confirm is no receipt, and everything is verified. Called
by the demo and the scenario tests. It can go down and come back: its queue waits for it.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from broker.contract import BrokerUnavailable, Confirm, Consumer, Outcome, Publication, Publisher, Received
from gateway.rehearsal.case_system import CaseSystem, CrcIdentity
from gateway.rehearsal.correspondence import Correspondence
from gateway.rehearsal.gateway_link import JOSE
from gateway.rehearsal.jose import NotBelievedError, PublishedKeys, digest_of, unbase64url
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.json_crc import CrcKeys
from gateway.rehearsal.languages import Answering, Language

VHOST = "partners"
BATCH = 50
WAIT_SECONDS = 0.2
PAUSE_SECONDS = 0.25


class PartnerBroker(Protocol):
    """A broker as its own user sees it."""

    def publisher(self, user_id: str | None = None) -> Publisher: ...

    def consumer(self, vhost: str, queue: str, *, prefetch: int = 400) -> Consumer: ...

    def close(self) -> None: ...


class QueueCrc:
    """One CRC on its own queue."""

    def __init__(self, identity: CrcIdentity, keys: CrcKeys, language: Language, answering: Answering, journal_path: Path) -> None:
        self.identity, self.keys, self.language = identity, keys, language
        self.journal = Journal(journal_path)
        self.failures: list[str] = []
        self._case_system = CaseSystem(identity, keys.sign, language, answering, self.journal)
        self._letters = Correspondence(self._case_system, self.journal)
        self._published: PublishedKeys | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._publisher: Publisher | None = None

    def connect(self, keys: PublishedKeys) -> None:
        """Learn the gateway's published keys."""
        self._published = keys
        self._letters.trust(keys)

    def start(self, broker: PartnerBroker, user: str) -> None:
        """Begin to consume, as this broker user."""
        self._stopping.clear()
        self._publisher = broker.publisher(user_id=user)
        self._thread = threading.Thread(target=self._run, args=(broker,), name=self.identity.organisation, daemon=True)
        self._thread.start()
        self.journal.write(Noted.UP)

    def stop(self) -> None:
        """Stop consuming: the machine is off. What lies in the queue stays there."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._thread = None
        if self._publisher is not None:
            self._publisher.close()
        self.journal.write(Noted.DOWN)

    def close(self) -> None:
        """End everything."""
        self.stop()
        self.journal.close()

    def send(self, payload: bytes) -> str:
        """Publish one message of its own; its receipt comes by the queue. Returns the signed message."""
        jws = self._letters.compose(payload)
        self.send_signed(jws)
        return jws

    def repeat_last(self) -> None:
        """Hand in the last message once more, byte for byte."""
        self.send_signed(self._letters.last_sent)

    def send_signed(self, jws: str) -> None:
        """Publish exactly these bytes (again). Raises BrokerUnavailable."""
        if self._publisher is None:
            raise BrokerUnavailable("the partner is not started")
        exchange = f"from.{self.identity.organisation}"
        publication = Publication(VHOST, exchange, "", jws.encode(), digest_of(jws.encode())[-32:], JOSE)
        if list(self._publisher.publish([publication])) != [Confirm.CONFIRMED]:
            raise BrokerUnavailable("the broker did not take the message")

    def _run(self, broker: PartnerBroker) -> None:
        consumer = broker.consumer(VHOST, f"to.{self.identity.organisation}")
        while not self._stopping.is_set():
            try:
                self._take_all(consumer, consumer.receive(BATCH, WAIT_SECONDS))
            except BrokerUnavailable:
                self._stopping.wait(PAUSE_SECONDS)
        consumer.close()

    def _take_all(self, consumer: Consumer, batch: Sequence[Received]) -> None:
        for received in batch:
            try:
                for jws in received.body.decode("ascii").split("\n"):
                    self._take(jws)
                consumer.settle([received], Outcome.DONE)
            except (NotBelievedError, ValueError, KeyError, TypeError) as error:
                self.journal.write(Noted.DISTRUSTED, reason=f"{type(error).__name__}: {error}")
                self.failures.append(f"{type(error).__name__}: {error}")
                consumer.settle([received], Outcome.DONE)

    def _take(self, jws: str) -> None:
        if self._published is None:
            raise NotBelievedError("the gateway's keys are not known yet")
        if unverified_kind(jws) == "receipt+jws":
            self._letters.told(jws)
            return
        taken = self._case_system.take(jws, self._published)
        self.send_signed(taken.receipt)
        if taken.answer is not None:
            self.send(taken.answer)


def unverified_kind(jws: str) -> str:
    """`typ` of a JWS, to choose who verifies it."""
    header = json.loads(unbase64url(jws.partition(".")[0]))
    return str(header.get("typ", "")) if isinstance(header, dict) else ""
