"""The bench's two partners: A signs, publishes and waits for the final receipt; B verifies, applies and receipts.

What it is: lean programs of their own, one process each, over the public AMQP door: batches of a hundred, windows of
confirms, multiple acknowledgements. What it is not: the simulated partners of the demo, which journal every step to the
disk. Called by the bench. All content is made up.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from broker.contract import Confirm, Outcome, Publication, Publisher
from broker.rabbitmq import RabbitBroker
from gateway.exchange.receipts import LINES_MEDIA_TYPE
from gateway.rehearsal.gateway_link import JOSE
from gateway.rehearsal.jose import PartnerKey, PublishedKeys, unbase64url

BATCH = 100
CASES = 500
"""Messages of one case keep their order, different cases go side by side."""
NOTES = "Attended as instructed. " * 62
"""Makes a message of about two thousand bytes."""
WAIT_SECONDS = 0.1
FINAL_STAGE = "applied"
STALL_SECONDS = 60.0
"""With nothing coming in for so long, something is lost: the run ends and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSide:
    """What one partner of the bench needs. Travels to its process by pickle: plain values only."""

    organisation: str
    party: str
    amqp_url: str = field(repr=False)
    key_path: str
    audience: str
    jwks: Mapping[str, object]
    bundle: bool = True
    """Receipts that are ready together travel in one AMQP message, as agreed with the gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderResult:
    """What A saw."""

    began_at: float
    """CLOCK_MONOTONIC, which all processes of one machine share."""
    ended_at: float
    cpu_seconds: float
    latencies: list[float]
    """Seconds from just before publishing to the believed final receipt, one per message."""
    accepted: int
    final: int
    other_stages: dict[str, int]
    letters: int
    """AMQP messages that brought the receipts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverResult:
    """What B saw."""

    cpu_seconds: float
    received: int
    distinct: int
    out_of_order: int
    letters: int
    """AMQP messages that carried its receipts."""


class Sender:
    """Partner A."""

    def __init__(self, side: PartnerSide, recipient: str, count: int, window: int) -> None:
        self._side, self._count, self._window = side, count, window
        self._keys = PublishedKeys(side.jwks)
        self._broker = RabbitBroker({"partners": side.amqp_url})
        self._signed = list(_signed_messages(PartnerKey.load(Path(side.key_path)), side, recipient, count))
        self._sent_at: dict[str, float] = {}
        self._sender_ids: dict[str, str] = {}
        self._latencies: list[float] = []
        self._letters = 0
        self._stages: dict[str, int] = {}
        self._moved = threading.Condition()
        self._last_news = time.monotonic()

    def run(self) -> SenderResult:
        """Publish all, within the window, and wait until every final receipt is in or nothing comes any more."""
        listener = threading.Thread(target=self._listen, name="receipts", daemon=True)
        began_cpu, began = time.process_time(), time.monotonic()
        self._last_news = began
        listener.start()
        publisher = self._broker.publisher(user_id=self._side.organisation)
        for start in range(0, self._count, BATCH):
            self._await_room()
            self._publish(publisher, self._signed[start : start + BATCH])
        listener.join()
        ended = time.monotonic()
        publisher.close()
        self._broker.close()
        accepted = self._stages.pop("accepted", 0)
        final = self._stages.pop(FINAL_STAGE, 0)
        return SenderResult(
            began_at=began,
            ended_at=ended,
            cpu_seconds=time.process_time() - began_cpu,
            latencies=self._latencies,
            accepted=accepted,
            final=final,
            other_stages=self._stages,
            letters=self._letters,
        )

    def _await_room(self) -> None:
        with self._moved:
            self._moved.wait_for(lambda: len(self._sent_at) - len(self._latencies) <= self._window - BATCH or self._stalled(), timeout=STALL_SECONDS)

    def _publish(self, publisher: Publisher, some: list[tuple[str, bytes]]) -> None:
        now = time.monotonic()
        self._sent_at.update((message_id, now) for message_id, _ in some)
        exchange = f"from.{self._side.organisation}"
        confirms = publisher.publish([Publication("partners", exchange, "", body, message_id, JOSE) for message_id, body in some])
        if any(confirm is not Confirm.CONFIRMED for confirm in confirms):
            raise RuntimeError("the broker did not take a message of the bench")

    def _listen(self) -> None:
        consumer = self._broker.consumer("partners", f"to.{self._side.organisation}")
        while len(self._latencies) < self._count and not self._stalled():
            batch = consumer.receive(BATCH, WAIT_SECONDS)
            self._letters += len(batch)
            for received in batch:
                for jws in received.body.decode("ascii").split("\n"):
                    self._take(jws)
            if batch:
                consumer.settle(batch, Outcome.DONE)
                with self._moved:
                    self._last_news = time.monotonic()
                    self._moved.notify_all()
        consumer.close()

    def _take(self, jws: str) -> None:
        claims = json.loads(unbase64url(jws.split(".")[1]))
        stage = claims["stage"]
        if stage == FINAL_STAGE:
            # the one that is waited for is believed in full; the others only count
            self._keys.open(jws, kind="receipt", audience=self._side.organisation)
            self._latencies.append(time.monotonic() - self._sent_at[self._sender_ids.pop(claims["sub"])])
        for verdict in claims.get("messages", ()):
            self._sender_ids[verdict["message_id"]] = verdict["sender_message_id"]
        self._stages[stage] = self._stages.get(stage, 0) + 1

    def _stalled(self) -> bool:
        return time.monotonic() - self._last_news > STALL_SECONDS


class Receiver:
    """Partner B."""

    def __init__(self, side: PartnerSide) -> None:
        self._side = side
        self._keys = PublishedKeys(side.jwks)
        self._key = PartnerKey.load(Path(side.key_path))
        self._broker = RabbitBroker({"partners": side.amqp_url})
        self._seen: set[str] = set()
        self._last_by_case: dict[str, int] = {}
        self._received = 0
        self._letters = 0
        self._out_of_order = 0

    def run(self, stop: threading.Event) -> ReceiverResult:
        """Apply and receipt until told to stop."""
        began = time.process_time()
        consumer = self._broker.consumer("partners", f"to.{self._side.organisation}")
        publisher = self._broker.publisher(user_id=self._side.organisation)
        while not stop.is_set():
            batch = consumer.receive(BATCH, WAIT_SECONDS)
            if batch:
                receipts = [self._answer(received.body.decode("ascii")) for received in batch]
                letters = [_bundle(receipts)] if self._side.bundle else receipts
                publisher.publish(letters)
                self._letters += len(letters)
                consumer.settle(batch, Outcome.DONE)
        consumer.close()
        publisher.close()
        self._broker.close()
        return ReceiverResult(
            cpu_seconds=time.process_time() - began, received=self._received, distinct=len(self._seen), out_of_order=self._out_of_order, letters=self._letters
        )

    def _answer(self, jws: str) -> Publication:
        opened = self._keys.open(jws, kind="message", audience=self._side.organisation)
        content = json.loads(opened.payload)
        message_id = content["header"]["message_id"]
        self._apply(message_id, content["document"])
        now = int(time.time())
        claims = {
            "iss": self._side.organisation,
            "aud": self._side.audience,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "stage": FINAL_STAGE,
            "sub": message_id,
            "recipient": self._side.party,
            "sent_digest": opened.digest,
        }
        receipt = self._key.sign(json.dumps(claims).encode(), kind="receipt", audience=self._side.audience, issued_at=now)
        return Publication("partners", f"from.{self._side.organisation}", "", receipt.encode(), message_id, JOSE)

    def _apply(self, message_id: str, document: Mapping[str, object]) -> None:
        self._received += 1
        if message_id in self._seen:
            return
        self._seen.add(message_id)
        case, number = str(document["crn"]), int(str(document["contact_id"]))
        self._out_of_order += number <= self._last_by_case.get(case, -1)
        self._last_by_case[case] = max(number, self._last_by_case.get(case, -1))


def _bundle(receipts: list[Publication]) -> Publication:
    first = receipts[0]
    return Publication(first.vhost, first.exchange, first.routing_key, b"\n".join(one.body for one in receipts), first.message_id, LINES_MEDIA_TYPE)


def _signed_messages(key: PartnerKey, side: PartnerSide, recipient: str, count: int) -> Iterator[tuple[str, bytes]]:
    """Signed before the clock starts, as the floor's are."""
    prepared_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    run = os.urandom(4).hex()
    for number in range(1, count + 1):
        message_id = f"{run}-{number}"
        payload = json.dumps({"header": _header(message_id, side, recipient, number, prepared_at), "document": _contact(number, recipient)})
        yield message_id, key.sign(payload.encode(), kind="message", audience=side.audience).encode()


def _header(message_id: str, side: PartnerSide, recipient: str, number: int, prepared_at: str) -> dict[str, object]:
    return {
        "message_id": message_id,
        "sender": side.party,
        "recipients": [recipient],
        "type": "Contact",
        "action": "UPD",
        "version": "0-9-14",
        "control_reference": message_id,
        "case_reference": _crn(number),
        "prepared_at": prepared_at,
    }


def _contact(number: int, provider: str) -> dict[str, object]:
    return {
        "crn": _crn(number),
        "version": {"updated_by": "Tarn,Sable"},
        "offender_id": str(2_500_000_000 + number % CASES),
        "contact_id": str(number),
        "alert": False,
        "contact_type": {"code": "COAP"},
        "contact_date": "2026-01-15",
        "start_time": "10:30:00",
        "responsible": {"provider": provider, "team": {"code": f"{provider}A12"}, "officer": {"code": f"{provider}A294"}},
        "sensitive": False,
        "notes": NOTES,
    }


def _crn(number: int) -> str:
    return f"X{number % CASES:06}"
