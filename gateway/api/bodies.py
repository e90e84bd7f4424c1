"""Request bodies, read under limits.

What it is: size (declared and streamed), time and memory bounds before anything is looked at. What it is
not: a parser. Called by every door that takes a body, after the caller was authenticated where a token can.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from schemas.faults import FaultCode, refuse


class BodyBudget:
    """Bytes of bodies in memory at one time, over all requests. Belongs to the event loop."""

    def __init__(self, most: int) -> None:
        self._free = most

    def take(self, size: int) -> None:
        """Refuses with `rate-limited` when nothing is left."""
        if size > self._free:
            raise refuse(FaultCode.RATE_LIMITED, "Too many large requests are being worked on.")
        self._free -= size

    def give_back(self, size: int) -> None:
        """The bytes are no longer held."""
        self._free += size

    @property
    def free(self) -> int:
        """Bytes left."""
        return self._free


class Body:
    """One body while it arrives; what it took from the budget goes back at `release`."""

    def __init__(self, request: Request, budget: BodyBudget, most: int) -> None:
        self._request = request
        self._budget = budget
        self._most = most
        self._content = bytearray()

    async def read(self, timeout_seconds: float) -> bytes:
        """All of it. Refuses with `too-large` before reading where the length is declared, else at the
        first byte too many; `unsupported-media-type` where it is compressed; `malformed` where it is late."""
        self._check_head()
        try:
            async with asyncio.timeout(timeout_seconds):
                async for chunk in self._chunks():
                    self._content += chunk
        except TimeoutError:
            raise refuse(FaultCode.MALFORMED, "The body did not arrive in time.") from None
        return bytes(self._content)

    def release(self) -> None:
        """Give back what was taken."""
        self._budget.give_back(len(self._content))
        self._content = bytearray()

    def _check_head(self) -> None:
        declared = self._request.headers.get("content-length", "0")
        if self._request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise refuse(FaultCode.UNSUPPORTED_MEDIA_TYPE, "Send the body without a content encoding.")
        if not (declared.isascii() and declared.isdigit()):
            raise refuse(FaultCode.MALFORMED, "Content-Length is not a number.")
        if len(declared) > 18 or int(declared) > self._most:
            raise self._too_large()

    async def _chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._request.stream():
            if len(self._content) + len(chunk) > self._most:
                raise self._too_large()
            self._budget.take(len(chunk))
            yield chunk

    def _too_large(self) -> Exception:
        return refuse(FaultCode.TOO_LARGE, f"The body may have {self._most} bytes.")
