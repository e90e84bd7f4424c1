"""A simulated CRC with a modern system: the gateway pushes JSON in JWS to its HTTPS endpoint.

What it is: an endpoint that verifies, applies once and answers with its signed receipt, and a client that sends
its own messages with caller tokens. What it is not: lenient: what does not verify gets 400 and a line in its
journal. Called by the demo and the scenario tests; it can go down, be slow, and come back.
"""

import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from gateway.rehearsal.case_system import CaseSystem, CrcIdentity
from gateway.rehearsal.correspondence import Correspondence
from gateway.rehearsal.gateway_link import JOSE, Caller, GatewayLink
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Answering, Language
from gateway.rehearsal.listener import Answer, Listener, Request
from gateway.rehearsal.outgoing import WorkList
from gateway.rehearsal.receipt_book import Held, TooEarlyError

MESSAGES_PATH = "/messages"
RECEIPTS_PATH = "/receipts"
REFUSED = Answer(400, body=b"not believed")
LATER = Answer(503, body=b"later")


@dataclass(frozen=True, slots=True)
class CrcKeys:
    """A CRC's own keys: one that signs, one that opens doors."""

    sign: PartnerKey
    auth: PartnerKey


class JsonCrc:
    """One CRC on push. `connect`, `start`, then `stop` and `start` again as often as wanted."""

    def __init__(self, identity: CrcIdentity, keys: CrcKeys, language: Language, answering: Answering, journal_path: Path, tls: ssl.SSLContext) -> None:
        self.identity, self.keys, self.language = identity, keys, language
        self.journal = Journal(journal_path)
        self.delay_seconds = 0.0
        """How long it thinks before it answers: a slow partner."""
        self._case_system = CaseSystem(identity, keys.sign, language, answering, self.journal)
        self._letters = Correspondence(self._case_system, self.journal)
        self._listener = Listener(self._handle, tls)
        self._work = WorkList(identity.organisation)
        self._work.start()
        self._link: GatewayLink | None = None
        self._published: PublishedKeys | None = None

    @property
    def failures(self) -> list[str]:
        """What its own programs stumbled over."""
        return self._work.failures

    def start(self) -> None:
        """Open the endpoint."""
        self._listener.start()
        self.journal.write(Noted.UP, port=self._listener.port)

    def stop(self) -> None:
        """Close the endpoint: the machine is off."""
        self._listener.stop()
        self.journal.write(Noted.DOWN)

    def connect(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Learn the gateway's published keys."""
        self._link = GatewayLink(base_url, Caller(self.identity.organisation, self.keys.auth, self.identity.gateway_audience), tls)
        self._published = self._link.published_keys()
        self._letters.trust(self._published)

    def close(self) -> None:
        """End everything."""
        self._work.stop()
        self._listener.stop()
        if self._link is not None:
            self._link.close()
        self.journal.close()

    def endpoint(self) -> str:
        """Where messages are pushed to."""
        return self._listener.url(MESSAGES_PATH)

    def receipt_endpoint(self) -> str:
        """Where receipts are pushed to."""
        return self._listener.url(RECEIPTS_PATH)

    def send(self, payload: bytes) -> Held | None:
        """Hand in one message of its own and keep the first receipt; None where it got none."""
        return self._take_answer(self.try_signed(self._letters.compose(payload)))

    def repeat_last(self) -> str:
        """Hand in the last message once more, byte for byte; the receipt that it got."""
        held = self._take_answer(self.try_signed(self._letters.last_sent))
        return held.jws if held else ""

    def try_signed(self, jws: str, caller: Caller | None = None) -> httpx.Response:
        """Hand in any signed message, as anybody, and note nothing."""
        return self._connected().post_message(jws, caller=caller)

    def _take_answer(self, answer: httpx.Response) -> Held | None:
        receipt = receipt_in(answer)
        if receipt is None:
            self._letters.declined_without_receipt("", problem_code(answer))
            return None
        return self._letters.told(receipt)

    def _handle(self, request: Request) -> Answer:
        time.sleep(self.delay_seconds)
        try:
            if request.path == RECEIPTS_PATH:
                self._letters.told(request.body.decode("ascii"))
                return Answer(204)
            return self._take(request.body.decode("ascii"))
        except TooEarlyError:
            return LATER
        except (NotBelievedError, ValueError, KeyError, TypeError) as error:
            self.journal.write(Noted.DISTRUSTED, reason=f"{type(error).__name__}: {error}")
            return REFUSED

    def _take(self, jws: str) -> Answer:
        if self._published is None:
            return LATER
        taken = self._case_system.take(jws, self._published)
        if taken.answer is not None:
            payload = taken.answer
            self._work.add(lambda: self._send_once(payload))
        return Answer(200, JOSE, taken.receipt.encode())

    def _send_once(self, payload: bytes) -> None:
        self.send(payload)

    def _connected(self) -> GatewayLink:
        if self._link is None:
            raise RuntimeError("connect first")
        return self._link


def receipt_in(answer: httpx.Response) -> str | None:
    """The signed receipt in the gateway's answer, where there is one."""
    if answer.headers.get("content-type", "").startswith(JOSE):
        return answer.text
    receipt = answer.json().get("receipt") if "json" in answer.headers.get("content-type", "") else None
    return receipt if isinstance(receipt, str) else None


def problem_code(answer: httpx.Response) -> str:
    """The fault code of a problem document (RFC 9457)."""
    if "json" not in answer.headers.get("content-type", ""):
        return f"http-{answer.status_code}"
    return str(answer.json().get("code", f"http-{answer.status_code}"))
