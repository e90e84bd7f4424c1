"""Troubles of an endpoint: slow, silent, failing, redirecting, on demand.

What it is: what stands between a listener and whoever answers its calls, and spoils the call where a flaw says so.
What it is not: the answer. Called by the simulated partners that are pushed to.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable

from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.listener import CUT, Answer, Handle, Request

HANG_STEP_SECONDS = 0.02
_INTERCHANGE = re.compile(rb"<(?:\w+:)?SPGInterchange\b.*</(?:\w+:)?SPGInterchange>", re.DOTALL)
ELSEWHERE = "https://localhost:9/elsewhere"


class Troubled:
    """A handler with its endpoint's flaws."""

    def __init__(self, handle: Handle, flaws: Flaws, delay: Callable[[], float] = lambda: 0.0) -> None:
        self._handle, self._flaws, self._delay = handle, flaws, delay
        self._guard = threading.Lock()
        self._calls = 0
        self._seen: set[bytes] = set()

    def __call__(self, request: Request) -> Answer:
        """Answer, as well as its flaws let it."""
        time.sleep(self._delay() + self._flaws.argument(Flaw.SLOW))
        spoiled = self._spoiled(request)
        if spoiled is not None:
            return spoiled
        answer = self._handle(request)
        self._hang()
        if self._flaws.has(Flaw.WRONG_CONTENT_TYPE) and answer.body:
            return Answer(answer.status, "text/html", answer.body)
        return answer

    def _spoiled(self, request: Request) -> Answer | None:
        """What is answered instead of an answer."""
        has = self._flaws.has
        if has(Flaw.DOWN) or (has(Flaw.DROPS_EVERY_NTH) and self._count() % int(self._flaws.argument(Flaw.DROPS_EVERY_NTH)) == 0):
            return CUT
        if has(Flaw.HTTP_500) or (has(Flaw.HTTP_503_THEN_OK) and self._is_first(request)):
            return Answer(500 if has(Flaw.HTTP_500) else 503, body=b"later")
        if has(Flaw.REDIRECTS):
            return Answer(307, headers={"location": ELSEWHERE})
        if has(Flaw.REFUSES_BIG_MESSAGES) and len(request.body) > self._flaws.argument(Flaw.REFUSES_BIG_MESSAGES):
            return Answer(413, body=b"too large")
        return None

    def _count(self) -> int:
        with self._guard:
            self._calls += 1
            return self._calls

    def _is_first(self, request: Request) -> bool:
        mark = hashlib.sha256(_signed_part(request.body)).digest()
        with self._guard:
            is_new = mark not in self._seen
            self._seen.add(mark)
        return is_new

    def _hang(self) -> None:
        """Until the time is up, or the flaw was taken away: a thread that sleeps for ever cannot be stopped."""
        until = time.monotonic() + self._flaws.argument(Flaw.HANGS)
        while self._flaws.has(Flaw.HANGS) and time.monotonic() < until:
            time.sleep(HANG_STEP_SECONDS)


def _signed_part(body: bytes) -> bytes:
    """What stays the same where the gateway sends a message again: it signs it anew each time."""
    found = _INTERCHANGE.search(body)
    if found is not None:
        return found[0]
    pieces = body.split(b".")
    return pieces[1] if len(pieces) == 3 else body
