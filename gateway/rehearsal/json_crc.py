"""A simulated CRC with a modern system: the gateway pushes JSON in JWS to its HTTPS endpoint.

What it is: an endpoint that verifies, applies once and answers with its signed receipt, and a client that sends
its own messages with caller tokens. What it is not: lenient: what does not verify gets 400 and a line in its
journal. Called by the demo, `gateway simulate` and the scenario tests; it can go down, be slow, and come back.
"""

import ssl
import time
from functools import partial
from pathlib import Path

import httpx

from gateway.rehearsal.case_system import BrokenError, CrcIdentity
from gateway.rehearsal.crc import UNREADABLE, Crc, CrcKeys
from gateway.rehearsal.flaws import Flaws
from gateway.rehearsal.gateway_link import JOSE, Caller, GatewayLink
from gateway.rehearsal.jose import PublishedKeys
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.languages import Answering, Language
from gateway.rehearsal.listener import Answer, Listener, Place, Request
from gateway.rehearsal.outgoing import WorkList
from gateway.rehearsal.receipt_book import Held, TooEarlyError
from gateway.rehearsal.troubles import Troubled

MESSAGES_PATH = "/messages"
RECEIPTS_PATH = "/receipts"
LATE_SECONDS = 0.05
"""What follows an answer must not overtake it."""
REFUSED = Answer(400, body=b"not believed")
LATER = Answer(503, body=b"later")
BROKEN = Answer(500, body=b"broken")
TAKEN = Answer(202)


class JsonCrc(Crc):
    """One CRC on push. `connect`, `start`, then `stop` and `start` again as often as wanted."""

    def __init__(
        self,
        identity: CrcIdentity,
        keys: CrcKeys,
        language: Language,
        answering: Answering,
        journal_path: Path,
        tls: ssl.SSLContext,
        flaws: Flaws | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(identity, keys, language, answering, journal_path, flaws)
        self.delay_seconds = 0.0
        """How long it thinks before it answers: a slow partner."""
        self._listener = Listener(Troubled(self._handle, self.flaws, self._delay), tls, place)
        self._work = WorkList(identity.organisation)
        self._work.start()
        self._link: GatewayLink | None = None

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

    def restart(self) -> None:
        """Off, and on again: what it knows afterwards is what its journal says."""
        self.stop()
        self.recall()
        self.start()

    def connect(self, base_url: str, tls: ssl.SSLContext) -> None:
        """Learn the gateway's published keys."""
        self._link = GatewayLink(base_url, Caller(self.identity.organisation, self.keys.auth, self.identity.gateway_audience), tls)
        fetch = self.following(self._link.fetch_keys)
        first = fetch()
        self.trust(PublishedKeys(first.jwks, fetch, first.max_age_seconds))

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

    def _delay(self) -> float:
        return self.delay_seconds

    def _take_answer(self, answer: httpx.Response) -> Held | None:
        receipt = receipt_in(answer)
        if receipt is None:
            self._letters.declined_without_receipt("", problem_code(answer))
            return None
        return self._letters.told(receipt)

    def _handle(self, request: Request) -> Answer:
        try:
            if request.path == RECEIPTS_PATH:
                self._letters.told(request.body.decode("ascii"))
                return Answer(204)
            return self._take(request.body.decode("ascii"))
        except (TooEarlyError, httpx.HTTPError):
            return LATER
        except BrokenError as error:
            self.distrust(error)
            return BROKEN
        except UNREADABLE as error:
            self.distrust(error)
            return REFUSED

    def _take(self, jws: str) -> Answer:
        if self._published is None:
            return LATER
        taken = self.judge(jws)
        for receipt in taken.late:
            self._work.add(partial(self._send_receipt, receipt))
        if taken.answer is not None:
            payload = taken.answer
            self._work.add(lambda: self._send_once(payload))
        return Answer(200, JOSE, taken.receipt.encode()) if taken.receipt else TAKEN

    def _send_receipt(self, receipt: str) -> None:
        time.sleep(LATE_SECONDS)
        self._connected().post("/v1/messages", receipt.encode())

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
