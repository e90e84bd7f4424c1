"""A partner's own work list: what it owes to the gateway after it has answered, done in order by one thread.

What it is: a queue of small jobs that are tried again while the gateway is not there. What it is not: durable: what
a partner owes is found again in its journal. Called by the simulated partners.
"""

import queue
import threading
from collections.abc import Callable

import httpx

from broker.contract import BrokerUnavailable

Job = Callable[[], None]
PAUSE_SECONDS = 0.25


class WorkList:
    """One thread that does jobs in order."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.failures: list[str] = []
        """Jobs that ended with something else than an unreachable gateway: the demo names them."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def add(self, job: Job) -> None:
        """Do this after everything before it."""
        self._jobs.put(job)

    def stop(self) -> None:
        """End after the job at hand."""
        self._stopping.set()
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None and not self._stopping.is_set():
            self._do(job)

    def _do(self, job: Job) -> None:
        while not self._stopping.is_set():
            try:
                job()
            except (httpx.TransportError, BrokerUnavailable):
                self._stopping.wait(PAUSE_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001 - the edge of a thread: kept, and shown by whoever runs the partner
                self.failures.append(f"{type(error).__name__}: {error}")
            return
