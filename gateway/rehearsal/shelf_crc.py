"""A simulated CRC that keeps no endpoint: it collects from its mailbox by long poll and hands in receipts.

What it is: the same case system over the shelf. What it is not: a second CRC in the story: it stands in for the one on
AMQP where no RabbitMQ can be had, and the scenario tests use it by itself. It can go down: the shelf waits.
"""

import ssl
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from gateway.rehearsal.case_system import CaseSystem, CrcIdentity
from gateway.rehearsal.correspondence import Correspondence
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import NotBelievedError, PublishedKeys
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.json_crc import CrcKeys, problem_code, receipt_in
from gateway.rehearsal.languages import Answering, Language
from gateway.rehearsal.receipt_book import TooEarlyError

POLL_SECONDS = 2
PAUSE_SECONDS = 0.25


class ShelfCrc:
    """One CRC on the shelf."""

    def __init__(self, identity: CrcIdentity, keys: CrcKeys, language: Language, answering: Answering, journal_path: Path) -> None:
        self.identity, self.keys, self.language = identity, keys, language
        self.journal = Journal(journal_path)
        self.failures: list[str] = []
        self._case_system = CaseSystem(identity, keys.sign, language, answering, self.journal)
        self._letters = Correspondence(self._case_system, self.journal)
        self._link: GatewayLink | None = None
        self._published: PublishedKeys | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._cursor = 0

    def connect(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Learn the gateway's published keys."""
        self._link = GatewayLink(base_url, Caller(self.identity.organisation, self.keys.auth, self.identity.gateway_audience), tls)
        self._published = self._link.published_keys()
        self._letters.trust(self._published)

    def start(self) -> None:
        """Begin to collect."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self.identity.organisation, daemon=True)
        self._thread.start()
        self.journal.write(Noted.UP)

    def stop(self) -> None:
        """Stop collecting."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._thread = None
        self.journal.write(Noted.DOWN)

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

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                for item in self._items():
                    self._take(str(item["delivery_id"]), str(item["message"]))
                self._collect_receipts()
            except (httpx.HTTPError, TooEarlyError):
                self._stopping.wait(PAUSE_SECONDS)
            except (NotBelievedError, ValueError, KeyError, TypeError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                self._stopping.wait(PAUSE_SECONDS)

    def _items(self) -> Sequence[Mapping[str, object]]:

        answer = self._connected().get(f"/v1/mailbox?wait={POLL_SECONDS}")
        answer.raise_for_status()
        items: Sequence[Mapping[str, object]] = answer.json()["items"]
        return items

    def _take(self, delivery_id: str, jws: str) -> None:
        if self._published is None:
            raise NotBelievedError("the gateway's keys are not known yet")
        taken = self._case_system.take(jws, self._published)
        self._connected().post(f"/v1/mailbox/{delivery_id}/receipt", taken.receipt.encode()).raise_for_status()
        if taken.answer is not None:
            self.send(taken.answer)

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
