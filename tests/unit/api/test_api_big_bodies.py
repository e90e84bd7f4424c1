"""A body beyond the limit is refused before it is read whole, whether or not its length was told."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from schemas.faults import FaultCode
from tests.support.api import House, settings_for

MEBIBYTE = 1024 * 1024
LIMIT = 20 * MEBIBYTE
CHUNK = 64 * 1024
BODY = b"<SPGMessage/>" * 2_300_000
"""About 30 MB."""


async def post(house: House, *, declared: bool) -> tuple[int, bytes, int]:
    """Status and body of the answer, and how much of ours the door took."""
    taken, status, answer = 0, 0, b""

    async def receive() -> dict[str, object]:
        nonlocal taken
        chunk = BODY[taken : taken + CHUNK]
        taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": taken < len(BODY)}

    async def send(event: dict[str, object]) -> None:
        nonlocal status, answer
        status = int(str(event.get("status", status)))
        answer += bytes(event.get("body", b""))  # type: ignore[call-overload]

    headers = [(b"host", b"gateway.test"), (b"content-type", b"application/soap+xml")]
    headers += [(b"content-length", str(len(BODY)).encode())] if declared else [(b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/spg", "raw_path": b"/spg", "query_string": b"", "headers": headers}
    scope |= {"http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 5), "server": ("gateway.test", 80), "root_path": ""}
    app = house.app()
    async with app.router.lifespan_context(app):
        run: Callable[..., Awaitable[None]] = app
        await run(scope, receive, send)
    return status, answer, taken


@pytest.mark.parametrize("declared", [True, False])
def test_thirty_megabytes_are_refused_at_the_limit_of_twenty(declared: bool) -> None:
    house = House(settings_for(max_body_bytes=LIMIT))
    assert len(BODY) > 1.4 * LIMIT
    status, answer, taken = asyncio.run(post(house, declared=declared))
    assert status == 400
    assert FaultCode.TOO_LARGE.value.encode() in answer
    assert taken <= (0 if declared else LIMIT + CHUNK)
    assert house.intake.submitted == []
