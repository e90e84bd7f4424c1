"""Ask an ASGI application without a server."""

import asyncio

import httpx
from starlette.types import ASGIApp


def ask(app: ASGIApp, *paths: str, method: str = "GET", headers: dict[str, str] | None = None) -> list[httpx.Response]:
    """Its answers, in order."""

    async def asking() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://console.example") as client:
            return [await client.request(method, path, headers=headers) for path in paths]

    return asyncio.run(asking())
