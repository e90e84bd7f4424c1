"""The worker loop: threads that work until told to stop, and come back after a failure.

What it is: one thread per worker, started and stopped together; `Unavailable` of any port is waited out with
backoff, anything else is a bug: logged by its kind, and the worker comes back. What it is not: a pool.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from broker.contract import BrokerUnavailable
from gateway.contract import StoreUnavailable
from gateway.trust.contract import SignerUnavailable

T = TypeVar("T")
_AGAIN_SECONDS = 1.0
UNAVAILABLE = (BrokerUnavailable, StoreUnavailable, SignerUnavailable)
_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 15.0
"""Each return counts towards the broker's backstop of 100: so an outage of the store may last 25 minutes before it is met."""


def patiently(work: Callable[[], T], stop: threading.Event, report: Callable[[str], None] = lambda _: None) -> T:
    """Do it, and wait out whatever is not there now, telling once of what kind; raises only when told to stop."""
    told = False
    while True:
        try:
            return work()
        except UNAVAILABLE as error:
            if not told:
                report(type(error).__name__)
                told = True
            if stop.wait(_AGAIN_SECONDS):
                raise


class Worker(Protocol):
    """Something that works in a thread of its own."""

    @property
    def name(self) -> str: ...

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. May raise; it will be called again."""


@dataclass(slots=True)
class Crew:
    """The workers of one process."""

    report: Callable[[str, str], None]
    """Told the worker's name and the kind of error, for the log and the counters."""
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self, workers: Sequence[Worker]) -> None:
        """One thread each."""
        for worker in workers:
            thread = threading.Thread(target=self._keep_running, args=(worker,), name=worker.name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def ask_to_stop(self) -> None:
        """Without waiting."""
        self._stop.set()

    def stop(self, timeout_seconds: float = 20.0) -> bool:
        """Ask all to stop; True when all did in time."""
        self._stop.set()
        deadline = time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def alive(self) -> bool:
        """True while every worker's thread lives."""
        return all(thread.is_alive() for thread in self._threads)

    def _keep_running(self, worker: Worker) -> None:
        pause = _FIRST_SECONDS
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                worker.run(self._stop)
            except UNAVAILABLE as error:
                self.report(worker.name, type(error).__name__)
            except Exception as bug:  # noqa: BLE001 - the process lives; the bug is reported by kind
                self.report(worker.name, f"bug:{type(bug).__name__}")
            if time.monotonic() - started > _LONGEST_SECONDS:
                pause = _FIRST_SECONDS
            self._stop.wait(pause)
            pause = min(pause * 2, _LONGEST_SECONDS)
