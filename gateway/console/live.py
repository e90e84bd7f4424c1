"""Live figures: server-sent events that tell every open page what changed, from one read of the store a tick.

What it is: a ticker that reads the figures once a second while anybody watches, however many watch, and one stream
for each viewer that sends what differs from what that viewer was last sent. What it is not: a way to see anything
that its page does not show: `figures` gives counts and states by cell. Called by the console's application for `/live`.
Standard: WHATWG HTML, server-sent events. A stream ends after a while, so that the browser comes back through
sign-in; and at once when the viewer leaves or the server stops.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.responses import StreamingResponse

from gateway.contract import StoreUnavailable

Figures = Callable[[], Mapping[str, str]]
"""Reads every live cell: its key and its text. Called in a thread; raises StoreUnavailable."""
TICK_SECONDS = 1.0
BEAT_SECONDS = 10.0
"""How long a stream may say nothing: the page calls its figures old after 30."""
STREAM_SECONDS = 300.0
_HEADERS = {"x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last tick read. `cells` is None before the first, and where the store could not be read."""

    number: int
    cells: Mapping[str, str] | None


@dataclass(slots=True)
class Ticker:
    """One reader for all viewers. To be closed before the server waits for its answers to end."""

    figures: Figures
    tick_seconds: float = TICK_SECONDS
    beat_seconds: float = BEAT_SECONDS
    stream_seconds: float = STREAM_SECONDS
    _seen: Seen = Seen(0, None)
    _viewers: int = 0
    _closed: bool = False
    _pulse: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return self._viewers

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self._stop()
        self._pulse.set()

    async def events(self) -> AsyncIterator[bytes]:
        """One viewer's stream: first every cell, then what changes, and a beat where nothing does."""
        self._enter()
        try:
            async for event in self._told():
                yield event
        finally:
            self._leave()

    async def _told(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        seen, sent, until = self._seen, dict[str, str](), loop.time() + self.stream_seconds
        yield b"retry: 2000\n\n"
        spoken = loop.time()
        while not self._closed and loop.time() < until:
            changed = {} if seen.cells is None else {key: text for key, text in seen.cells.items() if sent.get(key) != text}
            if changed:
                sent.update(changed)
                yield _event("cells", changed)
                spoken = loop.time()
            elif loop.time() >= spoken + self.beat_seconds:
                yield _event("trouble" if seen.cells is None else "beat", {})
                spoken = loop.time()
            seen = await self._next(seen, min(until, spoken + self.beat_seconds))

    async def _next(self, last: Seen, until: float) -> Seen:
        """What a later tick saw, or what was last seen when the time is over. Raises what ended the ticking."""
        if self._seen is last:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._pulse.wait()
        if self._task is not None and self._task.done():
            self._task.result()
        return self._seen

    def _enter(self) -> None:
        self._viewers += 1
        if not self._closed and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._tick())

    def _leave(self) -> None:
        """Awaits nothing: a viewer who left is a cancelled task."""
        self._viewers -= 1
        if self._viewers == 0:
            self._stop()

    def _stop(self) -> None:
        """What was read is forgotten with the reader: a later viewer is never shown old figures as new ones."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._seen = None, Seen(0, None)

    async def _tick(self) -> None:
        try:
            while True:
                cells = await asyncio.to_thread(self._read)
                self._seen = Seen(self._seen.number + 1, cells)
                self._wake()
                await asyncio.sleep(self.tick_seconds)
        finally:
            # Whoever waits for the next tick learns that there is none, and why.
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    def _read(self) -> Mapping[str, str] | None:
        try:
            return self.figures()
        except StoreUnavailable:
            return None  # said to viewers as `trouble`; read again at the next tick


def live_response(ticker: Ticker) -> StreamingResponse:
    """The answer at `/live`."""
    return StreamingResponse(ticker.events(), media_type="text/event-stream", headers=_HEADERS)


def _event(kind: str, cells: Mapping[str, str]) -> bytes:
    """JSON holds no line break, so that one line is the whole of it."""
    return f"event: {kind}\ndata: {json.dumps(cells, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
