"""Live figures: one read for all viewers, what changed and no more, and an end when the viewer is gone."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from itertools import count

import pytest

from gateway.console.live import TICK_SECONDS, Ticker, live_response
from gateway.contract import StoreUnavailable

VIEWERS = 100


class Board:
    """Figures that a test sets, and how often they were read."""

    def __init__(self, **cells: str) -> None:
        self.cells = cells
        self.reads = 0
        self.fault: Exception | None = None

    def __call__(self) -> dict[str, str]:
        self.reads += 1
        if self.fault:
            raise self.fault
        return dict(self.cells)


def _run(told: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(told, 20))


def _quick(board: Callable[[], dict[str, str]], **options: float) -> Ticker:
    return Ticker(board, **{"tick_seconds": 0.02, "beat_seconds": 5.0, "stream_seconds": 30.0} | options)


async def _next(stream: AsyncIterator[bytes]) -> tuple[str, dict[str, str]]:
    """The next event, comments and the retry line set aside."""
    async for raw in stream:
        told = dict(line.split(": ", 1) for line in raw.decode().strip().split("\n"))
        if "event" in told:
            return told["event"], json.loads(told["data"])
    raise EOFError


def test_first_everything_then_only_what_changed() -> None:
    async def story() -> None:
        board = Board(waiting="3", dead="1")
        async with aclosing(_quick(board).events()) as stream:
            assert await _next(stream) == ("cells", {"waiting": "3", "dead": "1"})
            board.cells["dead"] = "2"
            assert await _next(stream) == ("cells", {"dead": "2"})
            board.cells = {"waiting": "4", "dead": "2", "new": "1"}
            assert await _next(stream) == ("cells", {"waiting": "4", "new": "1"})

    _run(story())


def test_a_hundred_viewers_see_a_change_within_two_seconds_of_one_read_each_tick() -> None:
    async def story() -> None:
        board = Board(waiting="0")
        ticker = Ticker(board)
        streams = [ticker.events() for _ in range(VIEWERS)]
        first = await asyncio.gather(*(_next(stream) for stream in streams))
        assert first == [("cells", {"waiting": "0"})] * VIEWERS
        assert ticker.viewers == VIEWERS
        loop = asyncio.get_running_loop()
        before, started = board.reads, loop.time()
        board.cells["waiting"] = "1"
        seen = await asyncio.gather(*(_next(stream) for stream in streams))
        took = loop.time() - started
        assert seen == [("cells", {"waiting": "1"})] * VIEWERS
        assert took < 2
        assert board.reads - before <= took / TICK_SECONDS + 1
        for stream in streams:
            await stream.aclose()
        assert ticker.viewers == 0

    _run(story())


def test_nobody_watching_nothing_is_read() -> None:
    async def story() -> None:
        board = Board(waiting="0")
        ticker = _quick(board)
        async with aclosing(ticker.events()) as stream:
            await _next(stream)
        await asyncio.sleep(0.1)
        reads = board.reads
        await asyncio.sleep(0.1)
        assert board.reads == reads
        board.cells["waiting"] = "9"
        async with aclosing(ticker.events()) as stream:
            assert await _next(stream) == ("cells", {"waiting": "9"})

    _run(story())


def test_a_viewer_whose_task_is_cancelled_has_left() -> None:
    async def story() -> None:
        ticker = _quick(Board(waiting="0"))

        async def watching() -> None:
            async for _ in ticker.events():
                pass

        task = asyncio.create_task(watching())
        await asyncio.sleep(0.1)
        assert ticker.viewers == 1
        task.cancel()
        await asyncio.wait([task])
        assert ticker.viewers == 0

    _run(story())


def test_a_beat_is_heard_where_nothing_changes() -> None:
    async def story() -> None:
        async with aclosing(_quick(Board(waiting="0"), beat_seconds=0.1).events()) as stream:
            assert [(await _next(stream))[0] for _ in range(3)] == ["cells", "beat", "beat"]

    _run(story())


def test_trouble_of_the_store_is_said_and_ends_by_itself() -> None:
    async def story() -> None:
        board = Board(waiting="0")
        board.fault = StoreUnavailable("locked")
        async with aclosing(_quick(board, beat_seconds=0.1).events()) as stream:
            assert await _next(stream) == ("trouble", {})
            board.fault = None
            assert await _next(stream) == ("cells", {"waiting": "0"})

    _run(story())


def test_any_other_fault_ends_the_streams_and_the_next_viewer_starts_again() -> None:
    async def story() -> None:
        board = Board(waiting="0")
        ticker = _quick(board)
        async with aclosing(ticker.events()) as stream:
            await _next(stream)
            board.fault = ValueError("a fault of the program")
            with pytest.raises(ValueError, match="program"):
                await _next(stream)
        board.fault = None
        async with aclosing(ticker.events()) as stream:
            assert await _next(stream) == ("cells", {"waiting": "0"})

    _run(story())


def test_a_stream_ends_after_its_time_and_when_the_server_stops() -> None:
    async def story() -> None:
        ticker = _quick(Board(waiting="0"), stream_seconds=0.1)
        assert len([event async for event in ticker.events()]) == 2
        lasting = _quick(Board(waiting="0"))
        stream = lasting.events()
        await _next(stream)
        lasting.close()
        with pytest.raises(EOFError):
            await _next(stream)
        assert not [event async for event in lasting.events() if b"event" in event]

    _run(story())


def test_a_slow_viewer_gets_the_newest_and_holds_nobody_up() -> None:
    async def story() -> None:
        numbers = count()
        ticker = _quick(lambda: {"n": str(next(numbers))})
        slow, quick = ticker.events(), ticker.events()
        await _next(slow)
        for _ in range(5):
            await _next(quick)
        skipped = int((await _next(slow))[1]["n"])
        assert skipped >= 3
        await slow.aclose()
        await quick.aclose()

    _run(story())


def test_words_cannot_break_out_of_their_event() -> None:
    async def story() -> None:
        async with aclosing(_quick(Board(name="a\n\nevent: x\r\ndata: é")).events()) as stream:
            assert await _next(stream) == ("cells", {"name": "a\n\nevent: x\r\ndata: é"})

    _run(story())


def test_the_answer_is_an_event_stream() -> None:
    answer = live_response(Ticker(dict))
    assert answer.media_type == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
