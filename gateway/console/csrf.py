"""The defence against forged requests: an action must come from a page of ours, and from a page of the same session.

What it is: two layers. The first is plain ASGI around everything: an unsafe method passes where `Sec-Fetch-Site` is
same-origin or, with old browsers, `Origin` is ours; it also bounds bodies, and refuses requests that are no text or
whose form nobody here would send. The second is the form token, which `permitted` compares with the session's. What it
is not: needed by the command line, which sends its token itself: no other site can make a browser add an
Authorization header without asking us first, and we never agree to that.
Standards: Fetch Metadata Request Headers (W3C); RFC 6454.
"""

import hmac
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.errors import API_PREFIX, ConsoleError

FIELD = "csrf"
SAFE_METHODS = frozenset({"GET", "HEAD"})
MAX_BODY_BYTES = 256 * 1024
"""A form of the console holds ids, codes and a note."""
MAX_FIELDS = 1200
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_CHARSETS: Final = frozenset({"", "utf-8"})
"""Forms are UTF-8. Left to the sender, a form could name any codec of Python's, some of which make no text."""
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")
"""What no database keeps as text: NUL, and half a character."""
_NO_JSON: Final = re.compile(rb"\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]")
"""The same, as JSON writes it."""
_NO_PATH: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_NO_QUERY: Final = re.compile(rb"%00|[^!-~]")
"""An encoded NUL; whatever an address may not hold (RFC 3986 §2)."""
_LONGEST_LENGTH: Final = 12
"""Digits of an announced length that are read; more announce too much anyway."""


class Guard:
    """Middleware: refuses unsafe requests that another site may have made, and bodies that no form of ours has."""

    def __init__(self, app: ASGIApp, origin: str, answer: Callable[[Request, ConsoleError], Response]) -> None:
        self._app = app
        self._origin = origin_of(origin)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif not _is_text(scope):
            await self._answer(Request(_without_address(scope)), ConsoleError(400))(scope, receive, send)
        elif scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
        elif (refusal := self._refusal(scope["path"], Headers(scope=scope))) is not None:
            await self._answer(Request(scope), refusal)(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), send)

    def _refusal(self, path: str, headers: Headers) -> ConsoleError | None:
        api = path.startswith(API_PREFIX)
        if not (api or self.is_ours(headers)):
            return ConsoleError(403, "The request did not come from the console", "Nothing was done. Go to the console and try again.", "forged")
        if _announced(headers) > MAX_BODY_BYTES:
            return ConsoleError(413)
        kind, charset = _media_type(headers.get("content-type", ""))
        # A form at the command line's door would be read before anybody asks whose it is.
        return ConsoleError(400) if charset not in _CHARSETS or (api and kind in _FORMS) else None

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
    """The form's token, for `permitted`; None where there is no form or it names none. The form is read once and kept.
    Whatever the body is, it has to be text that can be kept."""
    if request.method in SAFE_METHODS:
        return None
    if _media_type(request.headers.get("content-type", ""))[0] not in _FORMS:
        if _NO_JSON.search(await request.body()):
            raise _no_text()
        return None
    form = await request.form(max_files=0, max_fields=MAX_FIELDS)
    _check_text(form)
    value = form.get(FIELD)
    return value if isinstance(value, str) else None


def is_same(given: str | None, expected: str) -> bool:
    """Compares in a time that tells nothing. Where nothing is expected, nothing is the same."""
    return given is not None and expected != "" and hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) <= _LONGEST_LENGTH else MAX_BODY_BYTES + 1


def _is_text(scope: Scope) -> bool:
    return _NO_PATH.search(scope["path"]) is None and _NO_QUERY.search(scope.get("query_string", b"")) is None


def _without_address(scope: Scope) -> Scope:
    """The same request, as far as it can be shown: whether a person or a program asked."""
    return {**scope, "path": API_PREFIX if scope["path"].startswith(API_PREFIX) else "/", "query_string": b""}


def _media_type(content_type: str) -> tuple[str, str]:
    """The type, and the charset; read as the parser of forms reads them, so that there are no two opinions."""
    kind, options = parse_options_header(content_type)
    return kind.decode("latin-1"), options.get(b"charset", b"").decode("latin-1").lower()


def _check_text(form: FormData) -> None:
    if any(isinstance(part, str) and _NO_TEXT.search(part) for pair in form.multi_items() for part in pair):
        raise _no_text()


def _no_text() -> ConsoleError:
    return ConsoleError(400, text="A field holds signs that are no text. Nothing was done.")


def _bounded(receive: Receive) -> Receive:
    """A body without an announced length is bounded as it comes; what is over reads as a caller that went away."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if taken > MAX_BODY_BYTES else message

    return receiving
