"""Group commit: concurrent requests share one batch, one commit, one fsync.

What it is: a bounded queue and one thread that drains it into the pipeline. What it is not: a promise of
its own: a caller gets its result only when the pipeline has it, durable. Called by the submitting doors.
A lone submission does not wait: only when the last batch was shared does the next one linger to fill.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

from gateway.contract import StoreUnavailable
from gateway.exchange.results import SubmitResult
from gateway.exchange.submission import Submission
from gateway.trust.contract import SignerUnavailable
from schemas.faults import FaultCode, refuse

Submit = Callable[[Sequence[Submission]], Sequence[SubmitResult]]
_Waiting = tuple[Submission, "Future[SubmitResult]"]


class GroupCommit:
    """One worker, many waiters; each gets its own result or exception."""

    def __init__(
        self, submit: Submit, *, items: int = 100, linger_seconds: float = 0.005, waiting: int = 2000, done: Callable[[int], None] = lambda _: None
    ) -> None:
        self._submit = submit
        self._items = items
        self._linger_seconds = linger_seconds
        self._done = done
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(waiting)
        self._thread: threading.Thread | None = None
        self._calls = ThreadPoolExecutor(1, thread_name_prefix="commit-call")
        self._closed = False

    def start(self) -> None:
        """Start the worker."""
        self._thread = threading.Thread(target=self._run, name="commit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Work off what waits, then end. Later submissions are refused with `unavailable`."""
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._calls.shutdown()
        self._turn_away()

    def submit(self, submission: Submission, timeout_seconds: float) -> SubmitResult:
        """The pipeline's result for this one. Refuses with `rate-limited` when too many wait and with
        `unavailable` when its turn did not come in time; raises what the pipeline raised."""
        if self._closed:
            raise refuse(FaultCode.UNAVAILABLE)
        future: Future[SubmitResult] = Future()
        try:
            self._queue.put_nowait((submission, future))
        except queue.Full:
            raise refuse(FaultCode.RATE_LIMITED, "Too many submissions are waiting.") from None
        try:
            return future.result(timeout_seconds)
        except (TimeoutError, CancelledError):
            future.cancel()  # if it has not begun it never will; if it has, a resend gets the same receipt
            raise refuse(FaultCode.UNAVAILABLE) from None

    def _run(self) -> None:
        shared = False
        while (first := self._queue.get()) is not None:
            batch, ended = self._fill(first, self._linger_seconds if shared else 0.0)
            shared = len(batch) > 1
            started = [waiting for waiting in batch if waiting[1].set_running_or_notify_cancel()]
            if started:
                self._settle(started)
            if ended:
                return

    def _fill(self, first: _Waiting, linger_seconds: float) -> tuple[list[_Waiting], bool]:
        batch, deadline = [first], time.monotonic() + linger_seconds
        while len(batch) < self._items:
            try:
                left = deadline - time.monotonic()
                waiting = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                return batch, True
            batch.append(waiting)
        return batch, False

    def _settle(self, batch: Sequence[_Waiting]) -> None:
        call = self._calls.submit(self._submit_all, [submission for submission, _ in batch])
        error = call.exception()
        if error is None:
            for (_, future), result in zip(batch, call.result(), strict=True):
                future.set_result(result)
            self._done(len(batch))
        elif len(batch) > 1 and not isinstance(error, StoreUnavailable | SignerUnavailable):
            # a bug met by one must not sink its neighbours; submitting again is harmless: same key, same receipt
            for waiting in batch:
                self._settle([waiting])
        else:
            for _, future in batch:
                future.set_exception(error)

    def _submit_all(self, submissions: Sequence[Submission]) -> Sequence[SubmitResult]:
        results = self._submit(submissions)
        if len(results) != len(submissions):
            raise AssertionError("the pipeline owes one result for each submission")
        return results

    def _turn_away(self) -> None:
        while not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is not None:
                waiting[1].cancel()
