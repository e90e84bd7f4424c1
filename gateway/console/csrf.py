"""The defence against forged requests: an action must come from a page of ours, and from a page of the same session.

What it is: two layers. The first is plain ASGI around everything: an unsafe method passes where `Sec-Fetch-Site` is
same-origin or, with old browsers, `Origin` is ours; it also bounds bodies. The second is the form token, which
`permitted` compares with the session's. What it is not: needed by the command line, which sends its token itself:
no other site can make a browser add an Authorization header without asking us first, and we never agree to that.
Standards: Fetch Metadata Request Headers (W3C); RFC 6454.
"""

import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.errors import API_PREFIX, ConsoleError

FIELD = "csrf"
SAFE_METHODS = frozenset({"GET", "HEAD"})
MAX_BODY_BYTES = 256 * 1024
"""A form of the console holds ids, codes and a note."""
MAX_FIELDS = 1200
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Guard:
    """Middleware: refuses unsafe requests that another site may have made, and bodies that no form of ours has."""

    def __init__(self, app: ASGIApp, origin: str, answer: Callable[[Request, ConsoleError], Response]) -> None:
        self._app = app
        self._origin = origin_of(origin)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope["path"], Headers(scope=scope))
        if refusal is None:
            await self._app(scope, _bounded(receive), send)
        else:
            await self._answer(Request(scope), refusal)(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> ConsoleError | None:
        if not (path.startswith(API_PREFIX) or self.is_ours(headers)):
            return ConsoleError(403, "The request did not come from the console", "Nothing was done. Go to the console and try again.", "forged")
        return ConsoleError(413) if _announced(headers) > MAX_BODY_BYTES else None

    def is_ours(self, headers: Headers) -> bool:
        """Whether a browser says that a page of this console sent it. Neither header at all is no browser of today."""
        site = headers.get("sec-fetch-site")
        return site == "same-origin" if site is not None else headers.get("origin") == self._origin


def origin_of(url: str) -> str:
    """Scheme, host and port, as browsers write them: a scheme's own port is left out (RFC 6454 §6.2)."""
    parts = urlsplit(url)
    own = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" if parts.port in (None, own) else f"{parts.scheme}://{host}:{parts.port}"


async def form_token(request: Request) -> str | None:
    """The form's token, for `permitted`; None where there is no form or it names none. The form is read once and kept."""
    if request.method in SAFE_METHODS or not request.headers.get("content-type", "").startswith(_FORMS):
        return None
    value = (await request.form(max_files=0, max_fields=MAX_FIELDS)).get(FIELD)
    return value if isinstance(value, str) else None


def is_same(given: str | None, expected: str) -> bool:
    """Compares in a time that tells nothing."""
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else MAX_BODY_BYTES + 1


def _bounded(receive: Receive) -> Receive:
    """A body without an announced length is bounded as it comes; what is over reads as a caller that went away."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if taken > MAX_BODY_BYTES else message

    return receiving
