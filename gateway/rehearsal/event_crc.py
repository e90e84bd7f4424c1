"""Simulated CRCs that take events: pushed to, on a queue or on the shelf, and each detail fetched with a caller token.

What it is: the channels of the other simulated CRCs, with an `event_desk` where those read a message. What it is not: a sender,
unless it is told to be: by itself it hands in receipts and nothing else. Called by the kit, `gateway simulate` and the scenario
tests; it can go down and come back, and answers for later when the gateway's door of details is not there.
"""

import json
import ssl
from dataclasses import replace

import httpx

from gateway.rehearsal.case_system import Taken
from gateway.rehearsal.crc import Crc
from gateway.rehearsal.event_desk import EventDesk, Fetcher, Gateway
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import PublishedKeys, ReadingKeys
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.queue_crc import QueueCrc
from gateway.rehearsal.shelf_crc import ShelfCrc

EVENTS_PATH = "/events"


class _Consumer(Crc):
    """What all have: a desk, and a way to the gateway's details."""

    sends = False
    """True for one that has agreed on another language for messages of its own: it answers transfers."""
    _details: tuple[str, GatewayLink] | None = None

    def details_from(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Where details are, and how it gets there; before it is connected."""
        caller = Caller(self.identity.organisation, self.keys.auth, self.identity.gateway_audience)
        self._details = (base_url, GatewayLink(base_url, caller, tls))

    def fetch(self, path: str) -> httpx.Response:
        """Ask for any detail, as this consumer, and note nothing."""
        return self._connected_details()[1].get(path)

    def judge(self, jws: str) -> Taken:
        """As the others do; but it answers nothing unless it sends."""
        taken = super().judge(jws)
        return taken if self.sends else replace(taken, answer=None)

    def close_details(self) -> None:
        """Close its way to the details."""
        if self._details is not None:
            self._details[1].close()

    def _reading(self, keys: PublishedKeys) -> PublishedKeys:
        base_url, link = self._connected_details()
        gateway = Gateway(base_url, keys, Fetcher(base_url, link, self.flaws))
        desk = EventDesk(self.identity.organisation, lambda: frozenset(self.journals), self._is_done, gateway, self.flaws)
        return ReadingKeys(keys, desk.read)

    def _is_done(self, party: str, message_id: str) -> bool:
        done = (entry for entry in self.journals[party].entries() if entry.noted in (Noted.APPLIED, Noted.NOT_APPLIED))
        return any(entry.text("message_id") == message_id for entry in done)

    def _named_in(self, payload: bytes) -> str:
        return str(json.loads(payload)["additionalInformation"]["recipient"])

    def _connected_details(self) -> tuple[str, GatewayLink]:
        if self._details is None:
            raise httpx.ConnectError("not connected yet")
        return self._details


class EventCrc(_Consumer, JsonCrc):
    """On push: the receipt is the answer."""

    def endpoint(self) -> str:
        """Where events are pushed to."""
        return self._listener.url(EVENTS_PATH)

    def connect(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Learn the gateway's published keys, and where its details are."""
        self.details_from(base_url, tls)
        super().connect(base_url, tls)

    def close(self) -> None:
        """End everything."""
        super().close()
        self.close_details()


class ShelfEventCrc(_Consumer, ShelfCrc):
    """On the shelf: events are collected, and receipts handed in there."""

    def connect(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Learn the gateway's published keys, and where its details are."""
        self.details_from(base_url, tls)
        super().connect(base_url, tls)

    def close(self) -> None:
        """End everything."""
        super().close()
        self.close_details()


class QueueEventCrc(_Consumer, QueueCrc):
    """On its own queue: receipts are published to its own exchange."""

    def close(self) -> None:
        """End everything."""
        super().close()
        self.close_details()
