"""The bell: wakes waiting mailbox callers when something was accepted.

What it is: one asyncio event for each waiter, rung from any thread. What it is not: a promise: what other
processes accept rings no bell here, so a waiter also looks by itself now and then. Called by the mailbox.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Bell:
    """Waiters and who they wait for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._waiting: Counter[str] = Counter()
        self.closed = False

    def ring(self) -> None:
        """Wake everybody. Safe from any thread."""
        with self._lock:
            waiters = list(self._waiters.items())
        for event, loop in waiters:
            with suppress(RuntimeError):  # the loop of that waiter was closed in between
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """The server stops: wake everybody and let nobody wait again."""
        self.closed = True
        self.ring()

    async def wait(self, seconds: float) -> None:
        """Return at the next ring, or after `seconds`. Holds no thread."""
        event = asyncio.Event()
        with self._lock:
            self._waiters[event] = asyncio.get_running_loop()
        try:
            if not self.closed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), seconds)
        finally:
            with self._lock:
                del self._waiters[event]

    @contextmanager
    def place(self, organisation: str, most: int) -> Iterator[bool]:
        """Take one of an organisation's places to wait; False where all are taken."""
        with self._lock:
            free = self._waiting[organisation] < most
            self._waiting[organisation] += free
        try:
            yield free
        finally:
            with self._lock:
                self._waiting[organisation] -= free
                if not self._waiting[organisation]:
                    del self._waiting[organisation]
