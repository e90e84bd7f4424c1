"""A simulated CRC on AMQP: it publishes to its own exchange and reads its own queue, and opens nothing else.

What it is: a consumer that applies once and publishes signed receipts, and a sender that publishes again until it
holds a receipt. What it is not: trusting of the broker: a confirm is no receipt, and everything is verified. Called
by the demo, `gateway simulate` and the scenario tests. It can go down and come back: its queue waits for it.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import httpx

from broker.contract import BrokerUnavailable, Confirm, Consumer, Outcome, Publication, Publisher, Received
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import UNREADABLE, Crc, CrcKeys, Loop
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.gateway_link import JOSE
from gateway.rehearsal.jose import PublishedKeys, digest_of, unbase64url
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.languages import Answering, Language

VHOST = "partners"
BATCH = 50
WAIT_SECONDS = 0.2
LATER_SECONDS = 0.1


class PartnerBroker(Protocol):
    """A broker as its own user sees it."""

    def publisher(self, *, user_id: str = ...) -> Publisher: ...

    def consumer(self, vhost: str, queue: str, *, prefetch: int = 400) -> Consumer: ...

    def close(self) -> None: ...


class QueueCrc(Crc):
    """One CRC on its own queue."""

    def __init__(self, identity: CrcIdentity, keys: CrcKeys, language: Language, answering: Answering, journal_path: Path, flaws: Flaws | None = None) -> None:
        super().__init__(identity, keys, language, answering, journal_path, flaws)
        self._loop: Loop | None = None
        self._publisher: Publisher | None = None
        self._broker: tuple[PartnerBroker, str] | None = None

    def connect(self, keys: PublishedKeys) -> None:
        """Learn the gateway's published keys."""
        self.trust(keys)

    def start(self, broker: PartnerBroker | None = None, user: str = "") -> None:
        """Begin to consume, as this broker user; without one, as the last time."""
        if broker is None and self._broker is not None:
            broker, user = self._broker
        if broker is None:
            raise BrokerUnavailable("the partner has no broker")
        self._broker = (broker, user)
        self._publisher = broker.publisher(user_id=user)
        attached = broker
        self._loop = Loop(self.identity.organisation, lambda loop: self._run(loop, attached))
        self.journal.write(Noted.UP)

    def stop(self) -> None:
        """Stop consuming: the machine is off. What lies in the queue stays there."""
        if self._loop is None:
            return
        self._loop.stop()
        self._loop = None
        if self._publisher is not None:
            self._publisher.close()
        self.journal.write(Noted.DOWN)

    def restart(self) -> None:
        """Off, and on again: what it knows afterwards is what its journal says."""
        self.stop()
        self.recall()
        self.start()

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

    def _run(self, loop: Loop, broker: PartnerBroker) -> None:
        consumer = broker.consumer(VHOST, f"to.{self.identity.organisation}")
        while not loop.stopping:
            if self.flaws.has(Flaw.DOWN) or self.flaws.has(Flaw.HANGS):
                loop.pause()
                continue
            try:
                self._take_all(consumer, consumer.receive(BATCH, WAIT_SECONDS))
            except BrokerUnavailable:
                loop.pause()
        consumer.close()

    def _take_all(self, consumer: Consumer, batch: Sequence[Received]) -> None:
        for received in batch:
            self.dawdle()
            consumer.settle([received], self._outcome(received))

    def _outcome(self, received: Received) -> Outcome:
        """What becomes of one AMQP message: it stays in the queue while something that it needs cannot be had."""
        try:
            for jws in received.body.decode("ascii").split("\n"):
                self._take(jws)
        except httpx.HTTPError:
            time.sleep(LATER_SECONDS)
            return Outcome.AGAIN
        except UNREADABLE as error:
            self.distrust(error)
            self.failures.append(f"{type(error).__name__}: {error}")
        return Outcome.DONE

    def _take(self, jws: str) -> None:
        if unverified_kind(jws) == "receipt+jws":
            self._letters.told(jws)
            return
        self.require_not_big(jws)
        taken = self.judge(jws)
        for receipt in filter(None, (taken.receipt, *taken.late)):
            self.send_signed(receipt)
        if taken.answer is not None:
            self.send(taken.answer)


def unverified_kind(jws: str) -> str:
    """`typ` of a JWS, to choose who verifies it."""
    header = json.loads(unbase64url(jws.partition(".")[0]))
    return str(header.get("typ", "")) if isinstance(header, dict) else ""
