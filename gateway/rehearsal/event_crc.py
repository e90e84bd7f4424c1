"""A simulated CRC that takes events: it is pushed to, or reads its queue, and fetches each detail with its own caller token.

What it is: the channels of an event consumer around its `event_desk`. What it is not: a sender: it hands in receipts and
nothing else. Called by the scenario tests; it can go down and come back, and answers for later when the gateway's door of
details is not there.
"""

import ssl
import threading
from pathlib import Path

import httpx

from broker.contract import BrokerUnavailable, Confirm, Outcome, Publication, Publisher, Received
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.event_desk import EventDesk, Gateway
from gateway.rehearsal.gateway_link import JOSE, Caller, GatewayLink
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, digest_of
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Language
from gateway.rehearsal.listener import Answer, Listener, Place, Request
from gateway.rehearsal.queue_crc import PartnerBroker

EVENTS_PATH = "/events"
VHOST = "partners"
BATCH = 50
WAIT_SECONDS = 0.2
PAUSE_SECONDS = 0.25
_DISTRUST = (NotBelievedError, ValueError, KeyError, TypeError)


class _Consumer:
    """What both have: keys, a journal, a desk, and a way to the gateway's doors."""

    def __init__(self, identity: CrcIdentity, sign: PartnerKey, auth: PartnerKey, language: Language, journal_path: Path) -> None:
        self.identity, self.sign, self.auth, self.language = identity, sign, auth, language
        self.journal = Journal(journal_path)
        self._desk = EventDesk(identity, sign, language, self.journal)
        self._link: GatewayLink | None = None
        self._gateway: Gateway | None = None

    def connect(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Learn the gateway's published keys."""
        self._link = GatewayLink(base_url, Caller(self.identity.organisation, self.auth, self.identity.gateway_audience), tls)
        self._gateway = Gateway(base_url, self._link.published_keys(), self._fetch)

    def close(self) -> None:
        """End everything."""
        if self._link is not None:
            self._link.close()
        self.journal.close()

    def fetch(self, path: str) -> httpx.Response:
        """Ask for any detail, as this consumer, and note nothing."""
        if self._link is None:
            raise httpx.ConnectError("not connected yet")
        return self._link.get(path)

    def _fetch(self, path: str) -> str:
        answer = self.fetch(path)
        if answer.is_client_error:
            raise NotBelievedError(f"the detail was refused ({answer.status_code})")
        return answer.raise_for_status().text

    def _take(self, jws: str) -> str:
        if self._gateway is None:
            raise httpx.ConnectError("not connected yet")
        return self._desk.take(jws, self._gateway)

    def _distrusts(self, error: Exception) -> None:
        self.journal.write(Noted.DISTRUSTED, reason=f"{type(error).__name__}: {error}")


class EventCrc(_Consumer):
    """On push: the receipt is the answer."""

    def __init__(
        self,
        identity: CrcIdentity,
        sign: PartnerKey,
        auth: PartnerKey,
        language: Language,
        journal_path: Path,
        tls: ssl.SSLContext,
        place: Place | None = None,
    ) -> None:
        super().__init__(identity, sign, auth, language, journal_path)
        self._listener = Listener(self._handle, tls, place)

    def endpoint(self) -> str:
        """Where events are pushed to."""
        return self._listener.url(EVENTS_PATH)

    def start(self) -> None:
        """Open the endpoint."""
        self._listener.start()
        self.journal.write(Noted.UP)

    def stop(self) -> None:
        """Close the endpoint: the machine is off."""
        self._listener.stop()
        self.journal.write(Noted.DOWN)

    def close(self) -> None:
        """End everything."""
        self._listener.stop()
        super().close()

    def _handle(self, request: Request) -> Answer:
        try:
            return Answer(200, JOSE, self._take(request.body.decode("ascii")).encode())
        except httpx.HTTPError:
            return Answer(503, body=b"later")
        except _DISTRUST as error:
            self._distrusts(error)
            return Answer(400, body=b"not believed")


class QueueEventCrc(_Consumer):
    """On its own queue: receipts are published to its own exchange."""

    def __init__(self, identity: CrcIdentity, sign: PartnerKey, auth: PartnerKey, language: Language, journal_path: Path) -> None:
        super().__init__(identity, sign, auth, language, journal_path)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, broker: PartnerBroker, user: str) -> None:
        """Begin to consume, as this broker user."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(broker, user), name=self.identity.organisation, daemon=True)
        self._thread.start()
        self.journal.write(Noted.UP)

    def stop(self) -> None:
        """Stop consuming: what lies in the queue stays there."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None
            self.journal.write(Noted.DOWN)

    def close(self) -> None:
        """End everything."""
        self.stop()
        super().close()

    def _run(self, broker: PartnerBroker, user: str) -> None:
        consumer, publisher = broker.consumer(VHOST, f"to.{self.identity.organisation}"), broker.publisher(user_id=user)
        while not self._stopping.is_set():
            try:
                for received in consumer.receive(BATCH, WAIT_SECONDS):
                    consumer.settle([received], self._outcome(received, publisher))
            except BrokerUnavailable:
                self._stopping.wait(PAUSE_SECONDS)
        consumer.close()
        publisher.close()

    def _outcome(self, received: Received, publisher: Publisher) -> Outcome:
        """What becomes of one event: it is left in the queue while its detail cannot be had."""
        try:
            receipt = self._take(received.body.decode("ascii")).encode()
        except httpx.HTTPError:
            self._stopping.wait(PAUSE_SECONDS)
            return Outcome.AGAIN
        except _DISTRUST as error:
            self._distrusts(error)
            return Outcome.DONE
        publication = Publication(VHOST, f"from.{self.identity.organisation}", "", receipt, digest_of(receipt)[-32:], JOSE)
        return Outcome.DONE if list(publisher.publish([publication])) == [Confirm.CONFIRMED] else Outcome.AGAIN
