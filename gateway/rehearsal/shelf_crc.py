"""A simulated CRC that keeps no endpoint: it collects from its mailbox by long poll and hands in receipts.

What it is: the same case system over the shelf. What it is not: a second CRC in the story: it stands in for the one on
AMQP where no RabbitMQ can be had, and the scenario tests use it by itself. It can go down: the shelf waits.
"""

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import UNREADABLE, CrcKeys, Loop, LoopedCrc
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import PublishedKeys
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.json_crc import problem_code, receipt_in
from gateway.rehearsal.languages import Answering, Language
from gateway.rehearsal.receipt_book import TooEarlyError

POLL_SECONDS = 2


class ShelfCrc(LoopedCrc):
    """One CRC on the shelf."""

    def __init__(self, identity: CrcIdentity, keys: CrcKeys, language: Language, answering: Answering, journal_path: Path, flaws: Flaws | None = None) -> None:
        super().__init__(identity, keys, language, answering, journal_path, flaws)
        self._link: GatewayLink | None = None
        self._cursor = 0

    def connect(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Learn the gateway's published keys."""
        self._link = GatewayLink(base_url, Caller(self.identity.organisation, self.keys.auth, self.identity.gateway_audience), tls)
        fetch = self.following(self._link.fetch_keys)
        first = fetch()
        self.trust(PublishedKeys(first.jwks, fetch, first.max_age_seconds))

    def start(self) -> None:
        """Begin to collect."""
        self._loop = Loop(self.identity.organisation, self._run)
        self.journal.write(Noted.UP)

    def close(self) -> None:
        """End everything."""
        self.stop()
        if self._link is not None:
            self._link.close()
        self.journal.close()

    def send(self, payload: bytes) -> str:
        """Hand in one message of its own and keep its first receipt. Returns the signed message."""
        jws = self._letters.compose(payload)
        self.send_signed(jws)
        return jws

    def repeat_last(self) -> None:
        """Hand in the last message once more, byte for byte."""
        self.send_signed(self._letters.last_sent)

    def send_signed(self, jws: str) -> None:
        """Hand in exactly these bytes (again)."""
        answer = self._connected().post_message(jws)
        receipt = receipt_in(answer)
        if receipt is None:
            self._letters.declined_without_receipt("", problem_code(answer))
        else:
            self._letters.told(receipt)

    def _run(self, loop: Loop) -> None:
        while not loop.stopping:
            if self.flaws.has(Flaw.DOWN) or self.flaws.has(Flaw.HANGS):
                loop.pause()
                continue
            try:
                taken = [self._take_safely(str(item["delivery_id"]), str(item["message"])) for item in self._items()]
                self._collect_receipts()
                if not all(taken):
                    loop.pause()
            except (httpx.HTTPError, TooEarlyError):
                loop.pause()
            except UNREADABLE as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                loop.pause()

    def _items(self) -> Sequence[Mapping[str, object]]:
        answer = self._connected().get(f"/v1/mailbox?wait={POLL_SECONDS}")
        answer.raise_for_status()
        items: Sequence[Mapping[str, object]] = answer.json()["items"]
        return items

    def _take_safely(self, delivery_id: str, jws: str) -> bool:
        """False for an item that lies there still, since it cannot be read or has no receipt yet: asking again at once
        would bring it back at once. It holds up nothing behind it."""
        try:
            return self._take(delivery_id, jws)
        except UNREADABLE as error:
            self.distrust(error)
            self.failures.append(f"{type(error).__name__}: {error}")
            return False

    def _take(self, delivery_id: str, jws: str) -> bool:
        self.dawdle()
        self.require_not_big(jws)
        taken = self.judge(jws)
        if taken.receipt:
            self._connected().post(f"/v1/mailbox/{delivery_id}/receipt", taken.receipt.encode()).raise_for_status()
        for receipt in taken.late:
            self._connected().post("/v1/messages", receipt.encode())
        if taken.answer is not None:
            self.send(taken.answer)
        return bool(taken.receipt)

    def _collect_receipts(self) -> None:
        answer = self._connected().get(f"/v1/receipts?after={self._cursor}")
        answer.raise_for_status()
        for item in answer.json()["receipts"]:
            self._letters.told(item["receipt"])
            self._cursor = int(item["cursor"])

    def _connected(self) -> GatewayLink:
        if self._link is None:
            raise RuntimeError("connect first")
        return self._link
