"""Attackers of the console: requests that no browser and no client library would make, and walks over all routes."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from gateway.audit.events import AuditRecord
from gateway.oversight.views import AuditSearch
from tests.support.console import Browser
from tests.support.console_world import Lit

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def knock(
    lit: Lit, method: str, path: str, *, query: bytes = b"", headers: Mapping[str, str | bytes] | None = None, body: bytes = b"", browser: Browser | None = None
) -> Answer:
    """One request as bytes, past every check of a client library. What is raised through the server's frame is raised here."""
    cookies = "; ".join(f"{one.name}={one.value}" for one in browser.http.cookies.jar) if browser else ""
    given: dict[str, str | bytes] = {"host": "console.example", **({"cookie": cookies} if cookies else {}), **(headers or {})}
    pairs = [(name.encode(), value if isinstance(value, bytes) else value.encode("latin-1")) for name, value in given.items()]
    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "https", "root_path": "", "state": {}}
    scope |= {"method": method, "path": path, "query_string": query, "headers": pairs, "server": ("console.example", 443), "client": ("192.0.2.7", 5)}
    return asyncio.run(_asked(lit, scope, body))


async def _asked(lit: Lit, scope: dict[str, Any], body: bytes) -> Answer:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await lit.house.app(scope, receive, send)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent))


def form_post(lit: Lit, browser: Browser, path: str, body: bytes, content_type: str = FORM, **headers: str) -> Answer:
    """An unsafe request as from a page of ours, with this body."""
    own = {"content-type": content_type, "sec-fetch-site": "same-origin", "content-length": str(len(body)), **headers}
    return knock(lit, "POST", path, headers=own, body=body, browser=browser)


def multipart(fields: Iterable[tuple[str, bytes]]) -> bytes:
    """The body of a form whose parts are these bytes."""
    return b"".join(b'--X\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value) for name, value in fields) + b"--X--\r\n"


def page_routes(lit: Lit, method: str) -> list[APIRoute]:
    """Every route of pages that answers this method; the API's have doors of their own."""
    found = {route.path: route for route in _all(lit.house.app.routes) if isinstance(route, APIRoute) and method in route.methods}
    return [route for path, route in sorted(found.items()) if not path.startswith("/api/") and path != "/live"]


def fields_of(route: APIRoute) -> list[str]:
    """Names of everything that an address may hold."""
    return sorted({name for part in _parts(route.dependant) for field in part.query_params for name in _names(field)})


def filled(path: str, lit: Lit, ids: Mapping[str, str]) -> str:
    """The path with ids of things that are there."""
    delivery = lit.delivery(ids["refused"]).delivery_id  # type: ignore[arg-type]
    known = {"message_id": ids["applied"], "delivery_id": delivery, "organisation": "beta", "party": "C17", "rule": "silence", "sequence": "1"}
    for name, value in {**known, "alert_id": "a1", "number": "a" * 64}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def newest(lit: Lit, many: int = 1) -> list[AuditRecord]:
    """The end of the chain, newest first."""
    return list(lit.world.store.watch.audit(AuditSearch(), None, many))


def _all(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner is not None:
            yield from _all(inner)
        elif not isinstance(route, Mount):
            yield route


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _parts(inner)


def _names(field: Any) -> list[str]:
    """A parameter, or the members of a model of parameters."""
    members = getattr(field.field_info.annotation, "model_fields", None)
    return list(members) if members else [field.alias]
