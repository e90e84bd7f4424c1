"""A hundred viewers over real connections: each sees a change within two seconds, from one read of the store a tick."""

import asyncio
import time
from urllib.parse import urlsplit

import pytest

from gateway.console.live import TICK_SECONDS, Ticker
from tests.support.browser import serving
from tests.support.gallery import gallery

pytestmark = pytest.mark.slow
VIEWERS = 100
REQUEST = b"GET /live HTTP/1.1\r\nHost: console\r\nAccept-Encoding: gzip\r\n\r\n"


async def _watch(url: str, opened: asyncio.Event, wanted: bytes) -> float:
    """When this viewer read the wanted cell."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write(REQUEST)
        assert b"200" in await reader.readline()
        await reader.readuntil(b"event: cells")
        opened.set()
        await reader.readuntil(wanted)
        return time.monotonic()
    finally:
        writer.close()
        await writer.wait_closed()


async def _story(url: str, cells: dict[str, str], ticker: Ticker) -> list[float]:
    opened = [asyncio.Event() for _ in range(VIEWERS)]
    watching = [asyncio.create_task(_watch(url, each, b'"dead":"2"')) for each in opened]
    await asyncio.gather(*(each.wait() for each in opened))
    assert ticker.viewers == VIEWERS
    changed = time.monotonic()
    cells["dead"] = "2"
    return [seen - changed for seen in await asyncio.gather(*watching)]


def test_each_of_a_hundred_viewers_sees_a_change_within_two_seconds() -> None:
    cells, reads = {"waiting": "1", "dead": "1"}, []

    def figures() -> dict[str, str]:
        reads.append(time.monotonic())
        return dict(cells)

    ticker = Ticker(figures)
    with serving(gallery(ticker), ticker.close) as url:
        started = time.monotonic()
        took = asyncio.run(asyncio.wait_for(_story(url, cells, ticker), 30))
        lasted = time.monotonic() - started
    assert len(took) == VIEWERS
    assert max(took) < 2
    assert len(reads) <= lasted / TICK_SECONDS + 2
